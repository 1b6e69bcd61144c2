/* Spaces, bookings, events, day passes and community members: rows that the record engine serves; and a
 * member's code. */
#include "api/record.h"
#include "api/spaces/answer.h"
#include "api/tables.h"
#include "request/actor.h"
#include "spaces/community.h"

/* ---- a member's code ---- */

struct issue {
    struct call *call;
    int64_t id;
    struct str code;
};

static enum storage_status issue_in(struct db_conn *conn, void *context)
{
    struct issue *issue = context;
    struct call *call = issue->call;
    struct audit_actor actor = call_actor(call);
    enum storage_status status =
        community_new_code(conn, call->arena, call->tenant.id, issue->id, call->now, &issue->code);
    struct audit_event event = {
        .tenant_id = call->tenant.id,
        .action = "community_member.code_issued",
        .target_kind = "community_member",
        .target_id = issue->id,
    };
    return status == STORAGE_OK ? audit_append(conn, call->arena, &actor, &event, call->now) : status;
}

/* The one time that the code is shown. */
static enum error_code issue_code(struct call *call)
{
    struct issue issue = { .call = call };
    arena_wipe_on_free(call->arena);
    if (!call_path_id(call, 0, &issue.id))
        return ERR_NOT_FOUND;
    enum storage_status status = db_transaction(call->db, STORAGE_WRITE, issue_in, &issue);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    cJSON *json = json_new_object();
    json_add_int(json, "id", issue.id);
    json_add_str(json, "code", issue.code);
    spaces_answer(call, 201, json);
    return OK;
}

static const struct field code_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "The member", .example = "7"),
    ANSWER_FIELD("code", FIELD_STR, .help = "Their code; told this once",
                 .example = "M4K7-XM2P-9QRS-TVWX-YZ01"),
};
static const struct shape code_answer = ANSWER_SHAPE("CommunityMemberCode", code_rows);

#define ROUTES(kind_, op_, one_, many_, path_, view_, create_, edit_, delete_)                               \
    RECORD_ROUTES(kind_, op_, one_, many_, path_, TENANT_BY_TOKEN, 200, view_, create_, edit_, delete_)

static const struct route routes[] = {
    ROUTES(record_space, "spaces_space", "space", "spaces", "/api/spaces", PERM_BOOKINGS_VIEW,
           PERM_BOOKINGS_EDIT, PERM_BOOKINGS_EDIT, PERM_BOOKINGS_DELETE),
    ROUTES(record_booking, "spaces_booking", "booking", "bookings", "/api/bookings", PERM_BOOKINGS_VIEW,
           PERM_BOOKINGS_CREATE, PERM_BOOKINGS_EDIT, PERM_BOOKINGS_DELETE),
    ROUTES(record_event, "spaces_event", "event", "events", "/api/events", PERM_EVENTS_VIEW,
           PERM_EVENTS_MANAGE, PERM_EVENTS_MANAGE, PERM_EVENTS_MANAGE),
    ROUTES(record_day_pass, "spaces_day_pass", "day pass", "day passes", "/api/passes", PERM_PASSES_MANAGE,
           PERM_PASSES_MANAGE, PERM_PASSES_MANAGE, PERM_PASSES_MANAGE),
    ROUTES(record_community_member, "spaces_member", "community member", "community members", "/api/members",
           PERM_MEMBERS_MANAGE, PERM_MEMBERS_MANAGE, PERM_MEMBERS_MANAGE, PERM_MEMBERS_MANAGE),
    { .op = "spaces_member_code",
      .method = METHOD_POST,
      .path = "/api/members/{id}/code",
      .permission = PERM_MEMBERS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .answer = &code_answer,
      .success = 201,
      .handler = issue_code,
      .summary = "Issues a community member's code, shown this once; an earlier one is void" },
};

const struct route_table spaces_records_routes = ROUTE_TABLE(&spaces_surface, routes);
