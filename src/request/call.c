/* A call's life and its failures. */
#include "base/clock.h"
#include "base/log.h"
#include "request/walk_internal.h"

/* Parsing multiplies a body: a JSON array of digits costs some thirty bytes per byte. Past this the request
 * is refused. */
#define ARENA_BASE   (1024 * 1024)
#define ARENA_FACTOR 40

struct call *call_new(struct walk *walk)
{
    int64_t monotonic_us = clock_monotonic_us();
    return call_new_at(walk, monotonic_us, clock_now() - monotonic_us);
}

struct call *call_new_at(struct walk *walk, int64_t monotonic_us, int64_t to_epoch_us)
{
    const struct config *config = walk_config(walk);
    struct arena *arena = arena_new(ARENA_BASE + ARENA_FACTOR * (size_t)config->server.max_body);
    struct call *call = ARENA_NEW(arena, struct call);
    call->arena = arena;
    call->walk = walk;
    call->config = config;
    call->now = monotonic_us + to_epoch_us;
    call->t_received = monotonic_us;
    call->to_epoch_us = to_epoch_us;
    return call;
}

void call_free(struct call **call)
{
    if (!*call)
        return;
    struct arena *arena = (*call)->arena;
    arena_free(&arena);
    *call = NULL;
}

enum error_code call_fail(struct call *call, enum error_code code, const char *detail)
{
    call->failure = (struct failure){ .code = code, .detail = str_of(detail) };
    return code;
}

void call_violate(struct call *call, const char *field, enum violation_kind kind, const char *text)
{
    if (call->failure.code == OK)
        call_fail(call, ERR_VALIDATION, NULL);
    violations_add(call->arena, &call->failure.violations, field, kind, NULL, str_of(text));
}

enum error_code call_fail_field(struct call *call, const char *field, enum violation_kind kind,
                                const char *text)
{
    call_fail(call, ERR_VALIDATION, NULL);
    call_violate(call, field, kind, text);
    return ERR_VALIDATION;
}

bool call_path_id(struct call *call, size_t param, int64_t *ret)
{
    if (str_to_int(call->params[param], ret) && *ret > 0)
        return true;
    call_fail(call, ERR_NOT_FOUND, NULL);
    return false;
}

static enum error_code code_of_storage(enum storage_status status)
{
    switch (status) {
    case STORAGE_BUSY:
    case STORAGE_GONE:
        return ERR_STORAGE_AWAY;
    case STORAGE_UNCERTAIN:
        return ERR_OUTCOME_UNKNOWN;
    case STORAGE_FULL:
        return ERR_STORAGE_FULL;
    default:
        return ERR_INTERNAL;
    }
}

enum error_code call_fail_permission(struct call *call, enum permission permission)
{
    call_fail(call, ERR_PERMISSION, NULL);
    call->failure.required_permission = permission_info(permission)->name;
    return ERR_PERMISSION;
}

static void log_storage(const struct call *call, enum log_level level, const char *what,
                        enum storage_status status)
{
    log_event(level, what, LOG_S("id", call->request.id), LOG_Z("op", call->route ? call->route->op : ""),
              LOG_Z("status", storage_status_name(status)),
              LOG_Z("reason", call->db ? db_error(call->db) : ""));
}

/* A tenant that is deleted between the walk's look and the deed takes what it had along. The database is
 * asked, not what is kept: who deleted it may be another node. */
static enum error_code fail_reference(struct call *call)
{
    struct tenant tenant;
    log_storage(call, LOG_WARN, "a reference failed that nobody looked for", STORAGE_REFERENCE);
    enum storage_status status = STORAGE_ROW;
    if (call->db && call->tenant.id > 0)
        status = tenant_by_id(call->db, call->arena, call->tenant.id, &tenant);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_TENANT_UNKNOWN, NULL);
    return call_fail(call, ERR_CONFLICT,
                     "Something that this refers to does not exist any more, or is still in use.");
}

enum error_code call_fail_storage(struct call *call, enum storage_status status)
{
    if (call->own.cold) /* not a failure: the walk starts over on a worker */
        return call_fail(call, ERR_STORAGE_AWAY, NULL);
    if (status == STORAGE_REFERENCE)
        return fail_reference(call);
    log_storage(call, LOG_ERROR, "storage failed", status);
    return call_fail(call, code_of_storage(status), NULL);
}
