/* What changed: generation counters that let the rest of the house keep what it read, and never use it stale.
 *
 * Whoever changes a user's rights or sessions, or the directory of tenants, says so with db_touch() inside
 * the same write transaction. When it commits, the subject's counter is raised, here before db_transaction()
 * returns, and on every other node of the same database when its notification arrives. Whoever keeps
 * something takes the stamp of what it rests on BEFORE reading it, and uses it only while the stamp is still
 * the same.
 *
 * Counters live in a fixed table by hash: two subjects that share one invalidate each other, which costs a
 * read and nothing else. No stamp is known, and nothing kept is used, from at most 0.9 seconds after the
 * last moment at which every node's notifications are known to have arrived. */
#ifndef TETHER_STORAGE_CHANGES_H
#define TETHER_STORAGE_CHANGES_H

#include "storage/db.h"

enum db_subject {
    SUBJECT_USER = 'u',      /* a user, their sessions, tokens and memberships */
    SUBJECT_TENANT = 't',    /* who may do what in a tenant, for all its members at once: its roles */
    SUBJECT_API_TOKEN = 'k', /* whether there is an API token with this secret: api_token_subject() */
    SUBJECT_DEVICE = 'v',    /* a device's token, and what the device is: device_subject() */
    SUBJECT_DIRECTORY = 'd'  /* which tenants there are, under which hosts, and what a tenant's row says; id 0
                              */
};

/* Inside a write transaction: what rests on the subject is out of date once this commits. */
enum storage_status db_touch(struct db_conn *conn, enum db_subject subject, int64_t id);

/* The same for everything at once: changes too broad to name. */
enum storage_status db_touch_all(struct db_conn *conn);

struct db_stamp {
    uint64_t value; /* 0: not known; nothing may be kept or used */
};
/* Any thread; lock-free. */
struct db_stamp db_stamp(const struct db *db, enum db_subject subject, int64_t id);
static inline bool db_stamp_holds(struct db_stamp then, struct db_stamp now)
{
    return then.value != 0 && then.value == now.value;
}

/* Starts hearing other nodes, on a thread of its own, when the driver has STORAGE_CAP_NOTIFY (until it hears,
 * no stamp is known). Without the capability stamps are known at once. Once per db; ends with db_close(). */
void db_hear_changes(struct db *db);

/* The database behind a connection. */
struct db *db_of(struct db_conn *conn);

#endif
