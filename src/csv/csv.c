#include "csv/csv.h"

#include <csv.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

struct csv_reader {
    struct csv_parser parser;
    struct csv_limits limits;
    csv_row_fn fn;
    void *context;
    struct csv_problem problem;
    bool is_stopped;

    char *bytes; /* the fields of the row at hand, one after the other */
    size_t used;
    size_t *ends; /* of each in `bytes` */
    struct str *fields;
    size_t n;
    bool was_return;       /* the byte before was a CR */
    size_t line, row_line; /* of what is being read, and where the row began; 0: between rows */
    size_t mark_bytes;     /* of a byte order mark that was seen so far */
    bool is_begun;         /* past the byte order mark */
};

/* ---- reading ---- */

static void fail(struct csv_reader *reader, const char *text)
{
    reader->is_stopped = true;
    if (reader->problem.line)
        return;
    reader->problem.line = reader->row_line ? reader->row_line : reader->line;
    snprintf(reader->problem.text, sizeof reader->problem.text, "%s", text);
}

/* White space belongs to a field (RFC 4180 section 2.4); the library would trim it. */
static int is_no_space(unsigned char c)
{
    (void)c;
    return 0;
}

static void *allocate(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    if (!memory)
        abort();
    return memory;
}

struct csv_reader *csv_reader_new(struct csv_limits limits, csv_row_fn fn, void *context)
{
    struct csv_reader *reader = allocate(sizeof *reader);
    reader->limits = limits;
    reader->fn = fn;
    reader->context = context;
    reader->line = 1;
    reader->bytes = allocate(limits.row_bytes);
    reader->ends = allocate(limits.fields * sizeof reader->ends[0]);
    reader->fields = allocate(limits.fields * sizeof reader->fields[0]);
    csv_init(&reader->parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_space_func(&reader->parser, is_no_space);
    return reader;
}

void csv_reader_free(struct csv_reader **reader)
{
    struct csv_reader *freeing = *reader;
    *reader = NULL;
    if (!freeing)
        return;
    csv_free(&freeing->parser);
    free(freeing->bytes);
    free(freeing->ends);
    free(freeing->fields);
    free(freeing);
}

static void on_field(void *data, size_t size, void *context)
{
    struct csv_reader *reader = context;
    struct str field = { data, size };
    if (reader->is_stopped)
        return;
    if (reader->n == reader->limits.fields)
        fail(reader, "The row has too many fields.");
    else if (size > reader->limits.row_bytes - reader->used)
        fail(reader, "The row is too long.");
    else if (!text_is_clean(field))
        fail(reader, "The row is not valid UTF-8 text.");
    if (reader->is_stopped)
        return;
    memcpy(reader->bytes + reader->used, field.at, size);
    reader->used += size;
    reader->ends[reader->n++] = reader->used;
}

static void on_row(int terminator, void *context)
{
    struct csv_reader *reader = context;
    (void)terminator;
    if (reader->is_stopped)
        return;
    for (size_t i = 0, start = 0; i < reader->n; start = reader->ends[i++])
        reader->fields[i] = (struct str){ reader->bytes + start, reader->ends[i] - start };
    struct csv_row row = { reader->row_line, reader->fields, reader->n };
    reader->is_stopped = !reader->fn(reader->context, &row);
    reader->used = reader->n = reader->row_line = 0;
}

/* What the library gathers before it calls a field one is bounded, too. */
static void check(struct csv_reader *reader, bool is_parsed)
{
    if (!is_parsed)
        fail(reader, "A quotation mark stands in the wrong place, or is missing.");
    else if (csv_get_buffer_size(&reader->parser) > 2 * reader->limits.row_bytes + 1024)
        fail(reader, "The row is too long.");
}

/* One line, or a part of one, with its end. */
static void feed_line(struct csv_reader *reader, struct str line)
{
    bool is_blank = line.at[0] == '\n' || line.at[0] == '\r';
    if (!reader->row_line && !is_blank)
        reader->row_line = reader->line;
    check(reader, csv_parse(&reader->parser, line.at, line.len, on_field, on_row, reader) == line.len);
}

/* The end of the first line in it, with the byte that ends it. */
static size_t line_end(struct str bytes)
{
    size_t i = 0;
    while (i < bytes.len && bytes.at[i] != '\n' && bytes.at[i] != '\r')
        i++;
    return i < bytes.len ? i + 1 : i;
}

/* CR and LF together end one line. */
static void count_line(struct csv_reader *reader, char last)
{
    reader->line += last == '\r' || (last == '\n' && !reader->was_return);
    reader->was_return = last == '\r';
}

/* Portions of a line, so that a row that never ends is noticed in time. */
#define PORTION ((size_t)16384)

static void feed(struct csv_reader *reader, struct str bytes)
{
    while (bytes.len > 0 && !reader->is_stopped) {
        size_t end = line_end(str_sub(bytes, 0, PORTION));
        feed_line(reader, str_sub(bytes, 0, end));
        count_line(reader, bytes.at[end - 1]);
        bytes = str_sub(bytes, end, bytes.len);
    }
}

static const char mark[] = { '\xEF', '\xBB', '\xBF' };

/* Passes over the byte order mark, in however many portions it comes; what only began like one is fed after
 * all.
 */
static struct str after_mark(struct csv_reader *reader, struct str bytes)
{
    size_t held = reader->mark_bytes, at = 0;
    while (at < bytes.len && reader->mark_bytes < sizeof mark && bytes.at[at] == mark[reader->mark_bytes])
        at++, reader->mark_bytes++;
    bool is_whole = reader->mark_bytes == sizeof mark;
    reader->is_begun = is_whole || at < bytes.len;
    if (is_whole || !reader->is_begun)
        return str_sub(bytes, at, bytes.len);
    feed(reader, (struct str){ mark, held });
    return bytes;
}

bool csv_feed(struct csv_reader *reader, struct str bytes)
{
    if (!reader->is_stopped && !reader->is_begun && bytes.len > 0)
        bytes = after_mark(reader, bytes);
    if (!reader->is_stopped)
        feed(reader, bytes);
    return !reader->is_stopped;
}

bool csv_end(struct csv_reader *reader)
{
    if (!reader->is_stopped && !reader->is_begun)
        feed(reader, (struct str){ mark, reader->mark_bytes });
    if (!reader->is_stopped)
        check(reader, csv_fini(&reader->parser, on_field, on_row, reader) == 0);
    return !reader->is_stopped;
}

const struct csv_problem *csv_problem(const struct csv_reader *reader)
{
    return &reader->problem;
}

/* ---- writing ---- */

static bool is_formula(struct str text)
{
    return text.len > 0 && memchr("=+-@\t\r", text.at[0], 6) != NULL;
}

/* What csv_plain() would take an apostrophe from. */
static bool looks_marked(struct str text)
{
    while (text.len > 0 && text.at[0] == '\'')
        text = str_sub(text, 1, text.len);
    return is_formula(text);
}

struct str csv_plain(struct str field)
{
    bool is_marked = field.len > 1 && field.at[0] == '\'' && looks_marked(field);
    return is_marked ? str_sub(field, 1, field.len) : field;
}

/* An empty field alone would leave an empty line, which is no row. */
static bool needs_quotes(struct str text, bool is_first)
{
    for (size_t i = 0; i < text.len; i++)
        if (memchr(",\"\r\n", text.at[i], 4))
            return true;
    return text.len == 0 ? is_first : text.at[0] == ' ' || text.at[text.len - 1] == ' ';
}

static void add_quoted(struct buf *buf, struct str text)
{
    struct str rest = text, part;
    bool more = true;
    buf_add_char(buf, '"');
    while (more) {
        more = str_split(rest, '"', &part, &rest);
        buf_add(buf, part);
        if (more)
            buf_add(buf, STR("\"\""));
    }
    buf_add_char(buf, '"');
}

void csv_add_value(struct buf *buf, struct str value, bool is_first)
{
    if (!is_first)
        buf_add_char(buf, ',');
    if (needs_quotes(value, is_first))
        add_quoted(buf, value);
    else
        buf_add(buf, value);
}

void csv_add_text(struct buf *buf, struct str text, bool is_first)
{
    struct str marked = looks_marked(text) ? arena_join(buf->arena, STR("'"), text) : text;
    csv_add_value(buf, marked, is_first);
}

void csv_end_row(struct buf *buf)
{
    buf_add(buf, STR("\r\n"));
}
