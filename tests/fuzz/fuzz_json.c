/* The JSON layer: what is refused has a place and a reason; what is accepted has clean, distinct names and
 * clean texts within the depth, and survives being printed and read again. */
#include "base/json.h"
#include "base/text.h"
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    json_init();
    return 0;
}

static void check_name(const cJSON *item)
{
    FUZZ_CHECK(text_is_clean(str_of(item->string)));
    for (const cJSON *later = item->next; later != NULL; later = later->next)
        FUZZ_CHECK(strcmp(item->string, later->string) != 0);
}

static void check_item(const cJSON *item, int depth)
{
    FUZZ_CHECK(!cJSON_IsRaw(item) && !cJSON_IsInvalid(item));
    FUZZ_CHECK(!cJSON_IsString(item) || text_is_clean(json_as_str(item)));
    FUZZ_CHECK(depth <= JSON_MAX_DEPTH || item->child == NULL);
    const cJSON *child;
    cJSON_ArrayForEach (child, item) {
        if (cJSON_IsObject(item))
            check_name(child);
        check_item(child, depth + 1);
    }
}

static void check_error(const struct json_error *error, size_t size)
{
    struct str text = str_of(error->text);
    FUZZ_CHECK(text.len > 0 && text.len < sizeof(error->text) && text_is_utf8(text));
    FUZZ_CHECK(error->offset <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)1 << 26);
    cJSON *item, *again;
    struct json_error error;
    if (!json_parse(arena, str_from((const char *)data, size), &item, &error)) {
        check_error(&error, size);
    } else {
        check_item(item, 1);
        /* The first printing may round a number that a double only came near to; from then on nothing moves. */
        FUZZ_CHECK(json_parse(arena, json_print(arena, item), &again, &error));
        struct str printed = json_print(arena, again);
        FUZZ_CHECK(json_parse(arena, printed, &again, &error));
        FUZZ_CHECK(str_equal(printed, json_print(arena, again)));
    }
    FUZZ_CHECK(!arena_over_budget(arena));
    arena_free(&arena);
    return 0;
}
