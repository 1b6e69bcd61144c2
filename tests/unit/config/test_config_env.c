/* ${NAME}: from the environment, from the .env file, and what is wrong with either. */
#include "config_case.h"

#define CANARY "canary-canary-canary-canary-canary"

static struct config *load(const struct scratch *s, struct config_error *error)
{
    return config_load(s->file, error);
}

static void test_config_env__the_environment_is_put_in(void **state)
{
    (void)state;
    setenv("TETHER_TEST_KEY", KEY, 1);
    setenv("TETHER_TEST_PORT", "8081", 1);
    setenv("TETHER_TEST_QUEUE", "17", 1);
    setenv("TETHER_TEST_LEVEL", "warn", 1);
    struct config *c =
        parse_good("tokens: { secret_key: \"${TETHER_TEST_KEY}\", issuer: 'a${TETHER_TEST_PORT}b$' }\n"
                   "server: { listen: [ \"http://127.0.0.1:${TETHER_TEST_PORT}\" ],\n"
                   "          queue: \"${TETHER_TEST_QUEUE}\" }\nlog:\n  level: ${TETHER_TEST_LEVEL}\n");
    assert_str(c->tokens.secret_key, STR(KEY));
    assert_str(c->tokens.issuer, STR("a8081b$"));
    assert_str(c->server.listen.at[0], STR("http://127.0.0.1:8081"));
    assert_int_equal(c->server.queue, 17);
    assert_int_equal(c->log.level, LOG_WARN);
    config_free(&c);
}

static void test_config_env__a_value_cannot_become_structure(void **state)
{
    (void)state;
    setenv("TETHER_TEST_EVIL", "a\"\n  x: ${HOME} {}[]", 1);
    assert_refused(STR("tokens: { secret_key: " KEY ", issuer: \"${TETHER_TEST_EVIL}\" }"),
                   "1: tokens.issuer: found \"${TETHER_TEST_EVIL}\", a value of 20 bytes, expected a line of "
                   "1 to 200 bytes");
    setenv("TETHER_TEST_EVIL", "${HOME} {x: 1} # c", 1); /* once, not twice */
    struct config *c = parse_good("tokens: { secret_key: " KEY ", issuer: \"${TETHER_TEST_EVIL}\" }");
    assert_str(c->tokens.issuer, STR("${HOME} {x: 1} # c"));
    config_free(&c);
}

static void test_config_env__dollars_stand_for_themselves(void **state)
{
    (void)state;
    static const struct {
        const char *written, *read;
    } cases[] = { { "a$b", "a$b" }, { "$$", "$$" },        { "$${X}", "${X}" },
                  { "$", "$" },     { "$$${X}", "$${X}" }, { "{a}", "{a}" } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char yaml[200];
        snprintf(yaml, sizeof(yaml), "tokens: { secret_key: " KEY ", issuer: '%s' }", cases[i].written);
        struct config *c = parse_good(yaml);
        assert_str(c->tokens.issuer, str_of(cases[i].read));
        config_free(&c);
    }
}

static void test_config_env__unset_and_malformed_names_are_refused(void **state)
{
    (void)state;
    unsetenv("TETHER_TEST_UNSET");
    assert_refused(
        STR("# a comment\ntokens:\n  secret_key: \"${TETHER_TEST_UNSET}\"\n"),
        "3: tokens.secret_key: found ${TETHER_TEST_UNSET}, which is not set, expected a variable set in the "
        "environment or in the .env file beside this file");
    setenv("TETHER_TEST_LATIN", "\xE4", 1);
    assert_refused(
        STR("mail: { from: \"${TETHER_TEST_LATIN}\" }"),
        "1: mail.from: found ${TETHER_TEST_LATIN}, which is not UTF-8 text, expected a variable set in the "
        "environment or in the .env file beside this file");
    static const char *const bad[] = { "${", "${}", "${A", "${A B}", "${1A}", "${A-b}", "${A:-default}" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        char yaml[100];
        snprintf(yaml, sizeof(yaml), "mail: { from: '%s' }", bad[i]);
        assert_refused(str_of(yaml),
                       "1: mail.from: found \"${\" without a name and a closing brace, expected ${NAME}, or "
                       "$${ for the two characters themselves");
    }
}

static void test_config_env__expansion_is_bounded(void **state)
{
    (void)state;
    char *big = malloc(40001);
    assert_non_null(big);
    memset(big, 'x', 40000);
    big[40000] = '\0';
    setenv("TETHER_TEST_BIG", big, 1);
    free(big);
    assert_refused(STR("mail: { from: \"${TETHER_TEST_BIG}${TETHER_TEST_BIG}\" }"),
                   "1: mail.from: found more than 64 KiB after expansion, expected a shorter value");
    unsetenv("TETHER_TEST_BIG");
}

/* One key of the .env file per way of writing it, read back through the issuer. */
static void test_config_env__the_env_file_in_all_its_spellings(void **state)
{
    (void)state;
    static const struct {
        const char *line, *value;
    } cases[] = {
        { "V=plain", "plain" },
        { "  V = spaced out  ", "spaced out" },
        { "export V=exported", "exported" },
        { "V=\"in quotes\"", "in quotes" },
        { "V='single $ \\ \"'", "single $ \\ \"" },
        { "V=\"a\\\"b\\\\c\\$d\"", "a\"b\\c$d" },
        { "V=value # a comment", "value" },
        { "V=a#b", "a#b" },
        { "V=\"a # b\" # comment", "a # b" },
        { "V=a=b=c", "a=b=c" },
        { "V=first\nV=second", "second" },
        { "# comment\n\n   \nV=after\n", "after" },
        { "V=crlf\r\nW=1\r\n", "crlf" },
        { "V=no line end", "no line end" },
    };
    struct scratch s;
    scratch_make(&s, "tokens: { secret_key: " KEY ", issuer: \"${V}\" }");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct config_error error;
        scratch_env(&s, cases[i].line);
        struct config *c = load(&s, &error);
        if (c == NULL)
            fail_msg("%s: %s", cases[i].line, error.text);
        assert_str(c->tokens.issuer, str_of(cases[i].value));
        config_free(&c);
    }
    scratch_remove(&s);
}

static void test_config_env__an_empty_value_is_set(void **state)
{
    (void)state;
    static const char *const cases[] = { "V=", "V=\"\"", "V=''", "V= # nothing" };
    struct scratch s;
    struct config_error error;
    scratch_make(&s,
                 WITH_KEY "mail: { smtp: { password: \"${V}\" } }\ntenancy: { default_tenant: \"${V}\" }");
    for (size_t i = 0; i < COUNT(cases); i++) {
        scratch_env(&s, cases[i]);
        struct config *c = load(&s, &error);
        assert_non_null(c);
        assert_str(c->mail.smtp_password, STR(""));
        assert_str(c->tenancy.default_tenant, STR(""));
        config_free(&c);
    }
    scratch_remove(&s);
}

static void test_config_env__the_environment_wins_over_the_file(void **state)
{
    (void)state;
    struct scratch s;
    struct config_error error;
    scratch_make(&s, "tokens: { secret_key: " KEY ", issuer: \"${TETHER_TEST_WINS}\" }");
    scratch_env(&s, "TETHER_TEST_WINS=from the file\n");
    setenv("TETHER_TEST_WINS", "from the environment", 1);
    struct config *c = load(&s, &error);
    assert_non_null(c);
    assert_str(c->tokens.issuer, STR("from the environment"));
    config_free(&c);
    unsetenv("TETHER_TEST_WINS");
    c = load(&s, &error);
    assert_str(c->tokens.issuer, STR("from the file"));
    config_free(&c);
    scratch_remove(&s);
}

static void test_config_env__a_broken_env_file_is_named_with_its_line(void **state)
{
    (void)state;
    static const char *const bad[] = { "no assignment", "=x",      "1A=x",      "A B=x",
                                       "A=\"open",      "A='open", "A=\"x\" y", "A=\"x\\" };
    struct scratch s;
    scratch_make(&s, WITH_KEY);
    for (size_t i = 0; i < COUNT(bad); i++) {
        char text[100], expected[200];
        struct config_error error;
        snprintf(text, sizeof(text), "# first\nSECRET=" CANARY "\n%s\n", bad[i]);
        snprintf(expected, sizeof(expected),
                 "%s/.env:3: found something else, expected NAME=VALUE, quotes closed", s.folder);
        scratch_env(&s, text);
        assert_null(load(&s, &error));
        assert_string_equal(error.text, expected);
    }
    scratch_remove(&s);
}

static void test_config_env__an_env_file_that_everybody_may_write_is_refused(void **state)
{
    (void)state;
    struct scratch s;
    struct config_error error;
    char path[96];
    scratch_make(&s, WITH_KEY);
    scratch_env(&s, "A=1\n");
    snprintf(path, sizeof(path), "%s/.env", s.folder);
    chmod(path, 0606);
    assert_null(load(&s, &error));
    assert_non_null(strstr(error.text, "/.env:1: found a file that everybody may write, expected"));
    scratch_remove(&s);
}

static void test_config_env__an_env_file_of_others_is_refused(void **state)
{
    (void)state;
    struct scratch s;
    struct config_error error;
    char path[96];
    scratch_make(&s, WITH_KEY);
    scratch_env(&s, "A=1\n");
    snprintf(path, sizeof(path), "%s/.env", s.folder);
    chmod(path, 0620);
    assert_null(load(&s, &error));
    assert_non_null(strstr(error.text, "/.env:1: found a file that its group may write, expected"));
    chmod(path, 0600);
    if (geteuid() == 0) { /* only root can give files away */
        assert_int_equal(chown(path, 65534, 65534), 0);
        assert_null(load(&s, &error));
        assert_non_null(strstr(error.text, "/.env:1: found a file of another user, expected"));
    }
    scratch_remove(&s);
}

static void assert_exposed(const char *yaml, mode_t file_mode, mode_t env_mode, size_t expected)
{
    struct scratch s;
    struct config_error error;
    char path[96];
    scratch_make(&s, yaml);
    scratch_env(&s, "TETHER_TEST_SECRET=" KEY "\n");
    snprintf(path, sizeof(path), "%s/.env", s.folder);
    chmod(path, env_mode);
    chmod(s.file, file_mode);
    struct config *c = load(&s, &error);
    if (c == NULL)
        fail_msg("%s", error.text);
    if (c->exposed.n != expected)
        fail_msg("%zu exposed: %s", c->exposed.n, yaml);
    if (expected == 1)
        assert_true(str_ends_with(c->exposed.at[0], env_mode == 0644 ? STR("/.env") : STR("/tether.yaml")));
    config_free(&c);
    scratch_remove(&s);
}

static void test_config_env__secrets_that_everybody_may_read_are_noted(void **state)
{
    (void)state;
    static const char by_name[] = "tokens: { secret_key: \"${TETHER_TEST_SECRET}\" }\n";
    static const char more[] =
        "tokens: { secret_key: \"${TETHER_TEST_SECRET}\", previous_secret_keys: [ " KEY " ] }\n";
    static const char open_db[] = "tokens: { secret_key: \"${TETHER_TEST_SECRET}\" }\n"
                                  "storage: { postgres: { conninfo: \"host=db dbname=tether\" } }\n";
    static const char closed_db[] = "tokens: { secret_key: \"${TETHER_TEST_SECRET}\" }\n"
                                    "storage: { postgres: { conninfo: \"host=db password=x\" } }\n";
    assert_exposed(WITH_KEY, 0600, 0600, 0);
    assert_exposed(WITH_KEY, 0640, 0640, 0);
    assert_exposed(WITH_KEY, 0644, 0600, 1);
    assert_exposed(WITH_KEY, 0644, 0644, 2);
    assert_exposed(by_name, 0644, 0600, 0);
    assert_exposed(by_name, 0644, 0644, 1);
    assert_exposed(more, 0644, 0600, 1);
    assert_exposed(open_db, 0644, 0600, 0);
    assert_exposed(closed_db, 0644, 0600, 1);
}

static void test_config_env__secrets_are_never_shown(void **state)
{
    (void)state;
    setenv("TETHER_TEST_CANARY", CANARY, 1);
    static const char *const files[] = {
        "tokens: { secret_key: short-" CANARY "-" CANARY "\x01 }",
        "tokens: { secret_key: [ " CANARY " ] }",
        "tokens: { secret_key: \"" CANARY "\\n\" }",
        "tokens: { secret_key: \"${TETHER_TEST_CANARY}\\n\" }",
        "tokens: { previous_secret_keys: [ \"" CANARY "\\n\" ] }",
        "tokens: { previous_secret_keys: " CANARY " }",
        "tokens: { secret_key: " KEY ", previous_secret_keys: [ " CANARY ", " CANARY " ] }",
        "storage: { postgres: { conninfo: \"password=" CANARY "\\t\" } }",
        "storage: { module: " CANARY " }",
        "storage: { module: { password: [ " CANARY " ] } }",
        "mail: { smtp: { password: \"" CANARY "\\n\" } }",
        /* a secret put where none belongs */
        "server: { queue: \"${TETHER_TEST_CANARY}\" }",
        "mode: ${TETHER_TEST_CANARY}",
        "demo: ${TETHER_TEST_CANARY}",
        "server: { listen: [ \"http://${TETHER_TEST_CANARY}\" ] }",
        "tenancy: { default_tenant: \"${TETHER_TEST_CANARY}_\" }",
        "plans: { free: { assets: \"${TETHER_TEST_CANARY}\" } }",
        "rate_limits: \"${TETHER_TEST_CANARY}\"",
        "mail: { smtp: { url: \"smtp://user:${TETHER_TEST_CANARY}@host\" } }",
    };
    for (size_t i = 0; i < COUNT(files); i++) {
        struct config_error error = { "" };
        assert_null(config_parse("/nonexistent/test.yaml", str_of(files[i]), &error));
        assert_true(strlen(error.text) > 30);
        if (strstr(error.text, "canary") != NULL)
            fail_msg("shown: %s", error.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_env__the_environment_is_put_in),
        cmocka_unit_test(test_config_env__a_value_cannot_become_structure),
        cmocka_unit_test(test_config_env__dollars_stand_for_themselves),
        cmocka_unit_test(test_config_env__unset_and_malformed_names_are_refused),
        cmocka_unit_test(test_config_env__expansion_is_bounded),
        cmocka_unit_test(test_config_env__the_env_file_in_all_its_spellings),
        cmocka_unit_test(test_config_env__an_empty_value_is_set),
        cmocka_unit_test(test_config_env__the_environment_wins_over_the_file),
        cmocka_unit_test(test_config_env__a_broken_env_file_is_named_with_its_line),
        cmocka_unit_test(test_config_env__an_env_file_that_everybody_may_write_is_refused),
        cmocka_unit_test(test_config_env__an_env_file_of_others_is_refused),
        cmocka_unit_test(test_config_env__secrets_that_everybody_may_read_are_noted),
        cmocka_unit_test(test_config_env__secrets_are_never_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
