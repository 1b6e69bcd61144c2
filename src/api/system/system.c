/* What operators and their tools ask: does the process live, does storage answer, how is it going. These
 * routes know no tenant and no user. */
#include "api/envelope.h"
#include "api/tables.h"
#include "base/metrics.h"
#include "request/address.h"
#include "request/walk.h"

#define MAX_METRICS_BYTES (1u << 20)

static cJSON *system_error(struct call *call, const struct failure *failure)
{
    /* As a path that does not exist: whoever may not read /metrics does not learn that it is there. */
    return assets_surface.error(call, failure);
}

const struct surface system_surface = {
    .name = "system",
    .prefixes = (const char *const[]){ "/healthz", "/readyz", "/metrics", "/csp-report", "/openapi.json",
                                       "/panel", NULL },
    .status = failure_status,
    .error = system_error,
};

static enum error_code healthz(struct call *call)
{
    cJSON *json = json_new_object();
    json_add_str(json, "status", STR("ok"));
    reply_json(&call->reply, 200, json);
    return OK;
}

static enum error_code readyz(struct call *call)
{
    enum storage_status status = walk_ready_in(call);
    if (status == STORAGE_INVALID)
        return call_fail(call, ERR_STORAGE_AWAY, "The database has another schema than this program's.");
    if (status != STORAGE_OK)
        return call_fail(call, ERR_STORAGE_AWAY, "The database does not answer.");
    cJSON *json = json_new_object();
    json_add_str(json, "status", STR("ready"));
    reply_json(&call->reply, 200, json);
    return OK;
}

/* A proxy that is not trusted hides who asks behind its own address, which may well be on the list. */
static bool may_read_metrics(const struct call *call)
{
    const struct request *request = &call->request;
    bool is_forwarded =
        request_header(request, "x-forwarded-for").at || request_header(request, "forwarded").at;
    bool is_direct = str_equal(request->client_address, request->peer_address);
    return !(is_forwarded && is_direct) &&
           address_in_list(request->client_address, &call->config->server.metrics_from);
}

static enum error_code metrics(struct call *call)
{
    if (!may_read_metrics(call))
        return call_fail(call, ERR_ROUTE_UNKNOWN, NULL);
    struct buf text;
    buf_init(&text, call->arena, MAX_METRICS_BYTES);
    metrics_print(&text);
    if (text.overflow)
        return call_fail(call, ERR_INTERNAL, NULL);
    reply_text(&call->reply, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&text));
    return OK;
}

/* ---- what is answered ---- */

static const char *const health_answer_status_words[] = { "ok", "ready", NULL };
static const struct field health_answer_rows[] = {
    ANSWER_FIELD("status", FIELD_ENUM, .words = health_answer_status_words, .help = "That it is so",
                 .example = "ok"),
};
static const struct shape health_answer = ANSWER_SHAPE("Health", health_answer_rows);

static const struct route routes[] = {
    { .op = "system_healthz",
      .method = METHOD_GET,
      .path = "/healthz",
      .need = NEED_PUBLIC,
      .tenant = TENANT_NONE,
      .lane = LANE_INLINE,
      .rate = RATE_UNLIMITED,
      .answer = &health_answer,
      .handler = healthz,
      .summary = "Says that the process lives" },
    { .op = "system_readyz",
      .method = METHOD_GET,
      .path = "/readyz",
      .need = NEED_PUBLIC,
      .tenant = TENANT_NONE,
      .lane = LANE_GENERAL,
      .rate = RATE_UNLIMITED,
      .answer = &health_answer,
      .handler = readyz,
      .summary = "Says that storage answers and has this program's schema" },
    { .op = "system_metrics",
      .method = METHOD_GET,
      .path = "/metrics",
      .need = NEED_PUBLIC,
      .tenant = TENANT_NONE,
      .lane = LANE_INLINE,
      .rate = RATE_UNLIMITED,
      .media = "text/plain",
      .fails = FAILS(ERR_ROUTE_UNKNOWN),
      .handler = metrics,
      .summary = "Prometheus metrics, for the addresses of server.metrics_from" },
};

const struct route_table system_routes = ROUTE_TABLE(&system_surface, routes);
