/* One way for all deeds: lock the team, read the member, judge, change, see that an owner is left, write it
 * down. What differs stands in the table of deeds. */
#include "team/members.h"

#include "access/custom_role.h"
#include "access/member_words.h"
#include "base/json.h"
#include "identity/api_token.h"
#include "identity/session.h"
#include "storage/changes.h"

struct work {
    struct db_conn *conn;
    struct arena *arena;
    struct member_deed *deed;
    const struct kind *only; /* NULL: what deed->parts says */
    const struct kind *kind; /* the one at hand */
    struct member before, after;
};

struct kind {
    const char *action;
    /* What besides ranks stands in the way; fills work->after. OK (deed->verdict says it) or a failure. */
    enum storage_status (*judge)(struct work *work);
    enum storage_status (*apply)(struct work *work);
    struct str (*describe)(struct arena *arena, const struct member *member);
    bool is_removal;
};

/* ---- owners ---- */

/* The role of which somebody active must be left. */
static const char *keeper_role(const struct tenant *tenant)
{
    return tenant->is_root ? "superadmin" : "owner";
}

static bool is_keeper(const struct tenant *tenant, const struct member *member)
{
    return member->is_enabled && member->status == MEMBERSHIP_ACTIVE &&
           str_equal(member->slug, str_of(keeper_role(tenant)));
}

static enum storage_status check_keeper_left(struct work *work)
{
    DB_ROWS(rows);
    const struct tenant *tenant = work->deed->tenant;
    bool stays = !work->kind->is_removal && is_keeper(tenant, &work->after);
    if (!is_keeper(tenant, &work->before) || stays)
        return STORAGE_OK;
    enum storage_status status = db_first(
        work->conn, &rows,
        "SELECT 1 FROM memberships m JOIN users u ON u.id = m.user_id "
        "WHERE m.tenant_id = $1 AND m.role = $2 AND m.status = 'active' AND u.status = 'active' LIMIT 1",
        DB_ARGS(db_int(tenant->id), db_text(str_of(keeper_role(tenant)))));
    if (status == STORAGE_DONE)
        work->deed->verdict = MEMBER_LAST_OWNER;
    return status == STORAGE_ROW ? STORAGE_OK : status;
}

/* ---- roles ---- */

enum storage_status member_role_to_give(struct db_conn *conn, struct arena *arena,
                                        const struct tenant *tenant, struct str slug, struct tenant_role *ret)
{
    const struct role *system = role_by_slug(slug);
    if (system && !role_is_given(system, tenant->is_root))
        return STORAGE_DONE;
    return role_find(conn, arena, tenant->id, tenant->is_root, slug, ret);
}

static enum storage_status judge_role(struct work *work)
{
    struct member_deed *deed = work->deed;
    enum storage_status status =
        member_role_to_give(work->conn, work->arena, deed->tenant, deed->role, &work->after.role);
    if (status == STORAGE_DONE)
        deed->verdict = MEMBER_ROLE_UNKNOWN;
    else if (status == STORAGE_ROW && !access_may_give(deed->actor.grant, &work->after.role))
        deed->verdict = MEMBER_ROLE_ABOVE;
    work->after.slug = deed->role;
    work->after.has_role = status == STORAGE_ROW;
    return status == STORAGE_ROW || status == STORAGE_DONE ? STORAGE_OK : status;
}

static enum storage_status apply_role(struct work *work)
{
    const struct member_deed *deed = work->deed;
    return db_exec(
        work->conn, "UPDATE memberships SET role = $3, updated_at = $4 WHERE tenant_id = $1 AND user_id = $2",
        DB_ARGS(db_int(deed->tenant->id), db_int(deed->user_id), db_text(deed->role), db_int(deed->now)),
        NULL);
}

/* ---- suspensions ---- */

static enum storage_status judge_suspension(struct work *work)
{
    if (work->deed->user_id == work->deed->actor.user_id)
        work->deed->verdict = MEMBER_SELF;
    work->after.status = MEMBERSHIP_SUSPENDED;
    return STORAGE_OK;
}

static enum storage_status judge_reactivation(struct work *work)
{
    work->after.status = MEMBERSHIP_ACTIVE;
    return STORAGE_OK;
}

static struct str status_word(enum membership_status status)
{
    return status == MEMBERSHIP_ACTIVE ? STR("active") : STR("suspended");
}

static enum storage_status apply_status(struct work *work)
{
    const struct member_deed *deed = work->deed;
    return db_exec(
        work->conn,
        "UPDATE memberships SET status = $3, updated_at = $4 WHERE tenant_id = $1 AND user_id = $2",
        DB_ARGS(db_int(deed->tenant->id), db_int(deed->user_id), db_text(status_word(work->after.status)),
                db_int(deed->now)),
        NULL);
}

/* ---- removal ---- */

static enum storage_status judge_removal(struct work *work)
{
    (void)work; /* also themselves */
    return STORAGE_OK;
}

static enum storage_status apply_removal(struct work *work)
{
    const struct member_deed *deed = work->deed;
    int64_t tenant_id = deed->tenant->id;
    enum storage_status status =
        db_exec(work->conn, "DELETE FROM memberships WHERE tenant_id = $1 AND user_id = $2",
                DB_ARGS(db_int(tenant_id), db_int(deed->user_id)), NULL);
    if (status == STORAGE_OK)
        status = session_revoke_in_tenant(work->conn, deed->user_id, tenant_id, deed->now);
    if (status == STORAGE_OK)
        status = api_token_delete_in_tenant(work->conn, deed->user_id, tenant_id);
    return status == STORAGE_OK ? plan_release(work->conn, tenant_id, "users", 1) : status;
}

/* ---- name and address ---- */

/* Whoever is a member elsewhere is not this tenant's alone. */
static enum storage_status check_shared(struct work *work)
{
    DB_ROWS(rows);
    const struct member_deed *deed = work->deed;
    enum storage_status status = db_first(
        work->conn, &rows, "SELECT 1 FROM memberships WHERE user_id = $2 AND tenant_id <> $1 LIMIT 1",
        DB_ARGS(db_int(deed->tenant->id), db_int(deed->user_id)));
    if (status == STORAGE_ROW)
        work->deed->verdict = MEMBER_SHARED;
    return status == STORAGE_ROW || status == STORAGE_DONE ? STORAGE_OK : status;
}

static bool has_same_profile(const struct work *work)
{
    return str_equal(work->before.name, work->after.name) && str_equal(work->before.email, work->after.email);
}

static enum storage_status judge_profile(struct work *work)
{
    const struct member_deed *deed = work->deed;
    if (deed->parts & MEMBER_NAME)
        work->after.name = deed->name;
    if (deed->parts & MEMBER_EMAIL)
        work->after.email = deed->email;
    return has_same_profile(work) ? STORAGE_OK : check_shared(work);
}

static enum storage_status apply_profile(struct work *work)
{
    struct member_deed *deed = work->deed;
    enum storage_status status =
        user_update(work->conn, deed->user_id, work->after.email, work->after.name, deed->now);
    if (status == STORAGE_CONFLICT) {
        deed->verdict = MEMBER_ADDRESS_TAKEN;
        return STORAGE_DONE;
    }
    return status == STORAGE_OK ? member_words_write(work->conn, deed->tenant->id, deed->user_id) : status;
}

static struct str describe_profile(struct arena *arena, const struct member *member)
{
    cJSON *json = json_new_object();
    json_add_str(json, "name", member->name);
    json_add_str(json, "email", member->email);
    return json_print(arena, json);
}

/* ---- all deeds ---- */

static bool changes_nothing(const struct work *work)
{
    return !work->kind->is_removal && work->before.status == work->after.status &&
           str_equal(work->before.slug, work->after.slug) && has_same_profile(work);
}

static struct str describe(struct arena *arena, const struct member *member)
{
    cJSON *json = json_new_object();
    json_add_str(json, "role", member->slug);
    json_add_str(json, "status", status_word(member->status));
    return json_print(arena, json);
}

static enum storage_status write_down(struct work *work)
{
    const struct member_deed *deed = work->deed;
    struct audit_event event = {
        .tenant_id = deed->tenant->id,
        .action = work->kind->action,
        .target_kind = "user",
        .target_id = deed->user_id,
        .target_name = work->before.email,
        .before = work->kind->describe(work->arena, &work->before),
    };
    if (!work->kind->is_removal)
        event.after = work->kind->describe(work->arena, &work->after);
    return audit_append(work->conn, work->arena, &deed->actor.audit, &event, deed->now);
}

static enum storage_status change(struct work *work)
{
    enum storage_status status = work->kind->apply(work);
    if (status == STORAGE_OK)
        status = check_keeper_left(work);
    if (status == STORAGE_OK)
        status = db_touch(work->conn, SUBJECT_USER, work->deed->user_id);
    return status == STORAGE_OK ? write_down(work) : status;
}

/* DONE: refused, deed->verdict says why. */
static enum storage_status find(struct work *work)
{
    struct member_deed *deed = work->deed;
    enum storage_status status =
        member_by_id(work->conn, work->arena, deed->tenant, deed->user_id, &work->before);
    if (status == STORAGE_DONE)
        deed->verdict = MEMBER_UNKNOWN;
    else if (status == STORAGE_ROW && work->before.role.rank > deed->actor.grant->role.rank)
        deed->verdict = MEMBER_ABOVE;
    if (status != STORAGE_ROW)
        return status;
    return deed->verdict == MEMBER_DONE ? STORAGE_OK : STORAGE_DONE;
}

/* Likewise. What is so already is not written. */
static enum storage_status do_one(struct work *work, const struct kind *kind)
{
    work->kind = kind;
    work->after = work->before;
    enum storage_status status = kind->judge(work);
    if (status == STORAGE_OK && work->deed->verdict != MEMBER_DONE)
        return STORAGE_DONE;
    return status != STORAGE_OK || changes_nothing(work) ? status : change(work);
}

static const struct kind set_role = { "member.role_changed", judge_role, apply_role, describe, false };
static const struct kind suspend = { "member.suspended", judge_suspension, apply_status, describe, false };
static const struct kind reactivate = { "member.reactivated", judge_reactivation, apply_status, describe,
                                        false };
static const struct kind remove_ = { "member.removed", judge_removal, apply_removal, describe, true };
static const struct kind rename_ = { "user.updated", judge_profile, apply_profile, describe_profile, false };

static enum storage_status do_parts(struct work *work)
{
    const struct member_deed *deed = work->deed;
    const struct kind *kinds[] = {
        deed->parts & MEMBER_ROLE ? &set_role : NULL,
        deed->parts & MEMBER_STATUS ? (deed->status == MEMBERSHIP_ACTIVE ? &reactivate : &suspend) : NULL,
        deed->parts & (MEMBER_NAME | MEMBER_EMAIL) ? &rename_ : NULL,
    };
    enum storage_status status = STORAGE_OK;
    work->after = work->before;
    for (size_t i = 0; status == STORAGE_OK && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i])
            status = do_one(work, kinds[i]);
        work->before = work->after;
    }
    return status;
}

static enum storage_status run(struct db_conn *conn, void *context)
{
    struct work *work = context;
    work->conn = conn;
    work->deed->verdict = MEMBER_DONE;
    enum storage_status status = team_lock(conn, work->deed->tenant->id);
    if (status == STORAGE_OK)
        status = find(work);
    if (status != STORAGE_OK)
        return status;
    return work->only ? do_one(work, work->only) : do_parts(work);
}

static enum storage_status carry_out(struct db_conn *conn, struct arena *arena, struct member_deed *deed,
                                     const struct kind *only)
{
    struct work work = { .arena = arena, .deed = deed, .only = only };
    json_use_arena(arena);
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, run, &work);
    if (status != STORAGE_OK && status != STORAGE_DONE)
        return status;
    deed->member = only && only->is_removal ? work.before : work.after;
    return STORAGE_OK;
}

enum storage_status member_set_role(struct db_conn *conn, struct arena *arena, struct member_deed *deed)
{
    return carry_out(conn, arena, deed, &set_role);
}

enum storage_status member_suspend(struct db_conn *conn, struct arena *arena, struct member_deed *deed)
{
    return carry_out(conn, arena, deed, &suspend);
}

enum storage_status member_reactivate(struct db_conn *conn, struct arena *arena, struct member_deed *deed)
{
    return carry_out(conn, arena, deed, &reactivate);
}

enum storage_status member_remove(struct db_conn *conn, struct arena *arena, struct member_deed *deed)
{
    return carry_out(conn, arena, deed, &remove_);
}

enum storage_status member_edit(struct db_conn *conn, struct arena *arena, struct member_deed *deed)
{
    return carry_out(conn, arena, deed, NULL);
}
