/* The audit log: who did what to what, when, from where. Append-only; rows of a tenant form a hash chain, so
 * that a changed or missing row is found (audit_verify()). Tables: audit_log, audit_heads. docs/audit.md says
 * more. */
#ifndef TETHER_ACCESS_AUDIT_H
#define TETHER_ACCESS_AUDIT_H

#include "storage/db.h"

enum audit_actor_kind {
    AUDIT_ANONYMOUS = 0,
    AUDIT_USER,
    AUDIT_API_TOKEN,
    AUDIT_DEVICE,
    AUDIT_CLI,
    AUDIT_SYSTEM,
    AUDIT_ACTOR_KIND_COUNT
};
/* "anonymous", "user", "api_token", "device", "cli", "system". */
const char *audit_actor_kind_name(enum audit_actor_kind kind);

struct audit_actor {
    enum audit_actor_kind kind;
    int64_t id;         /* of the user, token or device; 0 for none */
    struct str name;    /* the address of a user, the name of a token; what an anonymous one claimed to be */
    struct str address; /* network address; empty for the CLI */
    struct str request_id; /* empty for the CLI */
};

struct audit_event {
    int64_t tenant_id;
    const char *action;      /* "member.role_changed": thing.deed, a row of audit_actions.def */
    const char *target_kind; /* "user", "invitation", "role", "tenant", "session" … */
    int64_t target_id;       /* 0: none */
    struct str target_name;
    struct str before, after; /* JSON objects; at == NULL: none. Never a secret. */
};

/* Inside the deed's own write transaction, as its last statement: it locks the tenant's chain until the
 * transaction ends. */
enum storage_status audit_append(struct db_conn *conn, struct arena *arena, const struct audit_actor *actor,
                                 const struct audit_event *event, int64_t now);

/* The table of actions, for docs and checks: *ret_n rows. */
struct audit_action {
    const char *name;
    const char *target_kind;
    const char *help; /* what happened */
};
const struct audit_action *audit_actions(size_t *ret_n);

#endif
