/* What the tests of this room share: a valid file to build on, scratch folders, and errors compared whole. */
#ifndef TETHER_TESTS_CONFIG_CASE_H
#define TETHER_TESTS_CONFIG_CASE_H

#include "../base/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

/* 32 bytes, the least that is accepted. */
#define KEY      "0123456789abcdef0123456789abcdef"
#define WITH_KEY "tokens: { secret_key: " KEY " }\n"

/* Parses as the file "test.yaml" of a folder that does not exist (so no .env file is near); fails the test
 * when it is refused. */
static inline struct config *parse_good(const char *yaml)
{
    struct config_error error;
    struct config *config = config_parse("/nonexistent/test.yaml", str_of(yaml), &error);
    if (config == NULL)
        fail_msg("refused: %s\n%s", error.text, yaml);
    assert_string_equal(error.text, "");
    return config;
}

/* Parses what must be refused with exactly this text behind the file name. */
static inline void assert_refused(struct str yaml, const char *expected)
{
    struct config_error error = { "" };
    struct config *config = config_parse("/nonexistent/test.yaml", yaml, &error);
    if (config != NULL)
        fail_msg("accepted: %.*s", STR_ARG(yaml));
    assert_true(str_starts_with(str_of(error.text), STR("/nonexistent/test.yaml:")));
    assert_string_equal(error.text + strlen("/nonexistent/test.yaml:"), expected);
}

struct scratch {
    char folder[64];
    char file[96];
};

static inline void scratch_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

/* A folder of its own with tether.yaml in it. */
static inline void scratch_make(struct scratch *s, const char *yaml)
{
    snprintf(s->folder, sizeof(s->folder), "%s", "/tmp/tether-config-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->file, sizeof(s->file), "%s/tether.yaml", s->folder);
    scratch_write(s->file, yaml);
}

static inline void scratch_env(const struct scratch *s, const char *text)
{
    char path[96];
    snprintf(path, sizeof(path), "%s/.env", s->folder);
    scratch_write(path, text);
}

static inline void scratch_remove(const struct scratch *s)
{
    char path[96];
    snprintf(path, sizeof(path), "%s/.env", s->folder);
    unlink(path);
    unlink(s->file);
    rmdir(s->file); /* where a test made a folder of it */
    assert_int_equal(rmdir(s->folder), 0);
}

#endif
