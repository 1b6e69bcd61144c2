/* Invitations: a state machine over the table invitations.
 *
 *     pending ──► accepted      by its link, once
 *        ├─────► cancelled      by somebody of the team
 *        ├─────► superseded     by a newer one for the same address: sent again, or anew after it expired
 *        └─────► expired        by time alone; not written down
 *
 * There is one pending invitation for an address in a tenant, by a unique index. The token is the key: only
 * its hash is stored, so that a link is known when it is made and never again. Deeds of one tenant happen one
 * after the other (team_lock()), each in one transaction with its mail and its row in the audit log. */
#ifndef TETHER_TEAM_INVITATION_H
#define TETHER_TEAM_INVITATION_H

#include "identity/user.h"
#include "team/team.h"

enum invitation_state {
    INVITATION_PENDING = 0,
    INVITATION_ACCEPTED,
    INVITATION_CANCELLED,
    INVITATION_SUPERSEDED,
    INVITATION_EXPIRED
};
/* "pending" … */
const char *invitation_state_name(enum invitation_state state);

struct invitation {
    int64_t id, tenant_id;
    struct str email; /* as given */
    struct str role;  /* slug */
    enum invitation_state state;
    int64_t inviter_id;                     /* 0: gone */
    struct str inviter_name, inviter_email; /* empty when gone */
    int64_t created_at, expires_at;
};

/* ROW, DONE or a failure. */
enum storage_status invitation_by_id(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t id,
                                     int64_t now, struct invitation *ret);
/* By the text of its token, whatever its state; looking changes nothing. A text that is no invitation's token
 * is DONE without a look-up. */
enum storage_status invitation_by_token(struct db_conn *conn, struct arena *arena, struct str token,
                                        int64_t now, struct invitation *ret);
/* The pending ones, newest first: those with an id below `before` (0: from the newest), at most `limit`; *ret
 * in the arena. OK or a failure. */
enum storage_status invitation_list(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                    int64_t before, int64_t limit, int64_t now, struct invitation **ret,
                                    size_t *ret_n);

/* ---- the team's deeds ---- */

enum invite_verdict {
    INVITE_DONE = 0,
    INVITE_UNKNOWN,        /* no such invitation in this tenant */
    INVITE_NOT_OPEN,       /* it was decided; deed->invitation.state says how */
    INVITE_ROLE_UNKNOWN,   /* no such role to give */
    INVITE_ROLE_ABOVE,     /* of a higher rank than the actor, or may do more */
    INVITE_MEMBER_ALREADY, /* suspended ones included */
    INVITE_PENDING_ALREADY
};

struct invite_deed {
    const struct config *config;
    const struct tenant *tenant;
    struct team_actor actor;
    struct str actor_name; /* as the mail says who invites */
    struct str link_base;  /* "https://acme.example.com/invite/" */
    int64_t id;            /* resend, cancel: which */
    struct str email;      /* send: text_is_email() */
    struct str role;       /* send: the slug */
    int64_t now;

    /* Set when OK is answered. */
    enum invite_verdict verdict;
    struct invitation invitation; /* as it is now; after a resend the new one */
    struct str link;              /* send, resend */
};

/* OK with deed->verdict, or a failure. The arena holds the link: let it wipe. */
enum storage_status invitation_send(struct db_conn *conn, struct arena *arena, struct invite_deed *deed);
/* The same inside the caller's write transaction, which is to end when it is DONE: refused, deed->verdict says
 * why. */
enum storage_status invitation_send_in(struct db_conn *conn, struct arena *arena, struct invite_deed *deed);
/* A new link for a pending or expired one; the earlier one is superseded and its unsent mail dropped. It
 * needs the right to give the role: whoever sends a link has seen it. */
enum storage_status invitation_resend(struct db_conn *conn, struct arena *arena, struct invite_deed *deed);
enum storage_status invitation_cancel(struct db_conn *conn, struct arena *arena, struct invite_deed *deed);

/* ---- accepting ---- */

enum accept_verdict {
    ACCEPT_DONE = 0,
    ACCEPT_NOT_OPEN, /* decided meanwhile; acceptance->state says how */
    ACCEPT_ROLE_GONE,
    ACCEPT_PLAN_FULL,     /* acceptance->refusal says more */
    ACCEPT_ADDRESS_TAKEN, /* somebody registered it meanwhile */
    ACCEPT_MEMBER_ALREADY,
    ACCEPT_USER_OUTDATED /* a known user was disabled or given another password meanwhile */
};

struct acceptance {
    const struct config *config;
    const struct tenant *tenant;
    const struct invitation *invitation;
    struct user user; /* who joins, as read; id 0: to be created, with e-mail, name and password_hash */
    struct audit_actor from; /* address and request id; the rest is filled in */
    int64_t now;
    db_tx_fn also; /* runs at the end of the transaction, after user.id is known */
    void *context;

    /* Set when OK is answered. */
    enum accept_verdict verdict;
    enum invitation_state state;
    struct plan_refusal refusal;
    struct tenant_role role;
};
/* User, membership, seat, invitation, audit row and `also`, all or nothing. OK with acceptance->verdict, or a
 * failure. Who may accept (the address is theirs) was settled before. */
enum storage_status invitation_accept(struct db_conn *conn, struct arena *arena,
                                      struct acceptance *acceptance);

#endif
