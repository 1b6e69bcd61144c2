/* Records through the walk: the five handlers, what they refuse, pages, and other tenants' records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_fixture.h"

#define ACME "acme.localhost"
#define BOLT "bolt.localhost"

static struct world *world;
static const char *admin, *viewer, *other; /* tokens: of acme, of acme, of bolt */

static int set_up(void **state)
{
    (void)state;
    world = world_new("");
    admin = token_for(world, "admin@acme.example", ACME);
    viewer = token_for(world, "viewer@acme.example", ACME);
    other = token_for(world, "both@example.com", BOLT);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(&world);
    return 0;
}

static const struct reply *post(const char *target, const char *json)
{
    return ASK(world, .method = "POST", .target = target, .host = ACME, .token = admin, .json = json);
}

static const struct reply *get(const char *target)
{
    return ASK(world, .target = target, .host = ACME, .token = admin);
}

static const struct reply *patch(const char *target, const char *json)
{
    return ASK(world, .method = "PATCH", .target = target, .host = ACME, .token = admin, .json = json);
}

static const struct reply *erase(const char *target)
{
    return ASK(world, .method = "DELETE", .target = target, .host = ACME, .token = admin);
}

static void add_category(const char *name)
{
    assert_status(post("/api/categories", printed(world, "{\"name\":\"%s\"}", name)), 201);
}

/* The names of a page's items, with a comma between. */
static const char *names_of(const struct reply *reply)
{
    struct json_error error;
    struct buf out;
    cJSON *json, *item;
    assert_status(reply, 200);
    buf_init(&out, world->fixture->arena, 65536);
    assert_true(json_parse(world->fixture->arena, reply->body, &json, &error));
    cJSON_ArrayForEach (item, cJSON_GetObjectItem(json, "items"))
        buf_printf(&out, "%s%s", out.len ? "," : "", cJSON_GetObjectItem(item, "name")->valuestring);
    return buf_str(&out).at ? buf_str(&out).at : "";
}

/* ---- the five ---- */

static void test_record__lives(void **state)
{
    (void)state;
    const struct reply *reply = post("/api/categories", "{\"name\":\"Laptops\"}");
    assert_status(reply, 201);
    assert_non_null(
        strstr(reply->body.at,
               "{\"id\":1,\"name\":\"Laptops\",\"description\":null,\"tenant_id\":2,\"created_at\":\"2"));
    const char *created = printed(world, "%.*s", STR_ARG(reply->body));
    assert_reply(get("/api/categories/1"), 200, created);
    reply = patch("/api/categories/1", "{\"description\":\"Portable \\\"ones\\\"\\n\"}");
    assert_status(reply, 200);
    assert_non_null(
        strstr(reply->body.at, "\"name\":\"Laptops\",\"description\":\"Portable \\\"ones\\\"\\n\","));
    assert_status(patch("/api/categories/1", "{\"description\":null}"), 200);
    assert_non_null(strstr(get("/api/categories/1")->body.at, "\"description\":null"));
    assert_reply(erase("/api/categories/1"), 204, "");
    assert_reply(get("/api/categories/1"), 404, "{\"detail\":\"Not found\"}");
    assert_reply(erase("/api/categories/1"), 404, "{\"detail\":\"Not found\"}");
}

static void test_record__is_audited_with_what_changed(void **state)
{
    (void)state;
    add_category("Laptops");
    assert_status(patch("/api/categories/1", "{\"name\":\"Portables\"}"), 200);
    assert_status(erase("/api/categories/1"), 204);
    DB_ROWS(rows);
    static const char *const told[][3] = {
        { "category.created", NULL, "{\"name\":\"Laptops\",\"description\":null}" },
        { "category.updated", "{\"name\":\"Laptops\"}", "{\"name\":\"Portables\"}" },
        { "category.deleted", "{\"name\":\"Portables\",\"description\":null}", NULL },
    };
    assert_int_equal(db_query(world->fixture->conn, &rows,
                              "SELECT action, before_json, after_json FROM audit_log "
                              "WHERE tenant_id = 2 AND target_kind = 'category' ORDER BY seq",
                              DB_NO_ARGS),
                     STORAGE_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(db_next(&rows), STORAGE_ROW);
        for (int column = 0; column < 3; column++) {
            struct str is = db_col_text(&rows, column, world->fixture->arena);
            if (told[i][column])
                assert_string_equal(is.at, told[i][column]);
            else
                assert_null(is.at);
        }
    }
}

/* What changes nothing writes nothing. */
static void test_record__stays_when_nothing_changes(void **state)
{
    (void)state;
    add_category("Laptops");
    const char *before = printed(world, "%.*s", STR_ARG(get("/api/categories/1")->body));
    int64_t audited = count_of(world, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS);
    assert_reply(patch("/api/categories/1", "{}"), 200, before);
    assert_reply(patch("/api/categories/1", "{\"name\":\"Laptops\"}"), 200, before);
    assert_int_equal(count_of(world, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS), audited);
}

/* ---- staff at home ---- */

static const struct reply *at_home(const char *token, const char *method, const char *target,
                                   const char *json)
{
    return ASK(world, .method = method, .target = target, .token = token, .json = json);
}

/* Of every tenant, each told whose it is; what they change happens in the tenant it belongs to. */
static void test_record__staff_see_all_tenants(void **state)
{
    (void)state;
    const char *super = token_for(world, "super@msp.example", "localhost");
    const char *bolt_admin = token_for(world, "both@example.com", BOLT);
    add_category("Laptops");
    assert_status(ASK(world, .method = "POST", .target = "/api/categories", .host = BOLT, .token = bolt_admin,
                      .json = "{\"name\":\"Bolts\"}"),
                  201);
    assert_status(at_home(super, "POST", "/api/categories", "{\"name\":\"Ours\"}"), 201);
    const struct reply *page = at_home(super, "GET", "/api/categories", NULL);
    assert_string_equal(names_of(page), "Laptops,Bolts,Ours");
    assert_non_null(strstr(page->body.at, "\"total\":3"));
    assert_non_null(strstr(page->body.at, "\"tenant_id\":2") && strstr(page->body.at, "\"tenant_id\":3")
                        ? page->body.at
                        : NULL);
    assert_string_equal(names_of(at_home(super, "GET", "/api/categories?q=bol", NULL)), "Bolts");
    assert_string_equal(names_of(at_home(super, "GET", "/api/categories?sort=name&limit=2", NULL)),
                        "Bolts,Laptops");
    assert_string_equal(names_of(at_home(super, "GET", "/api/categories?tenant=bolt", NULL)), "Bolts");
    assert_status(at_home(super, "PATCH", "/api/categories/2", "{\"description\":\"M8\"}"), 200);
    assert_int_equal(
        count_of(world, "SELECT COUNT(*) FROM audit_log WHERE tenant_id = 3 AND action = 'category.updated'",
                 DB_NO_ARGS),
        1);
    assert_status(at_home(super, "DELETE", "/api/categories/2", NULL), 204);
    assert_status(at_home(super, "GET", "/api/categories/2", NULL), 404);
    assert_status(at_home(super, "GET", "/api/categories/99", NULL), 404);
    assert_string_equal(names_of(get("/api/categories")), "Laptops"); /* nobody else does */
    assert_status(at_home(admin, "GET", "/api/categories", NULL), 403);
}

/* An API token is of one tenant, and the operator's is one. */
static void test_record__staff_tokens_stay_at_home(void **state)
{
    (void)state;
    const char *super = token_for(world, "super@msp.example", "localhost");
    add_category("Laptops");
    assert_status(ASK(world, .method = "POST", .target = "/api/contacts", .host = ACME, .token = admin,
                      .json = "{\"firstName\":\"Dana\"}"),
                  201);
    const char *contact = member_of(world, &world->last->reply, "id");
    contact = arena_printf(world->fixture->arena, "/api/contacts/%s", contact).at;
    assert_status(at_home(super, "GET", contact, NULL), 200);
    assert_status(at_home(super, "POST", "/api/settings/api-keys",
                          "{\"name\":\"x\",\"scopes\":[\"assets.view\",\"categories.manage\","
                          "\"contacts.view\",\"contacts.delete\"]}"),
                  201);
    const char *key = member_of(world, &world->last->reply, "data.token");
    assert_string_equal(names_of(at_home(key, "GET", "/api/categories", NULL)), "");
    assert_status(at_home(key, "GET", "/api/categories/1", NULL), 404);
    assert_status(at_home(key, "DELETE", "/api/categories/1", NULL), 404);
    assert_status(at_home(key, "GET", "/api/categories?tenant=acme", NULL), 403);
    assert_reply(at_home(key, "GET", "/api/contacts", NULL), 200, "{\"data\":[],\"nextCursor\":null}");
    assert_status(at_home(key, "GET", contact, NULL), 404);
    assert_status(at_home(key, "DELETE", contact, NULL), 404);
}

/* ---- refusals ---- */

static void test_record__tells_all_that_is_wrong_at_once(void **state)
{
    (void)state;
    assert_reply(post("/api/categories", "{\"description\":7,\"colour\":\"red\",\"id\":9,\"tenant_id\":3}"),
                 422,
                 "{\"detail\":\"The description must be a string. The colour field is not allowed. "
                 "The id field is not allowed. The tenant_id field is not allowed. "
                 "The name field is required.\"}");
    assert_reply(post("/api/categories", "{\"name\":null}"), 422,
                 "{\"detail\":\"The name field is required.\"}");
    add_category("Laptops");
    assert_reply(patch("/api/categories/1", "{\"name\":null,\"created_at\":\"2020-01-01T00:00:00Z\"}"), 422,
                 "{\"detail\":\"The name field must have a value. The created_at field is not allowed.\"}");
    assert_status(post("/api/categories", "[]"), 422);
    assert_int_equal(count_of(world, "SELECT COUNT(*) FROM categories", DB_NO_ARGS), 1);
}

static void test_record__unique_key_taken_is_a_conflict(void **state)
{
    (void)state;
    add_category("Laptops");
    add_category("Phones");
    const char *sentence = "{\"detail\":\"A category of that name already exists.\"}";
    assert_reply(post("/api/categories", "{\"name\":\"Laptops\"}"), 409, sentence);
    assert_reply(patch("/api/categories/2", "{\"name\":\"Laptops\"}"), 409, sentence);
    assert_string_equal(names_of(get("/api/categories")), "Laptops,Phones");
    assert_int_equal(count_of(world,
                              "SELECT used FROM tenant_usage WHERE tenant_id = 2 AND kind = 'categories'",
                              DB_NO_ARGS),
                     2);
}

/* Another tenant's record and none at all are one. */
static void test_record__of_another_tenant_is_none(void **state)
{
    (void)state;
    add_category("Laptops");
    static const char *const methods[] = { "GET", "PATCH", "DELETE" };
    for (size_t i = 0; i < 3; i++)
        for (int id = 1; id <= 2; id++)
            assert_reply(ASK(world, .method = methods[i], .target = printed(world, "/api/categories/%d", id),
                             .host = BOLT, .token = other, .json = i == 1 ? "{\"name\":\"Mine\"}" : NULL),
                         404, "{\"detail\":\"Not found\"}");
    assert_string_equal(names_of(ASK(world, .target = "/api/categories", .host = BOLT, .token = other)), "");
    assert_string_equal(names_of(get("/api/categories")), "Laptops");
    static const char *const none[] = { "0", "-1", "x", "01", "9223372036854775808", "1x" };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_reply(get(printed(world, "/api/categories/%s", none[i])), 404, "{\"detail\":\"Not found\"}");
}

/* ---- lists ---- */

/* Walks all pages by the cursor; the names in order. */
static const char *walk(const char *query, int64_t limit, int total)
{
    struct buf out;
    const char *cursor = NULL;
    buf_init(&out, world->fixture->arena, 65536);
    for (int page = 0; page < 100; page++) {
        const struct reply *reply = get(printed(world, "/api/categories?limit=%d%s%s%s", (int)limit, query,
                                                cursor ? "&cursor=" : "", cursor ? cursor : ""));
        buf_printf(&out, "%s%s", page ? "|" : "", names_of(reply));
        assert_non_null(strstr(reply->body.at, printed(world, ",\"total\":%d}", total)));
        if (strstr(reply->body.at, "\"next\":null"))
            return buf_str(&out).at;
        cursor = member_of(world, reply, "next");
    }
    fail_msg("no end");
    return NULL;
}

static void test_list__goes_by_any_order_page_by_page(void **state)
{
    (void)state;
    static const char *const names[] = { "d", "a", "c", "e", "b" };
    for (size_t i = 0; i < 5; i++)
        add_category(names[i]);
    assert_string_equal(walk("", 2, 5), "a,b|c,d|e");
    assert_string_equal(walk("&sort=-name", 2, 5), "e,d|c,b|a");
    assert_string_equal(walk("&sort=id", 2, 5), "d,a|c,e|b");
    assert_string_equal(walk("&sort=-id", 3, 5), "b,e,c|a,d");
    assert_string_equal(walk("&sort=created_at,-name", 2, 5), "d,a|c,e|b");
    assert_string_equal(walk("&sort=-created_at", 5, 5), "b,e,c,a,d");
    assert_string_equal(walk("&name=c", 2, 1), "c");
    assert_string_equal(walk("&name=nosuch", 2, 0), "");
}

static void test_list__refuses_what_it_cannot_do(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "limit=0",       "limit=201",        "limit=x",
        "sort=colour",   "sort=description", "sort=id,name,-id,name",
        "colour=red",    "cursor=x",         "cursor=AAAA",
        "description=x",
    };
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        const struct reply *reply = get(printed(world, "/api/categories?%s", queries[i]));
        if (reply->status != 422)
            fail_msg("%s: %d", queries[i], reply->status);
    }
}

static void test_list__takes_a_cursor_only_where_it_gave_it(void **state)
{
    (void)state;
    add_category("a");
    add_category("b");
    const struct reply *reply = get("/api/categories?limit=1");
    const char *cursor = member_of(world, reply, "next");
    assert_string_equal(names_of(get(printed(world, "/api/categories?limit=2&cursor=%s", cursor))), "b");
    assert_status(get(printed(world, "/api/categories?cursor=%s&sort=-name", cursor)), 422);
    assert_status(get(printed(world, "/api/categories?cursor=%s&name=b", cursor)), 422);
    assert_status(ASK(world, .target = printed(world, "/api/categories?cursor=%s", cursor), .host = BOLT,
                      .token = other),
                  422);
    for (size_t i = 0; cursor[i]; i++) {
        char *tampered = arena_cstr(world->fixture->arena, str_of(cursor));
        tampered[i] = tampered[i] == 'A' ? 'B' : 'A';
        assert_status(get(printed(world, "/api/categories?cursor=%s", tampered)), 422);
    }
}

static void test_record__needs_the_permission(void **state)
{
    (void)state;
    add_category("Laptops");
    assert_status(ASK(world, .target = "/api/categories", .host = ACME, .token = viewer), 200);
    assert_status(ASK(world, .method = "POST", .target = "/api/categories", .host = ACME, .token = viewer,
                      .json = "{\"name\":\"x\"}"),
                  403);
    assert_status(ASK(world, .target = "/api/categories", .host = ACME), 401);
}

/* ---- assets ---- */

static void test_asset__gets_a_tag_when_it_has_none(void **state)
{
    (void)state;
    assert_status(post("/api/assets", "{\"name\":\"Taken\",\"tag\":\"AST-000002\"}"), 201);
    for (int i = 0; i < 2; i++)
        assert_status(post("/api/assets", "{\"name\":\"Laptop\"}"), 201);
    assert_string_equal(member_of(world, get("/api/assets/2"), "tag"), "AST-000001");
    assert_string_equal(member_of(world, get("/api/assets/3"), "tag"), "AST-000003");
    assert_string_equal(member_of(world, get("/api/assets/3"), "status"), "available");
    assert_reply(post("/api/assets", "{\"name\":\"Again\",\"tag\":\"AST-000001\"}"), 409,
                 "{\"detail\":\"An asset with that tag already exists.\"}");
    assert_status(ASK(world, .method = "POST", .target = "/api/assets", .host = BOLT, .token = other,
                      .json = "{\"name\":\"Theirs\",\"tag\":\"AST-000001\"}"),
                  201);
}

static void test_asset__keeps_every_kind_of_value(void **state)
{
    (void)state;
    const struct reply *reply =
        post("/api/assets", "{\"name\":\"L\",\"purchase_date\":\"2026-02-28\",\"purchase_cost\":1999.9,"
                            "\"currency\":\"EUR\",\"notes\":\"\\u00e4\\t\"}");
    assert_status(reply, 201);
    assert_non_null(strstr(reply->body.at, "\"purchase_date\":\"2026-02-28\",\"purchase_cost\":1999.90,"
                                           "\"currency\":\"EUR\",\"warranty_end\":null,"
                                           "\"notes\":\"\xc3\xa4\\t\",\"employee_id\":null"));
    assert_reply(post("/api/assets",
                      "{\"name\":\"L\",\"purchase_date\":\"2026-02-30\",\"purchase_cost\":0.001,"
                      "\"status\":\"new\",\"warranty_end\":\"2026-02-28T00:00:00Z\","
                      "\"category_id\":\"1\",\"employee_id\":1}"),
                 422,
                 "{\"detail\":\"The purchase date is not a valid date. "
                 "The purchase cost must be a number with at most two decimals. "
                 "The status field must be one of: available, checked_out, maintenance, lost, retired. "
                 "The warranty end is not a valid date. The category id must be an id. "
                 "The employee_id field is not allowed.\"}");
    assert_reply(post("/api/assets", "{\"name\":\"L\",\"status\":\"checked_out\",\"currency\":\"eur\"}"), 400,
                 "{\"detail\":\"The status becomes checked_out by checking the asset out. "
                 "The currency must be three capital letters.\"}");
}

/* As soon as the fields are sound that a rule looks at. */
static void test_asset__rules_are_told_with_the_rest(void **state)
{
    (void)state;
    assert_reply(post("/api/assets", "{\"status\":\"checked_out\",\"currency\":\"eur\"}"), 422,
                 "{\"detail\":\"The name field is required. "
                 "The status becomes checked_out by checking the asset out. "
                 "The currency must be three capital letters.\"}");
    assert_reply(post("/api/assets", "{\"name\":\"L\",\"nothing\":1,\"currency\":\"euro\"}"), 422,
                 "{\"detail\":\"The nothing field is not allowed. "
                 "The currency must not be greater than 3 characters.\"}");
    assert_status(post("/api/assets", "{\"name\":\"L\"}"), 201);
    /* What stands is not looked at then, so neither is whether it is out already. */
    assert_reply(ASK(world, .method = "PATCH", .target = "/api/assets/1", .host = ACME, .token = admin,
                     .json = "{\"name\":1,\"status\":\"checked_out\",\"currency\":\"eur\"}"),
                 422,
                 "{\"detail\":\"The name must be a string. The currency must be three capital letters.\"}");
}

/* One of another tenant is as good as none. */
static void test_asset__refers_to_its_own_tenant_alone(void **state)
{
    (void)state;
    add_category("Laptops");
    assert_status(ASK(world, .method = "POST", .target = "/api/locations", .host = BOLT, .token = other,
                      .json = "{\"name\":\"Theirs\"}"),
                  201);
    assert_status(post("/api/assets", "{\"name\":\"L\",\"category_id\":1}"), 201);
    assert_reply(post("/api/assets", "{\"name\":\"L\",\"category_id\":99,\"location_id\":1}"), 400,
                 "{\"detail\":\"The selected category id does not exist. "
                 "The selected location id does not exist.\"}");
    assert_reply(patch("/api/assets/1", "{\"location_id\":1}"), 400,
                 "{\"detail\":\"The selected location id does not exist.\"}");
    assert_reply(patch("/api/assets/99", "{\"location_id\":1}"), 400,
                 "{\"detail\":\"The selected location id does not exist.\"}");
    assert_reply(erase("/api/categories/1"), 409, "{\"detail\":\"The category is still in use.\"}");
    assert_status(patch("/api/assets/1", "{\"category_id\":null}"), 200);
    assert_status(erase("/api/categories/1"), 204);
}

static void test_location__is_no_part_of_itself(void **state)
{
    (void)state;
    const char *circle = "{\"detail\":\"A location cannot be a part of itself.\"}";
    assert_status(post("/api/locations", "{\"name\":\"House\"}"), 201);
    assert_status(post("/api/locations", "{\"name\":\"Floor\",\"parent_id\":1}"), 201);
    assert_status(post("/api/locations", "{\"name\":\"Room\",\"parent_id\":2}"), 201);
    assert_reply(patch("/api/locations/1", "{\"parent_id\":1}"), 400, circle);
    assert_reply(patch("/api/locations/1", "{\"parent_id\":3}"), 400, circle);
    assert_status(patch("/api/locations/3", "{\"parent_id\":1}"), 200);
    assert_string_equal(names_of(get("/api/locations?parent_id=1&sort=-name")), "Room,Floor");
}

/* ---- giving out and taking back ---- */

static void test_custody__goes_out_and_comes_back(void **state)
{
    (void)state;
    assert_status(post("/api/employees", "{\"name\":\"Ann Smith\"}"), 201);
    assert_status(post("/api/employees", "{\"name\":\"Old Tim\",\"active\":false}"), 201);
    assert_status(post("/api/assets", "{\"name\":\"Laptop\"}"), 201);
    assert_reply(post("/api/assets/1/checkout", "{\"employee_id\":9}"), 400,
                 "{\"detail\":\"The selected employee does not exist.\"}");
    assert_reply(post("/api/assets/1/checkout", "{\"employee_id\":2}"), 400,
                 "{\"detail\":\"The selected employee is not active.\"}");
    assert_reply(post("/api/assets/2/checkout", "{\"employee_id\":1}"), 404, "{\"detail\":\"Not found\"}");
    assert_reply(post("/api/assets/1/checkin", "{}"), 409, "{\"detail\":\"The asset is not checked out.\"}");
    const struct reply *reply = post("/api/assets/1/checkout", "{\"employee_id\":1,\"due_at\":"
                                                               "\"2020-01-01T00:00:00Z\",\"notes\":\"new\"}");
    assert_status(reply, 200);
    assert_non_null(strstr(reply->body.at, "\"employee_id\":1,\"checked_out_at\":\"2"));
    assert_non_null(strstr(reply->body.at, "\"due_at\":\"2020-01-01T00:00:00Z\""));
    assert_reply(post("/api/assets/1/checkout", "{\"employee_id\":1}"), 409,
                 "{\"detail\":\"The asset is not available: it is out, in maintenance, lost or retired.\"}");
    assert_reply(patch("/api/assets/1", "{\"status\":\"retired\"}"), 409,
                 "{\"detail\":\"The asset is checked out; check it in first.\"}");
    assert_reply(erase("/api/assets/1"), 409,
                 "{\"detail\":\"The asset is checked out; check it in first.\"}");
    assert_reply(erase("/api/employees/1"), 409, "{\"detail\":\"The employee still has assets.\"}");
    assert_string_equal(names_of(get("/api/assets?employee_id=1")), "Laptop");
    assert_string_equal(names_of(get("/api/assets?due_at_before=2021-01-01T00:00:00Z")), "Laptop");
    assert_string_equal(names_of(get("/api/assets?due_at_from=2021-01-01T00:00:00Z")), "");
    assert_status(post("/api/assets/1/checkin", "{\"condition\":\"Good\"}"), 200);
    assert_status(post("/api/assets/1/checkin", "{}"), 409);
    assert_status(erase("/api/employees/1"), 204);
    reply = get("/api/assets/1/history?limit=1");
    assert_status(reply, 200);
    assert_non_null(strstr(reply->body.at, "\"action\":\"checked_in\",\"asset_id\":1,\"employee_id\":1,"
                                           "\"employee_name\":\"Ann Smith\",\"due_at\":null,"
                                           "\"condition\":\"Good\",\"notes\":null,"
                                           "\"done_by\":\"admin@acme.example\""));
    reply = get(printed(world, "/api/assets/1/history?cursor=%s&limit=1", member_of(world, reply, "next")));
    assert_non_null(strstr(reply->body.at, "\"action\":\"checked_out\""));
    assert_non_null(strstr(reply->body.at, "\"next\":null,\"total\":2}"));
    assert_status(get("/api/assets/2/history"), 404);
    assert_status(ASK(world, .target = "/api/assets/1/history", .host = BOLT, .token = other), 404);
    assert_status(erase("/api/assets/1"), 204);
}

/* ---- searches ---- */

static const char *found(const char *query)
{
    return names_of(get(printed(world, "/api/assets?%s", query)));
}

static void test_search__finds_the_beginnings_of_words(void **state)
{
    (void)state;
    assert_status(post("/api/assets", "{\"name\":\"MacBook Pro\",\"serial_number\":\"C02-XK1\"}"), 201);
    assert_status(post("/api/assets", "{\"name\":\"Mac mini\",\"manufacturer\":\"Apple\"}"), 201);
    assert_status(post("/api/assets", "{\"name\":\"ThinkPad \xc3\x84pfel\"}"), 201);
    assert_string_equal(found("q=mac"), "MacBook Pro,Mac mini");
    assert_string_equal(found("q=MAC%20mi"), "Mac mini");
    assert_string_equal(found("q=xk1"), "MacBook Pro");
    assert_string_equal(found("q=%C3%A4pf"), "ThinkPad \xc3\x84pfel");
    assert_string_equal(found("q=ac"), "");
    assert_string_equal(found("q=mac&sort=-name&limit=1"), "MacBook Pro");
    assert_string_equal(found("q=mac&status=retired"), "");
    assert_string_equal(found("q=---"), "");
    assert_non_null(strstr(get("/api/assets?q=mac&limit=1")->body.at, "\"total\":2"));
    assert_string_equal(names_of(ASK(world, .target = "/api/assets?q=mac", .host = BOLT, .token = other)),
                        "");
    assert_status(patch("/api/assets/1", "{\"name\":\"Notebook\"}"), 200);
    assert_string_equal(found("q=mac"), "Mac mini");
    assert_string_equal(found("q=note%20c02"), "Notebook");
    assert_status(erase("/api/assets/2"), 204);
    assert_string_equal(found("q=mac"), "");
    assert_int_equal(count_of(world, "SELECT COUNT(*) FROM record_words WHERE record_id = 2", DB_NO_ARGS), 0);
}

/* With more hits than are gone through at once, the list is gone through in its order instead. */
static void test_search__goes_another_way_where_much_is_found(void **state)
{
    (void)state;
    const char *pages[2];
    assert_status(post("/api/assets", "{\"name\":\"Laptop one\"}"), 201);
    assert_status(post("/api/assets", "{\"name\":\"Laptop two\"}"), 201);
    assert_status(post("/api/assets", "{\"name\":\"Phone\"}"), 201);
    for (int many = 0; many < 2; many++) {
        const struct reply *first = get("/api/assets?q=lap&sort=-name&limit=1");
        assert_string_equal(names_of(first), "Laptop two");
        assert_non_null(strstr(first->body.at, many ? "\"total\":null" : "\"total\":2"));
        const char *next = member_of(world, first, "next");
        pages[many] = names_of(get(printed(world, "/api/assets?q=lap&sort=-name&limit=1&cursor=%s", next)));
        if (many)
            break;
        world_exec(world, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4001) "
                          "INSERT INTO record_words (tenant_id, kind, word, record_id) "
                          "SELECT 2, 'assets', 'laptop', 1000 + i FROM n");
    }
    assert_string_equal(pages[0], "Laptop one");
    assert_string_equal(pages[1], "Laptop one");
}

/* Signs that a pattern gives a meaning to are signs like others, both ways. */
static void test_search__takes_signs_as_they_are(void **state)
{
    (void)state;
    const char *const names[] = { "a_b%c", "aXb%c", "a_bYc", "a\\\\b" };
    for (size_t i = 0; i < 4; i++)
        assert_status(post("/api/assets", printed(world, "{\"name\":\"%s\"}", names[i])), 201);
    for (int many = 0; many < 2; many++) {
        assert_string_equal(found("q=a_b%25c"), "a_b%c");
        assert_string_equal(found("q=a_b"), "a_b%c,a_bYc");
        assert_string_equal(found("q=a%5Cb"), "a\\b");
        assert_string_equal(found("q=a%25"), "");
        if (many)
            break;
        for (int i = 0; i < 3; i++)
            world_exec(
                world,
                printed(world,
                        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4001) "
                        "INSERT INTO record_words (tenant_id, kind, word, record_id) "
                        "SELECT 2, 'assets', '%s', 1000 + i FROM n",
                        ((const char *[]){ "a_b%c", "a\\b", "a%" })[i]));
    }
    assert_status(patch("/api/assets/1", "{\"name\":\"other\"}"), 200);
    assert_int_equal(count_of(world,
                              "SELECT COUNT(*) FROM record_words WHERE record_id = 1 AND word LIKE 'a_b%'",
                              DB_NO_ARGS),
                     0);
    assert_int_equal(count_of(world, "SELECT COUNT(*) FROM record_texts WHERE record_id = 1", DB_NO_ARGS), 1);
    assert_status(erase("/api/assets/1"), 204);
    assert_int_equal(count_of(world, "SELECT COUNT(*) FROM record_texts WHERE record_id = 1", DB_NO_ARGS), 0);
    assert_int_equal(count_of(world, "SELECT COUNT(*) FROM record_words WHERE record_id = 1", DB_NO_ARGS), 0);
}

static void test_report__counts_what_there_is(void **state)
{
    (void)state;
    add_category("Laptops");
    assert_status(post("/api/assets", "{\"name\":\"a\",\"category_id\":1,\"purchase_cost\":10.50,"
                                      "\"currency\":\"EUR\"}"),
                  201);
    assert_status(post("/api/assets", "{\"name\":\"b\",\"category_id\":1,\"purchase_cost\":0.50,"
                                      "\"currency\":\"EUR\"}"),
                  201);
    assert_status(post("/api/assets", "{\"name\":\"c\",\"status\":\"lost\",\"purchase_cost\":5,"
                                      "\"currency\":\"EUR\"}"),
                  201);
    assert_reply(get("/api/reports/summary"), 200,
                 "{\"total\":3,\"overdue\":0,\"by_status\":{\"available\":2,\"lost\":1},"
                 "\"by_category\":[{\"id\":1,\"tenant_id\":2,\"name\":\"Laptops\",\"count\":2},"
                 "{\"id\":null,\"tenant_id\":null,\"name\":null,\"count\":1}],"
                 "\"by_location\":[{\"id\":null,\"tenant_id\":null,\"name\":null,\"count\":3}],"
                 "\"value\":[{\"currency\":\"EUR\",\"total\":11.00,\"count\":2}]}");
}

static void add_asset_of(const char *host, const char *token, const char *currency)
{
    assert_status(ASK(world, .method = "POST", .target = "/api/categories", .host = host, .token = token,
                      .json = "{\"name\":\"Laptops\"}"),
                  201);
    const char *id =
        printed(world, "%lld", (long long)count_of(world, "SELECT MAX(id) FROM categories", DB_NO_ARGS));
    assert_status(ASK(world, .method = "POST", .target = "/api/assets", .host = host, .token = token,
                      .json = printed(world,
                                      "{\"name\":\"a\",\"category_id\":%s,\"purchase_cost\":1.75,"
                                      "\"currency\":\"%s\"}",
                                      id, currency)),
                  201);
}

/* Staff at home get the sum over all tenants, or what ?tenant= names; their API tokens are of the operator
 * alone. */
static void test_report__of_staff_sums_all_tenants(void **state)
{
    (void)state;
    const char *super = token_for(world, "super@msp.example", "localhost");
    add_asset_of(ACME, admin, "EUR");
    add_asset_of(BOLT, token_for(world, "both@example.com", BOLT), "EUR");
    assert_reply(at_home(super, "GET", "/api/reports/summary", NULL), 200,
                 "{\"total\":2,\"overdue\":0,\"by_status\":{\"available\":2},"
                 "\"by_category\":[{\"id\":1,\"tenant_id\":2,\"name\":\"Laptops\",\"count\":1},"
                 "{\"id\":2,\"tenant_id\":3,\"name\":\"Laptops\",\"count\":1}],"
                 "\"by_location\":[{\"id\":null,\"tenant_id\":null,\"name\":null,\"count\":2}],"
                 "\"value\":[{\"currency\":\"EUR\",\"total\":3.50,\"count\":2}]}");
    assert_holds(at_home(super, "GET", "/api/reports/summary?tenant=bolt", NULL), 200,
                 "{\"total\":1,\"overdue\":0,\"by_status\":{\"available\":1},"
                 "\"by_category\":[{\"id\":2,\"tenant_id\":3,");
    assert_holds(get("/api/reports/summary"), 200, "{\"total\":1,");
    assert_status(at_home(admin, "GET", "/api/reports/summary", NULL), 403);
    assert_status(
        at_home(super, "POST", "/api/settings/api-keys", "{\"name\":\"x\",\"scopes\":[\"reports.view\"]}"),
        201);
    const char *key = member_of(world, &world->last->reply, "data.token");
    assert_holds(at_home(key, "GET", "/api/reports/summary", NULL), 200, "{\"total\":0,");
}

/* Costs whose sum is more than 64 bits of hundredths hold. */
static void test_report__adds_up_what_no_integer_holds(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_status(post("/api/assets", "{\"name\":\"a\",\"purchase_cost\":1}"), 201);
    world_exec(world, "UPDATE assets SET purchase_cost = 9223372036854775807");
    assert_holds(get("/api/reports/summary"), 200,
                 "\"value\":[{\"currency\":null,\"total\":276701161105643274.21,\"count\":3}]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_record__lives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_record__is_audited_with_what_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_record__stays_when_nothing_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_record__staff_see_all_tenants, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_record__staff_tokens_stay_at_home, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_record__tells_all_that_is_wrong_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_record__unique_key_taken_is_a_conflict, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_record__of_another_tenant_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_list__goes_by_any_order_page_by_page, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_list__refuses_what_it_cannot_do, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_list__takes_a_cursor_only_where_it_gave_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_record__needs_the_permission, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_asset__gets_a_tag_when_it_has_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_asset__keeps_every_kind_of_value, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_asset__rules_are_told_with_the_rest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_asset__refers_to_its_own_tenant_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_location__is_no_part_of_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_custody__goes_out_and_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_search__finds_the_beginnings_of_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_search__goes_another_way_where_much_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_search__takes_signs_as_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_report__counts_what_there_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_report__of_staff_sums_all_tenants, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_report__adds_up_what_no_integer_holds, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
