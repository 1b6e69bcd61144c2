#include "team/team.h"

enum storage_status team_lock(struct db_conn *conn, int64_t tenant_id)
{
    /* An UPDATE locks the row in every engine; a SELECT … FOR UPDATE does not. */
    return db_exec(conn, "UPDATE tenants SET updated_at = updated_at WHERE id = $1",
                   DB_ARGS(db_int(tenant_id)), NULL);
}
