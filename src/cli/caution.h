/* What is allowed in a configuration and yet deserves a warning. */
#ifndef TETHER_CLI_CAUTION_H
#define TETHER_CLI_CAUTION_H

#include "config/config.h"

/* Whether the demo, whose passwords everybody knows, can be reached from other machines. */
bool caution_demo_is_public(const struct config *config);

/* One line per caution: to the log, or to the person at the terminal (stderr). */
void caution_log(const struct config *config);
void caution_print(const struct config *config);

#endif
