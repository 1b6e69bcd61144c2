/* SQLite in memory with notifications: a driver with STORAGE_CAP_NOTIFY whose wire between the nodes is the
 * test's to cut, to freeze and to speak on. One database at a time. */
#ifndef TETHER_TESTS_UNIT_STORAGE_WIRE_H
#define TETHER_TESTS_UNIT_STORAGE_WIRE_H

#include <stdbool.h>

#include <tether/storage.h>

enum wire_state {
    WIRE_UP = 0,
    WIRE_CUT,    /* listeners are lost, new ones cannot be had */
    WIRE_FROZEN, /* nothing comes, no question is answered */
    WIRE_DEAF    /* questions are answered, but notifications do not arrive */
};

/* Up, nothing under way. */
const struct storage_driver *wire_driver(void);
void wire_set(enum wire_state state);
/* What another node notifies. */
void wire_say(const char *payload);
/* Returns once everything said so far was handed to the listener, and it asked for more. */
void wire_flush(void);
/* How often `payload` was notified by a commit of this node. */
int wire_sent(const char *payload);
int wire_listens(void);

#endif
