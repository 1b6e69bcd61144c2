/* Inviting, inviting again, taking it back. One way for all three: lock the team, judge, change, write it
 * down; what differs stands in the table of deeds. */
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "identity/opaque_token.h"
#include "mail/mail.h"
#include "team/invitation.h"
#include "team/members.h"

#define MAIL_KIND "invitation"

struct work {
    struct db_conn *conn;
    struct arena *arena;
    struct invite_deed *deed;
    const struct kind *kind;
    struct tenant_role role; /* to be given */
    struct str token;
    uint8_t hash[32];
};

struct kind {
    const char *action;
    /* deed->verdict says what stands in the way; OK or a failure. */
    enum storage_status (*judge)(struct work *work);
    enum storage_status (*apply)(struct work *work);
};

/* ---- judging ---- */

static enum storage_status judge_role(struct work *work)
{
    struct invite_deed *deed = work->deed;
    enum storage_status status =
        member_role_to_give(work->conn, work->arena, deed->tenant, deed->invitation.role, &work->role);
    if (status == STORAGE_DONE)
        deed->verdict = INVITE_ROLE_UNKNOWN;
    else if (status == STORAGE_ROW && !access_may_give(deed->actor.grant, &work->role))
        deed->verdict = INVITE_ROLE_ABOVE;
    return status == STORAGE_DONE || status == STORAGE_ROW ? STORAGE_OK : status;
}

static enum storage_status judge_address(struct work *work)
{
    DB_ROWS(rows);
    struct invite_deed *deed = work->deed;
    struct str normal = text_normal_email(work->arena, deed->invitation.email);
    enum storage_status status = db_first(work->conn, &rows,
                                          "SELECT 1 FROM memberships m JOIN users u ON u.id = m.user_id "
                                          "WHERE m.tenant_id = $1 AND u.email_normal = $2",
                                          DB_ARGS(db_int(deed->tenant->id), db_text(normal)));
    if (status == STORAGE_ROW)
        deed->verdict = INVITE_MEMBER_ALREADY;
    return status == STORAGE_DONE || status == STORAGE_ROW ? STORAGE_OK : status;
}

static enum storage_status judge_new(struct work *work)
{
    struct invite_deed *deed = work->deed;
    deed->invitation =
        (struct invitation){ .tenant_id = deed->tenant->id, .email = deed->email, .role = deed->role };
    enum storage_status status = judge_role(work);
    return status == STORAGE_OK && deed->verdict == INVITE_DONE ? judge_address(work) : status;
}

/* What is pending or expired can still be changed. */
static enum storage_status judge_open(struct work *work)
{
    struct invite_deed *deed = work->deed;
    enum storage_status status =
        invitation_by_id(work->conn, work->arena, deed->tenant->id, deed->id, deed->now, &deed->invitation);
    enum invitation_state state = deed->invitation.state;
    if (status == STORAGE_DONE)
        deed->verdict = INVITE_UNKNOWN;
    else if (status == STORAGE_ROW && state != INVITATION_PENDING && state != INVITATION_EXPIRED)
        deed->verdict = INVITE_NOT_OPEN;
    return status == STORAGE_DONE || status == STORAGE_ROW ? STORAGE_OK : status;
}

static enum storage_status judge_again(struct work *work)
{
    struct invite_deed *deed = work->deed;
    enum storage_status status = judge_open(work);
    if (status == STORAGE_OK && deed->verdict == INVITE_DONE)
        status = judge_role(work);
    return status == STORAGE_OK && deed->verdict == INVITE_DONE ? judge_address(work) : status;
}

/* ---- the mail ---- */

static enum storage_status send_mail(struct work *work)
{
    struct invite_deed *deed = work->deed;
    const struct invitation *invitation = &deed->invitation;
    const struct mail_value values[] = {
        { "inviter", deed->actor_name }, { "role", str_of(work->role.name) },
        { "email", invitation->email },  { "expires", clock_in_words(work->arena, invitation->expires_at) },
        { "link", deed->link },
    };
    struct mail_new mail = {
        .kind = MAIL_KIND,
        .tenant = deed->tenant,
        .target_id = invitation->id,
        .to = invitation->email,
        .values = values,
        .n = sizeof values / sizeof values[0],
    };
    return mail_enqueue(work->conn, deed->config, work->arena, &mail, deed->now);
}

/* ---- changing ---- */

/* A pending one that has expired stands in the way of the unique index. */
static enum storage_status supersede_expired(struct work *work)
{
    const struct invite_deed *deed = work->deed;
    return db_exec(work->conn,
                   "UPDATE invitations SET status = 'superseded', decided_at = $3 WHERE tenant_id = $1 "
                   "AND email_normal = $2 AND status = 'pending' AND expires_at <= $3",
                   DB_ARGS(db_int(deed->tenant->id),
                           db_text(text_normal_email(work->arena, deed->invitation.email)),
                           db_int(deed->now)),
                   NULL);
}

/* ROW with the id, DONE when one is pending, or a failure. */
static enum storage_status insert_row(struct work *work, int64_t expires_at, int64_t *ret_id)
{
    DB_ROWS(rows);
    const struct invite_deed *deed = work->deed;
    struct str email = deed->invitation.email;
    enum storage_status status = db_first(
        work->conn, &rows,
        "INSERT INTO invitations (tenant_id, email, email_normal, role, status, token_hash, "
        "invited_by, created_at, expires_at) VALUES ($1, $2, $3, $4, 'pending', $5, $6, $7, $8) "
        "ON CONFLICT (tenant_id, email_normal) WHERE status = 'pending' DO NOTHING RETURNING id",
        DB_ARGS(db_int(deed->tenant->id), db_text(email), db_text(text_normal_email(work->arena, email)),
                db_text(deed->invitation.role), db_blob(work->hash, sizeof work->hash),
                db_int(deed->actor.user_id), db_int(deed->now), db_int(expires_at)));
    if (status == STORAGE_ROW)
        *ret_id = db_col_int(&rows, 0);
    return status;
}

/* DONE: one is pending already. */
static enum storage_status insert(struct work *work)
{
    struct invite_deed *deed = work->deed;
    int64_t id = 0, expires_at = deed->now + deed->config->tokens.invitation_ttl_us;
    enum storage_status status = supersede_expired(work);
    if (status == STORAGE_OK)
        status = insert_row(work, expires_at, &id);
    if (status == STORAGE_DONE)
        deed->verdict = INVITE_PENDING_ALREADY;
    if (status != STORAGE_ROW)
        return status;
    status = invitation_by_id(work->conn, work->arena, deed->tenant->id, id, deed->now, &deed->invitation);
    deed->link = arena_printf(work->arena, "%.*s%.*s", STR_ARG(deed->link_base), STR_ARG(work->token));
    return status == STORAGE_ROW ? send_mail(work) : status;
}

/* From open to `word`; what waits to be sent is not sent. */
static enum storage_status decide(struct work *work, struct str word)
{
    const struct invite_deed *deed = work->deed;
    enum storage_status status =
        db_exec(work->conn,
                "UPDATE invitations SET status = $3, decided_at = $4 "
                "WHERE tenant_id = $1 AND id = $2 AND status = 'pending'",
                DB_ARGS(db_int(deed->tenant->id), db_int(deed->id), db_text(word), db_int(deed->now)), NULL);
    return status == STORAGE_OK ? mail_drop(work->conn, deed->tenant->id, MAIL_KIND, deed->id) : status;
}

static enum storage_status apply_again(struct work *work)
{
    enum storage_status status = decide(work, STR("superseded"));
    return status == STORAGE_OK ? insert(work) : status;
}

static enum storage_status apply_cancel(struct work *work)
{
    work->deed->invitation.state = INVITATION_CANCELLED;
    return decide(work, STR("cancelled"));
}

/* ---- all deeds ---- */

static enum storage_status write_down(struct work *work)
{
    const struct invite_deed *deed = work->deed;
    cJSON *after = json_new_object();
    json_add_str(after, "role", deed->invitation.role);
    json_add_str(after, "status", str_of(invitation_state_name(deed->invitation.state)));
    struct audit_event event = {
        .tenant_id = deed->tenant->id,
        .action = work->kind->action,
        .target_kind = "invitation",
        .target_id = deed->invitation.id,
        .target_name = deed->invitation.email,
        .after = json_print(work->arena, after),
    };
    return audit_append(work->conn, work->arena, &deed->actor.audit, &event, deed->now);
}

/* DONE: refused, deed->verdict says why. */
static enum storage_status run(struct db_conn *conn, void *context)
{
    struct work *work = context;
    work->conn = conn;
    work->deed->verdict = INVITE_DONE;
    enum storage_status status = team_lock(conn, work->deed->tenant->id);
    if (status == STORAGE_OK)
        status = work->kind->judge(work);
    if (status == STORAGE_OK && work->deed->verdict != INVITE_DONE)
        return STORAGE_DONE;
    if (status == STORAGE_OK)
        status = work->kind->apply(work);
    return status == STORAGE_OK ? write_down(work) : status;
}

static enum storage_status carry_out(struct db_conn *conn, struct arena *arena, struct invite_deed *deed,
                                     const struct kind *kind)
{
    struct work work = { .conn = conn, .arena = arena, .deed = deed, .kind = kind };
    json_use_arena(arena);
    work.token = opaque_token_new(arena, OPAQUE_INVITATION, work.hash);
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, run, &work);
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

static const struct kind send_ = { "invitation.sent", judge_new, insert };
static const struct kind resend = { "invitation.resent", judge_again, apply_again };
static const struct kind cancel = { "invitation.cancelled", judge_open, apply_cancel };

enum storage_status invitation_send(struct db_conn *conn, struct arena *arena, struct invite_deed *deed)
{
    return carry_out(conn, arena, deed, &send_);
}

enum storage_status invitation_send_in(struct db_conn *conn, struct arena *arena, struct invite_deed *deed)
{
    struct work work = { .arena = arena, .deed = deed, .kind = &send_ };
    work.token = opaque_token_new(arena, OPAQUE_INVITATION, work.hash);
    return run(conn, &work);
}

enum storage_status invitation_resend(struct db_conn *conn, struct arena *arena, struct invite_deed *deed)
{
    return carry_out(conn, arena, deed, &resend);
}

enum storage_status invitation_cancel(struct db_conn *conn, struct arena *arena, struct invite_deed *deed)
{
    return carry_out(conn, arena, deed, &cancel);
}
