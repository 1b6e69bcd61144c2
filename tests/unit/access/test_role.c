/* The tables of permissions and roles, held against the contract's own words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "access/role.h"

static void test_permission__assets_group_is_that_of_the_me_page(void **state)
{
    (void)state;
    static const char *const page[] = {
        "assets.view",      "assets.create", "assets.edit",   "assets.delete",     "assets.checkout",
        "assets.checkin",   "assets.import", "assets.export", "categories.manage", "locations.manage",
        "employees.manage", "users.manage",  "reports.view",  "settings.manage",
    };
    size_t n = 0;
    for (int perm = PERM_NONE + 1; perm < PERM_COUNT; perm++) {
        if (!perm_set_has(permission_group("assets"), (enum permission)perm))
            continue;
        assert_true(n < 14);
        assert_string_equal(permission_info((enum permission)perm)->name, page[n++]);
    }
    assert_int_equal(n, 14);
}

static void test_permission__names_lead_back(void **state)
{
    (void)state;
    perm_set all = 0;
    static const char *const groups[] = { "assets", "team", "crm", "spaces", "admin" };
    for (int perm = PERM_NONE + 1; perm < PERM_COUNT; perm++)
        assert_int_equal(permission_by_name(str_of(permission_info((enum permission)perm)->name)), perm);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(all & permission_group(groups[i]), 0);
        all |= permission_group(groups[i]);
    }
    assert_true(all == permission_group(NULL));
    assert_int_equal(permission_by_name(STR("")), PERM_NONE);
    assert_int_equal(permission_by_name(STR("assets")), PERM_NONE);
    assert_int_equal(permission_by_name(STR("Assets.view")), PERM_NONE);
    assert_true(permission_group("nothing") == 0);
    assert_false(perm_set_has(~(perm_set)0, PERM_NONE));
}

static void test_role__table_is_the_contracts(void **state)
{
    (void)state;
    static const struct {
        const char *slug;
        int rank;
        bool root_only;
        const char *assets_name, *crm_name;
    } contract[] = {
        { "superadmin", 100, true, "msp_admin", "SUPERADMIN" },
        { "staff", 90, true, "msp_staff", "SUPERADMIN" },
        { "owner", 80, false, "client_admin", "ADMIN" },
        { "admin", 70, false, "client_admin", "ADMIN" },
        { "department_head", 50, false, "client_manager", "DEPARTMENT_HEAD" },
        { "member", 30, false, "client_user", "SALES_REP" },
        { "viewer", 10, false, "client_viewer", "SALES_REP" },
    };
    size_t n;
    const struct role *roles = role_table(&n);
    assert_int_equal(n, 7);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(roles[i].slug, contract[i].slug);
        assert_int_equal(roles[i].rank, contract[i].rank);
        assert_int_equal(roles[i].root_only, contract[i].root_only);
        assert_string_equal(roles[i].assets_name, contract[i].assets_name);
        assert_string_equal(roles[i].crm_name, contract[i].crm_name);
        assert_ptr_equal(role_by_slug(str_of(contract[i].slug)), &roles[i]);
    }
    assert_null(role_by_slug(STR("root")));
    assert_null(role_by_slug(STR("Owner")));
    assert_null(role_by_slug(STR("")));
}

static void test_role__crm_names_give_one_role_each(void **state)
{
    (void)state;
    assert_string_equal(role_by_crm_name(STR("SUPERADMIN"))->slug, "superadmin");
    assert_string_equal(role_by_crm_name(STR("ADMIN"))->slug, "admin");
    assert_string_equal(role_by_crm_name(STR("DEPARTMENT_HEAD"))->slug, "department_head");
    assert_string_equal(role_by_crm_name(STR("SALES_REP"))->slug, "member");
    assert_null(role_by_crm_name(STR("admin")));
    assert_null(role_by_crm_name(STR("OWNER")));
}

static perm_set set_of(const char *slug)
{
    return role_by_slug(str_of(slug))->permissions;
}

static void assert_set(const char *slug, const char *const *names)
{
    perm_set expected = 0;
    for (size_t i = 0; names[i]; i++) {
        enum permission perm = permission_by_name(str_of(names[i]));
        assert_int_not_equal(perm, PERM_NONE);
        expected |= PERM_BIT(perm);
    }
    assert_true(set_of(slug) == expected);
}

static void test_role__sets_are_as_documented(void **state)
{
    (void)state;
    perm_set all = permission_group(NULL), tenant_all = all & ~PERM_BIT(PERM_TENANTS_MANAGE);
    assert_true(set_of("superadmin") == all);
    assert_true(set_of("staff") == tenant_all);
    assert_true(set_of("owner") == tenant_all);
    assert_true(set_of("admin") == tenant_all);
    assert_set("department_head",
               (const char *const[]){ "assets.view", "assets.create", "assets.edit", "assets.checkout",
                                      "assets.checkin", "assets.import", "assets.export", "team.view",
                                      "contacts.view", "contacts.create", "contacts.edit", "contacts.delete",
                                      "conversations.view", "conversations.create", NULL });
    assert_set("member",
               (const char *const[]){ "assets.view", "assets.checkout", "assets.checkin", "contacts.view",
                                      "contacts.create", "contacts.edit", "contacts.delete",
                                      "conversations.view", "conversations.create", NULL });
    assert_set("viewer", (const char *const[]){ "assets.view", "reports.view", "team.view", "contacts.view",
                                                "conversations.view", "bookings.view", "events.view",
                                                "displays.view", NULL });
}

static void test_role__staff_do_not_manage_staff(void **state)
{
    (void)state;
    const struct role *staff = role_by_slug(STR("staff")), *superadmin = role_by_slug(STR("superadmin"));
    static const enum permission people[] = { PERM_USERS_MANAGE, PERM_TEAM_INVITE, PERM_TEAM_EDIT,
                                              PERM_TEAM_REMOVE, PERM_TEAM_MANAGE_ROLES };
    for (size_t i = 0; i < sizeof people / sizeof people[0]; i++) {
        assert_true(perm_set_has(role_permissions(staff, false), people[i]));
        assert_false(perm_set_has(role_permissions(staff, true), people[i]));
        assert_true(perm_set_has(role_permissions(superadmin, true), people[i]));
    }
    assert_true(perm_set_has(role_permissions(staff, true), PERM_ASSETS_VIEW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permission__assets_group_is_that_of_the_me_page),
        cmocka_unit_test(test_permission__names_lead_back),
        cmocka_unit_test(test_role__table_is_the_contracts),
        cmocka_unit_test(test_role__crm_names_give_one_role_each),
        cmocka_unit_test(test_role__sets_are_as_documented),
        cmocka_unit_test(test_role__staff_do_not_manage_staff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
