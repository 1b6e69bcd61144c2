/* From a raw path to routes: the tables compiled to a read-only tree of path segments, shared by all threads.
 */
#ifndef TETHER_REQUEST_ROUTER_H
#define TETHER_REQUEST_ROUTER_H

#include "request/call.h"

struct router;

/* A route at its place in the tree; the next one of the same path, in table order. */
struct route_entry {
    const struct surface *surface;
    const struct route *route;
    struct route_entry *next;
};

#define ROUTER_MAX_SEGMENTS 24

/* A path in decoded segments. */
struct path {
    struct str segments[ROUTER_MAX_SEGMENTS];
    size_t n;
};

enum path_verdict {
    PATH_FOUND = 0,
    PATH_UNKNOWN, /* 404: also what would mean one thing to us and another to a proxy: an encoded slash, dot
                     segments, "//" */
    PATH_BROKEN   /* 400: not a path at all */
};

/* Decodes %XX per segment, strictly. */
enum path_verdict path_decode(struct arena *arena, struct str raw, struct path *ret);

struct router_match {
    const struct route_entry *entries; /* every route of the path, whatever its method */
    bool has_secret;                   /* one of them has a parameter that is a secret */
    struct str params[CALL_MAX_PARAMS];
    size_t param_count;
};

/* Everything is allocated in `arena`, which must outlive the router. The tables were checked
 * (route_tables_check()). */
struct router *router_new(struct arena *arena, const struct route_table *const *tables, size_t n);
/* A literal segment beats a parameter. */
enum path_verdict router_match(const struct router *router, struct arena *arena, struct str raw,
                               struct router_match *ret);
/* The wide row (route.h) whose path is `raw` or stands above it; NULL: none. *ret_below: it stands above. */
const struct route_entry *router_wide(const struct router *router, struct str raw, bool *ret_below);
/* Whether a parameter of that name, in its braces, is a secret, which no log may hold. */
bool router_is_secret(struct str parameter);
/* The surface that answers for a path no route has, by the longest prefix. Never NULL. */
const struct surface *router_surface(const struct router *router, struct str raw);

/* False with a sentence in error for a table that must not be served. */
bool route_tables_check(const struct route_table *const *tables, size_t n, char *error, size_t cap);

#endif
