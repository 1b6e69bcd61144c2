/* Telling a service manager how we are (the sd_notify protocol). */
#ifndef TETHER_CLI_NOTIFY_H
#define TETHER_CLI_NOTIFY_H

/* Sends `state` ("READY=1") to $NOTIFY_SOCKET; does nothing without one. A failure is logged, never fatal. */
void notify_manager(const char *state);

#endif
