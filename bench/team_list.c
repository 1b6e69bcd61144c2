/* How long a page of the team list and a search take in a tenant with many members.
 *
 *   team_list sqlite PATH [MEMBERS]            PATH: a file, or ":memory:"
 *   team_list postgres CONNINFO [MEMBERS]
 *
 * Makes MEMBERS members (100000 if left out) of one tenant and a tenth as many of another, unless an earlier
 * run did; then asks each question REPEAT times at places spread over the whole list. The figures are of
 * member_list(), the database part of GET /api/v1/team: median, 99th percentile and maximum in milliseconds.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/random.h"
#include "backend_postgres/driver.h"
#include "backend_sqlite/driver.h"
#include "identity/user.h"
#include "storage/db.h"
#include "base/words.h"
#include "team/member_list.h"

#define REPEAT     400
#define BATCH      2000
#define PAGE       25
#define TENANTS    2
#define CURSOR_MAX 4096 /* bytes */

static const char *const first_names[] = { "Ada",  "Björn",  "Chen",  "Dmitri", "Élodie", "Fatima", "Giulia",
                                           "Hiro", "Ingrid", "João",  "Kemal",  "Lena",   "Mei",    "Noor",
                                           "Olga", "Paul",   "Quinn", "Rosa",   "Sarah",  "Tom" };
static const char *const last_names[] = { "Alvarez", "Becker", "Chen",  "Díaz",   "Eriksson", "Fischer",
                                          "Grant",   "Hughes", "Ito",   "Jensen", "Kim",      "Lopez",
                                          "Miller",  "Novák",  "Ortiz", "Petrov", "Quist",    "Rossi",
                                          "Smith",   "Tanaka", "Usman", "Varga",  "Weber" };
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct db *db;
static struct db_conn *conn;
static int64_t members = 100000;

static void need(enum storage_status status)
{
    if (status == STORAGE_OK || status == STORAGE_ROW)
        return;
    fprintf(stderr, "team_list: %s: %s\n", storage_status_name(status), db_error(conn));
    exit(1);
}

/* ---- filling ---- */

static const char *role_of(int64_t n)
{
    return n == 0 ? "owner" : n % 100 == 0 ? "admin" : n % 20 == 0 ? "department_head" : "member";
}

static enum storage_status add_member(struct db_conn *to, struct arena *arena, int64_t tenant_id, int64_t n)
{
    const char *first = first_names[(size_t)n % COUNT(first_names)];
    const char *last = last_names[(size_t)(n / 7) % COUNT(last_names)];
    struct str name = arena_printf(arena, "%s %s-%lld", first, last, (long long)n);
    struct str email = arena_printf(arena, "u%lld.t%lld@example.com", (long long)n, (long long)tenant_id);
    int64_t id, joined = 1700000000000000 + n / 3 * 1000;
    enum storage_status status = user_insert(to, email, name, STR("x"), joined, &id);
    if (status == STORAGE_OK)
        status = membership_insert(to, tenant_id, id, str_of(role_of(n)), joined);
    if (status == STORAGE_OK && n % 1000 == 1)
        status =
            db_exec(to, "UPDATE memberships SET status = 'suspended' WHERE tenant_id = $1 AND user_id = $2",
                    DB_ARGS(db_int(tenant_id), db_int(id)), NULL);
    return status;
}

struct batch {
    int64_t tenant_id, from;
};

static enum storage_status add_batch(struct db_conn *to, void *context)
{
    const struct batch *batch = context;
    struct arena *arena = arena_new(1 << 24);
    enum storage_status status = STORAGE_OK;
    for (int64_t n = batch->from; status == STORAGE_OK && n < batch->from + BATCH && n < members; n++)
        status = add_member(to, arena, batch->tenant_id, n);
    arena_free(&arena);
    return status;
}

static enum storage_status add_tenant(struct db_conn *to, void *context)
{
    struct tenant *tenant = context;
    struct tenant_new row = { .slug = tenant->slug, .name = tenant->slug, .plan = STR("free") };
    return tenant_insert(to, &row, &tenant->id);
}

static void fill(struct tenant tenants[TENANTS])
{
    int64_t began = clock_monotonic_ms();
    for (int i = 0; i < TENANTS; i++)
        need(db_transaction(conn, STORAGE_WRITE, add_tenant, &tenants[i]));
    for (int64_t from = 0; from < members; from += BATCH) {
        for (int i = 0; i < (from < members / 10 ? TENANTS : 1); i++) {
            struct batch batch = { tenants[i].id, from };
            need(db_transaction(conn, STORAGE_WRITE, add_batch, &batch));
        }
        fprintf(stderr, "\r%lld of %lld members", (long long)from + BATCH, (long long)members);
    }
    fprintf(stderr, "\r%lld members, made in %.1f s\n", (long long)members,
            (double)(clock_monotonic_ms() - began) / 1000);
}

/* By an earlier run. */
static bool is_filled(struct tenant *tenant)
{
    struct arena *arena = arena_new(1 << 16);
    struct tenant found;
    enum storage_status status = tenant_by_slug(conn, arena, tenant->slug, &found);
    if (status == STORAGE_ROW)
        tenant->id = found.id;
    else if (status != STORAGE_DONE)
        need(status);
    arena_free(&arena);
    return status == STORAGE_ROW;
}

/* ---- asking ---- */

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Where the next page of a search or of a sorted list begins; nothing, back at its start after the last one.
 */
struct next {
    struct member_place place;
    struct str cursor;
};

static struct next next_of(const struct member_query *query, const struct member_page *page)
{
    static char word[WORD_MAX_BYTES], cursor[CURSOR_MAX];
    struct next next = { 0 };
    if (page->next.at && page->next.len <= sizeof(cursor)) {
        memcpy(cursor, page->next.at, page->next.len);
        next.cursor = str_from(cursor, page->next.len);
    } else if (page->has_more && query->search.at && query->sort.n == 0) {
        memcpy(word, page->last.word.at, page->last.word.len);
        next.place =
            (struct member_place){ .user_id = page->last.user_id, .word = { word, page->last.word.len } };
    }
    return next;
}

static int64_t ask_once(const struct tenant *tenant, const struct member_query *query, struct next *ret_next)
{
    struct arena *arena = arena_new(1 << 22);
    struct member_page page;
    int64_t began = clock_monotonic_us();
    need(member_list(conn, arena, tenant, query, &page));
    int64_t took = clock_monotonic_us() - began;
    *ret_next = next_of(query, &page);
    arena_free(&arena);
    return took;
}

/* A list is asked at REPEAT places from start to end; a search and a sorted list page after page. */
static void measure(const struct tenant *tenant, const char *what, struct member_query query)
{
    int64_t took[REPEAT];
    struct next next;
    query.limit = PAGE;
    ask_once(tenant, &query, &next); /* prepares the statement */
    for (int i = 0; i < REPEAT; i++) {
        if (!query.search.at && query.sort.n == 0 && i > 0)
            query.after =
                (struct member_place){ .joined_at = 1700000000000000 + members * i / REPEAT / 3 * 1000,
                                       .user_id = 1 };
        took[i] = ask_once(tenant, &query, &next);
        if (query.search.at)
            query.after = next.place;
        query.sort.cursor = next.cursor;
    }
    qsort(took, REPEAT, sizeof(took[0]), by_value);
    printf("%-44s %8.2f %8.2f %8.2f\n", what, (double)took[REPEAT / 2] / 1000,
           (double)took[REPEAT * 99 / 100] / 1000, (double)took[REPEAT - 1] / 1000);
}

static void measure_all(const struct tenant *tenant)
{
    static const struct {
        const char *what, *search, *role;
        enum member_filter filter;
        const char *sort;
    } questions[] = {
        { "all", NULL, NULL, MEMBERS_ALL },
        { "active", NULL, NULL, MEMBERS_ACTIVE },
        { "suspended (0.1 %)", NULL, NULL, MEMBERS_SUSPENDED },
        { "role owner (one)", NULL, "owner", MEMBERS_ALL },
        { "role admin (1 %)", NULL, "admin", MEMBERS_ALL },
        { "role member (94 %)", NULL, "member", MEMBERS_ALL },
        { "role admin, suspended (none)", NULL, "admin", MEMBERS_SUSPENDED },
        { "q=sarah (5 %)", "sarah", NULL, MEMBERS_ALL },
        { "q=e (everybody)", "e", NULL, MEMBERS_ALL },
        { "q=u77777 (one)", "u77777.", NULL, MEMBERS_ALL },
        { "q=sarah weber (0.2 %)", "sarah weber", NULL, MEMBERS_ALL },
        { "q=zzz (nobody)", "zzz", NULL, MEMBERS_ALL },
        { "q=sarah, suspended (few)", "sarah", NULL, MEMBERS_SUSPENDED },
        { "q=e, role owner (one)", "e", "owner", MEMBERS_ALL },
        { "q=sarah, role admin (few)", "sarah", "admin", MEMBERS_ALL },
        { "q=zz, role member", "zz", "member", MEMBERS_ALL },
        { "q=sarah, role department_head", "sarah", "department_head", MEMBERS_ACTIVE },
        { "q=e, role department_head (4 %)", "e", "department_head", MEMBERS_ACTIVE },
        { "q=e, suspended (0.1 %)", "e", NULL, MEMBERS_SUSPENDED },
        { "q=sarah e, role department_head (none)", "sarah e", "department_head", MEMBERS_ACTIVE },
        { "q=u weber, role member", "u weber", "member", MEMBERS_ACTIVE },
        { "sort=name", NULL, NULL, MEMBERS_ALL, "name" },
        { "sort=-name", NULL, NULL, MEMBERS_ALL, "-name" },
        { "sort=email, role admin (1 %)", NULL, "admin", MEMBERS_ALL, "email" },
        { "sort=-joined_at, suspended (0.1 %)", NULL, NULL, MEMBERS_SUSPENDED, "-joined_at" },
        { "sort=name, q=sarah (5 %)", "sarah", NULL, MEMBERS_ALL, "name" },
        { "sort=name, q=u77777 (one)", "u77777.", NULL, MEMBERS_ALL, "name" },
    };
    printf("%-44s %8s %8s %8s  ms\n", "", "median", "p99", "max");
    for (size_t i = 0; i < COUNT(questions); i++) {
        struct str sort = str_of(questions[i].sort);
        measure(tenant, questions[i].what,
                (struct member_query){ .search = str_of(questions[i].search),
                                       .role = str_of(questions[i].role),
                                       .filter = questions[i].filter,
                                       .sort = { .at = &sort, .n = sort.at != NULL } });
    }
}

int main(int argc, char **argv)
{
    struct storage_error error = { 0 };
    struct tenant tenants[TENANTS] = { { .slug = STR("acme") }, { .slug = STR("bolt") } };
    if (argc < 3) {
        fprintf(stderr, "usage: team_list sqlite PATH|postgres CONNINFO [MEMBERS]\n");
        return 2;
    }
    if (argc > 3)
        members = strtoll(argv[3], NULL, 10);
    random_init();
    log_set_level(LOG_ERROR);
    db_register_driver(&sqlite_driver);
    db_register_driver(&postgres_driver);
    struct storage_setting setting = { strcmp(argv[1], "sqlite") == 0 ? "path" : "conninfo", argv[2] };
    if (db_open(argv[1], &setting, 1, &db, &error) != STORAGE_OK) {
        fprintf(stderr, "team_list: %s\n", error.text);
        return 1;
    }
    conn = db_connect(db);
    need(db_migrate(conn, NULL, NULL, NULL, NULL));
    if (!is_filled(&tenants[0]))
        fill(tenants);
    measure_all(&tenants[0]);
    db_disconnect(&conn);
    db_close(&db);
    return 0;
}
