/* The SQLite driver. Settings: path (":memory:" is one private database per open). */
#ifndef TETHER_BACKEND_SQLITE_DRIVER_H
#define TETHER_BACKEND_SQLITE_DRIVER_H

#include <tether/storage.h>

extern const struct storage_driver sqlite_driver;

#endif
