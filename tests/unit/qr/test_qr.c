/* QR codes, read back by a decoder that is not ours (zbarimg; rsvg-convert draws the SVG for it). */
#include "unit.h"

#include <unistd.h>

#include "base/buf.h"
#include "base/random.h"
#include "qr/qr.h"

static int set_up(void **state)
{
    *state = arena_new(0);
    return 0;
}

static int tear_down(void **state)
{
    arena_free((struct arena **)state);
    return 0;
}

static struct str run(struct arena *arena, const char *command)
{
    struct buf out;
    char chunk[4096];
    size_t n = 0;
    buf_init(&out, arena, 1024 * 1024);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    while ((n = fread(chunk, 1, sizeof(chunk), pipe)) > 0)
        buf_add(&out, str_from(chunk, n));
    assert_int_equal(pclose(pipe), 0);
    return buf_str(&out);
}

/* What the decoder reads in `picture`, after `draw` (a command from $f to $f.png) has made a PNG of it. */
static struct str decode(struct arena *arena, struct str picture, const char *draw)
{
    char path[] = "/tmp/tether_qr_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, picture.at, picture.len), picture.len);
    close(fd);
    struct str command = arena_printf(
        arena, "f=%s; %s && zbarimg -q --raw --oneshot -Sdisable -Sqrcode.enable \"$f.png\" 2>/dev/null",
        path, draw);
    struct str text = run(arena, command.at);
    unlink(path);
    unlink(arena_printf(arena, "%s.png", path).at);
    return text;
}

static struct str of_png(struct arena *arena, struct str png)
{
    return decode(arena, png, "cp \"$f\" \"$f.png\"");
}

static struct str of_svg(struct arena *arena, struct str svg)
{
    return decode(arena, svg, "rsvg-convert \"$f\" -o \"$f.png\"");
}

static uint32_t big_endian(struct str bytes, size_t at)
{
    const unsigned char *p = (const unsigned char *)bytes.at + at;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void test_qr__a_decoder_reads_what_was_written(void **state)
{
    static const struct {
        const char *text;
        struct qr_style style;
    } cases[] = {
        { "https://assets.acme.example/a/4711", { 0 } },
        { "HTTPS://ACME.EXAMPLE/PAIR", { .size = 64, .quiet = 2 } },
        { "https://acme.example/portal/%C3%A4?x=1&y=<2>\"'~ #frag", { .size = 333 } },
        { "7", { .size = QR_SIZE_MAX, .quiet = QR_QUIET_MAX } },
    };
    struct arena *arena = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str text = str_of(cases[i].text), png, svg;
        assert_case(qr_png(arena, text, cases[i].style, &png) == QR_OK, text);
        assert_str(of_png(arena, png), text);
        assert_case(qr_svg(arena, text, cases[i].style, &svg) == QR_OK, text);
        assert_str(of_svg(arena, svg), text);
    }
}

static void test_qr__the_longest_text(void **state)
{
    struct arena *arena = *state;
    struct str text = random_hex(arena, QR_TEXT_MAX / 2), png;
    assert_int_equal(qr_png(arena, text, (struct qr_style){ .size = 1024 }, &png), QR_OK);
    assert_str(of_png(arena, png), text);
    text = arena_join(arena, text, STR("0"));
    assert_int_equal(qr_png(arena, text, (struct qr_style){ .size = 1024 }, &png), QR_TEXT_REFUSED);
}

static void test_qr__the_picture_has_the_size_asked_for(void **state)
{
    struct arena *arena = *state;
    static const int sizes[] = { QR_SIZE_MIN, 65, 321, 1000, QR_SIZE_MAX };
    struct str png;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        assert_int_equal(qr_png(arena, STR("abc"), (struct qr_style){ .size = sizes[i] }, &png), QR_OK);
        assert_int_equal(big_endian(png, 16), sizes[i]);
        assert_int_equal(big_endian(png, 20), sizes[i]);
    }
    assert_int_equal(qr_png(arena, STR("abc"), (struct qr_style){ 0 }, &png), QR_OK);
    assert_int_equal(big_endian(png, 16), QR_SIZE);
}

static void test_qr__refuses_what_makes_no_picture(void **state)
{
    struct arena *arena = *state;
    struct str ret, long_text = random_hex(arena, 100);
    assert_int_equal(qr_png(arena, STR_NONE, (struct qr_style){ 0 }, &ret), QR_TEXT_REFUSED);
    assert_int_equal(qr_svg(arena, STR("a\0b"), (struct qr_style){ 0 }, &ret), QR_TEXT_REFUSED);
    assert_int_equal(qr_svg(arena, STR("\xc3\xa4"), (struct qr_style){ 0 }, &ret), QR_TEXT_REFUSED);
    assert_int_equal(qr_png(arena, STR("a"), (struct qr_style){ .size = QR_SIZE_MIN - 1 }, &ret),
                     QR_SIZE_REFUSED);
    assert_int_equal(qr_png(arena, STR("a"), (struct qr_style){ .size = QR_SIZE_MAX + 1 }, &ret),
                     QR_SIZE_REFUSED);
    assert_int_equal(qr_png(arena, STR("a"), (struct qr_style){ .size = -1 }, &ret), QR_SIZE_REFUSED);
    assert_int_equal(qr_svg(arena, STR("a"), (struct qr_style){ .quiet = QR_QUIET_MAX + 1 }, &ret),
                     QR_SIZE_REFUSED);
    assert_int_equal(qr_svg(arena, STR("a"), (struct qr_style){ .quiet = -2 }, &ret), QR_SIZE_REFUSED);
    assert_int_equal(qr_png(arena, long_text, (struct qr_style){ .size = QR_SIZE_MIN, .quiet = 8 }, &ret),
                     QR_SIZE_REFUSED);
}

static void test_qr__same_text_same_bytes(void **state)
{
    struct arena *arena = *state;
    struct str first, again, other;
    assert_int_equal(qr_png(arena, STR("same"), (struct qr_style){ 0 }, &first), QR_OK);
    assert_int_equal(qr_png(arena, STR("same"), (struct qr_style){ .size = QR_SIZE }, &again), QR_OK);
    assert_true(str_equal(first, again));
    assert_int_equal(qr_png(arena, STR("some"), (struct qr_style){ 0 }, &other), QR_OK);
    assert_false(str_equal(first, other));
}

static void test_qr__no_quiet_zone_when_the_page_has_one(void **state)
{
    struct arena *arena = *state;
    struct str svg;
    assert_int_equal(qr_svg(arena, STR("abc"), (struct qr_style){ .quiet = -1 }, &svg), QR_OK);
    assert_non_null(strstr(svg.at, "translate(2 2) scale(15)"));
    assert_int_equal(qr_svg(arena, STR("abc"), (struct qr_style){ 0 }, &svg), QR_OK);
    assert_non_null(strstr(svg.at, "translate(44 44) scale(11)"));
    assert_non_null(strstr(svg.at, "M0 0h7v1h-7z"));
}

int main(void)
{
    random_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_qr__a_decoder_reads_what_was_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_qr__the_longest_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_qr__the_picture_has_the_size_asked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_qr__refuses_what_makes_no_picture, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_qr__same_text_same_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_qr__no_quiet_zone_when_the_page_has_one, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
