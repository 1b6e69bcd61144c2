/* API tokens: a user's long-lived keys for programs, in one tenant, each narrower than the user. Table:
 * api_tokens. docs/api-tokens.md says more.
 *
 * Only the SHA-256 of a secret is stored. Who may make and change them is judged in team/api_keys.h; who
 * bears one, in principal.h. */
#ifndef TETHER_IDENTITY_API_TOKEN_H
#define TETHER_IDENTITY_API_TOKEN_H

#include "identity/user.h"

#define API_TOKEN_HASH_BYTES 32
/* Bytes of a secret that are shown again later, so that its owner knows it. 8 random characters at most. */
#define API_TOKEN_PREFIX_BYTES 12

struct api_token {
    int64_t id, tenant_id;
    int64_t user_id; /* whose it is */
    struct str name;
    struct str prefix;    /* of the secret that was given out last */
    struct str scopes;    /* names of permissions, one space between */
    struct str addresses; /* addresses and CIDR blocks, one space between; empty: from anywhere */
    int64_t rate_limit;   /* requests per minute; 0: none of its own */
    int64_t expires_at;   /* 0: never */
    int64_t old_until;    /* how long the secret before the last rotation holds; 0: it does not */
    int64_t last_used_at; /* 0: not yet */
    int64_t created_at, updated_at;
    struct str owner_name, owner_email;
};

/* A new secret (in the arena, which should wipe), its hash, and token->prefix. */
struct str api_token_secret(struct arena *arena, struct api_token *token,
                            uint8_t ret_hash[API_TOKEN_HASH_BYTES]);

/* What SUBJECT_API_TOKEN says about a secret: that there is one now. */
int64_t api_token_subject(const uint8_t hash[API_TOKEN_HASH_BYTES]);

/* ROW, DONE or a failure. */
enum storage_status api_token_by_id(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t id,
                                    struct api_token *ret);
/* The tenant's, newest first: those with an id below `below` (0: from the newest), at most `limit`; *ret in
 * the arena. OK or a failure. */
enum storage_status api_token_list(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                   int64_t below, int64_t limit, struct api_token **ret, size_t *ret_n);
/* Whose token has this secret, the present or the former one: ROW, DONE (nobody's) or a failure. */
enum storage_status api_token_owner(struct db_conn *conn, const uint8_t hash[API_TOKEN_HASH_BYTES],
                                    int64_t *ret_user_id);
/* The token with its user, whatever has expired. *ret_is_old: it is the former secret. ROW, DONE or a
 * failure. */
enum storage_status api_token_by_secret(struct db_conn *conn, struct arena *arena,
                                        const uint8_t hash[API_TOKEN_HASH_BYTES], struct api_token *ret,
                                        struct user *ret_user, bool *ret_is_old);

/* The rest inside a write transaction. What takes away or narrows acts on the next request. */

/* Fills token->id. */
enum storage_status api_token_insert(struct db_conn *conn, struct api_token *token,
                                     const uint8_t hash[API_TOKEN_HASH_BYTES]);
/* Name, scopes, addresses, limit and expiry. OK or a failure. */
enum storage_status api_token_update(struct db_conn *conn, const struct api_token *token);
/* Another secret, with token->prefix; the present one holds until token->old_until (0: it ends now), and the
 * one before that ends. OK or a failure. */
enum storage_status api_token_rotate(struct db_conn *conn, const struct api_token *token,
                                     const uint8_t hash[API_TOKEN_HASH_BYTES]);
enum storage_status api_token_delete(struct db_conn *conn, const struct api_token *token);
/* All of a user's in a tenant. */
enum storage_status api_token_delete_in_tenant(struct db_conn *conn, int64_t user_id, int64_t tenant_id);

/* When tokens were used (group: the tenant), each unless it is known that it was used later. OK or a failure,
 * in a transaction of its own. */
struct recent_item;
enum storage_status api_token_write_uses(struct db_conn *conn, const struct recent_item *items, size_t n);

#endif
