/* What the files of this room share: the parsed tree, the reader that walks it, the table of keys.
 *
 * The way of a file: config_file.c reads it, config_yaml.c makes a tree of nodes, config_expand.c puts
 * ${NAME} in, config_read.c walks the tree against the table of config_keys.c with the types of
 * config_types.c and config_lists.c, config_check.c looks at what no single key can know. The first error
 * ends it. */
#ifndef TETHER_CONFIG_INTERNAL_H
#define TETHER_CONFIG_INTERNAL_H

#include "config/config.h"

#define CONFIG_MAX_BYTES 65536
#define CONFIG_MAX_DEPTH 16

enum node_kind { NODE_SCALAR = 0, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    int line;
    struct str name;   /* in a map: the key */
    struct str path;   /* dotted, from the top */
    struct str text;   /* scalar, with ${NAME} expanded */
    struct str source; /* scalar, as written */
    bool plain;        /* scalar, written without quotes */
    bool expanded;     /* scalar in which a variable stood: may be a number or a word even in quotes */
    struct node *first, *next;
};

struct variable {
    struct str name, value;
};

struct reader {
    struct arena *arena; /* the configuration's */
    struct config *config;
    struct config_error *error;
    const char *file;
    struct str folder;          /* of the file, absolute */
    struct variable *variables; /* of the .env file */
    size_t variable_count;
    bool env_is_public; /* everybody may read the .env file */
    bool has_secret;    /* a secret stands in the file itself */
    int *lines;         /* per key: where it stands; 0: nowhere */
};

/* Fills the error: "FILE:LINE: KEY: found FOUND, expected EXPECTED". Always false. path may be empty. */
bool config_refuse(struct reader *reader, int line, struct str path, const char *found, const char *expected);
/* The same about a node, whose value is shown unless it is secret. */
bool config_refuse_node(struct reader *reader, const struct node *node, bool secret, const char *expected);

/* What is expected of a file otherwise. */
#define CONFIG_FILE_RULE                                                                                     \
    "a readable file of at most 64 KiB, root's or this user's, that only its owner may write"

/* A regular file of at most CONFIG_MAX_BYTES, of root or of this process's user, that only its owner may
 * write. *ret_is_public: everybody may read it. *ret_found: NULL, or why not. False when it cannot be read;
 * errno ENOENT then means that there is none. */
bool config_read_file(struct arena *arena, const char *path, struct str *ret, bool *ret_is_public,
                      const char **ret_found);

/* One strict YAML document as a tree: no anchors, aliases or tags, no name twice. An empty document is an
 * empty map. */
bool config_read_yaml(struct reader *reader, struct str yaml, struct node **ret);

/* Reads the .env file in the reader's folder, where there is one. */
bool config_read_env(struct reader *reader);
/* Replaces ${NAME} in every scalar of the tree. */
bool config_expand(struct reader *reader, struct node *node);

enum key_flag {
    KEY_RELOAD = 1u << 0,  /* a running server can take it over */
    KEY_SECRET = 1u << 1,  /* never shown in an error */
    KEY_AUTO = 1u << 2,    /* "auto" is 0 until config_check() resolves it */
    KEY_NULLABLE = 1u << 3 /* null is the empty text */
};

struct config_key;

/* How the values of one type are read. */
struct key_type {
    const char *name; /* for people */
    enum node_kind shape;
    /* Writes the value to `ret` (the key's member). False with the error filled. */
    bool (*read)(struct reader *reader, const struct config_key *key, const struct node *node, void *ret);
    /* Whether two members are equal. NULL for a type whose keys can all be reloaded. */
    bool (*same)(const void *a, const void *b);
};

extern const struct key_type key_type_bool, key_type_number, key_type_size, key_type_duration, key_type_rate,
    key_type_word, key_type_text, key_type_list, key_type_settings, key_type_domains, key_type_plans;

/* Checks one text and may rewrite it (make a path absolute, fold case). NULL accepts every line of text. */
typedef bool (*text_check_fn)(struct reader *reader, struct str text, struct str *ret);

struct config_key {
    const char *path; /* dotted */
    const struct key_type *type;
    size_t offset;            /* of the member in struct config */
    const char *preset;       /* the default, as YAML; NULL: required */
    int64_t min, max;         /* of numbers, sizes, durations (µs), rates; bytes of texts */
    const char *const *words; /* NULL-terminated; the index is the value */
    text_check_fn check;
    const char *expected; /* what `check` accepts, for errors */
    unsigned flags;
    const char *help;
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

static inline void *config_member(const struct config *config, const struct config_key *key)
{
    return (char *)config + key->offset;
}

bool config_check_file(struct reader *reader, struct str text, struct str *ret);
bool config_check_database_file(struct reader *reader, struct str text, struct str *ret);
bool config_check_driver(struct reader *reader, struct str text, struct str *ret);
bool config_check_host(struct reader *reader, struct str text, struct str *ret);
bool config_check_slug(struct reader *reader, struct str text, struct str *ret);
bool config_check_listen(struct reader *reader, struct str text, struct str *ret);
bool config_check_network(struct reader *reader, struct str text, struct str *ret);
bool config_check_origin(struct reader *reader, struct str text, struct str *ret);
bool config_check_public_url(struct reader *reader, struct str text, struct str *ret);
bool config_check_mailbox(struct reader *reader, struct str text, struct str *ret);
bool config_check_transport(struct reader *reader, struct str text, struct str *ret);
bool config_check_webhook_secret(struct reader *reader, struct str text, struct str *ret);
bool config_check_smtp_url(struct reader *reader, struct str text, struct str *ret);

/* Walks the tree against the table; keys that are not there get their presets. */
bool config_read_keys(struct reader *reader, const struct node *top);

/* The rules between keys; then resolves what is "auto". */
bool config_check(struct reader *reader);

/* A scalar written as null, ~ or nothing at all. */
bool node_is_null(const struct node *node);

#endif
