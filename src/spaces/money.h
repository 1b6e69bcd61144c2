/* Amounts of money: whole numbers of a currency's minor unit (ISO 4217). */
#ifndef TETHER_SPACES_MONEY_H
#define TETHER_SPACES_MONEY_H

#include "base/arena.h"

#define MONEY_MAX INT64_C(100000000000) /* the largest price: so that 20 of them are exact in JSON, too */

/* Three capital letters: what a currency's code looks like. */
bool money_is_currency(struct str s);

/* "12.50 EUR", "1200 JPY": as many decimals as the currency has. */
struct str money_in_words(struct arena *arena, int64_t amount, struct str currency);

#endif
