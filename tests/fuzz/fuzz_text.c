/* The small decoders: what one of them accepts, its encoder gives back; what the log quotes is a JSON string.
 */
#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/text.h"
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    json_init();
    return 0;
}

static void check_binary(struct arena *arena, struct str text)
{
    struct str out;
    if (base64url_decode(arena, text, &out))
        FUZZ_CHECK(str_equal(base64url_encode(arena, out.at, out.len), text));
    size_t size;
    char *bytes = arena_alloc(arena, text.len);
    if (hex_decode(text, bytes, text.len, &size))
        FUZZ_CHECK(str_equal(hex_encode(arena, bytes, size), arena_lower(arena, text)));
    FUZZ_CHECK(base64url_decode(arena, base64url_encode(arena, text.at, text.len), &out) &&
               str_equal(out, text));
}

static void check_percent(struct arena *arena, struct str text)
{
    struct str plain, form;
    bool accepted = percent_decode(arena, text, false, &plain);
    FUZZ_CHECK(accepted == percent_decode(arena, text, true, &form));
    FUZZ_CHECK(!accepted || (plain.len == form.len && plain.len <= text.len));
}

static void check_scalars(struct arena *arena, struct str text)
{
    int64_t value, again;
    if (str_to_int(text, &value))
        FUZZ_CHECK(str_equal(arena_printf(arena, "%lld", (long long)value), text));
    if (!clock_parse_iso8601(text, &value))
        return;
    /* An offset may lead out of the four-digit years, which have no spelling. */
    struct str written = clock_iso8601(arena, value);
    FUZZ_CHECK(!clock_parse_iso8601(written, &again) || again == value);
}

static void check_shapes(struct arena *arena, struct str text)
{
    bool clean = text_is_clean(text);
    FUZZ_CHECK(text_utf8_prefix(text) <= text.len);
    FUZZ_CHECK(text_is_utf8(text) == (text_utf8_prefix(text) == text.len));
    FUZZ_CHECK(clean || !text_is_line(text));
    FUZZ_CHECK(text_is_line(text) || (!text_is_email(text) && !text_is_host(text)));
    FUZZ_CHECK(!text_is_slug(text) || text_is_host(text));
    FUZZ_CHECK(!text_is_email(text) || text_is_email(text_normal_email(arena, text)));
    FUZZ_CHECK(text_length(text) <= text.len);
}

static void check_quoting(struct arena *arena, struct str text)
{
    char quoted[64];
    cJSON *item;
    struct json_error error;
    size_t cap = text.len % sizeof(quoted);
    size_t len = json_quote(quoted, cap, text);
    FUZZ_CHECK(len <= cap);
    FUZZ_CHECK(cap < 2 || json_parse(arena, str_from(quoted, len), &item, &error) ||
               memmem(quoted, len, "\\u0000", 6) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)1 << 24);
    struct str text = str_from((const char *)data, size);
    check_binary(arena, text);
    check_percent(arena, text);
    check_scalars(arena, text);
    check_shapes(arena, text);
    check_quoting(arena, text);
    arena_free(&arena);
    return 0;
}
