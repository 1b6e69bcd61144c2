/* Encoding fields. Integers and strings as RFC 7541 section 5; strings are sent as they are, since squeezing
 * them costs more than the bytes are worth. */
#include "http/hpack.h"

#define FIRST_DYNAMIC  62
#define ENTRY_OVERHEAD 32 /* RFC 7541 section 4.1 */
#define INT_ROOM       6

/* How an integer begins: the bits before it, and how many of the first byte are left for it. */
struct form {
    uint8_t mark;
    uint8_t bits;
};
static const struct form indexed = { 0x80, 7 }, inserted = { 0x40, 6 }, table_limit = { 0x20, 5 },
                         never_indexed = { 0x10, 4 }, not_indexed = { 0x00, 4 }, plain_string = { 0x00, 7 };

/* The fields that many answers bear: whole, or only by name where the value differs each time. */
struct line {
    struct str name, value; /* value.at == NULL: any */
};
#define WHOLE(name, value)                                                                                   \
    {                                                                                                        \
        { name, sizeof(name) - 1 },                                                                          \
        {                                                                                                    \
            value, sizeof(value) - 1                                                                         \
        }                                                                                                    \
    }
#define NAME(name)                                                                                           \
    {                                                                                                        \
        { name, sizeof(name) - 1 },                                                                          \
        {                                                                                                    \
            NULL, 0                                                                                          \
        }                                                                                                    \
    }

/* In order of the names' lengths. */
static const struct line lines[] = {
    WHOLE("vary", "Accept"),
    WHOLE("vary", "Origin"),
    WHOLE("server", "tether"),
    WHOLE("content-type", "application/json"),
    NAME("x-request-id"),
    WHOLE("content-type", "application/problem+json"),
    WHOLE("content-type", "text/html; charset=utf-8"),
    NAME("x-tether-user"),
    NAME("x-tether-role"),
    WHOLE("cache-control", "no-store"),
    NAME("x-tether-email"),
    WHOLE("referrer-policy", "no-referrer"),
    WHOLE("x-frame-options", "DENY"),
    NAME("x-tether-tenant"),
    WHOLE("www-authenticate", "Bearer realm=\"tether\""),
    WHOLE("www-authenticate",
          "Bearer realm=\"tether\", error=\"invalid_token\", error_description=\"The token is invalid\""),
    NAME("x-ratelimit-limit"),
    NAME("x-ratelimit-reset"),
    NAME("x-tether-permissions"),
    NAME("x-ratelimit-remaining"),
    WHOLE("x-content-type-options", "nosniff"),
    WHOLE("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    WHOLE("strict-transport-security", "max-age=31536000"),
    NAME("access-control-expose-headers"),
};
#define LINE_COUNT (sizeof(lines) / sizeof(lines[0]))
_Static_assert(LINE_COUNT <= HPACK_LINES, "every line has its place");

/* Where the lines begin whose names have that length; those of the next length end them. */
#define NAME_MAX 30
static const uint8_t of_length[NAME_MAX + 1] = {
    0,  0,  0,  0,  0,  2,  2,  3,  3,  3,  3,  3,  3,  7,  10,         11,
    14, 16, 18, 18, 18, 19, 20, 21, 22, 22, 23, 23, 23, 23, LINE_COUNT,
};

void hpack_peer_init(struct hpack_peer *peer)
{
    *peer = (struct hpack_peer){ .allowed = HPACK_DEFAULT_LIMIT, .limit = HPACK_DEFAULT_LIMIT };
}

static uint8_t *put_int(uint8_t *to, struct form form, uint32_t value)
{
    uint32_t most = (1u << form.bits) - 1;
    if (value < most) {
        *to++ = (uint8_t)(form.mark | value);
        return to;
    }
    *to++ = (uint8_t)(form.mark | most);
    for (value -= most; value >= 128; value >>= 7)
        *to++ = (uint8_t)(0x80 | value);
    *to++ = (uint8_t)value;
    return to;
}

static uint8_t *put_string(uint8_t *to, struct str text)
{
    to = put_int(to, plain_string, (uint32_t)text.len);
    if (text.len > 0)
        memcpy(to, text.at, text.len);
    return to + text.len;
}

static bool is_line(const struct line *line, struct str name, struct str value)
{
    if (line->value.at && (line->value.len != value.len || !str_equal(line->value, value)))
        return false;
    return str_equal(line->name, name);
}

/* -1: none. */
static int find_line(struct str name, struct str value)
{
    size_t end = name.len < NAME_MAX ? of_length[name.len + 1] : 0;
    for (size_t i = name.len < NAME_MAX ? of_length[name.len] : 0; i < end; i++)
        if (is_line(&lines[i], name, value))
            return (int)i;
    return -1;
}

static uint32_t index_of(const struct hpack_peer *peer, int line)
{
    return FIRST_DYNAMIC + (uint32_t)(peer->count - peer->place[line]);
}

/* A place for the field in the peer's table, where there is room for it. */
static bool take_place(struct hpack_peer *peer, int line, struct str name, struct str value)
{
    size_t size = name.len + value.len + ENTRY_OVERHEAD;
    if (size > peer->limit || peer->size > peer->limit - size)
        return false;
    peer->size += (uint32_t)size;
    peer->place[line] = ++peer->count;
    return true;
}

size_t hpack_field_room(struct str name, struct str value)
{
    return name.len + value.len + 3 * (size_t)INT_ROOM;
}

static uint8_t *put_literal(uint8_t *to, struct form form, uint32_t name_index, struct str name,
                            struct str value)
{
    to = put_int(to, form, name_index);
    if (name_index == 0)
        to = put_string(to, name);
    return put_string(to, value);
}

static bool is_secret(struct str name)
{
    return str_equal(name, STR("set-cookie"));
}

uint8_t *hpack_put_field(struct hpack_peer *peer, uint8_t *to, uint8_t name_index, struct str name,
                         struct str value)
{
    int line = peer ? find_line(name, value) : -1;
    if (line < 0 && is_secret(name))
        return put_literal(to, never_indexed, name_index, name, value);
    if (line < 0)
        return put_literal(to, not_indexed, name_index, name, value);
    if (peer->place[line] != 0 && lines[line].value.at)
        return put_int(to, indexed, index_of(peer, line));
    if (peer->place[line] != 0)
        return put_literal(to, not_indexed, index_of(peer, line), name, value);
    if (take_place(peer, line, name, value))
        return put_literal(to, inserted, name_index, name, value);
    return put_literal(to, not_indexed, name_index, name, value);
}

uint8_t *hpack_put_status(uint8_t *to, int status)
{
    static const int in_static_table[] = { 200, 204, 206, 304, 400, 404, 500 };
    for (size_t i = 0; i < sizeof(in_static_table) / sizeof(in_static_table[0]); i++)
        if (in_static_table[i] == status)
            return put_int(to, indexed, (uint32_t)(8 + i));
    char digits[STR_INT_CAP];
    size_t len = str_put_int(digits, status);
    return put_literal(to, not_indexed, 8, STR_NONE, str_from(digits, len));
}

void hpack_allow(struct hpack_peer *peer, uint32_t size)
{
    peer->allowed = size < HPACK_DEFAULT_LIMIT ? size : HPACK_DEFAULT_LIMIT;
    peer->changed |= peer->allowed != peer->limit;
}

/* RFC 7541 section 4.2: the smallest size that the settings had meanwhile comes first. Whatever that was, an
 * empty table is below it; this is rare. */
uint8_t *hpack_put_limit(struct hpack_peer *peer, uint8_t *to)
{
    if (!peer->changed)
        return to;
    *peer = (struct hpack_peer){ .allowed = peer->allowed, .limit = peer->allowed };
    to = put_int(to, table_limit, 0);
    return peer->limit > 0 ? put_int(to, table_limit, peer->limit) : to;
}
