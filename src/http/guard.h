/* Guards: functions of the executable that libh2o 2.2.5 calls instead of its own or the C library's.
 *
 * The shared library reaches its exported functions through the PLT, so a function of the same name in the
 * main program runs first. http_guard_self_test() (server.h) says whether that holds in this program. */
#ifndef TETHER_HTTP_GUARD_H
#define TETHER_HTTP_GUARD_H

#include "http/libh2o.h"
#include "http/server.h"

/* True after a self-test that passed. */
bool guard_is_active(void);

/* Once a second, from any loop: when the wall clock is ahead of the timers' clock, closes a part of the gap.
 * Never backwards, never by a leap: either would fire or stop every timer of the library. */
void guard_clock_nudge(void);
/* By how much, when the wall clock is ahead by gap_us. */
int64_t guard_clock_step(int64_t gap_us);

/* Bytes of body that an HTTP/2 request has gathered while it still waits for the rest; 0 once it is complete.
 */
size_t guard_held_body(const h2o_req_t *req);
/* True of a stream over HTTP/2 that was only given a priority: some clients build their tree of such ones, and
 * never ask on them. */
bool guard_is_reserved(const h2o_req_t *req);

/* True when the SETTINGS payload asks for an initial window with which the library's window assertion could
 * be reached. */
bool guard_settings_refused(const uint8_t *payload, size_t len);

#endif
