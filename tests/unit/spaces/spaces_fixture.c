#include "spaces_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "base/json.h"

#define THREADS 8

static int64_t inserted(struct spaces *spaces, const char *sql)
{
    spaces_exec(spaces, sql);
    return 1; /* the first of its table */
}

struct spaces *spaces_new(void)
{
    struct spaces *spaces = calloc(1, sizeof(*spaces));
    assert_non_null(spaces);
    json_init();
    spaces->fixture = fixture_new();
    spaces->config = fixture_config("payments: { webhook_secret: \"" SECRET "\", pending_ttl: 1h }\n"
                                    "rate_limits: { enabled: false }\n");
    int64_t acme = fixture_tenant(spaces->fixture, "acme", NULL, false);
    int64_t bolt = fixture_tenant(spaces->fixture, "bolt", NULL, false);
    tenant_by_id(spaces->fixture->conn, spaces->fixture->arena, acme, &spaces->acme);
    tenant_by_id(spaces->fixture->conn, spaces->fixture->arena, bolt, &spaces->bolt);
    spaces->space = inserted(spaces, "INSERT INTO spaces (tenant_id, name, created_at, updated_at) "
                                     "SELECT id, 'Room', 1, 1 FROM tenants WHERE slug = 'acme'");
    spaces->event = inserted(
        spaces,
        "INSERT INTO events (tenant_id, title, starts_at, ends_at, capacity, is_published, created_at, "
        "updated_at) SELECT id, 'Workshop', 1728129600000000, 1728136800000000, 10, 1, 1, 1 "
        "FROM tenants WHERE slug = 'acme'");
    spaces->pass = inserted(
        spaces,
        "INSERT INTO day_passes (tenant_id, name, capacity, price, is_published, created_at, updated_at) "
        "SELECT id, 'Day pass', 5, 1250, 1, 1, 1 FROM tenants WHERE slug = 'acme'");
    return spaces;
}

void spaces_free(struct spaces **spaces)
{
    config_free(&(*spaces)->config);
    fixture_free(&(*spaces)->fixture);
    free(*spaces);
    *spaces = NULL;
}

void spaces_exec(struct spaces *spaces, const char *sql)
{
    fixture_exec(spaces->fixture, sql, DB_NO_ARGS);
}

int64_t spaces_count(struct spaces *spaces, const char *sql)
{
    DB_ROWS(rows);
    assert_int_equal(db_first(spaces->fixture->conn, &rows, sql, DB_NO_ARGS), STORAGE_ROW);
    return db_col_int(&rows, 0);
}

struct ticket_deed spaces_order(struct spaces *spaces, int64_t quantity)
{
    return (struct ticket_deed){
        .config = spaces->config,
        .tenant = &spaces->acme,
        .portal_base = STR("https://acme.example.com/portal/"),
        .now = NOON,
        .kind = OFFER_EVENT,
        .offer_id = spaces->event,
        .name = STR("Jane Smith"),
        .email = STR("jane@example.com"),
        .quantity = quantity,
    };
}

struct ticket_deed spaces_purchase(struct spaces *spaces, int64_t quantity)
{
    struct ticket_deed deed = spaces_order(spaces, quantity);
    deed.kind = OFFER_PASS;
    deed.offer_id = spaces->pass;
    deed.day = NOON_DAY + 1;
    return deed;
}

void spaces_must(struct spaces *spaces, struct ticket_deed *deed)
{
    assert_int_equal(ticket_order(spaces->fixture->conn, spaces->fixture->arena, deed), STORAGE_OK);
    assert_int_equal(deed->verdict, TICKET_DONE);
}

struct ticket_deed spaces_deed(struct spaces *spaces, const struct ticket *ticket, int64_t now)
{
    return (struct ticket_deed){
        .config = spaces->config,
        .tenant = &spaces->acme,
        .portal_base = STR("https://acme.example.com/portal/"),
        .now = now,
        .ticket = *ticket,
    };
}

struct crowd {
    struct spaces *spaces;
    crowd_fn fn;
    int times;
    _Atomic int next, won;
};

static void *run_one_of_the_crowd(void *context)
{
    struct crowd *crowd = context;
    struct db_conn *conn = db_connect(crowd->spaces->fixture->db);
    for (int number; (number = atomic_fetch_add(&crowd->next, 1)) < crowd->times;) {
        struct arena *arena = arena_new(1 << 22);
        if (crowd->fn(crowd->spaces, conn, arena, number))
            atomic_fetch_add(&crowd->won, 1);
        json_use_arena(NULL);
        arena_free(&arena);
    }
    db_disconnect(&conn);
    return NULL;
}

int spaces_crowd(struct spaces *spaces, int times, crowd_fn fn)
{
    pthread_t threads[THREADS];
    struct crowd crowd = { .spaces = spaces, .fn = fn, .times = times };
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_one_of_the_crowd, &crowd), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return atomic_load(&crowd.won);
}
