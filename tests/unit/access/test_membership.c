/* Who may do what where: the matrix of standings, and which organisation is a user's first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "access/membership.h"
#include "storage/decorate.h"
#include "tenancy_fixture.h"

static struct fixture *f;
static int64_t root, acme, bolt;

static int64_t add_user(const char *email)
{
    fixture_exec(
        f,
        "INSERT INTO users (email, email_normal, name, password_hash, password_changed_at, created_at, "
        "updated_at) VALUES ($1, $1, 'Name', 'x', 1, 1, 1)",
        DB_ARGS(db_text(str_of(email))));
    DB_ROWS(rows);
    assert_int_equal(db_first(f->conn, &rows, "SELECT id FROM users WHERE email_normal = $1",
                              DB_ARGS(db_text(str_of(email)))),
                     STORAGE_ROW);
    return db_col_int(&rows, 0);
}

struct new_membership {
    int64_t tenant_id, user_id, now;
    const char *role;
};

static enum storage_status insert(struct db_conn *conn, void *context)
{
    const struct new_membership *m = context;
    return membership_insert(conn, m->tenant_id, m->user_id, str_of(m->role), m->now);
}

static void join(int64_t tenant_id, int64_t user_id, const char *role, int64_t now)
{
    struct new_membership m = { tenant_id, user_id, now, role };
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, insert, &m), STORAGE_OK);
}

static void suspend(int64_t tenant_id, int64_t user_id)
{
    fixture_exec(f, "UPDATE memberships SET status = 'suspended' WHERE tenant_id = $1 AND user_id = $2",
                 DB_ARGS(db_int(tenant_id), db_int(user_id)));
}

static void suspend_tenant(int64_t id)
{
    fixture_exec(f, "UPDATE tenants SET status = 'suspended' WHERE id = $1", DB_ARGS(db_int(id)));
}

static struct access_grant decide(int64_t tenant_id, int64_t user_id)
{
    struct tenant tenant;
    struct access_grant grant = { 0 };
    assert_int_equal(tenant_by_id(f->conn, f->arena, tenant_id, &tenant), STORAGE_ROW);
    assert_int_equal(access_decide(f->conn, f->arena, &tenant, user_id, &grant), STORAGE_OK);
    return grant;
}

static void assert_granted(int64_t tenant_id, int64_t user_id, const char *role, bool is_staff)
{
    struct access_grant grant = decide(tenant_id, user_id);
    assert_int_equal(grant.verdict, ACCESS_OK);
    assert_string_equal(grant.role.slug, role);
    assert_int_equal(grant.is_staff, is_staff);
    assert_true(grant.permissions == role_permissions(role_by_slug(str_of(role)), tenant_id == root));
}

static void assert_refused(int64_t tenant_id, int64_t user_id, enum access_verdict verdict)
{
    struct access_grant grant = decide(tenant_id, user_id);
    assert_int_equal(grant.verdict, verdict);
    assert_string_equal(grant.role.slug, "");
    assert_int_equal(grant.role.rank, 0);
    assert_true(grant.permissions == 0);
}

static int set_up(void **state)
{
    (void)state;
    f = fixture_new();
    root = fixture_tenant(f, "msp", NULL, true);
    acme = fixture_tenant(f, "acme", NULL, false);
    bolt = fixture_tenant(f, "bolt", NULL, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_free(&f);
    return 0;
}

static void test_access__members_act_where_they_belong(void **state)
{
    (void)state;
    int64_t user = add_user("a@x");
    join(acme, user, "admin", 1);
    assert_granted(acme, user, "admin", false);
    assert_refused(bolt, user, ACCESS_NOT_A_MEMBER);
    assert_refused(root, user, ACCESS_NOT_A_MEMBER);
    assert_refused(acme, user + 1000, ACCESS_NOT_A_MEMBER);
    assert_refused(acme, 0, ACCESS_NOT_A_MEMBER);
}

static void test_access__staff_act_everywhere(void **state)
{
    (void)state;
    int64_t superadmin = add_user("s@x"), staff = add_user("t@x");
    join(root, superadmin, "superadmin", 1);
    join(root, staff, "staff", 1);
    join(acme, staff, "viewer", 1); /* does not lower them */
    suspend_tenant(bolt);
    assert_granted(root, superadmin, "superadmin", true);
    assert_granted(acme, superadmin, "superadmin", true);
    assert_granted(bolt, superadmin, "superadmin", true);
    assert_granted(root, staff, "staff", true);
    assert_granted(acme, staff, "staff", true);
    assert_granted(bolt, staff, "staff", true);
    assert_false(perm_set_has(decide(root, staff).permissions, PERM_USERS_MANAGE));
    assert_true(perm_set_has(decide(acme, staff).permissions, PERM_USERS_MANAGE));
}

static void test_access__suspended_staff_are_nobody(void **state)
{
    (void)state;
    int64_t staff = add_user("t@x");
    join(root, staff, "superadmin", 1);
    join(acme, staff, "viewer", 1);
    suspend(root, staff);
    assert_refused(root, staff, ACCESS_SUSPENDED);
    assert_refused(bolt, staff, ACCESS_NOT_A_MEMBER);
    assert_granted(acme, staff, "viewer", false);
}

static void test_access__root_member_without_a_root_role_stays_at_home(void **state)
{
    (void)state;
    int64_t user = add_user("v@x");
    join(root, user, "viewer", 1);
    assert_granted(root, user, "viewer", false);
    assert_refused(acme, user, ACCESS_NOT_A_MEMBER);
    assert_false(decide(acme, user).is_staff);
    join(acme, user, "viewer", 2);
    assert_granted(acme, user, "viewer", false);
    suspend_tenant(acme);
    assert_refused(acme, user, ACCESS_TENANT_SUSPENDED);
}

static void test_access__suspensions(void **state)
{
    (void)state;
    int64_t user = add_user("a@x");
    join(acme, user, "owner", 1);
    join(bolt, user, "owner", 1);
    suspend(acme, user);
    suspend_tenant(bolt);
    assert_refused(acme, user, ACCESS_SUSPENDED);
    assert_refused(bolt, user, ACCESS_TENANT_SUSPENDED);
    suspend_tenant(acme);
    assert_refused(acme, user, ACCESS_SUSPENDED);
    assert_refused(bolt, user + 1, ACCESS_NOT_A_MEMBER); /* a stranger does not learn of it */
}

/* A row that should not exist must not open anything. */
static void test_access__impossible_roles_open_nothing(void **state)
{
    (void)state;
    int64_t user = add_user("a@x");
    join(acme, user, "superadmin", 1);
    join(bolt, user, "emperor", 1);
    assert_refused(acme, user, ACCESS_NOT_A_MEMBER);
    assert_refused(bolt, user, ACCESS_NOT_A_MEMBER);
    int64_t other = add_user("b@x");
    join(root, other, "emperor", 1);
    assert_refused(root, other, ACCESS_NOT_A_MEMBER);
    assert_refused(acme, other, ACCESS_NOT_A_MEMBER);
}

static void test_membership__find_and_conflict(void **state)
{
    (void)state;
    int64_t user = add_user("a@x");
    struct membership found = { 0 };
    assert_int_equal(membership_find(f->conn, f->arena, acme, user, &found), STORAGE_DONE);
    join(acme, user, "member", 42);
    assert_int_equal(membership_find(f->conn, f->arena, acme, user, &found), STORAGE_ROW);
    assert_int_equal(found.tenant_id, acme);
    assert_int_equal(found.user_id, user);
    assert_string_equal(found.role.at, "member");
    assert_int_equal(found.status, MEMBERSHIP_ACTIVE);
    assert_int_equal(found.created_at, 42);
    struct new_membership again = { acme, user, 43, "owner" }, nobody = { acme, 999, 1, "owner" };
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, insert, &again), STORAGE_CONFLICT);
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, insert, &nobody), STORAGE_REFERENCE);
}

static int64_t first_of(int64_t user)
{
    struct membership first = { 0 };
    return membership_first(f->conn, f->arena, user, &first) == STORAGE_ROW ? first.tenant_id : 0;
}

static void test_membership__first_is_the_oldest_usable_customer(void **state)
{
    (void)state;
    int64_t user = add_user("a@x");
    assert_int_equal(first_of(user), 0);
    join(root, user, "staff", 1);
    assert_int_equal(first_of(user), root);
    join(bolt, user, "member", 20);
    assert_int_equal(first_of(user), bolt);
    join(acme, user, "member", 10);
    assert_int_equal(first_of(user), acme);
    suspend_tenant(acme);
    assert_int_equal(first_of(user), bolt);
    suspend(bolt, user);
    assert_int_equal(first_of(user), acme);
    suspend(acme, user);
    assert_int_equal(first_of(user), root);
    suspend(root, user);
    assert_int_equal(first_of(user), 0);
}

/* A database that does not answer is no verdict. */
static void test_access__faults_are_passed_on(void **state)
{
    (void)state;
    int64_t user = add_user("a@x");
    struct tenant tenant;
    int nth = 1;
    join(acme, user, "owner", 1);
    assert_int_equal(tenant_by_id(f->conn, f->arena, acme, &tenant), STORAGE_ROW);
    for (bool was_reached = true; was_reached; nth++) {
        struct access_grant grant = { .verdict = ACCESS_SUSPENDED };
        storage_fault_set(nth, STORAGE_ERROR, false);
        enum storage_status status = access_decide(f->conn, f->arena, &tenant, user, &grant);
        was_reached = storage_fault_calls() >= nth;
        storage_fault_set(0, STORAGE_OK, false);
        assert_int_equal(status, was_reached ? STORAGE_ERROR : STORAGE_OK);
        assert_int_equal(grant.verdict, was_reached ? ACCESS_SUSPENDED : ACCESS_OK);
    }
    assert_true(nth > 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_access__members_act_where_they_belong),
        TEST(test_access__staff_act_everywhere),
        TEST(test_access__suspended_staff_are_nobody),
        TEST(test_access__root_member_without_a_root_role_stays_at_home),
        TEST(test_access__suspensions),
        TEST(test_access__impossible_roles_open_nothing),
        TEST(test_access__faults_are_passed_on),
        TEST(test_membership__find_and_conflict),
        TEST(test_membership__first_is_the_oldest_usable_customer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
