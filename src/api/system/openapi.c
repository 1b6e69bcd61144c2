/* The API's own description, for programs, generators and the panel's forms. It says what the program can do
 * and nothing about what it holds: it is made once, by the first who asks, and a server that nobody asks
 * neither waits for it at its start nor keeps it. */
#include "openapi/document.h"

#include <pthread.h>

#include "api/tables.h"
#include "web/files.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct arena *arena; /* NULL: not yet made; then for as long as the program runs */
static struct web_file document;

/* Cannot fail: the tables are constants, and no budget bounds the arena. */
static void make_once(const struct walk *walk)
{
    pthread_mutex_lock(&lock);
    if (!arena) {
        arena = arena_new(SIZE_MAX);
        web_file_make(arena, "openapi.json", "application/json", openapi_document(arena, walk), &document);
    }
    pthread_mutex_unlock(&lock);
}

static enum error_code answer(struct call *call)
{
    make_once(call->walk);
    return web_answer_file(call, &document, "default-src 'none'; frame-ancestors 'none'");
}

static const struct route routes[] = {
    { .op = "openapi_document",
      .method = METHOD_GET,
      .path = "/openapi.json",
      .need = NEED_PUBLIC,
      .tenant = TENANT_NONE,
      .lane = LANE_GENERAL, /* the first has milliseconds of work to do */
      .rate = RATE_UNLIMITED,
      .page = true,
      .handler = answer,
      .summary = "The API as an OpenAPI document" },
};

const struct route_table openapi_routes = ROUTE_TABLE(&system_surface, routes);
