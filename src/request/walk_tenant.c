/* The tenant of a request (contract section 2): one canonical source per route, named in its row. Every other
 * hint that a request bears must say the same, or the request is refused; hints are never merged.
 *
 * What an outsider may learn comes first: a host or X-Tenant that names no tenant is 404 before anybody
 * signed in. What depends on who asks (staff may narrow with ?tenant=, a token has a tenant) is settled
 * after. */
#include "base/text.h"
#include "request/authority.h"
#include "request/walk_internal.h"

static enum error_code unknown(struct call *call)
{
    return call_fail(call, ERR_TENANT_UNKNOWN, NULL);
}

static struct str hint_query(const struct call *call)
{
    return params_get(&call->query, "tenant");
}

static struct str hint_header(const struct call *call)
{
    return request_header(&call->request, "x-tenant");
}

static bool on_own_host(const struct call *call)
{
    return call->host_scope == HOST_TENANT;
}

/* ---- before sign-in ---- */

/* Whether header or token say the tenant, so that a host need not. */
static bool may_be_nobodys(const struct call *call)
{
    switch (call->route->tenant) {
    case TENANT_BY_HOST_OR_TOKEN:
        return true;
    case TENANT_BY_TOKEN:
    case TENANT_BY_HEADER:
    case TENANT_BY_HEADER_OR_TOKEN:
        return host_is_nobodys(call->config, call->host_scope, call->request.client_host);
    default:
        return false;
    }
}

enum error_code tenant_find_host(struct call *call)
{
    if (call->route->tenant == TENANT_NONE)
        return OK;
    enum storage_status status =
        authority_host(call, call->request.client_host, &call->host_scope, &call->host_tenant);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    return call->host_scope == HOST_UNKNOWN && !may_be_nobodys(call) ? unknown(call) : OK;
}

enum error_code tenant_read_hints(struct call *call)
{
    struct str why = STR_NONE;
    if (!params_decode(call->arena, call->request.query, &call->query, &why))
        return call_fail(call, ERR_MALFORMED,
                         arena_printf(call->arena, "The query cannot be read: %.*s.", STR_ARG(why)).at);
    call->own.query_read = true;
    if (call->route->tenant != TENANT_NONE && request_header_count(&call->request, "x-tenant") > 1)
        return call_fail(call, ERR_MALFORMED, "X-Tenant was sent more than once.");
    return OK;
}

static enum error_code find_slug(struct call *call, struct str slug)
{
    if (!text_is_slug(slug))
        return unknown(call);
    struct tenant tenant = { 0 };
    enum storage_status status = authority_tenant_by_slug(call, slug, &tenant);
    if (status == STORAGE_DONE)
        return unknown(call);
    if (status != STORAGE_ROW)
        return call_fail_storage(call, status);
    call->tenant = tenant;
    return OK;
}

static enum error_code before_by_host(struct call *call)
{
    call->tenant = call->host_tenant;
    return OK;
}

static enum error_code before_root(struct call *call)
{
    return call->host_scope == HOST_ROOT ? before_by_host(call) : call_fail(call, ERR_ROUTE_UNKNOWN, NULL);
}

/* What is public of a tenant may be asked for at the root domain as well. */
static enum error_code before_by_host_or_query(struct call *call)
{
    struct str slug = hint_query(call);
    return slug.at && call->host_scope == HOST_ROOT ? find_slug(call, slug) : before_by_host(call);
}

static enum error_code before_by_token(struct call *call)
{
    if (on_own_host(call))
        call->tenant = call->host_tenant;
    return OK;
}

static enum error_code before_by_header(struct call *call)
{
    struct str slug = hint_header(call);
    if (slug.at && on_own_host(call) && !str_equal(slug, call->host_tenant.slug))
        return unknown(call);
    if (slug.at)
        return find_slug(call, slug);
    if (on_own_host(call))
        return before_by_host(call);
    if (call->route->need == NEED_SELF)
        return OK; /* about the person, not about a tenant */
    return call_fail_field(call, "X-Tenant", VIOLATION_REQUIRED, "The X-Tenant header is required.");
}

static enum error_code before_by_header_or_token(struct call *call)
{
    return hint_header(call).at || on_own_host(call) ? before_by_header(call) : OK;
}

/* ---- after sign-in ---- */

/* Only staff may look into one tenant from the root scope. */
static enum error_code after_by_host(struct call *call)
{
    struct str slug = hint_query(call);
    if (call->host_scope != HOST_ROOT || call->principal.kind == PRINCIPAL_NONE)
        return OK;
    enum storage_status status = authority_decide(call, &call->tenant, &call->grant);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    if (!call->grant.is_staff)
        return OK;
    /* An API token is of its own tenant, also when that is the operator's. */
    call->root_scope = slug.at == NULL && call->principal.kind == PRINCIPAL_USER;
    return slug.at ? find_slug(call, slug) : OK;
}

static enum error_code issued_for_another(struct call *call)
{
    return call_fail(call, ERR_FORBIDDEN, "The token was issued for another tenant.");
}

/* At the operator's address staff at the panel may look from their own tenant into another one. */
static enum error_code look_into(struct call *call)
{
    struct str slug = hint_header(call).at ? hint_header(call) : hint_query(call);
    bool is_asked = slug.at && call->host_scope == HOST_ROOT && call->own.by_cookie;
    if (!is_asked || !call->tenant.is_root)
        return OK;
    enum storage_status status = authority_decide(call, &call->tenant, &call->grant);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    return call->grant.is_staff ? find_slug(call, slug) : OK;
}

static enum error_code after_by_token(struct call *call)
{
    int64_t id = call->principal.token_tenant_id;
    if (call->principal.kind == PRINCIPAL_NONE)
        return OK;
    if (on_own_host(call) && call->host_tenant.id != id)
        return issued_for_another(call);
    if (call->tenant.id == id)
        return OK;
    enum storage_status status = authority_tenant_by_id(call, id, &call->tenant);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_TOKEN_INVALID, NULL);
    return status == STORAGE_ROW ? look_into(call) : call_fail_storage(call, status);
}

/* All was settled before. */
static enum error_code after_nothing(struct call *call)
{
    (void)call;
    return OK;
}

static enum error_code after_by_header_or_token(struct call *call)
{
    return call->tenant.id != 0 ? OK : after_by_token(call);
}

static enum error_code after_by_host_or_token(struct call *call)
{
    struct str slug = hint_query(call);
    if (call->tenant.id != 0)
        return OK;
    return slug.at ? find_slug(call, slug) : after_by_token(call);
}

static const struct {
    walk_step before, after;
} rules[] = {
    [TENANT_BY_HOST] = { before_by_host, after_by_host },
    [TENANT_BY_TOKEN] = { before_by_token, after_by_token },
    [TENANT_BY_HEADER] = { before_by_header, after_nothing },
    [TENANT_BY_HEADER_OR_TOKEN] = { before_by_header_or_token, after_by_header_or_token },
    [TENANT_ROOT] = { before_root, after_nothing },
    [TENANT_BY_HOST_OR_QUERY] = { before_by_host_or_query, after_nothing },
    [TENANT_BY_HOST_OR_TOKEN] = { before_by_token, after_by_host_or_token },
};

enum error_code tenant_before_sign_in(struct call *call)
{
    return call->route->tenant == TENANT_NONE ? OK : rules[call->route->tenant].before(call);
}

/* An API token is of one tenant, whatever others its owner belongs to. */
static bool is_elsewhere(const struct call *call)
{
    return call->principal.kind == PRINCIPAL_API_TOKEN && call->tenant.id != 0 &&
           call->tenant.id != call->principal.token_tenant_id;
}

static bool agrees(const struct call *call, struct str hint)
{
    return !hint.at || (call->tenant.id != 0 && str_equal(hint, call->tenant.slug));
}

enum error_code tenant_after_sign_in(struct call *call)
{
    if (call->route->tenant == TENANT_NONE)
        return OK;
    enum error_code code = rules[call->route->tenant].after(call);
    if (code != OK)
        return code;
    if (is_elsewhere(call))
        return issued_for_another(call);
    if (!agrees(call, hint_query(call)))
        return call_fail(call, ERR_FORBIDDEN, "The tenant parameter names another tenant.");
    if (!agrees(call, hint_header(call)))
        return call_fail(call, ERR_FORBIDDEN, "The X-Tenant header names another tenant.");
    return OK;
}
