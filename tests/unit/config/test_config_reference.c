/* conf/tether.yaml and conf/saas.yaml are the reference of all keys: each key of the table stands in each
 * file once, in its section, and the comment above it tells its default and what a change needs, both as the
 * table has them. */
#include "config_case.h"

#define MAX_DEPTH 8

struct section {
    size_t indent;
    struct str path;
};

/* A file on its way: the comment since the last key, the sections that are open. */
struct reference {
    struct arena *arena;
    struct str comment;
    struct section open[MAX_DEPTH];
    size_t depth;
};

static struct str read_file(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        fail_msg("%s cannot be opened", path);
    char *at = arena_alloc(arena, 65537);
    size_t len = fread(at, 1, 65536, file);
    fclose(file);
    return str_from(at, len);
}

static size_t indent_of(struct str line)
{
    size_t n = 0;
    while (n < line.len && line.at[n] == ' ')
        n++;
    return n;
}

/* The dotted path of a "key: value" line; empty for other lines. */
static struct str path_of(struct reference *r, struct str line)
{
    struct str name, value;
    size_t indent = indent_of(line);
    struct str text = str_sub(line, indent, line.len);
    if (text.len == 0 || !str_split(text, ':', &name, &value))
        return STR("");
    while (r->depth > 0 && r->open[r->depth - 1].indent >= indent)
        r->depth--;
    struct str path = r->depth == 0 ? name
                                    : arena_printf(r->arena, "%.*s.%.*s", STR_ARG(r->open[r->depth - 1].path),
                                                   STR_ARG(name));
    assert_true(r->depth < MAX_DEPTH);
    r->open[r->depth++] = (struct section){ indent, path };
    return path;
}

/* How often `key` stands in the file; *ret_comment is what stands above it, in one line. */
static size_t find_key(struct arena *arena, struct str text, struct str key, struct str *ret_comment)
{
    struct reference r = { .arena = arena };
    size_t found = 0;
    for (struct str line; text.len > 0;) {
        str_split(text, '\n', &line, &text);
        struct str trimmed = str_trim(line);
        if (str_starts_with(trimmed, STR("#"))) {
            r.comment = arena_printf(arena, "%.*s %.*s", STR_ARG(r.comment),
                                     STR_ARG(str_trim(str_sub(trimmed, 1, trimmed.len))));
            continue;
        }
        if (str_equal(path_of(&r, line), key)) {
            *ret_comment = r.comment;
            found++;
        }
        r.comment = STR("");
    }
    return found;
}

static void check_key(struct arena *arena, const char *file, struct str text, struct str line)
{
    struct str path, type, preset, needs, comment = STR(""), expected;
    str_split(line, '\t', &path, &line);
    str_split(line, '\t', &type, &line);
    str_split(line, '\t', &preset, &line);
    str_split(line, '\t', &needs, &line);
    size_t found = find_key(arena, text, path, &comment);
    if (found != 1)
        fail_msg("%s: %.*s stands there %zu times", file, STR_ARG(path), found);
    if (str_equal(preset, STR("required")))
        expected = arena_printf(arena, "Required. (%.*s)", STR_ARG(needs));
    else
        expected = arena_printf(arena, "Default: %.*s. (%.*s)", STR_ARG(preset), STR_ARG(needs));
    if (!str_ends_with(comment, expected))
        fail_msg("%s: above %.*s \"%.*s\" is missing; there is \"%.*s\"", file, STR_ARG(path),
                 STR_ARG(expected), STR_ARG(comment));
}

static void check_file(const char *file)
{
    struct arena *arena = arena_new(0);
    struct buf keys;
    buf_init(&keys, arena, 1 << 16);
    config_print_keys(&keys);
    struct str text = read_file(arena, file), line, rest = buf_str(&keys);
    while (str_split(rest, '\n', &line, &rest))
        check_key(arena, file, text, line);
    arena_free(&arena);
}

static void test_config_reference__tether_yaml_has_every_key_and_default(void **state)
{
    (void)state;
    check_file("conf/tether.yaml");
}

static void test_config_reference__saas_yaml_has_every_key_and_default(void **state)
{
    (void)state;
    check_file("conf/saas.yaml");
}

/* Its text: who may write a file of the source tree is the checkout's matter. */
static struct config *load(const char *file, struct config_error *error)
{
    struct arena *arena = arena_new(0);
    struct config *config = config_parse(file, read_file(arena, file), error);
    arena_free(&arena);
    return config;
}

static void test_config_reference__tether_yaml_is_a_valid_self_hosting(void **state)
{
    (void)state;
    struct config_error error;
    setenv("SECRET_KEY", KEY, 1);
    struct config *c = load("conf/tether.yaml", &error);
    if (c == NULL)
        fail_msg("%s", error.text);
    assert_int_equal(c->mode, MODE_SELF_HOSTED);
    assert_int_equal(c->server.listen.n, 2);
    assert_str(c->storage.driver, STR("sqlite"));
    config_free(&c);
}

/* Where the two agree they do so by value, too: apart from what the file is expected to show, it equals the
 * defaults. */
static void test_config_reference__tether_yaml_shows_the_defaults(void **state)
{
    (void)state;
    struct config_error error;
    setenv("SECRET_KEY", KEY, 1);
    struct config *file = load("conf/tether.yaml", &error);
    struct config *preset =
        config_parse("conf/tether.yaml",
                     STR("tokens: { secret_key: \"${SECRET_KEY}\" }\n"
                         "server: { listen: [ \"http://127.0.0.1:8080\", \"https://127.0.0.1:8443\" ], "
                         "tls: { certificate: a, private_key: b } }"),
                     &error);
    const char *key = NULL;
    assert_non_null(file);
    assert_non_null(preset);
    if (!config_can_reload(file, preset, &key))
        fail_msg("%s is not the default", key);
    config_free(&file);
    config_free(&preset);
}

static void test_config_reference__saas_yaml_is_a_valid_service(void **state)
{
    (void)state;
    struct config_error error;
    setenv("SECRET_KEY", KEY, 1);
    setenv("DATABASE_CONNINFO", "host=db dbname=tether", 1);
    setenv("SMTP_PASSWORD", "secret", 1);
    setenv("WEBHOOK_SECRET", "a webhook secret of 32 bytes or more", 1);
    struct config *c = load("conf/saas.yaml", &error);
    if (c == NULL)
        fail_msg("%s", error.text);
    assert_int_equal(c->mode, MODE_SAAS);
    assert_str(c->storage.driver, STR("postgres"));
    assert_str(c->storage.postgres_conninfo, STR("host=db dbname=tether"));
    assert_true(c->plan_count >= 3);
    config_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_reference__tether_yaml_has_every_key_and_default),
        cmocka_unit_test(test_config_reference__saas_yaml_has_every_key_and_default),
        cmocka_unit_test(test_config_reference__tether_yaml_is_a_valid_self_hosting),
        cmocka_unit_test(test_config_reference__tether_yaml_shows_the_defaults),
        cmocka_unit_test(test_config_reference__saas_yaml_is_a_valid_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
