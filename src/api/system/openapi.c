/* The API's own description, for programs, generators and the panel's forms. It is made once, since it says
 * what the program can do and nothing about what it holds. */
#include "openapi/document.h"

#include <pthread.h>

#include "api/routes.h"
#include "api/system/page.h"
#include "api/tables.h"
#include "web/files.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct arena *arena; /* NULL: not yet made; then for as long as the program runs */
static struct web_file document;

void api_prepare(const struct walk *walk)
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
    api_prepare(call->walk);
    return web_answer_file(call, &document, "default-src 'none'; frame-ancestors 'none'");
}

static const struct route routes[] = {
    PAGE("openapi_document", "/openapi.json", answer, "The API as an OpenAPI document"),
};

const struct route_table openapi_routes = ROUTE_TABLE(&system_surface, routes);
