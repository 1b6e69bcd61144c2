/* Devices in the database. */
#include "devices/device.h"

#include "storage/changes.h"

/* ---- reading ---- */

#define COLUMNS                                                                                              \
    "d.id, d.tenant_id, d.name, d.content, d.revision, d.token_hash, d.next_hash, d.rotate_key, "            \
    "d.token_until, d.paired_at, s.seen_at, d.created_at, d.updated_at"
#define FROM " FROM devices d JOIN device_seen s ON s.device_id = d.id AND s.tenant_id = d.tenant_id "

static void read_device(struct db_rows *rows, struct arena *arena, struct device *ret)
{
    *ret = (struct device){
        .id = db_col_int(rows, 0),
        .tenant_id = db_col_int(rows, 1),
        .name = db_col_text(rows, 2, arena),
        .content = db_col_text(rows, 3, arena),
        .revision = db_col_int(rows, 4),
        .token_hash = db_col_blob(rows, 5, arena),
        .next_hash = db_col_blob(rows, 6, arena),
        .rotate_key = db_col_blob(rows, 7, arena),
        .token_until = db_col_int(rows, 8),
        .paired_at = db_col_int(rows, 9),
        .seen_at = db_col_int(rows, 10),
        .created_at = db_col_int(rows, 11),
        .updated_at = db_col_int(rows, 12),
    };
}

enum storage_status device_by_id(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t id,
                                 struct device *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows, "SELECT " COLUMNS FROM "WHERE d.tenant_id = $1 AND d.id = $2",
                 DB_ARGS(db_int(tenant_id), db_int(id)));
    if (status == STORAGE_ROW)
        read_device(&rows, arena, ret);
    return status;
}

enum storage_status device_by_hash(struct db_conn *conn, struct arena *arena,
                                   const uint8_t hash[DEVICE_HASH_BYTES], struct device *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows, "SELECT " COLUMNS FROM "WHERE d.token_hash = $1 OR d.next_hash = $1",
                 DB_ARGS(db_blob(hash, DEVICE_HASH_BYTES)));
    if (status == STORAGE_ROW)
        read_device(&rows, arena, ret);
    return status;
}

enum storage_status device_list(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t after,
                                int64_t limit, struct device **ret, size_t *ret_n)
{
    DB_ROWS(rows);
    struct device *list = ARENA_ARRAY(arena, struct device, limit);
    size_t n = 0;
    enum storage_status status = db_query(
        conn, &rows, "SELECT " COLUMNS FROM "WHERE d.tenant_id = $1 AND d.id > $2 ORDER BY d.id LIMIT $3",
        DB_ARGS(db_int(tenant_id), db_int(after), db_int(limit)));
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        read_device(&rows, arena, &list[n++]);
        status = STORAGE_OK;
    }
    *ret = list;
    *ret_n = n;
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

/* ---- writing ---- */

int64_t device_subject(const void *hash)
{
    int64_t subject;
    memcpy(&subject, hash, sizeof(subject));
    return subject;
}

enum storage_status device_touch(struct db_conn *conn, const struct device *device)
{
    const struct str hashes[] = { device->token_hash, device->next_hash };
    enum storage_status status = STORAGE_OK;
    for (size_t i = 0; i < 2 && status == STORAGE_OK; i++)
        if (hashes[i].at)
            status = db_touch(conn, SUBJECT_DEVICE, device_subject(hashes[i].at));
    return status;
}

static enum storage_status insert_row(struct db_conn *conn, struct device *device)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "INSERT INTO devices (tenant_id, name, content, revision, created_at, updated_at) "
                 "VALUES ($1, $2, $3, 1, $4, $4) RETURNING id",
                 DB_ARGS(db_int(device->tenant_id), db_text(device->name), db_text(device->content),
                         db_int(device->created_at)));
    if (status == STORAGE_ROW)
        device->id = db_col_int(&rows, 0);
    return status == STORAGE_ROW ? STORAGE_OK : status == STORAGE_DONE ? STORAGE_ERROR : status;
}

enum storage_status device_insert(struct db_conn *conn, struct device *device)
{
    enum storage_status status = insert_row(conn, device);
    if (status != STORAGE_OK)
        return status;
    return db_exec(conn, "INSERT INTO device_seen (device_id, tenant_id, seen_at) VALUES ($1, $2, 0)",
                   DB_ARGS(db_int(device->id), db_int(device->tenant_id)), NULL);
}
