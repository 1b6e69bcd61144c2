/* The table of errors. */
#include "unit.h"

#include "base/errors.h"

static void test_errors__every_row_is_whole_and_its_word_its_own(void **state)
{
    (void)state;
    for (int code = 1; code < ERROR_CODE_COUNT; code++) {
        const struct error_info *info = error_info((enum error_code)code);
        assert_in_range(info->status, 400, 599);
        assert_true(strlen(info->title) > 0);
        assert_int_equal(strspn(info->word, "abcdefghijklmnopqrstuvwxyz-"), strlen(info->word));
        for (int other = 1; other < code; other++)
            assert_string_not_equal(info->word, error_info((enum error_code)other)->word);
    }
}

static void test_errors__known_codes(void **state)
{
    (void)state;
    assert_int_equal(error_info(OK)->status, 200);
    assert_string_equal(error_info(OK)->word, "ok");
    assert_int_equal(error_info(ERR_RATE_LIMIT)->status, 429);
    assert_int_equal(error_info(ERR_STORAGE_AWAY)->status, 503);
    assert_string_equal(error_info(ERR_TENANT_UNKNOWN)->word, "tenant-unknown");
}

static void test_errors__codes_out_of_the_table_are_internal(void **state)
{
    (void)state;
    assert_int_equal(error_info(ERROR_CODE_COUNT)->status, 500);
    assert_int_equal(error_info((enum error_code) - 1)->status, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors__every_row_is_whole_and_its_word_its_own),
        cmocka_unit_test(test_errors__known_codes),
        cmocka_unit_test(test_errors__codes_out_of_the_table_are_internal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
