/* Users: one identity per e-mail address, across all tenants. Table: users. */
#ifndef TETHER_IDENTITY_USER_H
#define TETHER_IDENTITY_USER_H

#include "storage/db.h"

enum user_status { USER_ACTIVE = 0, USER_DISABLED };

struct user {
    int64_t id;
    struct str email; /* as given */
    struct str name;
    struct str password_hash; /* never leaves identity/ */
    enum user_status status;
    int64_t created_at;          /* microseconds; seconds of it are in the crm id */
    int64_t password_changed_at; /* a rehash is no change */
};

/* ROW, DONE or a failure. */
enum storage_status user_by_id(struct db_conn *conn, struct arena *arena, int64_t id, struct user *ret);
enum storage_status user_by_email(struct db_conn *conn, struct arena *arena, struct str email,
                                  struct user *ret);
/* Inside a write transaction. password_hash: as password_hash() or a crypt(3) hash. CONFLICT: the address is
 * taken. */
enum storage_status user_insert(struct db_conn *conn, struct str email, struct str name,
                                struct str password_hash, int64_t now, int64_t *ret_id);
/* Inside a write transaction. Only if the stored hash still is `expected`: DONE when somebody else changed
 * it. */
enum storage_status user_set_password_hash(struct db_conn *conn, int64_t user_id, struct str expected,
                                           struct str password_hash, int64_t now);
/* Inside a write transaction that acts on a password which was verified before it began: OK while the user
 * still is active and has the password they had when `user` was read, else DONE. Hashing takes too long to
 * happen inside; a change that was answered meanwhile has ended every session, and none may follow it. */
enum storage_status user_confirm(struct db_conn *conn, const struct user *user);
/* Inside a write transaction: name and e-mail. CONFLICT: the address is another's. Whoever is a member
 * somewhere is then to be found by the new words (access/member_words.h). */
enum storage_status user_update(struct db_conn *conn, int64_t user_id, struct str email, struct str name,
                                int64_t now);
/* Inside a write transaction: the user with their memberships, sessions and tokens. */
enum storage_status user_delete(struct db_conn *conn, int64_t user_id);
/* The same password under a newer hash: as user_set_password_hash(), but the time of the last change stays.
 */
enum storage_status user_rehash_password(struct db_conn *conn, int64_t user_id, struct str expected,
                                         struct str password_hash, int64_t now);

#endif
