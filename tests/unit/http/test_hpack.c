/* Heads of answers as a peer reads them: a small decoder with a table of its own stands on the other side. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/arena.h"
#include "http/hpack.h"

#define TABLE_MAX          64
#define ENTRY(name, value) ((name).len + (value).len + 32)

struct field {
    struct str name, value;
};

struct decoder {
    struct arena *arena;
    struct field table[TABLE_MAX]; /* newest first */
    size_t count, size, limit, allowed;
    const uint8_t *at, *end;
};

static uint32_t take_int(struct decoder *decoder, unsigned bits)
{
    assert_true(decoder->at < decoder->end);
    uint32_t most = (1u << bits) - 1, value = *decoder->at++ & most;
    if (value < most)
        return value;
    for (unsigned shift = 0;; shift += 7) {
        assert_true(decoder->at < decoder->end && shift < 28);
        value += (uint32_t)(*decoder->at & 0x7f) << shift;
        if (!(*decoder->at++ & 0x80))
            return value;
    }
}

static struct str take_string(struct decoder *decoder)
{
    assert_false(*decoder->at & 0x80); /* nothing of ours is squeezed */
    uint32_t len = take_int(decoder, 7);
    assert_true(len <= (size_t)(decoder->end - decoder->at));
    struct str text = arena_copy(decoder->arena, str_from((const char *)decoder->at, len));
    decoder->at += len;
    return text;
}

static struct field entry_at(const struct decoder *decoder, uint32_t index)
{
    static const struct field known[] = { [8] = { STR(":status"), STR("200") },
                                          [13] = { STR(":status"), STR("404") },
                                          [24] = { STR("cache-control"), STR("") },
                                          [31] = { STR("content-type"), STR("") },
                                          [55] = { STR("set-cookie"), STR("") } };
    if (index < sizeof(known) / sizeof(known[0])) {
        assert_non_null(known[index].name.at);
        return known[index];
    }
    assert_true(index >= 62 && index - 62 < decoder->count);
    return decoder->table[index - 62];
}

static void shrink(struct decoder *decoder, size_t limit)
{
    while (decoder->size > limit) {
        struct field *oldest = &decoder->table[--decoder->count];
        decoder->size -= ENTRY(oldest->name, oldest->value);
    }
}

static void insert(struct decoder *decoder, struct field field)
{
    size_t size = ENTRY(field.name, field.value);
    assert_true(size <= decoder->limit && decoder->count < TABLE_MAX);
    shrink(decoder, decoder->limit - size);
    memmove(&decoder->table[1], &decoder->table[0], decoder->count * sizeof(field));
    decoder->table[0] = field;
    decoder->count++;
    decoder->size += size;
}

static struct field take_literal(struct decoder *decoder, unsigned bits)
{
    uint32_t index = take_int(decoder, bits);
    struct field field = { .name = index ? entry_at(decoder, index).name : take_string(decoder) };
    field.value = take_string(decoder);
    return field;
}

/* False: a change of the table's size. */
static bool take_field(struct decoder *decoder, struct field *ret)
{
    uint8_t first = *decoder->at;
    if (first & 0x80) {
        *ret = entry_at(decoder, take_int(decoder, 7));
    } else if (first & 0x40) {
        *ret = take_literal(decoder, 6);
        insert(decoder, *ret);
    } else if (first & 0x20) {
        decoder->limit = take_int(decoder, 5);
        assert_true(decoder->limit <= decoder->allowed);
        shrink(decoder, decoder->limit);
        return false;
    } else {
        *ret = take_literal(decoder, 4);
    }
    return true;
}

static const struct field usual[] = {
    { STR("content-type"), STR("application/json") },
    { STR("x-request-id"), STR("0123456789abcdef0123456789abcdef") },
    { STR("x-content-type-options"), STR("nosniff") },
    { STR("cache-control"), STR("no-store") },
    { STR("x-ratelimit-remaining"), STR("59") },
    { STR("set-cookie"), STR("session=secret") },
    { STR("location"), STR("/somewhere/else") },
    { STR("vary"), STR("Accept") },
    { STR("vary"), STR("Origin") },
};
#define USUAL (sizeof(usual) / sizeof(usual[0]))

static uint8_t static_index(struct str name)
{
    return str_equal(name, STR("content-type"))    ? 31
           : str_equal(name, STR("cache-control")) ? 24
           : str_equal(name, STR("set-cookie"))    ? 55
                                                   : 0;
}

/* Writes the usual fields, and reads them again. Bytes of the block. */
static size_t pass(struct hpack_peer *peer, struct decoder *decoder, const char *id)
{
    uint8_t block[2048], *to = hpack_put_limit(peer, block);
    for (size_t i = 0; i < USUAL; i++) {
        struct str value = i == 1 ? str_of(id) : usual[i].value;
        uint8_t *end = hpack_put_field(peer, to, static_index(usual[i].name), usual[i].name, value);
        assert_true((size_t)(end - to) <= hpack_field_room(usual[i].name, value));
        to = end;
    }
    decoder->at = block;
    decoder->end = to;
    for (size_t i = 0; i < USUAL;) {
        struct field field;
        if (!take_field(decoder, &field))
            continue;
        assert_true(str_equal(field.name, usual[i].name));
        assert_true(str_equal(field.value, i == 1 ? str_of(id) : usual[i].value));
        i++;
    }
    assert_ptr_equal(decoder->at, decoder->end);
    return (size_t)(to - block);
}

static struct decoder new_decoder(void)
{
    return (struct decoder){ .arena = arena_new(0), .limit = 4096, .allowed = 4096 };
}

static void test_hpack__what_returns_becomes_short(void **state)
{
    (void)state;
    struct decoder decoder = new_decoder();
    struct hpack_peer peer;
    hpack_peer_init(&peer);
    size_t first = pass(&peer, &decoder, "0123456789abcdef0123456789abcdef");
    size_t entries = decoder.count;
    assert_int_equal(peer.size, decoder.size);
    for (int i = 0; i < 50; i++) {
        char id[33];
        snprintf(id, sizeof id, "%032d", i);
        assert_true(pass(&peer, &decoder, id) < first / 2);
    }
    assert_int_equal(decoder.count, entries); /* nothing is inserted for a value that comes once */
    arena_free(&decoder.arena);
}

/* A field is looked for among those whose names are as long as its own. */
static void test_hpack__all_that_many_answers_bear_gets_a_place(void **state)
{
    (void)state;
    static const struct field fields[] = {
        { STR("vary"), STR("Accept") },
        { STR("vary"), STR("Origin") },
        { STR("server"), STR("tether") },
        { STR("content-type"), STR("application/json") },
        { STR("content-type"), STR("application/problem+json") },
        { STR("content-type"), STR("text/html; charset=utf-8") },
        { STR("x-request-id"), STR("1") },
        { STR("x-tether-user"), STR("1") },
        { STR("x-tether-role"), STR("admin") },
        { STR("cache-control"), STR("no-store") },
        { STR("x-tether-email"), STR("a@example.com") },
        { STR("referrer-policy"), STR("no-referrer") },
        { STR("x-frame-options"), STR("DENY") },
        { STR("x-tether-tenant"), STR("acme") },
        { STR("www-authenticate"), STR("Bearer realm=\"tether\"") },
        { STR("www-authenticate"), STR("Bearer realm=\"tether\", error=\"invalid_token\", "
                                       "error_description=\"The token is invalid\"") },
        { STR("x-ratelimit-limit"), STR("1") },
        { STR("x-ratelimit-reset"), STR("1") },
        { STR("x-tether-permissions"), STR("assets.view") },
        { STR("x-ratelimit-remaining"), STR("1") },
        { STR("x-content-type-options"), STR("nosniff") },
        { STR("content-security-policy"), STR("default-src 'none'; frame-ancestors 'none'") },
        { STR("strict-transport-security"), STR("max-age=31536000") },
        { STR("access-control-expose-headers"), STR("etag") },
    };
    static const struct field others[] = {
        { STR("a"), STR("") },
        { STR("etag"), STR("Accept") },
        { STR("content-type"), STR("text/plain") },
        { STR("a-name-that-is-longer-than-any-of-these"), STR("") },
    };
    uint8_t block[256];
    struct hpack_peer peer;
    hpack_peer_init(&peer);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        hpack_put_field(&peer, block, 0, fields[i].name, fields[i].value);
        assert_int_equal(peer.count, i + 1);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        hpack_put_field(&peer, block, 0, others[i].name, others[i].value);
    assert_int_equal(peer.count, sizeof(fields) / sizeof(fields[0]));
}

static void test_hpack__a_cookie_is_never_indexed(void **state)
{
    (void)state;
    uint8_t block[256];
    struct hpack_peer peer;
    hpack_peer_init(&peer);
    uint8_t *end = hpack_put_field(&peer, block, 55, STR("set-cookie"), STR("session=secret"));
    assert_int_equal(block[0] & 0xf0, 0x10);
    assert_int_equal(peer.count, 0);
    assert_memory_equal(end - 14, "session=secret", 14);
}

static void test_hpack__heeds_the_size_of_the_peers_table(void **state)
{
    (void)state;
    static const uint32_t sizes[] = { 0, 100, 4096, 65536, 33, 4095 };
    struct decoder decoder = new_decoder();
    struct hpack_peer peer;
    hpack_peer_init(&peer);
    pass(&peer, &decoder, "a");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        hpack_allow(&peer, sizes[i]);
        decoder.allowed = sizes[i];
        if (decoder.limit > sizes[i])
            shrink(&decoder, sizes[i]);
        for (int again = 0; again < 3; again++)
            pass(&peer, &decoder, "b");
        assert_true(decoder.size <= sizes[i]);
    }
    arena_free(&decoder.arena);
}

/* Shrunk and grown again before the next answer: the peer has thrown its entries away meanwhile. */
static void test_hpack__a_table_that_shrank_for_a_moment_is_empty(void **state)
{
    (void)state;
    struct decoder decoder = new_decoder();
    struct hpack_peer peer;
    hpack_peer_init(&peer);
    pass(&peer, &decoder, "a");
    hpack_allow(&peer, 0);
    shrink(&decoder, 0);
    hpack_allow(&peer, 4096);
    pass(&peer, &decoder, "b");
    pass(&peer, &decoder, "c");
    arena_free(&decoder.arena);
}

static void test_hpack__writes_any_status(void **state)
{
    (void)state;
    uint8_t block[HPACK_STATUS_ROOM];
    assert_ptr_equal(hpack_put_status(block, 404), block + 1);
    assert_int_equal(block[0], 0x80 | 13);
    uint8_t *end = hpack_put_status(block, 429);
    assert_int_equal(end - block, 5);
    assert_memory_equal(block,
                        "\x08\x03"
                        "429",
                        5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hpack__what_returns_becomes_short),
        cmocka_unit_test(test_hpack__all_that_many_answers_bear_gets_a_place),
        cmocka_unit_test(test_hpack__a_cookie_is_never_indexed),
        cmocka_unit_test(test_hpack__heeds_the_size_of_the_peers_table),
        cmocka_unit_test(test_hpack__a_table_that_shrank_for_a_moment_is_empty),
        cmocka_unit_test(test_hpack__writes_any_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
