#include "records/runner.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json_write.h"
#include "base/log.h"
#include "base/worker.h"
#include "records/kinds.h"

#define IDLE_MS    1000
#define AWAY_MS    5000
#define RENEW_US   (5 * CLOCK_SECOND)
#define RENEW_MS   5000                 /* how long renewing may take */
#define REST_US    (600 * CLOCK_SECOND) /* after a failure that trying again soon would not mend */
#define ATTEMPTS   5
#define ERRORS_MAX ((size_t)1 << 20)

/* One runs at a time in a process. */
static _Atomic int64_t running_id;
static struct record_progress progress;

bool import_progress(int64_t id, int64_t *ret_checked, int64_t *ret_written)
{
    *ret_checked = atomic_load(&progress.checked);
    *ret_written = atomic_load(&progress.written);
    return atomic_load(&running_id) == id;
}

/* ---- one import ---- */

struct job {
    const struct config *config;
    struct arena *arena, *part; /* part: of the one that is being read */
    struct upload upload;
    struct tenant tenant;
};

static enum storage_status next_part(struct db_conn *conn, void *context, size_t n, struct str *ret)
{
    DB_ROWS(rows);
    struct job *job = context;
    if (job->part)
        arena_free(&job->part);
    job->part = arena_new(0);
    enum storage_status status = db_first(
        conn, &rows, "SELECT data FROM import_parts WHERE tenant_id = $1 AND import_id = $2 AND n = $3",
        DB_ARGS(db_int(job->upload.tenant_id), db_int(job->upload.id), db_int((int64_t)n + 1)));
    if (status == STORAGE_ROW)
        *ret = db_col_blob(&rows, 0, job->part);
    return status;
}

static struct str lines_of(struct arena *arena, const struct violations *errors)
{
    struct buf out;
    buf_init(&out, arena, ERRORS_MAX);
    buf_add_char(&out, '[');
    for (size_t i = 0; i < errors->n; i++) {
        const struct violation *error = &errors->at[i];
        buf_printf(&out, "%s{\"line\":%lld,", i ? "," : "", (long long)error->line);
        if (error->field) {
            buf_add(&out, STR("\"field\":"));
            json_write_str(&out, str_of(error->field));
            buf_add_char(&out, ',');
        }
        buf_add(&out, STR("\"message\":"));
        json_write_str(&out, error->text);
        buf_add_char(&out, '}');
    }
    buf_add_char(&out, ']');
    return out.overflow ? STR("[]") : buf_str(&out);
}

static struct str detail_of(struct arena *arena, const struct record_import *import)
{
    if (import->verdict == RECORD_INVALID)
        return record_import_detail(arena, import);
    if (import->verdict == RECORD_LIMIT)
        return arena_printf(
            arena,
            "The plan allows %lld %s, and %lld are used: there is no room for %lld more. Remove "
            "some, or ask for a larger plan.",
            (long long)import->plan.max, import->plan.limit, (long long)import->plan.used,
            (long long)import->created);
    return str_of(import->sentence ? import->sentence : "The file cannot be imported.");
}

static void fill_in(struct job *job, const struct record_import *import)
{
    bool is_done = import->verdict == RECORD_DONE;
    job->upload.status = is_done ? STR("done") : STR("failed");
    job->upload.created = is_done ? import->created : 0;
    job->upload.updated = is_done ? import->updated : 0;
    job->upload.skipped = is_done ? import->skipped : 0;
    job->upload.detail = is_done ? STR_NONE : detail_of(job->arena, import);
    job->upload.errors = is_done ? STR_NONE : lines_of(job->arena, &import->errors);
}

/* In the transaction that writes the records: they are there if and only if it says so. */
static enum storage_status finish(struct db_conn *conn, void *context, const struct record_import *import)
{
    struct job *job = context;
    fill_in(job, import);
    return upload_end(conn, &job->upload, clock_now());
}

static enum storage_status end_unwritten(struct db_conn *conn, void *context)
{
    const struct job *job = context;
    return upload_end(conn, &job->upload, clock_now());
}

/* An import may wait; what was taken from its user meanwhile holds for it, too. */
static enum storage_status check_right(struct db_conn *conn, struct job *job, struct record_import *import)
{
    struct access_grant grant;
    enum storage_status status = access_decide(conn, job->arena, &job->tenant, job->upload.user_id, &grant);
    if (status != STORAGE_OK)
        return status;
    bool edits = job->upload.existing == RECORD_EXISTING_UPDATE;
    if (grant.verdict == ACCESS_OK && perm_set_has(grant.permissions, PERM_ASSETS_IMPORT) &&
        (!edits || perm_set_has(grant.permissions, PERM_ASSETS_EDIT)))
        return STORAGE_OK;
    import->verdict = RECORD_FORBIDDEN;
    import->sentence = "Whoever asked for this import may no longer do so.";
    return STORAGE_OK;
}

/* What takes the process with it, or outlasts the database's patience, is not begun for ever. */
static enum storage_status check_attempts(struct db_conn *conn, struct job *job, struct record_import *import)
{
    if (job->upload.attempts <= ATTEMPTS)
        return check_right(conn, job, import);
    import->verdict = RECORD_CONFLICT;
    import->sentence = "The import broke off five times and is not begun again.";
    return STORAGE_OK;
}

static enum storage_status run_job(struct db_conn *conn, struct job *job, int64_t now)
{
    struct record_caller caller = { .arena = job->arena,
                                    .config = job->config,
                                    .tenant = &job->tenant,
                                    .user_id = job->upload.user_id,
                                    .audit = job->upload.actor,
                                    .now = now };
    struct record_import import = { .kind = &record_asset,
                                    .caller = &caller,
                                    .existing = job->upload.existing,
                                    .is_dry = job->upload.is_dry,
                                    .source = next_part,
                                    .context = job,
                                    .progress = &progress,
                                    .finish = finish };
    enum storage_status status = tenant_by_id(conn, job->arena, job->upload.tenant_id, &job->tenant);
    if (status == STORAGE_ROW)
        status = check_attempts(conn, job, &import);
    if (status == STORAGE_OK && import.verdict == RECORD_DONE)
        status = record_import(conn, &import);
    if (status == STORAGE_DONE)
        return upload_release(conn, &job->upload); /* stopped, or no longer ours */
    if (status != STORAGE_OK || (import.verdict == RECORD_DONE && !import.is_dry))
        return status;
    fill_in(job, &import);
    status = db_transaction(conn, STORAGE_WRITE, end_unwritten, job);
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

/* ---- the lease ---- */

/* Renews the claim on a thread of its own, since the import's is in one transaction for as long as it takes.
 * On SQLite that transaction keeps this one waiting, and every other claim with it. */
struct keeper {
    struct worker worker;
    struct db_conn *conn;
    const struct upload *upload;
    int64_t until;
};

static int64_t renew(void *context)
{
    struct keeper *keeper = context;
    int64_t now = clock_now(), due = keeper->until - IMPORT_LEASE_US + RENEW_US;
    if (now < due)
        return (due - now) / 1000 + 1;
    db_set_deadline(keeper->conn, clock_monotonic_ms() + RENEW_MS);
    enum storage_status status = upload_renew(keeper->conn, keeper->upload, now + IMPORT_LEASE_US);
    if (status == STORAGE_OK)
        keeper->until = now + IMPORT_LEASE_US;
    if (status == STORAGE_DONE)
        atomic_store(&progress.is_lost, true);
    return RENEW_US / 1000;
}

static enum storage_status run_kept(struct db *db, struct db_conn *conn, struct job *job, int64_t now)
{
    struct keeper keeper = { .conn = db_connect(db),
                             .upload = &job->upload,
                             .until = job->upload.claimed_until };
    atomic_store(&progress.is_lost, false);
    worker_start(&keeper.worker, "import lease", renew, &keeper);
    enum storage_status status = run_job(conn, job, now);
    worker_stop(&keeper.worker);
    db_disconnect(&keeper.conn);
    if (status == STORAGE_FULL || status == STORAGE_ERROR || status == STORAGE_INVALID)
        upload_renew(conn, &job->upload, clock_now() + REST_US);
    return status;
}

enum storage_status import_run_one(const struct config *config, struct db *db, struct db_conn *conn,
                                   int64_t now)
{
    struct job job = { .config = config, .arena = arena_new(0) };
    enum storage_status status = upload_claim(conn, job.arena, now, now + IMPORT_LEASE_US, &job.upload);
    if (status == STORAGE_ROW) {
        atomic_store(&progress.checked, 0);
        atomic_store(&progress.written, 0);
        atomic_store(&running_id, job.upload.id);
        status = run_kept(db, conn, &job, now);
        atomic_store(&running_id, 0);
        status = status == STORAGE_OK ? STORAGE_ROW : status;
    }
    if (job.part)
        arena_free(&job.part);
    arena_free(&job.arena);
    return status;
}

/* ---- the thread ---- */

struct import_runner {
    struct worker worker;
    const struct walk *walk;
    struct db *db;
    struct db_conn *conn;
    bool is_alone; /* nobody else uses the data, and what was left running is still to be taken up */
    bool is_away;
};

static enum storage_status take_up(struct import_runner *runner)
{
    enum storage_status status = runner->is_alone ? upload_release_all(runner->conn) : STORAGE_OK;
    if (status == STORAGE_OK)
        runner->is_alone = false;
    return status;
}

static void report_change(struct import_runner *runner, bool is_away)
{
    if (is_away && !runner->is_away)
        log_event(LOG_WARN, "imports cannot be run", LOG_Z("error", db_error(runner->conn)));
    if (!is_away && runner->is_away)
        log_event(LOG_INFO, "imports are run again");
    runner->is_away = is_away;
}

static int64_t run_next(void *context)
{
    struct import_runner *runner = context;
    enum storage_status status = take_up(runner);
    if (status == STORAGE_OK)
        status = import_run_one(walk_config(runner->walk), runner->db, runner->conn, clock_now());
    report_change(runner, status != STORAGE_ROW && status != STORAGE_DONE);
    if (status == STORAGE_ROW)
        return 0;
    return runner->is_away ? AWAY_MS : IDLE_MS;
}

static void release(struct import_runner **runner)
{
    db_disconnect(&(*runner)->conn);
    free(*runner);
    *runner = NULL;
}

struct import_runner *import_runner_start(const struct walk *walk, struct db *db)
{
    struct import_runner *runner = calloc(1, sizeof *runner);
    if (!runner)
        abort();
    runner->walk = walk;
    runner->db = db;
    runner->conn = db_connect(db);
    runner->is_alone = !(db_driver(db)->caps & STORAGE_CAP_NODES);
    atomic_store(&progress.stopping, false);
    if (!worker_start(&runner->worker, "import", run_next, runner))
        release(&runner);
    return runner;
}

void import_runner_stop(struct import_runner **runner)
{
    if (!*runner)
        return;
    atomic_store(&progress.stopping, true);
    worker_stop(&(*runner)->worker);
    release(runner);
}
