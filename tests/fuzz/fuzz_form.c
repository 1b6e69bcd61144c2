/* Forms and queries: what is accepted is clean text without a name twice, and survives being written and read
 * again. */
#include "base/buf.h"
#include "base/text.h"
#include "fuzz.h"
#include "request/request.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

static void add_encoded(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        buf_printf(out, "%%%02x", (unsigned char)text.at[i]);
}

static struct str encode(struct arena *arena, const struct params *params)
{
    struct buf out;
    buf_init(&out, arena, (size_t)1 << 22);
    for (size_t i = 0; i < params->n; i++) {
        buf_add(&out, i ? STR("&") : STR(""));
        add_encoded(&out, params->at[i].name);
        buf_add_char(&out, '=');
        add_encoded(&out, params->at[i].value);
    }
    return buf_str(&out);
}

static void check_param(const struct params *params, size_t i)
{
    const struct param *param = &params->at[i];
    FUZZ_CHECK(param->name.len > 0 && text_is_clean(param->name) && text_is_clean(param->value));
    for (size_t before = 0; before < i; before++)
        FUZZ_CHECK(!str_equal(params->at[before].name, param->name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)1 << 24);
    struct params params, again;
    struct str why = STR_NONE;
    if (!params_decode(arena, str_from((const char *)data, size), &params, &why)) {
        FUZZ_CHECK(why.len > 0);
    } else {
        FUZZ_CHECK(params.n <= 256);
        FUZZ_CHECK(params_decode(arena, encode(arena, &params), &again, &why) && again.n == params.n);
        for (size_t i = 0; i < params.n; i++) {
            check_param(&params, i);
            FUZZ_CHECK(str_equal(params.at[i].name, again.at[i].name));
            FUZZ_CHECK(str_equal(params.at[i].value, again.at[i].value));
        }
    }
    arena_free(&arena);
    return 0;
}
