#include "request/token_use.h"

#include "base/recent.h"
#include "request/walk_internal.h"

int64_t token_used_at(const struct call *call, const struct api_token *token)
{
    int64_t here = recent_at(call->walk->token_uses, token->id);
    return here > token->last_used_at ? here : token->last_used_at;
}

void token_note_use(struct call *call)
{
    const struct principal *principal = &call->principal;
    if (principal->token.id)
        walk_note(call, call->walk->token_uses, principal->token_tenant_id, principal->token.id);
}

static bool write_uses(void *context, const struct recent_item *items, size_t n)
{
    return api_token_write_uses(context, items, n) == STORAGE_OK;
}

bool token_uses_write_down(struct walk *walk, struct db_conn *conn)
{
    return recent_flush(walk->token_uses, write_uses, conn);
}
