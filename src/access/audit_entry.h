/* The columns of an audit row as a query selects them, and the reader that goes with them. Private to
 * access/.
 */
#ifndef TETHER_ACCESS_AUDIT_ENTRY_H
#define TETHER_ACCESS_AUDIT_ENTRY_H

#include "access/audit_log.h"

#define AUDIT_ENTRY_COLUMNS                                                                                  \
    "tenant_id, seq, at, action, actor_kind, actor_id, actor_name, target_kind, target_id, target_name, "    \
    "before_json, after_json, address, request_id, hash"

void audit_entry_read(struct db_rows *rows, struct arena *arena, struct audit_entry *ret);

/* Where a tenant's chain begins and ends. */
struct audit_ends {
    int64_t seq, first_seq;
    struct str hash, first_hash;
};
/* ROW, DONE (no row was ever written) or a failure. */
enum storage_status audit_ends_find(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                    struct audit_ends *ret);

#endif
