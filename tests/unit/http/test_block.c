/* Blocks that come again: told apart by every byte, given back as they were, and dropped when the table moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "http/block.h"

static void test_block__knows_what_moves_the_table(void **state)
{
    (void)state;
    static const struct {
        uint8_t at[12];
        size_t len;
        bool spares;
    } cases[] = {
        { { 0 }, 0, true },
        { { 0x82 }, 1, true },                         /* indexed */
        { { 0xbe }, 1, true },                         /* indexed, dynamic */
        { { 0xff, 0x80, 0x01 }, 3, true },             /* a long index */
        { { 0xff, 0x80 }, 2, false },                  /* cut short */
        { { 0x01, 0x01, 'a' }, 3, true },              /* literal, name of the table */
        { { 0x11, 0x81, 'a' }, 3, true },              /* never indexed, squeezed */
        { { 0x00, 0x01, 'n', 0x01, 'v' }, 5, true },   /* literal, own name */
        { { 0x00, 0x01, 'n', 0x02, 'v' }, 5, false },  /* cut short */
        { { 0x00, 0x05, 'n' }, 3, false },
        { { 0x0f, 0x0d, 0x01, '3' }, 4, true },        /* a name beyond the prefix */
        { { 0x41, 0x01, 'a' }, 3, false },             /* inserted */
        { { 0x40, 0x01, 'n', 0x01, 'v' }, 5, false },
        { { 0x20 }, 1, false },                        /* the table's size */
        { { 0x3f, 0xe1, 0x1f }, 3, false },
        { { 0x82, 0x84, 0x41, 0x01, 'a' }, 5, false }, /* the last of three */
        { { 0x82, 0x01, 0x01, 'a', 0x87 }, 5, true },
        { { 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }, 8, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (block_spares_table(cases[i].at, cases[i].len) != cases[i].spares)
            fail_msg("case %zu", i);
}

static h2o_iovec_t text(const char *text)
{
    return h2o_iovec_init(text, strlen(text));
}

static void make_request(h2o_req_t *req)
{
    static char letters[] = "x-tenant";
    static h2o_iovec_t name = { letters, 8 };
    *req = (h2o_req_t){ 0 };
    h2o_mem_init_pool(&req->pool);
    req->input.scheme = &H2O_URL_SCHEME_HTTPS;
    req->input.method = text("GET");
    req->input.path = text("/api/auth/me");
    h2o_vector_reserve(&req->pool, &req->headers, 3);
    req->headers.entries[0] = (h2o_header_t){ &H2O_TOKEN_AUTHORIZATION->buf, NULL, text("Bearer x") };
    req->headers.entries[1] = (h2o_header_t){ &name, NULL, text("acme") };
    req->headers.entries[2] = (h2o_header_t){ &H2O_TOKEN_ACCEPT->buf, NULL, text("") };
    req->headers.size = 3;
}

static void assert_same(h2o_iovec_t a, h2o_iovec_t b)
{
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.base ? a.base : "", b.base ? b.base : "", a.len);
}

static const uint8_t bytes[] = { 0x82, 0x87, 0xbe, 0xbf, 0xc0 };

static void test_block__gives_back_what_it_was_made_of(void **state)
{
    (void)state;
    struct block *block = NULL;
    h2o_req_t first, again = { 0 };
    int pseudo = 0;
    make_request(&first);
    h2o_mem_init_pool(&again.pool);
    assert_false(block_recall(block, bytes, sizeof bytes, &again, &pseudo));
    block_keep(&block, bytes, sizeof bytes, &first, 7);
    assert_true(block_recall(block, bytes, sizeof bytes, &again, &pseudo));
    assert_int_equal(pseudo, 7);
    assert_ptr_equal(again.input.scheme, first.input.scheme);
    assert_same(again.input.method, first.input.method);
    assert_same(again.input.path, first.input.path);
    assert_null(again.input.authority.base);
    assert_int_equal(again.headers.size, first.headers.size);
    for (size_t i = 0; i < first.headers.size; i++) {
        assert_same(*again.headers.entries[i].name, *first.headers.entries[i].name);
        assert_same(again.headers.entries[i].value, first.headers.entries[i].value);
    }
    assert_ptr_equal(again.headers.entries[0].name, &H2O_TOKEN_AUTHORIZATION->buf);
    h2o_mem_clear_pool(&first.pool);
    h2o_mem_clear_pool(&again.pool);
    block_forget(&block);
    assert_null(block);
}

static void test_block__another_byte_is_another_block(void **state)
{
    (void)state;
    struct block *block = NULL;
    h2o_req_t req, again = { 0 };
    int pseudo = 0;
    make_request(&req);
    block_keep(&block, bytes, sizeof bytes, &req, 7);
    for (size_t i = 0; i < sizeof bytes; i++) {
        uint8_t other[sizeof bytes];
        memcpy(other, bytes, sizeof bytes);
        other[i] ^= 1;
        assert_false(block_recall(block, other, sizeof other, &again, &pseudo));
        assert_false(block_recall(block, bytes, i, &again, &pseudo));
    }
    h2o_mem_clear_pool(&req.pool);
    block_forget(&block);
}

static void test_block__keeps_nothing_odd_or_large(void **state)
{
    (void)state;
    static uint8_t large[2000];
    struct block *block = NULL;
    h2o_req_t req;
    make_request(&req);
    block_keep(&block, large, sizeof large, &req, 7);
    assert_null(block);
    req.input.authority = text(""); /* there, and empty */
    block_keep(&block, bytes, sizeof bytes, &req, 7);
    assert_null(block);
    req.input.authority = text("a");
    block_keep(&block, bytes, sizeof bytes, &req, 7);
    assert_non_null(block);
    block_keep(&block, large, sizeof large, &req, 7); /* the one before is gone */
    assert_null(block);
    h2o_mem_clear_pool(&req.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block__knows_what_moves_the_table),
        cmocka_unit_test(test_block__gives_back_what_it_was_made_of),
        cmocka_unit_test(test_block__another_byte_is_another_block),
        cmocka_unit_test(test_block__keeps_nothing_odd_or_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
