/* Signing in: who is told apart and who is not, what it costs, and when a session counts. */
#include "identity_fixture.h"

#include "base/metrics.h"
#include "hash_count.h"

/* PASSWORD as another system stored it (bcrypt, cost 4). */
#define BCRYPT_HASH "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS"

static enum credentials_verdict verdict_for(struct fixture *f, struct str email, struct str password)
{
    enum credentials_verdict verdict;
    struct user user = { .id = -1 };
    assert_int_equal(credentials_check(f->conn, &f->config, f->arena, email, password, &verdict, &user),
                     STORAGE_OK);
    assert_int_equal(user.id > 0, verdict == CREDENTIALS_OK);
    return verdict;
}

static struct str stored_hash(struct fixture *f, int64_t user_id)
{
    return fixture_text(f, "SELECT password_hash FROM users WHERE id = $1", DB_ARGS(db_int(user_id)));
}

static void test_sign_in__right_wrong_and_unknown(void **state)
{
    struct fixture *f = *state;
    fixture_user(f, "ann@example.com");
    assert_int_equal(verdict_for(f, STR("ann@example.com"), STR(PASSWORD)), CREDENTIALS_OK);
    assert_int_equal(verdict_for(f, STR("ANN@example.com"), STR(PASSWORD)), CREDENTIALS_OK);
    assert_int_equal(verdict_for(f, STR("ann@example.com"), STR("Correct horse battery")), CREDENTIALS_WRONG);
    assert_int_equal(verdict_for(f, STR("ann@example.com"), STR_NONE), CREDENTIALS_WRONG);
    assert_int_equal(verdict_for(f, STR("ann@example.com"), STR(PASSWORD "\0")), CREDENTIALS_WRONG);
    assert_int_equal(verdict_for(f, STR("bob@example.com"), STR(PASSWORD)), CREDENTIALS_WRONG);
    assert_int_equal(verdict_for(f, STR_NONE, STR_NONE), CREDENTIALS_WRONG);
    assert_int_equal(verdict_for(f, STR("\xff\0"), STR(PASSWORD)), CREDENTIALS_WRONG);
}

static void test_sign_in__disabled_user_is_wrong_not_special(void **state)
{
    struct fixture *f = *state;
    int64_t id = fixture_user(f, "ann@example.com");
    fixture_exec(f, "UPDATE users SET status = 'disabled' WHERE id = $1", DB_ARGS(db_int(id)));
    assert_int_equal(verdict_for(f, STR("ann@example.com"), STR(PASSWORD)), CREDENTIALS_WRONG);
}

/* Whatever is wrong, exactly one password hash is computed where all are current. */
static void test_sign_in__refusals_cost_the_same(void **state)
{
    struct fixture *f = *state;
    int64_t id, disabled = fixture_user(f, "off@example.com");
    char too_long[PASSWORD_MAX_BYTES + 1];
    memset(too_long, 'x', sizeof(too_long));
    fixture_user(f, "ann@example.com");
    fixture_insert_user(f, "locked@example.com", "!", &id);
    fixture_exec(f, "UPDATE users SET status = 'disabled' WHERE id = $1", DB_ARGS(db_int(disabled)));
    const struct {
        struct str email, password;
    } cases[] = {
        { STR("ann@example.com"), STR("wrong horse") },
        { STR("nobody@example.com"), STR("wrong horse") },
        { STR("locked@example.com"), STR("wrong horse") },
        { STR("off@example.com"), STR("wrong horse") },
        { STR("off@example.com"), STR(PASSWORD) },
        { STR("\xff"), STR("wrong horse") },
        { STR_NONE, STR_NONE },
        { STR("ann@example.com"), { too_long, sizeof(too_long) } },
        { STR("nobody@example.com"), { too_long, sizeof(too_long) } },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        long before = hashes_computed();
        assert_int_equal(verdict_for(f, cases[i].email, cases[i].password), CREDENTIALS_WRONG);
        if (hashes_computed() - before != 1)
            fail_msg("case %zu: %ld hashes", i, hashes_computed() - before);
    }
}

static long cost_of(struct fixture *f, const char *email)
{
    long before = hashes_computed();
    assert_int_equal(verdict_for(f, str_of(email), STR("wrong horse")), CREDENTIALS_WRONG);
    return hashes_computed() - before;
}

/* An imported hash costs its own computation besides. So do as many unknown addresses as known ones, and
 * always the same: else the time of a refusal told who was imported. */
static void test_sign_in__unknown_addresses_cost_what_known_ones_do(void **state)
{
    struct fixture *f = *state;
    int64_t id, costly = 0;
    for (int i = 0; i < 8; i++) {
        char email[32];
        snprintf(email, sizeof(email), "u%d@example.com", i);
        if (i % 2)
            fixture_user(f, email);
        else
            fixture_insert_user(f, email, BCRYPT_HASH, &id);
        assert_int_equal(cost_of(f, email), i % 2 ? 1 : 2);
    }
    for (int i = 0; i < 200; i++) {
        char email[32];
        snprintf(email, sizeof(email), "nobody%d@example.com", i);
        long cost = cost_of(f, email);
        assert_true(cost == 1 || cost == 2);
        assert_int_equal(cost_of(f, email), cost);
        costly += cost == 2;
    }
    assert_in_range(costly, 60, 140); /* half of them; six standard deviations around */
    /* What nobody's address stands for is no way in. */
    for (int i = 0; i < 20; i++) {
        char email[32];
        snprintf(email, sizeof(email), "nobody%d@example.com", i);
        assert_int_equal(verdict_for(f, str_of(email), STR(PASSWORD)), CREDENTIALS_WRONG);
    }
}

/* Only one in nine of the addresses changes whom it stands for when a ninth user comes. */
static void test_sign_in__unknown_addresses_keep_their_cost(void **state)
{
    struct fixture *f = *state;
    int64_t id;
    long before[200], changed = 0;
    for (int i = 0; i < 8; i++) {
        char email[32];
        snprintf(email, sizeof(email), "u%d@example.com", i);
        fixture_insert_user(f, email, BCRYPT_HASH, &id);
    }
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 200; i++) {
            char email[32];
            snprintf(email, sizeof(email), "nobody%d@example.com", i);
            long cost = cost_of(f, email);
            changed += round && cost != before[i];
            before[i] = cost;
        }
        if (round == 0)
            fixture_user(f, "ninth@example.com");
    }
    assert_in_range(changed, 5, 55);
}

static void test_sign_in__is_counted(void **state)
{
    struct fixture *f = *state;
    fixture_user(f, "ann@example.com");
    int64_t ok = metric_value(METRIC_SIGN_IN_OK), refused = metric_value(METRIC_SIGN_IN_REFUSED);
    verdict_for(f, STR("ann@example.com"), STR(PASSWORD));
    verdict_for(f, STR("ann@example.com"), STR("wrong horse"));
    verdict_for(f, STR("bob@example.com"), STR(PASSWORD));
    assert_int_equal(metric_value(METRIC_SIGN_IN_OK), ok + 1);
    assert_int_equal(metric_value(METRIC_SIGN_IN_REFUSED), refused + 2);
}

static void test_sign_in__foreign_hash_is_replaced_at_the_first(void **state)
{
    struct fixture *f = *state;
    int64_t id;
    fixture_insert_user(f, "ann@example.com", BCRYPT_HASH, &id);
    assert_int_equal(verdict_for(f, STR("ann@example.com"), STR("wrong horse")), CREDENTIALS_WRONG);
    assert_string_equal(stored_hash(f, id).at, BCRYPT_HASH);
    assert_int_equal(verdict_for(f, STR("ann@example.com"), STR(PASSWORD)), CREDENTIALS_OK);
    assert_true(str_starts_with(stored_hash(f, id), STR("$argon2id$v=19$m=64,t=1,p=1$")));
    assert_int_equal(verdict_for(f, STR("ann@example.com"), STR(PASSWORD)), CREDENTIALS_OK);
}

static void test_sign_in__raised_parameters_replace_the_hash(void **state)
{
    struct fixture *f = *state;
    int64_t id = fixture_user(f, "ann@example.com");
    struct str before = stored_hash(f, id);
    verdict_for(f, STR("ann@example.com"), STR(PASSWORD));
    assert_true(str_equal(stored_hash(f, id), before));
    f->config.passwords.iterations = 3;
    verdict_for(f, STR("ann@example.com"), STR(PASSWORD));
    assert_true(str_starts_with(stored_hash(f, id), STR("$argon2id$v=19$m=64,t=3,p=1$")));
    struct str raised = stored_hash(f, id);
    f->config.passwords.iterations = 1;
    verdict_for(f, STR("ann@example.com"), STR(PASSWORD));
    assert_true(str_equal(stored_hash(f, id), raised));
}

/* The sign-in of somebody with the right password does not hang on storing a better hash: fail each call in
 * turn. */
static void test_sign_in__failing_rehash_does_no_harm(void **state)
{
    struct fixture *f = *state;
    int64_t id, signed_in = 0;
    fixture_insert_user(f, "ann@example.com", BCRYPT_HASH, &id);
    for (int nth = 1;; nth++) {
        enum credentials_verdict verdict;
        struct user user;
        storage_fault_set(nth, STORAGE_FULL, false);
        enum storage_status status = credentials_check(f->conn, &f->config, f->arena, STR("ann@example.com"),
                                                       STR(PASSWORD), &verdict, &user);
        bool over = storage_fault_calls() < nth;
        storage_fault_set(0, STORAGE_OK, false);
        if (status == STORAGE_OK) {
            assert_int_equal(verdict, CREDENTIALS_OK);
            assert_int_equal(user.id, id);
            signed_in++;
        } else {
            assert_int_equal(status, STORAGE_FULL);
        }
        if (over)
            break;
        if (signed_in > 0 && nth < 50)
            fixture_exec(f, "UPDATE users SET password_hash = '" BCRYPT_HASH "'", DB_NO_ARGS);
        assert_true(nth < 100);
    }
    assert_true(signed_in >= 2); /* with the rehash failing, and with it done */
    assert_true(str_starts_with(stored_hash(f, id), STR("$argon2id$")));
}

static void test_sign_in__no_memory_is_no_verdict_on_the_password(void **state)
{
    struct fixture *f = *state;
    f->config.passwords.memory = INT64_C(1) << 45;
    assert_int_equal(verdict_for(f, STR("nobody@example.com"), STR(PASSWORD)), CREDENTIALS_FAILED);
}

static void test_sign_in__database_failure_is_no_verdict(void **state)
{
    struct fixture *f = *state;
    enum credentials_verdict verdict;
    struct user user;
    long before = hashes_computed();
    fixture_user(f, "ann@example.com");
    before = hashes_computed();
    storage_fault_set(1, STORAGE_ERROR, true);
    assert_int_equal(credentials_check(f->conn, &f->config, f->arena, STR("ann@example.com"), STR(PASSWORD),
                                       &verdict, &user),
                     STORAGE_ERROR);
    assert_int_equal(hashes_computed(), before);
}

static void test_sign_in__session_is_stored_before_its_token_is_out(void **state)
{
    struct fixture *f = *state;
    struct access_claims claims;
    int64_t user_id = fixture_user(f, "ann@example.com");
    struct signed_in in = fixture_session(f, user_id);
    assert_int_equal(
        fixture_int(f, "SELECT COUNT(*) FROM sessions WHERE id = $1", DB_ARGS(db_int(in.session.id))), 1);
    assert_int_equal(access_token_verify(&f->config, f->arena, in.token, clock_now(), &claims), TOKEN_VALID);
    assert_int_equal(claims.user_id, user_id);
    assert_int_equal(claims.session_id, in.session.id);
    assert_int_equal(claims.tenant_id, f->tenant_id);
    assert_int_equal(claims.expires_at - claims.issued_at, 3600);
    assert_true(str_equal(claims.jti, in.session.jti));
}

/* Whatever call fails, COMMIT included: no token, and no session that somebody could use. */
static void test_sign_in__no_token_without_a_commit(void **state)
{
    struct fixture *f = *state;
    int64_t user_id = fixture_user(f, "ann@example.com");
    for (int nth = 1;; nth++) {
        struct signed_in in = { .token = STR("untouched") };
        storage_fault_set(nth, STORAGE_FULL, false);
        enum storage_status status =
            session_open(f->conn, &f->config, f->arena, user_id, f->tenant_id, STR_NONE, STR_NONE, &in);
        storage_fault_set(0, STORAGE_OK, false);
        if (status == STORAGE_OK)
            break;
        assert_int_equal(status, STORAGE_FULL);
        assert_true(str_equal(in.token, STR("untouched")));
        assert_int_equal(fixture_int(f, "SELECT COUNT(*) FROM sessions", DB_NO_ARGS), 0);
        assert_true(nth < 100);
    }
    assert_int_equal(fixture_int(f, "SELECT COUNT(*) FROM sessions", DB_NO_ARGS), 1);
}

static void test_sign_in__no_session_when_no_token_can_be_made(void **state)
{
    struct fixture *f = *state;
    struct signed_in in;
    int64_t user_id = fixture_user(f, "ann@example.com");
    f->config.tokens.secret_key = STR("short");
    assert_int_equal(
        session_open(f->conn, &f->config, f->arena, user_id, f->tenant_id, STR_NONE, STR_NONE, &in),
        STORAGE_ERROR);
    assert_int_equal(fixture_int(f, "SELECT COUNT(*) FROM sessions", DB_NO_ARGS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_sign_in__right_wrong_and_unknown),
        FIXTURE_TEST(test_sign_in__disabled_user_is_wrong_not_special),
        FIXTURE_TEST(test_sign_in__refusals_cost_the_same),
        FIXTURE_TEST(test_sign_in__unknown_addresses_cost_what_known_ones_do),
        FIXTURE_TEST(test_sign_in__unknown_addresses_keep_their_cost),
        FIXTURE_TEST(test_sign_in__is_counted),
        FIXTURE_TEST(test_sign_in__foreign_hash_is_replaced_at_the_first),
        FIXTURE_TEST(test_sign_in__raised_parameters_replace_the_hash),
        FIXTURE_TEST(test_sign_in__failing_rehash_does_no_harm),
        FIXTURE_TEST(test_sign_in__no_memory_is_no_verdict_on_the_password),
        FIXTURE_TEST(test_sign_in__database_failure_is_no_verdict),
        FIXTURE_TEST(test_sign_in__session_is_stored_before_its_token_is_out),
        FIXTURE_TEST(test_sign_in__no_token_without_a_commit),
        FIXTURE_TEST(test_sign_in__no_session_when_no_token_can_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
