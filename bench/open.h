/* How the programs that fill a database begin: a configuration is read, its database is opened. */
#ifndef TETHER_BENCH_OPEN_H
#define TETHER_BENCH_OPEN_H

#include "config/config.h"
#include "storage/db.h"

/* "PROGRAM: what: why" on stderr, and the end with 1. */
_Noreturn void bench_die(const char *what, const char *why);
/* The database of the configuration file; dies when there is none. *ret_config: config_free(). */
struct db *bench_open(const char *path, struct arena *arena, struct config **ret_config);

#endif
