/* The PostgreSQL driver. Settings: conninfo (libpq keywords or URI). */
#ifndef TETHER_BACKEND_POSTGRES_DRIVER_H
#define TETHER_BACKEND_POSTGRES_DRIVER_H

#include <tether/storage.h>

extern const struct storage_driver postgres_driver;

#endif
