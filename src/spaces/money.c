#include "spaces/money.h"

/* Those whose minor unit is not the hundredth (ISO 4217, list one). */
static const struct {
    const char *currency;
    int decimals;
} exceptions[] = {
    { "BHD", 3 }, { "BIF", 0 }, { "CLP", 0 }, { "DJF", 0 }, { "GNF", 0 }, { "IQD", 3 },
    { "ISK", 0 }, { "JOD", 3 }, { "JPY", 0 }, { "KMF", 0 }, { "KRW", 0 }, { "KWD", 3 },
    { "LYD", 3 }, { "OMR", 3 }, { "PYG", 0 }, { "RWF", 0 }, { "TND", 3 }, { "UGX", 0 },
    { "VND", 0 }, { "VUV", 0 }, { "XAF", 0 }, { "XOF", 0 }, { "XPF", 0 },
};

bool money_is_currency(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] < 'A' || s.at[i] > 'Z')
            return false;
    return s.len == 3;
}

static int decimals_of(struct str currency)
{
    for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
        if (str_equal(currency, str_of(exceptions[i].currency)))
            return exceptions[i].decimals;
    return 2;
}

struct str money_in_words(struct arena *arena, int64_t amount, struct str currency)
{
    int decimals = decimals_of(currency);
    int64_t unit = decimals == 3 ? 1000 : decimals == 2 ? 100 : 1;
    if (decimals == 0)
        return arena_printf(arena, "%lld %.*s", (long long)amount, STR_ARG(currency));
    return arena_printf(arena, "%lld.%0*lld %.*s", (long long)(amount / unit), decimals,
                        (long long)(amount % unit), STR_ARG(currency));
}
