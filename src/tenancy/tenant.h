/* Tenants and their domains. Tables: tenants, tenant_domains, tenant_usage. */
#ifndef TETHER_TENANCY_TENANT_H
#define TETHER_TENANCY_TENANT_H

#include "config/config.h"
#include "storage/db.h"

enum tenant_status { TENANT_ACTIVE = 0, TENANT_SUSPENDED };

/* What a tenant may use of a kind when it is not what its plan says. */
struct tenant_limit {
    bool is_set;
    int64_t max;
};
struct tenant_limits {
    struct tenant_limit assets, users;
};

struct tenant {
    int64_t id;
    struct str slug;
    struct str name;
    struct str plan;
    bool is_root;
    enum tenant_status status;
    struct str logo_url;      /* at == NULL: none */
    struct str accent_colour; /* "#1f6feb"; at == NULL: none */
    bool has_registration;    /* the tenant's own policy is set */
    enum registration registration;
    struct tenant_limits limits; /* the tenant's own; count as the plan's do, in SaaS mode only */
    int64_t created_at;
};

/* "active", "suspended"; "open", "admin", "closed": as the database and the surfaces have them. */
struct str tenant_status_word(enum tenant_status status);
struct str registration_word(enum registration registration);
/* False for a word that is none. */
bool registration_read(struct str word, enum registration *ret);

/* ROW with *ret filled (strings in the arena), DONE when there is none, or a failure. */
enum storage_status tenant_by_id(struct db_conn *conn, struct arena *arena, int64_t id, struct tenant *ret);
enum storage_status tenant_by_slug(struct db_conn *conn, struct arena *arena, struct str slug,
                                   struct tenant *ret);
enum storage_status tenant_root(struct db_conn *conn, struct arena *arena, struct tenant *ret);
/* By a domain registered at run time. `host` canonical (host.h). */
enum storage_status tenant_by_domain(struct db_conn *conn, struct arena *arena, struct str host,
                                     struct tenant *ret);

struct tenant_new {
    struct str slug; /* text_is_slug() */
    struct str name;
    struct str plan;
    bool is_root;
    struct str logo_url, accent_colour; /* at == NULL: none */
};
/* Inside a write transaction. OK with *ret_id, CONFLICT when the slug is taken. */
enum storage_status tenant_insert(struct db_conn *conn, const struct tenant_new *tenant, int64_t *ret_id);
/* Inside a write transaction: name, plan, status, branding, registration and limits become what `tenant` has.
 */
enum storage_status tenant_write(struct db_conn *conn, const struct tenant *tenant, int64_t now);
/* Inside a write transaction: the tenant with everything that is its own; users stay. Touches everything:
 * whose sessions end with it is not counted out. OK; DONE when there is none, or it is the root tenant. */
enum storage_status tenant_delete(struct db_conn *conn, int64_t id);

struct tenant_domain {
    int64_t tenant_id;
    struct str slug; /* of the tenant */
    struct str host; /* canonical (host.h) */
};
/* Inside a write transaction. OK; CONFLICT when the host belongs to a tenant already; DONE when it is not for
 * that tenant: at or below tenancy.root_domain, or given to another tenant by the configuration. Whoever took
 * such a name would get what is sent to the operator or to a neighbour. */
enum storage_status tenant_add_domain(struct db_conn *conn, const struct config *config,
                                      const struct tenant_domain *domain);
/* Inside a write transaction. OK, or DONE when the tenant has no such domain. */
enum storage_status tenant_remove_domain(struct db_conn *conn, int64_t tenant_id, struct str host);
/* More than these are not listed; whoever adds one sees to it that there are no more. */
#define TENANT_MAX_DOMAINS 100
struct domain_entry {
    struct str host;
    int64_t created_at;
};
/* Those registered at run time, in the order of registering; *ret in the arena. OK or a failure. */
enum storage_status tenant_domains(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                   struct domain_entry **ret, size_t *ret_n);

/* The policy that applies: the tenant's own, else the configuration's. */
enum registration tenant_registration(const struct tenant *tenant, const struct config *config);

/* Plan limits, exact under concurrency: a counter row per tenant and kind ("users", "assets") that is raised
 * by a conditional UPDATE in the same transaction as the insert it pays for. */
struct plan_refusal {
    const char *limit; /* "users" */
    int64_t used, max;
    struct str plan;
};
/* Inside a write transaction. OK: counted. DONE: refused, *ret filled; roll back. No limit applies in
 * self-hosted mode, to the root tenant, or for a plan that sets none, but it is counted all the same.
 * kind: "users" or "assets". */
enum storage_status plan_take(struct db_conn *conn, const struct config *config, const struct tenant *tenant,
                              const char *kind, int64_t n, struct plan_refusal *ret);
/* OK with how many more plan_take() would let in, INT64_MAX where no limit applies, and *ret as it would then
 * fill it; or a failure. Somebody else may take of it meanwhile. */
enum storage_status plan_room(struct db_conn *conn, const struct config *config, const struct tenant *tenant,
                              const char *kind, struct plan_refusal *ret, int64_t *ret_room);
/* Inside a write transaction: counts n more of something that no plan limits. */
enum storage_status plan_count(struct db_conn *conn, int64_t tenant_id, const char *kind, int64_t n);
/* ROW with how many were counted, or a failure: a tenant that never used anything has used 0. tenant_id 0: of
 * all tenants together. */
enum storage_status plan_used(struct db_conn *conn, int64_t tenant_id, const char *kind, int64_t *ret);
/* Inside a write transaction: gives back n. */
enum storage_status plan_release(struct db_conn *conn, int64_t tenant_id, const char *kind, int64_t n);

#endif
