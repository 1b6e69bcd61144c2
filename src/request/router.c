/* The segment tree. Built once, read by every thread; a look-up allocates only what decoding the path needs.
 */
#include "request/router.h"

struct node {
    struct str segment;        /* empty for a parameter */
    struct node *children;     /* literal segments */
    struct node *parameter;    /* the child that takes any segment */
    struct node *next;         /* sibling */
    struct route_entry *first; /* routes that end here */
    bool has_secret;           /* one of them has a parameter that is a secret */
};

struct prefix {
    struct str text;
    const struct surface *surface;
};

struct router {
    struct node root;
    struct prefix *prefixes; /* of all surfaces, the longest first */
    size_t prefix_count;
    struct route_entry *wide; /* rows that answer for all below them */
    const struct route_table *const *tables;
    size_t n;
};

static bool is_parameter(struct str segment)
{
    return segment.len > 0 && segment.at[0] == '{';
}

bool router_is_secret(struct str parameter)
{
    static const char *const secrets[] = { "{device_token}", "{token}", "{poll_token}", "{code}" };
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        if (str_equal(parameter, str_of(secrets[i])))
            return true;
    return false;
}

static struct node *child_literal(const struct node *node, struct str segment)
{
    for (struct node *child = node->children; child; child = child->next)
        if (str_equal(child->segment, segment))
            return child;
    return NULL;
}

static struct node *grow(struct arena *arena, struct node *node, struct str segment)
{
    struct node *child = is_parameter(segment) ? node->parameter : child_literal(node, segment);
    if (child)
        return child;
    child = ARENA_NEW(arena, struct node);
    if (is_parameter(segment)) {
        node->parameter = child;
        return child;
    }
    child->segment = segment;
    child->next = node->children;
    node->children = child;
    return child;
}

static void plant(struct arena *arena, struct router *router, const struct surface *surface,
                  const struct route *route)
{
    struct node *node = &router->root;
    struct str rest = str_of(route->path + 1);
    bool has_secret = false;
    for (bool more = rest.len > 0; more;) {
        struct str segment;
        more = str_split(rest, '/', &segment, &rest);
        node = grow(arena, node, segment);
        has_secret |= router_is_secret(segment);
    }
    struct route_entry *entry = ARENA_NEW(arena, struct route_entry);
    *entry = (struct route_entry){ surface, route, NULL };
    struct route_entry **end = &node->first;
    while (*end)
        end = &(*end)->next;
    *end = entry;
    node->has_secret |= has_secret;
}

static void plant_wide(struct arena *arena, struct router *router, const struct surface *surface,
                       const struct route *route)
{
    struct route_entry *entry = ARENA_NEW(arena, struct route_entry);
    *entry = (struct route_entry){ surface, route, router->wide };
    router->wide = entry;
}

static bool has_surface(const struct router *router, const struct surface *surface)
{
    for (size_t i = 0; i < router->prefix_count; i++)
        if (router->prefixes[i].surface == surface)
            return true;
    return false;
}

/* Of two of the same length the one that came first stays in front. */
static void add_prefix(struct router *router, const struct surface *surface, const char *text)
{
    struct prefix added = { str_of(text), surface };
    size_t i = router->prefix_count++;
    for (; i > 0 && router->prefixes[i - 1].text.len < added.text.len; i--)
        router->prefixes[i] = router->prefixes[i - 1];
    router->prefixes[i] = added;
}

static size_t count_prefixes(const struct surface *surface)
{
    size_t n = 0;
    while (surface->prefixes && surface->prefixes[n])
        n++;
    return n;
}

static void add_prefixes(struct arena *arena, struct router *router)
{
    size_t room = 0;
    for (size_t t = 0; t < router->n; t++)
        room += count_prefixes(router->tables[t]->surface);
    router->prefixes = ARENA_ARRAY(arena, struct prefix, room + 1);
    for (size_t t = 0; t < router->n; t++) {
        const struct surface *surface = router->tables[t]->surface;
        size_t n = has_surface(router, surface) ? 0 : count_prefixes(surface);
        for (size_t i = 0; i < n; i++)
            add_prefix(router, surface, surface->prefixes[i]);
    }
}

struct router *router_new(struct arena *arena, const struct route_table *const *tables, size_t n)
{
    struct router *router = ARENA_NEW(arena, struct router);
    router->tables = tables;
    router->n = n;
    add_prefixes(arena, router);
    for (size_t t = 0; t < n; t++)
        for (size_t r = 0; r < tables[t]->n; r++)
            (tables[t]->routes[r].wide ? plant_wide : plant)(arena, router, tables[t]->surface,
                                                             &tables[t]->routes[r]);
    return router;
}

/* Literal first; back to the parameter when that leads nowhere. At most two ways per level and
 * CALL_MAX_PARAMS parameters in any route keep this small. */
static const struct node *find(const struct node *node, const struct path *path, size_t depth,
                               struct router_match *match)
{
    if (depth == path->n)
        return node->first ? node : NULL;
    const struct node *literal = child_literal(node, path->segments[depth]);
    const struct node *found = literal ? find(literal, path, depth + 1, match) : NULL;
    if (found || !node->parameter || match->param_count == CALL_MAX_PARAMS ||
        str_is_empty(path->segments[depth]))
        return found;
    match->params[match->param_count++] = path->segments[depth];
    found = find(node->parameter, path, depth + 1, match);
    if (!found)
        match->param_count--;
    return found;
}

enum path_verdict router_match(const struct router *router, struct arena *arena, struct str raw,
                               struct router_match *ret)
{
    *ret = (struct router_match){ 0 };
    struct path path;
    enum path_verdict verdict = path_decode(arena, raw, &path);
    if (verdict != PATH_FOUND)
        return verdict;
    const struct node *node = find(&router->root, &path, 0, ret);
    if (!node)
        return PATH_UNKNOWN;
    ret->entries = node->first;
    ret->has_secret = node->has_secret;
    return PATH_FOUND;
}

const struct route_entry *router_wide(const struct router *router, struct str raw, bool *ret_below)
{
    for (const struct route_entry *entry = router->wide; entry; entry = entry->next) {
        struct str path = str_of(entry->route->path);
        *ret_below = raw.len > path.len;
        if (str_starts_with(raw, path) && (!*ret_below || raw.at[path.len] == '/'))
            return entry;
    }
    return NULL;
}

/* They begin alike: most differ in their last byte, which is looked at first. */
static bool prefix_fits(struct str prefix, struct str raw)
{
    return raw.len >= prefix.len && raw.at[prefix.len - 1] == prefix.at[prefix.len - 1] &&
           str_starts_with(raw, prefix) &&
           (prefix.at[prefix.len - 1] == '/' || raw.len == prefix.len || raw.at[prefix.len] == '/');
}

const struct surface *router_surface(const struct router *router, struct str raw)
{
    /* What is no path at all still gets the envelope of "/". */
    if (raw.len == 0 || raw.at[0] != '/')
        raw = STR("/");
    for (size_t i = 0; i < router->prefix_count; i++)
        if (prefix_fits(router->prefixes[i].text, raw))
            return router->prefixes[i].surface;
    return router->tables[0]->surface;
}
