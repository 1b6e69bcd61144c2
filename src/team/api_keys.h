/* Deeds on a tenant's API tokens. Each is one transaction with its row in the audit log, and acts on the next
 * request of whoever bears the token.
 *
 * A scope is a permission. Nobody gives a token a scope that they lack, and what a token may do at any time
 * is what its scopes and its owner's permissions then have in common. A secret is given out only to the
 * token's owner, and never to a bearer of less than the token lets through: else a narrow token could be
 * turned into a wide one. A token's end and addresses bind what is done with it as well: it makes none, and
 * turns none into one, that would hold for longer or from elsewhere than itself. */
#ifndef TETHER_TEAM_API_KEYS_H
#define TETHER_TEAM_API_KEYS_H

#include "identity/api_token.h"
#include "team/team.h"

#define API_KEY_NAME_MAX      100 /* bytes */
#define API_KEY_ADDRESSES_MAX 20
#define API_KEY_RATE_MAX      1000000

enum api_key_verdict {
    API_KEY_DONE = 0,
    API_KEY_UNKNOWN,     /* no such token in this tenant */
    API_KEY_SCOPE_ABOVE, /* deed->scope: the actor lacks it */
    API_KEY_NOT_OWN,     /* to be rotated: somebody else's, or wider than the actor */
    API_KEY_LOOSER,      /* it would hold for longer, or from elsewhere, than the token at hand */
    API_KEY_NOT_A_MEMBER /* whoever is to own it has no say in the tenant (any more) */
};

enum api_key_part {
    API_KEY_NAME = 1u << 0,
    API_KEY_SCOPES = 1u << 1,
    API_KEY_EXPIRY = 1u << 2,
    API_KEY_ADDRESSES = 1u << 3,
    API_KEY_RATE = 1u << 4
};

struct api_key_deed {
    const struct tenant *tenant;
    struct team_actor actor; /* with the permissions of the token at hand, not of its bearer */
    perm_set actor_scopes;   /* of the token at hand; everything for a session */
    int64_t actor_token_id;  /* the API token at hand; 0: a session */
    /* What is to be. To create: its owner, name, expires_at, addresses and rate_limit, and `scopes`; to
     * update, the id and the parts that `parts` names; else the id. */
    struct api_token token;
    perm_set scopes;
    unsigned parts;
    int64_t overlap_us; /* rotate: how long the secret so far holds */
    int64_t now;

    /* Set when OK is answered. */
    enum api_key_verdict verdict;
    enum permission scope;
    struct str secret; /* create, rotate: in the arena, which should wipe */
    /* and `token` is the token as it is now, or was */
};

/* OK with deed->verdict, or a failure. `arena` becomes the thread's JSON arena. */
enum storage_status api_key_create(struct db_conn *conn, struct arena *arena, struct api_key_deed *deed);
enum storage_status api_key_update(struct db_conn *conn, struct arena *arena, struct api_key_deed *deed);
enum storage_status api_key_rotate(struct db_conn *conn, struct arena *arena, struct api_key_deed *deed);
enum storage_status api_key_revoke(struct db_conn *conn, struct arena *arena, struct api_key_deed *deed);

#endif
