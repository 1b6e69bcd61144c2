/* Community members: people who come and go with a code of their own. They are no users and sign in to
 * nothing. Table: community_members. */
#ifndef TETHER_SPACES_COMMUNITY_H
#define TETHER_SPACES_COMMUNITY_H

#include "spaces/code.h"
#include "storage/db.h"

enum community_status { COMMUNITY_ACTIVE = 0, COMMUNITY_PAUSED, COMMUNITY_ENDED };
/* "active" … */
const char *community_status_name(enum community_status status);

struct community_member {
    int64_t id, tenant_id;
    struct str first_name, last_name;
    enum community_status status;
};

/* By the hash of their code. ROW, DONE or a failure. */
enum storage_status community_by_code(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                      const uint8_t hash[CODE_HASH_BYTES], struct community_member *ret);

/* Inside a write transaction: a new code, *ret_code in the arena (let it wipe); the one before is void. OK,
 * DONE when there is no such member, or a failure. */
enum storage_status community_new_code(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                       int64_t id, int64_t now, struct str *ret_code);

/* What strangers may see of a name: "Jane S."; of one whole name: its first word and the initial of its last.
 */
struct str name_in_short(struct arena *arena, struct str first, struct str last);
struct str whole_name_in_short(struct arena *arena, struct str name);

#endif
