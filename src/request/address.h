/* Network addresses in text form: behind which proxies a client stands, and who may read the metrics. */
#ifndef TETHER_REQUEST_ADDRESS_H
#define TETHER_REQUEST_ADDRESS_H

#include "config/config.h"

struct address {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
    bool is_v4;
};

/* "127.0.0.1", "::1", "::ffff:127.0.0.1" (which is IPv4). Strict: no zone, no port, no leading zeros. */
bool address_parse(struct str text, struct address *ret);
/* The same, with the forms proxies write: "[::1]", "[::1]:443", "127.0.0.1:443". */
bool address_parse_forwarded(struct str text, struct address *ret);
/* The one text form of an address. */
struct str address_text(struct arena *arena, const struct address *address);

/* Whether `text` is one of the addresses or lies in one of the CIDR blocks. "unix" is in a list that says
 * "unix". */
bool address_in_list(struct str text, const struct str_list *list);
/* The same for a list as it is stored: one space between. */
bool address_in_words(struct str text, struct str words);
/* Whether `text` is an address or a CIDR block. */
bool address_is_block(struct str text);

#endif
