/* One's own sessions: where am I signed in, and end that there. */
#include "api/tables.h"
#include "api/v1/answer.h"
#include "api/v1/session.h"
#include "request/actor.h"

cJSON *v1_session_json(const struct signed_in *opened, const struct user *user, const struct tenant *tenant)
{
    cJSON *data = json_new_object();
    json_add_str(data, "token", opened->token);
    json_add_str(data, "token_type", STR("Bearer"));
    json_add_time(data, "expires_at", opened->session.expires_at);
    v1_add_user(data, "user", user->id, user->name, user->email);
    v1_add_tenant(data, "tenant", tenant);
    return data;
}

static const char *const v1_session_answer_token_type_words[] = { "Bearer", NULL };
static const struct field v1_session_answer_rows[] = {
    ANSWER_FIELD("token", FIELD_STR, .help = "The bearer token",
                 .example = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…"),
    ANSWER_FIELD("token_type", FIELD_ENUM, .words = v1_session_answer_token_type_words,
                 .help = "How it is sent", .example = "Bearer"),
    ANSWER_FIELD("expires_at", FIELD_TIME, .flags = FIELD_NULLABLE, .help = "Until when it holds",
                 .example = "2026-12-04T10:00:00Z"),
    ANSWER_FIELD("user", FIELD_OBJECT, .of = &v1_user),
    ANSWER_FIELD("tenant", FIELD_OBJECT, .of = &v1_tenant),
};
const struct shape v1_session_answer = ANSWER_SHAPE("V1Session", v1_session_answer_rows);

enum error_code v1_need_session(struct call *call)
{
    return call->principal.kind == PRINCIPAL_USER
               ? OK
               : call_fail(call, ERR_FORBIDDEN, "This needs a user's own session.");
}

/* ---- the list ---- */

struct page_query {
    struct str cursor;
    int64_t per_page;
};
static const struct field page_fields[] = { V1_PAGE_ROWS(struct page_query) };
static const struct shape page_shape = SHAPE("V1SessionsQuery", struct page_query, page_fields);

/* One more than a page holds is asked for: it tells whether there is a next one. */
struct session_page {
    struct call *call;
    cJSON *json;
    int64_t room;
    int64_t last;
    bool has_more;
};

static void add_session(void *context, const struct session_view *view)
{
    struct session_page *page = context;
    page->has_more = page->room == 0;
    if (page->has_more)
        return;
    page->room--;
    page->last = view->id;
    cJSON *json = json_add_object(page->json, NULL);
    json_add_int(json, "id", view->id);
    json_add_str(json, "tenant", view->tenant_slug);
    json_add_str(json, "address", view->address);
    json_add_str(json, "user_agent", view->user_agent);
    json_add_time(json, "created_at", view->created_at);
    json_add_time(json, "expires_at", view->expires_at);
    json_add_bool(json, "current", view->id == page->call->principal.session_id);
}

static enum error_code list(struct call *call)
{
    const struct page_query *query = call->query_input;
    int64_t per_page = list_limit(query->per_page), below = 0;
    struct session_page page = { .call = call, .json = json_new_array(), .room = per_page };
    enum error_code code = v1_need_session(call);
    if (code == OK)
        code = list_read_cursor(call, query->cursor, &below);
    if (code != OK)
        return code;
    enum storage_status status = session_list(call->db, call->arena, call->principal.user_id, below,
                                              per_page + 1, call->now, add_session, &page);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    v1_page(call, page.json, list_cursor(call, page.has_more ? page.last : 0), per_page);
    return OK;
}

/* ---- ending one ---- */

struct revocation {
    struct call *call;
    int64_t id;
};

static enum storage_status revoke(struct db_conn *conn, void *context)
{
    const struct revocation *revocation = context;
    struct call *call = revocation->call;
    struct audit_actor actor = call_actor(call);
    struct audit_event event = { .tenant_id = call->principal.token_tenant_id,
                                 .action = "session.revoked",
                                 .target_kind = "session",
                                 .target_id = revocation->id,
                                 .target_name = call->principal.email };
    enum storage_status status = session_revoke_own(conn, call->principal.user_id, revocation->id, call->now);
    return status == STORAGE_OK ? audit_append(conn, call->arena, &actor, &event, call->now) : status;
}

static enum error_code end_session(struct call *call)
{
    struct revocation revocation = { .call = call };
    enum error_code code = v1_need_session(call);
    if (code != OK)
        return code;
    if (!call_path_id(call, 0, &revocation.id))
        return ERR_NOT_FOUND;
    enum storage_status status = db_transaction(call->db, STORAGE_WRITE, revoke, &revocation);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    v1_message(call, "Session ended.");
    return OK;
}

/* ---- ending all others ---- */

static enum storage_status revoke_others(struct db_conn *conn, void *context)
{
    struct call *call = context;
    const struct principal *principal = &call->principal;
    struct audit_actor actor = call_actor(call);
    struct audit_event event = { .tenant_id = principal->token_tenant_id,
                                 .action = "session.revoked_others",
                                 .target_kind = "user",
                                 .target_id = principal->user_id,
                                 .target_name = principal->email };
    enum storage_status status =
        session_revoke_others(conn, principal->user_id, principal->session_id, call->now);
    return status == STORAGE_OK ? audit_append(conn, call->arena, &actor, &event, call->now) : status;
}

static enum error_code end_others(struct call *call)
{
    enum error_code code = v1_need_session(call);
    if (code != OK)
        return code;
    enum storage_status status = db_transaction(call->db, STORAGE_WRITE, revoke_others, call);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    v1_message(call, "All other sessions ended.");
    return OK;
}

/* ---- what is answered ---- */

static const struct field session_answer_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "The session's id", .example = "31"),
    ANSWER_FIELD("tenant", FIELD_STR, .help = "The tenant it was opened for", .example = "acme"),
    ANSWER_FIELD("address", FIELD_STR, .help = "The address it was opened from", .example = "198.51.100.7"),
    ANSWER_FIELD("user_agent", FIELD_STR, .help = "What opened it, in its own words",
                 .example = "curl/7.88.1"),
    ANSWER_FIELD("created_at", FIELD_TIME, .flags = FIELD_NULLABLE, .help = "When it was opened",
                 .example = "2026-11-27T10:00:00Z"),
    ANSWER_FIELD("expires_at", FIELD_TIME, .flags = FIELD_NULLABLE, .help = "Until when it holds",
                 .example = "2026-12-04T10:00:00Z"),
    ANSWER_FIELD("current", FIELD_BOOL, .help = "Whether it is the one that asks", .example = "true"),
};
static const struct shape session_answer = ANSWER_SHAPE("SessionInfo", session_answer_rows);

static const struct route routes[] = {
    { .op = "v1_sessions",
      .method = METHOD_GET,
      .path = "/api/v1/auth/sessions",
      .need = NEED_SELF,
      .tenant = TENANT_BY_HEADER,
      .query = &page_shape,
      .answer = &session_answer,
      .form = ANSWER_PAGE,
      .fails = FAILS(ERR_FORBIDDEN),
      .handler = list,
      .summary = "One's own live sessions, in every tenant, newest first" },
    { .op = "v1_end_other_sessions",
      .method = METHOD_DELETE,
      .path = "/api/v1/auth/sessions",
      .need = NEED_SELF,
      .tenant = TENANT_BY_HEADER,
      .form = ANSWER_MESSAGE,
      .handler = end_others,
      .summary = "Ends all of one's own sessions but the one that asks, at once" },
    { .op = "v1_end_session",
      .method = METHOD_DELETE,
      .path = "/api/v1/auth/sessions/{id}",
      .need = NEED_SELF,
      .tenant = TENANT_BY_HEADER,
      .form = ANSWER_MESSAGE,
      .fails = FAILS(ERR_FORBIDDEN),
      .handler = end_session,
      .summary = "Ends one of one's own sessions, at once" },
};

const struct route_table v1_sessions_routes = ROUTE_TABLE(&v1_surface, routes);
