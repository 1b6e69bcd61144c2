/* The part of the walk that runs on a worker: contract section 1 from the tenant on. */
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "request/authority.h"
#include "request/walk_internal.h"

struct walk_worker {
    struct walk *walk;
    struct db_conn *db;
};

/* A hash takes hundreds of times as long as its reads, and after it comes a commit. */
static struct db_conn *connect_for(struct walk *walk, enum lane lane)
{
    return lane == LANE_PASSWORD ? db_connect_seldom(walk->db) : db_connect(walk->db);
}

struct walk_worker *walk_worker_new(struct walk *walk, enum lane lane)
{
    struct walk_worker *worker = calloc(1, sizeof(*worker));
    if (!worker)
        abort();
    *worker = (struct walk_worker){ walk, connect_for(walk, lane) };
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

static const walk_step enter_steps[] = {
    shared_rate_limit, sign_in_when_used_up, tenant_find_host,     tenant_read_hints,  tenant_before_sign_in,
    sign_in_principal, sign_in_limit,        tenant_after_sign_in, sign_in_membership, sign_in_permission,
};
static enum error_code ask_route(struct call *call)
{
    return call->route->admits ? call->route->admits(call) : OK;
}

static const walk_step work_steps[] = { ask_route, input_query, input_body, walk_handle };

/* Cold: nothing was decided. */
static enum error_code walk_part(struct call *call, const walk_step *steps, size_t n)
{
    enum error_code code = walk_steps(call, steps, n);
    if (call->own.cold)
        return code;
    authority_count(call);
    if (code != OK)
        sign_in_count_failure(call);
    return code;
}

/* Nothing that an earlier pass decided; but what it has counted stays counted. */
static void forget(struct call *call)
{
    call->tenant = call->host_tenant = (struct tenant){ 0 };
    call->root_scope = false;
    call->principal = (struct principal){ 0 };
    call->scopes = 0;
    call->device = NULL;
    call->grant = (struct access_grant){ 0 };
}

enum error_code walk_enter(struct call *call)
{
    forget(call);
    enum error_code code = walk_part(call, enter_steps, sizeof(enter_steps) / sizeof(enter_steps[0]));
    call->own.entered = code == OK && !call->own.cold;
    return code;
}

enum error_code walk_through(struct call *call)
{
    enum error_code code = walk_enter(call);
    return code == OK ? walk_part(call, work_steps, sizeof(work_steps) / sizeof(work_steps[0])) : code;
}

/* Public routes of the password lane count each request for its address before it gets here. */
enum lane walk_lane(const struct call *call)
{
    bool is_guarded = call->route->lane == LANE_PASSWORD && route_needs_sign_in(call->route);
    return is_guarded && !call->own.entered ? LANE_GENERAL : call->route->lane;
}

/* A database behind a network is waited for. */
bool walk_is_quick(const struct call *call)
{
    return call->route->quick && !(db_driver(call->walk->db)->caps & STORAGE_CAP_NODES);
}

/* In the lane it is in. False: the rest belongs into another. */
static bool run_here(struct call *call)
{
    bool is_entrance = walk_lane(call) != call->route->lane;
    enum error_code code = is_entrance ? walk_enter(call) : walk_through(call);
    if (is_entrance && code == OK)
        return false;
    answer_complete(call);
    return true;
}

/* Lends the worker's connection to the call, until give_back(). */
static void lend(struct walk_worker *worker, struct call *call, int64_t monotonic_us)
{
    call->db = worker->db;
    db_set_deadline(call->db, (monotonic_us + call->config->server.request_deadline_us) / 1000);
}

static void give_back(struct call *call)
{
    db_set_deadline(call->db, 0);
    call->db = NULL;
}

bool walk_run(struct walk_worker *worker, struct call *call, int64_t taken_us, enum lane *ret_lane)
{
    call->t_started = taken_us;
    lend(worker, call, call->t_started);
    bool is_done = run_here(call);
    give_back(call);
    *ret_lane = walk_lane(call);
    call->t_done = clock_monotonic_us();
    if (is_done)
        metric_observe(METRIC_HANDLER, call->t_done - call->t_started);
    return is_done;
}

bool walk_stream(struct walk_worker *worker, struct call *call, struct arena *piece, struct str *ret)
{
    *ret = STR_NONE;
    json_use_arena(piece);
    lend(worker, call, clock_monotonic_us());
    enum error_code code = call->reply.stream.next(call, call->reply.stream.state, piece, ret);
    give_back(call);
    json_use_arena(NULL);
    if (code != OK)
        log_event(LOG_ERROR, "a body broke off", LOG_S("id", call->request.id),
                  LOG_Z("error", error_info(code)->word), LOG_I("bytes", call->reply.stream.sent));
    call->reply.stream.sent += ret->len;
    return code == OK;
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
