/* What mails look like with a tenant's branding; in demo mode only. */
#include "api/tables.h"
#include "mail/mail.h"
#include "request/call.h"

static enum error_code preview(struct call *call)
{
    if (!call->config->demo)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    struct str html = mail_preview(call->arena, call->params[0], &call->tenant);
    if (str_is_empty(html))
        return call_fail(call, ERR_NOT_FOUND, NULL);
    reply_text(&call->reply, 200, "text/html; charset=utf-8", html);
    return OK;
}

static const struct route routes[] = {
    { .op = "assets_demo_mail",
      .method = METHOD_GET,
      .path = "/api/demo/mails/{kind}",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST,
      .media = "text/html",
      .warm = true,
      .handler = preview,
      .summary = "A mail as it would look, with sample values and the tenant's branding (demo mode only)" },
};

const struct route_table assets_mail_preview_routes = ROUTE_TABLE(&assets_surface, routes);
