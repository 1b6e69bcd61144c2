#include "team_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "access/custom_role.h"
#include "base/json.h"
#include "identity/user.h"

static void add_tenant(struct team *team, const char *slug, bool is_root, struct tenant *ret)
{
    int64_t id = fixture_tenant(team->fixture, slug, NULL, is_root);
    assert_int_equal(tenant_by_id(team->fixture->conn, team->fixture->arena, id, ret), STORAGE_ROW);
}

struct team *team_new(void)
{
    struct team *team = calloc(1, sizeof(*team));
    assert_non_null(team);
    json_init();
    team->fixture = fixture_new();
    add_tenant(team, "msp", true, &team->msp);
    add_tenant(team, "acme", false, &team->acme);
    add_tenant(team, "bolt", false, &team->bolt);
    return team;
}

void team_free(struct team **team)
{
    fixture_free(&(*team)->fixture);
    free(*team);
    *team = NULL;
}

struct newcomer {
    const struct tenant *tenant;
    const char *email, *name, *role;
    int64_t id;
};

static enum storage_status insert_user(struct db_conn *conn, void *context)
{
    struct newcomer *newcomer = context;
    return user_insert(conn, str_of(newcomer->email), str_of(newcomer->name), STR("x"), 1, &newcomer->id);
}

static enum storage_status insert_member(struct db_conn *conn, void *context)
{
    const struct newcomer *newcomer = context;
    return membership_insert(conn, newcomer->tenant->id, newcomer->id, str_of(newcomer->role), 1000);
}

int64_t team_user(struct team *team, const char *email, const char *name)
{
    struct newcomer newcomer = { .email = email, .name = name };
    assert_int_equal(db_transaction(team->fixture->conn, STORAGE_WRITE, insert_user, &newcomer), STORAGE_OK);
    return newcomer.id;
}

void team_join(struct team *team, const struct tenant *tenant, int64_t user_id, const char *role)
{
    struct newcomer newcomer = { .tenant = tenant, .role = role, .id = user_id };
    assert_int_equal(db_transaction(team->fixture->conn, STORAGE_WRITE, insert_member, &newcomer),
                     STORAGE_OK);
}

int64_t team_member(struct team *team, const struct tenant *tenant, const char *email, const char *role)
{
    int64_t id = team_user(team, email, email);
    team_join(team, tenant, id, role);
    return id;
}

static enum storage_status insert_role(struct db_conn *conn, void *context)
{
    struct arena *arena = arena_new(1 << 16);
    enum storage_status status = custom_role_insert(conn, arena, context);
    arena_free(&arena);
    return status;
}

int64_t team_role(struct team *team, const struct tenant *tenant, const char *slug, int rank,
                  const char *permissions)
{
    struct custom_role role = {
        .tenant_id = tenant->id,
        .slug = str_of(slug),
        .name = str_of(slug),
        .rank = rank,
        .permissions = permission_set_read(str_of(permissions)),
        .created_at = 1,
    };
    assert_int_equal(db_transaction(team->fixture->conn, STORAGE_WRITE, insert_role, &role), STORAGE_OK);
    return role.id;
}

struct access_grant team_grant(struct team *team, const struct tenant *tenant, int64_t user_id)
{
    struct access_grant grant;
    struct fixture *f = team->fixture;
    assert_int_equal(access_decide(f->conn, f->arena, tenant, user_id, &grant), STORAGE_OK);
    return grant;
}

int64_t team_count(struct team *team, const char *sql, struct db_args args)
{
    DB_ROWS(rows);
    assert_int_equal(db_first(team->fixture->conn, &rows, sql, args), STORAGE_ROW);
    return db_col_int(&rows, 0);
}

const char *team_newest_deed(struct team *team, const struct tenant *tenant)
{
    DB_ROWS(rows);
    struct arena *arena = team->fixture->arena;
    enum storage_status status =
        db_first(team->fixture->conn, &rows,
                 "SELECT action, target_kind, target_id, before_json, after_json FROM audit_log "
                 "WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1",
                 DB_ARGS(db_int(tenant->id)));
    if (status != STORAGE_ROW)
        return "";
    struct str before = db_col_text(&rows, 3, arena), after = db_col_text(&rows, 4, arena);
    return arena_printf(arena, "%s %s %lld %s %s", db_col_text(&rows, 0, arena).at,
                        db_col_text(&rows, 1, arena).at, (long long)db_col_int(&rows, 2),
                        before.at ? before.at : "-", after.at ? after.at : "-")
        .at;
}
