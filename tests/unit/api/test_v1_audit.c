/* The audit log over v1: pages, filters, the export; and docs/audit.md held against the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "access/audit.h"
#include "access/audit_log.h"
#include "base/clock.h"
#include "base/encode.h"
#include "v1_fixture.h"

#define T0    INT64_C(1800000000000000)
#define T0ISO "2027-01-15T08:00:0"

static int set_up(void **state)
{
    *state = world_new("");
    return 0;
}

static int tear_down(void **state)
{
    world_free((struct world **)state);
    return 0;
}

struct rows {
    struct arena *arena;
    int64_t tenant_id;
    int n;
};

static enum storage_status append_rows(struct db_conn *conn, void *context)
{
    const struct rows *rows = context;
    enum storage_status status = STORAGE_OK;
    for (int i = 1; status == STORAGE_OK && i <= rows->n; i++) {
        struct audit_actor actor = { AUDIT_USER, 4, STR("admin@acme.example"), STR("192.0.2.1"), STR("r1") };
        struct audit_event event = {
            .tenant_id = rows->tenant_id,
            .action = i % 2 ? "member.added" : "member.role_changed",
            .target_kind = "user",
            .target_id = i,
            .target_name = arena_printf(rows->arena, "user%d", i),
            .before = i % 2 ? STR_NONE : STR("{\"role\":\"viewer\"}"),
            .after = STR("{\"role\":\"member\"}"),
        };
        status = audit_append(conn, rows->arena, &actor, &event, T0 + i * CLOCK_SECOND);
    }
    return status;
}

/* A token comes first: signing in is written down as well, as row 1. */
static const char *fill(struct world *w, int n)
{
    const char *token = v1_token(w, "acme", "admin@acme.example");
    struct rows rows = { w->fixture->arena, 2, n };
    assert_int_equal(db_transaction(w->fixture->conn, STORAGE_WRITE, append_rows, &rows), STORAGE_OK);
    return token;
}

static const struct reply *get(struct world *w, const char *token, const char *query)
{
    return V1(w, "acme", .token = token,
              .target = arena_printf(w->fixture->arena, "/api/v1/audit%s", query).at);
}

static const char *hash_of(struct world *w, int64_t seq)
{
    DB_ROWS(rows);
    assert_int_equal(db_first(w->fixture->conn, &rows,
                              "SELECT hash FROM audit_log WHERE tenant_id = 2 AND seq = $1",
                              DB_ARGS(db_int(seq))),
                     STORAGE_ROW);
    struct str hash = db_col_blob(&rows, 0, w->fixture->arena);
    return hex_encode(w->fixture->arena, hash.at, hash.len).at;
}

#define ENTRY(id, second, action, target, before)                                                            \
    "{\"id\":" id ",\"at\":\"" T0ISO second "Z\",\"action\":\"" action                                       \
    "\",\"actor\":{\"kind\":\"user\",\"id\":4,\"name\":\"admin@acme.example\"},\"target\":{\"kind\":"        \
    "\"user\",\"id\":" target ",\"name\":\"user" target "\"},\"before\":" before                             \
    ",\"after\":{\"role\":\"member\"},\"address\":\"192.0.2.1\",\"request_id\":\"r1\",\"hash\":\"%s\"}"

static void test_audit__pages_newest_first(void **state)
{
    struct world *w = *state;
    struct arena *arena = w->fixture->arena;
    const char *token = fill(w, 3);
    assert_reply(
        get(w, token, "?per_page=2"), 200,
        arena_printf(arena,
                     "{\"data\":[" ENTRY("4", "3", "member.added", "3", "null") "," ENTRY(
                         "3", "2", "member.role_changed", "2",
                         "{\"role\":\"viewer\"}") "],\"meta\":{\"next_cursor\":\"3\",\"per_page\":2}}",
                     hash_of(w, 4), hash_of(w, 3))
            .at);
    const struct reply *reply = get(w, token, "?per_page=2&cursor=3");
    assert_status(reply, 200);
    assert_non_null(strstr(reply->body.at, "\"meta\":{\"next_cursor\":null,\"per_page\":2}"));
    assert_non_null(strstr(reply->body.at, "\"action\":\"session.opened\""));
    assert_reply(get(w, token, "?cursor=1"), 200,
                 "{\"data\":[],\"meta\":{\"next_cursor\":null,\"per_page\":50}}");
}

/* The ids of the entries in the reply, in order. */
static const char *ids(struct world *w, const struct reply *reply)
{
    struct str text = STR("");
    for (const char *at = reply->body.at; (at = strstr(at, "{\"id\":")) != NULL; at += 6)
        text = arena_printf(w->fixture->arena, "%s%d ", text.at, (int)strtol(at + 6, NULL, 10));
    return text.at;
}

static void test_audit__filters(void **state)
{
    struct world *w = *state;
    const char *token = fill(w, 4);
    static const char *const cases[][2] = {
        { "?action=member.added", "4 2 " },
        { "?actor=Admin@Acme.example&action=member.role_changed", "5 3 " },
        { "?actor=4&target=user", "5 4 3 2 " },
        { "?actor=0", "" },
        { "?actor=5", "" },
        { "?target=user:3", "4 " },
        { "?target=user:x", "" },
        { "?target=session", "1 " },
        { "?from=2027-01-15T08:00:03Z", "5 4 " },
        { "?to=2027-01-15T08:00:02Z&target=user", "2 " },
        { "?q=USER3", "4 " },
        { "?q=%25", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct reply *reply = get(w, token, cases[i][0]);
        assert_status(reply, 200);
        assert_string_equal(ids(w, reply), cases[i][1]);
    }
    assert_reply(get(w, token, "?from=yesterday"), 422,
                 INVALID("\"from\":[\"The from is not a valid date.\"]"));
    assert_reply(get(w, token, "?per_page=201"), 422,
                 INVALID("\"per_page\":[\"The per page must not be greater than 200 but in an export.\"]"));
    assert_reply(get(w, token, "?cursor=x"), 422, INVALID("\"cursor\":[\"The cursor is invalid.\"]"));
    assert_reply(get(w, token, "?wat=1"), 422, INVALID("\"wat\":[\"The wat field is not allowed.\"]"));
}

static void test_audit__is_the_tenants_own(void **state)
{
    struct world *w = *state;
    fill(w, 2);
    const char *bolt = v1_token(w, "bolt", "both@example.com");
    const struct reply *reply = V1(w, "bolt", .target = "/api/v1/audit", .token = bolt);
    assert_status(reply, 200);
    assert_string_equal(ids(w, reply), "1 ");
    assert_reply(V1(w, "acme", .target = "/api/v1/audit", .token = bolt), 403,
                 "{\"message\":\"A permission is missing\",\"required_permission\":\"audit.view\"}");
    assert_status(
        V1(w, "acme", .target = "/api/v1/audit", .token = v1_token(w, "acme", "viewer@acme.example")), 403);
    assert_reply(V1(w, NULL, .target = "/api/v1/audit", .token = bolt), 422,
                 INVALID("\"X-Tenant\":[\"The X-Tenant header is required.\"]"));
}

/* ---- export ---- */

static void test_export__json_lines(void **state)
{
    struct world *w = *state;
    const char *token = fill(w, 2);
    static const char lines[] =
        ENTRY("3", "2", "member.role_changed", "2",
              "{\"role\":\"viewer\"}") "\n" ENTRY("2", "1", "member.added", "1", "null") "\n";
    const char *expected = arena_printf(w->fixture->arena, lines, hash_of(w, 3), hash_of(w, 2)).at;
    const struct reply *reply = get(w, token, "?format=jsonl&target=user");
    assert_reply(reply, 200, expected);
    assert_string_equal(reply->content_type, "application/x-ndjson");
    assert_string_equal(header_of(reply, "content-disposition"), "attachment; filename=\"audit-acme.jsonl\"");
    assert_null(header_of(reply, "x-next-cursor"));
    reply = ASK(w, .target = "/api/v1/audit?target=user", .host = "acme.localhost", .token = token,
                .header = { "accept", "application/x-ndjson" });
    assert_reply(reply, 200, expected);
    assert_status(get(w, token, "?format=xml"), 422);
    /* Nothing found: no lines. */
    reply = get(w, token, "?format=jsonl&q=nothing-like-this");
    assert_reply(reply, 200, "");
}

/* The whole log, in shares; every row once. */
static void test_export__goes_on_where_it_ended(void **state)
{
    struct world *w = *state;
    const char *token = fill(w, 1200);
    const struct reply *reply = get(w, token, "?format=jsonl&per_page=700");
    assert_status(reply, 200);
    assert_string_equal(header_of(reply, "x-next-cursor"), "502");
    const char *first = ids(w, reply);
    assert_int_equal(strncmp(first, "1201 1200 1199 ", 15), 0);
    reply = get(w, token, "?format=jsonl&per_page=700&cursor=502");
    assert_null(header_of(reply, "x-next-cursor"));
    assert_int_equal(strncmp(ids(w, reply), "501 500 ", 8), 0);
    reply = get(w, token, "?format=jsonl");
    assert_null(header_of(reply, "x-next-cursor"));
    size_t lines = 0;
    for (size_t i = 0; i < reply->body.len; i++)
        lines += reply->body.at[i] == '\n';
    assert_int_equal(lines, 1201);
}

/* Large rows: the answer ends before it outgrows its bound, at a line. */
static void test_export__is_bounded(void **state)
{
    struct world *w = *state;
    const char *token = fill(w, 100);
    fixture_exec(w->fixture, "UPDATE audit_log SET after_json = $1",
                 DB_ARGS(db_text(arena_printf(w->fixture->arena, "{\"x\":\"%060000d\"}", 1))));
    const struct reply *reply = get(w, token, "?format=jsonl");
    assert_status(reply, 200);
    assert_true(reply->body.len <= (size_t)4 * 1024 * 1024);
    assert_int_equal(reply->body.at[reply->body.len - 1], '\n');
    assert_string_equal(header_of(reply, "x-next-cursor"), "33");
    reply = get(w, token, "?format=jsonl&cursor=33");
    assert_int_equal(strncmp(reply->body.at, "{\"id\":32,", 9), 0);
    assert_null(header_of(reply, "x-next-cursor"));
}

/* What somebody put there instead of JSON does not break the answer. */
static void test_audit__shows_what_was_tampered_with(void **state)
{
    struct world *w = *state;
    const char *token = fill(w, 1);
    world_exec(w, "UPDATE audit_log SET after_json = '},oops' WHERE tenant_id = 2 AND seq = 2");
    const struct reply *reply = get(w, token, "?target=user");
    assert_status(reply, 200);
    assert_non_null(strstr(reply->body.at, "\"after\":\"},oops\""));
}

/* ---- the docs ---- */

static void test_docs__list_every_action(void **state)
{
    struct world *w = *state;
    static char text[65536];
    FILE *file = fopen("docs/audit.md", "r");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file), n, rows = 0;
    fclose(file);
    text[len] = '\0';
    const struct audit_action *actions = audit_actions(&n);
    for (size_t i = 0; i < n; i++) {
        struct str row = arena_printf(w->fixture->arena, "\n| `%s` | %s | %s |\n", actions[i].name,
                                      actions[i].target_kind, actions[i].help);
        if (!strstr(text, row.at))
            fail_msg("docs/audit.md lacks the row%s", row.at);
    }
    for (const char *at = text; (at = strstr(at, "\n| `")) != NULL; at++)
        rows++;
    assert_int_equal(rows, n);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_audit__pages_newest_first),           TEST(test_audit__filters),
        TEST(test_audit__is_the_tenants_own),           TEST(test_export__json_lines),
        TEST(test_export__goes_on_where_it_ended),      TEST(test_export__is_bounded),
        TEST(test_audit__shows_what_was_tampered_with), TEST(test_docs__list_every_action),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
