/* Registration: policies × callers × roles, and what is left behind when it fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "base/crm_id.h"
#include "api_fixture.h"
#include "base/clock.h"

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

static void use_config(void **state, const char *yaml)
{
    world_free((struct world **)state);
    *state = world_new(yaml);
}

struct form {
    const char *email; /* NULL: a new one each time */
    const char *organization, *role, *host, *token;
};

static const struct reply *sign_up(struct world *w, struct form form)
{
    static int number;
    struct arena *arena = w->fixture->arena;
    struct str email = form.email ? str_of(form.email) : arena_printf(arena, "new%d@example.org", number++);
    struct str more =
        arena_printf(arena, "%s%s%s%s%s%s", form.organization ? ",\"organizationId\":\"" : "",
                     form.organization ? form.organization : "", form.organization ? "\"" : "",
                     form.role ? ",\"role\":\"" : "", form.role ? form.role : "", form.role ? "\"" : "");
    struct str json =
        arena_printf(arena,
                     "{\"email\":\"%.*s\",\"password\":\"a good password\",\"firstName\":\" Jane \","
                     "\"lastName\":\"Smith\"%.*s}",
                     STR_ARG(email), STR_ARG(more));
    return ASK(w, .method = "POST", .target = "/api/auth/register", .host = form.host, .token = form.token,
               .json = json.at);
}
#define SIGN_UP(w, ...) sign_up((w), (struct form){ __VA_ARGS__ })

static int64_t users(struct world *w)
{
    return count_of(w, "SELECT count(*) FROM users", DB_NO_ARGS);
}

/* The walk has found the tenant, and then it is deleted: here behind the back of what is kept, in production
 * by another request that commits first. */
static void test_register__the_organization_is_deleted_meanwhile(void **state)
{
    struct world *w = *state;
    const char *admin = token_for(w, "admin@acme.example", "acme.localhost");
    assert_status(SIGN_UP(w, .host = "acme.localhost", .token = admin), 201);
    world_exec(w, "DELETE FROM tenants WHERE id = 2");
    int64_t before = users(w);
    assert_reply(SIGN_UP(w, .host = "acme.localhost"), 404, "{\"error\":\"No such organization\"}");
    assert_int_equal(users(w), before);
    assert_reply(ASK(w, .method = "POST", .target = "/api/users", .host = "acme.localhost", .token = admin,
                     .json = "{\"name\":\"A\",\"email\":\"a@b.example\",\"role\":\"client_user\","
                             "\"password\":\"a good password\"}"),
                 404, "{\"detail\":\"No such tenant\"}");
    assert_status(ASK(w, .method = "POST", .target = "/api/v1/team/invite", .host = "acme.localhost",
                      .token = admin, .json = "{\"email\":\"a@b.example\",\"role\":\"member\"}"),
                  404);
    assert_status(ASK(w, .method = "POST", .target = "/oauth/revoke", .form = printed(w, "token=%s", admin)),
                  200);
    assert_int_equal(users(w), before);
}

/* ---- success ---- */

static void test_register__creates_user_membership_and_session(void **state)
{
    struct world *w = *state;
    int64_t before = clock_now() / CLOCK_SECOND, seconds, id;
    const struct reply *reply = SIGN_UP(w, .email = "NewUser@Example.com", .organization = ACME_ID);
    assert_status(reply, 201);
    const char *user_id = member_of(w, reply, "user.id"), *token = member_of(w, reply, "token");
    assert_true(crm_id_parse(str_of(user_id), &seconds, &id));
    assert_true(seconds >= before && seconds <= clock_now() / CLOCK_SECOND);
    struct str expected = arena_printf(
        w->fixture->arena,
        "{\"token\":\"T\",\"user\":{\"id\":\"%s\",\"email\":\"NewUser@Example.com\",\"fullName\":"
        "\"Jane Smith\",\"organizationId\":\"" ACME_ID "\",\"accessRole\":\"SALES_REP\"}}",
        user_id);
    assert_reply_with_token(w, reply, 201, expected.at);
    assert_string_equal(header_of(reply, "cache-control"), "no-store");
    assert_int_equal(count_of(w,
                              "SELECT count(*) FROM memberships WHERE user_id = $1 AND tenant_id = 2 AND "
                              "role = 'member' AND status = 'active'",
                              DB_ARGS(db_int(id))),
                     1);
    assert_int_equal(
        count_of(w, "SELECT used FROM tenant_usage WHERE tenant_id = 2 AND kind = 'users'", DB_NO_ARGS), 1);
    assert_status(ASK(w, .target = "/api/auth/verify-token", .token = token), 200);
    const struct reply *again =
        ASK(w, .method = "POST", .target = "/api/auth/login",
            .json = "{\"email\":\"newuser@example.com\",\"password\":\"a good password\"}");
    assert_status(again, 200);
    assert_string_equal(member_of(w, again, "user.id"), user_id);
}

static void test_register__which_organization(void **state)
{
    struct world *w = *state;
    const struct reply *reply = SIGN_UP(w, .host = "bolt.localhost");
    assert_status(reply, 201);
    assert_string_equal(member_of(w, reply, "user.organizationId"), BOLT_ID);
    reply = SIGN_UP(w, .token = token_for(w, "rep@acme.example", "localhost"));
    assert_status(reply, 201);
    assert_string_equal(member_of(w, reply, "user.organizationId"), ACME_ID);
    reply = SIGN_UP(w, .organization = BOLT_ID);
    assert_status(reply, 201);
    assert_string_equal(member_of(w, reply, "user.organizationId"), BOLT_ID);
    assert_reply(SIGN_UP(w, .organization = NULL), 400,
                 "{\"error\":\"The organizationId field is required here.\"}");
    assert_reply(SIGN_UP(w, .organization = CRM_ID("0000000000000063")), 400,
                 "{\"error\":\"The organizationId names no organization.\"}");
    assert_reply(SIGN_UP(w, .organization = "nonsense"), 400,
                 "{\"error\":\"The organizationId names no organization.\"}");
    assert_reply(SIGN_UP(w, .organization = ACME_ID, .host = "bolt.localhost"), 403,
                 "{\"error\":\"This address belongs to another organization\"}");
    assert_status(
        SIGN_UP(w, .host = "bolt.localhost", .token = token_for(w, "rep@acme.example", "localhost")), 403);
}

/* Host, organizationId, token, X-Tenant and ?tenant= name one organization, or nobody is registered. */
static void test_register__contradictions_are_refused(void **state)
{
    struct world *w = *state;
    int64_t before = users(w);
    const char *rep = token_for(w, "rep@acme.example", "localhost");
    const char *super = token_for(w, "super@msp.example", "localhost");
    static const char *const other = "{\"error\":\"The token was issued for another organization\"}";
    assert_reply(SIGN_UP(w, .organization = BOLT_ID, .token = rep), 403, other);
    assert_reply(SIGN_UP(w, .organization = BOLT_ID, .token = super), 403, other);
    const struct {
        const char *target, *organization, *header, *token;
        int status;
    } cases[] = {
        { "/api/auth/register", BOLT_ID, "acme", rep, 403 },
        { "/api/auth/register?tenant=acme", BOLT_ID, NULL, rep, 403 },
        { "/api/auth/register?tenant=bolt", BOLT_ID, "acme", rep, 403 },
        { "/api/auth/register", BOLT_ID, "acme", NULL, 403 },
        { "/api/auth/register?tenant=acme", BOLT_ID, NULL, NULL, 403 },
        { "/api/auth/register?tenant=acme", ACME_ID, "acme", rep, 201 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str json =
            arena_printf(w->fixture->arena,
                         "{\"email\":\"case%zu@example.org\",\"password\":\"a good password\",\"firstName\":"
                         "\"A\",\"lastName\":\"B\",\"organizationId\":\"%s\"}",
                         i, cases[i].organization);
        const struct reply *reply =
            ASK(w, .method = "POST", .target = cases[i].target, .token = cases[i].token, .json = json.at,
                .header = { cases[i].header ? "x-tenant" : NULL, cases[i].header });
        if (reply->status != cases[i].status)
            fail_msg("case %zu: %d %.*s", i, reply->status, STR_ARG(reply->body));
        before += reply->status == 201;
        assert_int_equal(users(w), before);
    }
}

static void test_register__default_tenant(void **state)
{
    use_config(state, "tenancy: { default_tenant: acme }\n");
    const struct reply *reply = SIGN_UP(*state, .email = NULL);
    assert_status(reply, 201);
    assert_string_equal(member_of(*state, reply, "user.organizationId"), ACME_ID);
    reply = SIGN_UP(*state, .host = "192.0.2.1");
    assert_status(reply, 201);
    assert_string_equal(member_of(*state, reply, "user.organizationId"), ACME_ID);
    use_config(state, "tenancy: { default_tenant: gone }\n");
    assert_status(SIGN_UP(*state, .email = NULL), 400);
}

/* ---- policies, callers, roles ---- */

enum { BOLT_REP = 1, CALLERS = 7 };
static const char *const callers[CALLERS] = {
    NULL,
    "rep@bolt.example",
    "rep@acme.example",
    "head@acme.example",
    "admin@acme.example",
    "owner@acme.example",
    "super@msp.example",
};

/* Registers into acme as each caller in turn; a NULL role is the default one. */
static void assert_statuses(struct world *w, const char *role, const int (*statuses)[CALLERS])
{
    for (size_t i = 0; i < CALLERS; i++) {
        int64_t before = users(w);
        const char *host = i == BOLT_REP ? "localhost" : "acme.localhost";
        const char *token = callers[i] ? token_for(w, callers[i], host) : NULL;
        const struct reply *reply = SIGN_UP(w, .organization = ACME_ID, .role = role, .token = token);
        if (reply->status != (*statuses)[i])
            fail_msg("%s as %s: %d %.*s", callers[i] ? callers[i] : "nobody", role ? role : "default",
                     reply->status, STR_ARG(reply->body));
        if (reply->status == 201)
            assert_string_equal(member_of(w, reply, "user.accessRole"), role ? role : "SALES_REP");
        assert_int_equal(users(w), before + (reply->status == 201));
    }
}
#define STATUSES(...)                                                                                        \
    (const int[1][CALLERS])                                                                                  \
    {                                                                                                        \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }

static void test_register__open(void **state)
{
    struct world *w = *state;
    /*                                    nobody  bolt rep head admin owner super */
    assert_statuses(w, NULL, STATUSES(201, 403, 201, 201, 201, 201, 201));
    assert_statuses(w, "SALES_REP", STATUSES(201, 403, 201, 201, 201, 201, 201));
    assert_statuses(w, "DEPARTMENT_HEAD", STATUSES(403, 403, 403, 201, 201, 201, 201));
    assert_statuses(w, "ADMIN", STATUSES(403, 403, 403, 403, 201, 201, 201));
    assert_statuses(w, "SUPERADMIN", STATUSES(403, 403, 403, 403, 403, 403, 400));
    assert_reply(SIGN_UP(w, .organization = ACME_ID, .role = "ADMIN"), 403,
                 "{\"error\":\"Giving this role needs a signed-in user of at least its rank\"}");
    assert_reply(
        SIGN_UP(w, .organization = ACME_ID, .role = "KING"), 400,
        "{\"error\":\"The role field must be one of: SUPERADMIN, ADMIN, DEPARTMENT_HEAD, SALES_REP.\"}");
    assert_status(SIGN_UP(w, .organization = ACME_ID, .role = "admin"), 400);
}

static void test_register__admin(void **state)
{
    struct world *w = *state;
    world_exec(w, "UPDATE tenants SET registration = 'admin' WHERE slug = 'acme'");
    assert_statuses(w, NULL, STATUSES(403, 403, 403, 403, 201, 201, 201));
    assert_statuses(w, "DEPARTMENT_HEAD", STATUSES(403, 403, 403, 403, 201, 201, 201));
    assert_statuses(w, "ADMIN", STATUSES(403, 403, 403, 403, 201, 201, 201));
    assert_statuses(w, "SUPERADMIN", STATUSES(403, 403, 403, 403, 403, 403, 400));
    assert_reply(SIGN_UP(w, .organization = ACME_ID), 403,
                 "{\"error\":\"Only an administrator of this organization can register users\"}");
}

static void test_register__closed(void **state)
{
    struct world *w = *state;
    world_exec(w, "UPDATE tenants SET registration = 'closed' WHERE slug = 'acme'");
    assert_statuses(w, NULL, STATUSES(403, 403, 403, 403, 403, 403, 403));
    assert_reply(SIGN_UP(w, .organization = ACME_ID), 403,
                 "{\"error\":\"This organization accepts no registrations\"}");
}

static void test_register__configured_policy_holds_where_the_tenant_is_silent(void **state)
{
    use_config(state, "tenancy: { registration: closed }\n");
    struct world *w = *state;
    assert_status(SIGN_UP(w, .organization = ACME_ID), 403);
    world_exec(w, "UPDATE tenants SET registration = 'open' WHERE slug = 'acme'");
    assert_status(SIGN_UP(w, .organization = ACME_ID), 201);
}

static void test_register__operator_is_never_open(void **state)
{
    struct world *w = *state;
    world_exec(w, "UPDATE tenants SET registration = 'open' WHERE slug = 'msp'");
    const char *super = token_for(w, "super@msp.example", "localhost");
    const char *staff = token_for(w, "staff@msp.example", "localhost");
    assert_status(SIGN_UP(w, .organization = MSP_ID), 403);
    assert_status(SIGN_UP(w, .organization = MSP_ID, .token = staff), 403); /* staff do not manage staff */
    assert_status(SIGN_UP(w, .organization = MSP_ID, .role = "SUPERADMIN", .token = staff), 403);
    /* Whoever belongs to the operator is staff: the customers' roles are none of its. */
    static const char *const customers[] = { NULL, "SALES_REP", "DEPARTMENT_HEAD", "ADMIN" };
    int64_t before = users(w);
    for (size_t i = 0; i < sizeof customers / sizeof customers[0]; i++)
        assert_reply(SIGN_UP(w, .organization = MSP_ID, .role = customers[i], .token = super), 400,
                     "{\"error\":\"This organization has no such role.\"}");
    assert_int_equal(users(w), before);
    const struct reply *reply = SIGN_UP(w, .organization = MSP_ID, .role = "SUPERADMIN", .token = super);
    assert_status(reply, 201);
    assert_string_equal(member_of(w, reply, "user.accessRole"), "SUPERADMIN");
    assert_status(
        ASK(w, .target = "/api/auth/me", .host = "acme.localhost", .token = member_of(w, reply, "token")),
        200);
}

static void test_register__suspended(void **state)
{
    struct world *w = *state;
    const char *gone = token_for(w, "both@example.com", "acme.localhost");
    const char *super = member_of(w,
                                  ASK(w, .method = "POST", .target = "/api/auth/login",
                                      .json = "{\"email\":\"super@msp.example\",\"password\":\"" PASSWORD
                                              "\",\"organizationId\":\"" SHUT_ID "\"}"),
                                  "token");
    assert_reply(SIGN_UP(w, .organization = SHUT_ID), 403, "{\"error\":\"This organization is suspended\"}");
    assert_status(SIGN_UP(w, .organization = SHUT_ID, .token = super), 201);
    world_exec(
        w,
        "UPDATE memberships SET status = 'suspended', role = 'admin' WHERE user_id = 10 AND tenant_id = 2");
    assert_status(SIGN_UP(w, .organization = ACME_ID, .role = "ADMIN", .token = gone), 403);
}

/* ---- refusals ---- */

static const struct reply *sign_up_json(struct world *w, const char *json)
{
    return ASK(w, .method = "POST", .target = "/api/auth/register", .host = "acme.localhost", .json = json);
}

static void test_register__bad_input_is_400_and_leaves_nothing(void **state)
{
    struct world *w = *state;
    static const char *const bodies[][2] = {
        { "{}",
          "{\"error\":\"The email field is required. The password field is required. The first name field is "
          "required. The last name field is required.\"}" },
        { "{\"email\":\"nonsense\",\"password\":\"a good password\",\"firstName\":\"A\",\"lastName\":\"B\"}",
          "{\"error\":\"The email must be a valid email address.\"}" },
        { "{\"email\":\"a@b.example\",\"password\":\"a good password\",\"firstName\":\"  "
          "\",\"lastName\":\"B\"}",
          "{\"error\":\"The first name field is required.\"}" },
        { "{\"email\":\"a@b.example\",\"password\":\"a good "
          "password\",\"firstName\":\"A\\nB\",\"lastName\":\"B\"}",
          "{\"error\":\"A name must not hold control characters.\"}" },
        { "{\"email\":\"a@b.example\",\"password\":\"a good password\",\"firstName\":\"A\",\"lastName\":7}",
          "{\"error\":\"The last name must be a string.\"}" },
        { "{\"email\":\"a@b.example\",\"password\":\"a good "
          "password\",\"firstName\":\"A\",\"lastName\":\"B\","
          "\"tenant_id\":1}",
          "{\"error\":\"The tenant_id field is not allowed.\"}" },
    };
    int64_t before = users(w);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        assert_reply(sign_up_json(w, bodies[i][0]), 400, bodies[i][1]);
    static const char *const passwords[] = { "short", "password", "12345678" };
    for (size_t i = 0; i < sizeof passwords / sizeof passwords[0]; i++) {
        struct str json = arena_printf(w->fixture->arena,
                                       "{\"email\":\"a@b.example\",\"password\":\"%s\",\"firstName\":\"A\","
                                       "\"lastName\":\"B\"}",
                                       passwords[i]);
        const struct reply *reply = sign_up_json(w, json.at);
        assert_status(reply, 400);
        assert_non_null(strstr(member_of(w, reply, "error"), "password"));
    }
    assert_int_equal(users(w), before);
    assert_status(ASK(w, .method = "POST", .target = "/api/auth/register", .form = "email=a"), 415);
    assert_status(ASK(w, .target = "/api/auth/register"), 405);
}

static void test_register__known_address_is_409_and_leaves_nothing(void **state)
{
    struct world *w = *state;
    int64_t before = users(w);
    assert_reply(SIGN_UP(w, .email = "ADMIN@acme.example", .organization = BOLT_ID), 409,
                 "{\"error\":\"A user with this email already exists\"}");
    assert_int_equal(users(w), before);
    assert_int_equal(count_of(w, "SELECT count(*) FROM tenant_usage", DB_NO_ARGS), 0);
    assert_int_equal(count_of(w, "SELECT count(*) FROM sessions", DB_NO_ARGS), 0);
}

static void test_register__limit_counts_per_address(void **state)
{
    use_config(state, "rate_limits: { register: 3/minute }\n");
    struct world *w = *state;
    for (int i = 0; i < 3; i++)
        assert_status(sign_up_json(w, "{}"), 400);
    const struct reply *reply = sign_up_json(w, "{}");
    assert_status(reply, 429);
    assert_non_null(member_of(w, reply, "error"));
    assert_string_equal(header_of(reply, "x-ratelimit-limit"), "3");
    assert_string_equal(header_of(reply, "x-ratelimit-remaining"), "0");
    assert_non_null(header_of(reply, "retry-after"));
}

/* ---- plans ---- */

#define TWO_USERS "mode: saas\nplans: { free: { users: 2 } }\n"

static void test_register__full_plan_is_402(void **state)
{
    use_config(state, TWO_USERS);
    struct world *w = *state;
    assert_status(SIGN_UP(w, .organization = ACME_ID), 201);
    assert_status(SIGN_UP(w, .organization = ACME_ID), 201);
    int64_t before = users(w);
    static const char full[] =
        "{\"error\":\"The organization's plan allows no more users\",\"limit\":\"users\","
        "\"used\":2,\"max\":2,\"plan\":\"free\"}";
    assert_reply(SIGN_UP(w, .organization = ACME_ID), 402, full);
    assert_reply(SIGN_UP(w, .email = "admin@acme.example", .organization = ACME_ID), 402, full);
    assert_int_equal(users(w), before);
    assert_status(SIGN_UP(w, .organization = BOLT_ID), 201);
}

/* A refused registration takes no place. */
static void test_register__conflict_gives_the_place_back(void **state)
{
    use_config(state, TWO_USERS);
    struct world *w = *state;
    for (int i = 0; i < 4; i++)
        assert_status(SIGN_UP(w, .email = "admin@acme.example", .organization = ACME_ID), 409);
    assert_status(SIGN_UP(w, .organization = ACME_ID), 201);
    assert_status(SIGN_UP(w, .organization = ACME_ID), 201);
    assert_status(SIGN_UP(w, .organization = ACME_ID), 402);
}

struct crowd {
    struct world *world;
    int index, statuses[600];
};

static void *sign_up_three(void *context)
{
    struct crowd *crowd = context;
    struct world own = *crowd->world; /* a worker, an arena and a place for answers of its own */
    own.fixture = &(struct fixture){ .arena = arena_new(1 << 20) };
    own.worker = walk_worker_new(own.walk, LANE_GENERAL);
    own.last = NULL;
    for (int i = 0; i < 3; i++) {
        struct str json =
            arena_printf(own.fixture->arena,
                         "{\"email\":\"crowd%d-%d@example.org\",\"password\":\"a good password\","
                         "\"firstName\":\"A\",\"lastName\":\"B\"}",
                         crowd->index, i);
        crowd->statuses[sign_up_json(&own, json.at)->status]++;
    }
    call_free(&own.last);
    walk_worker_free(&own.worker);
    arena_free(&own.fixture->arena);
    return NULL;
}

static void test_register__plan_is_exact_under_concurrency(void **state)
{
    use_config(state, "mode: saas\nplans: { free: { users: 7 } }\n");
    struct world *w = *state;
    struct crowd crowds[6] = { 0 };
    pthread_t threads[6];
    int64_t before = users(w), registered = 0, refused = 0;
    for (int i = 0; i < 6; i++) {
        crowds[i] = (struct crowd){ .world = w, .index = i };
        assert_int_equal(pthread_create(&threads[i], NULL, sign_up_three, &crowds[i]), 0);
    }
    for (int i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
        registered += crowds[i].statuses[201];
        refused += crowds[i].statuses[402];
    }
    assert_int_equal(registered, 7);
    assert_int_equal(refused, 11);
    assert_int_equal(users(w), before + 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_register__creates_user_membership_and_session),
        TEST(test_register__which_organization),
        TEST(test_register__contradictions_are_refused),
        TEST(test_register__default_tenant),
        TEST(test_register__the_organization_is_deleted_meanwhile),
        TEST(test_register__open),
        TEST(test_register__admin),
        TEST(test_register__closed),
        TEST(test_register__configured_policy_holds_where_the_tenant_is_silent),
        TEST(test_register__operator_is_never_open),
        TEST(test_register__suspended),
        TEST(test_register__bad_input_is_400_and_leaves_nothing),
        TEST(test_register__known_address_is_409_and_leaves_nothing),
        TEST(test_register__limit_counts_per_address),
        TEST(test_register__full_plan_is_402),
        TEST(test_register__conflict_gives_the_place_back),
        TEST(test_register__plan_is_exact_under_concurrency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
