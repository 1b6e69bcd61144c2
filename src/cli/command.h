/* Sub-commands are rows: name, options, help, function. The row stands at the bottom of the sub-command's
 * file, commands.c lists them all, and parsing and the help text are made from them. */
#ifndef TETHER_CLI_COMMAND_H
#define TETHER_CLI_COMMAND_H

#include "config/config.h"
#include "storage/db.h"

enum cli_exit { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

enum cli_option_flag {
    CLI_REQUIRED = 1u << 0,
    CLI_REPEATED = 1u << 1 /* may be given several times */
};

struct cli_option {
    const char *name;     /* "slug" for --slug */
    const char *argument; /* what it takes, for the help: "SLUG"; NULL: a flag */
    unsigned flags;
    const char *help;
};

struct cli;

struct cli_command {
    const char *name;    /* "tenant add" */
    const char *operand; /* the one operand it needs, for the help: "PATH"; NULL: none */
    const struct cli_option *options;
    size_t option_count;
    bool only_reads;     /* the database: it works beside a running server on any driver */
    bool without_config; /* it reads no configuration, so it knows no --config */
    const char *summary;
    int (*run)(struct cli *cli); /* an enum cli_exit */
};
#define CLI_OPTIONS(rows) .options = (rows), .option_count = sizeof(rows) / sizeof((rows)[0])

/* Every sub-command; *ret_n rows. */
const struct cli_command *const *cli_commands(size_t *ret_n);

#define CLI_MAX_GIVEN 64

struct cli_given {
    const char *name;
    const char *value; /* "" for a flag */
};

/* One run of the program. */
struct cli {
    struct arena *arena; /* wiped when freed: passwords pass through it */
    const struct cli_command *command;
    const char *config_path;
    const char *operand;
    struct cli_given given[CLI_MAX_GIVEN];
    size_t given_count;

    /* Opened by store.h when the sub-command asks for them; closed by cli_main(). */
    struct config *config;
    struct db *db;
    struct db_conn *conn;
};

/* Reads the options behind the command's words into `cli`. CLI_OK, or CLI_USAGE with a sentence on stderr.
 * *ret_help:
 * --help was among them. */
int cli_options_parse(struct cli *cli, int argc, char **argv, bool *ret_help);

/* The value of an option; NULL when it was not given. */
const char *cli_value(const struct cli *cli, const char *name);
/* The same as a slice, at == NULL when it was not given. */
struct str cli_text(const struct cli *cli, const char *name);
/* The next value of a repeated option, from *cursor (0 at first) on; NULL after the last. */
const char *cli_next_value(const struct cli *cli, const char *name, size_t *cursor);

/* Help for one command, or for all of them (NULL), on `to`. */
void cli_help(FILE *to, const struct cli_command *command);

/* "tether: SENTENCE" on stderr; returns CLI_FAILED or CLI_USAGE for `return cli_fail(…);`. */
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
