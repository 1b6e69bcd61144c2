/* Option parsing from a command's rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/command.h"

static const struct cli_option rows[] = {
    { "slug", "SLUG", CLI_REQUIRED, "the slug" },
    { "domain", "HOST", CLI_REPEATED, "a domain" },
    { "force", NULL, 0, "a flag" },
};
static const struct cli_command thing_add = { .name = "thing add",
                                              CLI_OPTIONS(rows),
                                              .summary = "Add a thing" };
static const struct cli_command thing_copy = { .name = "thing copy",
                                               .operand = "PATH",
                                               .summary = "Copy a thing" };
static const struct cli_command about = { .name = "about", .without_config = true, .summary = "About" };

#define MAX_ARGS 80

static int parse(struct cli *ret, const struct cli_command *command, const char *const *words, bool *ret_help)
{
    char *argv[MAX_ARGS + 1] = { NULL };
    int argc = 0;
    argv[argc++] = (char *)"add";
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)words[argc - 1];
    *ret = (struct cli){ .command = command };
    *ret_help = false;
    return cli_options_parse(ret, argc, argv, ret_help);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

static void test_options__reads_values_flags_and_the_configuration(void **state)
{
    (void)state;
    struct cli cli;
    bool help;
    assert_int_equal(parse(&cli, &thing_add, WORDS("--slug", "acme", "--force", "--config=/x/y"), &help),
                     CLI_OK);
    assert_string_equal(cli_value(&cli, "slug"), "acme");
    assert_string_equal(cli_value(&cli, "force"), "");
    assert_string_equal(cli_value(&cli, "config"), "/x/y");
    assert_null(cli_value(&cli, "domain"));
    assert_null(cli_text(&cli, "domain").at);
    assert_false(help);
}

static void test_options__keeps_repeated_ones_in_order(void **state)
{
    (void)state;
    struct cli cli;
    bool help;
    size_t cursor = 0;
    assert_int_equal(
        parse(&cli, &thing_add, WORDS("--domain", "a.b", "--slug", "s", "--domain", "c.d"), &help), CLI_OK);
    assert_string_equal(cli_next_value(&cli, "domain", &cursor), "a.b");
    assert_string_equal(cli_next_value(&cli, "domain", &cursor), "c.d");
    assert_null(cli_next_value(&cli, "domain", &cursor));
}

static void test_options__refuses_what_is_wrong(void **state)
{
    (void)state;
    const char *const *const wrong[] = {
        WORDS("--force"),                            /* a required one is missing */
        WORDS("--slug"),                             /* no value */
        WORDS("--slug", "a", "--slug", "b"),         /* twice */
        WORDS("--slug", "a", "--colour", "red"),     /* unknown */
        WORDS("--slug", "a", "-x"),                  /* unknown, short */
        WORDS("--slug", "a", "--force=yes"),         /* a flag with a value */
        WORDS("--slug", "a", "more"),                /* an operand too many */
        WORDS("--slug", "a\nb"),                     /* a control character */
        WORDS("--slug", "a\xff"),                    /* not UTF-8 */
        WORDS("--slug", "a", "--domain", "x\x1b[m"), /* a terminal's escape */
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct cli cli;
        bool help;
        assert_int_equal(parse(&cli, &thing_add, wrong[i], &help), CLI_USAGE);
    }
}

static void test_options__refuses_more_than_fit(void **state)
{
    (void)state;
    struct cli cli;
    bool help;
    const char *words[MAX_ARGS];
    size_t n = 0;
    for (int i = 0; i <= CLI_MAX_GIVEN; i++)
        words[n++] = "--domain=a.b";
    words[n] = NULL;
    assert_int_equal(parse(&cli, &thing_add, words, &help), CLI_USAGE);
}

static void test_options__takes_exactly_one_operand(void **state)
{
    (void)state;
    struct cli cli;
    bool help;
    assert_int_equal(parse(&cli, &thing_copy, WORDS("--config", "c", "/tmp/x"), &help), CLI_OK);
    assert_string_equal(cli.operand, "/tmp/x");
    assert_int_equal(parse(&cli, &thing_copy, WORDS("--config", "c"), &help), CLI_USAGE);
    assert_int_equal(parse(&cli, &thing_copy, WORDS("a", "b"), &help), CLI_USAGE);
}

static void test_options__help_wins_over_what_is_missing(void **state)
{
    (void)state;
    struct cli cli;
    bool help;
    assert_int_equal(parse(&cli, &thing_add, WORDS("--help"), &help), CLI_OK);
    assert_true(help);
}

static void test_options__without_config_knows_no_config(void **state)
{
    (void)state;
    struct cli cli;
    bool help;
    assert_int_equal(parse(&cli, &about, WORDS("--config", "x"), &help), CLI_USAGE);
}

static void test_commands__rows_are_complete(void **state)
{
    (void)state;
    size_t n;
    const struct cli_command *const *commands = cli_commands(&n);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        assert_non_null(commands[i]->name);
        assert_non_null(commands[i]->summary);
        assert_non_null(commands[i]->run);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(commands[i]->name, commands[k]->name);
        for (size_t k = 0; k < commands[i]->option_count; k++)
            assert_non_null(commands[i]->options[k].help);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options__reads_values_flags_and_the_configuration),
        cmocka_unit_test(test_options__keeps_repeated_ones_in_order),
        cmocka_unit_test(test_options__refuses_what_is_wrong),
        cmocka_unit_test(test_options__refuses_more_than_fit),
        cmocka_unit_test(test_options__takes_exactly_one_operand),
        cmocka_unit_test(test_options__help_wins_over_what_is_missing),
        cmocka_unit_test(test_options__without_config_knows_no_config),
        cmocka_unit_test(test_commands__rows_are_complete),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
