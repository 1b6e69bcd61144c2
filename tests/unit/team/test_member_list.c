/* Pages and searches: everybody once, in order, nobody of another tenant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "access/member_words.h"
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

static struct member_page list(struct member_query query)
{
    struct member_page page;
    if (query.limit == 0)
        query.limit = 100;
    assert_int_equal(member_list(t->fixture->conn, t->fixture->arena, &t->acme, &query, &page), STORAGE_OK);
    return page;
}
#define LIST(...) list((struct member_query){ __VA_ARGS__ })

/* The local parts of those found, page by page, sorted by the list itself. */
static void assert_found(struct member_query query, const char *expected)
{
    char found[512] = "";
    for (bool more = true; more;) {
        struct member_page page = list(query);
        for (size_t i = 0; i < page.n; i++) {
            struct str local, domain;
            str_split(page.at[i].email, '@', &local, &domain);
            snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%.*s", found[0] ? " " : "",
                     STR_ARG(local));
        }
        more = page.has_more;
        query.after = page.last;
        query.sort.cursor = page.next;
    }
    assert_string_equal(found, expected);
}
#define FOUND(expected, ...) assert_found((struct member_query){ __VA_ARGS__ }, expected)

static int64_t person(const char *email, const char *name, const char *role)
{
    int64_t id = team_user(t, email, name);
    team_join(t, &t->acme, id, role);
    return id;
}

static void add_people(void)
{
    person("ann@x.example", "Ann Smith-Jones", "owner");
    person("bob.ross@x.example", "Bob Ross", "member");
    person("cem@y.example", "Özgür ŞAHİN", "member");
    person("dan@y.example", "Ann Dan Anners", "viewer");
    fixture_exec(t->fixture, "UPDATE memberships SET status = 'suspended' WHERE role = 'viewer'", DB_NO_ARGS);
    team_join(t, &t->bolt, team_user(t, "ann@bolt.example", "Ann Bolt"), "owner");
}

static void test_list__pages_hold_everybody_once(void **state)
{
    (void)state;
    static const int64_t limits[] = { 1, 2, 3, 4, 5, 100 };
    add_people();
    /* Two of them joined at the same moment. */
    fixture_exec(t->fixture, "UPDATE memberships SET created_at = 2000 WHERE user_id >= 3", DB_NO_ARGS);
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        FOUND("ann bob.ross cem dan", .limit = limits[i]);
        FOUND("ann bob.ross cem", .filter = MEMBERS_ACTIVE, .limit = limits[i]);
        FOUND("dan", .filter = MEMBERS_SUSPENDED, .limit = limits[i]);
        FOUND("bob.ross cem", .role = STR("member"), .limit = limits[i]);
        FOUND("bob.ross cem", .role = STR("member"), .filter = MEMBERS_ACTIVE, .limit = limits[i]);
        FOUND("", .role = STR("member"), .filter = MEMBERS_SUSPENDED, .limit = limits[i]);
        FOUND("dan", .role = STR("viewer"), .filter = MEMBERS_SUSPENDED, .limit = limits[i]);
        FOUND("", .role = STR("nobody"), .limit = limits[i]);
    }
}

static void test_list__shows_what_there_is(void **state)
{
    (void)state;
    team_role(t, &t->acme, "desk", 20, "assets.view");
    int64_t id = person("ann@x.example", "Ann", "desk");
    struct member_page page = LIST(.limit = 10);
    assert_int_equal(page.n, 1);
    assert_false(page.has_more);
    assert_int_equal(page.at[0].user_id, id);
    assert_string_equal(page.at[0].name.at, "Ann");
    assert_string_equal(page.at[0].slug.at, "desk");
    assert_true(page.at[0].has_role && page.at[0].is_enabled);
    assert_int_equal(page.at[0].role.rank, 20);
    assert_int_equal(page.at[0].status, MEMBERSHIP_ACTIVE);
    assert_int_equal(page.at[0].joined_at, 1000);
}

static void test_search__finds_beginnings_of_words(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *found;
    } searches[] = {
        { "ann", "ann dan" },
        { "ANN", "ann dan" },
        { "smith", "ann" },
        { "jon", "ann" },
        { "smith-jo", "ann" },
        { "mith", "" },
        { "ross", "bob.ross" },
        { "bob.r", "bob.ross" },
        { "ross@x", "bob.ross" },
        { "x.exa", "ann bob.ross" },
        { "example", "ann bob.ross cem dan" },
        { "özg", "cem" },
        { "ÖZGÜR", "cem" },
        { "şah", "cem" },
        { "ann smith", "ann" },
        { "smith ann", "ann" },
        { "ann anners dan", "dan" },
        { "ann bob", "" },
        { "@", "" },
        { "%", "" },
        { "_nn", "" },
        { "an%", "" },
        { "  ann  ", "ann dan" },
        { "zzz", "" },
        { "'; --", "" },
        { "bolt", "" },
    };
    add_people();
    for (int64_t limit = 1; limit <= 4; limit++)
        for (size_t i = 0; i < sizeof(searches) / sizeof(searches[0]); i++) {
            print_message("%s\n", searches[i].typed);
            FOUND(searches[i].found, .search = str_of(searches[i].typed), .limit = limit);
        }
}

static void test_search__is_narrowed_by_role_and_status(void **state)
{
    (void)state;
    add_people();
    FOUND("dan", .search = STR("ann"), .filter = MEMBERS_SUSPENDED);
    FOUND("ann", .search = STR("ann"), .filter = MEMBERS_ACTIVE);
    FOUND("ann", .search = STR("ann"), .role = STR("owner"));
    FOUND("", .search = STR("ann"), .role = STR("owner"), .filter = MEMBERS_SUSPENDED);
}

/* Whatever it is narrowed to, a search goes by the words; a cursor of another search is a start. */
static void test_search__goes_by_words(void **state)
{
    (void)state;
    add_people();
    fixture_exec(t->fixture, "UPDATE memberships SET role = 'member', created_at = 9000 - user_id",
                 DB_NO_ARGS);
    FOUND("ann bob.ross", .search = STR("x.example"));
    FOUND("ann bob.ross", .search = STR("x.example"), .role = STR("member"));
    for (int64_t limit = 1; limit <= 3; limit++)
        FOUND("ann bob.ross", .search = STR("x.ex"), .role = STR("member"), .limit = limit);
    struct member_page page = LIST(.search = STR("ann"), .limit = 1);
    assert_string_equal(page.last.word.at, "ann");
    FOUND("dan", .search = STR("ann"), .role = STR("member"), .after = page.last);
    FOUND("ann bob.ross", .search = STR("x.ex"), .after = { .user_id = 1, .word = STR("aaa") });
    FOUND("", .search = STR("x.ex"), .after = { .user_id = 1, .word = STR("x.exz") });
}

static void test_search__follows_role_and_status(void **state)
{
    (void)state;
    int64_t id = person("ann@x.example", "Ann Smith", "member");
    for (int i = 0; i < 2; i++) {
        const char *role = i ? "viewer" : "admin";
        fixture_exec(
            t->fixture, "UPDATE memberships SET role = $1, status = $2 WHERE user_id = $3",
            DB_ARGS(db_text(str_of(role)), db_text(i ? STR("suspended") : STR("active")), db_int(id)));
        FOUND("ann", .search = STR("smith"), .role = str_of(role));
        FOUND("", .search = STR("smith"), .role = STR("member"));
        FOUND(i ? "" : "ann", .search = STR("smith"), .filter = MEMBERS_ACTIVE);
        FOUND(i ? "ann" : "", .search = STR("smith"), .role = str_of(role), .filter = MEMBERS_SUSPENDED);
    }
}

/* What the database follows by itself when somebody gets another role or leaves must not go through the words
 * of everybody: the index of a member's words begins with all that the foreign key names. */
static void test_search__words_of_one_member_are_found_by_their_index(void **state)
{
    (void)state;
    DB_ROWS(rows);
    if (strcmp(db_driver(t->fixture->db)->name, "sqlite") != 0)
        return;
    assert_int_equal(db_first(t->fixture->conn, &rows,
                              "SELECT COUNT(*) FROM pragma_foreign_key_list('member_words') k "
                              "JOIN pragma_index_info('member_words_member') i "
                              "ON i.name = k.\"from\" AND i.seqno < 4",
                              DB_NO_ARGS),
                     STORAGE_ROW);
    assert_int_equal(db_col_int(&rows, 0), 4);
}

static int64_t count(struct member_query query)
{
    int64_t total = -1;
    assert_int_equal(member_count(t->fixture->conn, t->fixture->arena, &t->acme, &query, &total), STORAGE_OK);
    return total;
}
#define COUNT(...) count((struct member_query){ __VA_ARGS__ })

static void test_list__of_several_roles_and_counted(void **state)
{
    (void)state;
    add_people();
    FOUND("ann dan", .role = STR(" owner viewer "));
    FOUND("ann", .role = STR(" owner viewer "), .filter = MEMBERS_ACTIVE);
    FOUND("dan", .role = STR(" owner viewer "), .filter = MEMBERS_SUSPENDED, .search = STR("ann"));
    FOUND("ann dan", .role = STR(" owner viewer "), .search = STR("ann"), .limit = 1);
    FOUND("", .role = STR(" own er wne "));
    assert_int_equal(COUNT(.limit = 0), 4);
    assert_int_equal(COUNT(.role = STR("member")), 2);
    assert_int_equal(COUNT(.role = STR(" owner viewer ")), 2);
    assert_int_equal(COUNT(.filter = MEMBERS_SUSPENDED), 1);
    assert_int_equal(COUNT(.search = STR("ann")), 2); /* one of them by two words */
    assert_int_equal(COUNT(.search = STR("ann"), .role = STR("owner")), 1);
    assert_int_equal(COUNT(.search = STR("ann dan")), 1);
    assert_int_equal(COUNT(.search = STR("ann"), .role = STR(" owner viewer "), .filter = MEMBERS_ACTIVE), 1);
    assert_int_equal(COUNT(.search = STR("@")), 0);
}

/* ---- sorted ---- */

#define SORT(...)                                                                                            \
    .sort = { (const struct str[]){ __VA_ARGS__ },                                                           \
              sizeof((const struct str[]){ __VA_ARGS__ }) / sizeof(struct str), STR_NONE }

static void add_namesakes(void)
{
    person("eve@x.example", "Same", "viewer");
    person("dan@x.example", "Same", "member");
    person("cem@y.example", "Önder", "member");
    person("bob@y.example", "Same", "viewer");
    person("ann@y.example", "anna", "owner");
    fixture_exec(t->fixture, "UPDATE memberships SET status = 'suspended' WHERE role = 'viewer'", DB_NO_ARGS);
    team_join(t, &t->bolt, team_user(t, "same@bolt.example", "Same"), "owner");
}

static void test_sorted__pages_hold_everybody_once(void **state)
{
    (void)state;
    add_namesakes();
    for (int64_t limit = 1; limit <= 6; limit++) {
        FOUND("eve dan bob ann cem", SORT(STR("name")), .limit = limit);
        FOUND("cem ann bob dan eve", SORT(STR("-name")), .limit = limit);
        FOUND("cem ann eve dan bob", SORT(STR("-name"), STR("id")), .limit = limit);
        FOUND("bob dan eve ann cem", SORT(STR("name"), STR("email")), .limit = limit);
        FOUND("ann bob cem dan eve", SORT(STR("email")), .limit = limit);
        FOUND("eve dan cem bob ann", SORT(STR("joined_at")), .limit = limit);
        FOUND("ann bob cem dan eve", SORT(STR("-id"), STR("name")), .limit = limit);
        FOUND("bob eve", SORT(STR("email")), .role = STR("viewer"), .limit = limit);
        FOUND("bob cem dan eve", SORT(STR("email")), .role = STR(" viewer member "), .limit = limit);
        FOUND("cem dan", SORT(STR("email")), .role = STR(" viewer member "), .filter = MEMBERS_ACTIVE,
              .limit = limit);
        FOUND("eve dan bob", SORT(STR("name")), .search = STR("same"), .limit = limit);
        FOUND("bob", SORT(STR("name")), .search = STR("same y.ex"), .limit = limit);
        FOUND("", SORT(STR("name")), .search = STR("@"), .limit = limit);
    }
}

/* More than a search begins with: the list is gone through in its order. */
static void test_sorted__a_search_that_finds_many(void **state)
{
    (void)state;
    add_namesakes();
    fixture_exec(t->fixture,
                 "INSERT INTO member_words (tenant_id, word, user_id, role, status) "
                 "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
                 "SELECT m.tenant_id, 'samely' || n.i, m.user_id, m.role, m.status FROM n "
                 "JOIN memberships m ON m.user_id = (SELECT id FROM users WHERE email = 'dan@x.example')",
                 DB_NO_ARGS);
    for (int64_t limit = 1; limit <= 4; limit++) {
        FOUND("bob dan eve", SORT(STR("email")), .search = STR("same"), .limit = limit);
        FOUND("dan", SORT(STR("email")), .search = STR("samely"), .limit = limit);
    }
}

/* Many who are sorted behind all others. */
static void add_crowd(const char *role, const char *status)
{
    fixture_exec(
        t->fixture,
        "INSERT INTO users (email, email_normal, name, password_hash, password_changed_at, created_at, "
        "updated_at) WITH RECURSIVE n (i) AS (SELECT 10000 UNION ALL SELECT i + 1 FROM n WHERE i < 15000) "
        "SELECT 'z' || i || '@z.example', 'z' || i || '@z.example', 'zoe', '', 1, 1, 1 FROM n",
        DB_NO_ARGS);
    fixture_exec(t->fixture,
                 "INSERT INTO memberships (tenant_id, user_id, role, status, created_at, updated_at) "
                 "SELECT CAST($1 AS BIGINT), id, $2, $3, 1, 1 FROM users WHERE name = 'zoe'",
                 DB_ARGS(db_int(t->acme.id), db_text(str_of(role)), db_text(str_of(status))));
}

static void assert_first(struct member_query query, const char *first, const char *second)
{
    query.limit = 2;
    struct member_page page = list(query);
    assert_int_equal(page.n, 2);
    assert_non_null(page.next.at);
    assert_string_equal(page.at[0].email.at, first);
    assert_string_equal(page.at[1].email.at, second);
}
#define FIRST(first, second, ...) assert_first((struct member_query){ __VA_ARGS__ }, first, second)

/* More than a list begins with. */
static void test_sorted__filters_that_leave_many(void **state)
{
    (void)state;
    add_namesakes();
    add_crowd("viewer", "suspended");
    FIRST("bob@y.example", "eve@x.example", SORT(STR("email")), .role = STR("viewer"));
    FIRST("bob@y.example", "cem@y.example", SORT(STR("email")), .role = STR(" viewer member "));
    FIRST("bob@y.example", "eve@x.example", SORT(STR("email")), .filter = MEMBERS_SUSPENDED);
    FIRST("z15000@z.example", "z14999@z.example", SORT(STR("-email")), .role = STR("viewer"),
          .filter = MEMBERS_SUSPENDED);
    FOUND("", SORT(STR("name")), .role = STR("viewer"), .filter = MEMBERS_ACTIVE);
    FOUND("", SORT(STR("name")), .role = STR("member"), .filter = MEMBERS_SUSPENDED);
    FOUND("dan cem", SORT(STR("name")), .role = STR(" a b c d e f g h member "), .limit = 1);
}

/* How much SQLite did at most for a list. */
static int64_t steps(void)
{
    DB_ROWS(rows);
    assert_int_equal(
        db_first(t->fixture->conn, &rows,
                 "SELECT MAX(nstep) FROM sqlite_stmt WHERE sql LIKE '%FROM memberships m%ORDER BY%'",
                 DB_NO_ARGS),
        STORAGE_ROW);
    return db_col_int(&rows, 0);
}

/* Whoever is looked for is not looked for among all others. */
static void test_sorted__few_are_found_first(void **state)
{
    (void)state;
    add_namesakes();
    add_crowd("member", "active");
    bool can_tell = strcmp(db_driver(t->fixture->db)->name, "sqlite") == 0;
    FOUND("eve bob", SORT(STR("name")), .role = STR("viewer"), .limit = 1);
    FOUND("ann bob eve", SORT(STR("email")), .role = STR(" owner viewer "), .limit = 1);
    FOUND("bob eve", SORT(STR("joined_at"), STR("email")), .filter = MEMBERS_SUSPENDED, .limit = 1);
    FOUND("eve dan bob", SORT(STR("name")), .search = STR("same"), .limit = 1);
    FOUND("", SORT(STR("-id")), .role = STR("nobody"));
    assert_true(!can_tell || steps() < 2000);
}

static void assert_wrong(struct member_query query, const char *field)
{
    struct member_page page;
    query.limit = 1;
    assert_int_equal(member_list(t->fixture->conn, t->fixture->arena, &t->acme, &query, &page), STORAGE_DONE);
    assert_string_equal(page.wrong, field);
}
#define WRONG(field, ...) assert_wrong((struct member_query){ __VA_ARGS__ }, field)

/* A cursor belongs to one tenant's list in one order, asked for in one way. */
static void test_sorted__knows_its_cursors(void **state)
{
    (void)state;
    add_namesakes();
    struct str cursor = LIST(SORT(STR("name")), .limit = 2).next;
    assert_non_null(cursor.at);
    const struct str name = STR("name"), falling = STR("-name"), nothing = STR("nothing");
    const struct member_sort sort = { &name, 1, cursor };
    struct member_page page = LIST(.sort = sort, .limit = 1);
    assert_string_equal(page.at[0].email.at, "bob@y.example");
    WRONG("cursor", .sort = { &falling, 1, cursor });
    WRONG("cursor", .sort = sort, .role = STR("viewer"));
    WRONG("cursor", .sort = sort, .filter = MEMBERS_ACTIVE);
    WRONG("cursor", .sort = sort, .search = STR("same"));
    WRONG("cursor", .sort = { &name, 1, STR("AAAA") });
    WRONG("sort", .sort = { &nothing, 1, STR_NONE });
    struct member_query elsewhere = { .sort = sort, .limit = 1 };
    assert_int_equal(member_list(t->fixture->conn, t->fixture->arena, &t->bolt, &elsewhere, &page),
                     STORAGE_DONE);
}

/* The copies that are sorted by are as the user is, whoever writes. */
static void test_sorted__follows_a_new_name(void **state)
{
    (void)state;
    add_namesakes();
    fixture_exec(t->fixture,
                 "UPDATE users SET name = 'Aaron', email = 'zed@x.example' WHERE email = 'dan@x.example'",
                 DB_NO_ARGS);
    FOUND("zed eve bob ann cem", SORT(STR("name")), .limit = 2);
    FOUND("ann bob cem eve zed", SORT(STR("email")), .limit = 2);
}

static enum storage_status rewrite(struct db_conn *conn, void *context)
{
    return member_words_write(conn, t->acme.id, *(int64_t *)context);
}

static void test_search__follows_a_new_name(void **state)
{
    (void)state;
    int64_t id = person("ann@x.example", "Ann Smith", "member");
    fixture_exec(t->fixture, "UPDATE users SET name = 'Ann Miller' WHERE id = $1", DB_ARGS(db_int(id)));
    assert_int_equal(db_transaction(t->fixture->conn, STORAGE_WRITE, rewrite, &id), STORAGE_OK);
    FOUND("ann", .search = STR("mill"));
    FOUND("", .search = STR("smith"));
}

/* Words longer than what is kept, many words, and characters of four bytes. */
static void test_search__odd_names(void **state)
{
    (void)state;
    char name[400] = "";
    for (int i = 0; i < 60; i++)
        snprintf(name + strlen(name), sizeof(name) - strlen(name), "w%02d ", i);
    person("many@x.example", name, "member");
    memset(name, 'q', 200);
    name[200] = '\0';
    person("long@x.example", name, "member");
    person("dots@x.example", "\xF0\x90\x90\x80\xF0\x90\x90\x80 \xE2\x80\xA6",
           "member"); /* Deseret capitals */
    FOUND("long", .search = str_of(name));
    FOUND("many", .search = STR("w05"));
    FOUND("dots", .search = STR("\xF0\x90\x90\xA8"));
    FOUND("many", .search = STR("w00 w01 w02 w03 w04"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_list__pages_hold_everybody_once),
        TEST(test_list__shows_what_there_is),
        TEST(test_search__finds_beginnings_of_words),
        TEST(test_search__is_narrowed_by_role_and_status),
        TEST(test_search__goes_by_words),
        TEST(test_search__follows_role_and_status),
        TEST(test_list__of_several_roles_and_counted),
        TEST(test_search__words_of_one_member_are_found_by_their_index),
        TEST(test_search__follows_a_new_name),
        TEST(test_search__odd_names),
        TEST(test_sorted__pages_hold_everybody_once),
        TEST(test_sorted__a_search_that_finds_many),
        TEST(test_sorted__filters_that_leave_many),
        TEST(test_sorted__few_are_found_first),
        TEST(test_sorted__knows_its_cursors),
        TEST(test_sorted__follows_a_new_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
