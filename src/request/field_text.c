/* Violations and their sentences. One table holds the wording, which is Laravel's, since one surface promises
 * it. */
#include "base/buf.h"
#include "request/field.h"

/* More would only help somebody who sends nonsense on purpose. */
#define MAX_VIOLATIONS 100

/* {name}: the field for people. {min}, {max}, {words}: of the row. A kind may say it differently per type;
 * the first row that fits is taken, and type 0 fits any. */
struct sentence {
    enum violation_kind kind;
    int type;
    const char *text;
};

static const struct sentence sentences[] = {
    { VIOLATION_REQUIRED, 0, "The {name} field is required." },
    { VIOLATION_UNKNOWN, 0, "The {raw} field is not allowed." },
    { VIOLATION_NULL, 0, "The {name} field must have a value." },
    { VIOLATION_EMAIL, 0, "The {name} must be a valid email address." },
    { VIOLATION_ENUM, 0, "The {name} field must be one of: {words}." },
    { VIOLATION_TIME, 0, "The {name} is not a valid date." },
    { VIOLATION_TYPE, FIELD_INT, "The {name} must be an integer." },
    { VIOLATION_TYPE, FIELD_MONEY, "The {name} must be a number with at most two decimals." },
    { VIOLATION_TYPE, FIELD_ID, "The {name} must be an id." },
    { VIOLATION_TYPE, FIELD_CRM_ID, "The {name} must be an id." },
    { VIOLATION_TYPE, FIELD_BOOL, "The {name} field must be true or false." },
    { VIOLATION_TYPE, FIELD_STR_LIST, "The {name} must be an array of strings." },
    { VIOLATION_TYPE, FIELD_OBJECT, "The {name} must be an object." },
    { VIOLATION_TYPE, 0, "The {name} must be a string." },
    { VIOLATION_TOO_SHORT, FIELD_STR_LIST, "The {name} must have at least {min} items." },
    { VIOLATION_TOO_LONG, FIELD_STR_LIST, "The {name} must not have more than {max} items." },
    { VIOLATION_TOO_SHORT, 0, "The {name} must be at least {min} characters." },
    { VIOLATION_TOO_LONG, 0, "The {name} must not be greater than {max} characters." },
    { VIOLATION_TOO_SMALL, 0, "The {name} must be at least {min}." },
    { VIOLATION_TOO_LARGE, 0, "The {name} must not be greater than {max}." },
    { VIOLATION_MISSING, 0, "The selected {name} does not exist." },
    { VIOLATION_CUSTOM, 0, "The {name} is invalid." },
};

static const char *sentence_of(enum violation_kind kind, const struct field *row)
{
    for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
        const struct sentence *sentence = &sentences[i];
        if (sentence->kind == kind && (sentence->type == 0 || (row && sentence->type == (int)row->type)))
            return sentence->text;
    }
    return "The {name} is invalid.";
}

/* "current_password" and "currentPassword" read "current password". */
static void add_name(struct buf *out, const char *name)
{
    for (const char *c = name; *c; c++) {
        bool upper = *c >= 'A' && *c <= 'Z';
        bool follows_lower = c > name && c[-1] >= 'a' && c[-1] <= 'z';
        if (upper && follows_lower)
            buf_add_char(out, ' ');
        buf_add_char(out, *c == '_' ? ' ' : upper && follows_lower ? (char)(*c | 0x20) : *c);
    }
}

static void add_words(struct buf *out, const char *const *words)
{
    for (size_t i = 0; words && words[i]; i++)
        buf_printf(out, "%s%s", i ? ", " : "", words[i]);
}

static void add_slot(struct buf *out, struct str slot, const char *name, const struct field *row)
{
    if (str_equal(slot, STR("name")))
        add_name(out, name);
    else if (str_equal(slot, STR("raw")))
        buf_add(out, str_of(name));
    else if (str_equal(slot, STR("words")))
        add_words(out, row ? row->words : NULL);
    else
        buf_printf(out, "%lld",
                   (long long)(row ? (str_equal(slot, STR("min")) ? row->min : field_max(row)) : 0));
}

static struct str fill_in(struct arena *arena, const char *text, const char *name, const struct field *row)
{
    struct buf out;
    buf_init(&out, arena, 1024);
    for (struct str head, slot, rest = str_of(text); !str_is_empty(rest);) {
        bool has_slot = str_split(rest, '{', &head, &rest);
        buf_add(&out, head);
        if (!has_slot)
            break;
        str_split(rest, '}', &slot, &rest);
        add_slot(&out, slot, name, row);
    }
    return buf_str(&out);
}

static void make_room(struct arena *arena, struct violations *violations)
{
    if (violations->n < violations->cap)
        return;
    size_t cap = violations->cap ? violations->cap * 2 : 8;
    struct violation *at = ARENA_ARRAY(arena, struct violation, cap);
    if (violations->n)
        memcpy(at, violations->at, violations->n * sizeof(*at));
    violations->at = at;
    violations->cap = cap;
}

void violations_add(struct arena *arena, struct violations *violations, const char *name,
                    enum violation_kind kind, const struct field *row, struct str text)
{
    if (violations->n >= MAX_VIOLATIONS)
        return;
    make_room(arena, violations);
    if (!text.at)
        text = fill_in(arena, sentence_of(kind, row), name, row);
    violations->at[violations->n++] = (struct violation){ name, kind, text, 0 };
}
