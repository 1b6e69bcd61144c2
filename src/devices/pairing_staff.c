/* The staff's side of pairing: entering the code of a screen, and links. */
#include "access/shared_rate.h"
#include "base/json.h"
#include "devices/deed.h"
#include "devices/pairing.h"
#include "identity/opaque_token.h"

/* ---- guessing ----
 * Every attempt is counted before it is made, in a transaction of its own, and taken back when it was right:
 * so of any number of attempts at once no more are made than the limit says. */

struct guess {
    struct str bucket;
    int64_t limit;
};
#define GUESS_BUCKETS 3

struct guesses {
    struct guess at[GUESS_BUCKETS];
    int64_t now, end;
};

static struct guesses guesses_of(struct arena *arena, const struct device_deed *deed)
{
    long long tenant_id = deed->tenant->id, user_id = deed->user_id;
    return (struct guesses){
        .at = { { arena_printf(arena, "pairing:u:%lld", user_id), PAIRING_GUESSES_USER },
                { arena_printf(arena, "pairing:t:%lld", tenant_id), PAIRING_GUESSES_TENANT },
                { arena_printf(arena, "pairing:a:%.*s", STR_ARG(deed->address)), PAIRING_GUESSES_TENANT } },
        .now = deed->now,
    };
}

/* DONE: used up. */
static enum storage_status count_guess(struct db_conn *conn, void *context)
{
    struct guesses *guesses = context;
    enum storage_status status = STORAGE_OK;
    for (size_t i = 0; i < GUESS_BUCKETS && status == STORAGE_OK; i++) {
        struct rate rate = { guesses->at[i].limit, PAIRING_GUESS_US };
        status = shared_rate_count(conn, guesses->at[i].bucket, &rate, guesses->now, &guesses->end);
    }
    return status;
}

static enum storage_status uncount_guess(struct db_conn *conn, const struct guesses *guesses)
{
    enum storage_status status = STORAGE_OK;
    for (size_t i = 0; i < GUESS_BUCKETS && status == STORAGE_OK; i++)
        status = shared_rate_uncount(conn, guesses->at[i].bucket);
    return status;
}

/* ---- what both ways do ---- */

static enum storage_status add_device(struct device_work *work)
{
    struct device_deed *deed = work->deed;
    deed->device = (struct device){
        .tenant_id = deed->tenant->id,
        .name = deed->name,
        .content = deed->content.at ? deed->content : STR("{}"),
        .revision = 1,
        .created_at = deed->now,
        .updated_at = deed->now,
    };
    return device_insert(work->conn, &deed->device);
}

/* One way to a device's token is open at a time. */
static enum storage_status close_earlier(struct device_work *work)
{
    const struct device *device = &work->deed->device;
    return db_exec(work->conn, "DELETE FROM device_pairings WHERE tenant_id = $1 AND device_id = $2",
                   DB_ARGS(db_int(device->tenant_id), db_int(device->id)), NULL);
}

static struct str device_json(struct device_work *work)
{
    cJSON *json = json_new_object();
    json_add_str(json, "name", work->deed->device.name);
    return json_print(work->arena, json);
}

/* ---- a screen's code ---- */

struct taking {
    struct device_work work;
    struct guesses guesses;
    char code[PAIRING_CODE_CHARS];
};

static enum storage_status take_row(struct taking *taking)
{
    const struct device_deed *deed = taking->work.deed;
    int64_t changes = 0;
    enum storage_status status =
        db_exec(taking->work.conn,
                "UPDATE device_pairings SET code = NULL, tenant_id = $2, device_id = $3, expires_at = $5 "
                "WHERE code = $1 AND expires_at > $4 AND device_id IS NULL "
                "AND (tenant_id IS NULL OR tenant_id = $2)",
                DB_ARGS(db_text(str_from(taking->code, PAIRING_CODE_CHARS)), db_int(deed->tenant->id),
                        db_int(deed->device.id), db_int(deed->now), db_int(deed->now + PAIRING_CODE_US)),
                &changes);
    if (status == STORAGE_OK && changes == 0)
        return device_refuse(&taking->work, DEVICE_CODE_WRONG);
    return status;
}

static enum storage_status apply_take(struct device_work *work)
{
    struct taking *taking = (struct taking *)work; /* its first member */
    enum storage_status status = work->before.id ? close_earlier(work) : add_device(work);
    if (status == STORAGE_OK)
        status = take_row(taking);
    if (status == STORAGE_OK)
        status = uncount_guess(work->conn, &taking->guesses);
    return status == STORAGE_OK ? device_write_down(work, "display.taken", STR_NONE, device_json(work))
                                : status;
}

enum storage_status pairing_take(struct db_conn *conn, struct arena *arena, struct device_deed *deed)
{
    struct taking taking = { .work = { .conn = conn, .arena = arena, .deed = deed } };
    deed->verdict = DEVICE_CODE_WRONG;
    if (!pairing_code_read(deed->code, taking.code))
        return STORAGE_OK; /* no guess either */
    taking.guesses = guesses_of(arena, deed);
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, count_guess, &taking.guesses);
    if (status == STORAGE_DONE) {
        deed->verdict = DEVICE_GUESSING;
        deed->retry_at = taking.guesses.end;
        return STORAGE_OK;
    }
    return status == STORAGE_OK ? device_carry_out(&taking.work, apply_take) : status;
}

/* ---- links ---- */

static enum storage_status open_link(struct device_work *work, const char *action)
{
    struct device_deed *deed = work->deed;
    deed->expires_at = deed->now + PAIRING_LINK_US;
    enum storage_status status =
        db_exec(work->conn,
                "INSERT INTO device_pairings (poll_hash, tenant_id, device_id, origin, created_at, "
                "expires_at) VALUES ($1, $2, $3, '', $4, $5)",
                DB_ARGS(db_blob(work->hash, sizeof(work->hash)), db_int(deed->device.tenant_id),
                        db_int(deed->device.id), db_int(deed->now), db_int(deed->expires_at)),
                NULL);
    return status == STORAGE_OK ? device_write_down(work, action, STR_NONE, device_json(work)) : status;
}

static enum storage_status apply_create(struct device_work *work)
{
    enum storage_status status = add_device(work);
    return status == STORAGE_OK ? open_link(work, "display.created") : status;
}

static enum storage_status apply_link(struct device_work *work)
{
    enum storage_status status = close_earlier(work);
    return status == STORAGE_OK ? open_link(work, "display.linked") : status;
}

static enum storage_status with_secret(struct db_conn *conn, struct arena *arena, struct device_deed *deed,
                                       device_apply_fn apply)
{
    struct device_work work = { .conn = conn, .arena = arena, .deed = deed };
    deed->secret = opaque_token_new(arena, OPAQUE_PAIRING, work.hash);
    return device_carry_out(&work, apply);
}

enum storage_status pairing_create(struct db_conn *conn, struct arena *arena, struct device_deed *deed)
{
    return with_secret(conn, arena, deed, apply_create);
}

enum storage_status pairing_link(struct db_conn *conn, struct arena *arena, struct device_deed *deed)
{
    return with_secret(conn, arena, deed, apply_link);
}
