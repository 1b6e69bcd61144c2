/* Which tenant a request is for (contract section 2): exact answers by hand, then rules that hold over every
 * combination of host, X-Tenant, ?tenant= and token. */
#include "walk_fixture.h"

static int up(void **state)
{
    (void)state;
    world_new(NULL);
    return 0;
}

static int down(void **state)
{
    (void)state;
    world_free();
    return 0;
}

struct row {
    const char *target, *host;
    enum who who;
    const char *header; /* X-Tenant */
    int status;
    const char *says; /* 200: the tenant's slug; else the failure's word */
    bool root_scope;
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct row *row = &rows[i];
        int status =
            ASK(.target = row->target, .host = row->host, .who = row->who, .headers = { row->header });
        const char *says = answer_text(status == 200 ? "tenant" : "word");
        if (status != row->status || strcmp(says, row->says) != 0)
            fail_msg("row %zu: %s at %s: %d %s", i, row->target, row->host, status, says);
        if (status == 200)
            assert_int_equal(answer_int("root_scope"), row->root_scope);
    }
}
#define CHECK(rows) check_rows((rows), sizeof(rows) / sizeof((rows)[0]))

#define ROOT    "msp.example"
#define ACME    "acme.msp.example"
#define CUSTOM  "assets.acme.example"
#define STRANGE "elsewhere.example"

static void test_tenant__by_host(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "/host/member", ACME, ANNA, NULL, 200, "acme", false },
        { "/host/member", CUSTOM, ANNA, NULL, 200, "acme", false },
        { "/host/member", "ACME.msp.EXAMPLE.:8443", ANNA, NULL, 200, "acme", false },
        { "/host/member", ACME, GINA, NULL, 403, "not-a-member", false },
        { "/host/member", ACME, SARA, NULL, 200, "acme", false },
        { "/host/member", ACME, NOBODY, NULL, 401, "unauthenticated", false },
        { "/host/member", STRANGE, ANNA, NULL, 404, "tenant-unknown", false },
        { "/host/member", "nope.msp.example", SARA, NULL, 404, "tenant-unknown", false },
        { "/host/public", STRANGE, NOBODY, NULL, 404, "tenant-unknown", false },
        /* Root scope. */
        { "/host/member", ROOT, SARA, NULL, 200, "msp", true },
        { "/host/member", ROOT, ANNA, NULL, 403, "not-a-member", false },
        { "/host/self", ROOT, ANNA, NULL, 200, "msp", false },
        { "/host/member?tenant=acme", ROOT, SARA, NULL, 200, "acme", false },
        { "/host/member?tenant=msp", ROOT, SARA, NULL, 200, "msp", false },
        { "/host/member?tenant=nope", ROOT, SARA, NULL, 404, "tenant-unknown", false },
        { "/host/member?tenant=NOT%20A%20SLUG", ROOT, SARA, NULL, 404, "tenant-unknown", false },
        { "/host/member?tenant=", ROOT, SARA, NULL, 404, "tenant-unknown", false },
        { "/host/member?tenant=acme", ROOT, ANNA, NULL, 403, "forbidden", false },
        { "/host/member?tenant=nope", ROOT, ANNA, NULL, 403, "forbidden", false },
        { "/host/self?tenant=acme", ROOT, ANNA, NULL, 403, "forbidden", false },
        { "/host/member?tenant=acme", ROOT, NOBODY, NULL, 401, "unauthenticated", false },
        /* Tenant scope: the parameter may only repeat it. */
        { "/host/member?tenant=acme", ACME, ANNA, NULL, 200, "acme", false },
        { "/host/member?tenant=globex", ACME, ANNA, NULL, 403, "forbidden", false },
        { "/host/member?tenant=globex", ACME, SARA, NULL, 403, "forbidden", false },
        { "/host/member?tenant=", ACME, ANNA, NULL, 403, "forbidden", false },
        { "/host/member?tenant=acme&tenant=acme", ACME, ANNA, NULL, 400, "malformed", false },
        /* Public. */
        { "/host/public", ROOT, NOBODY, NULL, 200, "msp", false },
        { "/host/public", ACME, NOBODY, NULL, 200, "acme", false },
        { "/host/public?tenant=acme", ACME, NOBODY, NULL, 200, "acme", false },
        { "/host/public?tenant=acme", ROOT, NOBODY, NULL, 403, "forbidden", false },
        { "/host/public?tenant=globex", ACME, NOBODY, NULL, 403, "forbidden", false },
        { "/host/optional", ROOT, SARA, NULL, 200, "msp", true },
        { "/host/optional?tenant=acme", ROOT, SARA, NULL, 200, "acme", false },
        { "/host/optional", ACME, GINA, NULL, 200, "acme", false },
        /* A hint of another surface. */
        { "/host/member", ACME, ANNA, "X-Tenant: acme", 200, "acme", false },
        { "/host/member", ACME, ANNA, "X-Tenant: globex", 403, "forbidden", false },
        { "/host/member", ROOT, SARA, "X-Tenant: acme", 403, "forbidden", false },
        { "/host/public", ACME, NOBODY, "X-Tenant: globex", 403, "forbidden", false },
        /* Suspended tenants. */
        { "/host/member", "frozen.msp.example", FRED, NULL, 403, "tenant-suspended", false },
        { "/host/public", "frozen.msp.example", NOBODY, NULL, 403, "tenant-suspended", false },
        { "/host/optional", "frozen.msp.example", NOBODY, NULL, 403, "tenant-suspended", false },
        { "/host/optional", "frozen.msp.example", FRED, NULL, 403, "tenant-suspended", false },
        { "/host/member", "frozen.msp.example", SARA, NULL, 200, "frozen", false },
        { "/host/member?tenant=frozen", ROOT, SARA, NULL, 200, "frozen", false },
    };
    CHECK(rows);
}

static void test_tenant__by_token(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "/token/member", ROOT, ANNA, NULL, 200, "acme", false },
        { "/token/member", ACME, ANNA, NULL, 200, "acme", false },
        { "/token/member", CUSTOM, ANNA, NULL, 200, "acme", false },
        { "/token/member", ROOT, DORA, NULL, 200, "globex", false },
        { "/token/member", ACME, DORA, NULL, 403, "forbidden", false },
        { "/token/member", ACME, GINA, NULL, 403, "forbidden", false },
        { "/token/self", ACME, GINA, NULL, 403, "forbidden", false },
        { "/token/member", ACME, SARA, NULL, 403, "forbidden", false },
        { "/token/member", ROOT, SARA, NULL, 200, "msp", false },
        { "/token/member", ROOT, NOBODY, NULL, 401, "unauthenticated", false },
        /* A host that is nobody's says nothing; one below the root domain is some tenant's. */
        { "/token/member", STRANGE, ANNA, NULL, 200, "acme", false },
        { "/token/public", STRANGE, NOBODY, NULL, 200, "", false },
        { "/token/member", "nobody.msp.example", ANNA, NULL, 404, "tenant-unknown", false },
        { "/token/public", "nobody.msp.example", NOBODY, NULL, 404, "tenant-unknown", false },
        { "/token/member?tenant=acme", ROOT, ANNA, NULL, 200, "acme", false },
        { "/token/member?tenant=globex", ROOT, ANNA, NULL, 403, "forbidden", false },
        { "/token/member?tenant=acme", ROOT, SARA, NULL, 403, "forbidden", false },
        { "/token/member", ROOT, ANNA, "X-Tenant: acme", 200, "acme", false },
        { "/token/member", ROOT, ANNA, "X-Tenant: globex", 403, "forbidden", false },
        { "/token/member", ROOT, FRED, NULL, 403, "tenant-suspended", false },
        { "/token/public", ROOT, NOBODY, NULL, 200, "", false },
        { "/token/public", ACME, NOBODY, NULL, 200, "acme", false },
        { "/token/public?tenant=acme", ROOT, NOBODY, NULL, 403, "forbidden", false },
        { "/token/public", ROOT, NOBODY, "X-Tenant: acme", 403, "forbidden", false },
        { "/token/public", "frozen.msp.example", NOBODY, NULL, 403, "tenant-suspended", false },
        { "/token/optional", ROOT, NOBODY, NULL, 200, "", false },
        { "/token/optional", ROOT, ANNA, NULL, 200, "acme", false },
        { "/token/optional", ACME, GINA, NULL, 403, "forbidden", false },
    };
    CHECK(rows);
}

static void test_tenant__by_header(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "/header/member", ROOT, ANNA, "X-Tenant: acme", 200, "acme", false },
        { "/header/member", ROOT, DORA, "X-Tenant: acme", 200, "acme", false },
        { "/header/member", ROOT, DORA, "X-Tenant: globex", 200, "globex", false },
        { "/header/member", ROOT, ANNA, "X-Tenant: globex", 403, "not-a-member", false },
        { "/header/member", ROOT, SARA, "X-Tenant: globex", 200, "globex", false },
        { "/header/member", ROOT, ANNA, "X-Tenant: nope", 404, "tenant-unknown", false },
        { "/header/member", ROOT, ANNA, "X-Tenant: ACME", 404, "tenant-unknown", false },
        { "/header/member", ROOT, ANNA, "X-Tenant: a/../b", 404, "tenant-unknown", false },
        { "/header/member", ROOT, ANNA, "X-Tenant:", 404, "tenant-unknown", false },
        { "/header/member", ROOT, ANNA, NULL, 422, "validation", false },
        { "/header/public", ROOT, NOBODY, NULL, 422, "validation", false },
        { "/header/self", ROOT, ANNA, NULL, 200, "", false },
        { "/header/self", ROOT, ANNA, "X-Tenant: globex", 200, "globex", false },
        { "/header/member", ACME, ANNA, NULL, 200, "acme", false },
        { "/header/member", CUSTOM, ANNA, "X-Tenant: acme", 200, "acme", false },
        { "/header/member", ACME, DORA, "X-Tenant: globex", 404, "tenant-unknown", false },
        { "/header/member", ROOT, NOBODY, "X-Tenant: acme", 401, "unauthenticated", false },
        { "/header/member", ROOT, NOBODY, "X-Tenant: nope", 404, "tenant-unknown", false },
        { "/header/member", STRANGE, ANNA, "X-Tenant: acme", 200, "acme", false },
        { "/header/member", STRANGE, ANNA, "X-Tenant: globex", 403, "not-a-member", false },
        { "/header/member", STRANGE, ANNA, "X-Tenant: nope", 404, "tenant-unknown", false },
        { "/header/member", "nobody.msp.example", ANNA, "X-Tenant: acme", 404, "tenant-unknown", false },
        { "/header/member", "x.acme.msp.example", ANNA, "X-Tenant: acme", 404, "tenant-unknown", false },
        { "/header/member?tenant=acme", ROOT, ANNA, "X-Tenant: acme", 200, "acme", false },
        { "/header/member?tenant=globex", ROOT, ANNA, "X-Tenant: acme", 403, "forbidden", false },
        { "/header/member", ROOT, FRED, "X-Tenant: frozen", 403, "tenant-suspended", false },
        { "/header/public", ROOT, NOBODY, "X-Tenant: frozen", 403, "tenant-suspended", false },
    };
    CHECK(rows);
    ASK(.target = "/header/member", .who = ANNA);
    assert_string_equal(answer_text("field"), "X-Tenant");
}

static void test_tenant__by_host_or_query(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "/named/public", ROOT, NOBODY, NULL, 200, "msp", false },
        { "/named/public?tenant=acme", ROOT, NOBODY, NULL, 200, "acme", false },
        { "/named/public?tenant=msp", ROOT, NOBODY, NULL, 200, "msp", false },
        { "/named/public?tenant=nope", ROOT, NOBODY, NULL, 404, "tenant-unknown", false },
        { "/named/public?tenant=A%20B", ROOT, NOBODY, NULL, 404, "tenant-unknown", false },
        { "/named/public?tenant=", ROOT, NOBODY, NULL, 404, "tenant-unknown", false },
        { "/named/public?tenant=frozen", ROOT, NOBODY, NULL, 403, "tenant-suspended", false },
        { "/named/public?tenant=acme", ROOT, NOBODY, "X-Tenant: acme", 200, "acme", false },
        { "/named/public?tenant=acme", ROOT, NOBODY, "X-Tenant: globex", 403, "forbidden", false },
        { "/named/public", ROOT, NOBODY, "X-Tenant: acme", 403, "forbidden", false },
        /* Elsewhere the parameter may only repeat it. */
        { "/named/public", ACME, NOBODY, NULL, 200, "acme", false },
        { "/named/public?tenant=acme", CUSTOM, NOBODY, NULL, 200, "acme", false },
        { "/named/public?tenant=globex", ACME, NOBODY, NULL, 403, "forbidden", false },
        { "/named/public?tenant=nope", ACME, NOBODY, NULL, 403, "forbidden", false },
        { "/named/public?tenant=acme", STRANGE, NOBODY, NULL, 404, "tenant-unknown", false },
        /* Whoever is signed in gets no more by it. */
        { "/named/optional?tenant=globex", ROOT, ANNA, NULL, 200, "globex", false },
        { "/named/optional?tenant=acme", ROOT, SARA, NULL, 200, "acme", false },
    };
    CHECK(rows);
}

static void test_tenant__none_needs_no_host(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "/none/1", STRANGE, NOBODY, NULL, 200, "", false },
        { "/none/1?tenant=acme", ACME, NOBODY, "X-Tenant: globex", 200, "", false },
        { "/self", STRANGE, ANNA, NULL, 200, "", false },
    };
    CHECK(rows);
}

static void test_tenant__root_members_without_a_staff_role(void **state)
{
    (void)state;
    assert_int_equal(ASK(.target = "/host/member", .host = ACME, .who = ROLF), 403);
    assert_int_equal(ASK(.target = "/host/permission", .who = ROLF), 403);
    assert_int_equal(ASK(.target = "/host/permission?tenant=acme", .who = ROLF), 403);
    static const struct row rows[] = {
        { "/host/member", "msp.example", ROLF, NULL, 200, "msp", false },
        { "/host/member?tenant=acme", "msp.example", ROLF, NULL, 403, "forbidden", false },
    };
    check_rows(rows, sizeof rows / sizeof rows[0]);
}

static void test_tenant__default_tenant(void **state)
{
    (void)state;
    world_free();
    world_new("tenancy: { root_domain: msp.example, default_tenant: acme, domains: { in.acme.example: acme, "
              "ops.example: msp } }\nrate_limits: { enabled: false }\n");
    static const struct row rows[] = {
        { "/host/member", STRANGE, ANNA, NULL, 200, "acme", false },
        { "/host/member?tenant=globex", STRANGE, ANNA, NULL, 403, "forbidden", false },
        { "/host/member", "in.acme.example", ANNA, NULL, 200, "acme", false },
        { "/token/member", STRANGE, GINA, NULL, 200, "globex", false },
        { "/token/public", STRANGE, NOBODY, NULL, 200, "", false },
        { "/header/member", STRANGE, GINA, "X-Tenant: globex", 200, "globex", false },
        /* A domain of the root tenant is root scope like its own host. */
        { "/host/member", "ops.example", SARA, NULL, 200, "msp", true },
        { "/token/member", "ops.example", GINA, NULL, 200, "globex", false },
    };
    CHECK(rows);
    world_free();
    world_new(NULL);
}

/* ---- every combination ---- */

static const char *const hosts[] = { ROOT, ACME, CUSTOM, STRANGE, "nobody.msp.example" };
static const char *const host_tenants[] = { NULL, "acme", "acme", NULL, NULL };
static const char *const slugs[] = { NULL, "acme", "globex", "nope" };
static const char *const rules[] = { "host", "token", "header" };
static const char *const needs[] = { "permission", "member", "self", "session", "optional", "public" };
static const enum who people[] = { NOBODY, SARA, ANNA, BOB, GINA, DORA };

struct combination {
    size_t rule, need, host, header, query;
    enum who who;
    bool twice_header, twice_query;
};

static bool is_open(const struct combination *c)
{
    return c->need >= 4;
}

static bool belongs(enum who who, const char *tenant)
{
    bool acme = strcmp(tenant, "acme") == 0, globex = strcmp(tenant, "globex") == 0;
    return who == SARA || (acme && (who == ANNA || who == BOB || who == DORA)) ||
           (globex && (who == GINA || who == DORA));
}

static int send(const struct combination *c)
{
    char target[100], header[40] = "";
    const char *query = slugs[c->query];
    snprintf(target, sizeof(target), "/%s/%s%s%s%s%s", rules[c->rule], needs[c->need],
             query ? "?tenant=" : "", query ? query : "", query && c->twice_query ? "&tenant=" : "",
             query && c->twice_query ? query : "");
    if (slugs[c->header])
        snprintf(header, sizeof(header), "X-Tenant: %s", slugs[c->header]);
    const char *one = slugs[c->header] ? header : NULL;
    return ASK(.target = target, .host = hosts[c->host], .who = c->who,
               .headers = { one, c->twice_header ? one : NULL });
}

/* Where the host alone says the tenant, it has to say one. */
static bool leads_nowhere(const struct combination *c)
{
    bool is_strange = strcmp(hosts[c->host], STRANGE) == 0;
    return is_strange ? strcmp(rules[c->rule], "host") == 0 : c->host == 4;
}

static void check_admitted(const struct combination *c)
{
    const char *tenant = answer_text("tenant");
    const char *own = host_tenants[c->host];
    bool scoped = tenant[0] != 0;
    assert_false(leads_nowhere(c));
    assert_false(c->twice_header && slugs[c->header]);
    assert_false(c->twice_query && slugs[c->query]);
    assert_true(c->who != NOBODY || is_open(c));
    if (slugs[c->header])
        assert_string_equal(tenant, slugs[c->header]);
    if (slugs[c->query])
        assert_string_equal(tenant, slugs[c->query]);
    if (own)
        assert_string_equal(tenant, own);
    if (c->need == 0 || c->need == 1 || c->need == 3)
        assert_true(scoped && belongs(c->who, tenant));
    if (c->need == 0)
        assert_true(c->who != BOB && c->who != DORA);
    if (strcmp(rules[c->rule], "token") == 0 && c->who == GINA && c->need != 5)
        assert_string_equal(tenant, "globex");
    if (answer_int("root_scope") == 1)
        assert_true(c->who == SARA && c->host == 0 && !slugs[c->query]);
}

static void check_refused(const struct combination *c, int status)
{
    bool twice = (c->twice_header && slugs[c->header]) || (c->twice_query && slugs[c->query]);
    if (leads_nowhere(c))
        assert_int_equal(status, 404);
    else if (twice)
        assert_int_equal(status, 400);
    else
        assert_true(status == 401 || status == 403 || status == 404 || status == 422);
    if (status == 401)
        assert_int_equal(c->who, NOBODY);
}

static void test_tenant__no_combination_crosses_a_border(void **state)
{
    (void)state;
    size_t admitted = 0, asked = 0;
    for (size_t i = 0; i < (size_t)3 * 6 * 5 * 4 * 4 * 6 * 4; i++) {
        size_t n = i;
        struct combination c = { 0 };
        c.rule = n % 3, n /= 3;
        c.need = n % 6, n /= 6;
        c.host = n % 5, n /= 5;
        c.header = n % 4, n /= 4;
        c.query = n % 4, n /= 4;
        c.who = people[n % 6], n /= 6;
        c.twice_header = n % 2, c.twice_query = n / 2;
        int status = send(&c);
        asked++;
        if (status == 200)
            check_admitted(&c);
        else
            check_refused(&c, status);
        admitted += status == 200;
    }
    assert_int_equal(asked, 34560);
    assert_true(admitted > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tenant__by_host),
        cmocka_unit_test(test_tenant__by_token),
        cmocka_unit_test(test_tenant__by_header),
        cmocka_unit_test(test_tenant__by_host_or_query),
        cmocka_unit_test(test_tenant__none_needs_no_host),
        cmocka_unit_test(test_tenant__root_members_without_a_staff_role),
        cmocka_unit_test(test_tenant__default_tenant),
        cmocka_unit_test(test_tenant__no_combination_crosses_a_border),
    };
    return cmocka_run_group_tests(tests, up, down);
}
