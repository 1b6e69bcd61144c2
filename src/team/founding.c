#include "team/founding.h"

#include "access/membership.h"
#include "base/json.h"

struct work {
    struct db_conn *conn;
    struct arena *arena;
    struct founding *founding;
};

/* The first of a tenant's members has everything in it. */
static const char *owner_role(const struct founding *founding)
{
    return founding->row.is_root ? "superadmin" : "owner";
}

/* DONE with the verdict set. */
static enum storage_status refuse(struct founding *founding, enum founding_verdict verdict)
{
    founding->verdict = verdict;
    return STORAGE_DONE;
}

static enum storage_status confirm_owner(struct work *work)
{
    struct founding *founding = work->founding;
    if (!founding->owner || !founding->owner->id)
        return STORAGE_OK;
    enum storage_status status = user_confirm(work->conn, founding->owner);
    return status == STORAGE_DONE ? refuse(founding, FOUNDING_OWNER_OUTDATED) : status;
}

static enum storage_status insert_tenant(struct work *work)
{
    struct founding *founding = work->founding;
    const struct tenant_new *row = &founding->row;
    founding->tenant = (struct tenant){
        .slug = row->slug,
        .name = row->name,
        .plan = row->plan,
        .is_root = row->is_root,
        .logo_url = row->logo_url,
        .accent_colour = row->accent_colour,
    };
    enum storage_status status = tenant_insert(work->conn, row, &founding->tenant.id);
    return status == STORAGE_CONFLICT ? refuse(founding, FOUNDING_SLUG_TAKEN) : status;
}

static enum storage_status insert_domains(struct work *work)
{
    struct founding *founding = work->founding;
    enum storage_status status = STORAGE_OK;
    for (size_t i = 0; status == STORAGE_OK && i < founding->domain_count; i++) {
        founding->domain = founding->domains[i];
        struct tenant_domain domain = { founding->tenant.id, founding->row.slug, founding->domain };
        status = tenant_add_domain(work->conn, founding->config, &domain);
    }
    if (status == STORAGE_CONFLICT)
        return refuse(founding, FOUNDING_DOMAIN_TAKEN);
    return status == STORAGE_DONE ? refuse(founding, FOUNDING_DOMAIN_OTHERS) : status;
}

static enum storage_status insert_owner(struct work *work)
{
    struct founding *founding = work->founding;
    const struct user *owner = founding->owner;
    founding->owner_id = owner ? owner->id : 0;
    if (!owner)
        return STORAGE_OK;
    enum storage_status status =
        plan_take(work->conn, founding->config, &founding->tenant, "users", 1, &founding->refusal);
    if (status == STORAGE_DONE)
        return refuse(founding, FOUNDING_PLAN_FULL);
    if (status == STORAGE_OK && !owner->id)
        status = user_insert(work->conn, owner->email, owner->name, owner->password_hash, founding->now,
                             &founding->owner_id);
    if (status == STORAGE_CONFLICT)
        return refuse(founding, FOUNDING_ADDRESS_TAKEN);
    return status == STORAGE_OK ? membership_insert(work->conn, founding->tenant.id, founding->owner_id,
                                                    str_of(owner_role(founding)), founding->now)
                                : status;
}

/* ---- what is written down ---- */

static struct str describe_tenant(struct work *work)
{
    const struct founding *founding = work->founding;
    cJSON *json = json_new_object();
    json_add_str(json, "slug", founding->row.slug);
    json_add_str(json, "plan", founding->row.plan);
    cJSON *domains = founding->domain_count ? json_add_array(json, "domains") : NULL;
    for (size_t i = 0; i < founding->domain_count; i++)
        json_add_str(domains, NULL, founding->domains[i]);
    return json_print(work->arena, json);
}

/* Whoever founds a tenant for themselves is its owner. */
static struct audit_actor actor_of(const struct founding *founding)
{
    struct audit_actor actor = founding->actor;
    if (actor.kind == AUDIT_ANONYMOUS && founding->owner) {
        actor.kind = AUDIT_USER;
        actor.id = founding->owner_id;
        actor.name = founding->owner->email;
    }
    return actor;
}

static enum storage_status audit_tenant(struct work *work)
{
    const struct founding *founding = work->founding;
    struct audit_actor actor = actor_of(founding);
    struct audit_event event = { .tenant_id = founding->tenant.id,
                                 .action = "tenant.created",
                                 .target_kind = "tenant",
                                 .target_id = founding->tenant.id,
                                 .target_name = founding->row.name,
                                 .after = describe_tenant(work) };
    return audit_append(work->conn, work->arena, &actor, &event, founding->now);
}

static enum storage_status audit_owner(struct work *work)
{
    const struct founding *founding = work->founding;
    if (!founding->owner)
        return STORAGE_OK;
    const char *created = founding->actor.kind == AUDIT_ANONYMOUS ? "user.registered" : "user.created";
    struct audit_actor actor = actor_of(founding);
    struct audit_event event = { .tenant_id = founding->tenant.id,
                                 .action = founding->owner->id ? "member.added" : created,
                                 .target_kind = "user",
                                 .target_id = founding->owner_id,
                                 .target_name = founding->owner->email,
                                 .after =
                                     arena_printf(work->arena, "{\"role\":\"%s\"}", owner_role(founding)) };
    return audit_append(work->conn, work->arena, &actor, &event, founding->now);
}

static enum storage_status do_also(struct work *work)
{
    struct founding *founding = work->founding;
    enum storage_status status = founding->also ? founding->also(work->conn, founding->context) : STORAGE_OK;
    founding->also_refused = status == STORAGE_DONE;
    return status;
}

static enum storage_status run(struct db_conn *conn, void *context)
{
    static enum storage_status (*const steps[])(struct work *) = {
        confirm_owner, insert_tenant, insert_domains, insert_owner, audit_tenant, audit_owner, do_also,
    };
    struct work *work = context;
    work->conn = conn;
    work->founding->verdict = FOUNDED;
    work->founding->also_refused = false;
    enum storage_status status = STORAGE_OK;
    for (size_t i = 0; status == STORAGE_OK && i < sizeof steps / sizeof steps[0]; i++)
        status = steps[i](work);
    return status;
}

enum storage_status tenant_found(struct db_conn *conn, struct arena *arena, struct founding *founding)
{
    struct work work = { .arena = arena, .founding = founding };
    json_use_arena(arena);
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, run, &work);
    return status == STORAGE_DONE ? STORAGE_OK : status;
}
