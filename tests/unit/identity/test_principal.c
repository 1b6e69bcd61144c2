/* From a token to its bearer: the session decides, at every use. */
#include "identity_fixture.h"

#include "identity/opaque_token.h"
#include "token_forge.h"

static struct str token_of(struct fixture *f, const struct session *session)
{
    struct access_claims claims = { session->user_id,
                                    session->id,
                                    session->tenant_id,
                                    session->created_at / CLOCK_SECOND,
                                    session->expires_at / CLOCK_SECOND,
                                    session->jti };
    return access_token_issue(&f->config, f->arena, &claims);
}

static void test_principal__is_the_sessions_user(void **state)
{
    struct fixture *f = *state;
    struct principal who = { 0 };
    int64_t user_id = fixture_user(f, "ann@example.com");
    struct signed_in in = fixture_session(f, user_id);
    assert_int_equal(fixture_verdict(f, in.token, &who), TOKEN_VALID);
    assert_int_equal(who.kind, PRINCIPAL_USER);
    assert_int_equal(who.user_id, user_id);
    assert_int_equal(who.user_created_at, 1000);
    assert_int_equal(who.session_id, in.session.id);
    assert_int_equal(who.token_tenant_id, f->tenant_id);
    assert_string_equal(who.email.at, "ann@example.com");
    assert_string_equal(who.name.at, "Ann");
}

static void test_principal__revoked_session_is_invalid_at_once(void **state)
{
    struct fixture *f = *state;
    struct principal who;
    struct signed_in in = fixture_session(f, fixture_user(f, "ann@example.com"));
    fixture_revoke(f, in.session.id);
    assert_int_equal(fixture_verdict(f, in.token, &who), TOKEN_INVALID);
}

static void test_principal__expired_token_is_told_apart(void **state)
{
    struct fixture *f = *state;
    struct principal who;
    enum token_verdict verdict;
    struct principal_lease lease;
    struct signed_in in = fixture_session(f, fixture_user(f, "ann@example.com"));
    int64_t end = in.session.expires_at / CLOCK_SECOND * CLOCK_SECOND;
    assert_int_equal(
        principal_authenticate(f->conn, &f->config, f->arena, in.token, end - 1, &verdict, &who, &lease),
        STORAGE_OK);
    assert_int_equal(verdict, TOKEN_VALID);
    assert_int_equal(
        principal_authenticate(f->conn, &f->config, f->arena, in.token, end, &verdict, &who, &lease),
        STORAGE_OK);
    assert_int_equal(verdict, TOKEN_EXPIRED);
}

/* Rightly signed, and yet not what the session says. */
static void test_principal__claims_must_be_the_sessions(void **state)
{
    struct fixture *f = *state;
    struct principal who;
    int64_t ann = fixture_user(f, "ann@example.com"), bob = fixture_user(f, "bob@example.com");
    struct session good = fixture_session(f, ann).session, other = fixture_session(f, bob).session, bad;
    assert_int_equal(fixture_verdict(f, token_of(f, &good), &who), TOKEN_VALID);
    bad = good;
    bad.user_id = bob;
    assert_int_equal(fixture_verdict(f, token_of(f, &bad), &who), TOKEN_INVALID);
    bad = good;
    bad.tenant_id++;
    assert_int_equal(fixture_verdict(f, token_of(f, &bad), &who), TOKEN_INVALID);
    bad = good;
    bad.id = other.id;
    assert_int_equal(fixture_verdict(f, token_of(f, &bad), &who), TOKEN_INVALID);
    bad = good;
    bad.jti = other.jti;
    assert_int_equal(fixture_verdict(f, token_of(f, &bad), &who), TOKEN_INVALID);
}

static void test_principal__longer_exp_does_not_outlive_the_session(void **state)
{
    struct fixture *f = *state;
    struct principal who;
    enum token_verdict verdict;
    struct principal_lease lease;
    struct session session = fixture_session(f, fixture_user(f, "ann@example.com")).session, longer = session;
    longer.expires_at += 1000 * CLOCK_SECOND;
    struct str token = token_of(f, &longer);
    assert_int_equal(principal_authenticate(f->conn, &f->config, f->arena, token, session.expires_at,
                                            &verdict, &who, &lease),
                     STORAGE_OK);
    assert_int_equal(verdict, TOKEN_INVALID);
}

/* A token's end is in whole seconds: what is kept ends with it and not with the session, a moment later. */
static void test_principal__a_lease_ends_with_the_token(void **state)
{
    struct fixture *f = *state;
    struct principal who;
    enum token_verdict verdict;
    struct principal_lease lease;
    struct session session = fixture_session(f, fixture_user(f, "ann@example.com")).session, longer = session;
    struct str token = token_of(f, &session);
    assert_int_equal(principal_authenticate(f->conn, &f->config, f->arena, token, session.created_at,
                                            &verdict, &who, &lease),
                     STORAGE_OK);
    assert_int_equal(verdict, TOKEN_VALID);
    assert_int_equal(lease.expires_at, session.expires_at / CLOCK_SECOND * CLOCK_SECOND);
    longer.expires_at += 1000 * CLOCK_SECOND;
    token = token_of(f, &longer);
    assert_int_equal(principal_authenticate(f->conn, &f->config, f->arena, token, session.created_at,
                                            &verdict, &who, &lease),
                     STORAGE_OK);
    assert_int_equal(lease.expires_at, session.expires_at);
}

static void test_principal__disabled_or_deleted_user_is_nobody(void **state)
{
    struct fixture *f = *state;
    struct principal who;
    int64_t user_id = fixture_user(f, "ann@example.com");
    struct signed_in in = fixture_session(f, user_id);
    fixture_exec(f, "UPDATE users SET status = 'disabled' WHERE id = $1", DB_ARGS(db_int(user_id)));
    assert_int_equal(fixture_verdict(f, in.token, &who), TOKEN_INVALID);
    fixture_exec(f, "UPDATE users SET status = 'active' WHERE id = $1", DB_ARGS(db_int(user_id)));
    assert_int_equal(fixture_verdict(f, in.token, &who), TOKEN_VALID);
    fixture_exec(f, "DELETE FROM users WHERE id = $1", DB_ARGS(db_int(user_id)));
    assert_int_equal(fixture_verdict(f, in.token, &who), TOKEN_INVALID);
}

/* The secret changes: every token is void. It is kept as a previous one: every token holds on. */
static void test_principal__keys_rotate(void **state)
{
    struct fixture *f = *state;
    struct principal who;
    struct str old = STR(FORGE_KEY);
    struct signed_in in = fixture_session(f, fixture_user(f, "ann@example.com"));
    f->config.tokens.secret_key = STR("the-new-key-that-has-32-bytes-ok");
    assert_int_equal(fixture_verdict(f, in.token, &who), TOKEN_INVALID);
    f->config.tokens.previous_secret_keys = (struct str_list){ &old, 1 };
    assert_int_equal(fixture_verdict(f, in.token, &who), TOKEN_VALID);
}

static void test_principal__other_kinds_of_tokens_sign_nobody_in(void **state)
{
    struct fixture *f = *state;
    struct principal who;
    static const enum opaque_kind kinds[] = { OPAQUE_API, OPAQUE_DEVICE, OPAQUE_INVITATION };
    static const char *const texts[] = { "", "x", "tth_", "ttd_x", "..", "Bearer", "null" };
    uint8_t hash[32];
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(fixture_verdict(f, opaque_token_new(f->arena, kinds[i], hash), &who), TOKEN_INVALID);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(fixture_verdict(f, str_of(texts[i]), &who), TOKEN_INVALID);
}

/* A database that cannot tell is no verdict. */
static void test_principal__database_failure_is_no_verdict(void **state)
{
    struct fixture *f = *state;
    struct principal who;
    enum token_verdict verdict = TOKEN_EXPIRED;
    struct principal_lease lease;
    struct signed_in in = fixture_session(f, fixture_user(f, "ann@example.com"));
    storage_fault_set(1, STORAGE_ERROR, true);
    assert_int_equal(
        principal_authenticate(f->conn, &f->config, f->arena, in.token, clock_now(), &verdict, &who, &lease),
        STORAGE_ERROR);
    assert_int_equal(verdict, TOKEN_EXPIRED);
    storage_fault_set(0, STORAGE_OK, false);
    assert_int_equal(fixture_verdict(f, in.token, &who), TOKEN_VALID);
}

/* A token that cannot be right is refused without asking the database. */
static void test_principal__bad_tokens_cost_no_query(void **state)
{
    struct fixture *f = *state;
    struct principal who;
    struct signed_in in = fixture_session(f, fixture_user(f, "ann@example.com"));
    storage_fault_set(1, STORAGE_ERROR, true);
    assert_int_equal(fixture_verdict(f, str_sub(in.token, 0, in.token.len - 1), &who), TOKEN_INVALID);
    assert_int_equal(storage_fault_calls(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_principal__is_the_sessions_user),
        FIXTURE_TEST(test_principal__revoked_session_is_invalid_at_once),
        FIXTURE_TEST(test_principal__expired_token_is_told_apart),
        FIXTURE_TEST(test_principal__claims_must_be_the_sessions),
        FIXTURE_TEST(test_principal__longer_exp_does_not_outlive_the_session),
        FIXTURE_TEST(test_principal__a_lease_ends_with_the_token),
        FIXTURE_TEST(test_principal__disabled_or_deleted_user_is_nobody),
        FIXTURE_TEST(test_principal__keys_rotate),
        FIXTURE_TEST(test_principal__other_kinds_of_tokens_sign_nobody_in),
        FIXTURE_TEST(test_principal__database_failure_is_no_verdict),
        FIXTURE_TEST(test_principal__bad_tokens_cost_no_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
