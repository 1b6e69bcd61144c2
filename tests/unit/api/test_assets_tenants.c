/* Tenants by the operator's staff, and a tenant's settings and domains by its own people: through the walk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "v1_fixture.h"

static struct world *w;
static const char *super, *staff, *owner, *admin, *head, *rep;

#define ACME "acme.localhost"
#define BOLT "bolt.localhost"

static int set_up_with(const char *yaml)
{
    w = world_new(yaml);
    super = v1_token(w, "msp", "super@msp.example");
    staff = v1_token(w, "msp", "staff@msp.example");
    owner = v1_token(w, "acme", "owner@acme.example");
    admin = v1_token(w, "acme", "admin@acme.example");
    head = v1_token(w, "acme", "head@acme.example");
    rep = v1_token(w, "bolt", "rep@bolt.example");
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
    return set_up_with(
        "mode: saas\nplans: { free: { assets: 50, users: 20 }, none: { users: 0 }, pro: {} }\n");
}

static int tear_down(void **state)
{
    (void)state;
    world_free(&w);
    return 0;
}

#define GET(token_, target_) ASK(w, .token = (token_), .target = (target_))
#define DO(method_, token_, target_, json_)                                                                  \
    ASK(w, .method = (method_), .token = (token_), .target = (target_), .json = (json_))
#define DETAIL(text) "{\"detail\":\"" text "\"}"
#define TENANT(id, slug, name, plan, status, root, rest)                                                     \
    "{\"id\":" id ",\"slug\":\"" slug "\",\"name\":\"" name "\",\"plan\":\"" plan "\",\"status\":\"" status  \
    "\",\"is_root\":" root "," rest ",\"created_at\":\"" V1_TIME "\""
#define PLAIN                                                                                                \
    "\"logo_url\":null,\"accent_colour\":null,\"registration\":null,\"max_assets\":null,\"max_users\":null"
#define USAGE(users, max)                                                                                    \
    ",\"usage\":[{\"limit\":\"assets\",\"used\":0,\"max\":null},{\"limit\":\"users\",\"used\":" users        \
    ",\"max\":" max "}]}"

/* ---- the list ---- */

static void test_tenants__are_listed_in_pages(void **state)
{
    (void)state;
#define MSP_ROW                  TENANT("1", "msp", "Operator", "free", "active", "true", PLAIN) "}"
#define ACME_ROW                 TENANT("2", "acme", "Acme", "free", "active", "false", PLAIN) "}"
#define BOLT_ROW                 TENANT("3", "bolt", "Bolt", "free", "active", "false", PLAIN) "}"
#define SHUT_ROW                 TENANT("4", "shut", "Shut", "free", "suspended", "false", PLAIN) "}"
#define LIST(items, next, total) "{\"items\":[" items "],\"next\":" next ",\"total\":" total "}"
    const struct reply *page = GET(super, "/api/tenants?limit=2");
    assert_holds(page, 200, "{\"items\":[" MSP_ROW "," ACME_ROW "],\"next\":\"");
    const char *next = member_of(w, page, "next");
    assert_reply(GET(super, arena_printf(w->fixture->arena, "/api/tenants?limit=2&cursor=%s", next).at), 200,
                 LIST(BOLT_ROW "," SHUT_ROW, "null", "4"));
    assert_reply(GET(super, arena_printf(w->fixture->arena, "/api/tenants?sort=-id&cursor=%s", next).at), 422,
                 DETAIL("The cursor is invalid."));
    assert_reply(GET(super, "/api/tenants?sort=-slug,id&limit=200&plan=free&status=active"), 200,
                 LIST(MSP_ROW "," BOLT_ROW "," ACME_ROW, "null", "3"));
    assert_reply(GET(super, "/api/tenants?sort=status"), 422,
                 DETAIL("The sort field names something that cannot be sorted by."));
    assert_reply(GET(super, "/api/tenants?q=OL"), 200, LIST(BOLT_ROW, "null", "1"));
    assert_reply(GET(super, "/api/tenants?q=%25"), 200, LIST("", "null", "0"));
    assert_reply(GET(super, "/api/tenants?status=suspended"), 200, LIST(SHUT_ROW, "null", "1"));
    assert_reply(GET(super, "/api/tenants?plan=pro"), 200, LIST("", "null", "0"));
    assert_reply(GET(super, "/api/tenants?plan=free&status=active&q=acm"), 200, LIST(ACME_ROW, "null", "1"));
    assert_reply(GET(super, "/api/tenants?cursor=x"), 422, DETAIL("The cursor is invalid."));
    assert_reply(GET(super, "/api/tenants?limit=201"), 422,
                 DETAIL("The limit must not be greater than 200."));
}

static void test_tenants__are_the_operators_business(void **state)
{
    (void)state;
    assert_reply(GET(staff, "/api/tenants"), 403, DETAIL("Insufficient permissions"));
    assert_status(GET(owner, "/api/tenants"), 403);
    assert_status(GET(NULL, "/api/tenants"), 401);
    assert_reply(ASK(w, .token = super, .host = ACME, .target = "/api/tenants"), 404, DETAIL("Not found"));
    assert_status(GET(super, "/api/tenants?tenant=acme"), 403);
    assert_status(GET(super, "/api/tenants?tenant=msp"), 200);
}

static void test_tenants__one_is_shown(void **state)
{
    (void)state;
    assert_reply(GET(super, "/api/tenants/acme"), 200,
                 TENANT("2", "acme", "Acme", "free", "active", "false", PLAIN) USAGE("0", "null"));
    static const char *const unknown[] = { "nosuch", "ACME", "%27", "acme%00" };
    for (size_t i = 0; i < 3; i++)
        assert_reply(GET(super, arena_printf(w->fixture->arena, "/api/tenants/%s", unknown[i]).at), 404,
                     DETAIL("Not found"));
}

/* ---- founding ---- */

static void test_tenants__are_created(void **state)
{
    (void)state;
    const struct reply *reply = DO("POST", super, "/api/tenants",
                                   "{\"slug\":\"newco\",\"name\":\" New Co \",\"logo_url\":\"/static/n.svg\","
                                   "\"accent_colour\":\"#123456\"}");
    assert_holds(reply, 201,
                 "\"slug\":\"newco\",\"name\":\"New Co\",\"plan\":\"free\",\"status\":\"active\"");
    assert_holds(reply, 201, "\"logo_url\":\"/static/n.svg\",\"accent_colour\":\"#123456\"");
    assert_string_equal(v1_audited(w, 5), "tenant.created user:1:super@msp.example -> tenant:5:New Co "
                                          "{\"slug\":\"newco\",\"plan\":\"free\"}");
    assert_reply(DO("POST", super, "/api/tenants", "{\"slug\":\"newco\",\"name\":\"X\"}"), 409,
                 DETAIL("There is a tenant of that slug already."));
    static const struct {
        const char *json;
        int status;
        const char *text;
    } refused[] = {
        { "{\"name\":\"X\"}", 422, "The slug field is required." },
        { "{\"slug\":\"New\",\"name\":\"X\"}", 422, "The slug may only contain" },
        { "{\"slug\":\"x\",\"name\":\"a\\nb\",\"logo_url\":\"javascript:x\",\"accent_colour\":\"#ffff00\"}",
          422, "A name must not hold control characters. The logo url must be an https:// address" },
        { "{\"slug\":\"x\",\"name\":\"X\",\"accent_colour\":\"#ffff00\"}", 422, "too light" },
        { "{\"slug\":\"x\",\"name\":\"X\",\"plan\":\"gold\"}", 400, "The server has no such plan." },
        { "{\"slug\":\"x\",\"name\":\"X\",\"is_root\":true}", 422, "The is_root field is not allowed." },
        { "{\"slug\":\"x\",\"name\":\"X\",\"owner\":{\"name\":\"O\"}}", 422, "The email field is required." },
        { "{\"slug\":\"x\",\"name\":\"X\",\"owner\":{\"email\":\"o@x.example\",\"password\":\"password\","
          "\"name\":\"O\"}}",
          422, "common" },
        { "{\"slug\":\"x\",\"name\":\"X\",\"owner\":{\"email\":\"o@x.example\",\"password\":\"" PASSWORD
          "\"}}",
          422, "The owner.name field is required." },
        { "{\"slug\":\"x\",\"name\":\"X\",\"owner\":{\"email\":\"rep@bolt.example\",\"password\":\"" PASSWORD
          "\",\"name\":\"B\"}}",
          409, "has an account already" },
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_holds(DO("POST", super, "/api/tenants", refused[i].json), refused[i].status, refused[i].text);
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM tenants WHERE slug = 'x'", DB_NO_ARGS), 0);
}

static void test_tenants__come_with_an_owner(void **state)
{
    (void)state;
    assert_holds(
        DO("POST", super, "/api/tenants",
           "{\"slug\":\"newco\",\"name\":\"New\",\"owner\":{\"email\":\"Ann@new.example\",\"name\":\"Ann\","
           "\"password\":\"" PASSWORD "\"}}"),
        201, "\"owner\":{\"email\":\"Ann@new.example\",\"id\":13}");
    const char *ann = v1_token(w, "newco", "ann@new.example");
    assert_holds(ASK(w, .token = ann, .host = "newco.localhost", .target = "/api/auth/me"), 200,
                 "\"role\":\"client_admin\"");
    assert_holds(GET(super, "/api/tenants/newco"), 200, "\"users\",\"used\":1");
    assert_string_equal(
        v1_audited(w, 5),
        "session.opened user:13:Ann@new.example -> session:7:Ann@new.example {\"surface\":\"v1\"}");
}

static void test_tenants__invite_an_owner(void **state)
{
    (void)state;
    const struct reply *reply =
        DO("POST", super, "/api/tenants",
           "{\"slug\":\"newco\",\"name\":\"New\",\"owner\":{\"email\":\"rep@bolt.example\"}}");
    assert_status(reply, 201);
    const char *link = member_of(w, reply, "owner.invitation_link");
    assert_true(str_starts_with(str_of(link), STR("http://newco.localhost/invite/tti_")));
    struct str json = arena_printf(w->fixture->arena, "{\"token\":\"%s\"}", strrchr(link, '/') + 1);
    assert_status(DO("POST", rep, "/api/invites/accept", json.at), 200);
    assert_holds(ASK(w, .token = rep, .host = "newco.localhost", .target = "/api/auth/me"), 200,
                 "\"role\":\"client_admin\"");
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM mail_outbox WHERE tenant_id = 5", DB_NO_ARGS), 1);
}

/* Whoever may manage tenants by a role of the operator's own gives nobody more than they have. */
static void test_tenants__no_owner_from_below(void **state)
{
    (void)state;
    world_exec(w, "INSERT INTO roles (tenant_id, slug, name, description, rank, permissions, created_at, "
                  "updated_at) VALUES (1, 'clerk', 'Clerk', '', 20, 'tenants.manage', 1, 1)");
    world_exec(w, "UPDATE memberships SET role = 'clerk' WHERE user_id = 2");
    const char *clerk = v1_token(w, "msp", "staff@msp.example");
    assert_status(DO("POST", clerk, "/api/tenants", "{\"slug\":\"one\",\"name\":\"One\"}"), 201);
    assert_holds(DO("POST", clerk, "/api/tenants",
                    "{\"slug\":\"two\",\"name\":\"Two\",\"owner\":{\"email\":\"a@two.example\"}}"),
                 403, "may do more than you");
    assert_holds(
        DO("POST", clerk, "/api/tenants",
           "{\"slug\":\"two\",\"name\":\"Two\",\"owner\":{\"email\":\"a@two.example\",\"name\":\"A\","
           "\"password\":\"" PASSWORD "\"}}"),
        403, "may do more than you");
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM tenants WHERE slug = 'two'", DB_NO_ARGS), 0);
}

static void test_tenants__plan_without_a_seat(void **state)
{
    (void)state;
    assert_reply(
        DO("POST", super, "/api/tenants",
           "{\"slug\":\"newco\",\"name\":\"New\",\"plan\":\"none\",\"owner\":{\"email\":\"a@new.example\","
           "\"name\":\"A\",\"password\":\"" PASSWORD "\"}}"),
        402,
        "{\"detail\":\"The plan allows no "
        "users\",\"limit\":\"users\",\"used\":0,\"max\":0,\"plan\":\"none\"}");
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM tenants WHERE slug = 'newco'", DB_NO_ARGS), 0);
}

/* ---- changing ---- */

static void test_tenants__are_changed(void **state)
{
    (void)state;
    assert_holds(
        DO("PATCH", super, "/api/tenants/acme",
           "{\"name\":\"Acme "
           "Ltd\",\"plan\":\"pro\",\"registration\":\"closed\",\"accent_colour\":\"#0b7285\","
           "\"max_users\":9}"),
        200,
        "\"name\":\"Acme Ltd\",\"plan\":\"pro\",\"status\":\"active\",\"is_root\":false,\"logo_url\":null,"
        "\"accent_colour\":\"#0b7285\",\"registration\":\"closed\",\"max_assets\":null,\"max_users\":9");
    assert_holds(GET(super, "/api/tenants/acme"), 200, "{\"limit\":\"users\",\"used\":0,\"max\":9}");
    assert_holds(ASK(w, .host = ACME, .target = "/api/public/branding"), 200,
                 "\"accent_colour\":\"#0b7285\"");
    assert_true(strstr(v1_audited(w, 2), "tenant.updated user:1:super@msp.example -> tenant:2:Acme ") !=
                NULL);
    assert_holds(DO("PATCH", super, "/api/tenants/acme",
                    "{\"registration\":null,\"accent_colour\":null,\"max_users\":null}"),
                 200, "\"accent_colour\":null,\"registration\":null,\"max_assets\":null,\"max_users\":null");
    int64_t rows = count_of(w, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS);
    assert_status(DO("PATCH", super, "/api/tenants/acme", "{\"name\":\"Acme Ltd\",\"status\":\"active\"}"),
                  200);
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS), rows);
    assert_reply(DO("PATCH", super, "/api/tenants/acme", "{\"plan\":\"gold\"}"), 400,
                 DETAIL("The server has no such plan."));
    assert_status(DO("PATCH", super, "/api/tenants/acme", "{\"slug\":\"other\"}"), 422);
    assert_status(DO("PATCH", super, "/api/tenants/acme", "{\"max_users\":-1}"), 422);
    assert_status(DO("PATCH", super, "/api/tenants/nosuch", "{\"name\":\"X\"}"), 404);
}

/* A limit of its own goes before the plan's, in both directions. */
static void test_tenants__own_limit_counts(void **state)
{
    (void)state;
    assert_status(DO("PATCH", super, "/api/tenants/acme", "{\"max_users\":0}"), 200);
    const char *json = "{\"email\":\"new@acme.example\",\"password\":\"" PASSWORD
                       "\",\"firstName\":\"N\",\"lastName\":\"N\"}";
    assert_holds(ASK(w, .method = "POST", .host = ACME, .target = "/api/auth/register", .json = json), 402,
                 "\"limit\":\"users\",\"used\":0,\"max\":0,\"plan\":\"free\"");
    assert_status(DO("PATCH", super, "/api/tenants/acme", "{\"max_users\":1}"), 200);
    assert_status(ASK(w, .method = "POST", .host = ACME, .target = "/api/auth/register", .json = json), 201);
}

static void test_tenants__suspension_acts_on_the_next_request(void **state)
{
    (void)state;
    assert_status(ASK(w, .token = admin, .host = ACME, .target = "/api/auth/me"), 200);
    assert_holds(DO("PATCH", super, "/api/tenants/acme", "{\"status\":\"suspended\"}"), 200,
                 "\"status\":\"suspended\"");
    assert_string_equal(v1_audited(w, 2), "tenant.suspended user:1:super@msp.example -> tenant:2:Acme ");
    assert_status(ASK(w, .token = admin, .host = ACME, .target = "/api/auth/me"), 403);
    assert_status(ASK(w, .token = staff, .host = ACME, .target = "/api/auth/me"), 200);
    assert_status(ASK(w, .token = rep, .host = BOLT, .target = "/api/auth/me"), 200);
    assert_status(DO("PATCH", super, "/api/tenants/acme", "{\"status\":\"active\"}"), 200);
    assert_string_equal(v1_audited(w, 2), "tenant.reactivated user:1:super@msp.example -> tenant:2:Acme ");
    assert_status(ASK(w, .token = admin, .host = ACME, .target = "/api/auth/me"), 200);
    assert_reply(DO("PATCH", super, "/api/tenants/msp", "{\"status\":\"suspended\"}"), 400,
                 DETAIL("The operator's own tenant is neither suspended nor deleted."));
    assert_status(DO("PATCH", super, "/api/tenants/msp", "{\"name\":\"Operators\"}"), 200);
}

/* ---- deleting ---- */

static void test_tenants__deletion_acts_on_the_next_request(void **state)
{
    (void)state;
    const char *both = v1_token(w, "acme", "both@example.com");
    const char *both_in_bolt = v1_token(w, "bolt", "both@example.com");
    assert_status(ASK(w, .token = both, .target = "/api/v1/auth/tenants"), 200);
    assert_status(ASK(w, .token = admin, .target = "/api/v1/auth/tenants"), 200);
    assert_reply(DO("DELETE", super, "/api/tenants/acme", NULL), 422,
                 DETAIL("The confirm field is required."));
    assert_reply(DO("DELETE", super, "/api/tenants/acme?confirm=bolt", NULL), 422,
                 DETAIL("The confirm must repeat the slug."));
    assert_status(DO("DELETE", super, "/api/tenants/acme?confirm=acme", NULL), 204);
    assert_status(ASK(w, .token = admin, .host = ACME, .target = "/api/auth/me"), 404);
    assert_status(ASK(w, .token = both, .target = "/api/v1/auth/tenants"), 401);
    assert_status(ASK(w, .token = admin, .target = "/api/v1/auth/tenants"), 401);
    assert_holds(ASK(w, .token = both_in_bolt, .target = "/api/v1/auth/tenants"), 200, "\"bolt\"");
    assert_status(GET(super, "/api/tenants/acme"), 404);
    assert_status(DO("DELETE", super, "/api/tenants/acme?confirm=acme", NULL), 404);
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM users WHERE id = 4", DB_NO_ARGS), 1);
    assert_true(strstr(v1_audited(w, 1), "tenant.deleted user:1:super@msp.example -> tenant:2:Acme") != NULL);
    assert_int_equal(
        count_of(w,
                 "SELECT COUNT(*) FROM audit_log WHERE action = 'tenant.deleted' AND before_json "
                 "LIKE '{\"slug\":\"acme\",\"plan\":\"free\",\"audit_rows\":%,\"audit_hash\":\"%'",
                 DB_NO_ARGS),
        1);
    assert_reply(DO("DELETE", super, "/api/tenants/msp?confirm=msp", NULL), 400,
                 DETAIL("The operator's own tenant is neither suspended nor deleted."));
    /* The slug is free, and nobody of before is in the new one. */
    assert_status(DO("POST", super, "/api/tenants", "{\"slug\":\"acme\",\"name\":\"Other\"}"), 201);
    assert_status(ASK(w, .token = both_in_bolt, .host = ACME, .target = "/api/auth/me"), 403);
}

/* ---- domains ---- */

static void test_domains__lead_to_the_tenant_at_once(void **state)
{
    (void)state;
#define BRANDING(host_) ASK(w, .host = (host_), .target = "/api/public/branding")
    assert_status(BRANDING("assets.acme.example"), 404);
    assert_holds(DO("POST", super, "/api/tenants/acme/domains", "{\"host\":\"Assets.ACME.example.\"}"), 201,
                 "{\"host\":\"assets.acme.example\",\"created_at\":\"");
    assert_string_equal(v1_audited(w, 2), "domain.registered user:1:super@msp.example -> tenant:2:Acme "
                                          "{\"host\":\"assets.acme.example\"}");
    assert_holds(BRANDING("assets.acme.example"), 200, "\"tenant_name\":\"Acme\"");
    assert_holds(GET(super, "/api/tenants/acme/domains"), 200,
                 "{\"items\":[{\"host\":\"assets.acme.example\",\"created_at\":\"");
    assert_reply(DO("POST", super, "/api/tenants/bolt/domains", "{\"host\":\"assets.acme.example\"}"), 409,
                 DETAIL("The domain belongs to a tenant already."));
    assert_status(DO("DELETE", super, "/api/tenants/bolt/domains/assets.acme.example", NULL), 404);
    assert_status(DO("DELETE", super, "/api/tenants/acme/domains/assets.acme.example", NULL), 204);
    assert_status(BRANDING("assets.acme.example"), 404);
    assert_status(DO("DELETE", super, "/api/tenants/acme/domains/assets.acme.example", NULL), 404);
}

static void test_domains__of_ones_own_tenant(void **state)
{
    (void)state;
#define OWN(method_, token_, target_, json_)                                                                 \
    ASK(w, .method = (method_), .host = ACME, .token = (token_), .target = (target_), .json = (json_))
    assert_status(OWN("POST", admin, "/api/settings/domains", "{\"host\":\"in.acme.example\"}"), 201);
    assert_holds(OWN("GET", owner, "/api/settings/domains", NULL), 200, "\"total\":1");
    assert_status(OWN("GET", head, "/api/settings/domains", NULL), 403);
    assert_status(OWN("DELETE", rep, "/api/settings/domains/in.acme.example", NULL), 403);
    assert_status(OWN("DELETE", admin, "/api/settings/domains/in.acme.example", NULL), 204);
    static const char *const none[] = { "localhost",     "a b.example", "1.2.3.4",        "[::1]",
                                        "x.example:443", "ä.example",   "user@x.example", "x.example/y",
                                        "intranet",      "-x.example",  "2130706433" };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_reply(OWN("POST", admin, "/api/settings/domains",
                         arena_printf(w->fixture->arena, "{\"host\":\"%s\"}", none[i]).at),
                     422, DETAIL("The host must be a domain name such as assets.example.com."));
    assert_reply(OWN("POST", admin, "/api/settings/domains", "{\"host\":\"bolt.localhost\"}"), 400,
                 DETAIL("The domain cannot be registered for this tenant."));
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM tenant_domains", DB_NO_ARGS), 0);
}

/* No tenant takes what leads to another: below the root domain, from the configuration, registered; and with
 * a default tenant any host at all. */
static void test_domains__are_not_taken_from_others(void **state)
{
    (void)state;
    world_free(&w);
    w = world_new("tenancy: { root_domain: localhost.example, default_tenant: bolt, "
                  "domains: { www.bolt.example: bolt, www.acme.example: acme } }\n");
    admin = token_for(w, "admin@acme.example", "acme.localhost.example");
    const char *bolt = token_for(w, "both@example.com", "bolt.localhost.example");
    super = token_for(w, "super@msp.example", "localhost.example");
    static const struct {
        const char *host;
        int by_acme, by_bolt, by_staff_for_acme;
    } cases[] = {
        { "localhost.example", 400, 400, 400 },        { "bolt.localhost.example", 400, 400, 400 },
        { "nobody.localhost.example", 400, 400, 400 }, { "a.b.localhost.example", 400, 400, 400 },
        { "www.bolt.example", 400, 201, 400 },         { "intranet.bolt.example", 400, 201, 409 },
        { "www.acme.example", 400, 400, 201 },         { "free.example", 400, 201, 409 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *json = printed(w, "{\"host\":\"%s\"}", cases[i].host);
        assert_status(ASK(w, .method = "POST", .target = "/api/settings/domains",
                          .host = "acme.localhost.example", .token = admin, .json = json),
                      cases[i].by_acme);
        assert_status(ASK(w, .method = "POST", .target = "/api/settings/domains",
                          .host = "bolt.localhost.example", .token = bolt, .json = json),
                      cases[i].by_bolt);
        assert_status(ASK(w, .method = "POST", .target = "/api/settings/domains?tenant=acme",
                          .host = "localhost.example", .token = super, .json = json),
                      cases[i].by_staff_for_acme);
    }
    assert_reply(ASK(w, .method = "POST", .target = "/api/settings/domains", .host = "acme.localhost.example",
                     .token = admin, .json = "{\"host\":\"mine.acme.example\"}"),
                 400,
                 DETAIL("Hosts that are not registered belong to another tenant here; ask the operator."));
    assert_status(ASK(w, .method = "POST", .target = "/api/tenants/acme/domains", .host = "localhost.example",
                      .token = super, .json = "{\"host\":\"mine.acme.example\"}"),
                  201);
}

static void test_domains__are_bounded(void **state)
{
    (void)state;
    for (int i = 0; i < TENANT_MAX_DOMAINS; i++)
        fixture_domain(w->fixture, 2, arena_printf(w->fixture->arena, "d%d.acme.example", i).at);
    assert_reply(OWN("POST", admin, "/api/settings/domains", "{\"host\":\"more.acme.example\"}"), 400,
                 DETAIL("The tenant has as many domains as it may have."));
}

/* ---- settings ---- */

static void test_settings__are_shown_and_changed(void **state)
{
    (void)state;
#define SETTINGS(name, logo, colour, own, effective)                                                         \
    "{\"name\":\"" name "\",\"slug\":\"acme\",\"plan\":\"free\",\"logo_url\":" logo                          \
    ",\"accent_colour\":" colour ",\"registration\":" own ",\"effective_registration\":\"" effective         \
    "\",\"public_url\":\"http://acme.localhost\"}"
    assert_reply(OWN("GET", admin, "/api/settings", NULL), 200,
                 SETTINGS("Acme", "null", "null", "null", "open"));
    assert_reply(
        OWN("PATCH", admin, "/api/settings",
            "{\"name\":\"Acme Ltd\",\"logo_url\":\"https://x.example/l.svg\",\"accent_colour\":\"#d9480f\","
            "\"registration\":\"admin\"}"),
        200, SETTINGS("Acme Ltd", "\"https://x.example/l.svg\"", "\"#d9480f\"", "\"admin\"", "admin"));
    assert_reply(OWN("PATCH", admin, "/api/settings", "{\"logo_url\":null,\"registration\":null}"), 200,
                 SETTINGS("Acme Ltd", "null", "\"#d9480f\"", "null", "open"));
    assert_status(OWN("GET", head, "/api/settings", NULL), 403);
    assert_status(OWN("PATCH", admin, "/api/settings", "{\"plan\":\"pro\"}"), 422);
    assert_status(OWN("PATCH", admin, "/api/settings", "{\"status\":\"suspended\"}"), 422);
    static const char *const logos[] = { "http://x.example/l.svg",
                                         "//x.example/l.svg",
                                         "https:///x",
                                         "l.svg",
                                         "data:image/png;base64,",
                                         "https://x.example/a b",
                                         "https://x.example/\\\"onload=" };
    for (size_t i = 0; i < sizeof logos / sizeof logos[0]; i++)
        assert_holds(OWN("PATCH", admin, "/api/settings",
                         arena_printf(w->fixture->arena, "{\"logo_url\":\"%s\"}", logos[i]).at),
                     422, "The logo url must be");
    assert_holds(ASK(w, .token = super, .target = "/api/settings?tenant=acme"), 200, "\"slug\":\"acme\"");
    assert_holds(ASK(w, .token = super, .target = "/api/settings"), 200, "\"slug\":\"msp\"");
}

static void test_settings__branding_has_its_own_permission(void **state)
{
    (void)state;
    world_exec(w, "INSERT INTO roles (tenant_id, slug, name, description, rank, permissions, created_at, "
                  "updated_at) VALUES (2, 'office', 'Office', '', 20, 'settings.manage', 1, 1)");
    world_exec(w, "UPDATE memberships SET role = 'office' WHERE user_id = 5");
    const char *office = v1_token(w, "acme", "head@acme.example");
    assert_status(OWN("PATCH", office, "/api/settings", "{\"registration\":\"closed\"}"), 200);
    assert_status(
        OWN("PATCH", office, "/api/settings", "{\"registration\":\"open\",\"accent_colour\":\"#123456\"}"),
        403);
    assert_string_equal(w->last->failure.required_permission, "branding.manage");
    assert_holds(OWN("GET", office, "/api/settings", NULL), 200, "\"registration\":\"closed\"");
}

/* ---- demo mode ---- */

static int set_up_demo(void **state)
{
    (void)state;
    return set_up_with("demo: true\n");
}

static void test_demo__stats_are_told_in_demo_mode(void **state)
{
    (void)state;
    assert_reply(ASK(w, .target = "/api/demo/stats"), 200, "{\"asset_count\":0}");
    world_exec(
        w, "INSERT INTO tenant_usage (tenant_id, kind, used) VALUES (2, 'assets', 260), (3, 'assets', 46)");
    assert_reply(ASK(w, .target = "/api/demo/stats"), 200, "{\"asset_count\":306}");
    assert_reply(ASK(w, .host = ACME, .target = "/api/demo/stats"), 200, "{\"asset_count\":260}");
    assert_reply(ASK(w, .host = BOLT, .target = "/api/demo/stats"), 200, "{\"asset_count\":46}");
}

static void test_demo__stats_are_nowhere_else(void **state)
{
    (void)state;
    assert_reply(ASK(w, .target = "/api/demo/stats"), 404, DETAIL("Not found"));
}

#define T(test_)      cmocka_unit_test_setup_teardown(test_, set_up, tear_down)
#define T_SAAS(test_) cmocka_unit_test_setup_teardown(test_, set_up_saas, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_tenants__are_listed_in_pages),
        T(test_tenants__are_the_operators_business),
        T(test_tenants__one_is_shown),
        T(test_tenants__are_created),
        T(test_tenants__come_with_an_owner),
        T(test_tenants__invite_an_owner),
        T(test_tenants__no_owner_from_below),
        T_SAAS(test_tenants__plan_without_a_seat),
        T_SAAS(test_tenants__are_changed),
        T_SAAS(test_tenants__own_limit_counts),
        T(test_tenants__suspension_acts_on_the_next_request),
        T(test_tenants__deletion_acts_on_the_next_request),
        T(test_domains__lead_to_the_tenant_at_once),
        T(test_domains__of_ones_own_tenant),
        T(test_domains__are_not_taken_from_others),
        T(test_domains__are_bounded),
        T(test_settings__are_shown_and_changed),
        T(test_settings__branding_has_its_own_permission),
        cmocka_unit_test_setup_teardown(test_demo__stats_are_told_in_demo_mode, set_up_demo, tear_down),
        T(test_demo__stats_are_nowhere_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
