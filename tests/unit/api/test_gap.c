/* Hashing happens outside transactions, so there is a gap between a password that was right and what is
 * written for it. Whoever changes the password, disables the user or ends the session in that gap must find
 * it closed: no session, membership or tenant comes of what no longer holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "identity/sign_in.h"
#include "v1_fixture.h"

#define NEXT   "another good one"
#define ADMIN  4  /* admin@acme.example */
#define NOBODY 12 /* nobody@example.com */

static int set_up(void **state)
{
    *state = world_new("");
    return 0;
}

static int tear_down(void **state)
{
    fixture_before_write(0, NULL, NULL);
    world_free((struct world **)state);
    return 0;
}

static int64_t count(struct world *w, const char *sql)
{
    return count_of(w, sql, DB_NO_ARGS);
}

/* ---- what happens in the gap ---- */

struct meanwhile {
    struct world *world;
    int64_t user_id;
    bool happened;
};

static void change_password(void *context)
{
    struct meanwhile *meanwhile = context;
    struct fixture *f = meanwhile->world->fixture;
    enum password_change change;
    const char *why;
    assert_int_equal(password_change(f->conn, meanwhile->world->config, f->arena, meanwhile->user_id, 0,
                                     STR(PASSWORD), STR(NEXT), NULL, NULL, &change, &why),
                     STORAGE_OK);
    assert_int_equal(change, PASSWORD_CHANGED);
    meanwhile->happened = true;
}

static void disable_user(void *context)
{
    struct meanwhile *meanwhile = context;
    fixture_exec(meanwhile->world->fixture, "UPDATE users SET status = 'disabled' WHERE id = $1",
                 DB_ARGS(db_int(meanwhile->user_id)));
    meanwhile->happened = true;
}

static enum storage_status store_rehash(struct db_conn *conn, void *context)
{
    const struct meanwhile *meanwhile = context;
    struct world *w = meanwhile->world;
    struct user user;
    char hash[PASSWORD_HASH_CAP];
    assert_int_equal(user_by_id(conn, w->fixture->arena, meanwhile->user_id, &user), STORAGE_ROW);
    assert_true(password_hash(w->config, STR(PASSWORD), hash));
    return user_rehash_password(conn, user.id, user.password_hash, str_of(hash), user.created_at + 1);
}

static void rehash(void *context)
{
    struct meanwhile *meanwhile = context;
    assert_int_equal(db_transaction(meanwhile->world->fixture->conn, STORAGE_WRITE, store_rehash, meanwhile),
                     STORAGE_OK);
    meanwhile->happened = true;
}

static enum storage_status store_revocation(struct db_conn *conn, void *context)
{
    const struct meanwhile *meanwhile = context;
    return session_revoke_others(conn, meanwhile->user_id, 0, 1);
}

static void revoke_sessions(void *context)
{
    struct meanwhile *meanwhile = context;
    assert_int_equal(
        db_transaction(meanwhile->world->fixture->conn, STORAGE_WRITE, store_revocation, meanwhile),
        STORAGE_OK);
    meanwhile->happened = true;
}

/* ---- signing in ---- */

static const struct reply *v1_login(struct world *w, const char *password)
{
    return V1(w, "acme", .method = "POST", .target = "/api/v1/auth/login",
              .json = arena_printf(w->fixture->arena,
                                   "{\"email\":\"admin@acme.example\",\"password\":\"%s\"}", password)
                          .at);
}

static const struct reply *crm_login(struct world *w, const char *password)
{
    return ASK(w, .method = "POST", .target = "/api/auth/login",
               .json = arena_printf(w->fixture->arena,
                                    "{\"email\":\"admin@acme.example\",\"password\":\"%s\"}", password)
                           .at);
}

static const struct reply *assets_login(struct world *w, const char *password)
{
    return ASK(
        w, .method = "POST", .target = "/api/auth/login", .host = "acme.localhost",
        .form = arena_printf(w->fixture->arena, "username=admin%%40acme.example&password=%s", password).at);
}

static const struct reply *(*const logins[])(struct world *, const char *) = { v1_login, crm_login,
                                                                               assets_login };

static void assert_no_login(void **state, void (*fn)(void *context))
{
    for (size_t i = 0; i < sizeof logins / sizeof logins[0]; i++) {
        struct world *w = *state;
        struct meanwhile meanwhile = { w, ADMIN, false };
        fixture_before_write(1, fn, &meanwhile);
        assert_status(logins[i](w, PASSWORD), 401);
        assert_true(meanwhile.happened);
        assert_int_equal(count(w, "SELECT COUNT(*) FROM sessions"), 0);
        assert_int_equal(count(w, "SELECT COUNT(*) FROM audit_log WHERE action = 'session.opened'"), 0);
        assert_int_equal(count(w, "SELECT COUNT(*) FROM audit_log WHERE action = 'session.refused'"), 1);
        assert_int_equal(count(w, "SELECT COUNT(*) FROM sign_in_failures WHERE failures = 1"), 1);
        assert_status(logins[i](w, NEXT), fn == change_password ? 200 : 401);
        world_free((struct world **)state);
        *state = world_new("");
    }
}

static void test_gap__no_session_for_a_password_that_was_changed(void **state)
{
    assert_no_login(state, change_password);
}

static void test_gap__no_session_for_a_user_who_was_disabled(void **state)
{
    assert_no_login(state, disable_user);
}

static void test_gap__a_rehash_is_no_change(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < sizeof logins / sizeof logins[0]; i++) {
        struct meanwhile meanwhile = { w, ADMIN, false };
        fixture_before_write(1, rehash, &meanwhile);
        assert_status(logins[i](w, PASSWORD), 200);
        assert_true(meanwhile.happened);
    }
}

/* ---- a password for something else ---- */

static void test_gap__no_tenant_for_a_password_that_was_changed(void **state)
{
    for (int nth = 1; nth <= 2; nth++) { /* the success is written, then the tenant */
        struct world *w = *state;
        struct meanwhile meanwhile = { w, NOBODY, false };
        int64_t tenants = count(w, "SELECT COUNT(*) FROM tenants");
        fixture_before_write(nth, change_password, &meanwhile);
        assert_reply(ASK(w, .method = "POST", .target = "/api/v1/tenants",
                         .json = "{\"name\":\"Zed\",\"owner\":{\"name\":\"Zoe\",\"email\":"
                                 "\"nobody@example.com\",\"password\":\"" PASSWORD "\"}}"),
                     401, WRONG);
        assert_true(meanwhile.happened);
        assert_int_equal(count(w, "SELECT COUNT(*) FROM tenants"), tenants);
        assert_int_equal(count(w, "SELECT COUNT(*) FROM sessions"), 0);
        assert_int_equal(count(w, "SELECT COUNT(*) FROM memberships WHERE user_id = 12"), 0);
        world_free((struct world **)state);
        *state = world_new("");
    }
}

static const char *invite_nobody(struct world *w)
{
    const struct reply *reply = V1(w, "acme", .method = "POST", .target = "/api/v1/team/invite",
                                   .json = "{\"email\":\"nobody@example.com\",\"role\":\"member\"}",
                                   .token = v1_token(w, "acme", "owner@acme.example"));
    assert_status(reply, 201);
    return strstr(member_of(w, reply, "data.link"), "/invite/") + strlen("/invite/");
}

static const struct reply *accept(struct world *w, const char *token, const char *password,
                                  const char *bearer)
{
    return ASK(w, .method = "POST", .target = "/api/v1/invitations/accept", .token = bearer,
               .json = arena_printf(w->fixture->arena, "{\"token\":\"%s\"%s}", token, password).at);
}

static void assert_nothing_came_of_it(struct world *w)
{
    assert_int_equal(count(w, "SELECT COUNT(*) FROM invitations WHERE status = 'pending'"), 1);
    assert_int_equal(count(w, "SELECT COUNT(*) FROM memberships WHERE user_id = 12"), 0);
    assert_int_equal(count(w, "SELECT COUNT(*) FROM sessions WHERE user_id = 12 AND revoked_at IS NULL"), 0);
}

static void test_gap__no_membership_for_a_password_that_was_changed(void **state)
{
    for (int nth = 1; nth <= 2; nth++) {
        struct world *w = *state;
        struct meanwhile meanwhile = { w, NOBODY, false };
        const char *token = invite_nobody(w);
        fixture_before_write(nth, change_password, &meanwhile);
        assert_reply(accept(w, token, ",\"password\":\"" PASSWORD "\"", NULL), 401, WRONG);
        assert_true(meanwhile.happened);
        assert_nothing_came_of_it(w);
        assert_status(accept(w, token, ",\"password\":\"" NEXT "\"", NULL), 200);
        world_free((struct world **)state);
        *state = world_new("");
    }
}

/* nobody@example.com belongs nowhere, so the session is made by hand. */
static const char *session_of_nobody(struct world *w)
{
    struct signed_in in;
    assert_int_equal(
        session_open(w->fixture->conn, w->config, w->fixture->arena, NOBODY, 2, STR("::1"), STR("test"), &in),
        STORAGE_OK);
    return in.token.at;
}

static void test_gap__no_membership_by_a_session_that_was_ended(void **state)
{
    void (*const deeds[])(void *) = { revoke_sessions, change_password, disable_user };
    for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
        struct world *w = *state;
        struct meanwhile meanwhile = { w, NOBODY, false };
        const char *token = invite_nobody(w), *bearer = session_of_nobody(w);
        fixture_before_write(1, deeds[i], &meanwhile);
        assert_status(accept(w, token, "", bearer), 401);
        assert_true(meanwhile.happened);
        fixture_exec(w->fixture, "DELETE FROM sessions WHERE id = $1 AND revoked_at IS NULL",
                     DB_ARGS(db_int(2))); /* the one by hand, which a disabled user keeps but cannot use */
        assert_nothing_came_of_it(w);
        world_free((struct world **)state);
        *state = world_new("");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_gap__no_session_for_a_password_that_was_changed),
        TEST(test_gap__no_session_for_a_user_who_was_disabled),
        TEST(test_gap__a_rehash_is_no_change),
        TEST(test_gap__no_tenant_for_a_password_that_was_changed),
        TEST(test_gap__no_membership_for_a_password_that_was_changed),
        TEST(test_gap__no_membership_by_a_session_that_was_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
