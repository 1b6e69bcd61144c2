/* The command line: tether SUB-COMMAND [options]. */
#ifndef TETHER_CLI_CLI_H
#define TETHER_CLI_CLI_H

/* Runs the sub-command that argv names and returns the exit code: 0 done, 1 failed (one sentence on stderr
 * says why), 2 called wrongly. The drivers are registered, random_init() and json_init() were called. */
int cli_main(int argc, char **argv);

#endif
