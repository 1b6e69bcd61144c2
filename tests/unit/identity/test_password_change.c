/* Changing a password: the rules, what it revokes, and two at the same time. */
#include "identity_fixture.h"

#include <pthread.h>

#define NEXT "a better staple"

static enum password_change change(struct fixture *f, int64_t user_id, int64_t session_id, struct str current,
                                   struct str next, const char **ret_why)
{
    enum password_change result;
    assert_int_equal(password_change(f->conn, &f->config, f->arena, user_id, session_id, current, next, NULL,
                                     NULL, &result, ret_why),
                     STORAGE_OK);
    return result;
}

static enum credentials_verdict sign_in_with(struct fixture *f, struct str password)
{
    enum credentials_verdict verdict;
    struct user user;
    assert_int_equal(
        credentials_check(f->conn, &f->config, f->arena, STR("ann@example.com"), password, &verdict, &user),
        STORAGE_OK);
    return verdict;
}

static void test_password_change__replaces_and_signs_out_the_others(void **state)
{
    struct fixture *f = *state;
    struct principal who;
    const char *why = NULL;
    int64_t ann = fixture_user(f, "ann@example.com"), bob = fixture_user(f, "bob@example.com");
    struct signed_in here = fixture_session(f, ann), there = fixture_session(f, ann),
                     other = fixture_session(f, bob);
    assert_int_equal(change(f, ann, here.session.id, STR(PASSWORD), STR(NEXT), &why), PASSWORD_CHANGED);
    assert_int_equal(sign_in_with(f, STR(NEXT)), CREDENTIALS_OK);
    assert_int_equal(sign_in_with(f, STR(PASSWORD)), CREDENTIALS_WRONG);
    assert_int_equal(fixture_verdict(f, here.token, &who), TOKEN_VALID);
    assert_int_equal(fixture_verdict(f, there.token, &who), TOKEN_INVALID);
    assert_int_equal(fixture_verdict(f, other.token, &who), TOKEN_VALID);
    assert_true(fixture_int(f, "SELECT password_changed_at FROM users WHERE id = $1", DB_ARGS(db_int(ann))) >
                1000);
}

static void test_password_change__refusals_change_nothing(void **state)
{
    struct fixture *f = *state;
    struct principal who;
    int64_t ann = fixture_user(f, "ann@example.com");
    struct signed_in here = fixture_session(f, ann), there = fixture_session(f, ann);
    const struct {
        struct str current, next;
        enum password_change result;
        const char *why;
    } cases[] = {
        { STR("wrong horse"), STR(NEXT), PASSWORD_CURRENT_WRONG, NULL },
        { STR("wrong horse"), STR("short"), PASSWORD_CURRENT_WRONG, NULL },
        { STR_NONE, STR(NEXT), PASSWORD_CURRENT_WRONG, NULL },
        { STR(PASSWORD), STR(PASSWORD), PASSWORD_NEW_REFUSED, "must differ" },
        { STR(PASSWORD), STR("short"), PASSWORD_NEW_REFUSED, "at least 8" },
        { STR(PASSWORD), STR("Password1"), PASSWORD_NEW_REFUSED, "most common" },
        { STR(PASSWORD), STR("good pass\0word"), PASSWORD_NEW_REFUSED, "UTF-8" },
        { STR(PASSWORD), arena_printf(f->arena, "%01025d", 7), PASSWORD_NEW_REFUSED, "at most 1024" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *why = NULL;
        assert_int_equal(change(f, ann, here.session.id, cases[i].current, cases[i].next, &why),
                         cases[i].result);
        assert_int_equal(why != NULL, cases[i].why != NULL);
        assert_true(!why || strstr(why, cases[i].why));
    }
    assert_int_equal(sign_in_with(f, STR(PASSWORD)), CREDENTIALS_OK);
    assert_int_equal(fixture_verdict(f, there.token, &who), TOKEN_VALID);
}

static void test_password_change__unknown_or_disabled_user_is_a_wrong_password(void **state)
{
    struct fixture *f = *state;
    const char *why = NULL;
    int64_t ann = fixture_user(f, "ann@example.com");
    assert_int_equal(change(f, ann + 1, 1, STR(PASSWORD), STR(NEXT), &why), PASSWORD_CURRENT_WRONG);
    fixture_exec(f, "UPDATE users SET status = 'disabled' WHERE id = $1", DB_ARGS(db_int(ann)));
    assert_int_equal(change(f, ann, 1, STR(PASSWORD), STR(NEXT), &why), PASSWORD_CURRENT_WRONG);
}

static void test_password_change__no_memory(void **state)
{
    struct fixture *f = *state;
    const char *why = NULL;
    int64_t ann = fixture_user(f, "ann@example.com");
    f->config.passwords.memory = INT64_C(1) << 45;
    assert_int_equal(change(f, ann, 1, STR(PASSWORD), STR(NEXT), &why), PASSWORD_CHANGE_FAILED);
    assert_int_equal(change(f, ann, 1, STR("wrong horse"), STR(NEXT), &why), PASSWORD_CHANGE_FAILED);
    f->config.passwords.memory = 64 * 1024;
    assert_int_equal(sign_in_with(f, STR(PASSWORD)), CREDENTIALS_OK);
}

/* Fails each database call in turn: either all of it happened or nothing did. */
static void test_password_change__is_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    struct principal who;
    int64_t ann = fixture_user(f, "ann@example.com");
    struct signed_in here = fixture_session(f, ann), there = fixture_session(f, ann);
    for (int nth = 1;; nth++) {
        enum password_change result;
        const char *why;
        storage_fault_set(nth, STORAGE_FULL, false);
        enum storage_status status = password_change(f->conn, &f->config, f->arena, ann, here.session.id,
                                                     STR(PASSWORD), STR(NEXT), NULL, NULL, &result, &why);
        storage_fault_set(0, STORAGE_OK, false);
        bool changed = status == STORAGE_OK;
        assert_int_equal(sign_in_with(f, STR(NEXT)), changed ? CREDENTIALS_OK : CREDENTIALS_WRONG);
        assert_int_equal(fixture_verdict(f, there.token, &who), changed ? TOKEN_INVALID : TOKEN_VALID);
        assert_int_equal(fixture_verdict(f, here.token, &who), TOKEN_VALID);
        if (changed)
            break;
        assert_int_equal(status, STORAGE_FULL);
        assert_true(nth < 100);
    }
}

static enum storage_status rename_ann(struct db_conn *conn, void *context)
{
    enum storage_status status = db_exec(conn, "UPDATE users SET name = 'Changed'", DB_NO_ARGS, NULL);
    return status == STORAGE_OK ? *(enum storage_status *)context : status;
}

/* What goes along stands or falls with the change. */
static void test_password_change__takes_along(void **state)
{
    struct fixture *f = *state;
    int64_t ann = fixture_user(f, "ann@example.com");
    enum password_change result;
    const char *why;
    enum storage_status ends[] = { STORAGE_INVALID, STORAGE_OK };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(password_change(f->conn, &f->config, f->arena, ann, 0, STR(PASSWORD), STR(NEXT),
                                         rename_ann, &ends[i], &result, &why),
                         ends[i]);
        assert_int_equal(fixture_int(f, "SELECT COUNT(*) FROM users WHERE name = 'Changed'", DB_NO_ARGS), i);
        assert_int_equal(sign_in_with(f, STR(NEXT)), i == 1 ? CREDENTIALS_OK : CREDENTIALS_WRONG);
    }
}

struct racer {
    struct fixture *f;
    int64_t user_id;
    struct str next;
    enum storage_status status;
    enum password_change result;
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    const char *why;
    struct arena *arena = arena_new(1 << 20);
    struct db_conn *conn = db_connect(racer->f->db);
    racer->status = password_change(conn, &racer->f->config, arena, racer->user_id, 0, STR(PASSWORD),
                                    racer->next, NULL, NULL, &racer->result, &why);
    db_disconnect(&conn);
    arena_free(&arena);
    return NULL;
}

/* Of several at the same time exactly one wins, and it is the one that was told so. */
static void test_password_change__one_of_many_wins(void **state)
{
    enum { RACERS = 6 };
    struct fixture *f = *state;
    struct racer racers[RACERS];
    pthread_t threads[RACERS];
    int winners = 0;
    int64_t ann = fixture_user(f, "ann@example.com");
    f->config.passwords.memory = 1024 * 1024; /* long enough to overlap */
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){ .f = f,
                                    .user_id = ann,
                                    .next = arena_printf(f->arena, "password of racer %d", i) };
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(racers[i].status, STORAGE_OK);
        bool won = racers[i].result == PASSWORD_CHANGED;
        assert_true(won || racers[i].result == PASSWORD_CURRENT_WRONG);
        winners += won;
    }
    assert_int_equal(winners, 1);
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(sign_in_with(f, racers[i].next),
                         racers[i].result == PASSWORD_CHANGED ? CREDENTIALS_OK : CREDENTIALS_WRONG);
}

static void *sign_in_meanwhile(void *arg)
{
    struct racer *racer = arg;
    enum credentials_verdict verdict;
    struct user user;
    struct arena *arena = arena_new(1 << 20);
    struct db_conn *conn = db_connect(racer->f->db);
    racer->status = credentials_check(conn, &racer->f->config, arena, STR("ann@example.com"), STR(PASSWORD),
                                      &verdict, &user);
    db_disconnect(&conn);
    arena_free(&arena);
    return NULL;
}

/* A sign-in that stores a better hash of the same password, just now, is no reason to refuse the change. */
static void test_password_change__survives_a_rehash(void **state)
{
    struct fixture *f = *state;
    int64_t ann = fixture_user(f, "ann@example.com");
    struct str weak = fixture_text(f, "SELECT password_hash FROM users", DB_NO_ARGS);
    f->config.passwords.iterations = 2;
    for (int round = 0; round < 20; round++) {
        struct racer change = { .f = f, .user_id = ann, .next = STR(NEXT) }, sign_in = { .f = f };
        pthread_t threads[2];
        assert_int_equal(pthread_create(&threads[0], NULL, sign_in_meanwhile, &sign_in), 0);
        assert_int_equal(pthread_create(&threads[1], NULL, race, &change), 0);
        pthread_join(threads[0], NULL);
        pthread_join(threads[1], NULL);
        assert_int_equal(sign_in.status, STORAGE_OK);
        assert_int_equal(change.status, STORAGE_OK);
        assert_int_equal(change.result, PASSWORD_CHANGED);
        assert_int_equal(sign_in_with(f, STR(NEXT)), CREDENTIALS_OK);
        fixture_exec(f, "UPDATE users SET password_hash = $1", DB_ARGS(db_text(weak)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_password_change__replaces_and_signs_out_the_others),
        FIXTURE_TEST(test_password_change__refusals_change_nothing),
        FIXTURE_TEST(test_password_change__unknown_or_disabled_user_is_a_wrong_password),
        FIXTURE_TEST(test_password_change__no_memory),
        FIXTURE_TEST(test_password_change__is_all_or_nothing),
        FIXTURE_TEST(test_password_change__takes_along),
        FIXTURE_TEST(test_password_change__one_of_many_wins),
        FIXTURE_TEST(test_password_change__survives_a_rehash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
