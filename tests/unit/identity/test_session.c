/* Sessions: live from their commit until they expire or are revoked, and then never again. */
#include "identity_fixture.h"

static enum storage_status load_at(struct fixture *f, const struct session *session, int64_t now)
{
    struct session found;
    struct user user;
    return session_load(f->conn, f->arena, session->id, session->jti, now, &found, &user);
}

static enum storage_status load(struct fixture *f, const struct session *session)
{
    return load_at(f, session, clock_now());
}

static void test_session__brings_its_user(void **state)
{
    struct fixture *f = *state;
    int64_t user_id = fixture_user(f, "ann@example.com");
    struct session opened = fixture_session(f, user_id).session, found;
    struct user user;
    assert_int_equal(session_load(f->conn, f->arena, opened.id, opened.jti, clock_now(), &found, &user),
                     STORAGE_ROW);
    assert_int_equal(found.id, opened.id);
    assert_int_equal(found.user_id, user_id);
    assert_int_equal(found.tenant_id, f->tenant_id);
    assert_int_equal(found.created_at, opened.created_at);
    assert_int_equal(found.expires_at, opened.created_at + f->config.tokens.access_ttl_us);
    assert_true(str_equal(found.jti, opened.jti));
    assert_int_equal(user.id, user_id);
    assert_string_equal(user.email.at, "ann@example.com");
}

static void test_session__jti_is_random_and_must_fit(void **state)
{
    struct fixture *f = *state;
    int64_t user_id = fixture_user(f, "ann@example.com");
    struct session one = fixture_session(f, user_id).session, two = fixture_session(f, user_id).session,
                   mixed = one;
    assert_int_equal(one.jti.len, 32);
    assert_false(str_equal(one.jti, two.jti));
    mixed.jti = two.jti;
    assert_int_equal(load(f, &mixed), STORAGE_DONE);
    mixed.jti = STR_NONE;
    assert_int_equal(load(f, &mixed), STORAGE_DONE);
    mixed = one;
    mixed.id = two.id + 1;
    assert_int_equal(load(f, &mixed), STORAGE_DONE);
    assert_int_equal(load(f, &one), STORAGE_ROW);
}

static void test_session__expires_to_the_microsecond(void **state)
{
    struct fixture *f = *state;
    struct session session = fixture_session(f, fixture_user(f, "ann@example.com")).session;
    assert_int_equal(load_at(f, &session, session.expires_at - 1), STORAGE_ROW);
    assert_int_equal(load_at(f, &session, session.expires_at), STORAGE_DONE);
    assert_int_equal(load_at(f, &session, INT64_MAX), STORAGE_DONE);
}

static void test_session__revoked_is_gone_for_good(void **state)
{
    struct fixture *f = *state;
    int64_t user_id = fixture_user(f, "ann@example.com");
    struct session one = fixture_session(f, user_id).session, two = fixture_session(f, user_id).session;
    static const char revoked_at[] = "SELECT revoked_at FROM sessions WHERE id = $1";
    fixture_revoke(f, one.id);
    int64_t first = fixture_int(f, revoked_at, DB_ARGS(db_int(one.id)));
    assert_true(first > 0);
    fixture_revoke(f, one.id);
    assert_int_equal(fixture_int(f, revoked_at, DB_ARGS(db_int(one.id))), first);
    assert_int_equal(load(f, &one), STORAGE_DONE);
    assert_int_equal(load_at(f, &one, one.created_at), STORAGE_DONE);
    assert_int_equal(load(f, &two), STORAGE_ROW);
}

static void test_session__of_a_disabled_user_is_not_live(void **state)
{
    struct fixture *f = *state;
    int64_t user_id = fixture_user(f, "ann@example.com");
    struct session session = fixture_session(f, user_id).session;
    fixture_exec(f, "UPDATE users SET status = 'disabled' WHERE id = $1", DB_ARGS(db_int(user_id)));
    assert_int_equal(load(f, &session), STORAGE_DONE);
    fixture_exec(f, "UPDATE users SET status = 'active' WHERE id = $1", DB_ARGS(db_int(user_id)));
    assert_int_equal(load(f, &session), STORAGE_ROW);
}

struct others {
    int64_t user_id, except;
};

static enum storage_status revoke_others(struct db_conn *conn, void *context)
{
    const struct others *others = context;
    return session_revoke_others(conn, others->user_id, others->except, clock_now());
}

static void test_session__revoking_the_others_leaves_one_and_other_users(void **state)
{
    struct fixture *f = *state;
    int64_t ann = fixture_user(f, "ann@example.com"), bob = fixture_user(f, "bob@example.com");
    struct session a = fixture_session(f, ann).session, b = fixture_session(f, ann).session,
                   c = fixture_session(f, ann).session, d = fixture_session(f, bob).session;
    struct others others = { ann, b.id };
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, revoke_others, &others), STORAGE_OK);
    assert_int_equal(load(f, &a), STORAGE_DONE);
    assert_int_equal(load(f, &b), STORAGE_ROW);
    assert_int_equal(load(f, &c), STORAGE_DONE);
    assert_int_equal(load(f, &d), STORAGE_ROW);
    others.except = 0;
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, revoke_others, &others), STORAGE_OK);
    assert_int_equal(load(f, &b), STORAGE_DONE);
    assert_int_equal(load(f, &d), STORAGE_ROW);
}

static void test_session__needs_an_existing_user_and_tenant(void **state)
{
    struct fixture *f = *state;
    struct signed_in signed_in;
    int64_t user_id = fixture_user(f, "ann@example.com");
    assert_int_equal(session_open(f->conn, &f->config, f->arena, user_id + 1, f->tenant_id, STR_NONE,
                                  STR_NONE, &signed_in),
                     STORAGE_REFERENCE);
    assert_int_equal(session_open(f->conn, &f->config, f->arena, user_id, f->tenant_id + 1, STR_NONE,
                                  STR_NONE, &signed_in),
                     STORAGE_REFERENCE);
}

/* What the client says of itself is stored whatever it is: 200 bytes at most, never half a character. */
static void test_session__notes_are_made_fit_to_store(void **state)
{
    struct fixture *f = *state;
    int64_t user_id = fixture_user(f, "ann@example.com");
    const struct {
        struct str given, stored;
    } cases[] = {
        { STR("curl/8.0"), STR("curl/8.0") },
        { STR_NONE, STR("") },
        { STR("a\0b\nc\x7f"), STR("a?b?c?") },
        { STR("caf\xc3\xa9"), STR("caf\xc3\xa9") },
        { STR("caf\xe9 \xff"), STR("caf? ?") },
        { arena_printf(f->arena, "%0200d", 7), arena_printf(f->arena, "%0200d", 7) },
        { arena_printf(f->arena, "%0200d", 70), arena_printf(f->arena, "%0200d", 70) },
        { arena_printf(f->arena, "%0201d", 70), arena_printf(f->arena, "%0200d", 7) },
        { arena_printf(f->arena, "%0199d\xc3\xa9", 7), arena_printf(f->arena, "%0199d", 7) },
        { arena_printf(f->arena, "%0198d\xc3\xa9x", 7), arena_printf(f->arena, "%0198d\xc3\xa9", 7) },
        { arena_printf(f->arena, "%0198d\xe2\x82\xac", 7), arena_printf(f->arena, "%0198d", 7) },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct signed_in in;
        assert_int_equal(session_open(f->conn, &f->config, f->arena, user_id, f->tenant_id, STR("::1"),
                                      cases[i].given, &in),
                         STORAGE_OK);
        struct str stored =
            fixture_text(f, "SELECT user_agent FROM sessions WHERE id = $1", DB_ARGS(db_int(in.session.id)));
        if (!str_equal(stored, cases[i].stored))
            fail_msg("case %zu: \"%.*s\"", i, STR_ARG(stored));
    }
}

#define LONG_AGO (INT64_C(1000) * CLOCK_SECOND)

static int64_t sessions_left(struct fixture *f)
{
    return fixture_int(f, "SELECT COUNT(*) FROM sessions", DB_NO_ARGS);
}

static int64_t swept(struct fixture *f, int64_t before, int64_t limit)
{
    int64_t n = -1;
    assert_int_equal(session_sweep(f->conn, before, limit, &n), STORAGE_OK);
    return n;
}

static void test_session__sweep_takes_what_ended_before_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    int64_t user_id = fixture_user(f, "ann@example.com");
    struct signed_in live = fixture_session(f, user_id), expired = fixture_session(f, user_id);
    struct signed_in revoked = fixture_session(f, user_id), lately = fixture_session(f, user_id);
    fixture_exec(f, "UPDATE sessions SET expires_at = $2 WHERE id = $1",
                 DB_ARGS(db_int(expired.session.id), db_int(LONG_AGO)));
    fixture_exec(f, "UPDATE sessions SET revoked_at = $2 WHERE id = $1",
                 DB_ARGS(db_int(revoked.session.id), db_int(LONG_AGO)));
    fixture_revoke(f, lately.session.id);
    assert_int_equal(swept(f, LONG_AGO, 100), 0);
    assert_int_equal(swept(f, LONG_AGO + 1, 100), 2);
    assert_int_equal(swept(f, LONG_AGO + 1, 100), 0);
    assert_int_equal(sessions_left(f), 2);
    assert_int_equal(fixture_int(f, "SELECT COUNT(*) FROM sessions WHERE id IN ($1, $2)",
                                 DB_ARGS(db_int(live.session.id), db_int(lately.session.id))),
                     2);
    struct principal principal;
    assert_int_equal(fixture_verdict(f, live.token, &principal), TOKEN_VALID);
    assert_int_equal(fixture_verdict(f, expired.token, &principal), TOKEN_INVALID);
}

static void test_session__sweep_is_bounded(void **state)
{
    struct fixture *f = *state;
    int64_t user_id = fixture_user(f, "ann@example.com");
    for (int i = 0; i < 7; i++)
        fixture_session(f, user_id);
    fixture_exec(f, "UPDATE sessions SET expires_at = 1", DB_NO_ARGS);
    assert_int_equal(swept(f, LONG_AGO, 3), 3);
    assert_int_equal(sessions_left(f), 4);
    assert_int_equal(swept(f, LONG_AGO, 100), 4);
}

/* Whatever call fails: the failure is told, and what is deleted is what was counted. */
static void test_session__sweep_fails_whole(void **state)
{
    struct fixture *f = *state;
    int64_t user_id = fixture_user(f, "ann@example.com");
    for (int i = 0; i < 3; i++)
        fixture_session(f, user_id);
    fixture_exec(f, "UPDATE sessions SET expires_at = 1", DB_NO_ARGS);
    for (int nth = 1;; nth++) {
        int64_t n = -1;
        storage_fault_set(nth, STORAGE_FULL, false);
        enum storage_status status = session_sweep(f->conn, LONG_AGO, 100, &n);
        storage_fault_set(0, STORAGE_OK, false);
        if (status == STORAGE_OK)
            break;
        assert_int_equal(n, -1);
        assert_int_equal(sessions_left(f), 3);
        assert_true(nth < 100);
    }
    assert_int_equal(sessions_left(f), 0);
}

static enum storage_status confirm(struct db_conn *conn, void *context)
{
    const struct session *session = context;
    return session_confirm(conn, session->user_id, session->id, clock_now());
}

static void test_session__is_confirmed_while_it_lives(void **state)
{
    struct fixture *f = *state;
    struct session session = fixture_session(f, fixture_user(f, "ann@example.com")).session;
    struct session other = session;
    other.user_id++;
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, confirm, &session), STORAGE_OK);
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, confirm, &other), STORAGE_DONE);
    fixture_revoke(f, session.id);
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, confirm, &session), STORAGE_DONE);
    fixture_exec(f, "UPDATE sessions SET revoked_at = NULL, expires_at = 1", DB_NO_ARGS);
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, confirm, &session), STORAGE_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_session__brings_its_user),
        FIXTURE_TEST(test_session__jti_is_random_and_must_fit),
        FIXTURE_TEST(test_session__expires_to_the_microsecond),
        FIXTURE_TEST(test_session__revoked_is_gone_for_good),
        FIXTURE_TEST(test_session__of_a_disabled_user_is_not_live),
        FIXTURE_TEST(test_session__revoking_the_others_leaves_one_and_other_users),
        FIXTURE_TEST(test_session__needs_an_existing_user_and_tenant),
        FIXTURE_TEST(test_session__notes_are_made_fit_to_store),
        FIXTURE_TEST(test_session__sweep_takes_what_ended_before_and_nothing_else),
        FIXTURE_TEST(test_session__sweep_is_bounded),
        FIXTURE_TEST(test_session__sweep_fails_whole),
        FIXTURE_TEST(test_session__is_confirmed_while_it_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
