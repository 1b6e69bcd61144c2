/* Field rows: what a body, form or query consists of. One table drives decoding, validation, OpenAPI and
 * docs.
 *
 *     struct login_input { struct str email; struct str password; };
 *     static const struct field login_fields[] = {
 *         FIELD(struct login_input, email, "email", FIELD_STR, .flags = FIELD_REQUIRED, .max = 254, .help =
 * "…"), …
 *     };
 *     static const struct shape login_shape = SHAPE("LoginInput", struct login_input, login_fields);
 *
 * Decoding fills the struct in the call's arena and a presence bit per row: absent, null and value are three
 * things. */
#ifndef TETHER_REQUEST_FIELD_H
#define TETHER_REQUEST_FIELD_H

#include "base/crm_id.h"
#include "base/json.h"
#include "request/request.h"

enum field_type {
    FIELD_STR = 1,  /* struct str: clean text; min and max count bytes */
    FIELD_SECRET,   /* struct str: a password; any clean text, never trimmed, never echoed */
    FIELD_EMAIL,    /* struct str: trimmed, text_is_email() */
    FIELD_INT,      /* int64_t: min and max are values */
    FIELD_BOOL,     /* bool */
    FIELD_TIME,     /* int64_t, epoch microseconds: ISO 8601 in JSON */
    FIELD_ENUM,     /* struct str: one of `words` */
    FIELD_STR_LIST, /* struct field_list */
    FIELD_OBJECT,   /* cJSON *, checked by the handler; with `of` (FIELD_WITHIN) a pointer to the struct read by it */
    FIELD_ID,       /* int64_t: the id of something */
    FIELD_CRM_ID,   /* struct crm_key: the same in 24 lower-case hex digits */
    FIELD_DATE,     /* int64_t, epoch microseconds of its midnight UTC: "2026-11-27" */
    FIELD_MONEY,    /* int64_t, hundredths: a number with at most two decimals; min and max are hundredths */

    /* In answers alone. */
    FIELD_NUMBER,      /* a number that may have decimals */
    FIELD_OBJECT_LIST, /* objects; `of` says what is in each */
    FIELD_MAP,         /* an object whose members' names are data; the values: `of`, or text */
    FIELD_ANY          /* any JSON value */
};

enum field_flag {
    FIELD_REQUIRED = 1u << 0,
    FIELD_NULLABLE = 1u << 1,
    FIELD_BLANK = 1u << 2, /* the empty string is fine; without it "" counts as missing */

    /* Of a record's rows (records/record.h). */
    FIELD_READONLY = 1u << 3,  /* told, never taken */
    FIELD_IMMUTABLE = 1u << 4, /* taken at creation only */
    FIELD_FILTER = 1u << 5,    /* ?name=value picks the records that have it */
    FIELD_RANGE = 1u << 6,     /* ?name_from= and ?name_before= (crm: nameFrom) */
    FIELD_SORT = 1u << 7,      /* ?sort=name */
    FIELD_SEARCH = 1u << 8,    /* ?q= finds the beginnings of its words */
    FIELD_PARENT = 1u << 9,    /* the path says it: what the record lies below */

    FIELD_OPTIONAL = 1u << 16 /* of an answer: may be left out; every other row is always there */
};

struct record_reference;

/* The most a FIELD_MONEY says: every amount up to it is exact as a JSON number. */
#define FIELD_MONEY_MAX INT64_C(100000000000000)

struct field_list {
    struct str *at;
    size_t n;
};

struct shape;

struct field {
    const char *name; /* the JSON member or form field */
    enum field_type type;
    uint32_t flags;
    uint16_t offset;
    int64_t min, max; /* of bytes, values or items; max 0: the type's own bound (a string: 65536 bytes, a
                         list: 256 items), both 0 for a number: none */
    const char *const *words; /* FIELD_ENUM: NULL-terminated */
    const struct shape *of;   /* FIELD_OBJECT, FIELD_OBJECT_LIST, FIELD_MAP */
    const char *help;
    const char *example;

    /* Of a record's rows. */
    const char *column; /* NULL: called as `name`; "(SELECT …)": worked out by the database, read-only */
    const struct record_reference *reference; /* FIELD_ID, FIELD_CRM_ID: what it names */
    const char *preset;                       /* what an absent one is at creation, spelled as in a query */
    const char *told_only; /* FIELD_ENUM: a word that exported files say and imported ones do not set */
};

struct shape {
    const char *name; /* the OpenAPI component */
    size_t size;      /* bytes of the struct */
    const struct field *fields;
    size_t n;  /* ≤ 64 */
    bool open; /* what has no row is ignored, as OAuth demands; otherwise it is a violation */
};

/* The member's C type must be the one its field_type says: a wrong row does not compile. */
#define FIELD_CTYPE_OK(type_, member_type_)                                                                  \
    (_Generic((member_type_){ 0 }, struct str                                                                \
              : ((type_) == FIELD_STR || (type_) == FIELD_SECRET || (type_) == FIELD_EMAIL ||                \
                 (type_) == FIELD_ENUM),                                                                     \
                int64_t                                                                                      \
              : ((type_) == FIELD_INT || (type_) == FIELD_TIME || (type_) == FIELD_DATE ||                   \
                 (type_) == FIELD_MONEY || (type_) == FIELD_ID),                                             \
                struct crm_key                                                                               \
              : (type_) == FIELD_CRM_ID, bool                                                                \
              : (type_) == FIELD_BOOL, struct field_list                                                     \
              : (type_) == FIELD_STR_LIST, cJSON *                                                           \
              : (type_) == FIELD_OBJECT, default : 0))
#define FIELD(struct_, member_, name_, type_, ...)                                                           \
    {                                                                                                        \
        .name = (name_),                                                                                     \
        .type =                                                                                              \
            (type_) + 0 * sizeof(char[FIELD_CTYPE_OK(type_, __typeof__(((struct_ *)0)->member_)) ? 1 : -1]), \
        .offset = (uint16_t)offsetof(struct_, member_), __VA_ARGS__                                          \
    }
/* An object within the body, read by rows of its own: the member is a pointer to struct within_, NULL when
 * absent. What is wrong in it is told as "name.field". */
#define FIELD_WITHIN(struct_, member_, name_, within_, shape_, ...)                                          \
    {                                                                                                        \
        .name = (name_),                                                                                     \
        .type = FIELD_OBJECT +                                                                               \
                0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((struct_ *)0)->member_), within_ *) \
                                    ? 1                                                                      \
                                    : -1]),                                                                  \
        .of = &(shape_), .offset = (uint16_t)offsetof(struct_, member_), __VA_ARGS__                         \
    }
#define SHAPE(name_, struct_, rows_)                                                                         \
    {                                                                                                        \
        .name = (name_), .size = sizeof(struct_), .fields = (rows_), .n = sizeof(rows_) / sizeof((rows_)[0]) \
    }

#define OPEN_SHAPE(name_, struct_, rows_)                                                                    \
    {                                                                                                        \
        .name = (name_), .size = sizeof(struct_), .fields = (rows_),                                         \
        .n = sizeof(rows_) / sizeof((rows_)[0]), .open = true                                                \
    }

/* What an answer consists of. Its rows have no struct behind them: they tell OpenAPI, the tests and the docs
 * what the handler says, and the end-to-end suite holds every reply against them. Rows of a record or of a
 * body do as well.
 *
 *     static const struct field member_rows[] = {
 *         ANSWER_FIELD("id", FIELD_ID, .help = "…", .example = "7"),
 *         ANSWER_FIELD("joined_at", FIELD_TIME, .flags = FIELD_NULLABLE, .help = "…", .example = "…"),
 *     };
 *     static const struct shape member_answer = ANSWER_SHAPE("TeamMember", member_rows);
 *
 * Bounds are not told of answers; FIELD_REQUIRED means nothing there, since without FIELD_OPTIONAL a member
 * is always there. */
#define ANSWER_FIELD(name_, type_, ...)                                                                      \
    {                                                                                                        \
        .name = (name_), .type = (type_), __VA_ARGS__                                                        \
    }
#define ANSWER_SHAPE(name_, rows_)                                                                           \
    {                                                                                                        \
        .name = (name_), .fields = (rows_), .n = sizeof(rows_) / sizeof((rows_)[0])                          \
    }
/* In a surface's envelope: here stands what the route's row tells. */
extern const struct shape answer_item;

enum violation_kind {
    VIOLATION_REQUIRED = 1, /* missing, or empty where it may not be */
    VIOLATION_TYPE,
    VIOLATION_TOO_SHORT,
    VIOLATION_TOO_LONG,
    VIOLATION_TOO_SMALL,
    VIOLATION_TOO_LARGE,
    VIOLATION_EMAIL,
    VIOLATION_ENUM,
    VIOLATION_UNKNOWN, /* no such field */
    VIOLATION_NULL,
    VIOLATION_TIME,
    VIOLATION_CUSTOM, /* a sentence of its own */
    VIOLATION_MISSING /* it names something that is not there */
};

struct violation {
    const char *field; /* a row's name, or arena text for an unknown one; NULL: a whole line of a file */
    enum violation_kind kind;
    struct str text; /* for people, in Laravel's wording: "The email field is required." */
    int64_t line;    /* of a file, from 1; 0: it is about no file */
};

struct violations {
    struct violation *at;
    size_t n, cap;
};

/* Bytes of the C member; 0 for a type that is none. */
size_t field_size(enum field_type type);
/* The bound that applies. */
int64_t field_max(const struct field *row);

/* Adds a violation with its standard sentence; text.at == NULL picks it from the kind and the row. */
void violations_add(struct arena *arena, struct violations *violations, const char *name,
                    enum violation_kind kind, const struct field *row, struct str text);

/* Reads all rows and collects all violations at once; unknown members are violations. *ret_present: bit i for
 * row i that was there (also as null); *ret_null: bit i for null. `ret` is shape->size zeroed bytes. True
 * when there is no violation. */
bool shape_read_json(const struct shape *shape, struct arena *arena, const cJSON *object, void *ret,
                     uint64_t *ret_present, uint64_t *ret_null, struct violations *violations);
/* The same from a form or query: text is converted by the row's type, a list is split at commas, and an empty
 * optional value counts as absent, since HTML forms send every field. */
bool shape_read_params(const struct shape *shape, struct arena *arena, const struct params *params, void *ret,
                       uint64_t *ret_present, struct violations *violations);
/* One value as a query spells it, by the same rules; `struct_at` is the row's struct. False with a violation
 * added. */
bool field_read_text(const struct field *row, struct arena *arena, struct str text, void *struct_at,
                     struct violations *violations);

#endif
