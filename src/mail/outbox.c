#include "mail/outbox.h"

enum storage_status outbox_insert(struct db_conn *conn, const struct outbox_new *row, int64_t now)
{
    return db_exec(conn,
                   "INSERT INTO mail_outbox (tenant_id, kind, target_id, recipient, subject, body_text, "
                   "body_html, message_id, next_attempt_at, created_at) "
                   "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
                   DB_ARGS(db_int(row->tenant_id), db_text(str_of(row->kind)), db_int(row->target_id),
                           db_text(row->to), db_text(row->subject), db_text(row->text), db_text(row->html),
                           db_text(row->message_id), db_int(now)),
                   NULL);
}

enum storage_status outbox_drop(struct db_conn *conn, int64_t tenant_id, const char *kind, int64_t target_id)
{
    return db_exec(conn,
                   "UPDATE mail_outbox SET status = 'dropped', body_text = '', body_html = '' "
                   "WHERE tenant_id = $1 AND kind = $2 AND target_id = $3 AND status = 'queued'",
                   DB_ARGS(db_int(tenant_id), db_text(str_of(kind)), db_int(target_id)), NULL);
}

/* ---- claiming ---- */

struct claim {
    int64_t now, lease_us;
    int64_t seen; /* claimed_until as it was read */
    struct outbox_row row;
};

static enum storage_status find_due(struct db_conn *conn, struct arena *arena, struct claim *claim)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "SELECT id, recipient, subject, body_text, body_html, message_id, attempts, created_at, "
                 "claimed_until FROM mail_outbox "
                 "WHERE status = 'queued' AND next_attempt_at <= $1 AND claimed_until <= $1 "
                 "ORDER BY next_attempt_at, id LIMIT 1",
                 DB_ARGS(db_int(claim->now)));
    if (status != STORAGE_ROW)
        return status;
    claim->seen = db_col_int(&rows, 8);
    claim->row = (struct outbox_row){
        .id = db_col_int(&rows, 0),
        .to = db_col_text(&rows, 1, arena),
        .subject = db_col_text(&rows, 2, arena),
        .text = db_col_text(&rows, 3, arena),
        .html = db_col_text(&rows, 4, arena),
        .message_id = db_col_text(&rows, 5, arena),
        .attempts = db_col_int(&rows, 6) + 1,
        .created_at = db_col_int(&rows, 7),
        .claimed_until = claim->now + claim->lease_us,
    };
    return STORAGE_ROW;
}

/* DONE: somebody else was faster. */
static enum storage_status take(struct db_conn *conn, void *context)
{
    const struct claim *claim = context;
    int64_t changes = 0;
    enum storage_status status = db_exec(
        conn,
        "UPDATE mail_outbox SET claimed_until = $2, attempts = attempts + 1 "
        "WHERE id = $1 AND status = 'queued' AND claimed_until = $3",
        DB_ARGS(db_int(claim->row.id), db_int(claim->row.claimed_until), db_int(claim->seen)), &changes);
    return status == STORAGE_OK && changes == 0 ? STORAGE_DONE : status;
}

/* Looking needs no transaction, so an idle sender writes nothing. */
enum storage_status outbox_claim(struct db_conn *conn, struct arena *arena, int64_t now, int64_t lease_us,
                                 struct outbox_row *ret)
{
    struct claim claim = { .now = now, .lease_us = lease_us };
    for (;;) {
        enum storage_status status = find_due(conn, arena, &claim);
        if (status != STORAGE_ROW)
            return status;
        status = db_transaction(conn, STORAGE_WRITE, take, &claim);
        if (status == STORAGE_DONE)
            continue;
        *ret = claim.row;
        return status == STORAGE_OK ? STORAGE_ROW : status;
    }
}

/* ---- settling ---- */

struct settling {
    const struct outbox_row *row;
    const struct outbox_end *end;
    int64_t now;
};

/* A mail that was dropped while it was being sent was sent all the same, and that is what is written. */
static enum storage_status settle_sent(struct db_conn *conn, const struct settling *s, int64_t *changes)
{
    return db_exec(
        conn,
        "UPDATE mail_outbox SET status = 'sent', sent_at = $3, claimed_until = 0, last_error = '', "
        "body_text = '', body_html = '' "
        "WHERE id = $1 AND claimed_until = $2 AND status IN ('queued', 'dropped')",
        DB_ARGS(db_int(s->row->id), db_int(s->row->claimed_until), db_int(s->now)), changes);
}

static enum storage_status settle_failed(struct db_conn *conn, const struct settling *s, int64_t *changes)
{
    return db_exec(conn,
                   "UPDATE mail_outbox SET status = 'failed', claimed_until = 0, last_error = $3, "
                   "body_text = '', body_html = '' "
                   "WHERE id = $1 AND claimed_until = $2 AND status = 'queued'",
                   DB_ARGS(db_int(s->row->id), db_int(s->row->claimed_until), db_text(s->end->error)),
                   changes);
}

static enum storage_status settle_later(struct db_conn *conn, const struct settling *s, int64_t *changes)
{
    return db_exec(conn,
                   "UPDATE mail_outbox SET next_attempt_at = $4, claimed_until = 0, last_error = $3 "
                   "WHERE id = $1 AND claimed_until = $2 AND status = 'queued'",
                   DB_ARGS(db_int(s->row->id), db_int(s->row->claimed_until), db_text(s->end->error),
                           db_int(s->end->next_attempt_at)),
                   changes);
}

static enum storage_status settle(struct db_conn *conn, void *context)
{
    static enum storage_status (*const ways[])(struct db_conn *, const struct settling *, int64_t *) = {
        [OUTBOX_SENT] = settle_sent,
        [OUTBOX_FAILED] = settle_failed,
        [OUTBOX_LATER] = settle_later,
    };
    const struct settling *settling = context;
    int64_t changes = 0;
    enum storage_status status = ways[settling->end->fate](conn, settling, &changes);
    return status == STORAGE_OK && changes == 0 ? STORAGE_DONE : status;
}

enum storage_status outbox_settle(struct db_conn *conn, const struct outbox_row *row,
                                  const struct outbox_end *end, int64_t now)
{
    struct settling settling = { row, end, now };
    return db_transaction(conn, STORAGE_WRITE, settle, &settling);
}

/* ---- sweeping ---- */

static enum storage_status sweep(struct db_conn *conn, void *context)
{
    const int64_t *before = context;
    return db_exec(conn,
                   "DELETE FROM mail_outbox WHERE status IN ('sent', 'failed', 'dropped') "
                   "AND next_attempt_at < $1",
                   DB_ARGS(db_int(*before)), NULL);
}

enum storage_status outbox_sweep(struct db_conn *conn, int64_t before)
{
    return db_transaction(conn, STORAGE_WRITE, sweep, &before);
}
