/* Tenants and domains in the database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "tenancy_fixture.h"

static int set_up(void **state)
{
    *state = fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    fixture_free((struct fixture **)state);
    return 0;
}

static void test_tenant__insert_reads_back(void **state)
{
    struct fixture *f = *state;
    int64_t before = clock_now();
    int64_t id = fixture_tenant(f, "acme", "pro", false);
    struct tenant tenant = { 0 };
    assert_int_equal(tenant_by_slug(f->conn, f->arena, STR("acme"), &tenant), STORAGE_ROW);
    assert_int_equal(tenant.id, id);
    assert_string_equal(tenant.slug.at, "acme");
    assert_string_equal(tenant.name.at, "acme");
    assert_string_equal(tenant.plan.at, "pro");
    assert_false(tenant.is_root);
    assert_int_equal(tenant.status, TENANT_ACTIVE);
    assert_null(tenant.logo_url.at);
    assert_null(tenant.accent_colour.at);
    assert_false(tenant.has_registration);
    assert_true(tenant.created_at >= before && tenant.created_at <= clock_now());
}

static void test_tenant__every_column_is_read(void **state)
{
    struct fixture *f = *state;
    int64_t id = fixture_tenant(f, "acme", NULL, false);
    fixture_exec(
        f,
        "UPDATE tenants SET status = 'suspended', logo_url = 'https://x/l.png', accent_colour = '#123456', "
        "registration = 'closed', created_at = 1700000000000001 WHERE id = $1",
        DB_ARGS(db_int(id)));
    struct tenant tenant = { 0 };
    assert_int_equal(tenant_by_id(f->conn, f->arena, id, &tenant), STORAGE_ROW);
    assert_int_equal(tenant.status, TENANT_SUSPENDED);
    assert_string_equal(tenant.logo_url.at, "https://x/l.png");
    assert_string_equal(tenant.accent_colour.at, "#123456");
    assert_true(tenant.has_registration);
    assert_int_equal(tenant.registration, REGISTRATION_CLOSED);
    assert_int_equal(tenant.created_at, INT64_C(1700000000000001));
}

static void test_tenant__missing_is_done(void **state)
{
    struct fixture *f = *state;
    struct tenant tenant = { .id = 77 };
    assert_int_equal(tenant_by_id(f->conn, f->arena, 12345, &tenant), STORAGE_DONE);
    assert_int_equal(tenant_by_slug(f->conn, f->arena, STR("nobody"), &tenant), STORAGE_DONE);
    assert_int_equal(tenant_by_slug(f->conn, f->arena, STR("' OR 1=1 --"), &tenant), STORAGE_DONE);
    assert_int_equal(tenant_by_domain(f->conn, f->arena, STR("nobody.example"), &tenant), STORAGE_DONE);
    assert_int_equal(tenant_root(f->conn, f->arena, &tenant), STORAGE_DONE);
    assert_int_equal(tenant.id, 77); /* untouched */
}

static enum storage_status insert_again(struct db_conn *conn, void *context)
{
    int64_t id = 0;
    return tenant_insert(conn, context, &id);
}

static void test_tenant__slug_and_root_are_unique(void **state)
{
    struct fixture *f = *state;
    fixture_tenant(f, "root", NULL, true);
    struct tenant_new same_slug = { .slug = STR("root"), .name = STR("Other"), .plan = STR("free") };
    struct tenant_new second_root = {
        .slug = STR("root2"), .name = STR("Other"), .plan = STR("free"), .is_root = true
    };
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, insert_again, &same_slug), STORAGE_CONFLICT);
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, insert_again, &second_root), STORAGE_CONFLICT);
}

struct new_domain {
    const struct config *config;
    struct tenant_domain row;
};

static enum storage_status add_domain(struct db_conn *conn, void *context)
{
    const struct new_domain *domain = context;
    return tenant_add_domain(conn, domain->config, &domain->row);
}

static void assert_added(struct fixture *f, const char *yaml, int64_t tenant_id, const char *slug,
                         const char *host, enum storage_status expected)
{
    struct config *config = fixture_config(yaml);
    struct new_domain domain = { config, { tenant_id, str_of(slug), str_of(host) } };
    enum storage_status status = db_transaction(f->conn, STORAGE_WRITE, add_domain, &domain);
    if (status != expected)
        fail_msg("%s for %s: %s", host, slug, storage_status_name(status));
    config_free(&config);
}

static void test_tenant__domain_leads_to_one_tenant(void **state)
{
    struct fixture *f = *state;
    int64_t acme = fixture_tenant(f, "acme", NULL, false);
    int64_t bolt = fixture_tenant(f, "bolt", NULL, false);
    int64_t nobody = 4711;
    fixture_domain(f, acme, "assets.acme.example");
    fixture_domain(f, acme, "second.acme.example");
    struct tenant tenant = { 0 };
    assert_int_equal(tenant_by_domain(f->conn, f->arena, STR("second.acme.example"), &tenant), STORAGE_ROW);
    assert_int_equal(tenant.id, acme);
    assert_added(f, "", bolt, "bolt", "assets.acme.example", STORAGE_CONFLICT);
    assert_added(f, "", acme, "acme", "assets.acme.example", STORAGE_CONFLICT);
    fixture_exec(f, "DELETE FROM tenant_domains WHERE tenant_id = $1", DB_ARGS(db_int(acme)));
    assert_added(f, "", nobody, "nobody", "assets.acme.example", STORAGE_REFERENCE);
}

static void test_tenant__domains_of_the_operator_and_of_neighbours_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char yaml[] = "tenancy: { root_domain: msp.example, domains: { tools.acme.com: acme } }\n";
    static const char *const refused[] = { "msp.example",     "bolt.msp.example", "acme.msp.example",
                                           "new.msp.example", "a.b.msp.example",  "tools.acme.com" };
    int64_t bolt = fixture_tenant(f, "bolt", NULL, false);
    struct tenant tenant;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_added(f, yaml, bolt, "bolt", refused[i], STORAGE_DONE);
        assert_int_equal(tenant_by_domain(f->conn, f->arena, str_of(refused[i]), &tenant), STORAGE_DONE);
    }
    assert_added(f, yaml, bolt, "bolt", "notmsp.example", STORAGE_OK);
    assert_added(f, yaml, bolt, "bolt", "msp.example.com", STORAGE_OK);
    int64_t acme = fixture_tenant(f, "acme", NULL, false);
    assert_added(f, yaml, acme, "acme", "tools.acme.com", STORAGE_OK); /* what it has already */
}

static void test_tenant__own_registration_policy_wins(void **state)
{
    (void)state;
    struct config *config = fixture_config("tenancy: { registration: admin }\n");
    struct tenant tenant = { 0 };
    assert_int_equal(tenant_registration(&tenant, config), REGISTRATION_ADMIN);
    tenant.has_registration = true;
    tenant.registration = REGISTRATION_OPEN;
    assert_int_equal(tenant_registration(&tenant, config), REGISTRATION_OPEN);
    config_free(&config);
}

/* Whatever is a tenant's goes with it: a table that names a tenant and would stay, or stand in the way, is a
 * mistake of its migration. */
static void test_tenant__every_table_of_a_tenants_goes_with_it(void **state)
{
    struct fixture *f = *state;
    if (strcmp(db_driver(f->db)->name, "sqlite") != 0)
        return; /* the schemas are alike; SQLite's is the one that can be asked in this way */
    DB_ROWS(rows);
    enum storage_status status =
        db_first(f->conn, &rows,
                 "SELECT t.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' "
                 "AND c.name = 'tenant_id' AND NOT EXISTS (SELECT 1 FROM pragma_foreign_key_list(t.name) k "
                 "WHERE k.\"from\" = 'tenant_id' AND k.on_delete = 'CASCADE')",
                 DB_NO_ARGS);
    if (status == STORAGE_ROW)
        fail_msg("%s stays when its tenant is deleted", db_col_text(&rows, 0, f->arena).at);
    assert_int_equal(status, STORAGE_DONE);
}

static enum storage_status delete_it(struct db_conn *conn, void *context)
{
    return tenant_delete(conn, *(int64_t *)context);
}

static void test_tenant__is_deleted_but_not_the_root(void **state)
{
    struct fixture *f = *state;
    struct tenant tenant;
    int64_t root = fixture_tenant(f, "msp", NULL, true), acme = fixture_tenant(f, "acme", NULL, false);
    fixture_domain(f, acme, "assets.acme.example");
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, delete_it, &root), STORAGE_DONE);
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, delete_it, &acme), STORAGE_OK);
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, delete_it, &acme), STORAGE_DONE);
    assert_int_equal(tenant_by_domain(f->conn, f->arena, STR("assets.acme.example"), &tenant), STORAGE_DONE);
    assert_int_equal(tenant_by_id(f->conn, f->arena, root, &tenant), STORAGE_ROW);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_tenant__insert_reads_back),
        TEST(test_tenant__every_column_is_read),
        TEST(test_tenant__missing_is_done),
        TEST(test_tenant__slug_and_root_are_unique),
        TEST(test_tenant__domain_leads_to_one_tenant),
        TEST(test_tenant__domains_of_the_operator_and_of_neighbours_are_refused),
        TEST(test_tenant__own_registration_policy_wins),
        TEST(test_tenant__every_table_of_a_tenants_goes_with_it),
        TEST(test_tenant__is_deleted_but_not_the_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
