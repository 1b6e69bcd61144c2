/* application/x-www-form-urlencoded, strictly: for queries and for forms alike, so that nobody can smuggle a
 * second reading of the same bytes past one of them. */
#include "base/encode.h"
#include "base/text.h"
#include "request/request.h"

#define MAX_PAIRS 256

static bool refuse(struct str *ret_why, struct str why)
{
    *ret_why = why;
    return false;
}

static size_t count_pairs(struct str text)
{
    size_t pairs = 1;
    for (size_t i = 0; i < text.len; i++)
        pairs += text.at[i] == '&';
    return pairs;
}

static bool decode_pair(struct arena *arena, struct str pair, struct param *ret, struct str *ret_why)
{
    struct str name, value;
    str_split(pair, '=', &name, &value);
    if (!percent_decode(arena, name, true, &ret->name) || !percent_decode(arena, value, true, &ret->value))
        return refuse(ret_why, STR("a percent escape is broken"));
    if (!text_is_clean(ret->name) || !text_is_clean(ret->value))
        return refuse(ret_why, STR("it is not UTF-8 text, or holds a NUL"));
    if (str_is_empty(ret->name))
        return refuse(ret_why, STR("a value has no name"));
    return true;
}

bool params_decode(struct arena *arena, struct str text, struct params *ret, struct str *ret_why)
{
    *ret = (struct params){ 0 };
    if (str_is_empty(text))
        return true;
    size_t most = count_pairs(text);
    if (most > MAX_PAIRS)
        return refuse(ret_why, STR("there are more than 256 values"));
    ret->at = ARENA_ARRAY(arena, struct param, most);
    for (struct str pair, rest = text; !str_is_empty(rest);) {
        str_split(rest, '&', &pair, &rest);
        if (str_is_empty(pair))
            continue;
        struct param param;
        if (!decode_pair(arena, pair, &param, ret_why))
            return false;
        for (size_t i = 0; i < ret->n; i++)
            if (str_equal(ret->at[i].name, param.name))
                return refuse(ret_why, STR("a name appears twice"));
        ret->at[ret->n++] = param;
    }
    return true;
}

struct str params_get(const struct params *params, const char *name)
{
    struct str wanted = str_of(name);
    for (size_t i = 0; i < params->n; i++)
        if (str_equal(params->at[i].name, wanted))
            return params->at[i].value.at ? params->at[i].value : STR("");
    return STR_NONE;
}
