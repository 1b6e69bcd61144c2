/* Adds displays to the tenant bench-0 that bench_seed has made, each with a token in use, and prints the
 * tokens.
 *
 *   bench_devices CONFIG COUNT
 *
 * The server must not run meanwhile. */
#include "base/clock.h"
#include "devices/device.h"
#include "identity/opaque_token.h"
#include "open.h"

#define BATCH 1000
#define CONTENT                                                                                              \
    "{\"layout\":\"text\",\"heading\":\"Welcome\",\"text\":\"The lounge is open until ten tonight.\"}"

struct seeding {
    int64_t tenant_id, now, done, count;
    struct arena *arena; /* of one batch */
};

static enum storage_status add_device(struct db_conn *conn, struct seeding *seeding, int64_t number)
{
    uint8_t hash[DEVICE_HASH_BYTES];
    struct str token = opaque_token_new(seeding->arena, OPAQUE_DEVICE, hash);
    struct device device = {
        .tenant_id = seeding->tenant_id,
        .name = arena_printf(seeding->arena, "Display %lld", (long long)number),
        .content = STR(CONTENT),
        .created_at = seeding->now,
    };
    enum storage_status status = device_insert(conn, &device);
    if (status != STORAGE_OK)
        return status;
    printf("%.*s\n", STR_ARG(token));
    return db_exec(conn,
                   "UPDATE devices SET token_hash = $3, paired_at = $4 WHERE tenant_id = $1 AND id = $2",
                   DB_ARGS(db_int(device.tenant_id), db_int(device.id), db_blob(hash, sizeof(hash)),
                           db_int(seeding->now)),
                   NULL);
}

static enum storage_status add_batch(struct db_conn *conn, void *context)
{
    struct seeding *seeding = context;
    enum storage_status status = STORAGE_OK;
    for (int64_t i = 0; i < BATCH && seeding->done + i < seeding->count && status == STORAGE_OK; i++)
        status = add_device(conn, seeding, seeding->done + i);
    return status;
}

static void seed(struct db_conn *conn, struct seeding *seeding)
{
    for (; seeding->done < seeding->count; seeding->done += BATCH) {
        seeding->arena = arena_new(1 << 20);
        if (db_transaction(conn, STORAGE_WRITE, add_batch, seeding) != STORAGE_OK)
            bench_die("a batch of displays", db_error(conn));
        arena_free(&seeding->arena);
    }
}

int main(int argc, char **argv)
{
    struct config *config;
    struct tenant tenant;
    if (argc != 3)
        return 2;
    struct arena *arena = arena_new(1 << 20);
    struct db *db = bench_open(argv[1], arena, &config);
    struct db_conn *conn = db_connect(db);
    if (tenant_by_slug(conn, arena, STR("bench-0"), &tenant) != STORAGE_ROW)
        bench_die("the tenant", db_error(conn));
    struct seeding seeding = { .tenant_id = tenant.id,
                               .now = clock_now(),
                               .count = strtol(argv[2], NULL, 10) };
    seed(conn, &seeding);
    db_disconnect(&conn);
    db_close(&db);
    arena_free(&arena);
    config_free(&config);
    return 0;
}
