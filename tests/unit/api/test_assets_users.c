/* The tenant's users on the assets surface: through the walk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "v1_fixture.h"

static struct world *w;
static const char *super, *owner, *admin, *head, *both;

#define ACME "acme.localhost"

static int set_up_with(const char *yaml)
{
    w = world_new(yaml);
    super = v1_token(w, "msp", "super@msp.example");
    owner = v1_token(w, "acme", "owner@acme.example");
    admin = v1_token(w, "acme", "admin@acme.example");
    head = v1_token(w, "acme", "head@acme.example");
    both = v1_token(w, "bolt", "both@example.com");
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return set_up_with("");
}

static int set_up_saas(void **state)
{
    (void)state;
    return set_up_with("mode: saas\nplans: { free: { users: 1 } }\n");
}

static int tear_down(void **state)
{
    (void)state;
    world_free(&w);
    return 0;
}

#define IN_ACME(method_, token_, target_, json_)                                                             \
    ASK(w, .method = (method_), .host = ACME, .token = (token_), .target = (target_), .json = (json_))
#define GET(token_, target_) IN_ACME("GET", token_, target_, NULL)
#define DETAIL(text)         "{\"detail\":\"" text "\"}"
#define JOINED               "2023-11-14T22:13:20.123456Z"
#define JOINED_LATER         "2023-11-14T22:13:20.123457Z"
#define USER(id, name, email, role, slug, title, status, joined)                                             \
    "{\"id\":" id ",\"name\":\"" name "\",\"email\":\"" email "\",\"role\":\"" role                          \
    "\",\"role_slug\":\"" slug "\",\"role_name\":\"" title "\",\"status\":\"" status                         \
    "\",\"joined_at\":\"" joined "\"}"
#define OLGA USER("3", "Olga Owner", "owner@acme.example", "client_admin", "owner", "Owner", "active", JOINED)
#define SARAH                                                                                                \
    USER("4", "Sarah Chen", "admin@acme.example", "client_admin", "admin", "Admin", "active", JOINED)
#define ROB USER("6", "Rob Rep", "rep@acme.example", "client_user", "member", "Member", "active", JOINED)
#define GUS USER("8", "Gus Gone", "gone@acme.example", "client_user", "member", "Member", "suspended", JOINED)
#define BO                                                                                                   \
    USER("10", "Bo Both", "both@example.com", "client_user", "member", "Member", "active", JOINED_LATER)
#define LIST(items, next, total) "{\"items\":[" items "],\"next\":" next ",\"total\":" total "}"

/* ---- reading ---- */

static void test_users__are_listed(void **state)
{
    (void)state;
    assert_reply(GET(admin, "/api/users?role=client_admin"), 200, LIST(OLGA "," SARAH, "null", "2"));
    assert_reply(GET(admin, "/api/users?role=owner"), 200, LIST(OLGA, "null", "1"));
    assert_reply(GET(admin, "/api/users?role=client_user&status=active"), 200, LIST(ROB "," BO, "null", "2"));
    assert_reply(GET(admin, "/api/users?status=suspended"), 200, LIST(GUS, "null", "1"));
    assert_reply(GET(admin, "/api/users?q=sar%20chen"), 200, LIST(SARAH, "null", "1"));
    assert_reply(GET(admin, "/api/users?q=bea"), 200, LIST("", "null", "0"));
    assert_reply(GET(admin, "/api/users?role=msp_admin"), 200, LIST("", "null", "0"));
    const struct reply *reply = GET(admin, "/api/users?limit=1&role=client_admin");
    const char *next = member_of(w, reply, "next");
    assert_holds(reply, 200, "\"total\":2");
    reply = GET(admin,
                arena_printf(w->fixture->arena, "/api/users?limit=1&role=client_admin&cursor=%s", next).at);
    assert_reply(reply, 200, LIST(SARAH, "null", "2"));
    assert_reply(GET(admin, "/api/users?cursor=!"), 422, DETAIL("The cursor is invalid."));
    assert_status(GET(head, "/api/users"), 403);
    assert_holds(ASK(w, .token = super, .target = "/api/users"), 200, "\"role\":\"msp_admin\"");
    assert_holds(ASK(w, .token = super, .target = "/api/users?tenant=bolt"), 200, "\"total\":2");
}

/* A role of the tenant's own is found under the name that it goes by. */
static void test_users__of_own_roles(void **state)
{
    (void)state;
    world_exec(w, "INSERT INTO roles (tenant_id, slug, name, description, rank, permissions, created_at, "
                  "updated_at) VALUES (2, 'front_desk', 'Front desk', '', 40, 'assets.view', 1, 1)");
    assert_holds(IN_ACME("PATCH", admin, "/api/users/6", "{\"role\":\"front_desk\"}"), 200,
                 "\"role\":\"client_user\",\"role_slug\":\"front_desk\",\"role_name\":\"Front desk\"");
    assert_holds(GET(admin, "/api/users?role=client_user&status=active"), 200, "\"total\":2");
    assert_holds(GET(admin, "/api/users?role=front_desk"), 200, "\"total\":1");
}

static void test_users__one_is_shown(void **state)
{
    (void)state;
    assert_reply(GET(admin, "/api/users/6"), 200, ROB);
    static const char *const unknown[] = { "1", "9", "0", "-6", "x", "06", "99999999999999999999" };
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_reply(GET(admin, arena_printf(w->fixture->arena, "/api/users/%s", unknown[i]).at), 404,
                     DETAIL("Not found"));
}

/* ---- creating ---- */

static void test_users__are_created(void **state)
{
    (void)state;
    assert_holds(IN_ACME("POST", admin, "/api/users",
                         "{\"name\":\" Ann New \",\"email\":\"ann@acme.example\",\"role\":\"client_manager\","
                         "\"password\":\"" PASSWORD "\"}"),
                 201,
                 "{\"id\":13,\"name\":\"Ann New\",\"email\":\"ann@acme.example\",\"role\":\"client_manager\","
                 "\"role_slug\":\"department_head\"");
    assert_string_equal(v1_audited(w, 2),
                        "user.created user:4:admin@acme.example -> user:13:ann@acme.example "
                        "{\"role\":\"department_head\"}");
    v1_token(w, "acme", "ann@acme.example");
    assert_holds(GET(admin, "/api/users?q=ann"), 200, "\"total\":1");
    static const struct {
        const char *json;
        int status;
        const char *text;
    } refused[] = {
        { "{\"email\":\"x@acme.example\",\"role\":\"client_user\",\"password\":\"short\"}", 422,
          "The name field is required. The password must have at least 8 bytes." },
        { "{\"name\":\"X\",\"email\":\"x@acme.example\",\"password\":\"" PASSWORD "\"}", 422,
          "The role field is required." },
        { "{\"name\":\"X\",\"email\":\"x@acme.example\",\"role\":\"chief\",\"password\":\"" PASSWORD "\"}",
          422, "The selected role is invalid." },
        { "{\"name\":\"X\",\"email\":\"x@acme.example\",\"role\":\"msp_admin\",\"password\":\"" PASSWORD
          "\"}",
          422, "The selected role is invalid." },
        { "{\"name\":\"X\",\"email\":\"x@acme.example\",\"role\":\"owner\",\"password\":\"" PASSWORD "\"}",
          403, "may do more than you" },
        { "{\"name\":\"X\",\"email\":\"Rep@bolt.example\",\"role\":\"client_user\",\"password\":\"" PASSWORD
          "\"}",
          409, "leave the password out to invite them" },
        { "{\"name\":\"X\",\"email\":\"rep@acme.example\",\"role\":\"client_user\",\"password\":\"" PASSWORD
          "\"}",
          409, "has an account already" },
        { "{\"name\":\"X\",\"email\":\"x@acme.example\",\"role\":\"client_user\",\"tenant_id\":3}", 422,
          "The tenant_id field is not allowed." },
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_holds(IN_ACME("POST", admin, "/api/users", refused[i].json), refused[i].status,
                     refused[i].text);
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM users", DB_NO_ARGS), 13);
}

static void test_users__are_invited(void **state)
{
    (void)state;
    const struct reply *reply =
        IN_ACME("POST", admin, "/api/users", "{\"email\":\"rep@bolt.example\",\"role\":\"client_viewer\"}");
    assert_holds(
        reply, 201,
        "{\"id\":null,\"email\":\"rep@bolt.example\",\"role_slug\":\"viewer\",\"status\":\"invited\"");
    assert_true(str_starts_with(str_of(member_of(w, reply, "invitation_link")),
                                STR("http://acme.localhost/invite/tti_")));
    assert_status(
        IN_ACME("POST", admin, "/api/users", "{\"email\":\"rep@bolt.example\",\"role\":\"viewer\"}"), 409);
}

static void test_users__seats_are_limited(void **state)
{
    (void)state;
#define SEAT(name)                                                                                           \
    "{\"name\":\"X\",\"email\":\"" name "@acme.example\",\"role\":\"client_user\",\"password\":\"" PASSWORD  \
    "\"}"
    assert_status(IN_ACME("POST", admin, "/api/users", SEAT("one")), 201);
    assert_reply(
        IN_ACME("POST", admin, "/api/users", SEAT("two")), 402,
        "{\"detail\":\"The organization's plan allows no more users\",\"limit\":\"users\",\"used\":1,"
        "\"max\":1,\"plan\":\"free\"}");
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM users", DB_NO_ARGS), 13);
    assert_status(IN_ACME("DELETE", admin, "/api/users/13", NULL), 204);
    assert_status(IN_ACME("POST", admin, "/api/users", SEAT("two")), 201);
}

/* ---- changing ---- */

static void test_users__are_changed_in_one(void **state)
{
    (void)state;
    assert_reply(
        IN_ACME("PATCH", admin, "/api/users/6",
                "{\"name\":\"Robert Rep\",\"email\":\"robert@acme.example\",\"role\":\"client_viewer\","
                "\"status\":\"suspended\"}"),
        200,
        USER("6", "Robert Rep", "robert@acme.example", "client_viewer", "viewer", "Viewer", "suspended",
             JOINED));
    assert_reply(GET(admin, "/api/users?q=robert"), 200,
                 LIST(USER("6", "Robert Rep", "robert@acme.example", "client_viewer", "viewer", "Viewer",
                           "suspended", JOINED),
                      "null", "1"));
    assert_holds(GET(admin, "/api/users?q=rob%20rep&role=client_user"), 200, "\"total\":0");
    assert_string_equal(v1_audited(w, 2), "user.updated user:4:admin@acme.example -> user:6:rep@acme.example "
                                          "{\"name\":\"Robert Rep\",\"email\":\"robert@acme.example\"}");
    assert_int_equal(count_of(w,
                              "SELECT COUNT(*) FROM audit_log WHERE tenant_id = 2 AND action IN "
                              "('member.role_changed', 'member.suspended', 'user.updated')",
                              DB_NO_ARGS),
                     3);
    assert_holds(IN_ACME("PATCH", admin, "/api/users/6", "{\"status\":\"active\"}"), 200,
                 "\"status\":\"active\"");
    v1_token(w, "acme", "robert@acme.example");
    int64_t rows = count_of(w, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS);
    assert_status(IN_ACME("PATCH", admin, "/api/users/6", "{\"status\":\"active\",\"role\":\"viewer\"}"),
                  200);
    assert_status(IN_ACME("PATCH", admin, "/api/users/6", "{}"), 200);
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS), rows);
}

/* A refusal of one part undoes the others. */
static void test_users__are_changed_whole_or_not(void **state)
{
    (void)state;
    assert_reply(IN_ACME("PATCH", admin, "/api/users/6",
                         "{\"role\":\"client_viewer\",\"email\":\"ADMIN@acme.example\"}"),
                 409, DETAIL("This address has an account already."));
    assert_reply(GET(admin, "/api/users/6"), 200, ROB);
    assert_status(IN_ACME("PATCH", admin, "/api/users/6", "{\"name\":\"New\",\"role\":\"owner\"}"), 403);
    assert_reply(GET(admin, "/api/users/6"), 200, ROB);
    assert_status(IN_ACME("PATCH", admin, "/api/users/6", "{\"name\":\"New\",\"role\":\"chief\"}"), 422);
    assert_reply(GET(admin, "/api/users/6"), 200, ROB);
}

/* Who they are is not one tenant's to say when they belong to two. */
static void test_users__of_two_tenants_keep_name_and_address(void **state)
{
    (void)state;
    assert_holds(IN_ACME("PATCH", admin, "/api/users/10", "{\"name\":\"Other\"}"), 403,
                 "another organization");
    assert_holds(IN_ACME("PATCH", admin, "/api/users/10", "{\"email\":\"o@acme.example\"}"), 403,
                 "another organization");
    assert_reply(IN_ACME("PATCH", admin, "/api/users/10",
                         "{\"name\":\"Bo Both\",\"email\":\"both@example.com\",\"role\":\"client_user\"}"),
                 200, BO);
    assert_status(IN_ACME("PATCH", admin, "/api/users/10", "{\"role\":\"client_viewer\"}"), 200);
}

static void test_users__ranks_and_the_last_owner_hold(void **state)
{
    (void)state;
    assert_reply(IN_ACME("PATCH", admin, "/api/users/3", "{\"name\":\"X\"}"), 403,
                 DETAIL("This member's role is above yours."));
    assert_status(IN_ACME("DELETE", admin, "/api/users/3", NULL), 403);
    assert_reply(IN_ACME("PATCH", owner, "/api/users/3", "{\"role\":\"client_admin\"}"), 409,
                 DETAIL("The last owner cannot be removed, suspended or given another role."));
    assert_reply(IN_ACME("PATCH", owner, "/api/users/3", "{\"status\":\"suspended\"}"), 400,
                 DETAIL("You cannot suspend yourself."));
    assert_status(IN_ACME("DELETE", owner, "/api/users/3", NULL), 409);
    assert_status(IN_ACME("PATCH", both, "/api/users/6", "{\"name\":\"X\"}"), 403);
    assert_status(IN_ACME("PATCH", admin, "/api/users/9", "{\"name\":\"X\"}"), 404);
    assert_status(IN_ACME("DELETE", admin, "/api/users/9", NULL), 404);
}

/* Something that holds on to a member, of which this server knows nothing. */
static void test_users__are_not_removed_while_something_holds_them(void **state)
{
    (void)state;
    world_exec(w, "CREATE TABLE badges (tenant_id INTEGER, user_id INTEGER, "
                  "FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id))");
    world_exec(w, "INSERT INTO badges (tenant_id, user_id) VALUES (2, 6)");
    assert_reply(IN_ACME("DELETE", admin, "/api/users/6", NULL), 409,
                 DETAIL("Something that this refers to does not exist any more, or is still in use."));
    assert_status(GET(admin, "/api/users/6"), 200);
    world_exec(w, "DROP TABLE badges");
    assert_status(IN_ACME("DELETE", admin, "/api/users/6", NULL), 204);
}

static void test_users__are_removed_at_once(void **state)
{
    (void)state;
    const char *rep = v1_token(w, "acme", "rep@acme.example");
    assert_status(GET(rep, "/api/auth/me"), 200);
    assert_status(IN_ACME("DELETE", admin, "/api/users/6", NULL), 204);
    assert_status(GET(rep, "/api/auth/me"), 401);
    assert_status(GET(admin, "/api/users/6"), 404);
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM users WHERE id = 6", DB_NO_ARGS), 1);
}

#define T(test_)      cmocka_unit_test_setup_teardown(test_, set_up, tear_down)
#define T_SAAS(test_) cmocka_unit_test_setup_teardown(test_, set_up_saas, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_users__are_listed),
        T(test_users__of_own_roles),
        T(test_users__one_is_shown),
        T(test_users__are_created),
        T(test_users__are_invited),
        T_SAAS(test_users__seats_are_limited),
        T(test_users__are_changed_in_one),
        T(test_users__are_changed_whole_or_not),
        T(test_users__of_two_tenants_keep_name_and_address),
        T(test_users__ranks_and_the_last_owner_hold),
        T(test_users__are_not_removed_while_something_holds_them),
        T(test_users__are_removed_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
