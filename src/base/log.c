/* A line is built on the stack and goes out whole, so that lines of several threads or processes on one
 * descriptor never mix and building one needs neither a lock nor the heap. A thread that gathers its lines
 * gives away as many at once as a pipe takes whole. */
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log_sink.h"

#define MAX_LINE 8192
#define TAIL     2 /* "}\n" always fits */

static _Atomic int level_now = LOG_INFO;
static _Atomic int format_now = LOG_JSON;

static const struct str level_names[] = { STR("debug"), STR("info"), STR("warn"), STR("error") };

struct line {
    char at[MAX_LINE];
    size_t len;
};

/* What a pipe takes whole; a file takes any amount in one piece. */
#define GATHER_MAX ((size_t)64 * 1024)

struct gathered {
    size_t len, cap;
    bool is_file;
    int64_t since_ms; /* the end of the turn that left the first of it; 0: no turn has ended since */
    char at[GATHER_MAX];
};
static _Thread_local struct gathered *gathered; /* NULL: lines are written at once */

static size_t room(const struct line *line)
{
    return sizeof(line->at) - TAIL - line->len;
}

static void add(struct line *line, const char *text, size_t len)
{
    if (len > room(line))
        len = room(line);
    memcpy(line->at + line->len, text, len);
    line->len += len;
}

static void add_str(struct line *line, struct str text)
{
    add(line, text.at, text.len);
}

static void add_quoted(struct line *line, struct str text)
{
    line->len += json_quote(line->at + line->len, room(line), text);
}

static void add_time(struct line *line, int64_t now)
{
    char text[CLOCK_ISO8601_CAP];
    add(line, text, clock_format_iso8601(text, now, true));
}

/* Text without quotes where it can be read so: letters, digits and what addresses and paths are made of. */
static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c == 0x7F)
            return false;
    }
    return text.len > 0;
}

static void add_value(struct line *line, const struct log_field *field, enum log_format format)
{
    if (field->type == LOG_FIELD_INT)
        line->len += str_put_int(line->at + line->len, field->integer); /* fits: add_field() has looked */
    else if (format == LOG_TEXT && is_plain(field->text) && field->text.len <= room(line))
        add(line, field->text.at, field->text.len);
    else
        add_quoted(line, field->text);
}

/* The key as it is in a line of text: " name=". */
static void add_name(struct line *line, struct str key)
{
    add_str(line, STR(" "));
    add_str(line, str_sub(key, 2, key.len - 4));
    add_str(line, STR("="));
}

/* A field starts only when its name and any number fit; a longer text is cut. */
static void add_field(struct line *line, const struct log_field *field, enum log_format format)
{
    if (room(line) < field->key.len + 32)
        return;
    if (format == LOG_JSON)
        add_str(line, field->key);
    else
        add_name(line, field->key);
    add_value(line, field, format);
}

static void add_fields(struct line *line, const struct log_field *fields, enum log_format format)
{
    for (const struct log_field *field = fields; field->type != LOG_FIELD_END; field++) {
        if (field->type != LOG_FIELD_RENDERED)
            add_field(line, field, format);
        else if (field->text.len <= room(line))
            add(line, field->text.at, field->text.len);
    }
}

size_t log_render(char *to, size_t cap, enum log_format format, const struct log_field *fields)
{
    struct line line;
    line.len = 0;
    add_fields(&line, fields, format);
    if (line.len > cap)
        return 0;
    memcpy(to, line.at, line.len);
    return line.len;
}

static void start_json(struct line *line, enum log_level level, int64_t now, const char *message)
{
    add_str(line, STR("{\"time\":\""));
    add_time(line, now);
    add_str(line, STR("\",\"level\":\""));
    add_str(line, level_names[level]);
    add_str(line, STR("\",\"msg\":"));
    add_quoted(line, str_of(message));
}

static void start_text(struct line *line, enum log_level level, int64_t now, const char *message)
{
    add_time(line, now);
    add_str(line, STR(" "));
    add_str(line, level_names[level]);
    add_str(line, STR(": "));
    add_str(line, str_of(message));
}

void log_flush(void)
{
    if (gathered && gathered->len > 0) {
        log_sink_write(gathered->at, gathered->len, false);
        gathered->len = 0;
        gathered->since_ms = 0;
    }
}

int32_t log_settle(int64_t now_ms)
{
    if (!gathered || gathered->len == 0)
        return INT32_MAX;
    if (gathered->since_ms == 0)
        gathered->since_ms = now_ms;
    int64_t left = gathered->since_ms + LOG_WAIT_MS - now_ms;
    if (gathered->is_file && left > 0)
        return left < LOG_WAIT_MS ? (int32_t)left : LOG_WAIT_MS;
    log_flush();
    return INT32_MAX;
}

void log_gather(void)
{
    if (gathered)
        return;
    gathered = calloc(1, sizeof(*gathered));
    if (!gathered)
        abort();
    gathered->is_file = log_sink_is_file();
    gathered->cap = gathered->is_file ? GATHER_MAX : PIPE_BUF;
}

void log_gather_end(void)
{
    log_flush();
    free(gathered);
    gathered = NULL;
}

static void emit(enum log_level level, const struct line *line)
{
    bool waits = gathered && level < LOG_WARN && line->len <= gathered->cap;
    if (!waits || line->len > gathered->cap - gathered->len)
        log_flush();
    if (!waits) {
        log_sink_write(line->at, line->len, level >= LOG_WARN);
        return;
    }
    memcpy(gathered->at + gathered->len, line->at, line->len);
    gathered->len += line->len;
}

/* Not zeroed before: only what was written is used. */
static void build(struct line *line, enum log_level level, enum log_format format, int64_t now,
                  const char *message, const struct log_field *fields)
{
    line->len = 0;
    if (format == LOG_JSON)
        start_json(line, level, now, message);
    else
        start_text(line, level, now, message);
    add_fields(line, fields, format);
    if (format == LOG_JSON)
        line->at[line->len++] = '}';
    line->at[line->len++] = '\n';
}

void log_fields(enum log_level level, const char *message, const struct log_field *fields)
{
    if (log_is_on(level))
        log_fields_at(level, log_format_now(), clock_now(), message, fields);
}

void log_fields_at(enum log_level level, enum log_format format, int64_t now, const char *message,
                   const struct log_field *fields)
{
    if (!log_is_on(level))
        return;
    int saved_errno = errno;
    struct line line;
    build(&line, level, format, now, message, fields);
    emit(level, &line);
    errno = saved_errno;
}

size_t log_loss_line(char *to, size_t cap, size_t lines)
{
    struct line line;
    const struct log_field fields[] = { LOG_I("lines", lines), { LOG_FIELD_END } };
    build(&line, LOG_WARN, log_format_now(), clock_now(), "lines of the log were lost here: nobody took them",
          fields);
    if (line.len > cap)
        return 0;
    memcpy(to, line.at, line.len);
    return line.len;
}

void log_set_level(enum log_level level)
{
    atomic_store(&level_now, (int)level);
}

void log_set_format(enum log_format format)
{
    atomic_store(&format_now, (int)format);
}

enum log_format log_format_now(void)
{
    return (enum log_format)atomic_load_explicit(&format_now, memory_order_relaxed);
}

void log_set_fd(int fd)
{
    log_sink_set_fd(fd);
}

bool log_is_on(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&level_now, memory_order_relaxed);
}

bool log_level_of(struct str name, enum log_level *ret)
{
    for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
        if (str_equal(name, level_names[i])) {
            *ret = (enum log_level)i;
            return true;
        }
    }
    return false;
}
