/* What records are searched by. Table: record_words. */
#include <stdlib.h>

#include "base/words.h"

#include "records/internal.h"

#define WORDS_MAX 48 /* of one record */

static enum storage_status forget(struct db_conn *conn, const struct record_kind *kind, int64_t tenant_id,
                                  int64_t id)
{
    return db_exec(conn, "DELETE FROM record_words WHERE tenant_id = $1 AND kind = $2 AND record_id = $3",
                   DB_ARGS(db_int(tenant_id), db_text(str_of(kind->table)), db_int(id)), NULL);
}

static size_t split_all(const struct record_kind *kind, const struct record *record, struct arena *arena,
                        struct str words[WORDS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < kind->n; i++)
        if ((kind->rows[i].flags & FIELD_SEARCH) && record_has(record, i))
            n = words_split(arena, *(const struct str *)member_of(&kind->rows[i], record), words, n,
                            WORDS_MAX);
    return n;
}

/* ---- writing ---- */

#define TOGETHER 32 /* rows of one statement */

#define INSERT_WORDS  "INSERT INTO record_words (tenant_id, kind, word, record_id) VALUES "
#define WORD_IS_THERE " ON CONFLICT (tenant_id, kind, word, record_id) DO NOTHING"
static const char *insert_together;

void record_words_init(struct arena *kept)
{
    struct buf sql;
    buf_init(&sql, kept, 4096);
    buf_add(&sql, STR(INSERT_WORDS));
    for (int i = 0; i < TOGETHER; i++)
        buf_printf(&sql, "%s($1, $2, $%d, $%d)", i ? ", " : "", 3 + 2 * i, 4 + 2 * i);
    buf_add(&sql, STR(WORD_IS_THERE));
    insert_together = buf_str(&sql).at;
}

static enum storage_status insert_some(struct db_conn *conn, const struct record_kind *kind,
                                       int64_t tenant_id, const struct record_word *at, size_t n)
{
    struct storage_value args[2 + 2 * TOGETHER] = { db_int(tenant_id), db_text(str_of(kind->table)) };
    for (size_t i = 0; i < n; i++) {
        args[2 + 2 * i] = db_text(at[i].word);
        args[3 + 2 * i] = db_int(at[i].id);
    }
    return db_exec(conn, n == TOGETHER ? insert_together : INSERT_WORDS "($1, $2, $3, $4)" WORD_IS_THERE,
                   (struct db_args){ args, 2 + 2 * n }, NULL);
}

static enum storage_status remember(struct db_conn *conn, const struct record_kind *kind,
                                    const struct record_caller *caller, const struct record *record)
{
    struct str words[WORDS_MAX];
    size_t n = split_all(kind, record, caller->arena, words);
    enum storage_status status = STORAGE_OK;
    for (size_t i = 0; status == STORAGE_OK && i < n; i++)
        status =
            insert_some(conn, kind, caller->tenant->id, &(struct record_word){ words[i], record->id }, 1);
    return status;
}

static bool words_differ(const struct record_kind *kind, const struct record *a, const struct record *b)
{
    for (size_t i = 0; i < kind->n; i++)
        if ((kind->rows[i].flags & FIELD_SEARCH) && row_differs(kind, i, a, b))
            return true;
    return false;
}

enum storage_status record_words_write(struct db_conn *conn, const struct record_kind *kind,
                                       const struct record_caller *caller, const struct record *now,
                                       const struct record *before)
{
    enum storage_status status = STORAGE_OK;
    if (!kind->made.is_searched || (now && before && !words_differ(kind, now, before)))
        return STORAGE_OK;
    if (before)
        status = forget(conn, kind, caller->tenant->id, before->id);
    return now && status == STORAGE_OK ? remember(conn, kind, caller, now) : status;
}

/* ---- many at once ---- */

static void make_room(struct record_words *words, struct arena *arena)
{
    if (words->cap - words->n >= WORDS_MAX)
        return;
    size_t cap = words->cap ? 2 * words->cap : 4096;
    struct record_word *at = ARENA_ARRAY(arena, struct record_word, cap);
    if (words->n)
        memcpy(at, words->at, words->n * sizeof at[0]);
    words->at = at;
    words->cap = cap;
}

void record_words_gather(struct record_words *words, struct arena *arena, const struct record_kind *kind,
                         const struct record *record)
{
    struct str split[WORDS_MAX];
    size_t n = kind->made.is_searched ? split_all(kind, record, arena, split) : 0;
    make_room(words, arena);
    for (size_t i = 0; i < n; i++)
        words->at[words->n++] = (struct record_word){ split[i], record->id };
}

static int compare_words(const void *a_, const void *b_)
{
    const struct record_word *a = a_, *b = b_;
    size_t len = a->word.len < b->word.len ? a->word.len : b->word.len;
    int order = memcmp(a->word.at, b->word.at, len);
    if (order == 0)
        order = (a->word.len > b->word.len) - (a->word.len < b->word.len);
    return order ? order : (a->id > b->id) - (a->id < b->id);
}

static void drop_doubles(struct record_words *words)
{
    size_t n = 0;
    for (size_t i = 0; i < words->n; i++)
        if (i == 0 || compare_words(&words->at[i], &words->at[n - 1]) != 0)
            words->at[n++] = words->at[i];
    words->n = n;
}

enum storage_status record_words_flush(struct db_conn *conn, const struct record_kind *kind,
                                       int64_t tenant_id, struct record_words *words)
{
    enum storage_status status = STORAGE_OK;
    if (words->n)
        qsort(words->at, words->n, sizeof words->at[0], compare_words);
    drop_doubles(words);
    for (size_t i = 0, n; status == STORAGE_OK && i < words->n; i += n) {
        n = words->n - i >= TOGETHER ? TOGETHER : 1;
        status = insert_some(conn, kind, tenant_id, words->at + i, n);
    }
    *words = (struct record_words){ 0 };
    return status;
}

/* ---- searching ---- */

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
