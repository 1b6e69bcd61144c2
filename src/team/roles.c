#include "team/roles.h"

#include "base/json.h"

struct work {
    struct arena *arena;
    struct role_deed *deed;
    struct custom_role before, after;
};

int role_default_rank(const struct access_grant *actor)
{
    int rank = role_by_slug(STR("member"))->rank;
    return rank < actor->role.rank ? rank : actor->role.rank - 1;
}

/* ---- judging ---- */

/* DONE: refused. */
static enum storage_status refuse(struct work *work, enum role_verdict verdict)
{
    work->deed->verdict = verdict;
    return STORAGE_DONE;
}

/* What the role is to be, against what the actor is. Permissions that it has already may stay. */
static enum storage_status judge_after(struct work *work)
{
    const struct access_grant *actor = work->deed->actor.grant;
    perm_set added = work->after.permissions & ~work->before.permissions & ~actor->permissions;
    if (work->after.rank < 1 || work->after.rank >= actor->role.rank)
        return refuse(work, ROLE_RANK_ABOVE);
    if (!added)
        return STORAGE_OK;
    work->deed->permission = perm_set_first(added);
    return refuse(work, ROLE_PERMISSION_ABOVE);
}

/* Finds the role and whether the actor may touch it at all. */
static enum storage_status judge_before(struct db_conn *conn, struct work *work)
{
    int64_t id = work->deed->role.id;
    const struct role *system = role_by_id(id);
    if (system)
        return refuse(work,
                      role_is_given(system, work->deed->tenant->is_root) ? ROLE_IS_SYSTEM : ROLE_UNKNOWN);
    enum storage_status status =
        custom_role_by_id(conn, work->arena, work->deed->tenant->id, id, &work->before);
    if (status == STORAGE_DONE)
        return refuse(work, ROLE_UNKNOWN);
    if (status != STORAGE_ROW)
        return status;
    return work->before.rank < work->deed->actor.grant->role.rank ? STORAGE_OK : refuse(work, ROLE_ABOVE);
}

/* ---- writing down ---- */

static struct str describe(struct arena *arena, const struct custom_role *role)
{
    cJSON *json = json_new_object();
    json_add_str(json, "slug", role->slug);
    json_add_str(json, "name", role->name);
    json_add_str(json, "description", role->description);
    json_add_int(json, "rank", role->rank);
    json_add_str(json, "permissions", permission_set_write(arena, role->permissions));
    return json_print(arena, json);
}

/* A role with id 0 is none. */
static enum storage_status write_down(struct db_conn *conn, struct work *work, const char *action)
{
    const struct role_deed *deed = work->deed;
    const struct custom_role *role = work->after.id ? &work->after : &work->before;
    struct audit_event event = {
        .tenant_id = deed->tenant->id,
        .action = action,
        .target_kind = "role",
        .target_id = role->id,
        .target_name = role->slug,
    };
    if (work->before.id)
        event.before = describe(work->arena, &work->before);
    if (work->after.id)
        event.after = describe(work->arena, &work->after);
    return audit_append(conn, work->arena, &deed->actor.audit, &event, deed->now);
}

/* ---- the deeds ---- */

static enum storage_status create(struct db_conn *conn, void *context)
{
    struct work *work = context;
    struct role_deed *deed = work->deed;
    work->before = (struct custom_role){ 0 };
    work->after = deed->role;
    work->after.tenant_id = deed->tenant->id;
    work->after.created_at = work->after.updated_at = deed->now;
    enum storage_status status = judge_after(work);
    if (status == STORAGE_OK)
        status = team_lock(conn, deed->tenant->id);
    if (status == STORAGE_OK)
        status = role_by_slug(deed->role.slug) ? STORAGE_CONFLICT
                                               : custom_role_insert(conn, work->arena, &work->after);
    if (status == STORAGE_CONFLICT)
        return refuse(work, ROLE_SLUG_TAKEN);
    return status == STORAGE_OK ? write_down(conn, work, "role.created") : status;
}

static struct custom_role merged(const struct custom_role *before, const struct role_deed *deed)
{
    struct custom_role after = *before;
    if (deed->parts & ROLE_NAME)
        after.name = deed->role.name;
    if (deed->parts & ROLE_DESCRIPTION)
        after.description = deed->role.description;
    if (deed->parts & ROLE_RANK)
        after.rank = deed->role.rank;
    if (deed->parts & ROLE_PERMISSIONS)
        after.permissions = deed->role.permissions;
    after.updated_at = deed->now;
    return after;
}

static bool is_same(const struct custom_role *a, const struct custom_role *b)
{
    return str_equal(a->name, b->name) && str_equal(a->description, b->description) && a->rank == b->rank &&
           a->permissions == b->permissions;
}

static enum storage_status update(struct db_conn *conn, void *context)
{
    struct work *work = context;
    enum storage_status status = team_lock(conn, work->deed->tenant->id);
    if (status == STORAGE_OK)
        status = judge_before(conn, work);
    if (status != STORAGE_OK)
        return status;
    work->after = merged(&work->before, work->deed);
    status = judge_after(work);
    if (status != STORAGE_OK)
        return status;
    if (is_same(&work->before, &work->after)) {
        work->after = work->before;
        return STORAGE_OK;
    }
    status = custom_role_update(conn, work->arena, &work->after);
    return status == STORAGE_OK ? write_down(conn, work, "role.updated") : status;
}

static enum storage_status delete_unused(struct db_conn *conn, void *context)
{
    struct work *work = context;
    struct role_deed *deed = work->deed;
    enum storage_status status = team_lock(conn, deed->tenant->id);
    if (status == STORAGE_OK)
        status = judge_before(conn, work);
    if (status == STORAGE_OK)
        status = role_count_use(conn, deed->tenant->id, work->before.slug, deed->now, &deed->use);
    if (status != STORAGE_OK)
        return status;
    if (deed->use.members || deed->use.invitations)
        return refuse(work, ROLE_IN_USE);
    status = custom_role_delete(conn, deed->tenant->id, work->before.id);
    return status == STORAGE_OK ? write_down(conn, work, "role.deleted") : status;
}

static enum storage_status carry_out(struct db_conn *conn, struct arena *arena, struct role_deed *deed,
                                     db_tx_fn fn)
{
    struct work work = { .arena = arena, .deed = deed };
    deed->verdict = ROLE_DONE;
    json_use_arena(arena);
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, fn, &work);
    if (status != STORAGE_OK && status != STORAGE_DONE)
        return status;
    if (status == STORAGE_OK)
        deed->role = work.after.id ? work.after : work.before;
    return STORAGE_OK;
}

enum storage_status role_create(struct db_conn *conn, struct arena *arena, struct role_deed *deed)
{
    return carry_out(conn, arena, deed, create);
}

enum storage_status role_update(struct db_conn *conn, struct arena *arena, struct role_deed *deed)
{
    return carry_out(conn, arena, deed, update);
}

enum storage_status role_delete(struct db_conn *conn, struct arena *arena, struct role_deed *deed)
{
    return carry_out(conn, arena, deed, delete_unused);
}
