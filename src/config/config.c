/* The public face of the room: load, free, compare, print. */
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/config_internal.h"

/* The file's folder, absolute; where it does not exist (texts at hand), as it is written. */
static struct str folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct str folder = slash == NULL ? STR(".") : str_from(path, (size_t)(slash - path) + (slash == path));
    char *real = realpath(arena_cstr(arena, folder), NULL);
    if (real == NULL)
        return folder;
    struct str copy = arena_copy(arena, str_of(real));
    free(real);
    return copy;
}

static struct config *config_new(const char *path)
{
    struct arena *arena = arena_new(0);
    arena_wipe_on_free(arena); /* keys and passwords */
    struct config *config = ARENA_NEW(arena, struct config);
    config->arena = arena;
    config->file = arena_copy(arena, str_of(path));
    return config;
}

static struct reader reader_of(struct config *config, struct config_error *error)
{
    error->text[0] = '\0';
    return (struct reader){ .arena = config->arena,
                            .config = config,
                            .error = error,
                            .file = config->file.at,
                            .folder = folder_of(config->arena, config->file.at),
                            .lines = ARENA_ARRAY(config->arena, int, config_key_count) };
}

static bool read_text(struct reader *reader, struct str yaml)
{
    struct node *top;
    return config_read_yaml(reader, yaml, &top) && config_read_env(reader) && config_expand(reader, top) &&
           config_read_keys(reader, top) && config_check(reader);
}

struct config *config_parse(const char *path, struct str yaml, struct config_error *ret_error)
{
    struct config *config = config_new(path);
    struct reader reader = reader_of(config, ret_error);
    if (!read_text(&reader, yaml))
        config_free(&config);
    return config;
}

static void note_exposed(struct reader *reader, bool is_public)
{
    struct str_list *exposed = &reader->config->exposed;
    exposed->at = ARENA_ARRAY(reader->arena, struct str, 2);
    if (is_public && reader->has_secret)
        exposed->at[exposed->n++] = reader->config->file;
    if (reader->env_is_public)
        exposed->at[exposed->n++] = arena_printf(reader->arena, "%.*s/.env", STR_ARG(reader->folder));
}

struct config *config_load(const char *path, struct config_error *ret_error)
{
    struct config *config = config_new(path);
    struct reader reader = reader_of(config, ret_error);
    struct str yaml;
    bool is_public = false;
    const char *found;
    if (!config_read_file(config->arena, path, &yaml, &is_public, &found))
        config_refuse(&reader, 0, STR_NONE, found, CONFIG_FILE_RULE);
    else if (read_text(&reader, yaml)) {
        note_exposed(&reader, is_public);
        return config;
    }
    config_free(&config);
    return NULL;
}

void config_free(struct config **config)
{
    if (*config == NULL)
        return;
    struct arena *arena = (*config)->arena;
    *config = NULL;
    arena_free(&arena);
}

const struct plan *config_plan(const struct config *config, struct str name)
{
    for (size_t i = 0; i < config->plan_count; i++)
        if (str_equal(config->plans[i].name, name))
            return &config->plans[i];
    return NULL;
}

static void print_type(struct buf *out, const struct config_key *key)
{
    if (key->words == NULL)
        buf_add(out, str_of(key->type->name));
    for (int i = 0; key->words != NULL && key->words[i] != NULL; i++)
        buf_printf(out, "%s%s", i == 0 ? "" : " | ", key->words[i]);
}

void config_print_keys(struct buf *out)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        buf_printf(out, "%s\t", key->path);
        print_type(out, key);
        buf_printf(out, "\t%s\t%s\t%s\n", key->preset == NULL ? "required" : key->preset,
                   (key->flags & KEY_RELOAD) != 0 ? "reload" : "restart", key->help);
    }
}

bool config_can_reload(const struct config *now, const struct config *next, const char **ret_key)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        if ((key->flags & KEY_RELOAD) == 0 &&
            !key->type->same(config_member(now, key), config_member(next, key))) {
            *ret_key = key->path;
            return false;
        }
    }
    return true;
}
