/* Who may do what to whom in a team, and what a deed leaves behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "storage/changes.h"
#include "storage/decorate.h"
#include "team_fixture.h"

static struct team *t;

static int set_up(void **state)
{
    (void)state;
    t = team_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    team_free(&t);
    return 0;
}

typedef enum storage_status (*deed_fn)(struct db_conn *conn, struct arena *arena, struct member_deed *deed);

static enum storage_status try_deed(deed_fn fn, const struct tenant *tenant, int64_t by, int64_t whom,
                                    const char *role, struct member_deed *ret)
{
    struct access_grant grant = team_grant(t, tenant, by);
    *ret = (struct member_deed){
        .tenant = tenant,
        .actor = { by, &grant, { .kind = AUDIT_USER, .id = by, .name = STR("by@x") } },
        .user_id = whom,
        .role = str_of(role),
        .now = 5000,
    };
    enum storage_status status = fn(t->fixture->conn, t->fixture->arena, ret);
    ret->actor.grant = NULL;
    return status;
}

static enum member_verdict deed(deed_fn fn, const struct tenant *tenant, int64_t by, int64_t whom,
                                const char *role)
{
    struct member_deed done;
    assert_int_equal(try_deed(fn, tenant, by, whom, role, &done), STORAGE_OK);
    return done.verdict;
}

static const char *role_of(const struct tenant *tenant, int64_t user_id)
{
    struct membership found;
    if (membership_find(t->fixture->conn, t->fixture->arena, tenant->id, user_id, &found) != STORAGE_ROW)
        return "none";
    return found.role.at;
}

/* ---- ranks ---- */

/* One row per standing of the actor: whom they may act on, and which roles they may give. */
static void test_members__nobody_acts_above_their_rank(void **state)
{
    (void)state;
    static const char *const ladder[] = { "owner", "admin", "department_head", "member", "viewer" };
    enum { N = sizeof(ladder) / sizeof(ladder[0]) };
    team_member(t, &t->acme, "keeper@x", "owner");
    int64_t actor = team_member(t, &t->acme, "actor@x", "viewer");
    int64_t target = team_member(t, &t->acme, "target@x", "viewer");
    for (size_t a = 0; a < N; a++) {
        for (size_t b = 0; b < N; b++) {
            fixture_exec(t->fixture, "UPDATE memberships SET role = $1, status = 'active' WHERE user_id = $2",
                         DB_ARGS(db_text(str_of(ladder[a])), db_int(actor)));
            fixture_exec(t->fixture, "UPDATE memberships SET role = $1, status = 'active' WHERE user_id = $2",
                         DB_ARGS(db_text(str_of(ladder[b])), db_int(target)));
            bool may = a <= b;
            assert_int_equal(deed(member_suspend, &t->acme, actor, target, NULL),
                             may ? MEMBER_DONE : MEMBER_ABOVE);
            assert_int_equal(deed(member_reactivate, &t->acme, actor, target, NULL),
                             may ? MEMBER_DONE : MEMBER_ABOVE);
            for (size_t given = 0; may && given < N; given++) {
                const struct role *role = role_by_slug(str_of(ladder[given]));
                struct access_grant grant = team_grant(t, &t->acme, actor);
                bool covers = given >= a && (role->permissions & ~grant.permissions) == 0;
                assert_int_equal(deed(member_set_role, &t->acme, actor, target, ladder[given]),
                                 covers ? MEMBER_DONE : MEMBER_ROLE_ABOVE);
                fixture_exec(t->fixture, "UPDATE memberships SET role = $1 WHERE user_id = $2",
                             DB_ARGS(db_text(str_of(ladder[b])), db_int(target)));
            }
            if (!may)
                assert_int_equal(deed(member_set_role, &t->acme, actor, target, "viewer"), MEMBER_ABOVE);
        }
    }
}

static void test_members__staff_act_on_owners(void **state)
{
    (void)state;
    int64_t staff = team_member(t, &t->msp, "staff@x", "staff");
    int64_t owner = team_member(t, &t->acme, "o@x", "owner"),
            other = team_member(t, &t->acme, "p@x", "owner");
    assert_int_equal(deed(member_set_role, &t->acme, staff, owner, "viewer"), MEMBER_DONE);
    assert_int_equal(deed(member_set_role, &t->acme, staff, other, "admin"), MEMBER_LAST_OWNER);
    assert_int_equal(deed(member_set_role, &t->acme, staff, owner, "owner"), MEMBER_DONE);
    assert_int_equal(deed(member_remove, &t->acme, staff, other, NULL), MEMBER_DONE);
    assert_string_equal(role_of(&t->acme, owner), "owner");
}

/* ---- which roles ---- */

static void test_members__roles_that_cannot_be_given(void **state)
{
    (void)state;
    int64_t boss = team_member(t, &t->msp, "s@x", "superadmin"),
            user = team_member(t, &t->acme, "u@x", "member");
    int64_t colleague = team_member(t, &t->msp, "c@x", "staff");
    team_role(t, &t->bolt, "night_shift", 20, "assets.view");
    assert_int_equal(deed(member_set_role, &t->acme, boss, user, "emperor"), MEMBER_ROLE_UNKNOWN);
    assert_int_equal(deed(member_set_role, &t->acme, boss, user, "night_shift"), MEMBER_ROLE_UNKNOWN);
    assert_int_equal(deed(member_set_role, &t->acme, boss, user, "superadmin"), MEMBER_ROLE_UNKNOWN);
    assert_int_equal(deed(member_set_role, &t->acme, boss, user, "staff"), MEMBER_ROLE_UNKNOWN);
    assert_int_equal(deed(member_set_role, &t->msp, boss, colleague, "owner"), MEMBER_ROLE_UNKNOWN);
    assert_int_equal(deed(member_set_role, &t->msp, boss, colleague, "superadmin"), MEMBER_DONE);
    assert_string_equal(role_of(&t->acme, user), "member");
}

/* A low-ranking role may still hold what its giver lacks. */
static void test_members__custom_roles_are_given_by_those_who_cover_them(void **state)
{
    (void)state;
    team_role(t, &t->acme, "lead", 60, "team.view team.manage_roles assets.view");
    team_role(t, &t->acme, "desk", 20, "assets.view");
    team_role(t, &t->acme, "auditor", 20, "audit.view");
    int64_t lead = team_member(t, &t->acme, "l@x", "lead"), user = team_member(t, &t->acme, "u@x", "viewer");
    assert_int_equal(deed(member_set_role, &t->acme, lead, user, "desk"), MEMBER_DONE);
    assert_int_equal(deed(member_set_role, &t->acme, lead, user, "auditor"), MEMBER_ROLE_ABOVE);
    assert_int_equal(deed(member_set_role, &t->acme, lead, user, "department_head"), MEMBER_ROLE_ABOVE);
    struct access_grant grant = team_grant(t, &t->acme, user);
    assert_string_equal(grant.role.slug, "desk");
    assert_string_equal(grant.role.assets_name, "client_viewer");
    assert_true(grant.permissions == PERM_BIT(PERM_ASSETS_VIEW));
}

/* ---- one's own membership ---- */

static void test_members__oneself(void **state)
{
    (void)state;
    int64_t owner = team_member(t, &t->acme, "o@x", "owner"),
            admin = team_member(t, &t->acme, "a@x", "admin");
    assert_int_equal(deed(member_suspend, &t->acme, admin, admin, NULL), MEMBER_SELF);
    assert_int_equal(deed(member_set_role, &t->acme, admin, admin, "owner"), MEMBER_ROLE_ABOVE);
    assert_int_equal(deed(member_set_role, &t->acme, admin, admin, "admin"), MEMBER_DONE);
    assert_int_equal(deed(member_remove, &t->acme, admin, admin, NULL), MEMBER_DONE);
    assert_int_equal(deed(member_remove, &t->acme, owner, owner, NULL), MEMBER_LAST_OWNER);
    assert_int_equal(deed(member_set_role, &t->acme, owner, owner, "admin"), MEMBER_LAST_OWNER);
    assert_string_equal(role_of(&t->acme, admin), "none");
    assert_string_equal(role_of(&t->acme, owner), "owner");
}

/* ---- the last owner ---- */

/* Only an owner who can act keeps a tenant: not a suspended one, nor one whose account is disabled. */
static void test_members__an_owner_who_cannot_act_keeps_nothing(void **state)
{
    (void)state;
    int64_t staff = team_member(t, &t->msp, "s@x", "staff");
    int64_t owner = team_member(t, &t->acme, "o@x", "owner"),
            other = team_member(t, &t->acme, "p@x", "owner");
    fixture_exec(t->fixture, "UPDATE users SET status = 'disabled' WHERE id = $1", DB_ARGS(db_int(other)));
    assert_int_equal(deed(member_suspend, &t->acme, staff, owner, NULL), MEMBER_LAST_OWNER);
    fixture_exec(t->fixture, "UPDATE users SET status = 'active' WHERE id = $1", DB_ARGS(db_int(other)));
    assert_int_equal(deed(member_suspend, &t->acme, staff, other, NULL), MEMBER_DONE);
    assert_int_equal(deed(member_remove, &t->acme, staff, owner, NULL), MEMBER_LAST_OWNER);
    assert_int_equal(deed(member_remove, &t->acme, staff, other, NULL), MEMBER_DONE);
}

static void test_members__a_team_without_owner_can_be_changed(void **state)
{
    (void)state;
    int64_t staff = team_member(t, &t->msp, "s@x", "staff"), user = team_member(t, &t->acme, "u@x", "member");
    assert_int_equal(deed(member_suspend, &t->acme, staff, user, NULL), MEMBER_DONE);
    assert_int_equal(deed(member_set_role, &t->acme, staff, user, "owner"), MEMBER_DONE);
    assert_int_equal(deed(member_remove, &t->acme, staff, user, NULL), MEMBER_DONE);
}

static void test_members__the_operator_keeps_a_superadmin(void **state)
{
    (void)state;
    int64_t boss = team_member(t, &t->msp, "s@x", "superadmin"),
            other = team_member(t, &t->msp, "t@x", "staff");
    assert_int_equal(deed(member_remove, &t->msp, boss, boss, NULL), MEMBER_LAST_OWNER);
    assert_int_equal(deed(member_set_role, &t->msp, boss, boss, "staff"), MEMBER_LAST_OWNER);
    assert_int_equal(deed(member_set_role, &t->msp, boss, other, "superadmin"), MEMBER_DONE);
    assert_int_equal(deed(member_remove, &t->msp, boss, boss, NULL), MEMBER_DONE);
}

/* ---- what is left behind ---- */

static void test_members__strangers_are_unknown(void **state)
{
    (void)state;
    static const deed_fn deeds[] = { member_set_role, member_suspend, member_reactivate, member_remove };
    int64_t owner = team_member(t, &t->acme, "o@x", "owner"),
            other = team_member(t, &t->bolt, "b@x", "member");
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        assert_int_equal(deed(deeds[i], &t->acme, owner, other, "viewer"), MEMBER_UNKNOWN);
        assert_int_equal(deed(deeds[i], &t->acme, owner, 999999, "viewer"), MEMBER_UNKNOWN);
    }
    assert_string_equal(role_of(&t->bolt, other), "member");
    assert_int_equal(team_count(t, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS), 0);
}

static void assert_newest(const char *format, int64_t id)
{
    const char *expected = arena_printf(t->fixture->arena, "%s", format).at;
    const char *found = team_newest_deed(t, &t->acme);
    char *hash = strchr(expected, '#');
    struct str text = arena_printf(t->fixture->arena, "%.*s%lld%s", (int)(hash - expected), expected,
                                   (long long)id, hash + 1);
    assert_string_equal(found, text.at);
}

static void test_members__every_deed_is_written_down(void **state)
{
    (void)state;
    int64_t owner = team_member(t, &t->acme, "o@x", "owner"),
            user = team_member(t, &t->acme, "u@x", "member");
    assert_int_equal(deed(member_set_role, &t->acme, owner, user, "viewer"), MEMBER_DONE);
    assert_newest("member.role_changed user # {\"role\":\"member\",\"status\":\"active\"} "
                  "{\"role\":\"viewer\",\"status\":\"active\"}",
                  user);
    assert_int_equal(deed(member_suspend, &t->acme, owner, user, NULL), MEMBER_DONE);
    assert_newest("member.suspended user # {\"role\":\"viewer\",\"status\":\"active\"} "
                  "{\"role\":\"viewer\",\"status\":\"suspended\"}",
                  user);
    assert_int_equal(team_grant(t, &t->acme, user).verdict, ACCESS_SUSPENDED);
    assert_int_equal(deed(member_reactivate, &t->acme, owner, user, NULL), MEMBER_DONE);
    assert_newest("member.reactivated user # {\"role\":\"viewer\",\"status\":\"suspended\"} "
                  "{\"role\":\"viewer\",\"status\":\"active\"}",
                  user);
    assert_int_equal(deed(member_remove, &t->acme, owner, user, NULL), MEMBER_DONE);
    assert_newest("member.removed user # {\"role\":\"viewer\",\"status\":\"active\"} -", user);
    assert_int_equal(team_count(t, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS), 4);
}

static void test_members__what_is_so_already_is_not_done_again(void **state)
{
    (void)state;
    int64_t owner = team_member(t, &t->acme, "o@x", "owner"),
            user = team_member(t, &t->acme, "u@x", "member");
    assert_int_equal(deed(member_reactivate, &t->acme, owner, user, NULL), MEMBER_DONE);
    assert_int_equal(deed(member_set_role, &t->acme, owner, user, "member"), MEMBER_DONE);
    assert_int_equal(team_count(t, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS), 0);
    assert_int_equal(deed(member_suspend, &t->acme, owner, user, NULL), MEMBER_DONE);
    assert_int_equal(deed(member_suspend, &t->acme, owner, user, NULL), MEMBER_DONE);
    assert_int_equal(team_count(t, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS), 1);
}

static void add_session(int64_t user_id, const struct tenant *tenant, const char *jti)
{
    fixture_exec(
        t->fixture,
        "INSERT INTO sessions (user_id, tenant_id, jti, address, user_agent, created_at, expires_at) "
        "VALUES ($1, $2, $3, '', '', 1, 9000000)",
        DB_ARGS(db_int(user_id), db_int(tenant->id), db_text(str_of(jti))));
}

static void test_members__removal_frees_seat_sessions_and_words(void **state)
{
    (void)state;
    int64_t owner = team_member(t, &t->acme, "o@x", "owner"),
            user = team_member(t, &t->acme, "u@x", "member");
    team_join(t, &t->bolt, user, "member");
    add_session(user, &t->acme, "one");
    add_session(user, &t->bolt, "two");
    fixture_exec(t->fixture, "INSERT INTO tenant_usage (tenant_id, kind, used) VALUES ($1, 'users', 2)",
                 DB_ARGS(db_int(t->acme.id)));
    assert_int_equal(deed(member_remove, &t->acme, owner, user, NULL), MEMBER_DONE);
    assert_int_equal(
        team_count(t, "SELECT used FROM tenant_usage WHERE tenant_id = $1", DB_ARGS(db_int(t->acme.id))), 1);
    assert_int_equal(team_count(t,
                                "SELECT COUNT(*) FROM sessions WHERE revoked_at IS NULL AND tenant_id = $1",
                                DB_ARGS(db_int(t->bolt.id))),
                     1);
    assert_int_equal(team_count(t, "SELECT COUNT(*) FROM sessions WHERE revoked_at IS NULL", DB_NO_ARGS), 1);
    assert_int_equal(team_count(t, "SELECT COUNT(*) FROM member_words WHERE tenant_id = $1 AND user_id = $2",
                                DB_ARGS(db_int(t->acme.id), db_int(user))),
                     0);
    assert_string_equal(role_of(&t->bolt, user), "member");
}

static void test_members__a_deed_makes_what_was_kept_stale(void **state)
{
    (void)state;
    static const deed_fn deeds[] = { member_set_role, member_suspend, member_reactivate, member_remove };
    int64_t owner = team_member(t, &t->acme, "o@x", "owner"),
            user = team_member(t, &t->acme, "u@x", "member");
    db_hear_changes(t->fixture->db);
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        struct db_stamp before = db_stamp(t->fixture->db, SUBJECT_USER, user);
        while (before.value == 0) /* PostgreSQL: until the listener hears */
            before = db_stamp(t->fixture->db, SUBJECT_USER, user);
        assert_int_equal(deed(deeds[i], &t->acme, owner, user, "viewer"), MEMBER_DONE);
        assert_false(db_stamp_holds(before, db_stamp(t->fixture->db, SUBJECT_USER, user)));
    }
}

/* Whichever call fails, nothing is half done. */
static void test_members__faults_leave_nothing_behind(void **state)
{
    (void)state;
    static const deed_fn deeds[] = { member_set_role, member_suspend, member_remove };
    int64_t owner = team_member(t, &t->acme, "o@x", "owner"),
            user = team_member(t, &t->acme, "u@x", "member");
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
        int nth = 1;
        for (bool was_reached = true; was_reached; nth++) {
            int64_t rows = team_count(t, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS);
            struct access_grant grant = team_grant(t, &t->acme, owner);
            struct member_deed done = {
                .tenant = &t->acme,
                .actor = { owner, &grant, { .kind = AUDIT_USER } },
                .user_id = user,
                .role = STR("viewer"),
                .now = 1,
            };
            storage_fault_set(nth, STORAGE_FULL, false);
            enum storage_status status = deeds[i](t->fixture->conn, t->fixture->arena, &done);
            was_reached = storage_fault_calls() >= nth;
            storage_fault_set(0, STORAGE_OK, false);
            assert_int_equal(status, was_reached ? STORAGE_FULL : STORAGE_OK);
            assert_int_equal(team_count(t, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS),
                             rows + (was_reached ? 0 : 1));
        }
        assert_true(nth > 10);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_members__nobody_acts_above_their_rank),
        TEST(test_members__staff_act_on_owners),
        TEST(test_members__roles_that_cannot_be_given),
        TEST(test_members__custom_roles_are_given_by_those_who_cover_them),
        TEST(test_members__oneself),
        TEST(test_members__an_owner_who_cannot_act_keeps_nothing),
        TEST(test_members__a_team_without_owner_can_be_changed),
        TEST(test_members__the_operator_keeps_a_superadmin),
        TEST(test_members__strangers_are_unknown),
        TEST(test_members__every_deed_is_written_down),
        TEST(test_members__what_is_so_already_is_not_done_again),
        TEST(test_members__removal_frees_seat_sessions_and_words),
        TEST(test_members__a_deed_makes_what_was_kept_stale),
        TEST(test_members__faults_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
