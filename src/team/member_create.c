/* Joining without an invitation: the user, unless they are known, the membership and its seat, all or
 * nothing. */
#include "base/json.h"
#include "team/members.h"

/* DONE with the verdict set. */
static enum storage_status refuse(struct member_deed *deed, enum member_verdict verdict)
{
    deed->verdict = verdict;
    return STORAGE_DONE;
}

struct work {
    struct arena *arena;
    struct member_deed *deed;
};

static enum storage_status judge_role(struct db_conn *conn, struct work *work)
{
    struct member_deed *deed = work->deed;
    struct tenant_role role;
    enum storage_status status = member_role_to_give(conn, work->arena, deed->tenant, deed->role, &role);
    if (status == STORAGE_DONE)
        return refuse(deed, MEMBER_ROLE_UNKNOWN);
    if (status == STORAGE_ROW && deed->actor.grant && !access_may_give(deed->actor.grant, &role))
        return refuse(deed, MEMBER_ROLE_ABOVE);
    return status == STORAGE_ROW ? STORAGE_OK : status;
}

static enum storage_status take_seat(struct db_conn *conn, struct work *work)
{
    struct member_deed *deed = work->deed;
    enum storage_status status = plan_take(conn, deed->config, deed->tenant, "users", 1, &deed->refusal);
    return status == STORAGE_DONE ? refuse(deed, MEMBER_PLAN_FULL) : status;
}

static enum storage_status insert_user(struct db_conn *conn, struct work *work)
{
    struct member_deed *deed = work->deed;
    const struct user *user = deed->user;
    deed->user_id = user->id;
    if (user->id)
        return STORAGE_OK;
    enum storage_status status =
        user_insert(conn, user->email, user->name, user->password_hash, deed->now, &deed->user_id);
    return status == STORAGE_CONFLICT ? refuse(deed, MEMBER_ADDRESS_TAKEN) : status;
}

static enum storage_status join(struct db_conn *conn, struct work *work)
{
    struct member_deed *deed = work->deed;
    enum storage_status status =
        membership_insert(conn, deed->tenant->id, deed->user_id, deed->role, deed->now);
    if (status == STORAGE_CONFLICT)
        return refuse(deed, MEMBER_ALREADY);
    if (status == STORAGE_OK)
        status = member_by_id(conn, work->arena, deed->tenant, deed->user_id, &deed->member);
    return status == STORAGE_ROW ? STORAGE_OK : status;
}

static enum storage_status write_down(struct db_conn *conn, struct work *work)
{
    const struct member_deed *deed = work->deed;
    cJSON *after = json_new_object();
    json_add_str(after, "role", deed->role);
    struct audit_event event = { .tenant_id = deed->tenant->id,
                                 .action = deed->user->id ? "member.added" : "user.created",
                                 .target_kind = "user",
                                 .target_id = deed->user_id,
                                 .target_name = deed->user->email,
                                 .after = json_print(work->arena, after) };
    return audit_append(conn, work->arena, &deed->actor.audit, &event, deed->now);
}

static enum storage_status run(struct db_conn *conn, void *context)
{
    static enum storage_status (*const steps[])(struct db_conn *, struct work *) = {
        judge_role, insert_user, join, take_seat, write_down,
    };
    struct work *work = context;
    work->deed->verdict = MEMBER_DONE;
    enum storage_status status = team_lock(conn, work->deed->tenant->id);
    for (size_t i = 0; status == STORAGE_OK && i < sizeof steps / sizeof steps[0]; i++)
        status = steps[i](conn, work);
    return status;
}

enum storage_status member_create(struct db_conn *conn, struct arena *arena, struct member_deed *deed)
{
    struct work work = { arena, deed };
    json_use_arena(arena);
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, run, &work);
    return status == STORAGE_DONE ? STORAGE_OK : status;
}
