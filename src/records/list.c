/* Lists: filters, order, pages, totals.
 *
 * A page goes on behind the last record of the one before, by that record's values (keyset): any page costs
 * what the first one costs. With keys a, b and the id, what comes behind (a1, b1, id1) is, in this order:
 * what has a1 and b1 and a greater id; what has a1 and a greater b; what has a greater a. Each is one range
 * of an index, in whatever direction its key runs, and is asked only while the page has room. */
#include "records/internal.h"

#include "base/encode.h"
#include "base/random.h"
#include "base/words.h"
#include "records/cursor.h"

#define SQL_MAX     16384
#define ARGS_MAX    (2 * RECORD_ROWS_MAX + 16)
#define NULL_NUMBER "-9000000000000000000" /* where null stands among numbers: before them all */

const struct list_input *list_input_of(const struct record_ask *ask)
{
    size_t align = _Alignof(struct list_input);
    return (const void *)((const char *)ask->input + (ask->kind->size + align - 1) / align * align);
}

/* ---- order ---- */

#define BY_CREATION (-1)
#define BY_ID       (-2)

struct key {
    int row; /* of the kind, or one of the above */
    bool falls;
};
struct order {
    struct key at[RECORD_SORT_MAX];
    size_t n;
    bool id_falls;
};

static int sortable(const struct record_kind *kind, struct str name)
{
    if (str_equal(name, STR("id")))
        return BY_ID;
    if (str_equal(name, kind->is_crm ? STR("createdAt") : STR("created_at")))
        return BY_CREATION;
    for (size_t i = 0; i < kind->n; i++)
        if ((kind->rows[i].flags & FIELD_SORT) && str_equal(name, str_of(kind->rows[i].name)))
            return (int)i;
    return (int)kind->n;
}

/* The id, and what follows it, decides nothing more. */
static bool add_key(const struct record_kind *kind, struct order *order, struct str name)
{
    bool falls = str_starts_with(name, STR("-"));
    int row = sortable(kind, falls ? str_sub(name, 1, name.len) : name);
    if (row == (int)kind->n)
        return false;
    order->id_falls = falls;
    if (row != BY_ID)
        order->at[order->n++] = (struct key){ row, falls };
    return true;
}

static bool read_order(const struct record_ask *ask, struct order *ret)
{
    const struct field_list *asked = &list_input_of(ask)->sort;
    *ret = (struct order){ 0 };
    /* Over all tenants only the id has an index. */
    const char *sort = ask->caller->everywhere ? NULL : ask->kind->sort;
    if (asked->n == 0)
        return add_key(ask->kind, ret, str_of(sort ? sort : "id"));
    for (size_t i = 0; i < asked->n; i++)
        if (!add_key(ask->kind, ret, asked->at[i]))
            return false;
    return true;
}

static bool key_is_text(const struct record_kind *kind, const struct key *key)
{
    return key->row >= 0 && row_is_text(&kind->rows[key->row]);
}

/* As the index has it: null is a value like others, the least. */
static void add_key_column(struct buf *sql, const struct record_kind *kind, const struct key *key)
{
    if (key->row == BY_CREATION) {
        buf_add(sql, STR("t.created_at"));
        return;
    }
    const struct field *row = &kind->rows[key->row];
    if (row->flags & FIELD_NULLABLE)
        buf_printf(sql, "COALESCE(t.%s, %s)", row_column(row), row_is_text(row) ? "''" : NULL_NUMBER);
    else
        buf_printf(sql, "t.%s", row_column(row));
}

static struct cursor_value key_value(const struct record_kind *kind, const struct key *key,
                                     const struct record *record)
{
    if (key->row == BY_CREATION)
        return (struct cursor_value){ .number = record->created_at };
    struct storage_value value = row_value(kind, (size_t)key->row, record);
    if (key_is_text(kind, key))
        return (struct cursor_value){ .text = value.type == STORAGE_TEXT ? str_from(value.data, value.size)
                                                                         : STR("") };
    return (struct cursor_value){ .number = value.type == STORAGE_INT ? value.integer : CURSOR_NULL_NUMBER };
}

/* ---- a statement ---- */

struct statement {
    const struct record_ask *ask;
    struct buf sql;
    struct storage_value args[ARGS_MAX];
    size_t n;
};

static void bind(struct statement *statement, struct storage_value value)
{
    statement->args[statement->n++] = value;
    buf_printf(&statement->sql, "$%zu", statement->n);
}

static void begin(struct statement *statement, const struct record_ask *ask, const char *what)
{
    statement->ask = ask;
    statement->n = 0;
    buf_init(&statement->sql, ask->caller->arena, SQL_MAX);
    buf_printf(&statement->sql, "SELECT %s FROM %s t WHERE t.tenant_id %s ", what, ask->kind->table,
               ask->caller->everywhere ? ">" : "=");
    bind(statement, db_int(ask->caller->everywhere ? 0 : ask->caller->tenant->id));
    if (!ask->kind->parent)
        return;
    buf_printf(&statement->sql, " AND t.%s = ", row_column(&ask->kind->rows[record_parent_row(ask->kind)]));
    bind(statement, db_int(ask->parent));
}

static void add_condition(struct statement *statement, const char *column, const char *operator,
                          struct storage_value value)
{
    buf_printf(&statement->sql, " AND t.%s %s ", column, operator);
    bind(statement, value);
}

static struct storage_value filter_value(const struct record_ask *ask, size_t row)
{
    struct record *given = arena_memdup(ask->caller->arena, ask->input, ask->kind->size);
    given->has = ~UINT64_C(0);
    return row_value(ask->kind, row, given);
}

static void add_filter(struct statement *statement, const struct record_param *param)
{
    const struct record_ask *ask = statement->ask;
    const struct list_input *input = list_input_of(ask);
    const char *column = row_column(&ask->kind->rows[param->row]);
    if (param->use == PARAM_FILTER)
        add_condition(statement, column, "=", filter_value(ask, param->row));
    else if (param->use == PARAM_FROM)
        add_condition(statement, column, ">=", db_int(input->from[param->row]));
    else if (param->use == PARAM_BEFORE)
        add_condition(statement, column, "<", db_int(input->before[param->row]));
}

static void add_few(struct statement *statement, struct str word)
{
    const struct record_ask *ask = statement->ask;
    buf_printf(&statement->sql,
               " AND t.id IN (SELECT w.record_id FROM record_words w WHERE w.tenant_id = $1 AND w.kind = '%s'"
               " AND w.word >= ",
               ask->kind->table);
    bind(statement, db_text(word));
    buf_add(&statement->sql, STR(" AND w.word < "));
    bind(statement, db_text(words_search_end(ask->caller->arena, word)));
    buf_add_char(&statement->sql, ')');
}

/* What finds the word at the beginning of one of those in record_texts. */
static struct str pattern_of(struct arena *arena, struct str word)
{
    struct buf out;
    buf_init(&out, arena, 4 * WORD_MAX_BYTES);
    buf_add(&out, STR("%\n"));
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] == '%' || word.at[i] == '_' || word.at[i] == '\\')
            buf_add_char(&out, '\\');
        buf_add_char(&out, word.at[i]);
    }
    buf_add_char(&out, '%');
    return buf_str(&out);
}

static void add_many(struct statement *statement, struct str word)
{
    const struct record_ask *ask = statement->ask;
    buf_printf(&statement->sql,
               " AND EXISTS (SELECT 1 FROM record_texts w WHERE w.tenant_id = t.tenant_id AND w.kind = '%s'"
               " AND w.record_id = t.id AND w.words LIKE ",
               ask->kind->table);
    bind(statement, db_text(pattern_of(ask->caller->arena, word)));
    buf_add(&statement->sql, STR(" ESCAPE '\\')"));
}

/* Of few hits all at once, else whether the record at hand is one. */
static void add_word(struct statement *statement, struct str word, bool is_few)
{
    if (is_few)
        add_few(statement, word);
    else
        add_many(statement, word);
}

static void add_search(struct statement *statement, const struct record_search *search)
{
    for (size_t i = 0; i < search->n; i++)
        add_word(statement, search->words[i], i == 0 && search->is_few);
}

/* What the caller may see of what was asked for. */
static void add_filters(struct statement *statement)
{
    const struct record_ask *ask = statement->ask;
    const struct record_kind *kind = ask->kind;
    for (size_t i = 0; i < kind->made.query.n; i++)
        if (ask->present >> i & 1)
            add_filter(statement, &kind->made.params[i]);
    if (kind->scopes &&
        scope_add(&statement->sql, kind->scopes[scope_of(kind, ask->caller)], statement->n + 1))
        statement->args[statement->n++] = db_int(ask->caller->user_id);
}

static bool is_filtered(const struct record_ask *ask)
{
    bool is_filtered = ask->kind->scopes || ask->kind->parent;
    for (size_t i = 0; i < ask->kind->made.query.n; i++)
        is_filtered |= (ask->present >> i & 1) && ask->kind->made.params[i].use >= PARAM_Q;
    return is_filtered;
}

/* ---- a page ---- */

struct pager {
    const struct record_ask *ask;
    struct record_search search;
    struct order order;
    struct cursor cursor; /* id 0: from the start */
    size_t limit;
    struct record_page *page;
};

static struct storage_value bound(const struct pager *pager, size_t i)
{
    const struct cursor_value *value = &pager->cursor.values[i];
    return key_is_text(pager->ask->kind, &pager->order.at[i]) ? db_text(value->text) : db_int(value->number);
}

static void add_key_condition(struct statement *statement, const struct pager *pager, size_t i,
                              const char *operator)
{
    buf_add(&statement->sql, STR(" AND "));
    add_key_column(&statement->sql, pager->ask->kind, &pager->order.at[i]);
    buf_printf(&statement->sql, " %s ", operator);
    bind(statement, bound(pager, i));
}

/* Behind the cursor at one level: equal in `level` keys, and further in the next one. */
static void add_place(struct statement *statement, const struct pager *pager, size_t level)
{
    for (size_t i = 0; i < level; i++)
        add_key_condition(statement, pager, i, "=");
    if (level < pager->order.n)
        add_key_condition(statement, pager, level, pager->order.at[level].falls ? "<" : ">");
    else
        add_condition(statement, "id", pager->order.id_falls ? "<" : ">", db_int(pager->cursor.id));
}

static void add_order(struct statement *statement, const struct pager *pager, size_t level)
{
    buf_add(&statement->sql, STR(" ORDER BY "));
    for (size_t i = level; i < pager->order.n; i++) {
        add_key_column(&statement->sql, pager->ask->kind, &pager->order.at[i]);
        buf_add(&statement->sql, pager->order.at[i].falls ? STR(" DESC, ") : STR(", "));
    }
    buf_add(&statement->sql, pager->order.id_falls ? STR("t.id DESC") : STR("t.id"));
}

/* They follow the columns of the record itself. */
static void read_labels(struct db_rows *rows, const struct record_ask *ask, struct str *ret)
{
    int column = 3 + (int)ask->kind->n;
    for (size_t i = 0; i < ask->kind->n; i++)
        if (ask->kind->made.labels[i])
            ret[i] = db_col_text(rows, column++, ask->caller->arena);
}

static enum storage_status read_rows(struct db_rows *rows, struct pager *pager)
{
    const struct record_kind *kind = pager->ask->kind;
    struct record_page *page = pager->page;
    enum storage_status status = STORAGE_ROW;
    while (page->n <= pager->limit && (status = db_next(rows)) == STORAGE_ROW) {
        record_read(kind, rows, pager->ask->caller->arena,
                    (struct record *)(page->at + page->n * kind->size));
        if (page->labels)
            read_labels(rows, pager->ask, page->labels + page->n * kind->n);
        page->n++;
    }
    return status == STORAGE_ROW || status == STORAGE_DONE ? STORAGE_OK : status;
}

/* One record more than fits says that there is a next page. */
static enum storage_status read_level(struct db_conn *conn, struct pager *pager, size_t level, bool is_start)
{
    DB_ROWS(rows);
    struct statement statement;
    const struct record_made *made = &pager->ask->kind->made;
    begin(&statement, pager->ask, pager->ask->labelled ? made->labelled_columns : made->columns);
    add_filters(&statement);
    add_search(&statement, &pager->search);
    if (!is_start)
        add_place(&statement, pager, level);
    add_order(&statement, pager, level);
    buf_add(&statement.sql, STR(" LIMIT "));
    bind(&statement, db_int((int64_t)(pager->limit + 1 - pager->page->n)));
    if (statement.sql.overflow)
        return STORAGE_ERROR;
    enum storage_status status =
        db_query(conn, &rows, buf_str(&statement.sql).at, (struct db_args){ statement.args, statement.n });
    return status == STORAGE_OK ? read_rows(&rows, pager) : status;
}

static enum storage_status read_page(struct db_conn *conn, struct pager *pager)
{
    const struct record_ask *ask = pager->ask;
    pager->page->at = arena_alloc_array(ask->caller->arena, ask->kind->size, pager->limit + 1);
    if (ask->labelled)
        pager->page->labels = ARENA_ARRAY(ask->caller->arena, struct str, (pager->limit + 1) * ask->kind->n);
    if (pager->cursor.id == 0)
        return read_level(conn, pager, 0, true);
    enum storage_status status = STORAGE_OK;
    for (size_t level = pager->order.n + 1; level-- > 0 && status == STORAGE_OK;)
        if (pager->page->n <= pager->limit)
            status = read_level(conn, pager, level, false);
    return status;
}

/* ---- the total ---- */

static enum storage_status count_filtered(struct db_conn *conn, const struct pager *pager, int64_t *ret)
{
    DB_ROWS(rows);
    struct statement statement;
    begin(&statement, pager->ask, "COUNT(*)");
    add_filters(&statement);
    add_search(&statement, &pager->search);
    enum storage_status status = statement.sql.overflow
                                     ? STORAGE_ERROR
                                     : db_first(conn, &rows, buf_str(&statement.sql).at,
                                                (struct db_args){ statement.args, statement.n });
    if (status == STORAGE_ROW)
        *ret = db_col_int(&rows, 0);
    return status;
}

/* Counted for the first page; later ones are told it by their cursor. A search that finds many is not
 * counted.
 */
static enum storage_status count(struct db_conn *conn, const struct pager *pager)
{
    const struct record_ask *ask = pager->ask;
    int64_t *total = &pager->page->total;
    *total = pager->cursor.id ? pager->cursor.total : -1;
    if (!ask->counts || pager->cursor.id || (pager->search.is_asked && !pager->search.is_few))
        return STORAGE_OK;
    const char *kind = ask->kind->plan ? ask->kind->plan : ask->kind->table;
    enum storage_status status =
        is_filtered(ask)
            ? count_filtered(conn, pager, total)
            : plan_used(conn, ask->caller->everywhere ? 0 : ask->caller->tenant->id, kind, total);
    return status == STORAGE_ROW ? STORAGE_OK : status == STORAGE_DONE ? STORAGE_ERROR : status;
}

/* ---- the whole ---- */

static enum storage_status refuse(const struct record_ask *ask, const char *field, struct str sentence,
                                  struct record_page *ret)
{
    violations_add(ask->caller->arena, &ret->violations, field, VIOLATION_CUSTOM, NULL, sentence);
    return STORAGE_DONE;
}

/* What a cursor belongs to: this tenant's records of this kind in this order, asked for like this. */
static struct str context_of(const struct pager *pager)
{
    struct statement statement;
    const struct record_kind *kind = pager->ask->kind;
    begin(&statement, pager->ask, kind->name);
    add_filters(&statement);
    add_order(&statement, pager, 0);
    statement.args[statement.n++] = db_text(list_input_of(pager->ask)->q);
    for (size_t i = 0; i < statement.n; i++) {
        const struct storage_value *value = &statement.args[i];
        buf_printf(&statement.sql, "|%zu:%lld:", value->size, (long long)value->integer);
        if (value->type == STORAGE_TEXT)
            buf_add(&statement.sql, str_from(value->data, value->size));
    }
    return buf_str(&statement.sql);
}

static bool read_cursor(struct pager *pager, struct str text)
{
    bool is_text[RECORD_SORT_MAX] = { 0 };
    for (size_t i = 0; i < pager->order.n; i++)
        is_text[i] = key_is_text(pager->ask->kind, &pager->order.at[i]);
    return cursor_read(pager->ask->caller->arena, context_of(pager), text, is_text, pager->order.n,
                       &pager->cursor);
}

static void say_next(struct pager *pager)
{
    struct record_page *page = pager->page;
    const struct record_kind *kind = pager->ask->kind;
    if (page->n <= pager->limit)
        return;
    page->n = pager->limit;
    const struct record *last = (const void *)(page->at + (page->n - 1) * kind->size);
    struct cursor next = { .id = last->id, .total = page->total, .n = pager->order.n };
    for (size_t i = 0; i < next.n; i++) {
        next.values[i] = key_value(kind, &pager->order.at[i], last);
        next.is_text[i] = key_is_text(kind, &pager->order.at[i]);
    }
    page->next = cursor_write(pager->ask->caller->arena, context_of(pager), &next);
}

enum storage_status record_list(struct db_conn *conn, const struct record_ask *ask, struct record_page *ret)
{
    const struct list_input *input = list_input_of(ask);
    struct pager pager = { .ask = ask, .page = ret };
    *ret = (struct record_page){ .total = -1 };
    pager.limit = (size_t)(input->limit ? input->limit : RECORD_LIMIT_DEFAULT);
    if (!read_order(ask, &pager.order))
        return refuse(ask, "sort", STR("The sort field names something that cannot be sorted by."), ret);
    if (input->cursor.at && !read_cursor(&pager, input->cursor))
        return refuse(ask, "cursor", STR("The cursor is none that this list gave."), ret);
    enum storage_status status = record_search_plan(conn, ask, &pager.search);
    if (status == STORAGE_OK && pager.search.is_none) {
        ret->total = 0;
        return STORAGE_OK;
    }
    if (status == STORAGE_OK)
        status = read_page(conn, &pager);
    if (status == STORAGE_OK)
        status = count(conn, &pager);
    if (status == STORAGE_OK)
        say_next(&pager);
    return status;
}
