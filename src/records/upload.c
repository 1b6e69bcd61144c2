#include "records/upload.h"

#define COLUMNS                                                                                              \
    "i.id, i.tenant_id, i.user_id, i.kind, i.status, i.bytes, i.existing, i.is_dry, i.claimed_until, "       \
    "i.actor_kind, i.actor_id, i.actor_name, i.address, i.request_id, i.made, i.changed, i.skipped, "        \
    "i.detail, i.errors, i.created_at, i.updated_at, "                                                       \
    "(SELECT CAST(COALESCE(SUM(p.size), 0) AS BIGINT) FROM import_parts p "                                  \
    "WHERE p.tenant_id = i.tenant_id AND p.import_id = i.id)"

static void read_upload(struct db_rows *rows, struct arena *arena, struct upload *ret)
{
    int64_t numbers[22];
    static const int texts[] = { 3, 4, 11, 12, 13, 17, 18 };
    uint32_t is_text = 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        is_text |= 1u << texts[i];
    for (int i = 0; i < 22; i++)
        numbers[i] = is_text >> i & 1 ? 0 : db_col_int(rows, i);
    *ret = (struct upload){
        .id = numbers[0],
        .tenant_id = numbers[1],
        .user_id = numbers[2],
        .kind = db_col_text(rows, 3, arena),
        .status = db_col_text(rows, 4, arena),
        .bytes = numbers[5],
        .existing = (enum record_existing)numbers[6],
        .is_dry = numbers[7] != 0,
        .claimed_until = numbers[8],
        .actor = { .kind = (enum audit_actor_kind)numbers[9],
                   .id = numbers[10],
                   .name = db_col_text(rows, 11, arena),
                   .address = db_col_text(rows, 12, arena),
                   .request_id = db_col_text(rows, 13, arena) },
        .created = numbers[14],
        .updated = numbers[15],
        .skipped = numbers[16],
        .detail = db_col_text(rows, 17, arena),
        .errors = db_col_text(rows, 18, arena),
        .created_at = numbers[19],
        .updated_at = numbers[20],
        .received = numbers[21],
    };
}

enum storage_status upload_find(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t id,
                                struct upload *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows, "SELECT " COLUMNS " FROM imports i WHERE i.tenant_id = $1 AND i.id = $2",
                 DB_ARGS(db_int(tenant_id), db_int(id)));
    if (status == STORAGE_ROW)
        read_upload(&rows, arena, ret);
    return status;
}

/* ---- deeds ---- */

/* One of them, with what it is given and what comes of it. */
struct deed {
    const struct record_caller *caller;
    int64_t id, n, bytes;
    struct str kind, data;
    enum record_existing existing;
    bool is_dry;
    struct upload *upload;
    const char *why;
};

static enum storage_status refuse(struct deed *deed, const char *why)
{
    deed->why = why;
    return STORAGE_DONE;
}

static enum storage_status find(struct db_conn *conn, struct deed *deed, struct upload *ret)
{
    deed->why = NULL;
    enum storage_status status =
        upload_find(conn, deed->caller->arena, deed->caller->tenant->id, deed->id, ret);
    return status == STORAGE_ROW ? STORAGE_OK : status;
}

static enum storage_status insert(struct db_conn *conn, struct deed *deed)
{
    DB_ROWS(rows);
    const struct record_caller *caller = deed->caller;
    enum storage_status status = db_first(
        conn, &rows,
        "INSERT INTO imports (tenant_id, user_id, kind, bytes, status, actor_kind, actor_id, actor_name, "
        "address, request_id, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, 'uploading', $5, $6, $7, $8, $9, $10, $10) RETURNING id",
        DB_ARGS(db_int(caller->tenant->id), db_int(caller->user_id), db_text(deed->kind), db_int(deed->bytes),
                db_int(caller->audit.kind), db_int(caller->audit.id), db_text(caller->audit.name),
                db_text(caller->audit.address), db_text(caller->audit.request_id), db_int(caller->now)));
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_ERROR : status;
    deed->id = db_col_int(&rows, 0);
    return STORAGE_OK;
}

/* After a dry run the parts are still there. */
#define TAKES_ROOM "(status IN ('uploading', 'queued', 'running') OR is_dry = 1)"

static enum storage_status count_open(struct db_conn *conn, const struct deed *deed, int64_t *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows, "SELECT COUNT(*) FROM imports WHERE tenant_id = $1 AND " TAKES_ROOM,
                 DB_ARGS(db_int(deed->caller->tenant->id)));
    if (status == STORAGE_ROW)
        *ret = db_col_int(&rows, 0);
    return status == STORAGE_ROW ? STORAGE_OK : status == STORAGE_DONE ? STORAGE_ERROR : status;
}

/* Of those that neither wait nor run, the one that nobody has touched for longest: nobody knows its id any
 * more, perhaps. DONE when all were touched lately. */
static enum storage_status drop_left(struct db_conn *conn, const struct deed *deed)
{
    int64_t changes = 0;
    const struct record_caller *caller = deed->caller;
    enum storage_status status = db_exec(
        conn,
        "DELETE FROM imports WHERE tenant_id = $1 AND id = (SELECT id FROM imports WHERE tenant_id = $1 "
        "AND " TAKES_ROOM " AND status NOT IN ('queued', 'running') AND updated_at < $2 "
        "ORDER BY updated_at, id LIMIT 1)",
        DB_ARGS(db_int(caller->tenant->id), db_int(caller->now - UPLOAD_LEFT_US)), &changes);
    return status == STORAGE_OK && changes == 0 ? STORAGE_DONE : status;
}

/* Writers come one after the other, or as if they did: nobody is let in between. */
static enum storage_status open_inside(struct db_conn *conn, void *context)
{
    struct deed *deed = context;
    int64_t n = 0;
    enum storage_status status = count_open(conn, deed, &n);
    if (status == STORAGE_OK && n >= UPLOADS_OPEN_MAX)
        status = drop_left(conn, deed);
    if (status == STORAGE_DONE)
        return refuse(deed, "Five imports are not over yet; run or delete one of them.");
    if (status == STORAGE_OK)
        status = insert(conn, deed);
    return status == STORAGE_OK ? find(conn, deed, deed->upload) : status;
}

static enum storage_status put_part(struct db_conn *conn, const struct deed *deed)
{
    return db_exec(
        conn,
        "INSERT INTO import_parts (tenant_id, import_id, n, size, data) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (tenant_id, import_id, n) DO UPDATE SET size = excluded.size, data = excluded.data",
        DB_ARGS(db_int(deed->caller->tenant->id), db_int(deed->id), db_int(deed->n),
                db_int((int64_t)deed->data.len), db_blob(deed->data.at, deed->data.len)),
        NULL);
}

static enum storage_status touch(struct db_conn *conn, const struct deed *deed)
{
    return db_exec(conn, "UPDATE imports SET updated_at = $3 WHERE tenant_id = $1 AND id = $2",
                   DB_ARGS(db_int(deed->caller->tenant->id), db_int(deed->id), db_int(deed->caller->now)),
                   NULL);
}

static enum storage_status part_inside(struct db_conn *conn, void *context)
{
    struct deed *deed = context;
    struct upload upload;
    enum storage_status status = find(conn, deed, &upload);
    if (status != STORAGE_OK)
        return status;
    if (!str_equal(upload.status, STR("uploading")))
        return refuse(deed, "The import takes no more parts.");
    status = put_part(conn, deed);
    if (status == STORAGE_OK)
        status = touch(conn, deed);
    if (status == STORAGE_OK)
        status = find(conn, deed, &upload);
    if (status == STORAGE_OK && upload.received > upload.bytes)
        return refuse(deed, "The parts are more than was announced.");
    return status;
}

/* Parts 1, 2, 3 … without a gap. */
static enum storage_status are_whole(struct db_conn *conn, const struct deed *deed, bool *ret)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(
        conn, &rows,
        "SELECT COUNT(*), COALESCE(MAX(n), 0) FROM import_parts WHERE tenant_id = $1 AND import_id = $2",
        DB_ARGS(db_int(deed->caller->tenant->id), db_int(deed->id)));
    if (status == STORAGE_ROW)
        *ret = db_col_int(&rows, 0) == db_col_int(&rows, 1);
    return status == STORAGE_ROW ? STORAGE_OK : status == STORAGE_DONE ? STORAGE_ERROR : status;
}

/* What is run anew begins to count anew. */
static enum storage_status drop_lease(struct db_conn *conn, int64_t tenant_id, int64_t id)
{
    return db_exec(conn, "DELETE FROM import_leases WHERE tenant_id = $1 AND import_id = $2",
                   DB_ARGS(db_int(tenant_id), db_int(id)), NULL);
}

static enum storage_status set_queued(struct db_conn *conn, struct deed *deed)
{
    const struct record_caller *caller = deed->caller;
    enum storage_status status = db_exec(
        conn,
        "UPDATE imports SET status = 'queued', existing = $3, is_dry = $4, user_id = $5, actor_kind = $6, "
        "actor_id = $7, actor_name = $8, address = $9, request_id = $10, updated_at = $11 "
        "WHERE tenant_id = $1 AND id = $2",
        DB_ARGS(db_int(caller->tenant->id), db_int(deed->id), db_int(deed->existing), db_int(deed->is_dry),
                db_int(caller->user_id), db_int(caller->audit.kind), db_int(caller->audit.id),
                db_text(caller->audit.name), db_text(caller->audit.address),
                db_text(caller->audit.request_id), db_int(caller->now)),
        NULL);
    if (status == STORAGE_OK)
        status = drop_lease(conn, caller->tenant->id, deed->id);
    return status == STORAGE_OK ? find(conn, deed, deed->upload) : status;
}

/* After a dry run the parts are still there: it may be run again. */
static enum storage_status queue_inside(struct db_conn *conn, void *context)
{
    struct deed *deed = context;
    bool is_whole = false;
    enum storage_status status = find(conn, deed, deed->upload);
    if (status == STORAGE_OK)
        status = are_whole(conn, deed, &is_whole);
    if (status != STORAGE_OK)
        return status;
    bool is_over =
        str_equal(deed->upload->status, STR("done")) || str_equal(deed->upload->status, STR("failed"));
    bool may_run = str_equal(deed->upload->status, STR("uploading")) || (is_over && deed->upload->is_dry);
    if (!may_run)
        return refuse(deed, "The import was run already.");
    if (!is_whole || deed->upload->received != deed->upload->bytes)
        return refuse(deed, "Parts are missing.");
    return set_queued(conn, deed);
}

static enum storage_status remove_inside(struct db_conn *conn, void *context)
{
    struct deed *deed = context;
    int64_t changes = 0;
    deed->why = NULL;
    enum storage_status status =
        db_exec(conn, "DELETE FROM imports WHERE tenant_id = $1 AND id = $2",
                DB_ARGS(db_int(deed->caller->tenant->id), db_int(deed->id)), &changes);
    return status == STORAGE_OK && changes == 0 ? STORAGE_DONE : status;
}

static enum storage_status carry_out(struct db_conn *conn, db_tx_fn fn, struct deed *deed,
                                     const char **ret_why)
{
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, fn, deed);
    *ret_why = deed->why;
    return status;
}

enum storage_status upload_open(struct db_conn *conn, const struct record_caller *caller, struct str kind,
                                int64_t bytes, struct upload *ret, const char **ret_why)
{
    struct deed deed = { .caller = caller, .kind = kind, .bytes = bytes, .upload = ret };
    return carry_out(conn, open_inside, &deed, ret_why);
}

enum storage_status upload_part(struct db_conn *conn, const struct record_caller *caller, int64_t id,
                                int64_t n, struct str data, const char **ret_why)
{
    struct deed deed = { .caller = caller, .id = id, .n = n, .data = data };
    return carry_out(conn, part_inside, &deed, ret_why);
}

enum storage_status upload_queue(struct db_conn *conn, const struct record_caller *caller, int64_t id,
                                 enum record_existing existing, bool is_dry, struct upload *ret,
                                 const char **ret_why)
{
    struct deed deed = { .caller = caller, .id = id, .existing = existing, .is_dry = is_dry, .upload = ret };
    return carry_out(conn, queue_inside, &deed, ret_why);
}

enum storage_status upload_remove(struct db_conn *conn, const struct record_caller *caller, int64_t id,
                                  const char **ret_why)
{
    struct deed deed = { .caller = caller, .id = id };
    return carry_out(conn, remove_inside, &deed, ret_why);
}

/* ---- for the runner ---- */

struct claim {
    struct arena *arena;
    int64_t now, until;
    struct upload *upload;
};

/* Whoever was queued first. Those few that wait are found by an index of their own; the signs keep SQLite
 * from one that leads to every import there is. A node that knew no leases told in claimed_until how long it
 * would take. */
static enum storage_status find_waiting(struct db_conn *conn, const struct claim *claim)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "SELECT " COLUMNS " FROM imports i LEFT JOIN import_leases l "
                 "ON l.tenant_id = i.tenant_id AND l.import_id = i.id AND l.claim = i.claimed_until "
                 "WHERE +i.tenant_id > 0 AND (i.status = 'queued' OR "
                 "(i.status = 'running' AND COALESCE(l.until, i.claimed_until) < $1)) "
                 "AND i.status IN ('queued', 'running') ORDER BY +i.updated_at, i.id LIMIT 1",
                 DB_ARGS(db_int(claim->now)));
    if (status == STORAGE_ROW)
        read_upload(&rows, claim->arena, claim->upload);
    return status == STORAGE_ROW ? STORAGE_OK : status;
}

static enum storage_status take_lease(struct db_conn *conn, const struct claim *claim)
{
    DB_ROWS(rows);
    struct upload *upload = claim->upload;
    enum storage_status status = db_first(
        conn, &rows,
        "INSERT INTO import_leases (tenant_id, import_id, claim, until, attempts) VALUES ($1, $2, $3, $3, 1) "
        "ON CONFLICT (tenant_id, import_id) DO UPDATE SET claim = excluded.claim, until = excluded.until, "
        "attempts = import_leases.attempts + 1 RETURNING attempts",
        DB_ARGS(db_int(upload->tenant_id), db_int(upload->id), db_int(claim->until)));
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_ERROR : status;
    upload->attempts = db_col_int(&rows, 0);
    return STORAGE_OK;
}

/* Only from what was seen, unless it was renewed since: of two nodes one has it. */
static enum storage_status claim_inside(struct db_conn *conn, void *context)
{
    const struct claim *claim = context;
    const struct upload *upload = claim->upload;
    int64_t changes = 0;
    enum storage_status status =
        db_exec(conn,
                "UPDATE imports SET status = 'running', claimed_until = $4 "
                "WHERE tenant_id = $1 AND id = $2 AND claimed_until = $3 AND status IN ('queued', 'running') "
                "AND NOT EXISTS (SELECT 1 FROM import_leases l WHERE l.tenant_id = $1 AND l.import_id = $2 "
                "AND l.claim = $3 AND l.until >= $5)",
                DB_ARGS(db_int(upload->tenant_id), db_int(upload->id), db_int(upload->claimed_until),
                        db_int(claim->until), db_int(claim->now)),
                &changes);
    if (status == STORAGE_OK && changes == 0)
        return STORAGE_DONE;
    return status == STORAGE_OK ? take_lease(conn, claim) : status;
}

enum storage_status upload_claim(struct db_conn *conn, struct arena *arena, int64_t now, int64_t until,
                                 struct upload *ret)
{
    struct claim claim = { arena, now, until, ret };
    enum storage_status status = find_waiting(conn, &claim);
    if (status == STORAGE_OK)
        status = db_transaction(conn, STORAGE_WRITE, claim_inside, &claim);
    if (status == STORAGE_OK)
        ret->claimed_until = until;
    return status == STORAGE_OK ? STORAGE_ROW : status;
}

struct renewal {
    const struct upload *upload;
    int64_t until;
};

static enum storage_status renew_inside(struct db_conn *conn, void *context)
{
    const struct renewal *renewal = context;
    const struct upload *upload = renewal->upload;
    int64_t changes = 0;
    enum storage_status status = db_exec(
        conn, "UPDATE import_leases SET until = $4 WHERE tenant_id = $1 AND import_id = $2 AND claim = $3",
        DB_ARGS(db_int(upload->tenant_id), db_int(upload->id), db_int(upload->claimed_until),
                db_int(renewal->until)),
        &changes);
    return status == STORAGE_OK && changes == 0 ? STORAGE_DONE : status;
}

enum storage_status upload_renew(struct db_conn *conn, const struct upload *upload, int64_t until)
{
    struct renewal renewal = { upload, until };
    return db_transaction(conn, STORAGE_WRITE, renew_inside, &renewal);
}

/* What is over needs its parts no more, but a dry run may be followed by another. */
static enum storage_status drop_parts(struct db_conn *conn, const struct upload *upload)
{
    if (upload->is_dry)
        return STORAGE_OK;
    return db_exec(conn, "DELETE FROM import_parts WHERE tenant_id = $1 AND import_id = $2",
                   DB_ARGS(db_int(upload->tenant_id), db_int(upload->id)), NULL);
}

enum storage_status upload_end(struct db_conn *conn, const struct upload *upload, int64_t now)
{
    int64_t changes = 0;
    enum storage_status status = db_exec(
        conn,
        "UPDATE imports SET status = $4, made = $5, changed = $6, skipped = $7, detail = $8, errors = $9, "
        "claimed_until = 0, updated_at = $10 "
        "WHERE tenant_id = $1 AND id = $2 AND claimed_until = $3 AND status = 'running'",
        DB_ARGS(db_int(upload->tenant_id), db_int(upload->id), db_int(upload->claimed_until),
                db_text(upload->status), db_int(upload->created), db_int(upload->updated),
                db_int(upload->skipped), db_text_or_null(upload->detail), db_text_or_null(upload->errors),
                db_int(now)),
        &changes);
    if (status == STORAGE_OK && changes == 0)
        return STORAGE_DONE;
    return status == STORAGE_OK ? drop_parts(conn, upload) : status;
}

static enum storage_status release_inside(struct db_conn *conn, void *context)
{
    const struct upload *upload = context;
    int64_t changes = 0;
    enum storage_status status = db_exec(
        conn,
        "UPDATE imports SET status = 'queued', claimed_until = 0 "
        "WHERE tenant_id = $1 AND id = $2 AND claimed_until = $3 AND status = 'running'",
        DB_ARGS(db_int(upload->tenant_id), db_int(upload->id), db_int(upload->claimed_until)), &changes);
    return status == STORAGE_OK && changes ? drop_lease(conn, upload->tenant_id, upload->id) : status;
}

enum storage_status upload_release(struct db_conn *conn, const struct upload *upload)
{
    return db_transaction(conn, STORAGE_WRITE, release_inside, (void *)upload);
}

static enum storage_status release_all_inside(struct db_conn *conn, void *context)
{
    (void)context;
    return db_exec(conn,
                   "UPDATE imports SET status = 'queued', claimed_until = 0 "
                   "WHERE tenant_id > 0 AND status = 'running' AND status IN ('queued', 'running')",
                   DB_NO_ARGS, NULL);
}

enum storage_status upload_release_all(struct db_conn *conn)
{
    return db_transaction(conn, STORAGE_WRITE, release_all_inside, NULL);
}

struct sweep {
    int64_t before, max, n;
};

static enum storage_status sweep_inside(struct db_conn *conn, void *context)
{
    struct sweep *sweep = context;
    return db_exec(conn,
                   "DELETE FROM imports WHERE id IN (SELECT i.id FROM imports i WHERE i.updated_at < $1 "
                   "AND i.status IN ('uploading', 'done', 'failed') ORDER BY i.updated_at LIMIT $2)",
                   DB_ARGS(db_int(sweep->before), db_int(sweep->max)), &sweep->n);
}

enum storage_status upload_sweep(struct db_conn *conn, int64_t before, int64_t max, int64_t *ret_n)
{
    struct sweep sweep = { before, max, 0 };
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, sweep_inside, &sweep);
    *ret_n = sweep.n;
    return status;
}
