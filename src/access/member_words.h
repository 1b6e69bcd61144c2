/* What a member is found by: where words begin in their name and address (base/words.h). Table: member_words.
 *
 * The member's role and status stand with each word, so that a
 * search among those of a role is such a range as well; the database keeps them as the membership has them.
 */
#ifndef TETHER_ACCESS_MEMBER_WORDS_H
#define TETHER_ACCESS_MEMBER_WORDS_H

#include "storage/db.h"

/* Inside a write transaction, after a member joined. */
enum storage_status member_words_add(struct db_conn *conn, int64_t tenant_id, int64_t user_id);
/* The same after a user's name or address changed. */
enum storage_status member_words_write(struct db_conn *conn, int64_t tenant_id, int64_t user_id);

#endif
