/* The SQLite driver. Settings:
 *   path    the database file, made if its directory exists; ":memory:" is one private database per open
 *   access  "own" (default): this process owns the database, a second one is refused;
 *           "read": beside its owner, for backups; write transactions are INVALID */
#ifndef TETHER_BACKEND_SQLITE_DRIVER_H
#define TETHER_BACKEND_SQLITE_DRIVER_H

#include <tether/storage.h>

extern const struct storage_driver sqlite_driver;

#endif
