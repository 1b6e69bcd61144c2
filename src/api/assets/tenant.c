#include "api/assets/tenant.h"

#include "api/assets/answer.h"
#include "base/text.h"
#include "request/actor.h"
#include "tenancy/branding.h"

const char *const tenant_registration_words[] = { "open", "admin", "closed", NULL };

/* ---- reading ---- */

enum error_code tenant_input_check(struct call *call, const struct tenant_input *input)
{
    if (input->name.at && !text_is_line(str_trim(input->name)))
        call_violate(call, "name", VIOLATION_CUSTOM, "A name must not hold control characters.");
    if (input->logo_url.at && !branding_is_logo(input->logo_url))
        call_violate(call, "logo_url", VIOLATION_CUSTOM, "The logo url must be " BRANDING_LOGO_RULE ".");
    if (input->accent_colour.at && !branding_is_colour(input->accent_colour))
        call_violate(call, "accent_colour", VIOLATION_CUSTOM,
                     "The accent colour must be written like #1f6feb.");
    else if (input->accent_colour.at && !branding_carries_white(input->accent_colour))
        call_violate(call, "accent_colour", VIOLATION_CUSTOM,
                     "The accent colour is too light: white text on it could not be read.");
    return call->failure.code;
}

struct tenant_deed tenant_deed_of(struct call *call, int64_t tenant_id)
{
    return (struct tenant_deed){
        .config = call->config,
        .actor = call_actor(call),
        .tenant_id = tenant_id,
        .now = call->now,
    };
}

static bool is_null(const struct call *call, const unsigned *parts, size_t n, unsigned part)
{
    for (size_t i = 0; i < n; i++) {
        if (parts[i] == part)
            return (call->null >> i & 1) != 0;
    }
    return false;
}

void tenant_deed_take(struct call *call, const struct tenant_input *input, const unsigned *parts, size_t n,
                      struct tenant_deed *deed)
{
    for (size_t i = 0; i < n; i++)
        deed->parts |= call_has(call, (unsigned)i) ? parts[i] : 0;
    deed->next = (struct tenant){
        .name = str_trim(input->name),
        .plan = input->plan,
        .status = str_equal(input->status, STR("suspended")) ? TENANT_SUSPENDED : TENANT_ACTIVE,
        .logo_url = input->logo_url,
        .accent_colour = input->accent_colour,
        .limits = { { !is_null(call, parts, n, TENANT_MAX_ASSETS), input->max_assets },
                    { !is_null(call, parts, n, TENANT_MAX_USERS), input->max_users } },
    };
    deed->next.has_registration = registration_read(input->registration, &deed->next.registration);
}

/* ---- doing ---- */

static enum error_code refuse(struct call *call, const struct tenant_deed *deed)
{
    switch (deed->verdict) {
    case TENANT_DONE:
        break;
    case TENANT_UNKNOWN:
    case TENANT_DOMAIN_UNKNOWN:
        return call_fail(call, ERR_NOT_FOUND, NULL);
    case TENANT_IS_ROOT:
        return call_fail(call, ERR_BAD_REQUEST,
                         "The operator's own tenant is neither suspended nor deleted.");
    case TENANT_NO_SUCH_PLAN:
        return call_fail(call, ERR_BAD_REQUEST, "The server has no such plan.");
    case TENANT_DOMAIN_TAKEN:
        return call_fail(call, ERR_CONFLICT, "The domain belongs to a tenant already.");
    case TENANT_DOMAIN_OTHERS:
        return call_fail(call, ERR_BAD_REQUEST, "The domain cannot be registered for this tenant.");
    case TENANT_DOMAINS_FULL:
        return call_fail(call, ERR_BAD_REQUEST, "The tenant has as many domains as it may have.");
    }
    return OK;
}

enum error_code tenant_deed_do(struct call *call, tenant_deed_fn fn, struct tenant_deed *deed)
{
    enum storage_status status = fn(call->db, call->arena, deed);
    return status == STORAGE_OK ? refuse(call, deed) : call_fail_storage(call, status);
}

enum error_code tenant_of_path(struct call *call, struct tenant *ret)
{
    struct str slug = call->params[0];
    enum storage_status status =
        text_is_slug(slug) ? tenant_by_slug(call->db, call->arena, slug, ret) : STORAGE_DONE;
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    return status == STORAGE_ROW ? OK : call_fail_storage(call, status);
}

/* ---- showing ---- */

static void add_limit(cJSON *json, const char *name, struct tenant_limit limit)
{
    if (limit.is_set)
        json_add_int(json, name, limit.max);
    else
        json_add_null(json, name);
}

cJSON *tenant_json(const struct tenant *tenant)
{
    cJSON *json = json_new_object();
    json_add_int(json, "id", tenant->id);
    json_add_str(json, "slug", tenant->slug);
    json_add_str(json, "name", tenant->name);
    json_add_str(json, "plan", tenant->plan);
    json_add_str(json, "status", tenant_status_word(tenant->status));
    json_add_bool(json, "is_root", tenant->is_root);
    json_add_str_or_null(json, "logo_url", tenant->logo_url);
    json_add_str_or_null(json, "accent_colour", tenant->accent_colour);
    json_add_str_or_null(json, "registration",
                         tenant->has_registration ? registration_word(tenant->registration) : STR_NONE);
    add_limit(json, "max_assets", tenant->limits.assets);
    add_limit(json, "max_users", tenant->limits.users);
    json_add_time(json, "created_at", tenant->created_at);
    return json;
}
