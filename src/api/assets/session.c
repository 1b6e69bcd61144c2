/* Signing in and out with a cookie, for the pages that this server hands out itself (request/cookie.h). The
 * token is the one that the other sign-ins answer; here no script ever sees it. */
#include "api/assets/me.h"
#include "api/tables.h"
#include "base/clock.h"
#include "request/cookie.h"

struct open_input {
    struct str email, password;
};
static const struct field open_fields[] = {
    FIELD(struct open_input, email, "email", FIELD_STR, .flags = FIELD_REQUIRED, .max = 254,
          .help = "The account's email address", .example = "admin@example.com"),
    FIELD(struct open_input, password, "password", FIELD_SECRET, .flags = FIELD_REQUIRED,
          .help = "The account's password", .example = "correct horse battery"),
};
static const struct shape open_shape = SHAPE("SessionLogin", struct open_input, open_fields);

/* The one who has just signed in asks who they are. */
static enum error_code answer_newcomer(struct call *call, const struct sign_in *who)
{
    call->principal = (struct principal){ .kind = PRINCIPAL_USER,
                                          .user_id = who->user.id,
                                          .session_id = who->opened.session.id,
                                          .token_tenant_id = who->tenant.id,
                                          .email = who->user.email,
                                          .name = who->user.name };
    call->grant = who->grant;
    return assets_me(call);
}

static enum error_code cookie_sign_in(struct call *call)
{
    const struct open_input *input = call->input;
    struct sign_in who;
    enum error_code code = assets_sign_in(call, input->email, input->password, &who);
    if (code != OK)
        return code;
    cookie_set(call, who.opened.token, (who.opened.session.expires_at - call->now) / CLOCK_SECOND);
    return answer_newcomer(call, &who);
}

/* Whoever has no session any more is signed out as well: only the cookie goes. */
static enum error_code cookie_sign_out(struct call *call)
{
    enum error_code code = call->principal.kind == PRINCIPAL_USER ? sign_out(call) : OK;
    if (code != OK)
        return code;
    cookie_clear(call);
    reply_empty(&call->reply, 204);
    return OK;
}

static const struct route routes[] = {
    { .op = "session_open",
      .method = METHOD_POST,
      .path = "/api/auth/session",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST,
      .lane = LANE_PASSWORD,
      .rate = RATE_LOGIN,
      .own_origin = true,
      .body = BODY_JSON,
      .input = &open_shape,
      .answer = &assets_me_answer,
      .handler = cookie_sign_in,
      .summary = "Signs in with a cookie, for pages of this server's own origin" },
    { .op = "session_close",
      .method = METHOD_DELETE,
      .path = "/api/auth/session",
      .need = NEED_OPTIONAL,
      .tenant = TENANT_BY_HOST,
      .own_origin = true,
      .success = 204,
      .handler = cookie_sign_out,
      .summary = "Signs out: ends the session and takes the cookie away" },
};

const struct route_table assets_session_routes = ROUTE_TABLE(&assets_surface, routes);
