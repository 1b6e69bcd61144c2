/* The part of the walk that runs on a worker: contract section 1 from the tenant on. */
#include "base/clock.h"
#include "base/metrics.h"
#include "request/authority.h"
#include "request/walk_internal.h"

struct walk_worker {
    struct walk *walk;
    struct db_conn *db;
};

struct walk_worker *walk_worker_new(struct walk *walk)
{
    struct walk_worker *worker = calloc(1, sizeof(*worker));
    if (!worker)
        abort();
    *worker = (struct walk_worker){ walk, db_connect(walk->db) };
    return worker;
}

void walk_worker_free(struct walk_worker **worker)
{
    if (!*worker)
        return;
    db_disconnect(&(*worker)->db);
    free(*worker);
    *worker = NULL;
}

static const walk_step run_steps[] = {
    tenant_find_host, tenant_read_hints,    tenant_before_sign_in, sign_in_principal,
    sign_in_limit,    tenant_after_sign_in, sign_in_membership,    sign_in_permission,
    input_query,      input_body,           walk_handle,
};

enum error_code walk_through(struct call *call)
{
    enum error_code code = walk_steps(call, run_steps, sizeof(run_steps) / sizeof(run_steps[0]));
    if (call->own.cold)
        return code;
    authority_count(call);
    if (code != OK)
        sign_in_count_failure(call);
    return code;
}

void walk_run(struct walk_worker *worker, struct call *call)
{
    const struct config *config = call->config;
    call->t_started = clock_monotonic_us();
    call->db = worker->db;
    db_set_deadline(call->db, clock_monotonic_ms() + config->server.request_deadline_us / 1000);
    walk_through(call);
    answer_complete(call);
    db_set_deadline(call->db, 0);
    call->db = NULL;
    call->t_done = clock_monotonic_us();
    metric_observe(METRIC_HANDLER, call->t_done - call->t_started);
}

static enum storage_status ready_on(struct db_conn *conn, const struct db *db)
{
    int version = 0;
    enum storage_status status = db_ping(conn);
    if (status == STORAGE_OK)
        status = db_schema_version(conn, &version);
    if (status != STORAGE_OK)
        return status;
    return version == db_schema_newest(db) ? STORAGE_OK : STORAGE_INVALID;
}

enum storage_status walk_ready(struct walk_worker *worker)
{
    const struct config *config = walk_config(worker->walk);
    db_set_deadline(worker->db, clock_monotonic_ms() + config->server.request_deadline_us / 1000);
    enum storage_status status = ready_on(worker->db, worker->walk->db);
    db_set_deadline(worker->db, 0);
    return status;
}

enum storage_status walk_ready_in(struct call *call)
{
    return ready_on(call->db, call->walk->db);
}
