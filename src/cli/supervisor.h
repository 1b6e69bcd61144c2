/* The supervisor: holds the listening sockets, keeps one server process alive, and passes signals on. It runs
 * no request and no thread, so that there is little in it that can fail. */
#ifndef TETHER_CLI_SUPERVISOR_H
#define TETHER_CLI_SUPERVISOR_H

#include "cli/command.h"

/* cli->config is loaded. Returns the program's exit code: 0 after SIGTERM or SIGINT and a clean drain. */
int supervisor_run(struct cli *cli);

#endif
