/* Tenants and their domains: the queries of the tables tenants and tenant_domains. */
#include "base/clock.h"
#include "storage/changes.h"
#include "tenancy/host.h"
#include "tenancy/tenant_row.h"

/* The words of the column tenants.registration, in the order of enum registration. */
static const struct str registration_words[] = { { "open", 4 }, { "admin", 5 }, { "closed", 6 } };

struct str tenant_status_word(enum tenant_status status)
{
    return status == TENANT_ACTIVE ? STR("active") : STR("suspended");
}

struct str registration_word(enum registration registration)
{
    return registration_words[registration];
}

bool registration_read(struct str word, enum registration *ret)
{
    for (size_t i = 0; i < sizeof registration_words / sizeof registration_words[0]; i++) {
        if (str_equal(word, registration_words[i])) {
            *ret = (enum registration)i;
            return true;
        }
    }
    return false;
}

static struct tenant_limit read_limit(struct db_rows *rows, int column)
{
    return (struct tenant_limit){ !db_col_is_null(rows, column), db_col_int(rows, column) };
}

void tenant_row_read(struct db_rows *rows, struct arena *arena, struct tenant *ret)
{
    *ret = (struct tenant){
        .id = db_col_int(rows, 0),
        .slug = db_col_text(rows, 1, arena),
        .name = db_col_text(rows, 2, arena),
        .plan = db_col_text(rows, 3, arena),
        .is_root = db_col_int(rows, 4) != 0,
        .status = str_equal(db_col_text(rows, 5, arena), STR("active")) ? TENANT_ACTIVE : TENANT_SUSPENDED,
        .logo_url = db_col_text(rows, 6, arena),
        .accent_colour = db_col_text(rows, 7, arena),
        .created_at = db_col_int(rows, 9),
        .limits = { read_limit(rows, 10), read_limit(rows, 11) },
    };
    ret->has_registration = registration_read(db_col_text(rows, 8, arena), &ret->registration);
}

static enum storage_status find_tenant(struct db_conn *conn, struct arena *arena, const char *sql,
                                       struct db_args args, struct tenant *ret)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(conn, &rows, sql, args);
    if (status == STORAGE_ROW)
        tenant_row_read(&rows, arena, ret);
    return status;
}

enum storage_status tenant_by_id(struct db_conn *conn, struct arena *arena, int64_t id, struct tenant *ret)
{
    return find_tenant(conn, arena, "SELECT " TENANT_ROW_COLUMNS " FROM tenants t WHERE t.id = $1",
                       DB_ARGS(db_int(id)), ret);
}

enum storage_status tenant_by_slug(struct db_conn *conn, struct arena *arena, struct str slug,
                                   struct tenant *ret)
{
    return find_tenant(conn, arena, "SELECT " TENANT_ROW_COLUMNS " FROM tenants t WHERE t.slug = $1",
                       DB_ARGS(db_text(slug)), ret);
}

enum storage_status tenant_root(struct db_conn *conn, struct arena *arena, struct tenant *ret)
{
    return find_tenant(conn, arena, "SELECT " TENANT_ROW_COLUMNS " FROM tenants t WHERE t.is_root = 1",
                       DB_NO_ARGS, ret);
}

enum storage_status tenant_by_domain(struct db_conn *conn, struct arena *arena, struct str host,
                                     struct tenant *ret)
{
    return find_tenant(conn, arena,
                       "SELECT " TENANT_ROW_COLUMNS
                       " FROM tenant_domains d JOIN tenants t ON t.id = d.tenant_id WHERE d.host = $1",
                       DB_ARGS(db_text(host)), ret);
}

enum storage_status tenant_insert(struct db_conn *conn, const struct tenant_new *tenant, int64_t *ret_id)
{
    DB_ROWS(rows);
    int64_t now = clock_now();
    enum storage_status status =
        db_first(conn, &rows,
                 "INSERT INTO tenants (slug, name, plan, is_root, logo_url, accent_colour, created_at, "
                 "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
                 DB_ARGS(db_text(tenant->slug), db_text(tenant->name), db_text(tenant->plan),
                         db_int(tenant->is_root), db_text_or_null(tenant->logo_url),
                         db_text_or_null(tenant->accent_colour), db_int(now), db_int(now)));
    if (status != STORAGE_ROW)
        return status;
    *ret_id = db_col_int(&rows, 0);
    db_rows_close(&rows);
    return db_touch(conn, SUBJECT_DIRECTORY, 0);
}

static struct storage_value limit_or_null(struct tenant_limit limit)
{
    return limit.is_set ? db_int(limit.max) : db_null();
}

enum storage_status tenant_write(struct db_conn *conn, const struct tenant *tenant, int64_t now)
{
    struct str registration = tenant->has_registration ? registration_word(tenant->registration) : STR_NONE;
    enum storage_status status = db_exec(
        conn,
        "UPDATE tenants SET name = $2, plan = $3, status = $4, logo_url = $5, accent_colour = $6, "
        "registration = $7, max_assets = $8, max_users = $9, updated_at = $10 WHERE id = $1",
        DB_ARGS(db_int(tenant->id), db_text(tenant->name), db_text(tenant->plan),
                db_text(tenant_status_word(tenant->status)), db_text_or_null(tenant->logo_url),
                db_text_or_null(tenant->accent_colour), db_text_or_null(registration),
                limit_or_null(tenant->limits.assets), limit_or_null(tenant->limits.users), db_int(now)),
        NULL);
    return status == STORAGE_OK ? db_touch(conn, SUBJECT_DIRECTORY, 0) : status;
}

enum storage_status tenant_delete(struct db_conn *conn, int64_t id)
{
    int64_t changes = 0;
    enum storage_status status =
        db_exec(conn, "DELETE FROM tenants WHERE id = $1 AND is_root = 0", DB_ARGS(db_int(id)), &changes);
    if (status != STORAGE_OK)
        return status;
    return changes == 1 ? db_touch_all(conn) : STORAGE_DONE;
}

static bool is_anothers(const struct config *config, const struct tenant_domain *domain)
{
    for (size_t i = 0; i < config->tenancy.domain_count; i++) {
        if (str_equal(config->tenancy.domains[i].host, domain->host))
            return !str_equal(config->tenancy.domains[i].slug, domain->slug);
    }
    return false;
}

enum storage_status tenant_add_domain(struct db_conn *conn, const struct config *config,
                                      const struct tenant_domain *domain)
{
    if (host_is_of_root(config, domain->host) || is_anothers(config, domain))
        return STORAGE_DONE;
    enum storage_status status =
        db_exec(conn, "INSERT INTO tenant_domains (host, tenant_id, created_at) VALUES ($1, $2, $3)",
                DB_ARGS(db_text(domain->host), db_int(domain->tenant_id), db_int(clock_now())), NULL);
    return status == STORAGE_OK ? db_touch(conn, SUBJECT_DIRECTORY, 0) : status;
}

enum storage_status tenant_remove_domain(struct db_conn *conn, int64_t tenant_id, struct str host)
{
    int64_t changes = 0;
    enum storage_status status =
        db_exec(conn, "DELETE FROM tenant_domains WHERE tenant_id = $1 AND host = $2",
                DB_ARGS(db_int(tenant_id), db_text(host)), &changes);
    if (status != STORAGE_OK)
        return status;
    return changes == 1 ? db_touch(conn, SUBJECT_DIRECTORY, 0) : STORAGE_DONE;
}

enum storage_status tenant_domains(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                   struct domain_entry **ret, size_t *ret_n)
{
    DB_ROWS(rows);
    *ret = ARENA_ARRAY(arena, struct domain_entry, TENANT_MAX_DOMAINS);
    *ret_n = 0;
    enum storage_status status = db_query(conn, &rows,
                                          "SELECT host, created_at FROM tenant_domains WHERE tenant_id = $1 "
                                          "ORDER BY created_at, host LIMIT $2",
                                          DB_ARGS(db_int(tenant_id), db_int(TENANT_MAX_DOMAINS)));
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        (*ret)[(*ret_n)++] = (struct domain_entry){ db_col_text(&rows, 0, arena), db_col_int(&rows, 1) };
        status = STORAGE_OK;
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

enum registration tenant_registration(const struct tenant *tenant, const struct config *config)
{
    return tenant->has_registration ? tenant->registration : config->tenancy.registration;
}
