/* What browsers say of a page that broke its Content-Security-Policy (CSP 3, report-uri): an attack, or a bug of ours.
 * Anybody may send anything here, so little is kept: a count, and a log line without what an address may hold
 * of secrets. */
#include "api/tables.h"
#include "base/log.h"
#include "base/metrics.h"
#include "request/call.h"

#define MOST_BYTES 120

struct report_input {
    cJSON *report;
};
static const struct field report_fields[] = {
    FIELD(struct report_input, report, "csp-report", FIELD_OBJECT, .flags = FIELD_REQUIRED,
          .help = "What the browser met", .example = "{\"effective-directive\":\"script-src-elem\"}"),
};
static const struct shape report_shape = SHAPE("CspReport", struct report_input, report_fields);

static struct str member(const cJSON *report, const char *name)
{
    return str_sub(json_as_str(cJSON_GetObjectItemCaseSensitive(report, name)), 0, MOST_BYTES);
}

/* "https://cdn.example/a?b" → "https://cdn.example"; "inline" as it stands. */
static struct str origin_of(struct str uri)
{
    for (size_t i = 0, slashes = 0; i < uri.len; i++) {
        slashes += uri.at[i] == '/';
        if (slashes == 3 || uri.at[i] == '?' || uri.at[i] == '#')
            return str_sub(uri, 0, i);
    }
    return uri;
}

/* "https://acme.example/panel/users?x" → "panel": further down an address may name a ticket or an invitation. */
static struct str room_of(struct str uri)
{
    struct str rest = str_sub(uri, origin_of(uri).len + 1, uri.len), room;
    str_split(rest, '/', &room, &rest);
    str_split(room, '?', &room, &rest);
    return room;
}

static enum error_code take_report(struct call *call)
{
    const struct report_input *input = call->input;
    metric_add(METRIC_CSP_REPORTS, 1);
    log_event(LOG_WARN, "a page broke its content security policy",
              LOG_S("directive", member(input->report, "effective-directive")),
              LOG_S("blocked", origin_of(member(input->report, "blocked-uri"))),
              LOG_S("page", room_of(member(input->report, "document-uri"))), LOG_S("id", call->request.id));
    reply_empty(&call->reply, 204);
    return OK;
}

static const struct route routes[] = {
    { .op = "csp_report",
      .method = METHOD_POST,
      .path = "/csp-report",
      .need = NEED_PUBLIC,
      .tenant = TENANT_NONE,
      .rate = RATE_PANEL,
      .body = BODY_REPORT,
      .input = &report_shape,
      .success = 204,
      .handler = take_report,
      .summary = "Takes a browser's report of a page that broke its content security policy" },
};

const struct route_table csp_report_routes = ROUTE_TABLE(&system_surface, routes);
