#include "cli/terminal.h"

#include <termios.h>
#include <unistd.h>

#include "base/random.h"
#include "identity/password.h"

/* One more than the longest password, so that a longer one is seen to be too long, and a line end. */
#define LINE_CAP (PASSWORD_MAX_BYTES + 4)

bool terminal_is_watched(void)
{
    return isatty(STDERR_FILENO);
}

/* The first line of `in` without its end, byte by byte: stdio's buffer would keep a copy of the password. */
static bool read_line(int fd, char *line, size_t cap)
{
    size_t len = 0;
    char c;
    ssize_t got;
    while ((got = read(fd, &c, 1)) == 1 && c != '\n') {
        if (len + 1 < cap)
            line[len++] = c;
    }
    if (len > 0 && line[len - 1] == '\r')
        len--;
    line[len] = '\0';
    return got >= 0 && (len > 0 || got == 1);
}

static bool ask(const char *prompt, char *line, size_t cap)
{
    struct termios shown;
    if (tcgetattr(STDIN_FILENO, &shown) != 0)
        return false;
    struct termios hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    hidden.c_lflag |= ECHONL;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden); /* drops what was typed before the question */
    fputs(prompt, stderr);
    bool ok = read_line(STDIN_FILENO, line, cap);
    tcsetattr(STDIN_FILENO, TCSANOW, &shown);
    return ok;
}

static int ask_twice(char *line)
{
    char again[LINE_CAP];
    bool ok = ask("Password: ", line, LINE_CAP) && ask("Again: ", again, LINE_CAP);
    bool same = ok && strcmp(line, again) == 0;
    secret_wipe(again, sizeof(again));
    if (!ok)
        return cli_fail("No password was given.");
    return same ? CLI_OK : cli_fail("The two passwords differ.");
}

static int read_password(struct cli *cli, struct str *ret)
{
    const char *given = getenv("TETHER_PASSWORD");
    if (given) {
        *ret = str_of(given);
        return CLI_OK;
    }
    char line[LINE_CAP];
    int code = CLI_OK;
    if (isatty(STDIN_FILENO))
        code = ask_twice(line);
    else if (!read_line(STDIN_FILENO, line, sizeof(line)))
        code = cli_fail("No password was given: write it to standard input or set TETHER_PASSWORD.");
    if (code == CLI_OK)
        *ret = arena_copy(cli->arena, str_of(line));
    secret_wipe(line, sizeof(line));
    return code;
}

int terminal_new_password(struct cli *cli, struct str *ret)
{
    int code = read_password(cli, ret);
    if (code != CLI_OK)
        return code;
    enum password_verdict verdict = password_check(*ret);
    return verdict == PASSWORD_OK ? CLI_OK : cli_fail("%s", password_verdict_text(verdict));
}
