/* Imports of files that are larger than one request: they come in parts, wait, and are run by one node in the
 * background (runner.h). Tables: imports, import_parts, import_leases. */
#ifndef TETHER_RECORDS_UPLOAD_H
#define TETHER_RECORDS_UPLOAD_H

#include "base/clock.h"
#include "records/file.h"

#define UPLOAD_BYTES_MAX (INT64_C(256) << 20)
#define UPLOAD_PARTS_MAX 100000
#define UPLOADS_OPEN_MAX 5 /* of one tenant, that are not over or have their parts still */
#define UPLOAD_LEFT_US   (INT64_C(3600) * CLOCK_SECOND) /* after which one that nobody touches may give way */

struct upload {
    int64_t id, tenant_id, user_id;
    struct str kind, status; /* "assets"; uploading, queued, running, done, failed */
    int64_t bytes, received;
    enum record_existing existing;
    bool is_dry;
    int64_t claimed_until; /* by whom: no two claims of an import have the same */
    int64_t attempts;      /* after upload_claim(): how often it was begun since it was queued */
    struct audit_actor actor;
    int64_t created, updated, skipped;
    struct str detail, errors; /* why it failed; at == NULL: it did not. errors: a JSON array */
    int64_t created_at, updated_at;
};

/* Each runs in a transaction of its own unless it says otherwise. OK, or DONE with *ret_why, a sentence, when
 * it is refused; *ret_why NULL: there is no such import. */

enum storage_status upload_open(struct db_conn *conn, const struct record_caller *caller, struct str kind,
                                int64_t bytes, struct upload *ret, const char **ret_why);
/* Part n, from 1; sent again it replaces what was there. */
enum storage_status upload_part(struct db_conn *conn, const struct record_caller *caller, int64_t id,
                                int64_t n, struct str data, const char **ret_why);
enum storage_status upload_queue(struct db_conn *conn, const struct record_caller *caller, int64_t id,
                                 enum record_existing existing, bool is_dry, struct upload *ret,
                                 const char **ret_why);
/* Whatever its state: one that runs ends without having written anything, unless it is done by then. */
enum storage_status upload_remove(struct db_conn *conn, const struct record_caller *caller, int64_t id,
                                  const char **ret_why);

/* ROW with *ret in the arena, DONE or a failure. */
enum storage_status upload_find(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t id,
                                struct upload *ret);

/* ---- for the runner ---- */

/* ROW with one that waits, or whose runner did not come back in time; it is this node's until then, and
 * longer with upload_renew(). */
enum storage_status upload_claim(struct db_conn *conn, struct arena *arena, int64_t now, int64_t until,
                                 struct upload *ret);
/* A claim that is lost, or whose import was deleted: DONE. It never meets the transaction of upload_end(). */
enum storage_status upload_renew(struct db_conn *conn, const struct upload *upload, int64_t until);
/* Inside a write transaction: how it ended. DONE when it is no longer this node's. */
enum storage_status upload_end(struct db_conn *conn, const struct upload *upload, int64_t now);
/* Gives it back to whoever comes next. */
enum storage_status upload_release(struct db_conn *conn, const struct upload *upload);
/* All that run: only where one process owns the data, for what its predecessor left behind. */
enum storage_status upload_release_all(struct db_conn *conn);
/* Deletes what nobody touched since `before` and that neither waits nor runs, up to `max` of them. */
enum storage_status upload_sweep(struct db_conn *conn, int64_t before, int64_t max, int64_t *ret_n);

#endif
