#include "devices_fixture.h"

#include "base/json.h"
#include "base/random.h"
#include "identity/opaque_token.h"

static void add_tenant(struct screens *screens, const char *slug, struct tenant *ret)
{
    int64_t id = fixture_tenant(screens->fixture, slug, NULL, false);
    assert_int_equal(tenant_by_id(screens->conn, screens->arena, id, ret), STORAGE_ROW);
}

struct screens *screens_new(void)
{
    struct screens *screens = calloc(1, sizeof(*screens));
    assert_non_null(screens);
    random_init();
    json_init();
    screens->fixture = fixture_new();
    screens->conn = screens->fixture->conn;
    screens->arena = screens->fixture->arena;
    screens->secret = STR("the server's secret, of 32 bytes or more");
    add_tenant(screens, "acme", &screens->acme);
    add_tenant(screens, "bolt", &screens->bolt);
    return screens;
}

void screens_free(struct screens **screens)
{
    fixture_free(&(*screens)->fixture);
    free(*screens);
    *screens = NULL;
}

struct pairing screens_begin(struct screens *screens, int64_t tenant_id, const char *origin, int64_t now)
{
    struct pairing pairing;
    assert_int_equal(pairing_begin(screens->conn, screens->arena, tenant_id, str_of(origin), now, &pairing),
                     STORAGE_OK);
    return pairing;
}

struct pairing_answer screens_poll(struct screens *screens, struct str poll_token, int64_t now)
{
    struct pairing_answer answer;
    assert_int_equal(
        pairing_poll(screens->conn, screens->arena, screens->secret, poll_token, now, &answer), STORAGE_OK);
    return answer;
}

bool screens_knows(struct screens *screens, struct str token, int64_t now, struct device *ret)
{
    uint8_t hash[DEVICE_HASH_BYTES];
    struct audit_actor from = { .address = STR("198.51.100.9"), .request_id = STR("r1") };
    if (opaque_token_read(token, hash) != OPAQUE_DEVICE)
        return false;
    enum storage_status status = device_authenticate(screens->conn, screens->arena, hash, &from, now, ret);
    assert_true(status == STORAGE_ROW || status == STORAGE_DONE);
    return status == STORAGE_ROW;
}

struct str screens_paired(struct screens *screens, const char *name, struct device *ret)
{
    struct device_deed deed = DEED(&screens->acme, NOW, .name = str_of(name));
    assert_int_equal(pairing_create(screens->conn, screens->arena, &deed), STORAGE_OK);
    struct pairing_answer answer = screens_poll(screens, deed.secret, NOW);
    assert_int_equal(answer.state, PAIRING_TOKEN);
    assert_true(screens_knows(screens, answer.token, NOW, ret));
    return answer.token;
}

int64_t screens_count(struct screens *screens, const char *sql)
{
    DB_ROWS(rows);
    assert_int_equal(db_first(screens->conn, &rows, sql, DB_NO_ARGS), STORAGE_ROW);
    return db_col_int(&rows, 0);
}

const char *screens_newest_deed(struct screens *screens, const struct tenant *tenant)
{
    DB_ROWS(rows);
    struct arena *arena = screens->arena;
    assert_int_equal(db_first(screens->conn, &rows,
                              "SELECT action, actor_kind, actor_id, target_name, target_id, before_json, "
                              "after_json FROM audit_log WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1",
                              DB_ARGS(db_int(tenant->id))),
                     STORAGE_ROW);
    return arena_printf(arena, "%.*s %.*s:%lld -> %.*s:%lld %.*s %.*s", STR_ARG(db_col_text(&rows, 0, arena)),
                        STR_ARG(db_col_text(&rows, 1, arena)), (long long)db_col_int(&rows, 2),
                        STR_ARG(db_col_text(&rows, 3, arena)), (long long)db_col_int(&rows, 4),
                        STR_ARG(db_col_text(&rows, 5, arena)), STR_ARG(db_col_text(&rows, 6, arena)))
        .at;
}
