/* Reading bodies, forms and queries by field rows.
 *
 * Both readers bring a value into one neutral form (struct given) and one check per type judges it, so that a
 * rule cannot differ between JSON and forms. */
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "request/field.h"

#define DEFAULT_MAX_BYTES 65536
#define DEFAULT_MAX_ITEMS 256
#define MAX_NAME_ECHO     64

/* One value, from wherever. Text stands for a JSON string or a parameter; from parameters numbers and
 * booleans are text too. */
struct given {
    const cJSON *json; /* NULL: from parameters */
    struct str text;   /* at == NULL: JSON that is no string */
};

struct reader {
    struct arena *arena;
    struct violations *violations;
    bool ok;
};

static void refuse(struct reader *reader, const struct field *row, enum violation_kind kind)
{
    reader->ok = false;
    violations_add(reader->arena, reader->violations, row->name, kind, row, STR_NONE);
}

const struct shape answer_item = { .name = "item" };

size_t field_size(enum field_type type)
{
    switch (type) {
    case FIELD_STR:
    case FIELD_SECRET:
    case FIELD_EMAIL:
    case FIELD_ENUM:
        return sizeof(struct str);
    case FIELD_INT:
    case FIELD_TIME:
    case FIELD_DATE:
    case FIELD_MONEY:
    case FIELD_ID:
        return sizeof(int64_t);
    case FIELD_CRM_ID:
        return sizeof(struct crm_key);
    case FIELD_BOOL:
        return sizeof(bool);
    case FIELD_STR_LIST:
        return sizeof(struct field_list);
    case FIELD_OBJECT:
        return sizeof(cJSON *);
    case FIELD_NUMBER:
    case FIELD_OBJECT_LIST:
    case FIELD_MAP:
    case FIELD_ANY:
        break; /* of answers: nobody reads them */
    }
    return 0;
}

int64_t field_max(const struct field *row)
{
    if (row->max > 0 || (row->max < 0 && row->max >= row->min))
        return row->max;
    switch (row->type) {
    case FIELD_INT:
    case FIELD_TIME:
    case FIELD_DATE:
    case FIELD_ID:
        return row->min < 0 ? 0 : INT64_MAX;
    case FIELD_MONEY:
        return row->min < 0 ? 0 : FIELD_MONEY_MAX;
    case FIELD_STR_LIST:
        return DEFAULT_MAX_ITEMS;
    default:
        return DEFAULT_MAX_BYTES;
    }
}

static bool is_blank(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!memchr(" \t\r\n", text.at[i], 4))
            return false;
    return true;
}

static bool check_length(struct reader *reader, const struct field *row, size_t length)
{
    if ((int64_t)length < row->min)
        refuse(reader, row, VIOLATION_TOO_SHORT);
    else if ((int64_t)length > field_max(row))
        refuse(reader, row, VIOLATION_TOO_LONG);
    else
        return true;
    return false;
}

static void read_str(struct reader *reader, const struct field *row, struct given given, void *to)
{
    if (!given.text.at || !text_is_clean(given.text))
        refuse(reader, row, VIOLATION_TYPE);
    else if (check_length(reader, row, given.text.len))
        *(struct str *)to = given.text;
}

static void read_email(struct reader *reader, const struct field *row, struct given given, void *to)
{
    struct str email = str_trim(given.text);
    if (!given.text.at)
        refuse(reader, row, VIOLATION_TYPE);
    else if (!text_is_email(email))
        refuse(reader, row, VIOLATION_EMAIL);
    else if (check_length(reader, row, email.len))
        *(struct str *)to = arena_copy(reader->arena, email);
}

static void read_enum(struct reader *reader, const struct field *row, struct given given, void *to)
{
    if (!given.text.at) {
        refuse(reader, row, VIOLATION_TYPE);
        return;
    }
    for (size_t i = 0; row->words[i]; i++) {
        if (!str_equal(given.text, str_of(row->words[i])))
            continue;
        *(struct str *)to = str_of(row->words[i]);
        return;
    }
    refuse(reader, row, VIOLATION_ENUM);
}

static void take_number(struct reader *reader, const struct field *row, int64_t value, void *to)
{
    bool bounded = row->min != 0 || row->max != 0;
    if (bounded && value < row->min)
        refuse(reader, row, VIOLATION_TOO_SMALL);
    else if (bounded && value > field_max(row))
        refuse(reader, row, VIOLATION_TOO_LARGE);
    else
        *(int64_t *)to = value;
}

static void read_int(struct reader *reader, const struct field *row, struct given given, void *to)
{
    int64_t value;
    if (!(given.json ? json_as_int(given.json, &value) : str_to_int(given.text, &value)))
        refuse(reader, row, VIOLATION_TYPE);
    else
        take_number(reader, row, value, to);
}

static void read_id(struct reader *reader, const struct field *row, struct given given, void *to)
{
    int64_t value;
    if (!(given.json ? json_as_int(given.json, &value) : str_to_int(given.text, &value)) || value <= 0)
        refuse(reader, row, VIOLATION_TYPE);
    else
        *(int64_t *)to = value;
}

static void read_crm_id(struct reader *reader, const struct field *row, struct given given, void *to)
{
    struct crm_key key;
    if (!given.text.at || !crm_id_parse(given.text, &key.created_at, &key.id)) {
        refuse(reader, row, VIOLATION_TYPE);
        return;
    }
    key.created_at *= CLOCK_SECOND;
    *(struct crm_key *)to = key;
}

/* "12", "12.5", "-12.50": whole hundredths. */
static bool money_of_text(struct str text, int64_t *ret)
{
    struct str whole, part;
    bool is_minus = str_starts_with(text, STR("-"));
    bool has_part = str_split(str_sub(text, is_minus, text.len), '.', &whole, &part);
    int64_t units = 0, hundredths = 0;
    if (!str_to_int(whole, &units) || units < 0 || units > FIELD_MONEY_MAX / 100)
        return false;
    if (has_part && (part.len == 0 || part.len > 2))
        return false;
    for (size_t i = 0; i < part.len; i++) {
        if (part.at[i] < '0' || part.at[i] > '9')
            return false;
        hundredths += (part.at[i] - '0') * (i == 0 ? 10 : 1);
    }
    *ret = (units * 100 + hundredths) * (is_minus ? -1 : 1);
    return true;
}

/* A number that two decimals say exactly. */
static bool money_of_number(const cJSON *json, int64_t *ret)
{
    char text[32];
    double value = json->valuedouble;
    if (!cJSON_IsNumber(json) || fabs(value) > (double)(FIELD_MONEY_MAX / 100))
        return false;
    int len = snprintf(text, sizeof text, "%.2f", value);
    return strtod(text, NULL) == value && money_of_text(str_from(text, (size_t)len), ret);
}

static void read_money(struct reader *reader, const struct field *row, struct given given, void *to)
{
    int64_t value;
    if (!(given.json ? money_of_number(given.json, &value) : money_of_text(given.text, &value)))
        refuse(reader, row, VIOLATION_TYPE);
    else
        take_number(reader, row, value, to);
}

static void read_bool(struct reader *reader, const struct field *row, struct given given, void *to)
{
    bool yes = given.json ? cJSON_IsTrue(given.json)
                          : str_equal(given.text, STR("true")) || str_equal(given.text, STR("1"));
    bool no = given.json ? cJSON_IsFalse(given.json)
                         : str_equal(given.text, STR("false")) || str_equal(given.text, STR("0"));
    if (!yes && !no)
        refuse(reader, row, VIOLATION_TYPE);
    else
        *(bool *)to = yes;
}

static void read_time(struct reader *reader, const struct field *row, struct given given, void *to)
{
    int64_t value;
    if (!given.text.at || !clock_parse_iso8601(given.text, &value))
        refuse(reader, row, VIOLATION_TIME);
    else
        *(int64_t *)to = value;
}

static void read_date(struct reader *reader, const struct field *row, struct given given, void *to)
{
    int64_t value;
    struct str time = arena_printf(reader->arena, "%.*sT00:00:00Z", STR_ARG(str_sub(given.text, 0, 11)));
    if (given.text.len != 10 || !clock_parse_iso8601(time, &value))
        refuse(reader, row, VIOLATION_TIME);
    else
        *(int64_t *)to = value;
}

static bool add_item(struct reader *reader, const struct field *row, struct field_list *list, struct str item)
{
    if (!item.at || is_blank(item) || item.len > DEFAULT_MAX_BYTES) {
        refuse(reader, row, VIOLATION_TYPE);
        return false;
    }
    list->at[list->n++] = item;
    return true;
}

static bool items_from_json(struct reader *reader, const struct field *row, const cJSON *json,
                            struct field_list *list)
{
    if (!cJSON_IsArray(json)) {
        refuse(reader, row, VIOLATION_TYPE);
        return false;
    }
    size_t n = (size_t)cJSON_GetArraySize(json);
    if (!check_length(reader, row, n))
        return false;
    list->at = ARENA_ARRAY(reader->arena, struct str, n + 1);
    const cJSON *item;
    cJSON_ArrayForEach (item, json)
        if (!add_item(reader, row, list, json_as_str(item)))
            return false;
    return true;
}

static bool items_from_text(struct reader *reader, const struct field *row, struct str text,
                            struct field_list *list)
{
    size_t n = 1;
    for (size_t i = 0; i < text.len; i++)
        n += text.at[i] == ',';
    if (!check_length(reader, row, n))
        return false;
    list->at = ARENA_ARRAY(reader->arena, struct str, n);
    for (bool more = true; more;) {
        struct str item;
        more = str_split(text, ',', &item, &text);
        if (!add_item(reader, row, list, item))
            return false;
    }
    return true;
}

static void read_list(struct reader *reader, const struct field *row, struct given given, void *to)
{
    struct field_list list = { 0 };
    if (given.json ? items_from_json(reader, row, given.json, &list)
                   : items_from_text(reader, row, given.text, &list))
        *(struct field_list *)to = list;
}

/* All that is wrong within is told beside what is wrong without. */
static void *read_within(struct reader *reader, const struct field *row, const cJSON *object)
{
    struct violations within = { 0 };
    uint64_t present, null;
    void *ret = arena_alloc(reader->arena, row->of->size);
    if (shape_read_json(row->of, reader->arena, object, ret, &present, &null, &within))
        return ret;
    reader->ok = false;
    for (size_t i = 0; i < within.n; i++) {
        const char *name = arena_printf(reader->arena, "%s.%s", row->name, within.at[i].field).at;
        violations_add(reader->arena, reader->violations, name, within.at[i].kind, NULL, within.at[i].text);
    }
    return NULL;
}

static void read_object(struct reader *reader, const struct field *row, struct given given, void *to)
{
    if (!given.json || !cJSON_IsObject(given.json))
        refuse(reader, row, VIOLATION_TYPE);
    else if (row->of)
        *(void **)to = read_within(reader, row, given.json);
    else
        *(const cJSON **)to = given.json;
}

typedef void (*read_fn)(struct reader *reader, const struct field *row, struct given given, void *to);
static const read_fn readers[] = {
    [FIELD_STR] = read_str,       [FIELD_SECRET] = read_str,    [FIELD_EMAIL] = read_email,
    [FIELD_INT] = read_int,       [FIELD_BOOL] = read_bool,     [FIELD_TIME] = read_time,
    [FIELD_ENUM] = read_enum,     [FIELD_STR_LIST] = read_list, [FIELD_OBJECT] = read_object,
    [FIELD_DATE] = read_date,     [FIELD_MONEY] = read_money,   [FIELD_ID] = read_id,
    [FIELD_CRM_ID] = read_crm_id,
};

/* "" is a value only where the row says so. A secret of spaces is a secret. */
static bool counts_as_empty(const struct field *row, struct given given)
{
    if (!given.text.at || (row->flags & FIELD_BLANK))
        return false;
    return row->type == FIELD_SECRET ? str_is_empty(given.text) : is_blank(given.text);
}

static size_t row_of(const struct shape *shape, struct str name)
{
    size_t i = 0;
    while (i < shape->n && !str_equal(name, str_of(shape->fields[i].name)))
        i++;
    return i;
}

static void refuse_unknown(struct reader *reader, const struct shape *shape, struct str name)
{
    if (shape->open)
        return;
    /* Cut at a character, not inside one. */
    size_t end = name.len < MAX_NAME_ECHO ? name.len : MAX_NAME_ECHO;
    while (end < name.len && end > 0 && ((unsigned char)name.at[end] & 0xc0) == 0x80)
        end--;
    reader->ok = false;
    violations_add(reader->arena, reader->violations, arena_cstr(reader->arena, str_sub(name, 0, end)),
                   VIOLATION_UNKNOWN, NULL, STR_NONE);
}

static void require_rows(struct reader *reader, const struct shape *shape, uint64_t present)
{
    for (size_t i = 0; i < shape->n; i++)
        if ((shape->fields[i].flags & FIELD_REQUIRED) && !(present >> i & 1))
            refuse(reader, &shape->fields[i], VIOLATION_REQUIRED);
}

static void read_null(struct reader *reader, const struct field *row, uint64_t bit, uint64_t *ret_null)
{
    if (row->flags & FIELD_NULLABLE)
        *ret_null |= bit;
    else
        refuse(reader, row, (row->flags & FIELD_REQUIRED) ? VIOLATION_REQUIRED : VIOLATION_NULL);
}

bool shape_read_json(const struct shape *shape, struct arena *arena, const cJSON *object, void *ret,
                     uint64_t *ret_present, uint64_t *ret_null, struct violations *violations)
{
    struct reader reader = { arena, violations, true };
    *ret_present = *ret_null = 0;
    const cJSON *member;
    cJSON_ArrayForEach (member, object) {
        size_t i = row_of(shape, str_of(member->string));
        if (i == shape->n) {
            refuse_unknown(&reader, shape, str_of(member->string));
            continue;
        }
        const struct field *row = &shape->fields[i];
        struct given given = { member, json_as_str(member) };
        *ret_present |= UINT64_C(1) << i;
        if (cJSON_IsNull(member))
            read_null(&reader, row, UINT64_C(1) << i, ret_null);
        else if (counts_as_empty(row, given))
            refuse(&reader, row, VIOLATION_REQUIRED);
        else
            readers[row->type](&reader, row, given, (char *)ret + row->offset);
    }
    require_rows(&reader, shape, *ret_present);
    return reader.ok;
}

bool shape_read_params(const struct shape *shape, struct arena *arena, const struct params *params, void *ret,
                       uint64_t *ret_present, struct violations *violations)
{
    struct reader reader = { arena, violations, true };
    *ret_present = 0;
    for (size_t p = 0; p < params->n; p++) {
        size_t i = row_of(shape, params->at[p].name);
        if (i == shape->n) {
            refuse_unknown(&reader, shape, params->at[p].name);
            continue;
        }
        const struct field *row = &shape->fields[i];
        struct given given = { NULL, params->at[p].value.at ? params->at[p].value : STR("") };
        if (counts_as_empty(row, given))
            continue;
        *ret_present |= UINT64_C(1) << i;
        readers[row->type](&reader, row, given, (char *)ret + row->offset);
    }
    require_rows(&reader, shape, *ret_present);
    return reader.ok;
}

bool field_read_text(const struct field *row, struct arena *arena, struct str text, void *struct_at,
                     struct violations *violations)
{
    struct reader reader = { arena, violations, true };
    readers[row->type](&reader, row, (struct given){ NULL, text }, (char *)struct_at + row->offset);
    return reader.ok;
}
