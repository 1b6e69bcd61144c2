/* GET /api/auth/forward: a proxy asks whether a request may pass, before it hands it on. Answered on the
 * event loop from what is kept. docs/forward-auth.md shows how proxies are set up. */
#include "access/custom_role.h"
#include "api/tables.h"
#include "base/buf.h"
#include "request/call.h"

struct forward_query {
    struct str permission;
};
static const struct field forward_fields[] = {
    FIELD(struct forward_query, permission, "permission", FIELD_STR, .max = 100,
          .help = "A permission that whoever asks must have", .example = "assets.view"),
};
static const struct shape forward_shape = SHAPE("ForwardQuery", struct forward_query, forward_fields);

static enum error_code check_permission(struct call *call, struct str name)
{
    if (!name.at)
        return OK;
    enum permission permission = permission_by_name(name);
    if (permission == PERM_NONE)
        return call_fail(call, ERR_BAD_REQUEST, "There is no permission of that name.");
    if (perm_set_has(call->grant.permissions, permission))
        return OK;
    call_fail(call, ERR_PERMISSION, NULL);
    call->failure.required_permission = permission_info(permission)->name;
    return ERR_PERMISSION;
}

static bool is_plain(unsigned char c)
{
    return c > 0x20 && c < 0x7f && c != '%';
}

/* Fit to be a header whatever it holds: everything but printable ASCII as %XX, and '%' itself, so that
 * decodeURIComponent() and its like give the text back. */
static struct str header_text(struct arena *arena, struct str text)
{
    size_t i = 0;
    while (i < text.len && is_plain((unsigned char)text.at[i]))
        i++;
    if (i == text.len)
        return text;
    struct buf out;
    buf_init(&out, arena, text.len * 3 + 1);
    for (i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (is_plain(c))
            buf_add_char(&out, (char)c);
        else
            buf_printf(&out, "%%%02X", c);
    }
    return buf_str(&out);
}

static enum error_code forward(struct call *call)
{
    const struct forward_query *query = call->query_input;
    enum error_code code = check_permission(call, query->permission);
    if (code != OK)
        return code;
    struct reply *reply = &call->reply;
    reply_empty(reply, 200);
    reply_header(reply, "x-tether-user", arena_int(call->arena, call->principal.user_id));
    reply_header(reply, "x-tether-email", header_text(call->arena, call->principal.email));
    reply_header(reply, "x-tether-tenant", call->tenant.slug);
    reply_header(reply, "x-tether-role", str_of(call->grant.role.slug));
    reply_header(reply, "x-tether-permissions", permission_set_write(call->arena, call->grant.permissions));
    return OK;
}

static const struct route routes[] = {
    { .op = "forward",
      .method = METHOD_GET,
      .path = "/api/auth/forward",
      .need = NEED_MEMBER,
      .tenant = TENANT_BY_HOST_OR_TOKEN,
      .rate = RATE_VERIFY,
      .query = &forward_shape,
      .wide = true,
      .warm = true,
      .kept = true,
      .form = ANSWER_NONE,
      .fails = FAILS(ERR_BAD_REQUEST, ERR_PERMISSION),
      .handler = forward,
      .summary = "Tells a proxy whether a request may pass, and whose it is" },
};

const struct route_table oauth_forward_routes = ROUTE_TABLE(&oauth_surface, routes);
