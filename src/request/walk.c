/* The walk's life, its configuration and the engine that runs its steps. The steps themselves: walk_admit.c
 * on the event loop, walk_run.c on a worker. */
#include "base/clock.h"
#include "base/log.h"
#include "base/recent.h"
#include "request/absence.h"
#include "request/authority.h"
#include "request/device.h"
#include "request/walk_internal.h"

/* Entries of the rate limiter: 2 MiB, whatever the number of addresses. */
#define RATE_SLOTS (1u << 16)
/* API tokens whose last use is noted: 4 MiB once so many are used. */
#define TOKEN_USES (1u << 17)
#define ARENA_SIZE ((size_t)16 * 1024 * 1024)

struct walk *walk_new(const struct config *config, struct db *db, const struct route_table *const *tables,
                      size_t n, char *error, size_t cap)
{
    if (!route_tables_check(tables, n, error, cap))
        return NULL;
    struct arena *arena = arena_new(ARENA_SIZE);
    struct walk *walk = ARENA_NEW(arena, struct walk);
    walk->arena = arena;
    walk->db = db;
    walk->tables = ARENA_ARRAY(arena, const struct route_table *, n);
    memcpy(walk->tables, tables, n * sizeof(const struct route_table *));
    walk->table_count = n;
    walk->router = router_new(arena, walk->tables, n);
    walk->limiter = rate_limiter_new(RATE_SLOTS);
    walk->authority = authority_new();
    walk->absences = absences_new();
    walk->devices = device_gate_new();
    walk->token_uses = recent_new(TOKEN_USES);
    atomic_init(&walk->config, config);
    pthread_mutex_init(&walk->reload, NULL);
    return walk;
}

void walk_free(struct walk **walk)
{
    if (!*walk)
        return;
    for (size_t i = 0; i < (*walk)->kept_count; i++)
        config_free(&(*walk)->kept[i]);
    free((*walk)->kept);
    pthread_mutex_destroy(&(*walk)->reload);
    rate_limiter_free(&(*walk)->limiter);
    authority_free(&(*walk)->authority);
    absences_free(&(*walk)->absences);
    device_gate_free(&(*walk)->devices);
    recent_free(&(*walk)->token_uses);
    struct arena *arena = (*walk)->arena;
    arena_free(&arena);
    *walk = NULL;
}

bool walk_write_down(struct walk *walk, struct db_conn *conn)
{
    bool devices = device_seen_write_down(walk, conn);
    return token_uses_write_down(walk, conn) && devices;
}

void walk_reload(struct walk *walk, struct config *config)
{
    pthread_mutex_lock(&walk->reload);
    struct config **kept = realloc(walk->kept, (walk->kept_count + 1) * sizeof(struct config *));
    if (!kept)
        abort();
    kept[walk->kept_count++] = config;
    walk->kept = kept;
    atomic_store_explicit(&walk->config, config, memory_order_release);
    pthread_mutex_unlock(&walk->reload);
}

const struct config *walk_config(const struct walk *walk)
{
    return atomic_load_explicit(&walk->config, memory_order_acquire);
}

void walk_each_route(const struct walk *walk, walk_route_fn fn, void *context)
{
    for (size_t t = 0; t < walk->table_count; t++)
        for (size_t r = 0; r < walk->tables[t]->n; r++)
            fn(context, walk->tables[t]->surface, &walk->tables[t]->routes[r]);
}

enum error_code walk_steps(struct call *call, const walk_step *steps, size_t n)
{
    enum error_code code = OK;
    json_use_arena(call->arena);
    for (size_t i = 0; i < n && code == OK && call->reply.status == 0; i++)
        code = steps[i](call);
    return code;
}

void walk_note(struct call *call, struct recent *in, int64_t group, int64_t id)
{
    recent_note(in, group, id, call->now);
    if (call->own.noted.in) /* more than one is not written down anywhere */
        call->own.basis.is_lost = true;
    call->own.noted.in = in;
    call->own.noted.group = group;
    call->own.noted.id = id;
}

enum error_code walk_handle(struct call *call)
{
    enum error_code code = call->route->handler(call);
    if (code == OK && call->failure.code == OK && call->reply.status != 0)
        return OK;
    /* What a handler said before it failed is no part of the failure. */
    bool close = call->reply.close;
    call->reply = (struct reply){ .close = close };
    if (code != OK && call->failure.code == OK)
        return call_fail(call, code, NULL);
    if (call->failure.code != OK)
        return call->failure.code;
    log_event(LOG_ERROR, "a handler answered nothing", LOG_S("id", call->request.id),
              LOG_Z("op", call->route->op));
    return call_fail(call, ERR_INTERNAL, NULL);
}
