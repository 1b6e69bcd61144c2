/* Why may somebody do something here, or not? Asks the same decision that the walk asks. */
#include "access/custom_role.h"
#include "api/tables.h"
#include "api/v1/answer.h"
#include "identity/api_token.h"
#include "identity/user.h"

struct explain_query {
    struct str user, permission;
    int64_t token;
};
static const struct field explain_fields[] = {
    FIELD(struct explain_query, user, "user", FIELD_STR, .flags = FIELD_REQUIRED, .max = 254,
          .help = "A member's id or email address", .example = "7"),
    FIELD(struct explain_query, permission, "permission", FIELD_STR, .flags = FIELD_REQUIRED, .max = 100,
          .help = "A permission's name", .example = "assets.delete"),
    FIELD(struct explain_query, token, "token", FIELD_INT, .min = 1, .max = INT64_MAX,
          .help = "The id of an API token of theirs: whether it lets them", .example = "3"),
};
static const struct shape explain_shape = SHAPE("V1ExplainQuery", struct explain_query, explain_fields);

/* All that is known about the case. */
struct question {
    enum permission permission;
    struct user user;
    bool is_member;
    struct membership membership;
    struct access_grant grant;
    struct api_token token; /* id 0: not asked about */
};

static enum error_code read_permission(struct call *call, struct question *question)
{
    const struct explain_query *query = call->query_input;
    question->permission = permission_by_name(query->permission);
    return question->permission != PERM_NONE
               ? OK
               : call_fail_field(call, "permission", VIOLATION_CUSTOM, "The selected permission is invalid.");
}

static enum error_code find_user(struct call *call, struct question *question)
{
    const struct explain_query *query = call->query_input;
    int64_t id;
    enum storage_status status = str_to_int(query->user, &id)
                                     ? user_by_id(call->db, call->arena, id, &question->user)
                                     : user_by_email(call->db, call->arena, query->user, &question->user);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    return status == STORAGE_ROW ? OK : call_fail_storage(call, status);
}

/* Whoever has nothing to do with the tenant is as unknown here as somebody who does not exist. */
static enum error_code find_standing(struct call *call, struct question *question)
{
    enum storage_status status =
        membership_find(call->db, call->arena, call->tenant.id, question->user.id, &question->membership);
    question->is_member = status == STORAGE_ROW;
    if (status == STORAGE_ROW || status == STORAGE_DONE)
        status = access_decide(call->db, call->arena, &call->tenant, question->user.id, &question->grant);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    bool is_seen = question->is_member || (question->grant.is_staff && call->grant.is_staff);
    return is_seen ? OK : call_fail(call, ERR_NOT_FOUND, NULL);
}

/* Another's token is as unknown as one that does not exist. */
static enum error_code find_token(struct call *call, struct question *question)
{
    const struct explain_query *query = call->query_input;
    if (!query->token)
        return OK;
    enum storage_status status =
        api_token_by_id(call->db, call->arena, call->tenant.id, query->token, &question->token);
    if (status == STORAGE_DONE || (status == STORAGE_ROW && question->token.user_id != question->user.id))
        return call_fail(call, ERR_NOT_FOUND, NULL);
    return status == STORAGE_ROW ? OK : call_fail_storage(call, status);
}

struct decision {
    bool allowed;
    const char *by;
    struct str reason;
};

static struct decision decide_by_role(struct call *call, const struct question *question)
{
    const struct tenant_role *role = &question->grant.role;
    const char *name = permission_info(question->permission)->name;
    bool allowed = perm_set_has(question->grant.permissions, question->permission);
    return (struct decision){ allowed, question->is_member ? "role" : "staff_role",
                              arena_printf(call->arena, "The role %s %s %s.", role->slug,
                                           allowed ? "grants" : "does not grant", name) };
}

/* A token only ever takes away. */
static struct decision decide_by_token(struct call *call, const struct question *question)
{
    const struct api_token *token = &question->token;
    const char *name = permission_info(question->permission)->name;
    struct decision decision = decide_by_role(call, question);
    if (!token->id || !decision.allowed)
        return decision;
    if (token->expires_at && token->expires_at <= call->now)
        return (struct decision){ false, "token", STR("The token has expired.") };
    if (!perm_set_has(permission_set_read(token->scopes), question->permission))
        return (struct decision){ false, "token_scope",
                                  arena_printf(call->arena, "The token's scopes do not include %s.", name) };
    return decision;
}

/* In the order in which a request is refused. */
static struct decision decide(struct call *call, const struct question *question)
{
    if (question->user.status != USER_ACTIVE)
        return (struct decision){ false, "account", STR("The account is deactivated.") };
    switch (question->grant.verdict) {
    case ACCESS_OK:
        return decide_by_token(call, question);
    case ACCESS_SUSPENDED:
        return (struct decision){ false, "membership", STR("The membership is suspended.") };
    case ACCESS_TENANT_SUSPENDED:
        return (struct decision){ false, "tenant", STR("The tenant is suspended.") };
    case ACCESS_NOT_A_MEMBER:
        break;
    }
    return (struct decision){ false, "role", STR("The membership's role does not exist here.") };
}

static void add_token(cJSON *data, const struct api_token *token)
{
    cJSON *json = json_add_object(data, "token");
    json_add_int(json, "id", token->id);
    json_add_str(json, "name", token->name);
    v1_add_permissions(json, "scopes", permission_set_read(token->scopes));
}

static void answer(struct call *call, const struct question *question)
{
    struct decision decision = decide(call, question);
    cJSON *data = json_new_object();
    v1_add_user(data, "user", question->user.id, question->user.name, question->user.email);
    json_add_str(data, "permission", str_of(permission_info(question->permission)->name));
    json_add_bool(data, "allowed", decision.allowed);
    json_add_str(data, "decided_by", str_of(decision.by));
    json_add_str(data, "reason", decision.reason);
    if (question->grant.verdict == ACCESS_OK)
        v1_add_role(data, "role", &question->grant.role);
    else
        json_add_null(data, "role");
    if (question->is_member) {
        bool is_active = question->membership.status == MEMBERSHIP_ACTIVE;
        cJSON *membership = json_add_object(data, "membership");
        json_add_str(membership, "role", question->membership.role);
        json_add_str(membership, "status", is_active ? STR("active") : STR("suspended"));
    } else {
        json_add_null(data, "membership");
    }
    if (question->token.id)
        add_token(data, &question->token);
    else
        json_add_null(data, "token");
    v1_object(call, 200, data);
}

static enum error_code explain(struct call *call)
{
    static enum error_code (*const steps[])(struct call * call, struct question * question) = {
        read_permission,
        find_user,
        find_standing,
        find_token,
    };
    struct question question = { 0 };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        enum error_code code = steps[i](call, &question);
        if (code != OK)
            return code;
    }
    answer(call, &question);
    return OK;
}

/* ---- what is answered ---- */

static const char *const explained_membership_status_words[] = { "active", "suspended", NULL };
static const struct field explained_membership_rows[] = {
    ANSWER_FIELD("role", FIELD_STR, .help = "The membership's role", .example = "member"),
    ANSWER_FIELD("status", FIELD_ENUM, .words = explained_membership_status_words,
                 .help = "Whether it is suspended", .example = "active"),
};
static const struct shape explained_membership =
    ANSWER_SHAPE("V1ExplainedMembership", explained_membership_rows);

static const struct field explained_token_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "The API token's id", .example = "3"),
    ANSWER_FIELD("name", FIELD_STR, .help = "Its name", .example = "Nightly export"),
    ANSWER_FIELD("scopes", FIELD_STR_LIST, .help = "What it was made for"),
};
static const struct shape explained_token = ANSWER_SHAPE("V1ExplainedToken", explained_token_rows);

static const struct field v1_explanation_answer_rows[] = {
    ANSWER_FIELD("user", FIELD_OBJECT, .of = &v1_user),
    ANSWER_FIELD("permission", FIELD_STR, .help = "What was asked about", .example = "assets.delete"),
    ANSWER_FIELD("allowed", FIELD_BOOL, .help = "Whether they may", .example = "false"),
    ANSWER_FIELD("decided_by", FIELD_STR,
                 .help = "What decides: account, tenant, membership, role, staff_role, token",
                 .example = "role"),
    ANSWER_FIELD("reason", FIELD_STR, .help = "The same in a sentence",
                 .example = "The role member does not grant assets.delete."),
    ANSWER_FIELD("role", FIELD_OBJECT, .flags = FIELD_NULLABLE, .of = &v1_role),
    ANSWER_FIELD("membership", FIELD_OBJECT, .flags = FIELD_NULLABLE, .of = &explained_membership),
    ANSWER_FIELD("token", FIELD_OBJECT, .flags = FIELD_NULLABLE, .of = &explained_token),
};
static const struct shape v1_explanation_answer = ANSWER_SHAPE("V1Explanation", v1_explanation_answer_rows);

static const struct route routes[] = {
    { .op = "v1_explain",
      .method = METHOD_GET,
      .path = "/api/v1/authz/explain",
      .permission = PERM_TEAM_MANAGE_ROLES,
      .tenant = TENANT_BY_HEADER,
      .query = &explain_shape,
      .answer = &v1_explanation_answer,
      .fails = FAILS(ERR_NOT_FOUND),
      .handler = explain,
      .summary = "Whether a member may do something, and what decides it" },
};

const struct route_table v1_explain_routes = ROUTE_TABLE(&v1_surface, routes);
