/* Fills a database that `tether init` has made with tenants and users, fast, and prints tokens for some of
 * them.
 *
 *   bench_seed CONFIG USERS TOKENS [API_TOKENS]
 *
 * Tenant `bench-N` has a thousand users; user M is uM@example.com, all with the password below, whose hash is
 * made once. TOKENS users, evenly spread, get a session, and every user the same number of API tokens,
 * API_TOKENS in all; a line "SLUG TOKEN" each goes to stdout, progress to stderr. The server must not run
 * meanwhile. */
#include <stdio.h>
#include <stdlib.h>

#include "access/membership.h"
#include "base/clock.h"
#include "identity/access_token.h"
#include "identity/api_token.h"
#include "identity/password.h"
#include "identity/session.h"
#include "identity/user.h"
#include "open.h"
#include "tenancy/tenant.h"

#define PASSWORD         "correct horse battery"
#define USERS_PER_TENANT 1000
#define PROGRESS         10000 /* users */
#define BATCH            1000  /* users of one transaction */

struct seeding {
    const struct config *config;
    char hash[PASSWORD_HASH_CAP];
    int64_t users, tokens, api_tokens;
    int64_t done;      /* users of committed batches */
    int64_t tenant_id; /* of the last one made */
    int64_t now;
    struct arena *arena; /* of one batch */
};

static struct str slug_of(struct arena *arena, int64_t user)
{
    return arena_printf(arena, "bench-%lld", (long long)(user / USERS_PER_TENANT));
}

static enum storage_status add_tenant(struct db_conn *conn, struct seeding *seeding, int64_t user)
{
    struct str slug = slug_of(seeding->arena, user);
    struct tenant_new tenant = { .slug = slug, .name = slug, .plan = STR("pro") };
    return tenant_insert(conn, &tenant, &seeding->tenant_id);
}

static bool gets_token(const struct seeding *seeding, int64_t user)
{
    int64_t every = seeding->users / seeding->tokens;
    return user % every == 0 && user / every < seeding->tokens;
}

static enum storage_status add_session(struct db_conn *conn, struct seeding *seeding, int64_t user,
                                       int64_t id)
{
    struct session session;
    enum storage_status status =
        session_insert(conn, seeding->arena, id, seeding->tenant_id, seeding->config->tokens.access_ttl_us,
                       STR("127.0.0.1"), STR("bench"), seeding->now, &session);
    if (status != STORAGE_OK)
        return status;
    struct access_claims claims = { .user_id = id,
                                    .session_id = session.id,
                                    .tenant_id = seeding->tenant_id,
                                    .issued_at = session.created_at / CLOCK_SECOND,
                                    .expires_at = session.expires_at / CLOCK_SECOND,
                                    .jti = session.jti };
    struct str token = access_token_issue(seeding->config, seeding->arena, &claims);
    printf("%.*s %.*s\n", STR_ARG(slug_of(seeding->arena, user)), STR_ARG(token));
    return STORAGE_OK;
}

static enum storage_status add_api_token(struct db_conn *conn, struct seeding *seeding, int64_t user,
                                         int64_t id)
{
    uint8_t hash[API_TOKEN_HASH_BYTES];
    struct api_token token = { .tenant_id = seeding->tenant_id,
                               .user_id = id,
                               .name = STR("bench"),
                               .scopes = STR("assets.view team.view"),
                               .addresses = STR(""),
                               .created_at = seeding->now };
    struct str secret = api_token_secret(seeding->arena, &token, hash);
    printf("%.*s %.*s\n", STR_ARG(slug_of(seeding->arena, user)), STR_ARG(secret));
    return api_token_insert(conn, &token, hash);
}

static enum storage_status add_user(struct db_conn *conn, struct seeding *seeding, int64_t user)
{
    int64_t id;
    struct str name = arena_printf(seeding->arena, "User %lld", (long long)user);
    struct str email = arena_printf(seeding->arena, "u%lld@example.com", (long long)user);
    struct str role = user % USERS_PER_TENANT == 0 ? STR("admin") : STR("member");
    enum storage_status status = STORAGE_OK;
    if (user % USERS_PER_TENANT == 0)
        status = add_tenant(conn, seeding, user);
    if (status == STORAGE_OK)
        status = user_insert(conn, email, name, str_of(seeding->hash), seeding->now, &id);
    if (status == STORAGE_OK)
        status = membership_insert(conn, seeding->tenant_id, id, role, seeding->now);
    if (status == STORAGE_OK && gets_token(seeding, user))
        status = add_session(conn, seeding, user, id);
    for (int64_t i = 0; i < seeding->api_tokens / seeding->users && status == STORAGE_OK; i++)
        status = add_api_token(conn, seeding, user, id);
    return status;
}

static enum storage_status add_batch(struct db_conn *conn, void *context)
{
    struct seeding *seeding = context;
    int64_t end = seeding->done + BATCH < seeding->users ? seeding->done + BATCH : seeding->users;
    enum storage_status status = STORAGE_OK;
    for (int64_t user = seeding->done; user < end && status == STORAGE_OK; user++)
        status = add_user(conn, seeding, user);
    return status;
}

static void seed(struct db_conn *conn, struct seeding *seeding)
{
    int64_t start = clock_monotonic_ms();
    while (seeding->done < seeding->users) {
        seeding->arena = arena_new(0);
        if (db_transaction(conn, STORAGE_WRITE, add_batch, seeding) != STORAGE_OK)
            bench_die("a batch of users", db_error(conn));
        arena_free(&seeding->arena);
        seeding->done += BATCH < seeding->users - seeding->done ? BATCH : seeding->users - seeding->done;
        if (seeding->done % PROGRESS != 0 && seeding->done < seeding->users)
            continue;
        fprintf(stderr, "\rseeded %lld of %lld users, %lld s", (long long)seeding->done,
                (long long)seeding->users, (long long)(clock_monotonic_ms() - start) / 1000);
    }
    fputc('\n', stderr);
}

int main(int argc, char **argv)
{
    struct config *config;
    if (argc != 4 && argc != 5)
        return 2;
    struct arena *arena = arena_new(1 << 20);
    struct db *db = bench_open(argv[1], arena, &config);
    struct seeding seeding = { .config = config,
                               .users = strtol(argv[2], NULL, 10),
                               .tokens = strtol(argv[3], NULL, 10),
                               .api_tokens = argc == 5 ? strtol(argv[4], NULL, 10) : 0,
                               .now = clock_now() };
    if (seeding.tokens < 1 || seeding.users < seeding.tokens ||
        !password_hash(config, STR(PASSWORD), seeding.hash))
        bench_die("arguments", "TOKENS from 1 to USERS");
    struct db_conn *conn = db_connect(db);
    seed(conn, &seeding);
    db_disconnect(&conn);
    db_close(&db);
    arena_free(&arena);
    config_free(&config);
    return 0;
}
