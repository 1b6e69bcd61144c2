/* The v1 team routes through the walk: exact bodies, refusals in the surface's words, and what acts when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "v1_fixture.h"

static struct world *w;
static const char *owner, *admin, *viewer, *staff, *super;

static int set_up(void **state)
{
    (void)state;
    w = world_new("");
    super = v1_token(w, "msp", "super@msp.example");
    staff = v1_token(w, "msp", "staff@msp.example");
    owner = v1_token(w, "acme", "owner@acme.example");
    admin = v1_token(w, "acme", "admin@acme.example");
    viewer = v1_token(w, "acme", "viewer@acme.example");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(&w);
    return 0;
}

#define GET(token_, target_)    V1(w, "acme", .token = (token_), .target = (target_))
#define POST(token_, target_)   V1(w, "acme", .method = "POST", .token = (token_), .target = (target_))
#define DELETE(token_, target_) V1(w, "acme", .method = "DELETE", .token = (token_), .target = (target_))
#define POST_JSON(token_, target_, json_)                                                                    \
    V1(w, "acme", .method = "POST", .token = (token_), .target = (target_), .json = (json_))
#define PATCH(token_, target_, json_)                                                                        \
    V1(w, "acme", .method = "PATCH", .token = (token_), .target = (target_), .json = (json_))

#define MESSAGE(text) "{\"message\":\"" text "\"}"
#define REFUSED(text) "{\"message\":\"" text "\",\"errors\":{}}"
#define MEMBER(id, name, email, role, role_name, status, joined)                                             \
    "{\"id\":" id ",\"name\":\"" name "\",\"email\":\"" email "\",\"role\":\"" role                          \
    "\",\"role_name\":\"" role_name "\",\"status\":\"" status "\",\"joined_at\":\"" joined "\"}"
#define JOINED       "2023-11-14T22:13:20.123456Z"
#define JOINED_LATER "2023-11-14T22:13:20.123457Z"
#define OLGA         MEMBER("3", "Olga Owner", "owner@acme.example", "owner", "Owner", "active", JOINED)
#define SARAH        MEMBER("4", "Sarah Chen", "admin@acme.example", "admin", "Admin", "active", JOINED)
#define ROB(role, role_name, status)                                                                         \
    MEMBER("6", "Rob Rep", "rep@acme.example", role, role_name, status, JOINED)
#define GUS MEMBER("8", "Gus Gone", "gone@acme.example", "member", "Member", "suspended", JOINED)
#define BO  MEMBER("10", "Bo Both", "both@example.com", "member", "Member", "active", JOINED_LATER)

/* ---- the list ---- */

static const char *next_of(const struct reply *reply)
{
    return member_of(w, reply, "meta.next_cursor");
}

static void test_team__lists_in_pages(void **state)
{
    (void)state;
    const struct reply *reply = GET(viewer, "/api/v1/team?per_page=2");
    const char *cursor = next_of(reply);
    assert_reply(reply, 200,
                 arena_printf(w->fixture->arena,
                              "{\"data\":[" OLGA "," SARAH
                              "],\"meta\":{\"next_cursor\":\"%s\",\"per_page\":2}}",
                              cursor)
                     .at);
    for (int page = 2; page <= 3; page++) {
        reply = GET(viewer, arena_printf(w->fixture->arena, "/api/v1/team?per_page=2&cursor=%s", cursor).at);
        assert_status(reply, 200);
        cursor = next_of(reply);
    }
    reply = GET(viewer, arena_printf(w->fixture->arena, "/api/v1/team?per_page=2&cursor=%s", cursor).at);
    assert_reply(reply, 200, "{\"data\":[" BO "],\"meta\":{\"next_cursor\":null,\"per_page\":2}}");
}

static void test_team__searches_and_filters(void **state)
{
    (void)state;
#define FOUND(members) "{\"data\":[" members "],\"meta\":{\"next_cursor\":null,\"per_page\":25}}"
    assert_reply(GET(viewer, "/api/v1/team?q=chen"), 200, FOUND(SARAH));
    assert_reply(GET(viewer, "/api/v1/team?q=CHEN%20sar"), 200, FOUND(SARAH));
    assert_reply(GET(viewer, "/api/v1/team?q=bea"), 200, FOUND("")); /* bolt's */
    assert_reply(GET(viewer, "/api/v1/team?q=%25"), 200, FOUND(""));
    assert_reply(GET(viewer, "/api/v1/team?role=admin"), 200, FOUND(SARAH));
    assert_reply(GET(viewer, "/api/v1/team?status=suspended"), 200, FOUND(GUS));
    assert_reply(GET(viewer, "/api/v1/team?role=member&status=active"), 200,
                 FOUND(ROB("member", "Member", "active") "," BO));
    assert_reply(GET(viewer, "/api/v1/team?q=example&role=member&status=suspended"), 200, FOUND(GUS));
    const struct reply *reply = GET(viewer, "/api/v1/team?q=example&per_page=1");
    const char *cursor = next_of(reply);
    reply = GET(viewer,
                arena_printf(w->fixture->arena, "/api/v1/team?q=example&per_page=1&cursor=%s", cursor).at);
    assert_status(reply, 200);
    assert_string_not_equal(next_of(reply), cursor);
}

static void test_team__refuses_bad_queries(void **state)
{
    (void)state;
    assert_reply(GET(viewer, "/api/v1/team?per_page=101"), 422,
                 INVALID("\"per_page\":[\"The per page must not be greater than 100.\"]"));
    assert_reply(GET(viewer, "/api/v1/team?per_page=0"), 422,
                 INVALID("\"per_page\":[\"The per page must be at least 1.\"]"));
    assert_reply(GET(viewer, "/api/v1/team?status=gone"), 422,
                 INVALID("\"status\":[\"The status field must be one of: active, suspended.\"]"));
    static const char *const cursors[] = { "x",      "!",      "MTI",     "LTE6dDE",
                                           "MDp0MQ", "MTI6MQ", "MTI6dHg", "MTI6d3NhcmFo",
                                           "MTI6dA", "AAAA",   "_4A6MQ" };
    for (size_t i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++)
        assert_reply(GET(viewer, arena_printf(w->fixture->arena, "/api/v1/team?cursor=%s", cursors[i]).at),
                     422, INVALID("\"cursor\":[\"The cursor is invalid.\"]"));
}

/* ---- members ---- */

static void test_team__gives_roles(void **state)
{
    (void)state;
    assert_reply(PATCH(admin, "/api/v1/team/members/6/role", "{\"role\":\"viewer\"}"), 200,
                 "{\"data\":" ROB("viewer", "Viewer", "active") "}");
    assert_reply(PATCH(admin, "/api/v1/team/members/6/role", "{}"), 422,
                 INVALID("\"role\":[\"The role field is required.\"]"));
    assert_reply(PATCH(admin, "/api/v1/team/members/6/role", "{\"role\":\"staff\"}"), 422,
                 INVALID("\"role\":[\"The selected role is invalid.\"]"));
    assert_reply(PATCH(admin, "/api/v1/team/members/6/role", "{\"role\":\"owner\"}"), 403,
                 MESSAGE("You cannot give a role that may do more than you."));
    assert_reply(PATCH(admin, "/api/v1/team/members/3/role", "{\"role\":\"viewer\"}"), 403,
                 MESSAGE("This member's role is above yours."));
    assert_reply(PATCH(viewer, "/api/v1/team/members/6/role", "{\"role\":\"viewer\"}"), 403,
                 "{\"message\":\"A permission is missing\",\"required_permission\":\"team.manage_roles\"}");
    assert_reply(PATCH(owner, "/api/v1/team/members/3/role", "{\"role\":\"admin\"}"), 422,
                 REFUSED("The last owner cannot be removed, suspended or given another role."));
}

static void test_team__unknown_members_are_not_found(void **state)
{
    (void)state;
    static const char *const ids[] = { "9", "12", "999", "0", "-1", "x", "9223372036854775808" };
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct arena *arena = w->fixture->arena;
        const char *base = arena_printf(arena, "/api/v1/team/members/%s", ids[i]).at;
        assert_reply(DELETE(owner, base), 404, NOT_FOUND);
        assert_reply(POST(owner, arena_printf(arena, "%s/suspend", base).at), 404, NOT_FOUND);
        assert_reply(POST(owner, arena_printf(arena, "%s/reactivate", base).at), 404, NOT_FOUND);
        assert_reply(PATCH(owner, arena_printf(arena, "%s/role", base).at, "{\"role\":\"viewer\"}"), 404,
                     NOT_FOUND);
    }
}

/* What a deed does, it does on the member's next request, kept grants or not. */
static void test_team__acts_on_the_next_request(void **state)
{
    (void)state;
    const char *rep = v1_token(w, "acme", "rep@acme.example");
    assert_status(GET(rep, "/api/v1/auth/me"), 200);
    assert_status(GET(rep, "/api/v1/team"), 403);
    assert_status(PATCH(owner, "/api/v1/team/members/6/role", "{\"role\":\"admin\"}"), 200);
    assert_status(GET(rep, "/api/v1/team"), 200);
    assert_reply(POST(owner, "/api/v1/team/members/6/suspend"), 200,
                 "{\"data\":" ROB("admin", "Admin", "suspended") "}");
    assert_reply(GET(rep, "/api/v1/team"), 403,
                 "{\"message\":\"The membership is suspended\",\"status\":\"suspended\"}");
    assert_reply(POST(owner, "/api/v1/team/members/6/reactivate"), 200,
                 "{\"data\":" ROB("admin", "Admin", "active") "}");
    assert_status(GET(rep, "/api/v1/team"), 200);
    assert_reply(DELETE(owner, "/api/v1/team/members/6"), 200, MESSAGE("Member removed."));
    assert_reply(GET(rep, "/api/v1/team"), 401, UNAUTHENTICATED);
}

/* The session for acme ends; those for other tenants go on, and do not open acme. */
static void test_team__removal_leaves_other_tenants_alone(void **state)
{
    (void)state;
    const char *here = v1_token(w, "acme", "both@example.com"),
               *there = v1_token(w, "bolt", "both@example.com");
    assert_status(DELETE(owner, "/api/v1/team/members/10"), 200);
    assert_status(V1(w, "bolt", .token = there, .target = "/api/v1/team"), 200);
    assert_status(GET(there, "/api/v1/team"), 403);
    assert_status(V1(w, "bolt", .token = here, .target = "/api/v1/team"), 401);
}

static void test_team__oneself(void **state)
{
    (void)state;
    assert_reply(POST(admin, "/api/v1/team/members/4/suspend"), 422, REFUSED("You cannot suspend yourself."));
    assert_reply(DELETE(owner, "/api/v1/team/members/3"), 422,
                 REFUSED("The last owner cannot be removed, suspended or given another role."));
    assert_status(DELETE(admin, "/api/v1/team/members/4"), 200);
    assert_reply(GET(admin, "/api/v1/team"), 401, UNAUTHENTICATED);
}

static void test_team__staff_act_in_customers_tenants(void **state)
{
    (void)state;
    assert_status(PATCH(staff, "/api/v1/team/members/6/role", "{\"role\":\"owner\"}"), 200);
    assert_status(POST(staff, "/api/v1/team/members/3/suspend"), 200);
    /* At home they manage nobody: that is for superadmins. */
    assert_status(V1(w, "msp", .token = staff, .method = "DELETE", .target = "/api/v1/team/members/1"), 403);
    assert_reply(V1(w, "msp", .token = super, .method = "PATCH", .target = "/api/v1/team/members/2/role",
                    .json = "{\"role\":\"superadmin\"}"),
                 200,
                 "{\"data\":" MEMBER("2", "Stan Staff", "staff@msp.example", "superadmin", "Superadmin",
                                     "active", JOINED) "}");
}

/* ---- roles ---- */

#define SYSTEM_ROLE(id, slug, name, help, rank, assignable)                                                  \
    "{\"id\":" id ",\"slug\":\"" slug "\",\"name\":\"" name "\",\"description\":\"" help "\",\"rank\":" rank \
    ",\"is_system\":true,\"assignable\":" assignable ",\"created_at\":null,\"updated_at\":null"
#define VIEWER_ROLE SYSTEM_ROLE("7", "viewer", "Viewer", "Reads only", "10", "true")

static const char *id_of(const struct reply *reply)
{
    struct json_error error;
    cJSON *json;
    assert_true(json_parse(w->fixture->arena, reply->body, &json, &error));
    cJSON *id = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(json, "data"), "id");
    assert_true(cJSON_IsNumber(id));
    return arena_printf(w->fixture->arena, "%.0f", id->valuedouble).at;
}

static const char *make_role(const char *json)
{
    const struct reply *reply = POST_JSON(owner, "/api/v1/team/roles", json);
    assert_status(reply, 201);
    return id_of(reply);
}

static const char *role_path(const char *id)
{
    return arena_printf(w->fixture->arena, "/api/v1/team/roles/%s", id).at;
}

static bool holds(const struct reply *reply, const char *text)
{
    return strstr(arena_cstr(w->fixture->arena, reply->body), text) != NULL;
}

static void test_roles__are_listed_for_the_tenant(void **state)
{
    (void)state;
    make_role("{\"name\":\"Front desk\",\"permissions\":[\"assets.view\"],\"rank\":20}");
    const struct reply *reply = GET(admin, "/api/v1/team/roles");
    assert_status(reply, 200);
    assert_false(holds(reply, "superadmin"));
    assert_true(holds(reply, SYSTEM_ROLE("3", "owner", "Owner", "Everything in the tenant", "80", "false")));
    assert_true(holds(reply, VIEWER_ROLE));
    assert_true(holds(reply, "\"slug\":\"front_desk\""));
    assert_false(holds(V1(w, "bolt", .token = staff, .target = "/api/v1/team/roles"), "front_desk"));
    reply = V1(w, "msp", .token = super, .target = "/api/v1/team/roles");
    assert_true(holds(reply, "\"slug\":\"staff\""));
    assert_false(holds(reply, "\"slug\":\"owner\""));
}

static void test_roles__show_what_they_may_and_who_has_them(void **state)
{
    (void)state;
    assert_reply(GET(viewer, "/api/v1/team/roles/7"), 200,
                 "{\"data\":" VIEWER_ROLE ",\"permissions\":[\"assets.view\",\"reports.view\",\"team.view\","
                 "\"contacts.view\",\"conversations.view\",\"bookings.view\",\"events.view\","
                 "\"displays.view\"],\"members_count\":1,\"pending_invitations_count\":0}}");
    static const char *const unknown[] = { "1", "2", "8", "100", "101", "0", "x" };
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        assert_reply(GET(viewer, role_path(unknown[i])), 404, NOT_FOUND);
}

static void test_roles__are_made_given_changed_and_deleted(void **state)
{
    (void)state;
    const char *rep = v1_token(w, "acme", "rep@acme.example");
    const char *id = make_role("{\"name\":\"Front desk\",\"description\":\"At the door\",\"rank\":35,"
                               "\"permissions\":[\"team.view\",\"assets.view\"]}");
    assert_reply(PATCH(owner, "/api/v1/team/members/6/role", "{\"role\":\"front_desk\"}"), 200,
                 "{\"data\":" ROB("front_desk", "Front desk", "active") "}");
    assert_status(GET(rep, "/api/v1/team"), 200);
    const struct reply *reply = ASK(w, .target = "/api/auth/me", .token = rep, .host = "acme.localhost");
    assert_true(holds(reply, "\"role\":\"client_user\""));
    assert_true(holds(reply, "\"permissions\":[\"assets.view\"]"));
    /* Less, on the next request. */
    reply = PATCH(owner, role_path(id), "{\"permissions\":[\"assets.view\"]}");
    assert_status(reply, 200);
    assert_true(holds(reply, "\"rank\":35"));
    assert_true(holds(reply, "\"permissions\":[\"assets.view\"]"));
    assert_status(GET(rep, "/api/v1/team"), 403);
    assert_reply(DELETE(owner, role_path(id)), 409,
                 MESSAGE("The role is in use: members 1, pending invitations 0."));
    assert_status(PATCH(owner, "/api/v1/team/members/6/role", "{\"role\":\"viewer\"}"), 200);
    assert_reply(DELETE(owner, role_path(id)), 200, MESSAGE("Role deleted."));
    assert_reply(GET(owner, role_path(id)), 404, NOT_FOUND);
    assert_reply(PATCH(owner, "/api/v1/team/members/6/role", "{\"role\":\"front_desk\"}"), 422,
                 INVALID("\"role\":[\"The selected role is invalid.\"]"));
}

static void test_roles__refusals(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        int status;
        const char *body;
    } rows[] = {
        { "{}", 422,
          INVALID("\"name\":[\"The name field is required.\"],"
                  "\"permissions\":[\"The permissions field is required.\"]") },
        { "{\"name\":\"\xE6\x9D\xB1\",\"permissions\":[\"assets.view\"]}", 422,
          INVALID("\"slug\":[\"The slug field is required when the name has no letters to make one of.\"]") },
        { "{\"name\":\"A\\u0007b\",\"permissions\":[\"assets.view\"]}", 422,
          INVALID("\"name\":[\"The name must be one line of text.\"]") },
        { "{\"name\":\"Desk\",\"permissions\":[\"assets.view\",\"no.such\",\"tenants.manage\"]}", 422,
          INVALID("\"permissions.1\":[\"The selected permissions.1 is invalid.\"],"
                  "\"permissions.2\":[\"The selected permissions.2 is invalid.\"]") },
        { "{\"name\":\"Desk\",\"permissions\":[],\"rank\":80}", 422,
          INVALID("\"rank\":[\"The rank must not be greater than 79.\"]") },
        { "{\"name\":\"Desk\",\"permissions\":[],\"rank\":70}", 403,
          MESSAGE("The rank must be below your own.") },
        { "{\"name\":\"Owner\",\"permissions\":[]}", 409,
          "{\"message\":\"It conflicts with what exists\",\"errors\":{\"name\":[\"There is a role of this "
          "name "
          "already.\"]}}" },
        { "{\"name\":\"X\",\"slug\":\"viewer\",\"permissions\":[]}", 409,
          "{\"message\":\"It conflicts with what exists\",\"errors\":{\"slug\":[\"There is a role of this "
          "name "
          "already.\"]}}" },
        { "{\"name\":\"X\",\"slug\":\"A b\",\"permissions\":[]}", 422,
          INVALID(
              "\"slug\":[\"The slug must begin with a small letter or digit and hold small letters, digits, "
              "_ and - only.\"]") },
        { "{\"name\":\"X\",\"permissions\":\"assets.view\"}", 422,
          INVALID("\"permissions\":[\"The permissions must be an array of strings.\"]") },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_reply(POST_JSON(admin, "/api/v1/team/roles", rows[i].json), rows[i].status, rows[i].body);
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM roles", DB_NO_ARGS), 0);
    assert_reply(PATCH(owner, "/api/v1/team/roles/7", "{\"name\":\"Looker\"}"), 403,
                 MESSAGE("System roles cannot be changed."));
    assert_reply(DELETE(owner, "/api/v1/team/roles/3"), 403, MESSAGE("System roles cannot be changed."));
    assert_reply(DELETE(owner, "/api/v1/team/roles/1"), 404, NOT_FOUND);
    assert_reply(PATCH(owner, "/api/v1/team/roles/4711", "{}"), 404, NOT_FOUND);
}

/* A low role with the right to manage roles cannot lift itself, or anybody, above what it is. */
static void test_roles__are_no_ladder(void **state)
{
    (void)state;
    make_role("{\"name\":\"Lead\",\"rank\":60,\"permissions\":[\"team.view\",\"team.manage_roles\"]}");
    const char *high = make_role("{\"name\":\"High\",\"rank\":65,\"permissions\":[]}");
    assert_status(PATCH(owner, "/api/v1/team/members/6/role", "{\"role\":\"lead\"}"), 200);
    const char *lead = v1_token(w, "acme", "rep@acme.example");
    assert_reply(POST_JSON(lead, "/api/v1/team/roles", "{\"name\":\"A\",\"permissions\":[\"audit.view\"]}"),
                 403,
                 "{\"message\":\"You cannot give a permission that you lack.\","
                 "\"required_permission\":\"audit.view\"}");
    assert_status(POST_JSON(lead, "/api/v1/team/roles", "{\"name\":\"A\",\"rank\":60,\"permissions\":[]}"),
                  403);
    assert_reply(PATCH(lead, role_path(high), "{\"permissions\":[]}"), 403,
                 MESSAGE("Only roles of a lower rank than yours can be changed."));
    assert_status(PATCH(lead, "/api/v1/team/members/6/role", "{\"role\":\"admin\"}"), 403);
    assert_status(PATCH(lead, "/api/v1/team/members/7/role", "{\"role\":\"department_head\"}"), 403);
    assert_status(PATCH(lead, "/api/v1/team/members/4/role", "{\"role\":\"viewer\"}"), 403);
}

static void test_permissions__are_listed_by_group(void **state)
{
    (void)state;
    const struct reply *reply = GET(admin, "/api/v1/team/permissions");
    assert_status(reply, 200);
    assert_true(
        str_starts_with(reply->body, STR("{\"data\":[{\"group\":\"assets\",\"permissions\":[{\"name\":"
                                         "\"assets.view\",\"description\":\"")));
    static const char *const groups[] = { "assets", "team", "crm", "spaces", "admin" };
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        assert_true(holds(reply, arena_printf(w->fixture->arena, "{\"group\":\"%s\"", groups[i]).at));
    assert_false(holds(reply, "tenants.manage"));
    assert_true(holds(V1(w, "msp", .token = super, .target = "/api/v1/team/permissions"), "tenants.manage"));
    assert_status(GET(viewer, "/api/v1/team/permissions"), 403);
}

/* ---- what is written down ---- */

static void test_team__deeds_say_who_did_them(void **state)
{
    (void)state;
    assert_status(POST(admin, "/api/v1/team/members/6/suspend"), 200);
    assert_int_equal(
        count_of(w,
                 "SELECT COUNT(*) FROM audit_log WHERE tenant_id = 2 AND action = 'member.suspended' "
                 "AND actor_kind = 'user' AND actor_id = 4 AND actor_name = 'admin@acme.example' "
                 "AND target_id = 6 AND address = '127.0.0.1' AND request_id <> ''",
                 DB_NO_ARGS),
        1);
    assert_status(POST(staff, "/api/v1/team/members/6/reactivate"), 200);
    assert_int_equal(count_of(w,
                              "SELECT COUNT(*) FROM audit_log WHERE tenant_id = 2 AND action = "
                              "'member.reactivated' AND actor_id = 2 AND actor_name = 'staff@msp.example'",
                              DB_NO_ARGS),
                     1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_team__lists_in_pages),
        TEST(test_team__searches_and_filters),
        TEST(test_team__refuses_bad_queries),
        TEST(test_team__gives_roles),
        TEST(test_team__unknown_members_are_not_found),
        TEST(test_team__acts_on_the_next_request),
        TEST(test_team__removal_leaves_other_tenants_alone),
        TEST(test_team__oneself),
        TEST(test_team__staff_act_in_customers_tenants),
        TEST(test_roles__are_listed_for_the_tenant),
        TEST(test_roles__show_what_they_may_and_who_has_them),
        TEST(test_roles__are_made_given_changed_and_deleted),
        TEST(test_roles__refusals),
        TEST(test_roles__are_no_ladder),
        TEST(test_permissions__are_listed_by_group),
        TEST(test_team__deeds_say_who_did_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
