/* The caches behind the walk; see authority.h. An absence is kept apart from what was found: a flood of
 * unknown tokens cannot push out what is in use. */
#include "request/authority.h"

#include "access/custom_role.h"
#include "base/cache.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "identity/api_token.h"
#include "identity/opaque_token.h"
#include "request/absence.h"
#include "request/walk_internal.h"
#include "storage/changes.h"

/* Entries, and bytes of the largest value. An entry takes what it needs once it is used, a principal about
 * 270 bytes: 27 MiB for 100,000 tokens in use, 80 MiB when all places are taken. There are more than twice as
 * many places as that, since in a fuller table too many sets overflow. As many grants, since each bearer may be
 * another user. */
#define TENANT_ENTRIES    4096
#define TENANT_BYTES      768
#define PRINCIPAL_ENTRIES (1 << 18)
#define PRINCIPAL_BYTES   1664 /* the longest texts of a user and an API token */
#define GRANT_ENTRIES     PRINCIPAL_ENTRIES
#define STRANGER_ENTRIES  1024

struct authority {
    struct cache *tenants, *principals, *grants;
    struct cache *strangers; /* hosts that are no tenant's own: there is no end of them */
};

struct kept_tenant {
    struct db_stamp directory;
    int64_t kept_at;
    const struct config *config; /* hosts are also the configuration's */
    enum host_scope scope;
    struct tenant tenant;
};

struct kept_principal {
    struct principal_lease lease;
    int64_t kept_at;
    const struct config *config; /* keys and issuer */
    perm_set scopes;
    struct principal principal;
};

struct kept_grant {
    struct db_stamp user, tenant, directory;
    int64_t kept_at;
    struct access_grant grant;
};

/* What a decision is about. The tenant's state is part of it: it was read before the decision's stamps were
 * taken, and a decision about an active tenant says nothing about a suspended one. */
struct grant_key {
    int64_t tenant_id, user_id, is_root, status;
};

_Static_assert(sizeof(struct kept_tenant) < TENANT_BYTES / 2, "there is room for a tenant's texts");
_Static_assert(sizeof(struct kept_principal) < PRINCIPAL_BYTES / 2, "there is room for a user's texts");

struct authority *authority_new(void)
{
    struct authority *authority = calloc(1, sizeof(*authority));
    if (!authority)
        abort();
    authority->tenants = cache_new(TENANT_ENTRIES, TENANT_BYTES);
    authority->principals = cache_new(PRINCIPAL_ENTRIES, PRINCIPAL_BYTES);
    authority->grants = cache_new(GRANT_ENTRIES, sizeof(struct kept_grant));
    authority->strangers = cache_new(STRANGER_ENTRIES, TENANT_BYTES);
    return authority;
}

void authority_free(struct authority **authority)
{
    if (!*authority)
        return;
    cache_free(&(*authority)->tenants);
    cache_free(&(*authority)->principals);
    cache_free(&(*authority)->grants);
    cache_free(&(*authority)->strangers);
    free(*authority);
    *authority = NULL;
}

static struct db_stamp stamp(const struct call *call, enum db_subject subject, int64_t id)
{
    return db_stamp(call->walk->db, subject, id);
}

static bool is_young(const struct call *call, int64_t kept_at)
{
    return basis_is_young(kept_at, call->now, KEPT_AGE_MAX_US);
}

static void rest_on(struct call *call, enum db_subject subject, int64_t id, struct db_stamp stamp,
                    int64_t kept_at)
{
    basis_add(&call->own.basis, subject, id, stamp, kept_at, kept_at + KEPT_AGE_MAX_US);
}

/* A miss: on a worker, go and read; on the loop, start over on a worker. */
static bool is_cold(struct call *call)
{
    call->own.cold = call->db == NULL;
    call->own.misses++;
    return call->own.cold;
}

/* ---- structs with text behind them ----
 * A value is the struct, then the bytes of its slices in a fixed order; the slices' pointers are made anew on
 * the way out. */

#define SLICES_MAX 6

struct slices {
    struct str *at[SLICES_MAX];
    size_t n;
};

static struct slices tenant_slices(struct tenant *tenant)
{
    return (struct slices){
        { &tenant->slug, &tenant->name, &tenant->plan, &tenant->logo_url, &tenant->accent_colour }, 5
    };
}

static struct slices principal_slices(struct principal *principal)
{
    return (struct slices){
        { &principal->email, &principal->name, &principal->token.name, &principal->token.addresses }, 4
    };
}

static void keep(struct cache *cache, struct str key, const void *head, size_t head_size,
                 struct slices slices, size_t max)
{
    unsigned char value[TENANT_BYTES > PRINCIPAL_BYTES ? TENANT_BYTES : PRINCIPAL_BYTES];
    size_t size = head_size;
    memcpy(value, head, head_size);
    for (size_t i = 0; i < slices.n; i++) {
        if (slices.at[i]->len >= max - size)
            return; /* unusually long; read it each time */
        memcpy(value + size, slices.at[i]->at ? slices.at[i]->at : "", slices.at[i]->len);
        size += slices.at[i]->len;
        value[size++] = '\0';
    }
    cache_put(cache, key, value, size);
}

/* The value in the arena, its slices not yet pointed. */
static void *recall(struct call *call, struct cache *cache, struct str key, size_t max)
{
    unsigned char value[TENANT_BYTES > PRINCIPAL_BYTES ? TENANT_BYTES : PRINCIPAL_BYTES];
    size_t size;
    if (!cache_get(cache, key, value, max, &size))
        return NULL;
    return arena_memdup(call->arena, value, size);
}

static void point_slices(void *value, size_t head_size, struct slices slices)
{
    char *text = (char *)value + head_size;
    for (size_t i = 0; i < slices.n; i++) {
        if (slices.at[i]->at)
            slices.at[i]->at = text;
        text += slices.at[i]->len + 1;
    }
}

/* ---- tenants ---- */

static bool recall_from(struct call *call, struct cache *cache, struct str key, enum host_scope *ret_scope,
                        struct tenant *ret)
{
    struct kept_tenant *kept = recall(call, cache, key, TENANT_BYTES);
    if (!kept || kept->config != call->config || !is_young(call, kept->kept_at) ||
        !db_stamp_holds(kept->directory, stamp(call, SUBJECT_DIRECTORY, 0)))
        return false;
    point_slices(kept, sizeof(*kept), tenant_slices(&kept->tenant));
    *ret_scope = kept->scope;
    *ret = kept->tenant;
    rest_on(call, SUBJECT_DIRECTORY, 0, kept->directory, kept->kept_at);
    call->own.hits++;
    return true;
}

static bool recall_tenant(struct call *call, struct str key, enum host_scope *ret_scope, struct tenant *ret)
{
    return recall_from(call, call->walk->authority->tenants, key, ret_scope, ret);
}

static void keep_in(struct call *call, struct cache *cache, struct str key, struct db_stamp directory,
                    enum host_scope scope, const struct tenant *tenant)
{
    struct kept_tenant kept = { directory, call->now, call->config, scope, *tenant };
    if (directory.value != 0)
        keep(cache, key, &kept, sizeof(kept), tenant_slices(&kept.tenant), TENANT_BYTES);
}

static void keep_tenant(struct call *call, struct str key, struct db_stamp directory,
                        const struct tenant *tenant)
{
    keep_in(call, call->walk->authority->tenants, key, directory, HOST_UNKNOWN, tenant);
}

enum storage_status authority_host(struct call *call, struct str host, enum host_scope *ret_scope,
                                   struct tenant *ret)
{
    struct str key = arena_join(call->arena, STR("h:"), host);
    struct authority *authority = call->walk->authority;
    if (recall_tenant(call, key, ret_scope, ret) ||
        recall_from(call, authority->strangers, key, ret_scope, ret))
        return STORAGE_OK;
    if (is_cold(call))
        return STORAGE_GONE;
    struct tenant found = { 0 };
    struct db_stamp directory = stamp(call, SUBJECT_DIRECTORY, 0);
    enum storage_status status = host_resolve(call->db, call->config, call->arena, host, ret_scope, &found);
    if (status != STORAGE_OK)
        return status;
    bool is_own = *ret_scope == HOST_ROOT || *ret_scope == HOST_TENANT;
    keep_in(call, is_own ? authority->tenants : authority->strangers, key, directory, *ret_scope, &found);
    *ret = found;
    return STORAGE_OK;
}

enum storage_status authority_tenant_by_slug(struct call *call, struct str slug, struct tenant *ret)
{
    enum host_scope none;
    struct str key = arena_join(call->arena, STR("s:"), slug);
    if (recall_tenant(call, key, &none, ret))
        return STORAGE_ROW;
    if (is_cold(call))
        return STORAGE_GONE;
    struct db_stamp directory = stamp(call, SUBJECT_DIRECTORY, 0);
    enum storage_status status = tenant_by_slug(call->db, call->arena, slug, ret);
    if (status == STORAGE_ROW)
        keep_tenant(call, key, directory, ret);
    return status;
}

enum storage_status authority_tenant_by_id(struct call *call, int64_t id, struct tenant *ret)
{
    enum host_scope none;
    struct str key = arena_join(call->arena, STR("i:"), str_from((const char *)&id, sizeof(id)));
    if (recall_tenant(call, key, &none, ret))
        return STORAGE_ROW;
    if (is_cold(call))
        return STORAGE_GONE;
    struct db_stamp directory = stamp(call, SUBJECT_DIRECTORY, 0);
    enum storage_status status = tenant_by_id(call->db, call->arena, id, ret);
    if (status == STORAGE_ROW)
        keep_tenant(call, key, directory, ret);
    return status;
}

/* ---- principals ---- */

bool authority_knows(struct call *call, struct str token, struct principal *ret)
{
    struct kept_principal *kept = recall(call, call->walk->authority->principals, token, PRINCIPAL_BYTES);
    if (!kept || kept->config != call->config || kept->lease.expires_at <= call->now ||
        !is_young(call, kept->kept_at) ||
        !db_stamp_holds(kept->lease.user, stamp(call, SUBJECT_USER, kept->principal.user_id)))
        return false;
    point_slices(kept, sizeof(*kept), principal_slices(&kept->principal));
    *ret = kept->principal;
    call->scopes = kept->scopes;
    rest_on(call, SUBJECT_USER, kept->principal.user_id, kept->lease.user, kept->kept_at);
    basis_add(&call->own.basis, SUBJECT_USER, kept->principal.user_id, kept->lease.user, kept->kept_at,
              kept->lease.expires_at);
    call->own.hits++;
    return true;
}

/* ---- tokens that nobody has ---- */

static bool is_absent(const struct walk *walk, struct str token, int64_t now, struct absence *ret)
{
    return opaque_token_has_prefix(token) &&
           absences_know(walk->absences, walk->db, SUBJECT_API_TOKEN, token, now, ret);
}

bool authority_is_absent(const struct walk *walk, struct str token, int64_t now)
{
    struct absence absence;
    return is_absent(walk, token, now, &absence);
}

bool authority_knows_absent(struct call *call, struct str token)
{
    struct absence absence;
    if (!is_absent(call->walk, token, call->now, &absence))
        return false;
    if (call->own.by_cookie) /* of a header, whoever keeps the answer asks authority_is_absent() each time */
        rest_on(call, SUBJECT_API_TOKEN, absence.subject, absence.unknown, absence.kept_at);
    call->own.hits++;
    return true;
}

static void keep_absent(struct call *call, struct str token, struct db_stamp unknown)
{
    uint8_t hash[API_TOKEN_HASH_BYTES];
    if (opaque_token_read(token, hash) != OPAQUE_API)
        return;
    struct absence absence = { api_token_subject(hash), unknown, call->now };
    absences_put(call->walk->absences, token, &absence);
}

/* ---- asking who bears a token ---- */

static perm_set scopes_of(const struct principal *principal)
{
    return principal->token.id ? permission_set_read(principal->token.scopes) : ~(perm_set)0;
}

enum storage_status authority_authenticate(struct call *call, struct str token,
                                           enum token_verdict *ret_verdict, struct principal *ret)
{
    if (is_cold(call))
        return STORAGE_GONE;
    struct kept_principal kept = { .config = call->config, .kept_at = call->now };
    enum storage_status status = principal_authenticate(call->db, call->config, call->arena, token, call->now,
                                                        ret_verdict, ret, &kept.lease);
    if (status == STORAGE_OK && *ret_verdict == TOKEN_INVALID)
        keep_absent(call, token, kept.lease.unknown);
    if (status != STORAGE_OK || *ret_verdict != TOKEN_VALID)
        return status;
    call->scopes = scopes_of(ret);
    ret->token.scopes = STR_NONE; /* from here on they are a set */
    if (kept.lease.user.value == 0)
        return status;
    kept.scopes = call->scopes;
    kept.principal = *ret;
    keep(call->walk->authority->principals, token, &kept, sizeof(kept), principal_slices(&kept.principal),
         PRINCIPAL_BYTES);
    return status;
}

/* ---- grants ---- */

static bool recall_grant(struct call *call, struct str key, int64_t tenant_id, const struct kept_grant *now,
                         struct access_grant *ret)
{
    struct kept_grant kept;
    size_t size;
    if (!cache_get(call->walk->authority->grants, key, &kept, sizeof(kept), &size) ||
        !is_young(call, kept.kept_at) || !db_stamp_holds(kept.user, now->user) ||
        !db_stamp_holds(kept.tenant, now->tenant) || !db_stamp_holds(kept.directory, now->directory))
        return false;
    rest_on(call, SUBJECT_USER, call->principal.user_id, kept.user, kept.kept_at);
    rest_on(call, SUBJECT_TENANT, tenant_id, kept.tenant, kept.kept_at);
    rest_on(call, SUBJECT_DIRECTORY, 0, kept.directory, kept.kept_at);
    *ret = kept.grant;
    call->own.hits++;
    return true;
}

static bool is_known(const struct kept_grant *now)
{
    return now->user.value != 0 && now->tenant.value != 0 && now->directory.value != 0;
}

enum storage_status authority_decide(struct call *call, const struct tenant *tenant, struct access_grant *ret)
{
    int64_t user_id = call->principal.user_id;
    struct grant_key key = { tenant->id, user_id, tenant->is_root, tenant->status };
    struct str key_bytes = { (const char *)&key, sizeof(key) };
    struct kept_grant now = { .user = stamp(call, SUBJECT_USER, user_id),
                              .tenant = stamp(call, SUBJECT_TENANT, tenant->id),
                              .directory = stamp(call, SUBJECT_DIRECTORY, 0),
                              .kept_at = call->now };
    if (recall_grant(call, key_bytes, tenant->id, &now, ret))
        return STORAGE_OK;
    if (is_cold(call))
        return STORAGE_GONE;
    enum storage_status status = access_decide(call->db, call->arena, tenant, user_id, ret);
    if (status != STORAGE_OK || ret->verdict != ACCESS_OK || !is_known(&now))
        return status;
    now.grant = *ret;
    cache_put(call->walk->authority->grants, key_bytes, &now, sizeof(now));
    return STORAGE_OK;
}

void authority_count(struct call *call)
{
    if (call->own.hits)
        metric_add(METRIC_AUTHORITY_HITS, call->own.hits);
    if (call->own.misses)
        metric_add(METRIC_AUTHORITY_MISSES, call->own.misses);
    call->own.hits = call->own.misses = 0;
}
