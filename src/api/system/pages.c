/* The public pages: events, day passes, the ticket portal, the check-in kiosk, a display, an
 * invitation. Static files for browsers, who then ask the public routes as anybody does. */
#include "api/system/page.h"
#include "api/tables.h"
#include "web/files.h"

/* Nothing but what stands in these files runs; a logo may come from where a tenant keeps it. */
static const struct web_folder folder = {
    .files = web_pages,
    .count = &web_pages_count,
    .policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; "
              "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
              "report-uri /csp-report",
};

static const struct {
    const char *op, *file;
} pages[] = {
    { "page_events", "events.html" },     { "page_event", "event.html" },
    { "page_passes", "passes.html" },     { "page_portal", "portal.html" },
    { "page_check_in", "check-in.html" }, { "page_display", "display.html" },
    { "page_invite", "invite.html" },
};

static enum error_code page(struct call *call)
{
    struct str op = str_of(call->route->op);
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
        if (str_equal(op, str_of(pages[i].op)))
            return web_answer(call, &folder, str_of(pages[i].file));
    return call_fail(call, ERR_ROUTE_UNKNOWN, NULL);
}

static enum error_code file(struct call *call)
{
    return web_answer(call, &folder, call->params[0]);
}

static const struct route routes[] = {
    PAGE("page_events", "/events", page, "The tenant's events, for people"),
    PAGE("page_event", "/events/{id}", page, "An event with its registration form, for people"),
    PAGE("page_passes", "/passes", page, "The tenant's day passes, for people"),
    PAGE("page_portal", "/portal/{code}", page, "A ticket with its QR code, for whoever has its code"),
    PAGE("page_check_in", "/check-in", page, "Check-in at a kiosk"),
    PAGE("page_display", "/display", page, "A screen: its pairing code, then what it is told to show"),
    PAGE("page_invite", "/invite/{token}", page, "An invitation, for whoever has its link"),
    PAGE("page_file", "/public/{file}", file, "A file of the public pages"),
};

const struct route_table pages_routes = ROUTE_TABLE(&system_surface, routes);
