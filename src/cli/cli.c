/* From argv to a sub-command and back to an exit code. */
#include "cli/cli.h"

#include <stdarg.h>

#include "cli/command.h"
#include "cli/store.h"

#define DEFAULT_CONFIG "/etc/tether/tether.yaml"

static void __attribute__((format(printf, 1, 0))) say(const char *format, va_list args)
{
    fputs("tether: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

int cli_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
    return CLI_FAILED;
}

int cli_misuse(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
    return CLI_USAGE;
}

/* How many words of argv the command's name takes up; 0 when it is another command. */
static int words_matching(const char *name, int argc, char **argv)
{
    struct str rest = str_of(name), word;
    int n = 0;
    while (!str_is_empty(rest)) {
        str_split(rest, ' ', &word, &rest);
        if (n == argc || !str_equal(word, str_of(argv[n])))
            return 0;
        n++;
    }
    return n;
}

static const struct cli_command *find_command(int argc, char **argv, int *ret_words)
{
    size_t n;
    const struct cli_command *const *commands = cli_commands(&n);
    for (size_t i = 0; i < n; i++) {
        *ret_words = words_matching(commands[i]->name, argc, argv);
        if (*ret_words > 0)
            return commands[i];
    }
    return NULL;
}

/* "tether tenant" alone or with an unknown verb: says which ones there are. */
static int refuse_command(const char *word)
{
    size_t n, found = 0;
    const struct cli_command *const *commands = cli_commands(&n);
    for (size_t i = 0; i < n; i++) {
        struct str head, tail;
        if (!str_split(str_of(commands[i]->name), ' ', &head, &tail) || !str_equal(head, str_of(word)))
            continue;
        fprintf(stderr, "%s%s", found++ == 0 ? "tether: Which one? " : ", ", commands[i]->name);
    }
    if (found == 0)
        return cli_misuse("There is no command \"%s\"; see: tether help", word);
    fputc('\n', stderr);
    return CLI_USAGE;
}

static int help(int argc, char **argv)
{
    int words;
    const struct cli_command *command = argc > 0 ? find_command(argc, argv, &words) : NULL;
    if (argc > 0 && !command)
        return refuse_command(argv[0]);
    cli_help(stdout, command);
    return CLI_OK;
}

static const char *config_path(const struct cli *cli)
{
    const char *path = cli_value(cli, "config");
    if (!path)
        path = getenv("TETHER_CONFIG");
    return path ? path : DEFAULT_CONFIG;
}

/* argv[0] is the last word of the command's name, as getopt_long() wants it. */
static int run_command(const struct cli_command *command, int argc, char **argv)
{
    struct cli cli = { .command = command };
    bool wants_help = false;
    int code = cli_options_parse(&cli, argc, argv, &wants_help);
    if (code != CLI_OK)
        return code;
    if (wants_help) {
        cli_help(stdout, command);
        return CLI_OK;
    }
    cli.config_path = config_path(&cli);
    cli.arena = arena_new(SIZE_MAX);
    arena_wipe_on_free(cli.arena);
    code = command->run(&cli);
    store_close(&cli);
    arena_free(&cli.arena);
    if (fflush(stdout) != 0 && code == CLI_OK)
        return cli_fail("The output could not be written.");
    return code;
}

int cli_main(int argc, char **argv)
{
    if (argc < 2) {
        cli_help(stderr, NULL);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0)
        return help(argc - 2, argv + 2);
    static char version[] = "version";
    if (strcmp(argv[1], "--version") == 0)
        argv[1] = version;
    int words;
    const struct cli_command *command = find_command(argc - 1, argv + 1, &words);
    if (!command)
        return refuse_command(argv[1]);
    return run_command(command, argc - words, argv + words);
}
