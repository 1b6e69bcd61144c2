/* Tenants and their domains: the queries of the tables tenants and tenant_domains. */
#include "tenancy/tenant.h"

#include "base/clock.h"
#include "storage/changes.h"
#include "tenancy/host.h"

#define TENANT_COLUMNS                                                                                       \
    "t.id, t.slug, t.name, t.plan, t.is_root, t.status, t.logo_url, t.accent_colour, t.registration, "       \
    "t.created_at"

/* The words of the column tenants.registration, in the order of enum registration. */
static const struct str registration_words[] = { { "open", 4 }, { "admin", 5 }, { "closed", 6 } };

static bool registration_of(struct str word, enum registration *ret)
{
    for (size_t i = 0; i < sizeof registration_words / sizeof registration_words[0]; i++) {
        if (str_equal(word, registration_words[i])) {
            *ret = (enum registration)i;
            return true;
        }
    }
    return false;
}

static void read_tenant(struct db_rows *rows, struct arena *arena, struct tenant *ret)
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
    };
    ret->has_registration = registration_of(db_col_text(rows, 8, arena), &ret->registration);
}

static enum storage_status find_tenant(struct db_conn *conn, struct arena *arena, const char *sql,
                                       struct db_args args, struct tenant *ret)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(conn, &rows, sql, args);
    if (status == STORAGE_ROW)
        read_tenant(&rows, arena, ret);
    return status;
}

enum storage_status tenant_by_id(struct db_conn *conn, struct arena *arena, int64_t id, struct tenant *ret)
{
    return find_tenant(conn, arena, "SELECT " TENANT_COLUMNS " FROM tenants t WHERE t.id = $1",
                       DB_ARGS(db_int(id)), ret);
}

enum storage_status tenant_by_slug(struct db_conn *conn, struct arena *arena, struct str slug,
                                   struct tenant *ret)
{
    return find_tenant(conn, arena, "SELECT " TENANT_COLUMNS " FROM tenants t WHERE t.slug = $1",
                       DB_ARGS(db_text(slug)), ret);
}

enum storage_status tenant_root(struct db_conn *conn, struct arena *arena, struct tenant *ret)
{
    return find_tenant(conn, arena, "SELECT " TENANT_COLUMNS " FROM tenants t WHERE t.is_root = 1",
                       DB_NO_ARGS, ret);
}

enum storage_status tenant_by_domain(struct db_conn *conn, struct arena *arena, struct str host,
                                     struct tenant *ret)
{
    return find_tenant(conn, arena,
                       "SELECT " TENANT_COLUMNS
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

enum registration tenant_registration(const struct tenant *tenant, const struct config *config)
{
    return tenant->has_registration ? tenant->registration : config->tenancy.registration;
}
