#include "walk_fixture.h"

#include "../sqlite_scratch.h"
#include "backend_sqlite/driver.h"
#include "base/clock.h"
#include "base/random.h"
#include "identity/sign_in.h"
#include "storage/changes.h"
#include "storage/decorate.h"
#include "walk_routes.h"

struct world world;

static const struct {
    const char *slug, *domain;
    bool is_root;
} tenants[] = {
    { "msp", NULL, true },
    { "acme", "assets.acme.example", false },
    { "globex", NULL, false },
    { "frozen", NULL, false },
};

static const struct {
    enum who who;
    const char *name, *role;
    int tenant; /* row of tenants */
    bool no_token;
} members[] = {
    { SARA, "sara", "superadmin", 0, false }, { ROLF, "rolf", "viewer", 0, false },
    { ANNA, "anna", "owner", 1, false },      { BOB, "bob", "viewer", 1, false },
    { SUE, "sue", "member", 1, false },       { GINA, "gina", "owner", 2, false },
    { FRED, "fred", "owner", 3, false },      { DORA, "dora", "member", 1, true },
    { DORA, "dora", "member", 2, false },
};

static void must(enum storage_status status)
{
    if (status != STORAGE_OK)
        fail_msg("storage: %s", storage_status_name(status));
}

static enum storage_status insert_all(struct db_conn *conn, void *context)
{
    int64_t ids[4];
    (void)context;
    for (size_t i = 0; i < 4; i++) {
        struct tenant_new row = { .slug = str_of(tenants[i].slug),
                                  .name = str_of(tenants[i].slug),
                                  .plan = STR("free"),
                                  .is_root = tenants[i].is_root };
        must(tenant_insert(conn, &row, &ids[i]));
        if (tenants[i].domain)
            must(tenant_add_domain(
                conn, world.config,
                &(struct tenant_domain){ ids[i], str_of(tenants[i].slug), str_of(tenants[i].domain) }));
    }
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        int64_t *user = &world.users[members[i].who];
        struct str email = arena_printf(world.arena, "%s@x.example", members[i].name);
        if (!*user)
            must(user_insert(conn, email, str_of(members[i].name), STR("*"), 1, user));
        must(membership_insert(conn, ids[members[i].tenant], *user, str_of(members[i].role), 1));
    }
    must(db_exec(conn, "UPDATE tenants SET status = 'suspended' WHERE slug = 'frozen'", DB_NO_ARGS, NULL));
    return db_exec(conn, "UPDATE memberships SET status = 'suspended' WHERE user_id = $1",
                   DB_ARGS(db_int(world.users[SUE])), NULL);
}

static void sign_in_all(struct db_conn *conn)
{
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        struct tenant tenant;
        struct signed_in opened;
        if (members[i].no_token)
            continue;
        assert_int_equal(tenant_by_slug(conn, world.arena, str_of(tenants[members[i].tenant].slug), &tenant),
                         STORAGE_ROW);
        must(session_open(conn, world.config, world.arena, world.users[members[i].who], tenant.id, STR("a"),
                          STR("b"), &opened));
        world.tokens[members[i].who] = opened.token;
    }
}

static void init_once(void)
{
    static bool is_done;
    if (is_done)
        return;
    is_done = true;
    random_init();
    json_init();
}

void world_new(const char *yaml)
{
    init_once();
    char text[2048];
    struct config_error config_error;
    struct storage_error storage_error = { 0 };
    struct storage_setting path = { "path", ":memory:" };
    snprintf(text, sizeof(text), "tokens: { secret_key: \"0123456789abcdef0123456789abcdef\" }\n%s\n",
             yaml ? yaml : "tenancy: { root_domain: msp.example }\nrate_limits: { enabled: false }\n");
    world = (struct world){ .arena = arena_new((size_t)64 << 20) };
    world.config = config_parse("test.yaml", str_of(text), &config_error);
    if (!world.config)
        fail_msg("%s", config_error.text);
    must(db_open_driver(storage_fault(&sqlite_driver), &path, 1, &world.db, &storage_error));
    struct db_conn *conn = db_connect(world.db);
    sqlite_scratch_migrate(conn);
    must(db_transaction(conn, STORAGE_WRITE, insert_all, NULL));
    sign_in_all(conn);
    db_disconnect(&conn);
    char error[256];
    world.walk =
        walk_new(world.config, world.db, walk_test_tables, walk_test_table_count, error, sizeof(error));
    if (!world.walk)
        fail_msg("%s", error);
    world.worker = walk_worker_new(world.walk, LANE_GENERAL);
    kept_oracle_new(&world.oracle, world.walk);
}

void world_free(void)
{
    world_mend_storage();
    call_free(&world.call);
    kept_oracle_free(&world.oracle);
    walk_worker_free(&world.worker);
    walk_free(&world.walk);
    db_close(&world.db);
    config_free(&world.config);
    arena_free(&world.arena);
}

static struct header header_of(struct arena *arena, const char *line)
{
    struct header header;
    assert_true(str_split(str_of(line), ':', &header.name, &header.value));
    header.name = arena_lower(arena, header.name);
    header.value = str_trim(header.value);
    return header;
}

static void fill_headers(struct call *call, const struct ask *asked)
{
    struct header *headers = ARENA_ARRAY(call->arena, struct header, 16);
    size_t n = 0;
    for (size_t i = 0; i < 12 && asked->headers[i]; i++)
        headers[n++] = header_of(call->arena, asked->headers[i]);
    if (asked->type)
        headers[n++] = (struct header){ STR("content-type"), str_of(asked->type) };
    if (asked->who)
        headers[n++] = (struct header){ STR("authorization"),
                                        arena_printf(call->arena, "Bearer %s", world.tokens[asked->who].at) };
    call->request.headers = headers;
    call->request.header_count = n;
}

static void fill_request(struct call *call, const struct ask *asked)
{
    struct request *request = &call->request;
    request->method_name = str_of(asked->method ? asked->method : "GET");
    request->method = http_method_of(request->method_name);
    request->target = str_of(asked->target);
    str_split(request->target, '?', &request->path, &request->query);
    request->host = str_of(asked->host ? asked->host : "msp.example");
    request->body = str_of(asked->body);
    request->peer_address = str_of(asked->peer ? asked->peer : "192.0.2.1");
    request->http_version = 0x200;
    request->is_tls = asked->tls;
    request->malformed = asked->malformed;
    request->headers_too_large = asked->headers_too_large;
    request->head_is_cut = asked->head_is_cut;
    request->body_too_large = asked->body_too_large;
    fill_headers(call, asked);
}

struct call *call_for(struct ask asked)
{
    struct call *call = call_new(world.walk);
    fill_request(call, &asked);
    return call;
}

int ask(struct ask asked)
{
    enum lane lane;
    call_free(&world.call);
    world.call = call_for(asked);
    world.lane_count = 0;
    world.oracle.asks = world.oracle.used = false;
    if (!walk_config(world.walk)->rate_limits.enabled)
        kept_oracle_ask(&world.oracle, world.call);
    bool is_done = world.admitted_only = walk_admit(world.walk, world.call, &lane);
    while (!is_done) {
        assert_true(world.lane_count < 2);
        world.lanes[world.lane_count++] = lane;
        is_done = walk_run(world.worker, world.call, clock_monotonic_us(), &lane);
    }
    kept_oracle_check(&world.oracle, world.call, world.admitted_only);
    return world.call->reply.status;
}

const char *answer_header(const char *name)
{
    const struct reply *reply = &world.call->reply;
    for (size_t i = 0; i < reply->header_count; i++)
        if (str_equal(reply->headers[i].name, str_of(name)))
            return arena_cstr(world.call->arena, reply->headers[i].value);
    return "";
}

size_t answer_header_count(const char *name)
{
    const struct reply *reply = &world.call->reply;
    size_t n = 0;
    for (size_t i = 0; i < reply->header_count; i++)
        n += str_equal(reply->headers[i].name, str_of(name));
    return n;
}

const char *answer_body(void)
{
    return arena_cstr(world.call->arena, world.call->reply.body);
}

static const cJSON *answer_member(const char *name)
{
    struct json_error error;
    cJSON *json;
    if (!json_parse(world.arena, world.call->reply.body, &json, &error))
        fail_msg("not JSON: %s", answer_body());
    return cJSON_GetObjectItemCaseSensitive(json, name);
}

const char *answer_text(const char *name)
{
    const char *text = cJSON_GetStringValue(answer_member(name));
    return text ? text : "";
}

int64_t answer_int(const char *name)
{
    int64_t value;
    return json_as_int(answer_member(name), &value) ? value : -1;
}

void world_break_storage(enum storage_status status)
{
    storage_fault_set(1, status, true);
}

void world_mend_storage(void)
{
    storage_fault_set(0, STORAGE_OK, false);
}

static enum storage_status touch_everything(struct db_conn *conn, void *context)
{
    (void)context;
    return db_touch_all(conn);
}

void world_forget(void)
{
    struct db_conn *conn = db_connect(world.db);
    must(db_transaction(conn, STORAGE_WRITE, touch_everything, NULL));
    db_disconnect(&conn);
}

struct statement {
    const char *sql;
    struct db_args args;
};

static enum storage_status run_statement(struct db_conn *conn, void *context)
{
    const struct statement *statement = context;
    enum storage_status status = db_exec(conn, statement->sql, statement->args, NULL);
    return status == STORAGE_OK ? db_touch_all(conn) : status;
}

void world_exec(const char *sql, struct db_args args)
{
    struct statement statement = { sql, args };
    struct db_conn *conn = db_connect(world.db);
    must(db_transaction(conn, STORAGE_WRITE, run_statement, &statement));
    db_disconnect(&conn);
}
