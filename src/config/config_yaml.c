/* libyaml's events as a tree of nodes. libyaml delivers duplicate keys, follows any depth and knows anchors
 * and tags; none of that has a place in a configuration, so it is refused here, with the line. */
#include "config/config_internal.h"

#include <yaml.h>

#include "base/text.h"

struct loader {
    struct reader *reader;
    yaml_parser_t parser;
    yaml_event_t event;
};

static const struct str no_path;

static int line_of(const struct loader *l)
{
    return (int)l->event.start_mark.line + 1;
}

static bool refuse(struct loader *l, struct str path, const char *found, const char *expected)
{
    return config_refuse(l->reader, line_of(l), path, found, expected);
}

/* libyaml says "did not find expected ',' or ']'"; that is a sentence of its own. */
static bool refuse_syntax(struct loader *l)
{
    int line = (int)l->parser.problem_mark.line + 1;
    const char *problem = l->parser.problem != NULL ? l->parser.problem : "an unreadable text";
    struct str found = arena_printf(l->reader->arena, "a syntax error (%s)", problem);
    return config_refuse(l->reader, line, no_path, found.at, "YAML");
}

/* Replaces the current event by the next one. */
static bool next_event(struct loader *l)
{
    yaml_event_delete(&l->event);
    return yaml_parser_parse(&l->parser, &l->event) || refuse_syntax(l);
}

static bool check_adornments(struct loader *l, struct str path, const yaml_char_t *anchor,
                             const yaml_char_t *tag)
{
    if (anchor != NULL)
        return refuse(l, path, "an anchor (&)", "a plain value");
    if (tag != NULL)
        return refuse(l, path, "a tag (!)", "a plain value");
    return true;
}

static struct node *node_new(struct loader *l, enum node_kind kind, struct str path)
{
    struct node *node = ARENA_NEW(l->reader->arena, struct node);
    node->kind = kind;
    node->line = line_of(l);
    node->path = path;
    return node;
}

static bool load_node(struct loader *l, struct str path, int depth, struct node **ret);

static bool load_scalar(struct loader *l, struct str path, struct node **ret)
{
    struct node *node = node_new(l, NODE_SCALAR, path);
    struct str text = str_from((const char *)l->event.data.scalar.value, l->event.data.scalar.length);
    if (!check_adornments(l, path, l->event.data.scalar.anchor, l->event.data.scalar.tag))
        return false;
    if (!text_is_clean(text)) /* "\0" and "\xD8" are possible in quotes */
        return refuse(l, path, "a text with a NUL or broken UTF-8", "clean text");
    node->text = node->source = arena_copy(l->reader->arena, text);
    node->plain = l->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    *ret = node;
    return true;
}

static bool load_list(struct loader *l, struct str path, int depth, struct node **ret)
{
    struct node *node = node_new(l, NODE_LIST, path);
    struct node **end = &node->first;
    if (!check_adornments(l, path, l->event.data.sequence_start.anchor, l->event.data.sequence_start.tag))
        return false;
    for (;;) {
        if (!next_event(l))
            return false;
        if (l->event.type == YAML_SEQUENCE_END_EVENT)
            break;
        if (!load_node(l, path, depth + 1, end))
            return false;
        end = &(*end)->next;
    }
    *ret = node;
    return true;
}

/* The current event is a map's key; afterwards it is the last event of its value. */
static bool load_entry(struct loader *l, const struct node *map, int depth, struct node **ret)
{
    struct node *name;
    struct arena *arena = l->reader->arena;
    if (l->event.type != YAML_SCALAR_EVENT)
        return refuse(l, map->path, "a list or a map as a key", "a name");
    if (!load_scalar(l, map->path, &name))
        return false;
    struct str path = str_is_empty(map->path)
                          ? name->text
                          : arena_printf(arena, "%.*s.%.*s", STR_ARG(map->path), STR_ARG(name->text));
    for (const struct node *other = map->first; other != NULL; other = other->next)
        if (str_equal(other->name, name->text))
            return refuse(l, path, "the key a second time", "every key once");
    struct node *value = NULL;
    if (!next_event(l) || !load_node(l, path, depth + 1, &value))
        return false;
    value->name = name->text;
    value->line = value->kind == NODE_SCALAR ? value->line : name->line;
    *ret = value;
    return true;
}

static bool load_map(struct loader *l, struct str path, int depth, struct node **ret)
{
    struct node *node = node_new(l, NODE_MAP, path);
    struct node **end = &node->first;
    if (!check_adornments(l, path, l->event.data.mapping_start.anchor, l->event.data.mapping_start.tag))
        return false;
    for (;;) {
        if (!next_event(l))
            return false;
        if (l->event.type == YAML_MAPPING_END_EVENT)
            break;
        struct node *entry;
        if (!load_entry(l, node, depth, &entry))
            return false;
        *end = entry;
        end = &entry->next;
    }
    *ret = node;
    return true;
}

/* The current event starts the node; afterwards it is the node's last. */
static bool load_node(struct loader *l, struct str path, int depth, struct node **ret)
{
    if (depth > CONFIG_MAX_DEPTH)
        return refuse(l, path, "more than 16 levels", "a flatter file");
    switch (l->event.type) {
    case YAML_SCALAR_EVENT:
        return load_scalar(l, path, ret);
    case YAML_SEQUENCE_START_EVENT:
        return load_list(l, path, depth, ret);
    case YAML_MAPPING_START_EVENT:
        return load_map(l, path, depth, ret);
    default:
        return refuse(l, path, "an alias (*)", "a plain value");
    }
}

static bool load_document(struct loader *l, struct node **ret)
{
    if (!next_event(l) || !next_event(l)) /* the stream's start, the document's start */
        return false;
    if (l->event.type == YAML_STREAM_END_EVENT) {
        *ret = node_new(l, NODE_MAP, no_path);
        return true;
    }
    if (l->event.data.document_start.tag_directives.start != l->event.data.document_start.tag_directives.end)
        return refuse(l, no_path, "a %TAG directive", "a document without tags");
    if (!next_event(l) || !load_node(l, no_path, 0, ret))
        return false;
    if (!next_event(l) || !next_event(l)) /* the document's end, the stream's end */
        return false;
    return l->event.type == YAML_STREAM_END_EVENT || refuse(l, no_path, "a second document", "one document");
}

static bool check_bytes(struct reader *reader, struct str yaml)
{
    size_t bad = text_utf8_prefix(yaml), zero = str_index(yaml, '\0');
    if (zero < bad)
        bad = zero;
    int line = 1;
    for (size_t i = 0; i < bad; i++)
        line += yaml.at[i] == '\n';
    return bad == yaml.len || config_refuse(reader, line, no_path, "a byte that is no UTF-8 text", "UTF-8");
}

bool config_read_yaml(struct reader *reader, struct str yaml, struct node **ret)
{
    if (yaml.len > CONFIG_MAX_BYTES)
        return config_refuse(reader, 1, no_path, "more than 64 KiB", "a smaller file");
    if (!check_bytes(reader, yaml))
        return false;
    struct loader l = { .reader = reader };
    if (!yaml_parser_initialize(&l.parser))
        abort(); /* out of memory */
    yaml_parser_set_encoding(&l.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&l.parser, (const unsigned char *)(yaml.len > 0 ? yaml.at : ""), yaml.len);
    bool ok = load_document(&l, ret);
    yaml_event_delete(&l.event);
    yaml_parser_delete(&l.parser);
    return ok;
}
