/* How single values are read: true/false, numbers with and without units, rates, words, texts. Types that
 * differ only in their units share one reader. */
#include "config/config_internal.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"

bool node_is_null(const struct node *node)
{
    return node->kind == NODE_SCALAR && node->plain &&
           (node->source.len == 0 || str_equal(node->source, STR("null")) ||
            str_equal(node->source, STR("~")));
}

static bool is_secret(const struct config_key *key)
{
    return (key->flags & KEY_SECRET) != 0;
}

static bool refuse(struct reader *reader, const struct config_key *key, const struct node *node,
                   const char *expected)
{
    return config_refuse_node(reader, node, is_secret(key), expected);
}

/* Only such a scalar can be a number or a word: what stands in quotes is text. */
static bool is_bare(const struct node *node)
{
    return node->kind == NODE_SCALAR && (node->plain || node->expanded);
}

/* ---- true, false ---- */

static bool read_bool(struct reader *reader, const struct config_key *key, const struct node *node, void *ret)
{
    bool is_true = is_bare(node) && str_equal(node->text, STR("true"));
    if (!is_true && !(is_bare(node) && str_equal(node->text, STR("false"))))
        return refuse(reader, key, node, "true or false");
    *(bool *)ret = is_true;
    return true;
}

static bool same_bool(const void *a, const void *b)
{
    return *(const bool *)a == *(const bool *)b;
}

/* ---- numbers with units ---- */

struct unit {
    const char *name;
    int64_t factor;
};

/* Largest first; the last one is what a value without a remainder is never printed in unless it must. */
static const struct unit no_units[] = { { "", 1 }, { NULL, 0 } };
static const struct unit size_units[] = { { "GiB", INT64_C(1) << 30 },
                                          { "MiB", INT64_C(1) << 20 },
                                          { "KiB", INT64_C(1) << 10 },
                                          { "B", 1 },
                                          { NULL, 0 } };
static const struct unit duration_units[] = { { "d", 86400 * CLOCK_SECOND }, { "h", 3600 * CLOCK_SECOND },
                                              { "m", 60 * CLOCK_SECOND },    { "s", CLOCK_SECOND },
                                              { "ms", CLOCK_SECOND / 1000 }, { NULL, 0 } };
static const struct unit window_units[] = { { "/day", 86400 * CLOCK_SECOND },
                                            { "/hour", 3600 * CLOCK_SECOND },
                                            { "/minute", 60 * CLOCK_SECOND },
                                            { "/second", CLOCK_SECOND },
                                            { NULL, 0 } };

static size_t count_digits(struct str text)
{
    size_t n = 0;
    while (n < text.len && text.at[n] >= '0' && text.at[n] <= '9')
        n++;
    return n;
}

/* Digits and one of the units. */
static bool split_units(struct str text, const struct unit *units, int64_t *ret_number, int64_t *ret_factor)
{
    size_t digits = count_digits(text);
    struct str suffix = str_sub(text, digits, text.len);
    for (const struct unit *unit = units; unit->name != NULL; unit++) {
        if (str_equal(suffix, str_of(unit->name))) {
            *ret_factor = unit->factor;
            return str_to_int(str_sub(text, 0, digits), ret_number);
        }
    }
    return false;
}

static const char *print_units(struct arena *arena, const struct unit *units, int64_t value)
{
    const struct unit *unit = units;
    while (unit[1].name != NULL && (value == 0 || value % unit->factor != 0))
        unit++;
    return arena_printf(arena, "%lld%s", (long long)(value / unit->factor), unit->name).at;
}

/* what: "a size", example: ", such as 256KiB". */
static bool read_units(struct reader *reader, const struct config_key *key, const struct node *node,
                       void *ret, const struct unit *units, const char *what, const char *example)
{
    int64_t number, factor, value;
    bool may_be_auto = (key->flags & KEY_AUTO) != 0;
    if (may_be_auto && is_bare(node) && str_equal(node->text, STR("auto"))) {
        *(int64_t *)ret = 0;
        return true;
    }
    if (is_bare(node) && split_units(node->text, units, &number, &factor) &&
        !__builtin_mul_overflow(number, factor, &value) && value >= key->min && value <= key->max) {
        *(int64_t *)ret = value;
        return true;
    }
    struct str expected =
        arena_printf(reader->arena, "%s from %s to %s%s%s", what, print_units(reader->arena, units, key->min),
                     print_units(reader->arena, units, key->max), example, may_be_auto ? ", or auto" : "");
    return refuse(reader, key, node, expected.at);
}

static bool read_number(struct reader *reader, const struct config_key *key, const struct node *node,
                        void *ret)
{
    return read_units(reader, key, node, ret, no_units, "a whole number", "");
}

static bool read_size(struct reader *reader, const struct config_key *key, const struct node *node, void *ret)
{
    return read_units(reader, key, node, ret, size_units, "a size",
                      " with its unit, such as 256KiB or 19MiB");
}

static bool read_duration(struct reader *reader, const struct config_key *key, const struct node *node,
                          void *ret)
{
    return read_units(reader, key, node, ret, duration_units, "a duration",
                      " with its unit, such as 500ms, 10s, 5m, 12h or 7d");
}

static bool same_int64(const void *a, const void *b)
{
    return *(const int64_t *)a == *(const int64_t *)b;
}

static bool read_rate(struct reader *reader, const struct config_key *key, const struct node *node, void *ret)
{
    struct rate rate = { 0 };
    bool none = is_bare(node) && str_equal(node->text, STR("none"));
    if (!none && !(is_bare(node) && split_units(node->text, window_units, &rate.limit, &rate.window_us) &&
                   rate.limit >= key->min && rate.limit <= key->max)) {
        struct str expected = arena_printf(
            reader->arena,
            "none, or a number from %lld to %lld per second, minute, hour or day, such as 5/minute",
            (long long)key->min, (long long)key->max);
        return refuse(reader, key, node, expected.at);
    }
    *(struct rate *)ret = rate;
    return true;
}

/* ---- words ---- */

static bool read_word(struct reader *reader, const struct config_key *key, const struct node *node, void *ret)
{
    struct buf expected;
    buf_init(&expected, reader->arena, 256);
    for (int i = 0; key->words[i] != NULL; i++) {
        if (node->kind == NODE_SCALAR && str_equal(node->text, str_of(key->words[i]))) {
            *(int *)ret = i; /* enums are as wide as int: asserted in config_keys.c */
            return true;
        }
        buf_printf(&expected, "%s%s", i == 0 ? "" : key->words[i + 1] == NULL ? " or " : ", ", key->words[i]);
    }
    return refuse(reader, key, node, buf_str(&expected).at);
}

static bool same_word(const void *a, const void *b)
{
    return *(const int *)a == *(const int *)b;
}

/* ---- texts ---- */

static bool read_text(struct reader *reader, const struct config_key *key, const struct node *node, void *ret)
{
    bool is_null = node_is_null(node);
    bool is_empty = is_null || (node->kind == NODE_SCALAR && node->text.len == 0);
    if (is_empty && (key->flags & KEY_NULLABLE) != 0) {
        *(struct str *)ret = STR("");
        return true;
    }
    struct str text = node->text;
    if (node->kind == NODE_SCALAR && !is_null && text_is_line(text) && (int64_t)text.len >= key->min &&
        (int64_t)text.len <= key->max &&
        (key->check == NULL || text.len == 0 || key->check(reader, text, &text))) {
        *(struct str *)ret = text;
        return true;
    }
    if (key->expected != NULL)
        return refuse(reader, key, node, key->expected);
    struct str expected =
        arena_printf(reader->arena, "a line of %lld to %lld bytes", (long long)key->min, (long long)key->max);
    return refuse(reader, key, node, expected.at);
}

static bool same_text(const void *a, const void *b)
{
    return str_equal(*(const struct str *)a, *(const struct str *)b);
}

const struct key_type key_type_bool = { "true or false", NODE_SCALAR, read_bool, same_bool };
const struct key_type key_type_number = { "number", NODE_SCALAR, read_number, same_int64 };
const struct key_type key_type_size = { "size", NODE_SCALAR, read_size, same_int64 };
const struct key_type key_type_duration = { "duration", NODE_SCALAR, read_duration, same_int64 };
const struct key_type key_type_rate = { "rate", NODE_SCALAR, read_rate, NULL };
const struct key_type key_type_word = { "word", NODE_SCALAR, read_word, same_word };
const struct key_type key_type_text = { "text", NODE_SCALAR, read_text, same_text };
