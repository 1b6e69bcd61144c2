/* Option parsing by getopt_long(), driven by the command's rows. Every value is checked to be one clean line
 * of text here, so that no sub-command has to think of it. */
#include "cli/command.h"

#include <getopt.h>

#include "base/text.h"

enum { MAX_ROWS = 32, HELP_INDEX = MAX_ROWS };

static const struct cli_option common_options[] = {
    { "config", "FILE", 0, "the configuration" },
};

/* The row an index of getopt_long stands for: the command's own rows first, then the common ones. */
static const struct cli_option *row_at(const struct cli_command *command, size_t i)
{
    return i < command->option_count ? &command->options[i] : &common_options[i - command->option_count];
}

static size_t row_count(const struct cli_command *command)
{
    return command->option_count + (command->without_config ? 0 : 1);
}

static void fill_long_options(const struct cli_command *command, struct option *ret)
{
    size_t n = row_count(command);
    if (n > MAX_ROWS)
        abort(); /* a table that outgrew the parser is a bug */
    for (size_t i = 0; i < n; i++) {
        const struct cli_option *row = row_at(command, i);
        ret[i] =
            (struct option){ row->name, row->argument ? required_argument : no_argument, NULL, (int)i + 1 };
    }
    ret[n] = (struct option){ "help", no_argument, NULL, HELP_INDEX + 1 };
    ret[n + 1] = (struct option){ 0 };
}

static int take(struct cli *cli, const struct cli_option *row, const char *value)
{
    if (!text_is_line(str_of(value)))
        return cli_misuse("--%s holds control characters or is not UTF-8.", row->name);
    if (!(row->flags & CLI_REPEATED) && cli_value(cli, row->name))
        return cli_misuse("--%s is given twice.", row->name);
    if (cli->given_count == CLI_MAX_GIVEN)
        return cli_misuse("There are too many options.");
    cli->given[cli->given_count++] = (struct cli_given){ row->name, value ? value : "" };
    return CLI_OK;
}

/* What getopt_long() could not make sense of. */
static int refuse(const struct cli_command *command, char **argv, int found)
{
    const char *word = argv[optind - 1];
    if (found == ':')
        return cli_misuse("%s needs a value.", word);
    return cli_misuse("%s does not know %s; see: tether help %s", command->name, word, command->name);
}

static int take_operands(struct cli *cli, int argc, char **argv)
{
    const char *wanted = cli->command->operand;
    int n = argc - optind;
    if (!wanted && n > 0)
        return cli_misuse("%s takes no \"%s\"; see: tether help %s", cli->command->name, argv[optind],
                          cli->command->name);
    if (wanted && n != 1)
        return cli_misuse("%s needs exactly one %s.", cli->command->name, wanted);
    cli->operand = wanted ? argv[optind] : NULL;
    return CLI_OK;
}

static int check_required(const struct cli *cli)
{
    for (size_t i = 0; i < cli->command->option_count; i++) {
        const struct cli_option *row = &cli->command->options[i];
        if ((row->flags & CLI_REQUIRED) && !cli_value(cli, row->name))
            return cli_misuse("%s needs --%s %s.", cli->command->name, row->name, row->argument);
    }
    return CLI_OK;
}

int cli_options_parse(struct cli *cli, int argc, char **argv, bool *ret_help)
{
    struct option long_options[MAX_ROWS + 2];
    fill_long_options(cli->command, long_options);
    opterr = 0;
    optind = 0; /* a fresh start: tests parse more than once */
    int found;
    while ((found = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        if (found == HELP_INDEX + 1) {
            *ret_help = true;
            return CLI_OK;
        }
        if (found == '?' || found == ':')
            return refuse(cli->command, argv, found);
        int code = take(cli, row_at(cli->command, (size_t)found - 1), optarg);
        if (code != CLI_OK)
            return code;
    }
    int code = take_operands(cli, argc, argv);
    return code == CLI_OK ? check_required(cli) : code;
}

const char *cli_next_value(const struct cli *cli, const char *name, size_t *cursor)
{
    while (*cursor < cli->given_count) {
        const struct cli_given *given = &cli->given[(*cursor)++];
        if (strcmp(given->name, name) == 0)
            return given->value;
    }
    return NULL;
}

const char *cli_value(const struct cli *cli, const char *name)
{
    size_t cursor = 0;
    return cli_next_value(cli, name, &cursor);
}

struct str cli_text(const struct cli *cli, const char *name)
{
    return str_of(cli_value(cli, name));
}

static void help_option(FILE *to, const struct cli_option *row)
{
    char left[64];
    snprintf(left, sizeof(left), "--%s %s", row->name, row->argument ? row->argument : "");
    fprintf(to, "  %-24s %s%s%s\n", left, row->help, row->flags & CLI_REQUIRED ? " (required)" : "",
            row->flags & CLI_REPEATED ? " (may be repeated)" : "");
}

static void help_one(FILE *to, const struct cli_command *command)
{
    fprintf(to, "Usage: tether %s%s%s%s\n%s.\n", command->name, row_count(command) ? " [options]" : "",
            command->operand ? " " : "", command->operand ? command->operand : "", command->summary);
    if (row_count(command))
        fputs("\nOptions:\n", to);
    for (size_t i = 0; i < row_count(command); i++)
        help_option(to, row_at(command, i));
}

static void help_all(FILE *to)
{
    fputs("Usage: tether COMMAND [options]\n\nCommands:\n", to);
    size_t n;
    const struct cli_command *const *commands = cli_commands(&n);
    for (size_t i = 0; i < n; i++)
        fprintf(to, "  %-20s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\ntether help COMMAND tells a command's options. The configuration is --config FILE, else what "
          "TETHER_CONFIG\nnames, else /etc/tether/tether.yaml.\n",
          to);
}

void cli_help(FILE *to, const struct cli_command *command)
{
    if (command)
        help_one(to, command);
    else
        help_all(to);
}
