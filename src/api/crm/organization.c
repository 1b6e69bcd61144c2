/* Which organization a request names before anybody is signed in. */
#include "api/crm/organization.h"

#include "base/crm_id.h"

static enum error_code unknown(struct call *call)
{
    return call_fail_field(call, "organizationId", VIOLATION_CUSTOM,
                           "The organizationId names no organization.");
}

static enum error_code organization_by_id(struct call *call, struct str organization_id, struct tenant *ret)
{
    int64_t seconds, id;
    if (!crm_id_parse(organization_id, &seconds, &id))
        return unknown(call);
    enum storage_status status = tenant_by_id(call->db, call->arena, id, ret);
    if (status != STORAGE_ROW && status != STORAGE_DONE)
        return call_fail_storage(call, status);
    bool is_it = status == STORAGE_ROW && crm_id_matches(seconds, ret->created_at);
    return is_it ? OK : unknown(call);
}

enum error_code organization_named(struct call *call, struct str organization_id, struct tenant *ret)
{
    bool is_own_host = call->host_scope == HOST_TENANT;
    *ret = is_own_host ? call->host_tenant : (struct tenant){ 0 };
    if (!organization_id.at)
        return OK;
    struct tenant named = { 0 };
    enum error_code code = organization_by_id(call, organization_id, &named);
    if (code != OK)
        return code;
    if (is_own_host && named.id != call->host_tenant.id)
        return call_fail(call, ERR_FORBIDDEN, "This address belongs to another organization");
    *ret = named;
    return OK;
}
