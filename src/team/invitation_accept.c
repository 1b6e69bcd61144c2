/* Accepting: one transaction that makes a member of somebody, or leaves nothing behind.
 *
 * The invitation goes from pending to accepted first, by compare-and-set: of two who follow one link at once
 * the second waits, and then finds it used. */
#include "access/custom_role.h"
#include "base/json.h"
#include "mail/mail.h"
#include "team/invitation.h"

struct work {
    struct arena *arena;
    struct acceptance *acceptance;
    bool is_new; /* the user */
};

/* DONE with the verdict set. */
static enum storage_status refuse(struct acceptance *acceptance, enum accept_verdict verdict)
{
    acceptance->verdict = verdict;
    return STORAGE_DONE;
}

static enum storage_status confirm_user(struct db_conn *conn, struct work *work)
{
    struct acceptance *acceptance = work->acceptance;
    enum storage_status status = work->is_new ? STORAGE_OK : user_confirm(conn, &acceptance->user);
    return status == STORAGE_DONE ? refuse(acceptance, ACCEPT_USER_OUTDATED) : status;
}

static enum storage_status take_invitation(struct db_conn *conn, struct work *work)
{
    struct acceptance *acceptance = work->acceptance;
    const struct invitation *invitation = acceptance->invitation;
    struct invitation now_is;
    int64_t changes = 0;
    enum storage_status status = db_exec(
        conn,
        "UPDATE invitations SET status = 'accepted', decided_at = $3 "
        "WHERE tenant_id = $1 AND id = $2 AND status = 'pending' AND expires_at > $3",
        DB_ARGS(db_int(invitation->tenant_id), db_int(invitation->id), db_int(acceptance->now)), &changes);
    if (status != STORAGE_OK || changes == 1)
        return status;
    status =
        invitation_by_id(conn, work->arena, invitation->tenant_id, invitation->id, acceptance->now, &now_is);
    acceptance->state = status == STORAGE_ROW ? now_is.state : INVITATION_CANCELLED;
    return status == STORAGE_ROW || status == STORAGE_DONE ? refuse(acceptance, ACCEPT_NOT_OPEN) : status;
}

static enum storage_status find_role(struct db_conn *conn, struct work *work)
{
    struct acceptance *acceptance = work->acceptance;
    enum storage_status status =
        role_find(conn, work->arena, acceptance->tenant->id, acceptance->tenant->is_root,
                  acceptance->invitation->role, &acceptance->role);
    if (status == STORAGE_DONE)
        return refuse(acceptance, ACCEPT_ROLE_GONE);
    return status == STORAGE_ROW ? STORAGE_OK : status;
}

static enum storage_status take_seat(struct db_conn *conn, struct work *work)
{
    struct acceptance *acceptance = work->acceptance;
    enum storage_status status =
        plan_take(conn, acceptance->config, acceptance->tenant, "users", 1, &acceptance->refusal);
    return status == STORAGE_DONE ? refuse(acceptance, ACCEPT_PLAN_FULL) : status;
}

static enum storage_status create_user(struct db_conn *conn, struct work *work)
{
    struct acceptance *acceptance = work->acceptance;
    struct user *user = &acceptance->user;
    if (!work->is_new)
        return STORAGE_OK;
    enum storage_status status =
        user_insert(conn, user->email, user->name, user->password_hash, acceptance->now, &user->id);
    user->created_at = acceptance->now;
    return status == STORAGE_CONFLICT ? refuse(acceptance, ACCEPT_ADDRESS_TAKEN) : status;
}

static enum storage_status join(struct db_conn *conn, struct work *work)
{
    struct acceptance *acceptance = work->acceptance;
    enum storage_status status = membership_insert(conn, acceptance->tenant->id, acceptance->user.id,
                                                   acceptance->invitation->role, acceptance->now);
    return status == STORAGE_CONFLICT ? refuse(acceptance, ACCEPT_MEMBER_ALREADY) : status;
}

static enum storage_status note_who(struct db_conn *conn, struct work *work)
{
    const struct acceptance *acceptance = work->acceptance;
    const struct invitation *invitation = acceptance->invitation;
    enum storage_status status = db_exec(
        conn, "UPDATE invitations SET accepted_by = $3 WHERE tenant_id = $1 AND id = $2",
        DB_ARGS(db_int(invitation->tenant_id), db_int(invitation->id), db_int(acceptance->user.id)), NULL);
    return status == STORAGE_OK ? mail_drop(conn, invitation->tenant_id, "invitation", invitation->id)
                                : status;
}

static enum storage_status write_down(struct db_conn *conn, struct work *work)
{
    const struct acceptance *acceptance = work->acceptance;
    const struct user *user = &acceptance->user;
    struct audit_actor actor = acceptance->from;
    cJSON *after = json_new_object();
    json_add_str(after, "role", acceptance->invitation->role);
    json_add_int(after, "user_id", user->id);
    json_add_bool(after, "is_new_user", work->is_new);
    actor.kind = AUDIT_USER;
    actor.id = user->id;
    actor.name = user->email;
    struct audit_event event = {
        .tenant_id = acceptance->tenant->id,
        .action = "invitation.accepted",
        .target_kind = "invitation",
        .target_id = acceptance->invitation->id,
        .target_name = acceptance->invitation->email,
        .after = json_print(work->arena, after),
    };
    return audit_append(conn, work->arena, &actor, &event, acceptance->now);
}

static enum storage_status run(struct db_conn *conn, void *context)
{
    static enum storage_status (*const steps[])(struct db_conn *, struct work *) = {
        confirm_user, take_invitation, find_role, take_seat, create_user, join, note_who, write_down,
    };
    struct work *work = context;
    struct acceptance *acceptance = work->acceptance;
    acceptance->verdict = ACCEPT_DONE;
    enum storage_status status = team_lock(conn, acceptance->tenant->id);
    for (size_t i = 0; status == STORAGE_OK && i < sizeof steps / sizeof steps[0]; i++)
        status = steps[i](conn, work);
    return status == STORAGE_OK && acceptance->also ? acceptance->also(conn, acceptance->context) : status;
}

enum storage_status invitation_accept(struct db_conn *conn, struct arena *arena,
                                      struct acceptance *acceptance)
{
    struct work work = { .arena = arena, .acceptance = acceptance, .is_new = acceptance->user.id == 0 };
    json_use_arena(arena);
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, run, &work);
    return status == STORAGE_DONE ? STORAGE_OK : status;
}
