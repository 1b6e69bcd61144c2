/* A tenant's domains: staff register them for any tenant, a tenant's own administrators for theirs. */
#include "api/assets/answer.h"
#include "api/assets/tenant.h"
#include "api/tables.h"
#include "tenancy/host.h"

struct domain_input {
    struct str host;
};
static const struct field domain_fields[] = {
    FIELD(struct domain_input, host, "host", FIELD_STR, .flags = FIELD_REQUIRED, .max = 254,
          .help = "A DNS name of at least two labels, without a port; an international one in its xn-- form",
          .example = "assets.acme.example"),
};
static const struct shape domain_shape = SHAPE("NewDomain", struct domain_input, domain_fields);

static enum error_code list_of(struct call *call, const struct tenant *tenant)
{
    struct domain_entry *entries;
    size_t n;
    enum storage_status status = tenant_domains(call->db, call->arena, tenant->id, &entries, &n);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    cJSON *items = json_new_array();
    for (size_t i = 0; i < n; i++) {
        cJSON *item = json_new_object();
        json_add_str(item, "host", entries[i].host);
        json_add_time(item, "created_at", entries[i].created_at);
        json_add_item(items, NULL, item);
    }
    assets_page(call, items, STR_NONE, (int64_t)n);
    return OK;
}

static enum error_code register_for(struct call *call, const struct tenant *tenant)
{
    const struct domain_input *input = call->input;
    struct tenant_deed deed = tenant_deed_of(call, tenant->id);
    if (!host_is_domain(call->arena, input->host, &deed.host))
        return call_fail_field(call, "host", VIOLATION_CUSTOM,
                               "The host must be a domain name such as assets.example.com.");
    enum error_code code = tenant_deed_do(call, tenant_domain_register, &deed);
    if (code != OK)
        return code;
    cJSON *json = json_new_object();
    json_add_str(json, "host", deed.host);
    json_add_time(json, "created_at", call->now);
    reply_json(&call->reply, 201, json);
    return OK;
}

/* param: the path parameter that names the domain. */
static enum error_code release_of(struct call *call, const struct tenant *tenant, size_t param)
{
    struct tenant_deed deed = tenant_deed_of(call, tenant->id);
    if (!host_is_domain(call->arena, call->params[param], &deed.host))
        return call_fail(call, ERR_NOT_FOUND, NULL);
    enum error_code code = tenant_deed_do(call, tenant_domain_release, &deed);
    if (code == OK)
        reply_empty(&call->reply, 204);
    return code;
}

/* ---- any tenant's ---- */

static enum error_code list(struct call *call)
{
    struct tenant tenant;
    enum error_code code = tenant_of_path(call, &tenant);
    return code == OK ? list_of(call, &tenant) : code;
}

static enum error_code add(struct call *call)
{
    struct tenant tenant;
    enum error_code code = tenant_of_path(call, &tenant);
    return code == OK ? register_for(call, &tenant) : code;
}

static enum error_code remove_(struct call *call)
{
    struct tenant tenant;
    enum error_code code = tenant_of_path(call, &tenant);
    return code == OK ? release_of(call, &tenant, 1) : code;
}

/* ---- one's own ---- */

static enum error_code list_own(struct call *call)
{
    return list_of(call, &call->tenant);
}

/* With tenancy.default_tenant every host that nobody registered is that tenant's, and Tether does not ask
 * whose the domain is: then the operator alone gives one to another tenant. */
static bool is_the_default_tenants(const struct call *call)
{
    struct str slug = call->config->tenancy.default_tenant;
    return !str_is_empty(slug) && !str_equal(slug, call->tenant.slug);
}

static enum error_code add_own(struct call *call)
{
    if (is_the_default_tenants(call) && !call->grant.is_staff)
        return call_fail(call, ERR_BAD_REQUEST,
                         "Hosts that are not registered belong to another tenant here; ask the operator.");
    return register_for(call, &call->tenant);
}

static enum error_code remove_own(struct call *call)
{
    return release_of(call, &call->tenant, 0);
}

/* ---- what is answered ---- */

static const struct field domain_answer_rows[] = {
    ANSWER_FIELD("host", FIELD_STR, .help = "The domain", .example = "assets.acme.example"),
    ANSWER_FIELD("created_at", FIELD_TIME, .help = "Since when it leads to the tenant",
                 .example = "2026-11-27T10:00:00Z"),
};
static const struct shape domain_answer = ANSWER_SHAPE("Domain", domain_answer_rows);

static const struct route routes[] = {
    { .op = "assets_tenant_domains",
      .method = METHOD_GET,
      .path = "/api/tenants/{slug}/domains",
      .permission = PERM_TENANTS_MANAGE,
      .tenant = TENANT_ROOT,
      .answer = &domain_answer,
      .form = ANSWER_PAGE,
      .handler = list,
      .summary = "The domains registered for a tenant" },
    { .op = "assets_tenant_domain_add",
      .method = METHOD_POST,
      .path = "/api/tenants/{slug}/domains",
      .permission = PERM_TENANTS_MANAGE,
      .tenant = TENANT_ROOT,
      .body = BODY_JSON,
      .input = &domain_shape,
      .answer = &domain_answer,
      .success = 201,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_CONFLICT),
      .handler = add,
      .summary = "Registers a domain for a tenant" },
    { .op = "assets_tenant_domain_remove",
      .method = METHOD_DELETE,
      .path = "/api/tenants/{slug}/domains/{host}",
      .permission = PERM_TENANTS_MANAGE,
      .tenant = TENANT_ROOT,
      .success = 204,
      .handler = remove_,
      .summary = "Releases a domain of a tenant" },
    { .op = "assets_domains",
      .method = METHOD_GET,
      .path = "/api/settings/domains",
      .permission = PERM_DOMAINS_MANAGE,
      .tenant = TENANT_BY_HOST,
      .answer = &domain_answer,
      .form = ANSWER_PAGE,
      .handler = list_own,
      .summary = "The domains registered for this tenant" },
    { .op = "assets_domain_add",
      .method = METHOD_POST,
      .path = "/api/settings/domains",
      .permission = PERM_DOMAINS_MANAGE,
      .tenant = TENANT_BY_HOST,
      .body = BODY_JSON,
      .input = &domain_shape,
      .answer = &domain_answer,
      .success = 201,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_CONFLICT),
      .handler = add_own,
      .summary = "Registers a domain for this tenant" },
    { .op = "assets_domain_remove",
      .method = METHOD_DELETE,
      .path = "/api/settings/domains/{host}",
      .permission = PERM_DOMAINS_MANAGE,
      .tenant = TENANT_BY_HOST,
      .success = 204,
      .handler = remove_own,
      .summary = "Releases a domain of this tenant" },
};

const struct route_table assets_domains_routes = ROUTE_TABLE(&assets_surface, routes);
