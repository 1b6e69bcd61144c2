/* The tree against the table: every key of the file must be in the table, every key of the table gets a
 * value. Also the one place that words errors. */
#include "config/config_internal.h"

#include <stdio.h>

#include "base/json.h"

/* Bytes of what is shown of a value, of a path. */
#define MAX_SHOWN 60
#define MAX_PATH  100

/* A path holds what stands in the file as a key: escaped and cut like a quoted text, without the quotes. */
static struct str show_path(char *to, size_t cap, struct str path)
{
    size_t len = json_quote(to, cap, path);
    return path.len == 0 ? STR("") : str_from(to + 1, len - 2);
}

bool config_refuse(struct reader *reader, int line, struct str path, const char *found, const char *expected)
{
    char where[16] = "", shown[MAX_PATH];
    struct str key = show_path(shown, sizeof(shown), path);
    if (line > 0)
        snprintf(where, sizeof(where), ":%d", line);
    snprintf(reader->error->text, sizeof(reader->error->text), "%s%s: %.*s%sfound %s, expected %s",
             reader->file, where, STR_ARG(key), key.len > 0 ? ": " : "", found, expected);
    return false;
}

/* What stands in the file, quoted; a variable's value is nobody's business. */
static struct str describe(struct arena *arena, const struct node *node, bool secret)
{
    static const char *const shapes[] = { [NODE_LIST] = "a list", [NODE_MAP] = "a map" };
    if (node->kind != NODE_SCALAR)
        return str_of(shapes[node->kind]);
    if (node_is_null(node))
        return STR("nothing");
    if (secret)
        return arena_printf(arena, "a value of %zu bytes that is not shown", node->text.len);
    char quoted[MAX_SHOWN + 2];
    size_t len = json_quote(quoted, sizeof(quoted), node->source);
    if (str_equal(node->source, node->text))
        return arena_printf(arena, "%.*s%s", (int)len, quoted, node->plain ? "" : " in quotes");
    return arena_printf(arena, "%.*s, a value of %zu bytes", (int)len, quoted, node->text.len);
}

bool config_refuse_node(struct reader *reader, const struct node *node, bool secret, const char *expected)
{
    struct str found = describe(reader->arena, node, secret);
    return config_refuse(reader, node->line, node->path, found.at, expected);
}

static const struct config_key *find_key(struct str path)
{
    for (size_t i = 0; i < config_key_count; i++)
        if (str_equal(path, str_of(config_keys[i].path)))
            return &config_keys[i];
    return NULL;
}

/* "server", "server.tls": what stands before a dot in some key. */
static bool is_section(struct str path)
{
    for (size_t i = 0; i < config_key_count; i++) {
        struct str key = str_of(config_keys[i].path);
        if (key.len > path.len && str_starts_with(key, path) && key.at[path.len] == '.')
            return true;
    }
    return false;
}

/* Levenshtein distance, one row at a time. Longer texts than any key has are as far as can be. */
static size_t distance(struct str a, struct str b)
{
    size_t row[64];
    if (a.len >= 64 || b.len >= 64)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = diagonal + (a.at[i - 1] != b.at[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b.len];
}

static struct str last_part(struct str path)
{
    for (struct str head, tail; str_split(path, '.', &head, &tail);)
        path = tail;
    return path;
}

/* The key somebody probably meant: a slip of a few letters, or the right name in the wrong section. NULL: no
 * idea. */
static const char *suggest(struct str path)
{
    const char *best = NULL;
    size_t best_distance = path.len / 4 + 2;
    for (size_t i = 0; i < config_key_count; i++) {
        struct str key = str_of(config_keys[i].path);
        size_t d = distance(path, key);
        if (str_equal(last_part(key), last_part(path)) && d > 1)
            d = 1;
        if (d < best_distance) {
            best = config_keys[i].path;
            best_distance = d;
        }
    }
    return best;
}

static bool refuse_unknown(struct reader *reader, const struct node *node)
{
    const char *meant = suggest(node->path);
    struct str expected = meant == NULL
                              ? STR("one of the keys that conf/tether.yaml explains")
                              : arena_printf(reader->arena, "a known key (did you mean %s?)", meant);
    return config_refuse(reader, node->line, node->path, "an unknown key", expected.at);
}

/* A secret as such, not a ${NAME} that stands for one. Settings of a database hold one when they say so. */
static bool holds_secret(const struct config_key *key, const struct node *node)
{
    for (const struct node *child = node->first; child != NULL; child = child->next)
        if (holds_secret(key, child))
            return true;
    if (node->kind != NODE_SCALAR || node->expanded || str_is_empty(node->text))
        return false;
    return !str_starts_with(str_of(key->path), STR("storage.")) ||
           memmem(node->text.at, node->text.len, "password", strlen("password")) != NULL ||
           str_equal(node->name, STR("password"));
}

static bool read_section(struct reader *reader, const struct node *section);

static bool read_entry(struct reader *reader, const struct node *node)
{
    const struct config_key *key = find_key(node->path);
    bool has_dot = str_index(node->name, '.') < node->name.len; /* "server.queue: 1" at the top is no key */
    if (key != NULL && !has_dot) {
        reader->lines[key - config_keys] = node->line;
        if ((key->flags & KEY_SECRET) != 0)
            reader->has_secret = reader->has_secret || holds_secret(key, node);
        return key->type->read(reader, key, node, config_member(reader->config, key));
    }
    if (has_dot || !is_section(node->path))
        return refuse_unknown(reader, node);
    if (node->kind == NODE_MAP)
        return read_section(reader, node);
    return node_is_null(node) ||
           config_refuse_node(reader, node, false, "a section: keys and values, indented");
}

static bool read_section(struct reader *reader, const struct node *section)
{
    for (const struct node *node = section->first; node != NULL; node = node->next)
        if (!read_entry(reader, node))
            return false;
    return true;
}

/* The default goes the way of a value from the file: it is YAML and passes the same checks. */
static bool read_preset(struct reader *reader, const struct config_key *key)
{
    struct node *node;
    if (key->preset == NULL) {
        struct str expected = arena_printf(reader->arena, "a value: it %s", key->help);
        return config_refuse(reader, 1, str_of(key->path), "nothing", expected.at);
    }
    if (!config_read_yaml(reader, str_of(key->preset), &node))
        return false;
    node->path = str_of(key->path);
    return key->type->read(reader, key, node, config_member(reader->config, key));
}

bool config_read_keys(struct reader *reader, const struct node *top)
{
    if (top->kind != NODE_MAP)
        return config_refuse_node(reader, top, false, "keys and values");
    if (!read_section(reader, top))
        return false;
    for (size_t i = 0; i < config_key_count; i++)
        if (reader->lines[i] == 0 && !read_preset(reader, &config_keys[i]))
            return false;
    return true;
}
