#include "request/actor.h"

#include "base/text.h"
#include "devices/device.h"

static const enum audit_actor_kind kinds[] = {
    [PRINCIPAL_NONE] = AUDIT_ANONYMOUS,
    [PRINCIPAL_USER] = AUDIT_USER,
    [PRINCIPAL_API_TOKEN] = AUDIT_API_TOKEN,
    [PRINCIPAL_DEVICE] = AUDIT_DEVICE,
};

static struct audit_actor actor(const struct call *call, enum audit_actor_kind kind, int64_t id,
                                struct str name)
{
    return (struct audit_actor){
        .kind = kind,
        .id = id,
        .name = name,
        .address = call->request.client_address,
        .request_id = call->request.id,
    };
}

struct audit_actor call_actor(const struct call *call)
{
    const struct principal *principal = &call->principal;
    if (call->device)
        return actor(call, AUDIT_DEVICE, call->device->id, call->device->name);
    bool is_token = principal->kind == PRINCIPAL_API_TOKEN;
    return actor(call, kinds[principal->kind], is_token ? principal->token.id : principal->user_id,
                 is_token ? principal->token.name : principal->email);
}

struct audit_actor call_actor_as(const struct call *call, int64_t user_id, struct str email)
{
    return actor(call, AUDIT_USER, user_id, email);
}

struct audit_actor call_actor_unknown(const struct call *call, struct str claimed)
{
    return actor(call, AUDIT_ANONYMOUS, 0, text_is_email(claimed) ? claimed : STR(""));
}
