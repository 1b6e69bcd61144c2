/* ${NAME} in values, from the environment and from the .env file beside the configuration. A dollar sign
 * without a brace stands for itself; "$${" is a literal "${". Values are put in after YAML was read: no
 * variable can add keys. */
#include "config/config_internal.h"

#include <errno.h>
#include <stdlib.h>

#include "base/text.h"

static bool is_name_char(char c, bool first)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (!first && c >= '0' && c <= '9');
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_name_char(s.at[i], i == 0))
            return false;
    return s.len > 0;
}

/* The environment wins. */
static bool look_up(struct reader *reader, struct str name, struct str *ret)
{
    const char *set = getenv(arena_cstr(reader->arena, name));
    if (set != NULL) {
        *ret = arena_copy(reader->arena, str_of(set));
        return true;
    }
    for (size_t i = reader->variable_count; i > 0; i--) {
        if (str_equal(reader->variables[i - 1].name, name)) {
            *ret = reader->variables[i - 1].value;
            return true;
        }
    }
    return false;
}

static bool refuse(struct reader *reader, const struct node *node, struct str name, const char *why)
{
    struct str found = arena_printf(reader->arena, "${%.*s}, which %s", STR_ARG(name), why);
    return config_refuse(reader, node->line, node->path, found.at,
                         "a variable set in the environment or in the .env file beside this file");
}

/* The variable whose name starts at `from`, behind "${"; *ret_end is the place behind the brace. */
static bool put_variable(struct reader *reader, const struct node *node, size_t from, struct buf *to,
                         size_t *ret_end)
{
    struct str name, rest, value;
    if (!str_split(str_sub(node->source, from, node->source.len), '}', &name, &rest) || !is_name(name))
        return config_refuse(reader, node->line, node->path, "\"${\" without a name and a closing brace",
                             "${NAME}, or $${ for the two characters themselves");
    if (!look_up(reader, name, &value))
        return refuse(reader, node, name, "is not set");
    if (!text_is_clean(value))
        return refuse(reader, node, name, "is not UTF-8 text");
    buf_add(to, value);
    *ret_end = node->source.len - rest.len;
    return true;
}

static bool expand_scalar(struct reader *reader, struct node *node)
{
    struct buf to;
    struct str text = node->source;
    buf_init(&to, reader->arena, CONFIG_MAX_BYTES);
    for (size_t i = 0; i < text.len;) {
        struct str rest = str_sub(text, i, text.len);
        if (str_starts_with(rest, STR("$${"))) {
            buf_add(&to, STR("${"));
            i += 3;
        } else if (!str_starts_with(rest, STR("${"))) {
            buf_add_char(&to, text.at[i++]);
        } else if (!put_variable(reader, node, i + 2, &to, &i)) {
            return false;
        } else {
            node->expanded = true;
        }
    }
    node->text = buf_str(&to);
    return !to.overflow || config_refuse(reader, node->line, node->path, "more than 64 KiB after expansion",
                                         "a shorter value");
}

bool config_expand(struct reader *reader, struct node *node)
{
    if (node->kind == NODE_SCALAR)
        return str_index(node->source, '$') == node->source.len || expand_scalar(reader, node);
    for (struct node *child = node->first; child != NULL; child = child->next)
        if (!config_expand(reader, child))
            return false;
    return true;
}

/* "…": backslash escapes for n, ", \ and $; the closing quote must be the last character but for a comment.
 */
static bool unquote(struct reader *reader, struct str text, struct str *ret)
{
    struct buf to;
    char quote = text.at[0];
    buf_init(&to, reader->arena, text.len);
    for (size_t i = 1; i < text.len; i++) {
        char c = text.at[i];
        if (c == quote) {
            struct str rest = str_trim(str_sub(text, i + 1, text.len));
            *ret = buf_str(&to);
            return rest.len == 0 || rest.at[0] == '#';
        }
        if (c == '\\' && quote == '"' && i + 1 < text.len) {
            c = text.at[++i];
            c = c == 'n' ? '\n' : c;
        }
        buf_add_char(&to, c);
    }
    return false;
}

/* Without quotes a value ends at " #". */
static struct str cut_comment(struct str text)
{
    for (size_t i = 1; i < text.len; i++)
        if (text.at[i] == '#' && (text.at[i - 1] == ' ' || text.at[i - 1] == '\t'))
            return str_trim(str_sub(text, 0, i));
    return text;
}

static bool read_assignment(struct reader *reader, struct str line, struct variable *ret)
{
    struct str name, value;
    if (str_starts_with(line, STR("export ")))
        line = str_trim(str_sub(line, 7, line.len));
    if (!str_split(line, '=', &name, &value) || !is_name(str_trim(name)))
        return false;
    value = str_trim(value);
    ret->name = str_trim(name);
    ret->value = STR("");
    if (value.len > 0 && (value.at[0] == '"' || value.at[0] == '\''))
        return unquote(reader, value, &ret->value);
    if (value.len > 0 && value.at[0] != '#')
        ret->value = cut_comment(value);
    return true;
}

static bool read_lines(struct reader *reader, const char *file, struct str text)
{
    struct reader here = *reader; /* errors name the .env file; its values are never shown */
    here.file = file;
    size_t capacity = 1;
    for (size_t i = 0; i < text.len; i++)
        capacity += text.at[i] == '\n';
    reader->variables = ARENA_ARRAY(reader->arena, struct variable, capacity);
    struct str line;
    for (int number = 1; text.len > 0; number++) {
        str_split(text, '\n', &line, &text);
        if (line.len > 0 && line.at[line.len - 1] == '\r')
            line.len--;
        line = str_trim(line);
        if (line.len == 0 || line.at[0] == '#')
            continue;
        if (!read_assignment(&here, line, &reader->variables[reader->variable_count]))
            return config_refuse(&here, number, STR_NONE, "something else", "NAME=VALUE, quotes closed");
        reader->variable_count++;
    }
    return true;
}

bool config_read_env(struct reader *reader)
{
    struct str text;
    const char *found;
    const char *file = arena_printf(reader->arena, "%.*s/.env", STR_ARG(reader->folder)).at;
    if (config_read_file(reader->arena, file, &text, &reader->env_is_public, &found))
        return read_lines(reader, file, text);
    if (errno == ENOENT || errno == ENOTDIR)
        return true;
    struct reader here = *reader;
    here.file = file;
    return config_refuse(&here, 1, STR_NONE, found, CONFIG_FILE_RULE);
}
