/* Founding a tenant: its row, its domains and its first owner in one transaction, with their rows in its
 * audit log. Registration, the operator's staff and the command line all found by this. */
#ifndef TETHER_TEAM_FOUNDING_H
#define TETHER_TEAM_FOUNDING_H

#include "access/audit.h"
#include "identity/user.h"
#include "tenancy/tenant.h"

#define FOUNDING_PLAN "free" /* where nobody names another */

enum founding_verdict {
    FOUNDED = 0,
    FOUNDING_SLUG_TAKEN,
    FOUNDING_DOMAIN_TAKEN,   /* founding->domain belongs to a tenant */
    FOUNDING_DOMAIN_OTHERS,  /* founding->domain is the operator's or, by the configuration, another tenant's
                              */
    FOUNDING_ADDRESS_TAKEN,  /* the owner's, by somebody who registered meanwhile */
    FOUNDING_OWNER_OUTDATED, /* a known owner was disabled or given another password meanwhile */
    FOUNDING_PLAN_FULL       /* founding->refusal: the plan has no seat for an owner */
};

struct founding {
    const struct config *config;
    struct tenant_new row;
    const struct str *domains; /* canonical (tenancy/host.h) */
    size_t domain_count;
    /* NULL: nobody yet. As read from the database; id 0: to be created, with e-mail, name and password_hash.
     */
    const struct user *owner; /* its owner; a root tenant's superadmin */
    struct audit_actor actor; /* AUDIT_ANONYMOUS: the owner founds it themselves */
    int64_t now;
    db_tx_fn
        also; /* runs at the end of the transaction, once `tenant` and `owner_id` are known; DONE: refused */
    void *context;

    /* Set when OK is answered. */
    enum founding_verdict verdict;
    bool also_refused;
    struct tenant tenant; /* but the time of its creation */
    int64_t owner_id;
    struct str domain;
    struct plan_refusal refusal;
};

/* OK with founding->verdict, or also_refused; or a failure. `arena` becomes the thread's JSON arena. */
enum storage_status tenant_found(struct db_conn *conn, struct arena *arena, struct founding *founding);

#endif
