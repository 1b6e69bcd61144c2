/* Printing cJSON trees: as cJSON prints them, without its detours over sprintf() and strtod(). Replies are
 * printed on the event loops. */
#include "base/json.h"

#include <math.h>

#define FIRST_CAP 1024

struct out {
    struct arena *arena;
    char *at;
    size_t len, cap;
};

/* Room for `more` bytes and as many again; false when the arena's budget is in the way. */
static bool grow(struct out *out, size_t more)
{
    size_t cap = out->len + more < FIRST_CAP / 2 ? FIRST_CAP : 2 * (out->len + more);
    char *at = arena_try_alloc(out->arena, cap);
    if (!at)
        return false;
    if (out->len > 0)
        memcpy(at, out->at, out->len);
    out->at = at;
    out->cap = cap;
    return true;
}

static bool reserve(struct out *out, size_t more)
{
    return more <= out->cap - out->len || grow(out, more);
}

static void put(struct out *out, const char *at, size_t len)
{
    if (!reserve(out, len))
        return;
    memcpy(out->at + out->len, at, len);
    out->len += len;
}

static void put_char(struct out *out, char c)
{
    if (reserve(out, 1))
        out->at[out->len++] = c;
}

/* Bytes that stand for themselves. */
static const bool is_plain[256] = {
    [' ' ... '!'] = true,
    ['#' ... '['] = true,
    [']' ... 0xFF] = true,
};

static void put_escaped(struct out *out, char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt", digits[] = "0123456789abcdef";
    const char *found = memchr(from, c, sizeof(from) - 1);
    if (found)
        put(out, (const char[]){ '\\', to[found - from] }, 2);
    else
        put(out, (const char[]){ '\\', 'u', '0', '0', digits[c >> 4 & 15], digits[c & 15] }, 6);
}

static void put_string(struct out *out, const char *text)
{
    put_char(out, '"');
    while (text && *text) {
        const char *end = text;
        while (is_plain[(unsigned char)*end])
            end++;
        put(out, text, (size_t)(end - text));
        if (*end)
            put_escaped(out, *end++);
        text = end;
    }
    put_char(out, '"');
}

static void put_integer(struct out *out, int64_t value)
{
    if (reserve(out, STR_INT_CAP))
        out->len += str_put_int(out->at + out->len, value);
}

static void put_literal(struct out *out, struct str text)
{
    put(out, text.at, text.len);
}

/* What is neither structure nor integer is rare: cJSON knows how. */
static void put_other(struct out *out, const cJSON *item)
{
    put_literal(out, str_of(cJSON_PrintUnformatted(item)));
}

static void put_item(struct out *out, const cJSON *item);

/* Members of objects have names, elements of arrays have none. */
static void put_children(struct out *out, const cJSON *parent, bool named)
{
    put_char(out, named ? '{' : '[');
    for (const cJSON *child = parent->child; child && !arena_over_budget(out->arena); child = child->next) {
        if (child != parent->child)
            put_char(out, ',');
        if (named) {
            put_string(out, child->string);
            put_char(out, ':');
        }
        put_item(out, child);
    }
    put_char(out, named ? '}' : ']');
}

/* Minus zero keeps its sign. */
static bool is_integer(const cJSON *item, int64_t *ret)
{
    return json_as_int(item, ret) && (*ret != 0 || !signbit(item->valuedouble));
}

static void put_item(struct out *out, const cJSON *item)
{
    int64_t integer;
    if (cJSON_IsString(item))
        put_string(out, item->valuestring);
    else if (is_integer(item, &integer))
        put_integer(out, integer);
    else if (cJSON_IsObject(item) || cJSON_IsArray(item))
        put_children(out, item, cJSON_IsObject(item));
    else if (cJSON_IsRaw(item))
        put_literal(out, str_of(item->valuestring));
    else if (cJSON_IsBool(item))
        put_literal(out, cJSON_IsTrue(item) ? STR("true") : STR("false"));
    else
        put_other(out, item);
}

struct str json_print(struct arena *arena, const cJSON *item)
{
    struct out out = { .arena = arena };
    struct arena *before = json_use_arena(arena);
    if (item)
        put_item(&out, item);
    put_char(&out, '\0');
    json_use_arena(before);
    return arena_over_budget(arena) || !item ? STR_NONE : (struct str){ out.at, out.len - 1 };
}
