/* cJSON on the arena: its hooks allocate from the arena of the calling thread and never free. The arena's
 * budget holds for parsing, building and printing alike; passing it leaves a gap in the tree or an empty
 * text, and arena_over_budget() says so. */
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json_scan.h"

/* The largest integer whose neighbours are not rounded onto it. */
#define MAX_EXACT 9007199254740991.0

static _Thread_local struct arena *thread_arena;

static void *allocate(size_t size)
{
    if (thread_arena == NULL)
        abort(); /* cJSON was called on a thread that named no arena */
    return arena_try_alloc(thread_arena, size);
}

static void keep(void *at)
{
    (void)at; /* goes with the arena */
}

void json_init(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){ .malloc_fn = allocate, .free_fn = keep });
}

struct arena *json_use_arena(struct arena *arena)
{
    struct arena *before = thread_arena;
    thread_arena = arena;
    return before;
}

bool json_parse(struct arena *arena, struct str text, cJSON **ret, struct json_error *ret_error)
{
    json_use_arena(arena);
    *ret = NULL;
    if (!json_scan(arena, text, ret_error))
        return false;
    *ret = cJSON_ParseWithLengthOpts(text.at, text.len, NULL, false);
    if (*ret != NULL)
        return true;
    ret_error->offset = 0;
    snprintf(ret_error->text, sizeof(ret_error->text), "the text needs too much memory");
    return false;
}

bool json_as_int(const cJSON *item, int64_t *ret)
{
    if (!cJSON_IsNumber(item) || item->valuedouble < -MAX_EXACT || item->valuedouble > MAX_EXACT)
        return false;
    int64_t value = (int64_t)item->valuedouble;
    if ((double)value != item->valuedouble)
        return false;
    *ret = value;
    return true;
}

cJSON *json_new_object(void)
{
    return cJSON_CreateObject();
}

cJSON *json_new_array(void)
{
    return cJSON_CreateArray();
}

void json_add_item(cJSON *object, const char *name, cJSON *item)
{
    if (name == NULL)
        cJSON_AddItemToArray(object, item);
    else
        cJSON_AddItemToObject(object, name, item);
}

void json_add_str(cJSON *object, const char *name, struct str value)
{
    char *copy = allocate(value.len + 1);
    if (copy == NULL)
        return;
    if (value.len > 0)
        memcpy(copy, value.at, value.len);
    json_add_item(object, name, cJSON_CreateStringReference(copy));
}

void json_add_int(cJSON *object, const char *name, int64_t value)
{
    char digits[STR_INT_CAP + 1];
    if ((double)value >= -MAX_EXACT && (double)value <= MAX_EXACT) {
        json_add_item(object, name, cJSON_CreateNumber((double)value));
        return;
    }
    digits[str_put_int(digits, value)] = '\0';
    json_add_item(object, name, cJSON_CreateRaw(digits));
}

void json_add_text(cJSON *object, const char *name, const char *json)
{
    json_add_item(object, name, cJSON_CreateRaw(json));
}

void json_add_bool(cJSON *object, const char *name, bool value)
{
    json_add_item(object, name, cJSON_CreateBool(value));
}

void json_add_null(cJSON *object, const char *name)
{
    json_add_item(object, name, cJSON_CreateNull());
}

void json_add_str_or_null(cJSON *object, const char *name, struct str value)
{
    if (value.at == NULL)
        json_add_null(object, name);
    else
        json_add_str(object, name, value);
}

void json_add_time(cJSON *object, const char *name, int64_t epoch_us)
{
    char text[CLOCK_ISO8601_CAP];
    if (epoch_us == 0)
        json_add_null(object, name);
    else
        json_add_str(object, name, str_from(text, clock_format_iso8601(text, epoch_us, false)));
}

cJSON *json_add_object(cJSON *object, const char *name)
{
    cJSON *item = json_new_object();
    json_add_item(object, name, item);
    return item;
}

cJSON *json_add_array(cJSON *object, const char *name)
{
    cJSON *item = json_new_array();
    json_add_item(object, name, item);
    return item;
}
