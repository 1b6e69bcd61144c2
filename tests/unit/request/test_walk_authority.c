/* Authority that is kept between requests: it is used, and never stale. */
#include "walk_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "identity/sign_in.h"
#include "storage/changes.h"
#include "storage/decorate.h"

#define ACME   "acme.msp.example"
#define LIMITS "tenancy: { root_domain: msp.example }\nrate_limits: { default: 3/hour }\n"
#define PLAIN  "tenancy: { root_domain: msp.example }\nrate_limits: { enabled: false }\n"
#define DAY    (24 * 3600 * CLOCK_SECOND)

static int up(void **state)
{
    (void)state;
    world_new(NULL);
    return 0;
}

static int up_limited(void **state)
{
    (void)state;
    world_new(LIMITS);
    return 0;
}

static int down(void **state)
{
    (void)state;
    clock_shift_for_tests(0);
    world_free();
    return 0;
}

static int64_t id_of(const char *slug)
{
    struct tenant tenant;
    struct db_conn *conn = db_connect(world.db);
    assert_int_equal(tenant_by_slug(conn, world.arena, str_of(slug), &tenant), STORAGE_ROW);
    db_disconnect(&conn);
    return tenant.id;
}

/* ---- changes, each in a transaction like those of the house ---- */

struct change {
    const char *sql; /* with $1 = id; NULL: none */
    int64_t id;
    enum db_subject subject;
    int64_t subject_id;
    db_tx_fn also;
};

static enum storage_status make_change(struct db_conn *conn, void *context)
{
    const struct change *change = context;
    enum storage_status s = STORAGE_OK;
    if (change->sql)
        s = db_exec(conn, change->sql, DB_ARGS(db_int(change->id)), NULL);
    if (s == STORAGE_OK && change->subject)
        s = db_touch(conn, change->subject, change->subject_id);
    return s == STORAGE_OK && change->also ? change->also(conn, context) : s;
}

static void apply_on(struct db_conn *conn, struct change change)
{
    assert_int_equal(db_transaction(conn, STORAGE_WRITE, make_change, &change), STORAGE_OK);
}

static void apply(struct change change)
{
    struct db_conn *conn = db_connect(world.db);
    apply_on(conn, change);
    db_disconnect(&conn);
}

static enum storage_status revoke_sessions(struct db_conn *conn, void *context)
{
    const struct change *change = context;
    return session_revoke_others(conn, change->id, 0, clock_now());
}

static enum storage_status revoke_session(struct db_conn *conn, void *context)
{
    const struct change *change = context;
    return session_revoke(conn, change->id, clock_now());
}

static enum storage_status set_password(struct db_conn *conn, void *context)
{
    const struct change *change = context;
    enum storage_status s = user_set_password_hash(conn, change->id, STR("*"), STR("new"), clock_now());
    return s == STORAGE_OK ? session_revoke_others(conn, change->id, 0, clock_now()) : s;
}

static enum storage_status add_domain(struct db_conn *conn, void *context)
{
    const struct change *change = context;
    struct tenant_domain domain = { change->id, STR("acme"), STR("new.example") };
    return tenant_add_domain(conn, world.config, &domain);
}

static enum storage_status join(struct db_conn *conn, void *context)
{
    const struct change *change = context;
    return membership_insert(conn, change->id, world.users[ANNA], STR("viewer"), 1);
}

/* ---- kept ---- */

struct warm {
    struct ask ask;
    int64_t look_ups;
};

static const struct warm warms[] = {
    { { .target = "/warm/public", .host = ACME }, 1 },
    { { .target = "/warm/public" }, 1 },
    { { .target = "/warm/public", .host = "assets.acme.example" }, 1 },
    { { .target = "/warm/member", .host = ACME, .who = ANNA }, 3 },
    { { .target = "/warm/permission?tenant=acme", .host = ACME, .who = ANNA }, 3 },
    { { .target = "/warm/permission", .who = SARA }, 4 },               /* decided in the root scope, again */
    { { .target = "/warm/permission?tenant=globex", .who = SARA }, 5 }, /* and for the tenant */
    { { .target = "/token/warm", .who = GINA }, 4 },
    { { .target = "/header/warm", .who = ANNA, .headers = { "X-Tenant: acme" } }, 4 },
};
#define WARM_COUNT (sizeof(warms) / sizeof(warms[0]))

static void test_authority__a_warm_request_asks_no_storage(void **state)
{
    (void)state;
    for (size_t i = 0; i < WARM_COUNT; i++) {
        world_forget();
        storage_fault_set(0, STORAGE_OK, false);
        assert_int_equal(ask(warms[i].ask), 200);
        assert_false(world.admitted_only);
        assert_true(storage_fault_calls() > 0);
        char *first = strdup(answer_body());
        size_t headers = world.call->reply.header_count;
        storage_fault_set(0, STORAGE_OK, false);
        assert_int_equal(ask(warms[i].ask), 200);
        assert_true(world.admitted_only);
        assert_int_equal(storage_fault_calls(), 0);
        assert_string_equal(answer_body(), first);
        assert_int_equal(world.call->reply.header_count, headers);
        free(first);
    }
}

static void test_authority__other_routes_use_it_on_a_worker(void **state)
{
    (void)state;
    assert_int_equal(ASK(.target = "/host/permission", .host = ACME, .who = ANNA), 200);
    storage_fault_set(0, STORAGE_OK, false);
    assert_int_equal(ASK(.target = "/host/permission", .host = ACME, .who = ANNA), 200);
    assert_false(world.admitted_only);
    assert_int_equal(storage_fault_calls(), 0);
}

/* One node alone owns its data: what it knows is right, whether the disk answers or not. */
static void test_authority__outlives_a_storage_failure(void **state)
{
    (void)state;
    ASK(.target = "/warm/member", .host = ACME, .who = ANNA);
    world_break_storage(STORAGE_GONE);
    assert_int_equal(ASK(.target = "/warm/member", .host = ACME, .who = ANNA), 200);
    assert_int_equal(ASK(.target = "/warm/member", .host = ACME, .who = BOB), 503);
}

static void test_authority__counts_each_look_up_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < WARM_COUNT; i++) {
        for (int round = 0; round < 2; round++) {
            if (round == 0)
                world_forget();
            int64_t hits = metric_value(METRIC_AUTHORITY_HITS);
            int64_t misses = metric_value(METRIC_AUTHORITY_MISSES);
            assert_int_equal(ask(warms[i].ask), 200);
            hits = metric_value(METRIC_AUTHORITY_HITS) - hits;
            misses = metric_value(METRIC_AUTHORITY_MISSES) - misses;
            assert_int_equal(hits + misses, warms[i].look_ups);
            if (round == 1)
                assert_int_equal(misses, 0);
            else
                assert_true(misses > 0);
        }
    }
}

/* Nothing kept gets old, even if nobody ever says that it changed. */
static void test_authority__is_read_again_after_a_minute(void **state)
{
    (void)state;
    for (size_t i = 0; i < WARM_COUNT; i++) {
        const int64_t ages[] = { 0, 50, 61, -30, -61 };
        for (size_t j = 0; j < sizeof ages / sizeof ages[0]; j++) {
            clock_shift_for_tests(100 * CLOCK_SECOND);
            world_forget();
            int64_t before = metric_value(METRIC_AUTHORITY_MISSES);
            assert_int_equal(ask(warms[i].ask), 200);
            int64_t all = metric_value(METRIC_AUTHORITY_MISSES) - before;
            clock_shift_for_tests((100 + ages[j]) * CLOCK_SECOND);
            before = metric_value(METRIC_AUTHORITY_MISSES);
            assert_int_equal(ask(warms[i].ask), 200);
            bool is_old = ages[j] > 60 || ages[j] < -60;
            assert_int_equal(metric_value(METRIC_AUTHORITY_MISSES) - before, is_old ? all : 0);
        }
    }
}

static void test_authority__a_kept_answer_does_not_live_on_by_being_used(void **state)
{
    (void)state;
    ASK(.target = "/warm/member", .host = ACME, .who = ANNA);
    for (int64_t age = 20; age <= 40; age += 20) {
        clock_shift_for_tests(age * CLOCK_SECOND);
        assert_int_equal(ASK(.target = "/warm/member", .host = ACME, .who = ANNA), 200);
        assert_true(world.admitted_only);
    }
    clock_shift_for_tests(61 * CLOCK_SECOND);
    world_break_storage(STORAGE_GONE);
    assert_int_equal(ASK(.target = "/warm/member", .host = ACME, .who = ANNA), 503);
}

static void test_authority__bad_input_is_answered_warm_too(void **state)
{
    (void)state;
    ASK(.target = "/warm/member", .host = ACME, .who = ANNA);
    assert_int_equal(ASK(.target = "/warm/member?limit=0", .host = ACME, .who = ANNA), 422);
    assert_true(world.admitted_only);
    assert_string_equal(answer_text("field"), "limit");
    assert_int_equal(ASK(.target = "/warm/member?limit=5&tenant=globex", .host = ACME, .who = ANNA), 403);
    assert_true(world.admitted_only);
    assert_int_equal(ASK(.target = "/warm/permission", .host = ACME, .who = BOB), 403);
    assert_int_equal(ASK(.target = "/warm/permission", .host = ACME, .who = BOB), 403);
    assert_true(world.admitted_only);
    assert_string_equal(answer_text("required_permission"), "assets.delete");
}

/* ---- changes act on the next request ---- */

static struct change user_change(const char *sql, enum who who)
{
    return (struct change){ sql, world.users[who], SUBJECT_USER, world.users[who], NULL };
}

static struct change directory_change(const char *sql, const char *slug)
{
    return (struct change){ sql, id_of(slug), SUBJECT_DIRECTORY, 0, NULL };
}

#define SUSPEND_TENANT "UPDATE tenants SET status = 'suspended' WHERE id = $1"
#define REINSTATE      "UPDATE memberships SET status = 'active' WHERE user_id = $1"
#define SUSPEND        "UPDATE memberships SET status = 'suspended' WHERE user_id = $1"

/* Whether the answer came from what was kept. Leaves a new world. */
static bool assert_acts(struct ask warm, struct change change, int status)
{
    assert_int_equal(ask(warm), 200);
    assert_int_equal(ask(warm), 200);
    assert_true(world.admitted_only);
    apply(change);
    int got = ask(warm);
    if (got != status)
        fail_msg("%s: %d, expected %d: %s", warm.target, got, status, answer_body());
    bool admitted = world.admitted_only;
    world_free();
    world_new(NULL);
    return admitted;
}

static void test_authority__a_change_acts_on_the_next_request(void **state)
{
    (void)state;
    const struct ask anna = { .target = "/warm/permission", .host = ACME, .who = ANNA };
    const struct ask sara = { .target = "/warm/permission?tenant=acme", .who = SARA };
    const struct ask gina = { .target = "/token/warm", .who = GINA };
    const struct ask header = { .target = "/header/warm", .who = ANNA, .headers = { "X-Tenant: acme" } };
    const struct ask domain = { .target = "/warm/member", .host = "assets.acme.example", .who = ANNA };
    assert_acts(anna, (struct change){ .id = world.users[ANNA], .also = revoke_sessions }, 401);
    assert_acts(gina, (struct change){ .id = world.users[GINA], .also = revoke_sessions }, 401);
    assert_acts(anna, (struct change){ .id = world.users[ANNA], .also = set_password }, 401);
    assert_acts(anna, user_change("UPDATE users SET status = 'disabled' WHERE id = $1", ANNA), 401);
    assert_acts(gina, user_change("UPDATE users SET status = 'disabled' WHERE id = $1", GINA), 401);
    assert_acts(anna, user_change(SUSPEND, ANNA), 403);
    assert_acts(header, user_change(SUSPEND, ANNA), 403);
    assert_acts(anna, user_change("DELETE FROM memberships WHERE user_id = $1", ANNA), 403);
    assert_acts(anna, user_change("UPDATE memberships SET role = 'viewer' WHERE user_id = $1", ANNA), 403);
    assert_acts(sara, user_change(SUSPEND, SARA), 403);
    assert_acts(sara, user_change("UPDATE memberships SET role = 'viewer' WHERE user_id = $1", SARA), 403);
    assert_acts(anna, directory_change(SUSPEND_TENANT, "acme"), 403);
    assert_acts(header, directory_change(SUSPEND_TENANT, "acme"), 403);
    assert_acts(sara, directory_change(SUSPEND_TENANT, "acme"), 200); /* staff may */
    assert_acts(anna, directory_change("UPDATE tenants SET slug = 'other' WHERE id = $1", "acme"), 404);
    assert_acts(domain, directory_change("DELETE FROM tenant_domains WHERE tenant_id = $1", "acme"), 404);
    assert_acts(domain, directory_change("UPDATE tenant_domains SET tenant_id = $1", "globex"), 403);
    /* A tenant's roles are read again; somebody else's affair changes nothing. */
    assert_false(assert_acts(anna, (struct change){ NULL, 0, SUBJECT_TENANT, id_of("acme"), NULL }, 200));
    assert_true(assert_acts(anna, user_change(SUSPEND, BOB), 200));
}

static void test_authority__one_session_of_several_ends(void **state)
{
    (void)state;
    const struct ask warm = { .target = "/warm/member", .host = ACME, .who = ANNA };
    struct signed_in other;
    struct db_conn *conn = db_connect(world.db);
    assert_int_equal(session_open(conn, world.config, world.arena, world.users[ANNA], id_of("acme"), STR("a"),
                                  STR("b"), &other),
                     STORAGE_OK);
    db_disconnect(&conn);
    struct str first = world.tokens[ANNA];
    assert_int_equal(ask(warm), 200);
    world.tokens[ANNA] = other.token;
    assert_int_equal(ask(warm), 200);
    assert_int_equal(ask(warm), 200);
    assert_true(world.admitted_only);
    apply((struct change){ .id = other.session.id, .also = revoke_session });
    assert_int_equal(ask(warm), 401);
    world.tokens[ANNA] = first;
    assert_int_equal(ask(warm), 200);
}

/* Rights that were taken and given back are what the database says, not what was kept before. */
static void test_authority__rights_come_back(void **state)
{
    (void)state;
    const struct ask warm = { .target = "/warm/member", .host = ACME, .who = ANNA };
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(warm), 200);
        apply(user_change(SUSPEND, ANNA));
        assert_int_equal(ask(warm), 403);
        apply(user_change(REINSTATE, ANNA));
        assert_int_equal(ask(warm), 200);
        assert_int_equal(ask(warm), 200);
        assert_true(world.admitted_only);
    }
}

static void test_authority__what_is_new_is_found(void **state)
{
    (void)state;
    assert_int_equal(ASK(.target = "/warm/public", .host = "new.example"), 404);
    apply((struct change){ .id = id_of("acme"), .also = add_domain });
    assert_int_equal(ASK(.target = "/warm/public", .host = "new.example"), 200);
    assert_int_equal(ASK(.target = "/warm/member", .host = "globex.msp.example", .who = ANNA), 403);
    apply((struct change){ .id = id_of("globex"), .also = join });
    assert_int_equal(ASK(.target = "/warm/member", .host = "globex.msp.example", .who = ANNA), 200);
}

static void reload(const char *secret, const char *rest)
{
    struct config_error error;
    struct str text = arena_printf(world.arena, "tokens: { secret_key: \"%s\" }\n%s", secret, rest);
    struct config *config = config_parse("test.yaml", text, &error);
    if (!config)
        fail_msg("%s", error.text);
    walk_reload(world.walk, config);
}

static void test_authority__a_new_configuration_acts_on_the_next_request(void **state)
{
    (void)state;
    const struct ask warm = { .target = "/warm/member", .host = ACME, .who = ANNA };
    const char *secret = "0123456789abcdef0123456789abcdef";
    const char *other = "fedcba9876543210fedcba9876543210";
    ask(warm);
    ask(warm);
    assert_true(world.admitted_only);
    reload(secret, "tenancy: { root_domain: other.example }\nrate_limits: { enabled: false }\n");
    assert_int_equal(ask(warm), 404);
    reload(secret, "tenancy: { root_domain: other.example, domains: { acme.msp.example: globex } }\n"
                   "rate_limits: { enabled: false }\n");
    assert_int_equal(ask(warm), 403); /* a member of acme, not of globex */
    reload(secret, PLAIN);
    assert_int_equal(ask(warm), 200);
    reload(other, PLAIN);
    assert_int_equal(ask(warm), 401);
    reload(secret, PLAIN);
    assert_int_equal(ask(warm), 200);
}

/* ---- a tenant suspended in the middle of a request ---- */

static atomic_bool suspend_meanwhile;

enum storage_status __real_host_resolve(struct db_conn *conn, const struct config *config,
                                        struct arena *arena, struct str host, enum host_scope *ret_scope,
                                        struct tenant *ret);
enum storage_status __wrap_host_resolve(struct db_conn *conn, const struct config *config,
                                        struct arena *arena, struct str host, enum host_scope *ret_scope,
                                        struct tenant *ret);
enum storage_status __wrap_host_resolve(struct db_conn *conn, const struct config *config,
                                        struct arena *arena, struct str host, enum host_scope *ret_scope,
                                        struct tenant *ret)
{
    enum storage_status s = __real_host_resolve(conn, config, arena, host, ret_scope, ret);
    if (atomic_exchange(&suspend_meanwhile, false))
        apply((struct change){ SUSPEND_TENANT, ret->id, SUBJECT_DIRECTORY, 0, NULL });
    return s;
}

/* The request under way saw the tenant before; what it decides must not be kept for the ones that come. */
static void test_authority__a_decision_about_an_active_tenant_is_none_about_a_suspended(void **state)
{
    (void)state;
    const struct ask warm = { .target = "/warm/member", .host = ACME, .who = ANNA };
    suspend_meanwhile = true;
    ask(warm);
    assert_false(suspend_meanwhile);
    assert_int_equal(ask(warm), 403);
    assert_string_equal(answer_text("word"), "tenant-suspended");
    assert_int_equal(ask(warm), 403);
}

/* ---- rate limits ---- */

static int remaining(void)
{
    int64_t number = -1;
    assert_true(str_to_int(str_of(answer_header("x-ratelimit-remaining")), &number));
    return (int)number;
}

static void test_authority__a_walk_that_goes_cold_counts_once(void **state)
{
    (void)state;
    const struct ask warm = { .target = "/warm/member", .host = ACME, .who = ANNA };
    assert_int_equal(ask(warm), 200); /* cold at the host, before anything was counted */
    assert_int_equal(remaining(), 2);
    /* Cold at the grant, after the user was counted. */
    apply((struct change){ NULL, 0, SUBJECT_TENANT, id_of("acme"), NULL });
    assert_int_equal(ask(warm), 200);
    assert_false(world.admitted_only);
    assert_int_equal(remaining(), 1);
    assert_int_equal(answer_header_count("x-ratelimit-remaining"), 1);
    assert_int_equal(ask(warm), 200);
    assert_true(world.admitted_only);
    assert_int_equal(remaining(), 0);
    assert_int_equal(ask(warm), 429);
    assert_true(world.admitted_only);
}

static void test_authority__failures_that_go_cold_count_once(void **state)
{
    (void)state;
    for (int left = 2; left >= 0; left--) {
        assert_int_equal(
            ASK(.target = "/warm/member", .host = ACME, .headers = { "Authorization: Bearer x" }), 401);
        assert_int_equal(remaining(), left);
    }
    for (int left = 2; left >= 0; left--) {
        assert_int_equal(ASK(.target = "/warm/public", .host = "x.example", .peer = "192.0.2.9"), 404);
        assert_int_equal(remaining(), left);
    }
}

/* Whoever floods with them makes no work for anybody but the loop that took them. */
static void test_authority__forged_tokens_reach_no_worker(void **state)
{
    (void)state;
    const struct ask bad = { .target = "/warm/member",
                             .host = ACME,
                             .headers = { "Authorization: Bearer a.b.c" } };
    for (int i = 0; i < 6; i++) {
        assert_int_equal(ask(bad), i < 3 ? 401 : 429);
        assert_int_equal(world.admitted_only, i > 0); /* at first the host is looked up */
    }
    assert_int_equal(ASK(.target = "/warm/member", .host = ACME, .who = ANNA), 200);
}

/* ---- what is not kept ---- */

static void assert_reads(struct ask asked, int status)
{
    for (int i = 0; i < 3; i++) {
        storage_fault_set(0, STORAGE_OK, false);
        assert_int_equal(ask(asked), status);
        assert_true(storage_fault_calls() > 0);
        assert_false(world.admitted_only);
    }
}

static void test_authority__what_was_not_found_is_not_kept(void **state)
{
    (void)state;
    assert_reads((struct ask){ .target = "/header/warm", .who = ANNA, .headers = { "X-Tenant: nobody" } },
                 404);
    assert_reads((struct ask){ .target = "/warm/member", .host = ACME, .who = GINA }, 403);
    assert_reads((struct ask){ .target = "/warm/member", .host = ACME, .who = SUE }, 403);
    assert_reads((struct ask){ .target = "/warm/member", .host = "frozen.msp.example", .who = FRED }, 403);
    apply((struct change){ .id = world.users[ANNA], .also = revoke_sessions });
    assert_reads((struct ask){ .target = "/warm/member", .host = ACME, .who = ANNA }, 401);
}

/* A default tenant answers for every host there is: none of them takes a tenant's place. */
static void test_authority__hosts_of_the_default_tenant_are_kept_apart(void **state)
{
    (void)state;
    reload("0123456789abcdef0123456789abcdef",
           "tenancy: { root_domain: msp.example, default_tenant: acme }\nrate_limits: { enabled: false }\n");
    assert_int_equal(ASK(.target = "/warm/public", .host = ACME), 200);
    for (int i = 0; i < 8192; i++) {
        struct str host = arena_printf(world.arena, "h%d.example", i);
        assert_int_equal(ask((struct ask){ .target = "/warm/public", .host = host.at }), 200);
    }
    assert_int_equal(ASK(.target = "/warm/public", .host = "h8191.example"), 200);
    assert_true(world.admitted_only);
    assert_int_equal(ASK(.target = "/warm/public", .host = ACME), 200);
    assert_true(world.admitted_only);
}

/* That a host is nobody's is forgotten once it is somebody's. */
static void test_authority__a_new_domain_ends_what_was_kept_of_its_absence(void **state)
{
    (void)state;
    const struct ask new_host = { .target = "/warm/public", .host = "new.example" };
    assert_int_equal(ask(new_host), 404);
    assert_int_equal(ask(new_host), 404);
    assert_true(world.admitted_only);
    apply((struct change){ .sql = "INSERT INTO tenant_domains (host, tenant_id, created_at) "
                                  "VALUES ('new.example', $1, 1)",
                           .id = id_of("acme"),
                           .subject = SUBJECT_DIRECTORY });
    assert_int_equal(ask(new_host), 200);
}

static void test_authority__a_failed_load_is_not_kept(void **state)
{
    (void)state;
    int failures = 0;
    const struct ask warm = { .target = "/warm/member", .host = ACME, .who = ANNA };
    ask(warm); /* connects */
    for (int nth = 1;; nth++) {
        world_forget();
        storage_fault_set(nth, STORAGE_ERROR, false);
        int status = ask(warm);
        bool failed = storage_fault_calls() >= nth;
        world_mend_storage();
        if (!failed)
            break;
        failures++;
        assert_int_equal(status, 500);
        assert_int_equal(ask(warm), 200);
        assert_false(world.admitted_only);
        assert_int_equal(ask(warm), 200);
        assert_true(world.admitted_only);
    }
    assert_true(failures >= 3);
}

/* A name as long as this does not fit. It is read each time, and it is whole. */
static void test_authority__what_does_not_fit_is_read(void **state)
{
    (void)state;
    char name[2000];
    memset(name, 'n', sizeof(name));
    struct db_args args = DB_ARGS(db_text(str_from(name, sizeof(name))), db_int(world.users[ANNA]));
    world_exec("UPDATE users SET name = $1 WHERE id = $2", args);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ASK(.target = "/warm/member", .host = ACME, .who = ANNA), 200);
        assert_false(world.admitted_only);
        assert_int_equal(world.call->principal.name.len, sizeof(name));
    }
}

/* ---- time ---- */

static void test_authority__a_kept_session_expires(void **state)
{
    (void)state;
    const struct ask warm = { .target = "/warm/member", .host = ACME, .who = ANNA };
    clock_shift_for_tests(7 * DAY - 30 * CLOCK_SECOND);
    ask(warm);
    assert_int_equal(ask(warm), 200);
    assert_true(world.admitted_only);
    clock_shift_for_tests(7 * DAY);
    assert_int_equal(ask(warm), 401);
    assert_string_equal(answer_text("word"), "token-expired");
}

/* ---- threads ---- */

/* ALLOWED and DENIED stand when the change was answered; in between anything may be true. */
enum phase { ALLOWED = 0, DENYING, DENIED, ALLOWING };

#define ASKERS  4
#define CHANGES 60

static struct {
    atomic_uint phase; /* its number modulo 4 is the phase */
    atomic_bool over;
    atomic_int wrong, allowed, denied, warm;
    int denied_status;
    struct ask ask;
} race;

static int walk_one(struct walk_worker *worker)
{
    enum lane lane;
    struct call *call = call_for(race.ask);
    bool warm = walk_admit(world.walk, call, &lane);
    if (!warm)
        assert_true(walk_run(worker, call, clock_monotonic_us(), &lane));
    int status = call->reply.status;
    atomic_fetch_add(&race.warm, warm && status == 200);
    call_free(&call);
    return status;
}

/* A request that began and ended within one phase is that phase's. */
static void *ask_on(void *context)
{
    (void)context;
    struct walk_worker *worker = walk_worker_new(world.walk, LANE_GENERAL);
    while (!atomic_load(&race.over)) {
        unsigned before = atomic_load(&race.phase);
        int status = walk_one(worker);
        if (atomic_load(&race.phase) != before || before % 2 != 0)
            continue;
        bool denied = before % 4 == DENIED;
        atomic_fetch_add(denied ? &race.denied : &race.allowed, 1);
        atomic_fetch_add(&race.wrong, status != (denied ? race.denied_status : 200));
    }
    walk_worker_free(&worker);
    return NULL;
}

static void await_more(atomic_int *count)
{
    int seen = atomic_load(count);
    while (atomic_load(count) < seen + ASKERS)
        sched_yield();
}

static void run_race(struct ask asked, struct change deny, struct change allow, int denied_status)
{
    pthread_t threads[ASKERS];
    memset(&race, 0, sizeof(race));
    race.ask = asked;
    race.denied_status = denied_status;
    struct db_conn *conn = db_connect(world.db);
    for (int i = 0; i < ASKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_on, NULL), 0);
    for (int i = 0; i < CHANGES; i++) {
        await_more(&race.allowed);
        atomic_fetch_add(&race.phase, 1);
        apply_on(conn, deny);
        atomic_fetch_add(&race.phase, 1);
        await_more(&race.denied);
        atomic_fetch_add(&race.phase, 1);
        apply_on(conn, allow);
        atomic_fetch_add(&race.phase, 1);
    }
    atomic_store(&race.over, true);
    for (int i = 0; i < ASKERS; i++)
        pthread_join(threads[i], NULL);
    db_disconnect(&conn);
    assert_int_equal(race.wrong, 0);
    assert_true(race.warm > 0);
}

static void test_authority__no_request_after_a_suspension_succeeds(void **state)
{
    (void)state;
    run_race((struct ask){ .target = "/warm/member", .host = ACME, .who = ANNA }, user_change(SUSPEND, ANNA),
             user_change(REINSTATE, ANNA), 403);
}

static void test_authority__no_request_after_a_revocation_succeeds(void **state)
{
    (void)state;
    run_race((struct ask){ .target = "/token/warm", .who = GINA },
             (struct change){ .id = world.users[GINA], .also = revoke_sessions },
             user_change("UPDATE sessions SET revoked_at = NULL WHERE user_id = $1", GINA), 401);
}

static void test_authority__no_request_after_a_tenants_suspension_succeeds(void **state)
{
    (void)state;
    run_race((struct ask){ .target = "/warm/member", .host = ACME, .who = ANNA },
             directory_change(SUSPEND_TENANT, "acme"),
             directory_change("UPDATE tenants SET status = 'active' WHERE id = $1", "acme"), 403);
}

#define CASE(function)    cmocka_unit_test_setup_teardown(function, up, down)
#define LIMITED(function) cmocka_unit_test_setup_teardown(function, up_limited, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_authority__a_warm_request_asks_no_storage),
        CASE(test_authority__other_routes_use_it_on_a_worker),
        CASE(test_authority__outlives_a_storage_failure),
        CASE(test_authority__counts_each_look_up_once),
        CASE(test_authority__is_read_again_after_a_minute),
        CASE(test_authority__a_kept_answer_does_not_live_on_by_being_used),
        CASE(test_authority__bad_input_is_answered_warm_too),
        CASE(test_authority__a_change_acts_on_the_next_request),
        CASE(test_authority__one_session_of_several_ends),
        CASE(test_authority__rights_come_back),
        CASE(test_authority__what_is_new_is_found),
        CASE(test_authority__a_new_configuration_acts_on_the_next_request),
        CASE(test_authority__a_decision_about_an_active_tenant_is_none_about_a_suspended),
        LIMITED(test_authority__a_walk_that_goes_cold_counts_once),
        LIMITED(test_authority__failures_that_go_cold_count_once),
        LIMITED(test_authority__forged_tokens_reach_no_worker),
        CASE(test_authority__what_was_not_found_is_not_kept),
        CASE(test_authority__hosts_of_the_default_tenant_are_kept_apart),
        CASE(test_authority__a_new_domain_ends_what_was_kept_of_its_absence),
        CASE(test_authority__a_failed_load_is_not_kept),
        CASE(test_authority__what_does_not_fit_is_read),
        CASE(test_authority__a_kept_session_expires),
        CASE(test_authority__no_request_after_a_suspension_succeeds),
        CASE(test_authority__no_request_after_a_revocation_succeeds),
        CASE(test_authority__no_request_after_a_tenants_suspension_succeeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
