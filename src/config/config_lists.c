/* How lists and maps are read: lists of checked texts, settings of a loadable driver, domains, plans. */
#include "config/config_internal.h"

#include "base/text.h"

static bool is_secret(const struct config_key *key)
{
    return (key->flags & KEY_SECRET) != 0;
}

static size_t count_children(const struct node *node)
{
    size_t n = 0;
    for (const struct node *child = node->first; child != NULL; child = child->next)
        n++;
    return n;
}

/* Absent content ("plans:" and nothing behind it) is an empty list or map. */
static bool check_shape(struct reader *reader, const struct config_key *key, const struct node *node)
{
    if (node->kind == key->type->shape || node_is_null(node))
        return true;
    return config_refuse_node(reader, node, is_secret(key), key->expected);
}

static bool str_list_has(const struct str_list *list, struct str text)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_equal(list->at[i], text))
            return true;
    return false;
}

static bool same_str_list(const void *a, const void *b)
{
    const struct str_list *x = a, *y = b;
    for (size_t i = 0; x->n == y->n && i < x->n; i++)
        if (!str_equal(x->at[i], y->at[i]))
            return false;
    return x->n == y->n;
}

/* ---- lists of texts ---- */

static bool read_item(struct reader *reader, const struct config_key *key, const struct node *node,
                      struct str_list *list)
{
    struct str text = node->text;
    bool fits = node->kind == NODE_SCALAR && !node_is_null(node) && text_is_line(text) &&
                (int64_t)text.len >= key->min && (int64_t)text.len <= key->max;
    if (!fits || (key->check != NULL && !key->check(reader, text, &text)))
        return config_refuse_node(reader, node, is_secret(key), key->expected);
    if (str_list_has(list, text))
        return config_refuse(reader, node->line, node->path, "an entry a second time", "every entry once");
    list->at[list->n++] = text;
    return true;
}

static bool read_list(struct reader *reader, const struct config_key *key, const struct node *node, void *ret)
{
    if (!check_shape(reader, key, node))
        return false;
    struct str_list list = { ARENA_ARRAY(reader->arena, struct str, count_children(node)), 0 };
    for (const struct node *child = node->first; child != NULL; child = child->next)
        if (!read_item(reader, key, child, &list))
            return false;
    *(struct str_list *)ret = list;
    return true;
}

/* ---- settings of a loadable driver ---- */

static bool read_settings(struct reader *reader, const struct config_key *key, const struct node *node,
                          void *ret)
{
    if (!check_shape(reader, key, node))
        return false;
    struct str_list list = { ARENA_ARRAY(reader->arena, struct str, count_children(node)), 0 };
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        if (child->kind != NODE_SCALAR || str_is_empty(child->name) ||
            str_index(child->name, '=') < child->name.len)
            return config_refuse_node(reader, child, true, key->expected);
        list.at[list.n++] =
            arena_printf(reader->arena, "%.*s=%.*s", STR_ARG(child->name), STR_ARG(child->text));
    }
    *(struct str_list *)ret = list;
    return true;
}

/* ---- tenancy.domains ---- */

/* The members that a key of this type fills, in the order of struct config. */
struct domain_list {
    struct domain *at;
    size_t n;
};
_Static_assert(offsetof(struct config, tenancy.domain_count) - offsetof(struct config, tenancy.domains) ==
                   offsetof(struct domain_list, n),
               "domains and domain_count stand together");

static bool read_domain(struct reader *reader, const struct config_key *key, const struct node *node,
                        struct domain_list *list)
{
    struct domain domain;
    if (!config_check_host(reader, node->name, &domain.host))
        return config_refuse(reader, node->line, node->path, "a name that is no host",
                             "a host name such as assets.example.com");
    if (node->kind != NODE_SCALAR || !config_check_slug(reader, node->text, &domain.slug))
        return config_refuse_node(reader, node, is_secret(key), "a tenant's slug");
    for (size_t i = 0; i < list->n; i++)
        if (str_equal(list->at[i].host, domain.host))
            return config_refuse(reader, node->line, node->path, "a host a second time", "every host once");
    list->at[list->n++] = domain;
    return true;
}

static bool read_domains(struct reader *reader, const struct config_key *key, const struct node *node,
                         void *ret)
{
    if (!check_shape(reader, key, node))
        return false;
    struct domain_list list = { ARENA_ARRAY(reader->arena, struct domain, count_children(node)), 0 };
    for (const struct node *child = node->first; child != NULL; child = child->next)
        if (!read_domain(reader, key, child, &list))
            return false;
    *(struct domain_list *)ret = list;
    return true;
}

/* ---- plans ---- */

struct plan_list {
    struct plan *at;
    size_t n;
};
_Static_assert(offsetof(struct config, plan_count) - offsetof(struct config, plans) ==
                   offsetof(struct plan_list, n),
               "plans and plan_count stand together");

static const struct plan_limit {
    const char *name;
    size_t offset;
} plan_limits[] = {
    { "assets", offsetof(struct plan, assets) },
    { "users", offsetof(struct plan, users) },
};

static int64_t *limit_of(struct plan *plan, struct str name)
{
    for (size_t i = 0; i < sizeof(plan_limits) / sizeof(plan_limits[0]); i++)
        if (str_equal(name, str_of(plan_limits[i].name)))
            return (int64_t *)((char *)plan + plan_limits[i].offset);
    return NULL;
}

static bool read_limit(struct reader *reader, const struct config_key *key, const struct node *node,
                       struct plan *plan)
{
    int64_t *limit = limit_of(plan, node->name);
    if (limit == NULL)
        return config_refuse(reader, node->line, node->path, "an unknown limit", "assets or users");
    if (node->kind != NODE_SCALAR || !(node->plain || node->expanded) || !str_to_int(node->text, limit) ||
        *limit < key->min || *limit > key->max)
        return config_refuse_node(reader, node, false,
                                  "a whole number from 0 to 1000000000 (leave the limit out for unlimited)");
    return true;
}

static bool read_plan(struct reader *reader, const struct config_key *key, const struct node *node,
                      struct plan_list *list)
{
    struct plan plan = { .assets = -1, .users = -1 };
    if (!config_check_slug(reader, node->name, &plan.name))
        return config_refuse(reader, node->line, node->path, "a plan's name that is not of a-z, 0-9 and -",
                             "a name such as free");
    if (node->kind != NODE_MAP && !node_is_null(node))
        return config_refuse_node(reader, node, false, "limits such as { assets: 50, users: 5 }");
    for (const struct node *child = node->first; child != NULL; child = child->next)
        if (!read_limit(reader, key, child, &plan))
            return false;
    list->at[list->n++] = plan;
    return true;
}

static bool read_plans(struct reader *reader, const struct config_key *key, const struct node *node,
                       void *ret)
{
    if (!check_shape(reader, key, node))
        return false;
    struct plan_list list = { ARENA_ARRAY(reader->arena, struct plan, count_children(node)), 0 };
    for (const struct node *child = node->first; child != NULL; child = child->next)
        if (!read_plan(reader, key, child, &list))
            return false;
    *(struct plan_list *)ret = list;
    return true;
}

const struct key_type key_type_list = { "list", NODE_LIST, read_list, same_str_list };
const struct key_type key_type_settings = { "map", NODE_MAP, read_settings, same_str_list };
const struct key_type key_type_domains = { "map", NODE_MAP, read_domains, NULL };
const struct key_type key_type_plans = { "map", NODE_MAP, read_plans, NULL };
