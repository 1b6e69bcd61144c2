/* Storage that fails at every call in turn: a clear answer, and nothing half-written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "api_fixture.h"
#include "storage/decorate.h"

static int set_up(void **state)
{
    *state = world_new("server: { request_deadline: 1s }\n");
    return 0;
}

static int tear_down(void **state)
{
    storage_fault_set(0, STORAGE_OK, false);
    world_free((struct world **)state);
    return 0;
}

static const struct {
    enum storage_status status;
    int answer; /* when it was not overcome by trying again */
} faults[] = {
    { STORAGE_BUSY, 503 },  { STORAGE_GONE, 503 },      { STORAGE_FULL, 507 },
    { STORAGE_ERROR, 500 }, { STORAGE_UNCERTAIN, 503 },
};

/* A lost connection is made again after a pause; waits for that, so that the next round starts whole. */
static void recover(struct world *w)
{
    storage_fault_set(0, STORAGE_OK, false);
    for (int i = 0; walk_ready(w->worker) != STORAGE_OK; i++) {
        assert_true(i < 500);
        usleep(10000);
    }
}

typedef const struct reply *(*ask_fn)(struct world *w, int round);
typedef void (*check_fn)(struct world *w, int round, const struct reply *reply, enum storage_status fault);

/* Asks with the first call failing, then the second, … until none is left to fail. */
static void torture(struct world *w, ask_fn ask_once, int success, check_fn check)
{
    static int round;
    for (size_t f = 0; f < sizeof faults / sizeof faults[0]; f++) {
        bool was_reached = true;
        for (int nth = 1; was_reached; nth++) {
            round++;
            storage_fault_set(nth, faults[f].status, false);
            const struct reply *reply = ask_once(w, round);
            was_reached = storage_fault_calls() >= nth;
            recover(w);
            if (reply->status != success && reply->status != faults[f].answer)
                fail_msg("%s at call %d: %d %.*s", storage_status_name(faults[f].status), nth, reply->status,
                         STR_ARG(reply->body));
            if (reply->status == 503)
                assert_string_equal(header_of(reply, "retry-after"), "1");
            if (!was_reached)
                assert_status(reply, success);
            if (check)
                check(w, round, reply, faults[f].status);
            assert_true(nth < 200);
        }
    }
}

/* ---- registration ---- */

static const struct reply *sign_up(struct world *w, int round)
{
    struct str json = arena_printf(w->fixture->arena,
                                   "{\"email\":\"round%d@example.org\",\"password\":\"a good password\","
                                   "\"firstName\":\"A\",\"lastName\":\"B\"}",
                                   round);
    return ASK(w, .method = "POST", .target = "/api/auth/register", .host = "acme.localhost",
               .json = json.at);
}

static void check_sign_up(struct world *w, int round, const struct reply *reply, enum storage_status fault)
{
    struct str email = arena_printf(w->fixture->arena, "round%d@example.org", round);
    struct db_args args = DB_ARGS(db_text(email));
    int64_t users = count_of(w, "SELECT count(*) FROM users WHERE email_normal = $1", args);
    int64_t members = count_of(
        w, "SELECT count(*) FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email_normal = $1",
        args);
    int64_t sessions = count_of(
        w, "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email_normal = $1",
        args);
    assert_int_equal(users, members);
    assert_int_equal(users, sessions);
    if (reply->status == 201)
        assert_int_equal(users, 1);
    else if (fault != STORAGE_UNCERTAIN)
        assert_int_equal(users, 0);
    /* Seven members of acme were there before, uncounted. */
    assert_int_equal(
        count_of(w, "SELECT CAST(coalesce(sum(used), 0) AS BIGINT) FROM tenant_usage", DB_NO_ARGS),
        count_of(w, "SELECT count(*) FROM users WHERE email_normal LIKE 'round%'", DB_NO_ARGS));
}

static void test_faults__registration_is_whole_or_nothing(void **state)
{
    torture(*state, sign_up, 201, check_sign_up);
}

static const char *token;

/* The longest way: a caller whose rank is asked for, an organization by its id. */
static const struct reply *sign_up_by_admin(struct world *w, int round)
{
    struct str json = arena_printf(w->fixture->arena,
                                   "{\"email\":\"round%d@example.org\",\"password\":\"a good password\","
                                   "\"firstName\":\"A\",\"lastName\":\"B\",\"role\":\"ADMIN\","
                                   "\"organizationId\":\"" ACME_ID "\"}",
                                   round);
    return ASK(w, .method = "POST", .target = "/api/auth/register", .token = token, .json = json.at);
}

/* The organization of the token. */
static const struct reply *sign_up_by_member(struct world *w, int round)
{
    struct str json = arena_printf(w->fixture->arena,
                                   "{\"email\":\"round%d@example.org\",\"password\":\"a good password\","
                                   "\"firstName\":\"A\",\"lastName\":\"B\"}",
                                   round);
    return ASK(w, .method = "POST", .target = "/api/auth/register", .token = token, .json = json.at);
}

static void test_faults__registration_by_a_caller(void **state)
{
    token = token_for(*state, "admin@acme.example", "localhost");
    torture(*state, sign_up_by_admin, 201, check_sign_up);
    torture(*state, sign_up_by_member, 201, check_sign_up);
}

/* ---- change of password ---- */

#define ODD  "the odd password"
#define EVEN "the even password"

static const char *current = PASSWORD;

static const char *next_password(void)
{
    return strcmp(current, ODD) == 0 ? EVEN : ODD;
}

static const struct reply *change(struct world *w, int round)
{
    (void)round;
    struct str json = arena_printf(w->fixture->arena, "{\"current_password\":\"%s\",\"new_password\":\"%s\"}",
                                   current, next_password());
    return ASK(w, .method = "POST", .target = "/api/auth/change-password", .host = "acme.localhost",
               .token = token, .json = json.at);
}

static bool is_password(struct world *w, const char *password)
{
    struct str json =
        arena_printf(w->fixture->arena, "{\"email\":\"rep@acme.example\",\"password\":\"%s\"}", password);
    int status = ASK(w, .method = "POST", .target = "/api/auth/login", .json = json.at)->status;
    assert_true(status == 200 || status == 401);
    return status == 200;
}

/* What was answered is what holds; when the outcome was not known, one of the two holds. */
static void check_change(struct world *w, int round, const struct reply *reply, enum storage_status fault)
{
    (void)round;
    const char *next = next_password();
    bool was_changed = reply->status == 200, is_new = is_password(w, next);
    assert_true(is_new == was_changed || (fault == STORAGE_UNCERTAIN && !was_changed));
    assert_true(is_new != is_password(w, current));
    if (is_new)
        current = next;
}

static void test_faults__change_of_password(void **state)
{
    current = PASSWORD;
    token = token_for(*state, "rep@acme.example", "localhost");
    torture(*state, change, 200, check_change);
}

/* ---- sign-in and reading ---- */

static const struct reply *crm_login(struct world *w, int round)
{
    (void)round;
    return ASK(w, .method = "POST", .target = "/api/auth/login",
               .json = "{\"email\":\"rep@acme.example\",\"password\":\"" PASSWORD "\"}");
}

static const struct reply *assets_login(struct world *w, int round)
{
    (void)round;
    return ASK(w, .method = "POST", .target = "/api/auth/login", .host = "acme.localhost",
               .form = "username=rep%40acme.example&password=correct+horse+battery");
}

static void test_faults__logins(void **state)
{
    torture(*state, crm_login, 200, NULL);
    torture(*state, assets_login, 200, NULL);
}

static const struct reply *me(struct world *w, int round)
{
    (void)round;
    return ASK(w, .target = "/api/auth/me", .host = "acme.localhost", .token = token);
}

static const struct reply *verify(struct world *w, int round)
{
    (void)round;
    return ASK(w, .target = "/api/auth/verify-token", .token = token);
}

static const struct reply *branding(struct world *w, int round)
{
    (void)round;
    return ASK(w, .target = "/api/public/branding", .host = "acme.localhost");
}

static void test_faults__reading(void **state)
{
    token = token_for(*state, "rep@acme.example", "localhost");
    torture(*state, me, 200, NULL);
    torture(*state, verify, 200, NULL);
    torture(*state, branding, 200, NULL);
}

/* ---- refused sign-ins: counted and written down, or neither ---- */

static const struct reply *refused_login(struct world *w, int round)
{
    struct str json =
        arena_printf(w->fixture->arena, "{\"email\":\"r%d@acme.example\",\"password\":\"no\"}", round);
    return ASK(w, .method = "POST", .target = "/api/v1/auth/login", .header = { "x-tenant", "acme" },
               .json = json.at);
}

static void check_refusal(struct world *w, int round, const struct reply *reply, enum storage_status fault)
{
    (void)round, (void)reply, (void)fault;
    assert_int_equal(
        count_of(w, "SELECT count(*) FROM audit_log WHERE action = 'session.refused'", DB_NO_ARGS),
        count_of(w, "SELECT count(*) FROM sign_in_failures", DB_NO_ARGS));
}

static void test_faults__refused_logins(void **state)
{
    torture(*state, refused_login, 401, check_refusal);
}

/* ---- a new tenant ---- */

static const struct reply *new_tenant(struct world *w, int round)
{
    struct str json =
        arena_printf(w->fixture->arena,
                     "{\"name\":\"round %d\",\"owner\":{\"name\":\"A\",\"email\":\"round%d@example.org\","
                     "\"password\":\"a good password\"}}",
                     round, round);
    return ASK(w, .method = "POST", .target = "/api/v1/tenants", .json = json.at);
}

static void check_new_tenant(struct world *w, int round, const struct reply *reply, enum storage_status fault)
{
    static const char *const counts[] = {
        "SELECT count(*) FROM tenants WHERE slug = $1",
        "SELECT count(*) FROM users WHERE email_normal = $1 || '@example.org'",
        "SELECT count(*) FROM memberships m JOIN tenants t ON t.id = m.tenant_id WHERE t.slug = $1",
        "SELECT count(*) FROM sessions s JOIN tenants t ON t.id = s.tenant_id WHERE t.slug = $1",
        "SELECT count(*) FROM audit_heads h JOIN tenants t ON t.id = h.tenant_id WHERE t.slug = $1 AND h.seq "
        "= 3",
        "SELECT count(*) FROM tenant_usage u JOIN tenants t ON t.id = u.tenant_id WHERE t.slug = $1",
    };
    struct str slug = arena_printf(w->fixture->arena, "round-%d", round);
    struct str local = arena_printf(w->fixture->arena, "round%d", round);
    int64_t made = count_of(w, counts[0], DB_ARGS(db_text(slug)));
    assert_true(reply->status == 201 ? made == 1 : made == 0 || fault == STORAGE_UNCERTAIN);
    for (size_t i = 1; i < sizeof counts / sizeof counts[0]; i++)
        assert_int_equal(count_of(w, counts[i], DB_ARGS(db_text(i == 1 ? local : slug))), made);
}

static void test_faults__tenant_registration_is_whole_or_nothing(void **state)
{
    torture(*state, new_tenant, 201, check_new_tenant);
}

/* ---- reading over v1 ---- */

static const char *v1_target;

static const struct reply *v1_get(struct world *w, int round)
{
    (void)round;
    return ASK(w, .target = v1_target, .header = { "x-tenant", "acme" }, .token = token);
}

static void test_faults__reading_v1(void **state)
{
    static const char *const targets[] = {
        "/api/v1/auth/me",
        "/api/v1/auth/tenants",
        "/api/v1/auth/sessions",
        "/api/v1/usage",
        "/api/v1/audit",
        "/api/v1/audit?format=jsonl",
        "/api/v1/authz/explain?user=6&permission=assets.view",
    };
    token = token_for(*state, "admin@acme.example", "localhost");
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        v1_target = targets[i];
        torture(*state, v1_get, 200, NULL);
    }
}

/* ---- readiness ---- */

static void test_faults__readyz_says_503_and_healthz_does_not_care(void **state)
{
    struct world *w = *state;
    storage_fault_set(1, STORAGE_GONE, true);
    assert_reply(ASK(w, .target = "/readyz"), 503, "{\"detail\":\"The database does not answer.\"}");
    assert_reply(ASK(w, .target = "/healthz"), 200, "{\"status\":\"ok\"}");
    assert_status(branding(w, 0), 503);
    recover(w);
    assert_status(ASK(w, .target = "/readyz"), 200);
    assert_status(branding(w, 0), 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_faults__registration_is_whole_or_nothing),
        TEST(test_faults__registration_by_a_caller),
        TEST(test_faults__change_of_password),
        TEST(test_faults__logins),
        TEST(test_faults__reading),
        TEST(test_faults__refused_logins),
        TEST(test_faults__tenant_registration_is_whole_or_nothing),
        TEST(test_faults__reading_v1),
        TEST(test_faults__readyz_says_503_and_healthz_does_not_care),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
