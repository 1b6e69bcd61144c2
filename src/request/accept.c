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

static int weight_in_request(const struct request *request, struct str type)
{
    int weight = NOT_NAMED;
    for (size_t i = 0; i < request->header_count; i++)
        if (str_equal(request->headers[i].name, STR("accept")))
            look_for(request->headers[i].value, type, &weight);
    return weight;
}

bool accept_wants_problem(const struct request *request)
{
    int problem = weight_in_request(request, STR("application/problem+json"));
    return problem > 0 && problem >= weight_in_request(request, STR("application/json"));
}

bool accept_names(const struct request *request, struct str type)
{
    return weight_in_request(request, type) > 0;
}
