/* The PostgreSQL driver for fixtures: a connection that one of them gives back is the next one's, with the statements
 * that are prepared on it. On a new connection the server's process starts with empty caches, which costs more than all
 * that most tests ask for on it. */
#ifndef KEPT_CONNECTIONS_H
#define KEPT_CONNECTIONS_H

#include <tether/storage.h>

/* Every `open` is of the same database: the first one's. Connections end with the program, or when they are found lost. */
const struct storage_driver *kept_connections(void);

#endif
