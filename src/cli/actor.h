/* Who the command line's deeds are written down as. */
#ifndef TETHER_CLI_ACTOR_H
#define TETHER_CLI_ACTOR_H

#include "access/audit.h"
#include "cli/command.h"

/* The operating system's user who runs the program. */
struct audit_actor cli_actor(const struct cli *cli);

#endif
