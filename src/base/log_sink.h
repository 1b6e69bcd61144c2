/* Where the lines of the log go: a descriptor, and what is to happen when nobody takes them from it. A reader
 * that stops reading fills its pipe, and a write to a full pipe waits for ever: so must no event loop, no
 * worker, no watchdog and no supervisor. */
#ifndef TETHER_BASE_LOG_SINK_H
#define TETHER_BASE_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How much is held for a reader that does not read: as much twice, while a piece is being written. An eighth
 * of it is for urgent lines alone. */
#define LOG_HELD_MAX ((size_t)1 << 20)
/* For a file, with as much for urgent lines: its disk may stand still for a quarter of a second while a
 * database's commit is synced, at 60 MB of lines a second. */
#define LOG_HELD_FILE_MAX ((size_t)16 << 20)

/* Whole lines. As it was set up: waits until they are written (at first, as commands for people have it), or
 * leaves out what cannot be written at once, or leaves them to the writer. Any thread. */
void log_sink_write(const char *text, size_t len, bool is_urgent);

void log_sink_set_fd(int fd);
/* A file takes any amount in one piece, and nobody reads along. */
bool log_sink_is_file(void);

/* From now on a line that cannot be written at once is left out; the next that can be follows one that says
 * how many were. For a process of one thread that must go on. */
void log_sink_never_wait(void);

/* From now on a thread of its own writes, and nobody waits for it. What it cannot get rid of is held, up to
 * LOG_HELD_MAX; what comes then is lost, counted (METRIC_LOG_LINES_LOST), and told where it is missing. A
 * file loses nothing: who fills what is held for it (LOG_HELD_FILE_MAX) waits until the disk has taken it.
 * False: there is no such thread, and lines that cannot be written at once are left out. */
bool log_sink_start(void);
/* Waits until all is written, at most so long. True when it is. Before an end that nobody survives. */
bool log_sink_await(int64_t ms);
/* The same, and the end of the thread. What is logged after it is written at once or left out. A thread that
 * cannot end is left to the end of the process. */
void log_sink_stop(int64_t ms);

#endif
