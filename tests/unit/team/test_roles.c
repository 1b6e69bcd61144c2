/* A tenant's own roles: what may be made of them, by whom, and what they then mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "storage/changes.h"
#include "storage/decorate.h"
#include "team_fixture.h"

static struct team *t;
static int64_t owner;

static int set_up(void **state)
{
    (void)state;
    t = team_new();
    owner = team_member(t, &t->acme, "owner@x", "owner");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    team_free(&t);
    return 0;
}

typedef enum storage_status (*deed_fn)(struct db_conn *conn, struct arena *arena, struct role_deed *deed);

static enum role_verdict deed(deed_fn fn, int64_t by, struct role_deed *deed)
{
    struct access_grant grant = team_grant(t, &t->acme, by);
    deed->tenant = &t->acme;
    deed->actor = (struct team_actor){ by, &grant, { .kind = AUDIT_USER, .id = by } };
    deed->now = 7000;
    assert_int_equal(fn(t->fixture->conn, t->fixture->arena, deed), STORAGE_OK);
    deed->actor.grant = NULL;
    return deed->verdict;
}

static struct role_deed wanted(const char *slug, int rank, const char *permissions)
{
    return (struct role_deed){ .role = { .slug = str_of(slug),
                                         .name = str_of(slug),
                                         .description = STR(""),
                                         .rank = rank,
                                         .permissions = permission_set_read(str_of(permissions)) } };
}

static enum role_verdict create(int64_t by, const char *slug, int rank, const char *permissions)
{
    struct role_deed made = wanted(slug, rank, permissions);
    return deed(role_create, by, &made);
}

static void test_roles__are_made_below_ones_own(void **state)
{
    (void)state;
    team_role(t, &t->acme, "lead", 60, "team.manage_roles assets.view");
    int64_t admin = team_member(t, &t->acme, "a@x", "admin"), lead = team_member(t, &t->acme, "l@x", "lead");
    assert_int_equal(create(owner, "a", 79, "audit.view"), ROLE_DONE);
    assert_int_equal(create(admin, "b", 70, "audit.view"), ROLE_RANK_ABOVE);
    assert_int_equal(create(admin, "b", 69, "audit.view"), ROLE_DONE);
    assert_int_equal(create(admin, "c", 0, "audit.view"), ROLE_RANK_ABOVE);
    assert_int_equal(create(lead, "c", 60, "assets.view"), ROLE_RANK_ABOVE);
    assert_int_equal(create(lead, "c", 59, "assets.view"), ROLE_DONE);
    struct role_deed more = wanted("d", 10, "assets.view audit.view");
    assert_int_equal(deed(role_create, lead, &more), ROLE_PERMISSION_ABOVE);
    assert_int_equal(more.permission, PERM_AUDIT_VIEW);
    assert_int_equal(team_count(t, "SELECT COUNT(*) FROM roles", DB_NO_ARGS), 4);
}

static void test_roles__slugs_are_unique_and_not_the_systems(void **state)
{
    (void)state;
    size_t n;
    const struct role *roles = role_table(&n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(create(owner, roles[i].slug, 10, "assets.view"), ROLE_SLUG_TAKEN);
    assert_int_equal(create(owner, "desk", 10, "assets.view"), ROLE_DONE);
    assert_int_equal(create(owner, "desk", 10, "assets.view"), ROLE_SLUG_TAKEN);
    team_role(t, &t->bolt, "other", 10, "assets.view");
    assert_int_equal(create(owner, "other", 10, "assets.view"), ROLE_DONE);
}

static void test_roles__ids_leave_room_for_the_systems(void **state)
{
    (void)state;
    struct role_deed made = wanted("desk", 10, "assets.view");
    assert_int_equal(deed(role_create, owner, &made), ROLE_DONE);
    assert_true(made.role.id > ROLE_SYSTEM_IDS);
    size_t n;
    const struct role *roles = role_table(&n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(roles[i].id, i + 1);
        assert_ptr_equal(role_by_id(roles[i].id), &roles[i]);
    }
    assert_null(role_by_id(0));
    assert_null(role_by_id(made.role.id));
}

static struct role_deed change(int64_t id, unsigned parts, int rank, const char *permissions)
{
    return (struct role_deed){ .role = { .id = id,
                                         .name = STR("New name"),
                                         .description = STR("New text"),
                                         .rank = rank,
                                         .permissions = permission_set_read(str_of(permissions)) },
                               .parts = parts };
}

static enum role_verdict update(int64_t by, int64_t id, unsigned parts, int rank, const char *permissions)
{
    struct role_deed changed = change(id, parts, rank, permissions);
    return deed(role_update, by, &changed);
}

static void test_roles__are_changed_from_above(void **state)
{
    (void)state;
    int64_t desk = team_role(t, &t->acme, "desk", 20, "assets.view audit.view");
    int64_t high = team_role(t, &t->acme, "high", 75, "assets.view");
    team_role(t, &t->acme, "lead", 60, "team.manage_roles assets.view assets.edit");
    int64_t admin = team_member(t, &t->acme, "a@x", "admin"), lead = team_member(t, &t->acme, "l@x", "lead");
    assert_int_equal(update(admin, high, ROLE_NAME, 0, ""), ROLE_ABOVE);
    assert_int_equal(update(owner, high, ROLE_NAME, 0, ""), ROLE_DONE);
    assert_int_equal(update(admin, desk, ROLE_RANK, 70, ""), ROLE_RANK_ABOVE);
    assert_int_equal(update(lead, desk, ROLE_RANK, 59, ""), ROLE_DONE);
    /* What it had already may stay; what is added must be one's own. */
    assert_int_equal(update(lead, desk, ROLE_PERMISSIONS, 0, "assets.edit audit.view"), ROLE_DONE);
    assert_int_equal(update(lead, desk, ROLE_PERMISSIONS, 0, "assets.delete"), ROLE_PERMISSION_ABOVE);
    assert_int_equal(update(owner, 999999, ROLE_NAME, 0, ""), ROLE_UNKNOWN);
    assert_int_equal(update(owner, team_role(t, &t->bolt, "theirs", 5, ""), ROLE_NAME, 0, ""), ROLE_UNKNOWN);
    for (int64_t id = 1; id <= 2; id++)
        assert_int_equal(update(owner, id, ROLE_NAME, 0, ""), ROLE_UNKNOWN); /* the operator's */
    for (int64_t id = 3; id <= 7; id++)
        assert_int_equal(update(owner, id, ROLE_NAME, 0, ""), ROLE_IS_SYSTEM);
}

static void test_roles__a_change_acts_at_once_and_only_on_its_parts(void **state)
{
    (void)state;
    int64_t desk = team_role(t, &t->acme, "desk", 20, "assets.view audit.view");
    int64_t user = team_member(t, &t->acme, "u@x", "desk");
    db_hear_changes(t->fixture->db);
    struct db_stamp before = db_stamp(t->fixture->db, SUBJECT_TENANT, t->acme.id);
    while (before.value == 0)
        before = db_stamp(t->fixture->db, SUBJECT_TENANT, t->acme.id);
    assert_int_equal(update(owner, desk, ROLE_PERMISSIONS, 0, "assets.edit"), ROLE_DONE);
    assert_false(db_stamp_holds(before, db_stamp(t->fixture->db, SUBJECT_TENANT, t->acme.id)));
    struct access_grant grant = team_grant(t, &t->acme, user);
    assert_true(grant.permissions == PERM_BIT(PERM_ASSETS_EDIT));
    assert_int_equal(grant.role.rank, 20);
    assert_string_equal(grant.role.name, "desk");
    assert_int_equal(update(owner, desk, ROLE_RANK | ROLE_NAME, 55, ""), ROLE_DONE);
    grant = team_grant(t, &t->acme, user);
    assert_int_equal(grant.role.rank, 55);
    assert_string_equal(grant.role.name, "New name");
    assert_string_equal(grant.role.assets_name, "client_manager");
    assert_string_equal(grant.role.crm_name, "DEPARTMENT_HEAD");
}

static void test_roles__no_role_of_a_customer_reaches_beyond_it(void **state)
{
    (void)state;
    team_role(t, &t->acme, "trojan", 20, "assets.view tenants.manage");
    int64_t user = team_member(t, &t->acme, "u@x", "trojan");
    assert_true(team_grant(t, &t->acme, user).permissions == PERM_BIT(PERM_ASSETS_VIEW));
    team_role(t, &t->msp, "helper", 20, "tenants.manage");
    int64_t helper = team_member(t, &t->msp, "h@x", "helper");
    assert_true(team_grant(t, &t->msp, helper).permissions == PERM_BIT(PERM_TENANTS_MANAGE));
    assert_int_equal(team_grant(t, &t->acme, helper).verdict, ACCESS_NOT_A_MEMBER);
    int64_t stranger = team_member(t, &t->bolt, "s@x", "trojan"); /* acme's, not bolt's */
    assert_int_equal(team_grant(t, &t->bolt, stranger).verdict, ACCESS_NOT_A_MEMBER);
}

static void invite(const char *email, const char *role, const char *status, int64_t expires_at)
{
    fixture_exec(t->fixture,
                 "INSERT INTO invitations (tenant_id, email, email_normal, role, status, token_hash, "
                 "created_at, expires_at) VALUES ($1, $2, $2, $3, $4, $5, 1, $6)",
                 DB_ARGS(db_int(t->acme.id), db_text(str_of(email)), db_text(str_of(role)),
                         db_text(str_of(status)), db_blob(email, strlen(email)), db_int(expires_at)));
}

static void test_roles__in_use_are_not_deleted(void **state)
{
    (void)state;
    int64_t desk = team_role(t, &t->acme, "desk", 20, "assets.view");
    int64_t user = team_member(t, &t->acme, "u@x", "desk");
    struct role_deed gone = { .role.id = desk };
    invite("open@x", "desk", "pending", 8000);
    invite("late@x", "desk", "pending", 6000);
    invite("done@x", "desk", "accepted", 8000);
    invite("other@x", "viewer", "pending", 8000);
    assert_int_equal(deed(role_delete, owner, &gone), ROLE_IN_USE);
    assert_int_equal(gone.use.members, 1);
    assert_int_equal(gone.use.invitations, 1);
    fixture_exec(t->fixture, "UPDATE memberships SET role = 'viewer' WHERE user_id = $1",
                 DB_ARGS(db_int(user)));
    gone = (struct role_deed){ .role.id = desk };
    assert_int_equal(deed(role_delete, owner, &gone), ROLE_IN_USE);
    fixture_exec(t->fixture, "UPDATE invitations SET status = 'cancelled'", DB_NO_ARGS);
    gone = (struct role_deed){ .role.id = desk };
    assert_int_equal(deed(role_delete, owner, &gone), ROLE_DONE);
    gone = (struct role_deed){ .role.id = desk };
    assert_int_equal(deed(role_delete, owner, &gone), ROLE_UNKNOWN);
    gone = (struct role_deed){ .role.id = 6 };
    assert_int_equal(deed(role_delete, owner, &gone), ROLE_IS_SYSTEM);
}

static void test_roles__every_deed_is_written_down(void **state)
{
    (void)state;
    struct role_deed made = wanted("desk", 20, "assets.view audit.view");
    assert_int_equal(deed(role_create, owner, &made), ROLE_DONE);
    const char *id = arena_printf(t->fixture->arena, "%lld", (long long)made.role.id).at;
    const char *newest = team_newest_deed(t, &t->acme);
    assert_non_null(strstr(newest, id));
    assert_non_null(strstr(newest, "role.created role "));
    assert_non_null(strstr(newest, " - {\"slug\":\"desk\",\"name\":\"desk\",\"description\":\"\",\"rank\":20,"
                                   "\"permissions\":\"assets.view audit.view\"}"));
    assert_int_equal(update(owner, made.role.id, ROLE_RANK, 20, ""), ROLE_DONE); /* nothing new */
    assert_int_equal(team_count(t, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS), 1);
    assert_int_equal(update(owner, made.role.id, ROLE_RANK, 21, ""), ROLE_DONE);
    newest = team_newest_deed(t, &t->acme);
    assert_non_null(strstr(newest, "role.updated"));
    assert_non_null(strstr(newest, "\"rank\":20"));
    assert_non_null(strstr(newest, "\"rank\":21"));
    struct role_deed gone = { .role.id = made.role.id };
    assert_int_equal(deed(role_delete, owner, &gone), ROLE_DONE);
    newest = team_newest_deed(t, &t->acme);
    assert_non_null(strstr(newest, "role.deleted"));
    assert_string_equal(newest + strlen(newest) - 2, " -");
    assert_int_equal(team_count(t, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS), 3);
}

static void test_roles__faults_leave_nothing_behind(void **state)
{
    (void)state;
    struct access_grant grant = team_grant(t, &t->acme, owner);
    int nth = 1;
    for (bool was_reached = true; was_reached; nth++) {
        struct role_deed made = wanted("desk", 20, "assets.view");
        made.tenant = &t->acme;
        made.actor = (struct team_actor){ owner, &grant, { .kind = AUDIT_USER } };
        storage_fault_set(nth, STORAGE_FULL, false);
        enum storage_status status = role_create(t->fixture->conn, t->fixture->arena, &made);
        was_reached = storage_fault_calls() >= nth;
        storage_fault_set(0, STORAGE_OK, false);
        assert_int_equal(status, was_reached ? STORAGE_FULL : STORAGE_OK);
        assert_int_equal(team_count(t, "SELECT COUNT(*) FROM roles", DB_NO_ARGS), was_reached ? 0 : 1);
    }
    assert_true(nth > 8);
}

/* ---- words ---- */

static void test_role_words__slugs(void **state)
{
    (void)state;
    static const struct {
        const char *name, *slug;
    } names[] = {
        { "Front desk", "front_desk" },
        { "  Night-Shift (north)! ", "night_shift_north" },
        { "A", "a" },
        { "B\xC3\xBCro 2", "b_ro_2" },
        { "\xE6\x9D\xB1\xE4\xBA\xAC", "" },
        { "", "" },
        { "__", "" },
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_string_equal(custom_role_slug(t->fixture->arena, str_of(names[i].name)).at, names[i].slug);
    char text[200];
    memset(text, 'x', sizeof(text));
    struct str slug = custom_role_slug(t->fixture->arena, str_from(text, sizeof(text)));
    assert_true(custom_role_is_slug(slug));
    static const char *const wrong[] = { "", "_a", "-a", "A", "a b", "\xC3\xBC", "a.b" };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(custom_role_is_slug(str_of(wrong[i])));
    assert_false(custom_role_is_slug(str_from(text, ROLE_SLUG_CAP)));
    assert_true(custom_role_is_slug(str_from(text, ROLE_SLUG_CAP - 1)));
}

static void test_role_words__permissions_there_and_back(void **state)
{
    (void)state;
    perm_set all = permission_group(NULL);
    assert_true(permission_set_read(permission_set_write(t->fixture->arena, all)) == all);
    assert_string_equal(permission_set_write(t->fixture->arena, 0).at, "");
    assert_true(permission_set_read(STR("assets.view no.such  audit.view")) ==
                (PERM_BIT(PERM_ASSETS_VIEW) | PERM_BIT(PERM_AUDIT_VIEW)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_roles__are_made_below_ones_own),
        TEST(test_roles__slugs_are_unique_and_not_the_systems),
        TEST(test_roles__ids_leave_room_for_the_systems),
        TEST(test_roles__are_changed_from_above),
        TEST(test_roles__a_change_acts_at_once_and_only_on_its_parts),
        TEST(test_roles__no_role_of_a_customer_reaches_beyond_it),
        TEST(test_roles__in_use_are_not_deleted),
        TEST(test_roles__every_deed_is_written_down),
        TEST(test_roles__faults_leave_nothing_behind),
        TEST(test_role_words__slugs),
        TEST(test_role_words__permissions_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
