#include "api_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "access/membership.h"
#include "api/routes.h"
#include "base/clock.h"
#include "base/json.h"
#include "identity/password.h"
#include "records/init.h"

#define CREATED_AT INT64_C(1700000000123456)

static const struct {
    const char *slug, *name;
} tenants[] = { { "msp", "Operator" }, { "acme", "Acme" }, { "bolt", "Bolt" }, { "shut", "Shut" } };

static const struct {
    const char *email, *name;
    const char *role[2]; /* of these tenants, from 1; 0: none */
    int tenant[2];
} people[] = {
    { "super@msp.example", "Sue Super", { "superadmin" }, { 1 } },
    { "staff@msp.example", "Stan Staff", { "staff" }, { 1 } },
    { "owner@acme.example", "Olga Owner", { "owner" }, { 2 } },
    { "admin@acme.example", "Sarah Chen", { "admin" }, { 2 } },
    { "head@acme.example", "Hedy Head", { "department_head" }, { 2 } },
    { "rep@acme.example", "Rob Rep", { "member" }, { 2 } },
    { "viewer@acme.example", "Vera View", { "viewer" }, { 2 } },
    { "gone@acme.example", "Gus Gone", { "member" }, { 2 } },
    { "rep@bolt.example", "Bea Bolt", { "member" }, { 3 } },
    { "both@example.com", "Bo Both", { "admin", "member" }, { 3, 2 } },
    { "rep@shut.example", "Sid Shut", { "member" }, { 4 } },
    { "nobody@example.com", "Nell Nobody", { NULL }, { 0 } },
};

/* ---- the world ---- */

static enum storage_status insert_people(struct db_conn *conn, void *context)
{
    const char *hash = context;
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++) {
        int64_t id;
        enum storage_status status =
            user_insert(conn, str_of(people[i].email), str_of(people[i].name), str_of(hash), CREATED_AT, &id);
        for (int j = 0; status == STORAGE_OK && j < 2 && people[i].tenant[j]; j++)
            status =
                membership_insert(conn, people[i].tenant[j], id, str_of(people[i].role[j]), CREATED_AT + j);
        if (status != STORAGE_OK)
            return status;
    }
    return STORAGE_OK;
}

static void people_the_world(struct world *world)
{
    char hash[PASSWORD_HASH_CAP];
    for (size_t i = 0; i < sizeof tenants / sizeof tenants[0]; i++)
        fixture_tenant(world->fixture, tenants[i].slug, "free", i == 0);
    assert_true(password_hash(world->config, STR(PASSWORD), hash));
    assert_int_equal(db_transaction(world->fixture->conn, STORAGE_WRITE, insert_people, hash), STORAGE_OK);
    for (size_t i = 0; i < sizeof tenants / sizeof tenants[0]; i++)
        fixture_exec(
            world->fixture, "UPDATE tenants SET name = $2, created_at = $3 WHERE slug = $1",
            DB_ARGS(db_text(str_of(tenants[i].slug)), db_text(str_of(tenants[i].name)), db_int(CREATED_AT)));
    world_exec(world, "UPDATE tenants SET status = 'suspended' WHERE slug = 'shut'");
    world_exec(world, "UPDATE memberships SET status = 'suspended' WHERE user_id = 8");
}

struct world *world_new(const char *yaml)
{
    struct world *world = calloc(1, sizeof *world);
    char text[1024], error[256];
    assert_non_null(world);
    bool has_limits = strstr(yaml, "rate_limits:") != NULL;
    snprintf(text, sizeof text, "passwords: { memory: 1MiB, iterations: 1 }\n%s%s",
             has_limits ? "" : "rate_limits: { enabled: false }\n", yaml);
    world->fixture = fixture_new();
    world->config = fixture_config(text);
    json_init();
    records_init();
    log_set_level(LOG_ERROR);
    people_the_world(world);
    world->walk = walk_new(world->config, world->fixture->db, api_route_tables, api_route_table_count, error,
                           sizeof error);
    if (!world->walk)
        fail_msg("%s", error);
    world->worker = walk_worker_new(world->walk, LANE_GENERAL);
    kept_oracle_new(&world->oracle, world->walk);
    return world;
}

void world_free(struct world **world)
{
    call_free(&(*world)->last);
    kept_oracle_free(&(*world)->oracle);
    walk_worker_free(&(*world)->worker);
    walk_free(&(*world)->walk);
    fixture_free(&(*world)->fixture);
    config_free(&(*world)->config);
    free(*world);
    *world = NULL;
}

/* ---- asking ---- */

static void add_header(struct call *call, struct header *headers, const char *name, struct str value)
{
    headers[call->request.header_count++] = (struct header){ str_of(name), value };
}

static void fill_headers(struct call *call, const struct ask *ask)
{
    struct header *headers = ARENA_ARRAY(call->arena, struct header, 8);
    const char *type = ask->type   ? ask->type
                       : ask->json ? "application/json"
                       : ask->form ? "application/x-www-form-urlencoded"
                                   : NULL;
    call->request.headers = headers;
    add_header(call, headers, "user-agent", STR("test"));
    if (type)
        add_header(call, headers, "content-type", str_of(type));
    if (ask->token)
        add_header(call, headers, "authorization", arena_printf(call->arena, "Bearer %s", ask->token));
    if (ask->header[0])
        add_header(call, headers, ask->header[0], str_of(ask->header[1]));
}

static void fill_request(struct call *call, const struct ask *ask)
{
    struct request *request = &call->request;
    request->method_name = str_of(ask->method ? ask->method : "GET");
    request->method = http_method_of(request->method_name);
    request->target = str_of(ask->target);
    str_split(request->target, '?', &request->path, &request->query);
    request->port = 8080;
    request->host = str_of(ask->host ? ask->host : "localhost");
    request->body = str_of(ask->json ? ask->json : ask->form);
    request->peer_address = str_of(ask->address ? ask->address : "127.0.0.1");
    request->http_version = 0x200;
    fill_headers(call, ask);
}

const struct reply *ask(struct world *world, struct ask ask)
{
    enum lane lane;
    struct call *call = call_new(world->walk);
    fill_request(call, &ask);
    world->oracle.asks = world->oracle.used = false;
    if (!world->config->rate_limits.enabled)
        kept_oracle_ask(&world->oracle, call);
    bool is_done = walk_admit(world->walk, call, &lane), is_admitted = is_done;
    while (!is_done)
        is_done = walk_run(world->worker, call, clock_monotonic_us(), &lane);
    kept_oracle_check(&world->oracle, call, is_admitted);
    call_free(&world->last);
    world->last = call;
    return &call->reply;
}

const char *header_of(const struct reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (str_equal(reply->headers[i].name, str_of(name)))
            return reply->headers[i].value.at;
    }
    return NULL;
}

/* ---- judging ---- */

void assert_status(const struct reply *reply, int status)
{
    if (reply->status != status)
        fail_msg("status %d instead of %d: %.*s", reply->status, status, STR_ARG(reply->body));
}

void assert_holds(const struct reply *reply, int status, const char *text)
{
    assert_status(reply, status);
    for (size_t i = 0; i < reply->body.len; i++) {
        if (str_starts_with(str_sub(reply->body, i, reply->body.len), str_of(text)))
            return;
    }
    fail_msg("no %s in %.*s", text, STR_ARG(reply->body));
}

static void assert_body(int status, struct str body, int expected_status, const char *expected)
{
    if (status != expected_status || !str_equal(body, str_of(expected)))
        fail_msg("expected %d %s\n     got %d %.*s", expected_status, expected, status, STR_ARG(body));
}

void assert_reply(const struct reply *reply, int status, const char *body)
{
    assert_body(reply->status, reply->body, status, body);
}

/* The text with every JWT in it cut out. */
static struct str without_tokens(struct arena *arena, struct str body)
{
    struct buf out;
    buf_init(&out, arena, body.len + 64);
    for (size_t i = 0; i < body.len;) {
        if (!str_starts_with(str_sub(body, i, body.len), STR("eyJ"))) {
            buf_add_char(&out, body.at[i++]);
            continue;
        }
        i += str_index(str_sub(body, i, body.len), '"');
        buf_add_char(&out, 'T');
    }
    return buf_str(&out);
}

void assert_reply_with_token(struct world *world, const struct reply *reply, int status, const char *body)
{
    assert_body(reply->status, without_tokens(world->fixture->arena, reply->body), status, body);
}

const char *member_of(struct world *world, const struct reply *reply, const char *path)
{
    struct json_error error;
    struct str name, rest = str_of(path);
    cJSON *item;
    if (!json_parse(world->fixture->arena, reply->body, &item, &error))
        fail_msg("no JSON: %.*s", STR_ARG(reply->body));
    while (!str_is_empty(rest)) {
        str_split(rest, '.', &name, &rest);
        item = cJSON_GetObjectItemCaseSensitive(item, arena_cstr(world->fixture->arena, name));
    }
    if (!cJSON_IsString(item))
        fail_msg("no text at %s: %.*s", path, STR_ARG(reply->body));
    return item->valuestring;
}

const char *printed(struct world *world, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str text = arena_vprintf(world->fixture->arena, format, args);
    va_end(args);
    return text.at;
}

const char *token_for(struct world *world, const char *email, const char *host)
{
    struct str body =
        arena_printf(world->fixture->arena, "{\"email\":\"%s\",\"password\":\"" PASSWORD "\"}", email);
    const struct reply *reply =
        ASK(world, .method = "POST", .target = "/api/auth/login", .host = host, .json = body.at);
    assert_status(reply, 200);
    return member_of(world, reply, "token");
}

int64_t count_of(struct world *world, const char *sql, struct db_args args)
{
    DB_ROWS(rows);
    assert_int_equal(db_first(world->fixture->conn, &rows, sql, args), STORAGE_ROW);
    return db_col_int(&rows, 0);
}

void world_exec(struct world *world, const char *sql)
{
    fixture_exec(world->fixture, sql, DB_NO_ARGS);
}
