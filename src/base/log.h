/* The log: one JSON object per line on a file descriptor (stderr by default), or plain text on a terminal.
 * Thread-safe; who writes the lines, and who waits for it, is in log_sink.h. Never give it a token, a
 * password or a body. */
#ifndef TETHER_BASE_LOG_H
#define TETHER_BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_DEBUG = 0, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_JSON = 0, LOG_TEXT };

enum log_field_type { LOG_FIELD_END = 0, LOG_FIELD_STR, LOG_FIELD_INT, LOG_FIELD_RENDERED };
struct log_field {
    enum log_field_type type;
    struct str key; /* ,"name": */
    struct str text;
    int64_t integer;
};

/* Names are literals, of letters that JSON takes as they are. */
#define LOG_KEY(name)       STR(",\"" name "\":")
#define LOG_S(name, slice)  ((struct log_field){ LOG_FIELD_STR, LOG_KEY(name), (slice), 0 })
#define LOG_Z(name, cstr)   ((struct log_field){ LOG_FIELD_STR, LOG_KEY(name), str_of(cstr), 0 })
#define LOG_I(name, number) ((struct log_field){ LOG_FIELD_INT, LOG_KEY(name), STR_NONE, (int64_t)(number) })

/* Fields that log_render() has written, in the format of the line; the name is not used. */
#define LOG_R(rendered) ((struct log_field){ LOG_FIELD_RENDERED, STR_NONE, (rendered), 0 })

/* log_event(LOG_INFO, "listening", LOG_Z("address", "127.0.0.1"), LOG_I("port", 8080)); the message is a
 * fixed sentence, what varies stands in fields. Lines longer than 8 KiB are cut inside a field, still valid
 * JSON. */
#define log_event(level, message, ...)                                                                       \
    log_fields((level), (message), (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ LOG_FIELD_END } })
void log_fields(enum log_level level, const char *message, const struct log_field *fields);
/* The same for who knows the time already, epoch microseconds, and the format: that of what it has rendered.
 */
void log_fields_at(enum log_level level, enum log_format format, int64_t now, const char *message,
                   const struct log_field *fields);

/* Writes fields as they would stand in a line of that format, for lines that share them; their length. 0:
 * they do not fit into cap bytes. */
size_t log_render(char *to, size_t cap, enum log_format format, const struct log_field *fields);

/* A whole line, in the format in force, that so many lines are missing where it stands; its length. 0: it
 * does not fit into cap bytes. For log_sink.h. */
size_t log_loss_line(char *to, size_t cap, size_t lines);

/* An event loop's lines below LOG_WARN need not cost a system call each: from log_gather() to
 * log_gather_end() they wait, as much as the descriptor takes in one piece, for the same thread's next
 * log_flush(), a log_settle() that finds it time, or its next line that cannot wait. Elsewhere these do
 * nothing. */
void log_gather(void);
void log_flush(void);
/* At the end of each turn, before the loop sleeps; now_ms: monotonic. Writes what waits; to a file, where
 * nobody reads along, only once it has waited for LOG_WAIT_MS, as a write costs a tenth of a small request.
 * In how many milliseconds it is to be called again at the latest; INT32_MAX: nothing waits. */
#define LOG_WAIT_MS 20
int32_t log_settle(int64_t now_ms);
void log_gather_end(void);

/* May be called at any time, from any thread (SIGHUP changes the level). */
void log_set_level(enum log_level level);
void log_set_format(enum log_format format);
/* To be asked once for a line, since it may change at any time. */
enum log_format log_format_now(void);
void log_set_fd(int fd);
bool log_is_on(enum log_level level);
bool log_level_of(struct str name, enum log_level *ret);

#endif
