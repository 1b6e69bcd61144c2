/* From a host to a tenant: every rule, and their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "storage/decorate.h"
#include "tenancy/host.h"
#include "tenancy_fixture.h"

static struct fixture *f;
static int64_t root, acme, bolt, msp;

/* Registered while the root domain was another one. */
static const char *const below_root[] = { "msp.example", "acme.msp.example", "nobody.msp.example",
                                          "a.b.msp.example" };

static int set_up(void **state)
{
    (void)state;
    f = fixture_new();
    root = msp = fixture_tenant(f, "msp", NULL, true);
    acme = fixture_tenant(f, "acme", NULL, false);
    bolt = fixture_tenant(f, "bolt", NULL, false);
    fixture_domain(f, acme, "assets.acme.com");
    fixture_domain(f, bolt, "both.example"); /* the configuration below gives it to acme */
    for (size_t i = 0; i < sizeof below_root / sizeof below_root[0]; i++)
        fixture_domain(f, bolt, below_root[i]);
    fixture_domain(f, msp, "operator.example");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_free(&f);
    return 0;
}

struct expectation {
    const char *host;
    enum host_scope scope;
    const int64_t *tenant;
};

static void check(const char *yaml, const struct expectation *expectations, size_t n)
{
    struct config *config = fixture_config(yaml);
    for (size_t i = 0; i < n; i++) {
        enum host_scope scope = HOST_UNKNOWN;
        struct tenant tenant = { 0 };
        assert_int_equal(
            host_resolve(f->conn, config, f->arena, str_of(expectations[i].host), &scope, &tenant),
            STORAGE_OK);
        if (scope != expectations[i].scope)
            fail_msg("%s: scope %d", expectations[i].host, scope);
        if (scope != HOST_UNKNOWN && tenant.id != *expectations[i].tenant)
            fail_msg("%s: tenant %d", expectations[i].host, (int)tenant.id);
    }
    config_free(&config);
}
#define CHECK(yaml, ...)                                                                                     \
    check(yaml, (const struct expectation[]){ __VA_ARGS__ },                                                 \
          sizeof((const struct expectation[]){ __VA_ARGS__ }) / sizeof(struct expectation))

static void test_host__each_rule_leads_somewhere(void **state)
{
    (void)state;
    CHECK("tenancy: { root_domain: localhost, domains: { tools.acme.com: acme, both.example: acme, "
          "gone.example: "
          "nobody } }\n",
          { "assets.acme.com", HOST_TENANT, &acme },  /* registered at run time */
          { "tools.acme.com", HOST_TENANT, &acme },   /* of the configuration */
          { "both.example", HOST_TENANT, &bolt },     /* run time wins */
          { "localhost", HOST_ROOT, &root },          /* the root domain */
          { "acme.localhost", HOST_TENANT, &acme },   /* SLUG.root_domain */
          { "bolt.localhost", HOST_TENANT, &bolt },   /* likewise */
          { "msp.localhost", HOST_ROOT, &root },      /* the operator by its slug */
          { "operator.example", HOST_ROOT, &root },   /* the operator by a domain */
          { "nobody.localhost", HOST_UNKNOWN, NULL }, /* no such slug */
          { "gone.example", HOST_UNKNOWN, NULL },     /* a domain whose slug is gone */
          { "a.acme.localhost", HOST_UNKNOWN, NULL }, /* two labels deep */
          { "acmelocalhost", HOST_UNKNOWN, NULL },    /* no dot between */
          { "localhost.acme.com", HOST_UNKNOWN, NULL }, { "127.0.0.1", HOST_UNKNOWN, NULL },
          { "[::1]", HOST_UNKNOWN, NULL }, { "acme.com", HOST_UNKNOWN, NULL });
}

static void test_host__registered_domain_takes_nothing_of_the_root_domain(void **state)
{
    (void)state;
    CHECK("tenancy: { root_domain: msp.example }\n", { "acme.msp.example", HOST_TENANT, &acme },
          { "bolt.msp.example", HOST_TENANT, &bolt }, { "msp.example", HOST_ROOT, &root },
          { "nobody.msp.example", HOST_UNKNOWN, NULL }, { "a.b.msp.example", HOST_UNKNOWN, NULL });
    CHECK("tenancy: { root_domain: other.example }\n", { "acme.msp.example", HOST_TENANT, &bolt },
          { "msp.example", HOST_TENANT, &bolt });
    CHECK("tenancy: { root_domain: msp.example, domains: { a.b.msp.example: acme } }\n",
          { "a.b.msp.example", HOST_TENANT, &acme }); /* the configuration may */
}

static void test_host__default_tenant_takes_other_hosts_only(void **state)
{
    (void)state;
    CHECK("tenancy: { default_tenant: bolt }\n", { "127.0.0.1", HOST_DEFAULT, &bolt },
          { "any.example", HOST_DEFAULT, &bolt }, { "a.acme.localhost", HOST_DEFAULT, &bolt },
          { "acme.localhost", HOST_TENANT, &acme }, { "localhost", HOST_ROOT, &root },
          { "nobody.localhost", HOST_UNKNOWN, NULL }); /* a wrong slug is no other host */
    CHECK("tenancy: { default_tenant: nobody }\n", { "any.example", HOST_UNKNOWN, NULL });
    CHECK("tenancy: { default_tenant: msp }\n", { "any.example", HOST_ROOT, &root });
}

static void test_host__root_domain_without_root_tenant(void **state)
{
    (void)state;
    fixture_exec(f, "DELETE FROM tenants WHERE id = $1", DB_ARGS(db_int(root)));
    CHECK("", { "localhost", HOST_UNKNOWN, NULL }, { "acme.localhost", HOST_TENANT, &acme });
}

/* A database that does not answer is no unknown host. */
static void test_host__faults_are_passed_on(void **state)
{
    (void)state;
    static const char *const hosts[] = { "assets.acme.com", "acme.localhost", "localhost",
                                         "nobody.localhost" };
    struct config *config = fixture_config("");
    for (size_t i = 0; i < 4; i++) {
        int nth = 1;
        for (bool was_reached = true; was_reached; nth++) {
            enum host_scope scope = HOST_DEFAULT;
            struct tenant tenant = { 0 };
            storage_fault_set(nth, STORAGE_ERROR, false);
            enum storage_status status =
                host_resolve(f->conn, config, f->arena, str_of(hosts[i]), &scope, &tenant);
            was_reached = storage_fault_calls() >= nth;
            storage_fault_set(0, STORAGE_OK, false);
            assert_int_equal(status, was_reached ? STORAGE_ERROR : STORAGE_OK);
            assert_true(!was_reached || scope == HOST_DEFAULT); /* untouched */
        }
        assert_true(nth > 2);
    }
    config_free(&config);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_host__each_rule_leads_somewhere),
        TEST(test_host__registered_domain_takes_nothing_of_the_root_domain),
        TEST(test_host__default_tenant_takes_other_hosts_only),
        TEST(test_host__root_domain_without_root_tenant),
        TEST(test_host__faults_are_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
