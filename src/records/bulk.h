/* Many records one after the other, as a file has them: each is judged by the kind's rows and hooks, and
 * written without what a single deed costs besides. Private to records/. */
#ifndef TETHER_RECORDS_BULK_H
#define TETHER_RECORDS_BULK_H

#include "records/file.h"
#include "records/internal.h"
#include "records/seen.h"

/* What the rows of a file are called in it: of one row of the kind. */
struct bulk_labels {
    struct bulk_label {
        struct str label;
        int64_t id;
    } * at; /* by label */
    size_t n;
};

/* A line that was read and is still to be judged. */
struct bulk_line {
    size_t number;
    struct record_deed deed;
    const struct record *before; /* what is there already; NULL: nothing */
};

struct bulk {
    struct record_import *import;
    struct bulk_labels *labels; /* kind->n */
    bool is_writing;            /* inside the write transaction; else everything is only checked */
    struct seen *seen;          /* the first rows: of the lines so far; when writing, of all */

    /* Of the rows at hand. */
    struct record_caller caller; /* with an arena of theirs */
    struct record_batch batch;   /* not inserted yet */
    struct record_words words;
    struct bulk_line lines[RECORD_LOOKED_UP];
    size_t waiting; /* of `lines` */
    size_t n;       /* that share the arena */
};

/* Reads what can be referred to, once for all rows. OK or a failure. */
enum storage_status bulk_read_labels(struct db_conn *conn, struct bulk *bulk);
/* One record from the fields of its line, one per row of the kind; at == NULL: the file has no such column.
 * OK, also when it is wrong: that is in import->errors once it is judged. */
enum storage_status bulk_add(struct db_conn *conn, struct bulk *bulk, size_t line, const struct str *fields);
/* Judges the lines before, so that what is told next stands behind what is wrong with them. */
enum storage_status bulk_judge(struct db_conn *conn, struct bulk *bulk);
/* After the last one, and before `caller` is looked at again. */
enum storage_status bulk_flush(struct db_conn *conn, struct bulk *bulk);
void bulk_end(struct bulk *bulk);
/* Notes what is wrong with a line; field NULL: with the whole of it. */
void bulk_tell(struct bulk *bulk, size_t line, const char *field, struct str text);

#endif
