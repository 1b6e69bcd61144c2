/* Device tokens in use. */
#include "devices/token.h"

#include "base/recent.h"
#include "identity/opaque_token.h"

#define PURPOSE "tether rotation"

static bool is_hash(struct str kept, const uint8_t hash[DEVICE_HASH_BYTES])
{
    return kept.at && str_equal(kept, str_from((const char *)hash, DEVICE_HASH_BYTES));
}

/* ---- first use ---- */

struct first_use {
    struct arena *arena;
    const uint8_t *hash;
    struct audit_actor actor;
    int64_t now;
    struct device *device;
};

static enum storage_status put_in_use(struct db_conn *conn, const struct device *device, int64_t now)
{
    enum storage_status status =
        db_exec(conn,
                "UPDATE devices SET token_hash = next_hash, next_hash = NULL, rotate_key = NULL, "
                "token_until = NULL, paired_at = $3 WHERE tenant_id = $1 AND id = $2",
                DB_ARGS(db_int(device->tenant_id), db_int(device->id), db_int(now)), NULL);
    if (status == STORAGE_OK)
        status = db_exec(conn, "DELETE FROM device_pairings WHERE tenant_id = $1 AND device_id = $2",
                         DB_ARGS(db_int(device->tenant_id), db_int(device->id)), NULL);
    return status == STORAGE_OK ? device_touch(conn, device) : status;
}

static enum storage_status write_down(struct db_conn *conn, const struct first_use *use)
{
    struct audit_event event = {
        .tenant_id = use->device->tenant_id,
        .action = "display.paired",
        .target_kind = "display",
        .target_id = use->device->id,
        .target_name = use->device->name,
    };
    return audit_append(conn, use->arena, &use->actor, &event, use->now);
}

/* DONE: it was somebody else's moment; what is there now is in *device. */
static enum storage_status begin_use(struct db_conn *conn, void *context)
{
    struct first_use *use = context;
    struct device *device = use->device;
    enum storage_status status = device_by_hash(conn, use->arena, use->hash, device);
    if (status != STORAGE_ROW)
        *device = (struct device){ 0 };
    if (status != STORAGE_ROW || !is_hash(device->next_hash, use->hash))
        return status == STORAGE_ROW ? STORAGE_DONE : status;
    use->actor.id = device->id;
    use->actor.name = device->name;
    status = put_in_use(conn, device, use->now);
    if (status == STORAGE_OK)
        status = write_down(conn, use);
    device->token_hash = device->next_hash;
    device->next_hash = device->rotate_key = STR_NONE;
    device->token_until = 0;
    device->paired_at = use->now;
    return status;
}

enum storage_status device_authenticate(struct db_conn *conn, struct arena *arena,
                                        const uint8_t hash[DEVICE_HASH_BYTES], const struct audit_actor *from,
                                        int64_t now, struct device *ret)
{
    struct first_use use = { .arena = arena, .hash = hash, .actor = *from, .now = now, .device = ret };
    use.actor.kind = AUDIT_DEVICE;
    enum storage_status status = device_by_hash(conn, arena, hash, ret);
    if (status != STORAGE_ROW)
        return status;
    if (is_hash(ret->next_hash, hash)) {
        status = db_transaction(conn, STORAGE_WRITE, begin_use, &use);
        if (status != STORAGE_OK && status != STORAGE_DONE)
            return status;
    }
    bool has_ended = !is_hash(ret->token_hash, hash) || (ret->rotate_key.at && ret->token_until <= now);
    return has_ended ? STORAGE_DONE : STORAGE_ROW;
}

/* ---- rotation ---- */

struct succession {
    struct arena *arena;
    const struct device *device;
    uint8_t hash[DEVICE_HASH_BYTES];
};

static enum storage_status set_next(struct db_conn *conn, void *context)
{
    struct succession *next = context;
    int64_t changes = 0;
    enum storage_status status = db_exec(
        conn, "UPDATE devices SET next_hash = $4 WHERE tenant_id = $1 AND id = $2 AND rotate_key = $3",
        DB_ARGS(db_int(next->device->tenant_id), db_int(next->device->id),
                db_blob(next->device->rotate_key.at, next->device->rotate_key.len),
                db_blob(next->hash, sizeof(next->hash))),
        &changes);
    if (status != STORAGE_OK || changes == 0)
        return status == STORAGE_OK ? STORAGE_DONE : status;
    struct device after = *next->device;
    after.next_hash = str_from((const char *)next->hash, sizeof(next->hash));
    return device_touch(conn, &after);
}

enum storage_status device_successor(struct db_conn *conn, struct arena *arena, const struct device *device,
                                     struct str token, struct str *ret)
{
    struct succession next = { .arena = arena, .device = device };
    struct str purpose = arena_join(arena, STR(PURPOSE), device->rotate_key);
    *ret = opaque_token_derive(arena, OPAQUE_DEVICE, token, purpose, next.hash);
    if (is_hash(device->next_hash, next.hash))
        return STORAGE_OK;
    return db_transaction(conn, STORAGE_WRITE, set_next, &next);
}

/* ---- when they were seen ---- */

#define ROW_VALUES  "(CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT))"
#define SEEN_BATCH  16
#define SEEN_VALUES 3

_Static_assert(RECENT_BATCH % SEEN_BATCH == 0, "a batch is a whole number of statements");

/* A statement has SEEN_BATCH rows; a batch that is shorter repeats its last one. */
static enum storage_status write_some(struct db_conn *conn, const struct recent_item *items, size_t n)
{
    struct storage_value values[SEEN_BATCH * SEEN_VALUES];
    for (size_t i = 0; i < SEEN_BATCH; i++) {
        const struct recent_item *item = &items[i < n ? i : n - 1];
        values[i * SEEN_VALUES] = db_int(item->group);
        values[i * SEEN_VALUES + 1] = db_int(item->id);
        values[i * SEEN_VALUES + 2] = db_int(item->at);
    }
    return db_exec(conn,
                   "UPDATE device_seen SET seen_at = v.column3 FROM (VALUES " ROW_VALUES ", ($4, $5, $6), "
                   "($7, $8, $9), ($10, $11, $12), ($13, $14, $15), ($16, $17, $18), ($19, $20, $21), "
                   "($22, $23, $24), ($25, $26, $27), ($28, $29, $30), ($31, $32, $33), ($34, $35, $36), "
                   "($37, $38, $39), ($40, $41, $42), ($43, $44, $45), ($46, $47, $48)) AS v "
                   "WHERE device_seen.tenant_id = v.column1 AND device_seen.device_id = v.column2 "
                   "AND device_seen.seen_at < v.column3",
                   (struct db_args){ values, SEEN_BATCH * SEEN_VALUES }, NULL);
}

struct seen {
    const struct recent_item *items;
    size_t n;
};

static enum storage_status write_all(struct db_conn *conn, void *context)
{
    const struct seen *seen = context;
    enum storage_status status = STORAGE_OK;
    for (size_t i = 0; i < seen->n && status == STORAGE_OK; i += SEEN_BATCH)
        status = write_some(conn, seen->items + i, seen->n - i < SEEN_BATCH ? seen->n - i : SEEN_BATCH);
    return status;
}

enum storage_status device_seen_write(struct db_conn *conn, const struct recent_item *items, size_t n)
{
    struct seen seen = { items, n };
    return db_transaction(conn, STORAGE_WRITE, write_all, &seen);
}
