/* CSV (RFC 4180), read as it comes and written so that it can be read again.
 *
 * The reader takes bytes in any portions and hands over one row at a time, so a file of any size needs the
 * memory of its longest row. libcsv finds the fields; what it is strict about not is checked here. */
#ifndef TETHER_CSV_CSV_H
#define TETHER_CSV_CSV_H

#include "base/buf.h"

struct csv_reader;

struct csv_row {
    size_t line; /* of the file, from 1, where the row begins: a quoted field may hold line ends */
    const struct str *fields; /* until the callback returns; clean text (text_is_clean()) */
    size_t n;
};
/* False stops the reading. */
typedef bool (*csv_row_fn)(void *context, const struct csv_row *row);

struct csv_limits {
    size_t fields;    /* per row */
    size_t row_bytes; /* of its fields together */
};

/* What is wrong with a file, for people; line 0: nothing is. */
struct csv_problem {
    size_t line;
    char text[120];
};

/* A byte order mark at the start is passed over; lines may end in LF, CRLF or CR; empty lines are no rows.
 * Free with csv_reader_free(). */
struct csv_reader *csv_reader_new(struct csv_limits limits, csv_row_fn fn, void *context);
void csv_reader_free(struct csv_reader **reader);
/* The next portion. False: a problem, or the callback has stopped it; more is not read. */
bool csv_feed(struct csv_reader *reader, struct str bytes);
/* After the last portion: a last row without a line end. False as csv_feed(). */
bool csv_end(struct csv_reader *reader);
/* line 0 when there was none. */
const struct csv_problem *csv_problem(const struct csv_reader *reader);

/* Adds one field, quoted where it must be, with a comma before it unless it begins a row. Text that a
 * spreadsheet would run as a formula (it begins with = + - @, a tab or a CR; OWASP, CSV injection) gets an
 * apostrophe before it, and so does text that has one there already before such a sign; csv_plain() takes it
 * away again. */
void csv_add_text(struct buf *buf, struct str text, bool is_first);
/* As csv_add_text() for what is no text of people (numbers, times): never an apostrophe. */
void csv_add_value(struct buf *buf, struct str value, bool is_first);
void csv_end_row(struct buf *buf);
/* The text that csv_add_text() wrote. */
struct str csv_plain(struct str field);

#endif
