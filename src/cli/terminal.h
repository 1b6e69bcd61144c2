/* The person at the terminal, or the script in their place. */
#ifndef TETHER_CLI_TERMINAL_H
#define TETHER_CLI_TERMINAL_H

#include "cli/command.h"

/* A new password: TETHER_PASSWORD, else asked for twice without echo on a terminal, else the first line of
 * standard input. Checked with password_check(). CLI_OK with *ret in the arena, or CLI_FAILED with a sentence
 * on stderr. */
int terminal_new_password(struct cli *cli, struct str *ret);

/* True when somebody watches stderr: progress is for them. */
bool terminal_is_watched(void);

#endif
