/* What the files of this room share. */
#ifndef TETHER_RECORDS_INTERNAL_H
#define TETHER_RECORDS_INTERNAL_H

#include "records/record.h"

/* What a row of a kind's query shape is. */
enum record_param_use {
    PARAM_LIMIT = 0,
    PARAM_CURSOR,
    PARAM_SORT,
    PARAM_Q,
    PARAM_FILTER, /* of `row` */
    PARAM_FROM,   /* of `row`, at or after */
    PARAM_BEFORE
};

/* What every list asks, behind the kind's struct; then a value of either end for every row. */
struct list_input {
    struct str cursor, q;
    struct field_list sort;
    int64_t limit;
    int64_t from[RECORD_ROWS_MAX], before[RECORD_ROWS_MAX];
};
const struct list_input *list_input_of(const struct record_ask *ask);

/* ---- values (value.c) ---- */

static inline void *member_of(const struct field *row, const void *record)
{
    return (char *)record + row->offset;
}

/* Whether the column holds text. */
bool row_is_text(const struct field *row);
/* The same, looked up. */
static inline bool record_is_text(const struct record_kind *kind, size_t row)
{
    return (kind->made.texts >> row & 1) != 0;
}
/* Worked out by the database, not a column. */
bool row_is_computed(const struct field *row);
const char *row_column(const struct field *row);

/* The value as it is bound; NULL where there is none. */
struct storage_value row_value(const struct record_kind *kind, size_t row, const struct record *record);

/* Whether a row says something else. */
bool row_differs(const struct record_kind *kind, size_t row, const struct record *a, const struct record *b);

/* As record_print(), but of the members in which `record` differs from `other`, without id and times and what
 * the database works out; all of them when `other` is NULL. */
void record_print_changes(const struct record_kind *kind, const struct record *record,
                          const struct record *other, struct buf *out);

/* Fills a record from the current row, which was selected by kind->made.columns. */
void record_read(const struct record_kind *kind, struct db_rows *rows, struct arena *arena,
                 struct record *ret);

/* Copies all texts of a record into the arena, before whoever has them takes them away. */
void record_keep_texts(const struct record_kind *kind, struct arena *arena, struct record *record);

/* ---- printing (print.c) ---- */

/* kind->made.room, once keys and texts are known. */
size_t record_room(const struct record_kind *kind);

/* A member as text: no quotes, nothing escaped. */
void record_print_value(struct buf *out, const struct field *row, const void *member);

/* ---- steps of a deed (deed.c) ---- */

/* OK, or DONE after a refusal: the hook's own, or RECORD_INVALID for what it found wrong. */
enum storage_status record_run_hook(struct db_conn *conn, record_hook hook, struct record_deed *deed,
                                    struct record *now, const struct record *before);
/* Rules and what the kind checks besides. As record_run_hook(). */
enum storage_status record_check(struct db_conn *conn, struct record_deed *deed, struct record *now,
                                 const struct record *before);
/* What was left out at creation; what was given. */
void record_preset(struct record_deed *deed, struct record *now);
void record_take_given(struct record_deed *deed, struct record *now);
bool record_differs(const struct record_kind *kind, const struct record *now, const struct record *before);
/* The row alone, without words, counts and audit. */
enum storage_status record_insert(struct db_conn *conn, struct record_deed *deed, struct record *now);
enum storage_status record_change(struct db_conn *conn, struct record_deed *deed, struct record *now);
/* Appends the values of the rows that are columns. Returns how many there are then. */
size_t record_bind_rows(const struct record_kind *kind, const struct record *record,
                        struct storage_value *args, size_t n);

/* ---- many at once (insert.c) ---- */

#define RECORD_TOGETHER  16
#define RECORD_LOOKED_UP 32 /* with one statement */

/* Rows that are to be inserted together. */
struct record_batch {
    struct record *at[RECORD_TOGETHER];
    size_t n;
};
/* As record_insert() for each, of a kind with is_filed whose first rows are there and differ. */
enum storage_status record_insert_batch(struct db_conn *conn, const struct record_kind *kind,
                                        const struct record_caller *caller, struct record_batch *batch);
/* The statement; in `kept`. NULL: it is too long. */
const char *record_insert_many_sql(struct arena *kept, const struct record_kind *kind);

/* ---- scopes (find.c) ---- */

/* The caller's; 0 where a kind has none. */
size_t scope_of(const struct record_kind *kind, const struct record_caller *caller);
/* Appends " AND (condition)" with the user's id as parameter number `param`. True: it names the user. */
bool scope_add(struct buf *sql, const char *scope, size_t param);

/* ---- words (words.c) ---- */

/* Inside a write transaction, after a record was created (before NULL), changed or deleted (now NULL). */
enum storage_status record_words_write(struct db_conn *conn, const struct record_kind *kind,
                                       const struct record_caller *caller, const struct record *now,
                                       const struct record *before);

/* Whether two states of a record are searched by something else. */
bool record_words_differ(const struct record_kind *kind, const struct record *a, const struct record *b);

#define RECORD_WORDS_MANY 32768

/* Words of many new records, to be written together: in the order of their index, some rows to a statement.
 */
struct record_words {
    struct arena *arena; /* of all of it; NULL: nothing is gathered */
    struct record_word {
        struct str word;
        int64_t id;
        uint64_t head; /* the word's first bytes, as a number that orders as they do; in `at` alone */
    } * at, *texts;
    size_t n, text_count;
};
/* True: it is time to write them. */
bool record_words_gather(struct record_words *words, const struct record_kind *kind,
                         const struct record *record);
enum storage_status record_words_flush(struct db_conn *conn, const struct record_kind *kind,
                                       int64_t tenant_id, struct record_words *words);
/* Without writing them. */
void record_words_drop(struct record_words *words);
/* Once, before the others: `kept` is never freed. */
void record_words_init(struct arena *kept);

/* ---- searching (search.c) ---- */

struct record_search {
    bool is_asked;
    bool is_none; /* nothing can be found */
    bool is_few;  /* the first word finds few: begin with those */
    struct str words[3];
    size_t n;
};
/* How a list's ?q= is best answered. OK or a failure. */
enum storage_status record_search_plan(struct db_conn *conn, const struct record_ask *ask,
                                       struct record_search *ret);

#endif
