/* Changing, unpairing and rotating devices. */
#include "devices/deed.h"

#include "base/json.h"
#include "base/random.h"

enum storage_status device_refuse(struct device_work *work, enum device_verdict verdict)
{
    work->deed->verdict = verdict;
    return STORAGE_DONE;
}

enum storage_status device_write_down(struct device_work *work, const char *action, struct str before,
                                      struct str after)
{
    const struct device_deed *deed = work->deed;
    struct audit_event event = {
        .tenant_id = deed->tenant->id,
        .action = action,
        .target_kind = "display",
        .target_id = deed->device.id,
        .target_name = deed->device.name,
        .before = before,
        .after = after,
    };
    return audit_append(work->conn, work->arena, &deed->actor, &event, deed->now);
}

struct errand {
    struct device_work *work;
    device_apply_fn apply;
};

static enum storage_status run(struct db_conn *conn, void *context)
{
    struct errand *errand = context;
    struct device_work *work = errand->work;
    struct device_deed *deed = work->deed;
    deed->verdict = DEVICE_DONE;
    work->before = (struct device){ 0 };
    if (deed->id) {
        enum storage_status status =
            device_by_id(conn, work->arena, deed->tenant->id, deed->id, &work->before);
        if (status != STORAGE_ROW)
            return status == STORAGE_DONE ? device_refuse(work, DEVICE_UNKNOWN) : status;
    }
    deed->device = work->before;
    return errand->apply(work);
}

enum storage_status device_carry_out(struct device_work *work, device_apply_fn apply)
{
    struct errand errand = { work, apply };
    json_use_arena(work->arena);
    enum storage_status status = db_transaction(work->conn, STORAGE_WRITE, run, &errand);
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

static enum storage_status carry_out(struct db_conn *conn, struct arena *arena, struct device_deed *deed,
                                     device_apply_fn apply)
{
    struct device_work work = { .conn = conn, .arena = arena, .deed = deed };
    return device_carry_out(&work, apply);
}

/* ---- update ---- */

static bool is_new(struct str wanted, struct str present)
{
    return wanted.at && !str_equal(wanted, present);
}

static struct str name_json(struct arena *arena, const struct device *device)
{
    cJSON *json = json_new_object();
    json_add_str(json, "name", device->name);
    return json_print(arena, json);
}

static struct str content_json(struct arena *arena, const struct device *device)
{
    cJSON *json = json_new_object();
    json_add_int(json, "revision", device->revision);
    json_add_text(json, "content", device->content.at);
    return json_print(arena, json);
}

static enum storage_status update_row(struct device_work *work)
{
    const struct device *device = &work->deed->device;
    enum storage_status status =
        db_exec(work->conn,
                "UPDATE devices SET name = $3, content = $4, revision = $5, updated_at = $6 "
                "WHERE tenant_id = $1 AND id = $2",
                DB_ARGS(db_int(device->tenant_id), db_int(device->id), db_text(device->name),
                        db_text(device->content), db_int(device->revision), db_int(device->updated_at)),
                NULL);
    return status == STORAGE_OK ? device_touch(work->conn, device) : status;
}

static enum storage_status write_changes(struct device_work *work, bool renamed, bool refilled)
{
    const struct device *before = &work->before, *after = &work->deed->device;
    enum storage_status status = STORAGE_OK;
    if (renamed)
        status = device_write_down(work, "display.renamed", name_json(work->arena, before),
                                   name_json(work->arena, after));
    if (refilled && status == STORAGE_OK)
        status = device_write_down(work, "display.content_changed", content_json(work->arena, before),
                                   content_json(work->arena, after));
    return status;
}

static enum storage_status apply_update(struct device_work *work)
{
    struct device_deed *deed = work->deed;
    bool renamed = is_new(deed->name, work->before.name);
    bool refilled = is_new(deed->content, work->before.content);
    if (!renamed && !refilled)
        return STORAGE_OK;
    deed->device.name = renamed ? deed->name : work->before.name;
    deed->device.content = refilled ? deed->content : work->before.content;
    deed->device.revision++;
    deed->device.updated_at = deed->now;
    enum storage_status status = update_row(work);
    return status == STORAGE_OK ? write_changes(work, renamed, refilled) : status;
}

enum storage_status device_update(struct db_conn *conn, struct arena *arena, struct device_deed *deed)
{
    return carry_out(conn, arena, deed, apply_update);
}

/* ---- unpair ---- */

static enum storage_status apply_unpair(struct device_work *work)
{
    const struct device *device = &work->before;
    enum storage_status status = db_exec(work->conn, "DELETE FROM devices WHERE tenant_id = $1 AND id = $2",
                                         DB_ARGS(db_int(device->tenant_id), db_int(device->id)), NULL);
    if (status == STORAGE_OK)
        status = device_touch(work->conn, device);
    return status == STORAGE_OK
               ? device_write_down(work, "display.unpaired", content_json(work->arena, device), STR_NONE)
               : status;
}

enum storage_status device_unpair(struct db_conn *conn, struct arena *arena, struct device_deed *deed)
{
    return carry_out(conn, arena, deed, apply_unpair);
}

/* ---- ending its tokens ---- */

static bool is_hash_of(struct str kept, const struct device_work *work)
{
    return kept.at && str_equal(kept, str_from((const char *)work->hash, sizeof(work->hash)));
}

/* What a pairing has handed out goes with it, or it would be handed out again; a link that nobody opened
 * stays. */
static enum storage_status end_tokens(struct device_work *work)
{
    const struct device *device = &work->before;
    enum storage_status status = db_exec(
        work->conn,
        "UPDATE devices SET token_hash = NULL, next_hash = NULL, rotate_key = NULL, token_until = NULL, "
        "paired_at = NULL, updated_at = $3 WHERE tenant_id = $1 AND id = $2",
        DB_ARGS(db_int(device->tenant_id), db_int(device->id), db_int(work->deed->now)), NULL);
    if (status == STORAGE_OK)
        status = db_exec(work->conn,
                         "DELETE FROM device_pairings "
                         "WHERE tenant_id = $1 AND device_id = $2 AND handed_at IS NOT NULL",
                         DB_ARGS(db_int(device->tenant_id), db_int(device->id)), NULL);
    return status == STORAGE_OK ? device_touch(work->conn, device) : status;
}

static enum storage_status apply_end_tokens(struct device_work *work)
{
    const struct device *device = &work->before;
    if (!is_hash_of(device->token_hash, work) && !is_hash_of(device->next_hash, work))
        return STORAGE_OK;
    enum storage_status status = end_tokens(work);
    return status == STORAGE_OK ? device_write_down(work, "display.revoked", STR_NONE, STR_NONE) : status;
}

enum storage_status device_end_tokens(struct db_conn *conn, struct arena *arena,
                                      const uint8_t hash[DEVICE_HASH_BYTES], struct device_deed *deed)
{
    struct device_work work = { .conn = conn, .arena = arena, .deed = deed };
    memcpy(work.hash, hash, sizeof(work.hash));
    return device_carry_out(&work, apply_end_tokens);
}

/* ---- rotate ---- */

#define ROTATE_KEY_BYTES 32

/* A rotation that waits already starts over: what it handed out and was not used is void. */
static enum storage_status apply_rotate(struct device_work *work)
{
    struct device_deed *deed = work->deed;
    struct device *device = &deed->device;
    if (!device->token_hash.at)
        return device_refuse(work, DEVICE_NOT_PAIRED);
    char *key = arena_alloc(work->arena, ROTATE_KEY_BYTES);
    random_bytes(key, ROTATE_KEY_BYTES);
    device->rotate_key = str_from(key, ROTATE_KEY_BYTES);
    device->token_until = deed->now + deed->overlap_us;
    device->next_hash = STR_NONE;
    device->updated_at = deed->now;
    enum storage_status status =
        db_exec(work->conn,
                "UPDATE devices SET rotate_key = $3, token_until = $4, next_hash = NULL, updated_at = $5 "
                "WHERE tenant_id = $1 AND id = $2",
                DB_ARGS(db_int(device->tenant_id), db_int(device->id), db_blob(key, ROTATE_KEY_BYTES),
                        db_int(device->token_until), db_int(deed->now)),
                NULL);
    if (status == STORAGE_OK)
        status = device_touch(work->conn, &work->before);
    return status == STORAGE_OK ? device_write_down(work, "display.rotated", STR_NONE, STR_NONE) : status;
}

enum storage_status device_rotate(struct db_conn *conn, struct arena *arena, struct device_deed *deed)
{
    return carry_out(conn, arena, deed, apply_rotate);
}
