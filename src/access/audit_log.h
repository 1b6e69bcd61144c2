/* Reading the audit log: pages of it, whether its chain holds, and letting old rows go. */
#ifndef TETHER_ACCESS_AUDIT_LOG_H
#define TETHER_ACCESS_AUDIT_LOG_H

#include "access/audit.h"
#include "access/audit_chain.h"

struct audit_entry {
    struct audit_row row;
    struct str hash; /* AUDIT_HASH_BYTES bytes */
};

/* What is looked for; at == NULL and 0: anything. */
struct audit_filter {
    struct str action;
    struct str actor; /* a name; case is ignored */
    int64_t actor_id;
    struct str target_kind;
    int64_t target_id;
    int64_t from, to; /* from <= at < to */
    struct str q;     /* part of action, actor, target, address or request id; case is ignored */
};

/* Gets one entry, which lives in the arena given to audit_read(). False: no more, please; the entry counts as
 * not read. */
typedef bool (*audit_entry_fn)(void *context, const struct audit_entry *entry);

/* The newest entries below number `before` (0: from the end) that fit, at most `n`, newest first. One call
 * looks at 20,000 rows at most, so that a filter that hardly fits costs no more than one that does.
 * *ret_next: the `before` to go on with, 0 at the end. OK or a failure. */
enum storage_status audit_read(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                               const struct audit_filter *filter, int64_t before, int64_t n,
                               audit_entry_fn fn, void *context, int64_t *ret_next);

/* Where a tenant's log ends: ROW with the last row's number and hash (AUDIT_HASH_BYTES bytes in the arena), DONE
 * when nothing was ever written, or a failure. */
enum storage_status audit_end(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t *ret_seq,
                              struct str *ret_hash);

/* How often people came in and were turned away on each of the `n` days (UTC) from `from` on, which is the
 * beginning of a day. It looks at the newest 50,000 rows. OK with ret[0 … n-1] filled, or a failure. */
struct audit_day {
    int64_t sign_ins, refusals;
};
enum storage_status audit_activity(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t from,
                                   int64_t n, struct audit_day *ret);

enum audit_flaw {
    AUDIT_SOUND = 0,
    AUDIT_ROW_CHANGED, /* its hash is not that of its fields and of the row before */
    AUDIT_ROW_MISSING, /* there is a row after it, or the head says so */
    AUDIT_ROW_BEYOND,  /* a row that the head does not know */
    AUDIT_HEAD_MISSING,
    AUDIT_HEAD_CHANGED, /* it does not end in the last row's hash */
    AUDIT_FLAW_COUNT
};
/* "row changed" … */
const char *audit_flaw_name(enum audit_flaw flaw);

struct audit_verdict {
    enum audit_flaw flaw;
    int64_t seq;       /* where; for AUDIT_SOUND the last row's number */
    int64_t first_seq; /* older ones were let go */
    int64_t rows;      /* that were found right */
    uint8_t head[AUDIT_HASH_BYTES];
};
/* Reads a tenant's whole chain, as of one moment. OK with *ret, or a failure. A log without any row is sound.
 */
enum storage_status audit_verify(struct db_conn *conn, int64_t tenant_id, struct audit_verdict *ret);

/* Lets go the rows older than `before`, oldest first, up to the first that is not; in steps, each a
 * transaction of its own. What stays can be verified as before. The first step also writes down that `actor`
 * did it; where nothing is that old, nothing is written. *ret_rows: how many went, *ret_seq: the last of
 * them. */
enum storage_status audit_trim(struct db_conn *conn, const struct audit_actor *actor, int64_t tenant_id,
                               int64_t before, int64_t now, int64_t *ret_rows, int64_t *ret_seq);

#endif
