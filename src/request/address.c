/* Addresses and CIDR blocks, compared as 128 bits; IPv4 and IPv6 never match each other's blocks, and a
 * v4-mapped address is IPv4. */
#include "request/address.h"

#include <arpa/inet.h>

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

static bool to_cstr(struct str text, char *ret, size_t cap)
{
    if (text.len == 0 || text.len >= cap || memchr(text.at, 0, text.len))
        return false;
    memcpy(ret, text.at, text.len);
    ret[text.len] = 0;
    return true;
}

bool address_parse(struct str text, struct address *ret)
{
    char buffer[INET6_ADDRSTRLEN];
    if (!to_cstr(text, buffer, sizeof(buffer)))
        return false;
    struct address address = { .is_v4 = true };
    memcpy(address.bytes, v4_prefix, sizeof(v4_prefix));
    if (inet_pton(AF_INET, buffer, address.bytes + 12) != 1) {
        if (inet_pton(AF_INET6, buffer, address.bytes) != 1)
            return false;
        address.is_v4 = memcmp(address.bytes, v4_prefix, sizeof(v4_prefix)) == 0;
    }
    *ret = address;
    return true;
}

static bool is_port(struct str text)
{
    int64_t port;
    return str_to_int(text, &port) && port >= 1 && port <= 65535;
}

bool address_parse_forwarded(struct str text, struct address *ret)
{
    struct str host, port;
    if (text.len > 0 && text.at[0] == '[') {
        if (!str_split(str_sub(text, 1, text.len), ']', &host, &port))
            return false;
        if (port.len > 0 && (port.at[0] != ':' || !is_port(str_sub(port, 1, port.len))))
            return false;
        return str_index(host, ':') < host.len && address_parse(host, ret);
    }
    bool one_colon = str_split(text, ':', &host, &port) && str_index(port, ':') == port.len;
    if (one_colon)
        return is_port(port) && address_parse(host, ret);
    return address_parse(text, ret);
}

struct str address_text(struct arena *arena, const struct address *address)
{
    char buffer[INET6_ADDRSTRLEN];
    if (address->is_v4)
        inet_ntop(AF_INET, address->bytes + 12, buffer, sizeof(buffer));
    else
        inet_ntop(AF_INET6, address->bytes, buffer, sizeof(buffer));
    return arena_copy(arena, str_of(buffer));
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, size_t bits)
{
    size_t bytes = bits / 8, rest = bits % 8;
    if (memcmp(a, b, bytes) != 0)
        return false;
    return rest == 0 || ((a[bytes] ^ b[bytes]) >> (8 - rest)) == 0;
}

/* The prefix length in 128-bit terms; false for one that does not fit the family. */
static bool block_parse(struct str text, struct address *ret, size_t *ret_bits)
{
    struct str base, length;
    bool has_length = str_split(text, '/', &base, &length);
    if (!address_parse(base, ret))
        return false;
    /* "::ffff:10.0.0.0/104" is written in IPv6's bits although it is an IPv4 block. */
    bool v4_bits = ret->is_v4 && str_index(base, ':') == base.len;
    int64_t bits = v4_bits ? 32 : 128;
    if (has_length && (!str_to_int(length, &bits) || bits < 0 || bits > (v4_bits ? 32 : 128)))
        return false;
    if (ret->is_v4 && !v4_bits && bits < 96)
        ret->is_v4 = false;
    *ret_bits = (size_t)bits + (v4_bits ? 96 : 0);
    return true;
}

static bool in_block(const struct address *address, struct str block_text)
{
    struct address block;
    size_t bits;
    return block_parse(block_text, &block, &bits) && block.is_v4 == address->is_v4 &&
           same_prefix(address->bytes, block.bytes, bits);
}

bool address_in_list(struct str text, const struct str_list *list)
{
    struct address address;
    bool parsed = list->n > 0 && address_parse(text, &address);
    for (size_t i = 0; i < list->n; i++) {
        if (parsed ? in_block(&address, list->at[i]) : str_equal(text, list->at[i]))
            return true;
    }
    return false;
}

bool address_in_words(struct str text, struct str words)
{
    struct address address;
    if (!address_parse(text, &address))
        return false;
    for (bool more = true; more;) {
        struct str word;
        more = str_split(words, ' ', &word, &words);
        if (in_block(&address, word))
            return true;
    }
    return false;
}

bool address_is_block(struct str text)
{
    struct address block;
    size_t bits;
    return block_parse(text, &block, &bits);
}
