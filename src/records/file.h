/* Records in CSV files: out of the database a page at a time, and into it all or nothing.
 *
 * A file's first row names its columns: the names of the kind's rows, but what refers to something is told by
 * that thing's own name ("category", not "category_id"). An empty field is no value. What is read-only is
 * told by an export and passed over by an import, so that what was exported can be imported. */
#ifndef TETHER_RECORDS_FILE_H
#define TETHER_RECORDS_FILE_H

#include <stdatomic.h>

#include "records/record.h"

/* ---- out ---- */

/* The first row. */
void record_export_titles(const struct record_kind *kind, struct buf *out);
/* One page of `ask`, whose struct and presence bits are those of kind->made.export_query; `cursor`: what the
 * page before said, at == NULL: the first one. *ret_next at == NULL: this was the last. As record_list(). */
enum storage_status record_export_page(struct db_conn *conn, const struct record_ask *ask, struct str cursor,
                                       struct buf *out, struct str *ret_next, struct violations *violations);

/* ---- in ---- */

/* What happens to a row whose record is there already. */
enum record_existing { RECORD_EXISTING_REFUSE = 0, RECORD_EXISTING_SKIP, RECORD_EXISTING_UPDATE };

/* Portion number n, from 0, of the file: ROW with it, which stays until the next one is asked for; DONE:
 * there is none; or a failure. A file is read more than once. */
typedef enum storage_status (*record_source_fn)(struct db_conn *conn, void *context, size_t n,
                                                struct str *ret);

/* For whoever watches, from any thread. */
struct record_progress {
    _Atomic int64_t checked, written; /* rows */
    atomic_bool stopping, is_lost;    /* set either, and the import ends with STORAGE_DONE */
};

#define RECORD_ERRORS_MAX 1000 /* of a file that are told; then reading ends */
#define RECORD_LINES_MAX                                                                                     \
    4000000 /* of a file: what is remembered of each while the file is checked takes memory */

struct record_import {
    const struct record_kind *kind;
    const struct record_caller *caller;
    enum record_existing existing;
    bool is_dry;       /* everything is checked, nothing written */
    int64_t lines_max; /* that the file may have; 0: RECORD_LINES_MAX */
    record_source_fn source;
    void *context;
    struct record_progress *progress; /* NULL: nobody watches */
    /* Inside the write transaction, after everything else; NULL: nothing more. As a db_tx_fn. */
    enum storage_status (*finish)(struct db_conn *conn, void *context, const struct record_import *import);

    /* What became of it. */
    enum record_verdict verdict; /* DONE, INVALID, LIMIT or CONFLICT */
    const char *sentence;
    struct violations errors; /* by line */
    bool has_more_errors;
    struct plan_refusal plan;
    int64_t created, updated, skipped; /* rows; skipped: also those that would change nothing */
};

/* Checks the file first, outside of any transaction, and writes it in one transaction if it is sound, with
 * one row in the audit log. OK with import->verdict, DONE when it was stopped, or a failure; unless the
 * verdict is RECORD_DONE nothing was written. */
enum storage_status record_import(struct db_conn *conn, struct record_import *import);
/* "The file has 3 errors; nothing was imported." */
struct str record_import_detail(struct arena *arena, const struct record_import *import);

#endif
