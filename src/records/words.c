/* What records are searched by. Tables: record_words, for who looks for a word; record_texts, the same words
 * of a record in one text, for who has the record. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/words.h"

#include "records/internal.h"

#define WORDS_MAX 48 /* of one record */

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

/* Each begins with a line end, which is in no word. */
static struct str join(struct arena *arena, const struct str *words, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += 1 + words[i].len;
    char *text = arena_alloc(arena, len), *at = text;
    for (size_t i = 0; i < n; i++) {
        *at++ = '\n';
        memcpy(at, words[i].at, words[i].len);
        at += words[i].len;
    }
    return str_from(text, len);
}

/* ---- statements ---- */

#define TOGETHER 32 /* rows of one statement */

#define INSERT_WORDS  "INSERT INTO record_words (tenant_id, kind, word, record_id) VALUES "
#define WORD_IS_THERE " ON CONFLICT (tenant_id, kind, word, record_id) DO NOTHING"
#define INSERT_TEXTS  "INSERT INTO record_texts (tenant_id, kind, words, record_id) VALUES "
static const char *insert_words, *insert_texts, *delete_words;

static const char *make_insert(struct arena *kept, const char *head, const char *tail)
{
    struct buf sql;
    buf_init(&sql, kept, 4096);
    buf_add(&sql, str_of(head));
    for (int i = 0; i < TOGETHER; i++)
        buf_printf(&sql, "%s($1, $2, $%d, $%d)", i ? ", " : "", 3 + 2 * i, 4 + 2 * i);
    buf_add(&sql, str_of(tail));
    return buf_str(&sql).at;
}

void record_words_init(struct arena *kept)
{
    struct buf sql;
    insert_words = make_insert(kept, INSERT_WORDS, WORD_IS_THERE);
    insert_texts = make_insert(kept, INSERT_TEXTS, "");
    buf_init(&sql, kept, 4096);
    buf_add(
        &sql,
        STR("DELETE FROM record_words WHERE tenant_id = $1 AND kind = $2 AND record_id = $3 AND word IN ("));
    for (int i = 0; i < WORDS_MAX; i++)
        buf_printf(&sql, "%s$%d", i ? ", " : "", 4 + i);
    buf_add_char(&sql, ')');
    delete_words = buf_str(&sql).at;
}

/* `at`: words, or texts, with their records. */
static enum storage_status insert_some(struct db_conn *conn, const struct record_kind *kind, const char *sql,
                                       int64_t tenant_id, const struct record_word *at, size_t n)
{
    struct storage_value args[2 + 2 * TOGETHER] = { db_int(tenant_id), db_text(str_of(kind->table)) };
    for (size_t i = 0; i < n; i++) {
        args[2 + 2 * i] = db_text(at[i].word);
        args[3 + 2 * i] = db_int(at[i].id);
    }
    return db_exec(conn, sql, (struct db_args){ args, 2 + 2 * n }, NULL);
}

static enum storage_status insert_each(struct db_conn *conn, const struct record_kind *kind, const char *one,
                                       const char *many, int64_t tenant_id, const struct record_word *at,
                                       size_t n)
{
    enum storage_status status = STORAGE_OK;
    for (size_t i = 0, step; status == STORAGE_OK && i < n; i += step) {
        step = n - i >= TOGETHER ? TOGETHER : 1;
        status = insert_some(conn, kind, step == 1 ? one : many, tenant_id, at + i, step);
    }
    return status;
}

/* ---- one record ---- */

static enum storage_status read_text(struct db_conn *conn, const struct record_kind *kind,
                                     const struct record_caller *caller, int64_t id, struct str *ret)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(
        conn, &rows, "SELECT words FROM record_texts WHERE tenant_id = $1 AND kind = $2 AND record_id = $3",
        DB_ARGS(db_int(caller->tenant->id), db_text(str_of(kind->table)), db_int(id)));
    if (status == STORAGE_ROW)
        *ret = db_col_text(&rows, 0, caller->arena);
    return status;
}

/* Where there are fewer words than the statement takes, the last one stands for the rest. */
static enum storage_status forget_words(struct db_conn *conn, const struct record_kind *kind,
                                        int64_t tenant_id, int64_t id, struct str text)
{
    struct str word, rest = str_sub(text, 1, text.len);
    struct storage_value args[3 + WORDS_MAX] = { db_int(tenant_id), db_text(str_of(kind->table)),
                                                 db_int(id) };
    bool more = true;
    for (size_t i = 0; i < WORDS_MAX; i++) {
        if (more)
            more = str_split(rest, '\n', &word, &rest);
        args[3 + i] = db_text(word);
    }
    return db_exec(conn, delete_words, (struct db_args){ args, 3 + WORDS_MAX }, NULL);
}

static enum storage_status forget(struct db_conn *conn, const struct record_kind *kind,
                                  const struct record_caller *caller, int64_t id)
{
    struct str text = STR("");
    enum storage_status status = read_text(conn, kind, caller, id, &text);
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_OK : status;
    status = forget_words(conn, kind, caller->tenant->id, id, text);
    if (status != STORAGE_OK)
        return status;
    return db_exec(conn, "DELETE FROM record_texts WHERE tenant_id = $1 AND kind = $2 AND record_id = $3",
                   DB_ARGS(db_int(caller->tenant->id), db_text(str_of(kind->table)), db_int(id)), NULL);
}

static enum storage_status remember(struct db_conn *conn, const struct record_kind *kind,
                                    const struct record_caller *caller, const struct record *record)
{
    struct str words[WORDS_MAX];
    size_t n = split_all(kind, record, caller->arena, words);
    enum storage_status status = STORAGE_OK;
    if (n)
        status =
            insert_some(conn, kind, INSERT_TEXTS "($1, $2, $3, $4)", caller->tenant->id,
                        &(struct record_word){ .word = join(caller->arena, words, n), .id = record->id }, 1);
    for (size_t i = 0; status == STORAGE_OK && i < n; i++)
        status = insert_some(conn, kind, INSERT_WORDS "($1, $2, $3, $4)" WORD_IS_THERE, caller->tenant->id,
                             &(struct record_word){ .word = words[i], .id = record->id }, 1);
    return status;
}

bool record_words_differ(const struct record_kind *kind, const struct record *a, const struct record *b)
{
    for (size_t i = 0; kind->made.is_searched && i < kind->n; i++)
        if ((kind->rows[i].flags & FIELD_SEARCH) && row_differs(kind, i, a, b))
            return true;
    return false;
}

enum storage_status record_words_write(struct db_conn *conn, const struct record_kind *kind,
                                       const struct record_caller *caller, const struct record *now,
                                       const struct record *before)
{
    enum storage_status status = STORAGE_OK;
    if (!kind->made.is_searched || (now && before && !record_words_differ(kind, now, before)))
        return STORAGE_OK;
    if (before)
        status = forget(conn, kind, caller, before->id);
    return now && status == STORAGE_OK ? remember(conn, kind, caller, now) : status;
}

/* ---- many at once ---- */

#define TEXTS_MAX (RECORD_WORDS_MANY / 2)

static void begin(struct record_words *words)
{
    words->arena = arena_new(0);
    words->at = ARENA_ARRAY(words->arena, struct record_word, RECORD_WORDS_MANY + WORDS_MAX);
    words->texts = ARENA_ARRAY(words->arena, struct record_word, TEXTS_MAX);
}

static uint64_t head_of(struct str word)
{
    uint64_t head = 0;
    for (size_t i = 0; i < 8; i++)
        head = head << 8 | (i < word.len ? (unsigned char)word.at[i] : 0);
    return head;
}

bool record_words_gather(struct record_words *words, const struct record_kind *kind,
                         const struct record *record)
{
    struct str split[WORDS_MAX];
    if (!kind->made.is_searched)
        return false;
    if (!words->arena)
        begin(words);
    size_t n = split_all(kind, record, words->arena, split);
    for (size_t i = 0; i < n; i++)
        words->at[words->n++] = (struct record_word){ split[i], record->id, head_of(split[i]) };
    if (n)
        words->texts[words->text_count++] =
            (struct record_word){ .word = join(words->arena, split, n), .id = record->id };
    return words->n >= RECORD_WORDS_MANY || words->text_count == TEXTS_MAX;
}

static int compare_words(const void *a_, const void *b_)
{
    const struct record_word *a = a_, *b = b_;
    if (a->head != b->head)
        return a->head < b->head ? -1 : 1;
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
    if (!words->arena)
        return STORAGE_OK;
    qsort(words->at, words->n, sizeof words->at[0], compare_words);
    drop_doubles(words);
    enum storage_status status = insert_each(conn, kind, INSERT_TEXTS "($1, $2, $3, $4)", insert_texts,
                                             tenant_id, words->texts, words->text_count);
    if (status == STORAGE_OK)
        status = insert_each(conn, kind, INSERT_WORDS "($1, $2, $3, $4)" WORD_IS_THERE, insert_words,
                             tenant_id, words->at, words->n);
    record_words_drop(words);
    return status;
}

void record_words_drop(struct record_words *words)
{
    if (words->arena)
        arena_free(&words->arena);
    *words = (struct record_words){ 0 };
}
