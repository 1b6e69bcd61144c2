/* Users: one per address, whatever its case; a password hash changes only from the one that was read. */
#include "identity_fixture.h"

static void test_user__is_found_by_id_and_by_address_in_any_case(void **state)
{
    struct fixture *f = *state;
    struct user user;
    int64_t id;
    assert_int_equal(fixture_insert_user(f, "Ann@Example.COM", "hash", &id), STORAGE_OK);
    assert_int_equal(user_by_id(f->conn, f->arena, id, &user), STORAGE_ROW);
    assert_int_equal(user.id, id);
    assert_string_equal(user.email.at, "Ann@Example.COM");
    assert_string_equal(user.name.at, "Ann");
    assert_string_equal(user.password_hash.at, "hash");
    assert_int_equal(user.status, USER_ACTIVE);
    assert_int_equal(user.created_at, 1000);
    static const char *const spellings[] = { "Ann@Example.COM", "ann@example.com", "ANN@EXAMPLE.COM" };
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(user_by_email(f->conn, f->arena, str_of(spellings[i]), &user), STORAGE_ROW);
        assert_int_equal(user.id, id);
    }
}

static void test_user__unknown_ones_are_not_found(void **state)
{
    struct fixture *f = *state;
    struct user user;
    fixture_user(f, "ann@example.com");
    assert_int_equal(user_by_id(f->conn, f->arena, 0, &user), STORAGE_DONE);
    assert_int_equal(user_by_id(f->conn, f->arena, INT64_MAX, &user), STORAGE_DONE);
    static const struct {
        const char *at;
        size_t len;
    } absent[] = { { "bob@example.com", 15 },   { "", 0 },
                   { "ann@example.com ", 16 },  { "ann@example.co_", 15 },
                   { "ann@example.com\0", 16 }, { "%", 1 },
                   { "\xff@example.com", 13 },  { "ann@example.c\xc3", 14 },
                   { "' OR '1'='1", 11 } };
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        assert_int_equal(user_by_email(f->conn, f->arena, str_from(absent[i].at, absent[i].len), &user),
                         STORAGE_DONE);
}

static void test_user__address_is_taken_once(void **state)
{
    struct fixture *f = *state;
    int64_t first, second;
    assert_int_equal(fixture_insert_user(f, "ann@example.com", "a", &first), STORAGE_OK);
    assert_int_equal(fixture_insert_user(f, "ANN@example.com", "b", &second), STORAGE_CONFLICT);
    assert_int_equal(fixture_insert_user(f, "bob@example.com", "b", &second), STORAGE_OK);
    assert_int_not_equal(first, second);
}

struct hash_change {
    enum storage_status (*set)(struct db_conn *, int64_t, struct str, struct str, int64_t);
    int64_t user_id;
    const char *expected, *hash;
};

static enum storage_status set_hash(struct db_conn *conn, void *context)
{
    const struct hash_change *change = context;
    return change->set(conn, change->user_id, str_of(change->expected), str_of(change->hash), 5000);
}

static enum storage_status change_hash(struct fixture *f, struct hash_change change)
{
    return db_transaction(f->conn, STORAGE_WRITE, set_hash, &change);
}

static void test_user__hash_is_compared_and_set(void **state)
{
    struct fixture *f = *state;
    struct user user;
    int64_t id;
    assert_int_equal(fixture_insert_user(f, "ann@example.com", "one", &id), STORAGE_OK);
    assert_int_equal(change_hash(f, (struct hash_change){ user_set_password_hash, id, "zero", "x" }),
                     STORAGE_DONE);
    assert_int_equal(change_hash(f, (struct hash_change){ user_set_password_hash, id + 1, "one", "x" }),
                     STORAGE_DONE);
    assert_int_equal(change_hash(f, (struct hash_change){ user_set_password_hash, id, "one", "two" }),
                     STORAGE_OK);
    assert_int_equal(change_hash(f, (struct hash_change){ user_set_password_hash, id, "one", "three" }),
                     STORAGE_DONE);
    assert_int_equal(user_by_id(f->conn, f->arena, id, &user), STORAGE_ROW);
    assert_string_equal(user.password_hash.at, "two");
}

static void test_user__only_a_change_counts_as_a_change(void **state)
{
    struct fixture *f = *state;
    int64_t id;
    static const char changed_at[] = "SELECT password_changed_at FROM users WHERE id = $1";
    assert_int_equal(fixture_insert_user(f, "ann@example.com", "one", &id), STORAGE_OK);
    assert_int_equal(change_hash(f, (struct hash_change){ user_rehash_password, id, "x", "two" }),
                     STORAGE_DONE);
    assert_int_equal(change_hash(f, (struct hash_change){ user_rehash_password, id, "one", "two" }),
                     STORAGE_OK);
    assert_int_equal(fixture_int(f, changed_at, DB_ARGS(db_int(id))), 1000);
    assert_int_equal(change_hash(f, (struct hash_change){ user_set_password_hash, id, "two", "three" }),
                     STORAGE_OK);
    assert_int_equal(fixture_int(f, changed_at, DB_ARGS(db_int(id))), 5000);
}

/* ---- confirming what was read ---- */

static enum storage_status confirm(struct db_conn *conn, void *context)
{
    return user_confirm(conn, context);
}

static void test_user__is_confirmed_until_password_or_status_change(void **state)
{
    struct fixture *f = *state;
    struct user user, other;
    int64_t id;
    assert_int_equal(fixture_insert_user(f, "ann@example.com", "one", &id), STORAGE_OK);
    assert_int_equal(user_by_id(f->conn, f->arena, id, &user), STORAGE_ROW);
    other = user;
    other.id++;
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, confirm, &user), STORAGE_OK);
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, confirm, &other), STORAGE_DONE);
    change_hash(f, (struct hash_change){ user_rehash_password, id, "one", "two" });
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, confirm, &user), STORAGE_OK);
    fixture_exec(f, "UPDATE users SET status = 'disabled' WHERE id = $1", DB_ARGS(db_int(id)));
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, confirm, &user), STORAGE_DONE);
    fixture_exec(f, "UPDATE users SET status = 'active' WHERE id = $1", DB_ARGS(db_int(id)));
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, confirm, &user), STORAGE_OK);
    change_hash(f, (struct hash_change){ user_set_password_hash, id, "two", "three" });
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, confirm, &user), STORAGE_DONE);
}

/* Two changes at what the clock says is one time are two changes. */
static void test_user__changes_at_one_time_are_told_apart(void **state)
{
    struct fixture *f = *state;
    struct user user;
    int64_t id;
    assert_int_equal(fixture_insert_user(f, "ann@example.com", "one", &id), STORAGE_OK);
    change_hash(f, (struct hash_change){ user_set_password_hash, id, "one", "two" });
    assert_int_equal(user_by_id(f->conn, f->arena, id, &user), STORAGE_ROW);
    assert_int_equal(user.password_changed_at, 5000);
    change_hash(f, (struct hash_change){ user_set_password_hash, id, "two", "one" });
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, confirm, &user), STORAGE_DONE);
}

struct race {
    struct fixture *fixture;
    struct db_conn *other;
    struct user user;
    int rounds;
};

static enum storage_status change_in_full(struct db_conn *conn, void *context)
{
    const struct race *race = context;
    enum storage_status status = user_set_password_hash(conn, race->user.id, STR("one"), STR("two"), 5000);
    return status == STORAGE_OK ? session_revoke_others(conn, race->user.id, 0, 5000) : status;
}

static enum storage_status open_while_it_changes(struct db_conn *conn, void *context)
{
    struct race *race = context;
    struct session session;
    enum storage_status status = user_confirm(conn, &race->user);
    if (race->rounds++ == 0) {
        assert_int_equal(status, STORAGE_OK);
        assert_int_equal(db_transaction(race->other, STORAGE_WRITE, change_in_full, race), STORAGE_OK);
    }
    if (status != STORAGE_OK)
        return status;
    return session_insert(conn, race->fixture->arena, race->user.id, race->fixture->tenant_id, CLOCK_SECOND,
                          STR("::1"), STR("test"), clock_now(), &session);
}

/* The change commits after the look and before the commit. SQLite has one writer: it cannot happen there. */
static void test_user__is_confirmed_up_to_the_commit(void **state)
{
    struct fixture *f = *state;
    struct race race = { .fixture = f, .other = db_connect(f->db) };
    int64_t id;
    if (!getenv("TETHER_TEST_POSTGRES")) {
        db_disconnect(&race.other);
        skip();
    }
    assert_int_equal(fixture_insert_user(f, "ann@example.com", "one", &id), STORAGE_OK);
    assert_int_equal(user_by_id(f->conn, f->arena, id, &race.user), STORAGE_ROW);
    assert_int_equal(db_transaction(f->conn, STORAGE_WRITE, open_while_it_changes, &race), STORAGE_DONE);
    assert_int_equal(race.rounds, 2);
    assert_int_equal(fixture_int(f, "SELECT COUNT(*) FROM sessions", DB_NO_ARGS), 0);
    db_disconnect(&race.other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_user__is_found_by_id_and_by_address_in_any_case),
        FIXTURE_TEST(test_user__unknown_ones_are_not_found),
        FIXTURE_TEST(test_user__address_is_taken_once),
        FIXTURE_TEST(test_user__hash_is_compared_and_set),
        FIXTURE_TEST(test_user__only_a_change_counts_as_a_change),
        FIXTURE_TEST(test_user__is_confirmed_until_password_or_status_change),
        FIXTURE_TEST(test_user__changes_at_one_time_are_told_apart),
        FIXTURE_TEST(test_user__is_confirmed_up_to_the_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
