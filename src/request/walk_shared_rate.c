/* The limits that several nodes of one database keep together. Each node's own limiter has let the request
 * pass before: so an address makes a node ask the database only as often as the limit is high. */
#include "access/shared_rate.h"
#include "request/walk_internal.h"

static bool is_shared(const struct call *call)
{
    return call->own.rate_known && call->rate.applies && shared_rate_has(call->route->rate) &&
           (db_driver(call->walk->db)->caps & STORAGE_CAP_NODES) != 0;
}

enum error_code shared_rate_limit(struct call *call)
{
    struct rate_state all;
    if (!call->db || call->own.rate_shared || !is_shared(call))
        return OK;
    struct str key = rate_address_key(call->arena, call->request.client_address);
    enum storage_status status =
        shared_rate_take(call->db, call->config, call->arena, call->route->rate, key, call->now, &all);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    call->own.rate_shared = true; /* a call that changes lanes comes here twice */
    if (!all.allowed || all.remaining < call->rate.remaining)
        call->rate = all;
    return all.allowed ? OK : call_fail(call, ERR_RATE_LIMIT, "Too many requests.");
}
