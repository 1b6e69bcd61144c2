/* Sessions: what an access token stands for, and what a logout revokes. Table: sessions. */
#ifndef TETHER_IDENTITY_SESSION_H
#define TETHER_IDENTITY_SESSION_H

#include "identity/user.h"

struct session {
    int64_t id;
    int64_t user_id;
    int64_t tenant_id; /* the tenant it was issued for */
    struct str jti;    /* 128 random bits, hex */
    int64_t created_at, expires_at;
};

/* Inside a write transaction. Fills *ret. address, user_agent: for the list of sessions; cut to 200 bytes. */
enum storage_status session_insert(struct db_conn *conn, struct arena *arena, int64_t user_id,
                                   int64_t tenant_id, int64_t ttl_us, struct str address,
                                   struct str user_agent, int64_t now, struct session *ret);
/* The live session with its user in one query: ROW; DONE when it does not exist, is revoked or expired, its
 * jti differs, or its user is disabled; or a failure. */
enum storage_status session_load(struct db_conn *conn, struct arena *arena, int64_t id, struct str jti,
                                 int64_t now, struct session *ret, struct user *ret_user);
/* Inside a write transaction that acts on a session which was looked up before it began: OK while it is the
 * user's and live, else DONE. */
enum storage_status session_confirm(struct db_conn *conn, int64_t user_id, int64_t id, int64_t now);
/* A live session as its user sees it. */
struct session_view {
    int64_t id, tenant_id;
    struct str tenant_slug;
    struct str address, user_agent;
    int64_t created_at, expires_at;
};
typedef void (*session_view_fn)(void *context, const struct session_view *view);
/* The user's live sessions with an id below `below` (0: from the newest), newest first, at most `n`. OK or a
 * failure. */
enum storage_status session_list(struct db_conn *conn, struct arena *arena, int64_t user_id, int64_t below,
                                 int64_t n, int64_t now, session_view_fn fn, void *context);
/* Inside a write transaction: the user's own live session; DONE when they have none of that id. */
enum storage_status session_revoke_own(struct db_conn *conn, int64_t user_id, int64_t id, int64_t now);
/* Inside a write transaction. */
enum storage_status session_revoke(struct db_conn *conn, int64_t id, int64_t now);
/* Deletes up to `limit` sessions that expired or were revoked before `before`, in a transaction of its own:
 * OK with *ret how many, or a failure. What happened to them stays in the audit log. */
enum storage_status session_sweep(struct db_conn *conn, int64_t before, int64_t limit, int64_t *ret);
/* Inside a write transaction: all of the user's but `except` (0: all). */
enum storage_status session_revoke_others(struct db_conn *conn, int64_t user_id, int64_t except, int64_t now);
/* Inside a write transaction: all of the user's that were issued for the tenant. */
enum storage_status session_revoke_in_tenant(struct db_conn *conn, int64_t user_id, int64_t tenant_id,
                                             int64_t now);

#endif
