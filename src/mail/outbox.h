/* The outbox: rows of mail_outbox on their way from queued to sent, failed or dropped. Private to mail/.
 *
 * A row is sent by whoever holds its claim. A claim is a lease until `claimed_until`, taken by
 * compare-and-set, so of two nodes only one sends; when its holder dies, the row becomes due again after the
 * lease. */
#ifndef TETHER_MAIL_OUTBOX_H
#define TETHER_MAIL_OUTBOX_H

#include "storage/db.h"

struct outbox_row {
    int64_t id;
    struct str to, subject, text, html, message_id;
    int64_t attempts; /* this one included */
    int64_t created_at;
    int64_t claimed_until;
};

struct outbox_new {
    int64_t tenant_id, target_id;
    const char *kind;
    struct str to, subject, text, html, message_id;
};
/* Inside a write transaction. */
enum storage_status outbox_insert(struct db_conn *conn, const struct outbox_new *row, int64_t now);
/* Inside a write transaction: what is queued about the target is not sent any more. */
enum storage_status outbox_drop(struct db_conn *conn, int64_t tenant_id, const char *kind, int64_t target_id);

/* Claims the row that has been due for longest, in a transaction of its own. ROW with *ret, DONE when nothing
 * is due, or a failure. */
enum storage_status outbox_claim(struct db_conn *conn, struct arena *arena, int64_t now, int64_t lease_us,
                                 struct outbox_row *ret);

enum outbox_fate {
    OUTBOX_SENT = 0,
    OUTBOX_FAILED, /* for good */
    OUTBOX_LATER   /* queued again, due at next_attempt_at */
};
struct outbox_end {
    enum outbox_fate fate;
    struct str error; /* why not; "" when sent */
    int64_t next_attempt_at;
};
/* Writes down how an attempt ended, and gives the claim back, in a transaction of its own. The content of
 * what needs no further attempt is wiped: it may hold a link that is a key. DONE: the claim was lost. */
enum storage_status outbox_settle(struct db_conn *conn, const struct outbox_row *row,
                                  const struct outbox_end *end, int64_t now);

/* Forgets what was settled before `before`, in a transaction of its own. */
enum storage_status outbox_sweep(struct db_conn *conn, int64_t before);

#endif
