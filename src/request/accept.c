/* Accept (RFC 9110 section 12.5.1), as far as one question needs it. Weights are counted in thousandths. A
 * range whose weight cannot be read is left out. */
#include "request/accept.h"

#define NOT_NAMED (-1)

/* "1", "1.000", "0.5": at most three decimals. -1 when it is something else. */
static int weight_of(struct str text)
{
    if (text.len == 0 || text.len > 5 || (text.at[0] != '0' && text.at[0] != '1'))
        return -1;
    int weight = (text.at[0] - '0') * 1000, scale = 100;
    if (text.len > 1 && text.at[1] != '.')
        return -1;
    for (size_t i = 2; i < text.len; i++, scale /= 10) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return -1;
        weight += (text.at[i] - '0') * scale;
    }
    return weight <= 1000 ? weight : -1;
}

static int range_weight(struct str parameters)
{
    for (struct str one, rest = parameters; !str_is_empty(rest);) {
        struct str name, value;
        str_split(rest, ';', &one, &rest);
        if (str_split(one, '=', &name, &value) && str_equal_nocase(str_trim(name), STR("q")))
            return weight_of(str_trim(value));
    }
    return 1000;
}

/* Raises *weight when the header's value names `type`. */
static void look_for(struct str value, struct str type, int *weight)
{
    for (struct str range, rest = value; !str_is_empty(rest);) {
        struct str name, parameters;
        str_split(rest, ',', &range, &rest);
        str_split(range, ';', &name, &parameters);
        if (!str_equal_nocase(str_trim(name), type))
            continue;
        int found = range_weight(parameters);
        if (found > *weight)
            *weight = found;
    }
}

bool accept_wants_problem(const struct request *request)
{
    int problem = NOT_NAMED, json = NOT_NAMED;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct header *header = &request->headers[i];
        if (!str_equal(header->name, STR("accept")))
            continue;
        look_for(header->value, STR("application/problem+json"), &problem);
        look_for(header->value, STR("application/json"), &json);
    }
    return problem > 0 && problem >= json;
}
