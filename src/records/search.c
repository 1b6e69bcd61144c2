/* How what somebody looks for is best found. Tables: record_words and record_texts (words.c). */
#include "base/words.h"

#include "records/internal.h"

/* Up to so many a word may find for the search to begin with those; with more, it goes through the list in
 * its order, since hits are near. */
#define FEW 4000

static enum storage_status count_range(struct db_conn *conn, const struct record_ask *ask, struct str word,
                                       int64_t *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "SELECT COUNT(*) FROM (SELECT 1 FROM record_words w WHERE w.tenant_id = $1 AND w.kind = $2 "
                 "AND w.word >= $3 AND w.word < $4 LIMIT $5) few",
                 DB_ARGS(db_int(ask->caller->tenant->id), db_text(str_of(ask->kind->table)), db_text(word),
                         db_text(words_search_end(ask->caller->arena, word)), db_int(FEW + 1)));
    if (status == STORAGE_ROW)
        *ret = db_col_int(&rows, 0);
    return status == STORAGE_ROW ? STORAGE_OK : status == STORAGE_DONE ? STORAGE_ERROR : status;
}

enum storage_status record_search_plan(struct db_conn *conn, const struct record_ask *ask,
                                       struct record_search *ret)
{
    int64_t least = INT64_MAX;
    struct words_search typed;
    enum storage_status status = STORAGE_OK;
    *ret = (struct record_search){ .is_asked = list_input_of(ask)->q.at != NULL };
    if (!ret->is_asked)
        return STORAGE_OK;
    words_search_read(ask->caller->arena, list_input_of(ask)->q, &typed);
    /* Over all tenants a word has no range of an index: the list is gone through. */
    if (ask->caller->everywhere) {
        memcpy(ret->words, typed.words, sizeof(typed.words));
        ret->n = typed.n;
        ret->is_none = typed.n == 0;
        return STORAGE_OK;
    }
    for (size_t i = 0; status == STORAGE_OK && i < typed.n; i++) {
        int64_t n = 0;
        status = count_range(conn, ask, typed.words[i], &n);
        ret->words[i] = typed.words[i];
        if (n >= least)
            continue;
        ret->words[i] = ret->words[0]; /* the rarest comes first */
        ret->words[0] = typed.words[i];
        least = n;
    }
    ret->n = typed.n;
    ret->is_none = typed.n == 0 || least == 0;
    ret->is_few = least <= FEW;
    return status;
}
