/* Lists: filters, order, pages, totals. storage/keyset.h says how a page goes on. */
#include "records/internal.h"

#include "base/words.h"

#define SQL_MAX  16384
#define ARGS_MAX (2 * RECORD_ROWS_MAX + 16 + KEYSET_ARGS)

const struct list_input *list_input_of(const struct record_ask *ask)
{
    size_t align = _Alignof(struct list_input);
    return (const void *)((const char *)ask->input + (ask->kind->size + align - 1) / align * align);
}

/* ---- order ---- */

static bool read_order(const struct record_ask *ask, struct keyset_order *ret)
{
    const struct field_list *asked = &list_input_of(ask)->sort;
    /* Over all tenants only the id has an index. */
    const char *sort = ask->caller->everywhere ? NULL : ask->kind->sort;
    return keyset_order_read(&ask->kind->made.sorts, asked->at, asked->n, str_of(sort ? sort : "id"), ret);
}

static struct cursor_value key_value(const struct record_kind *kind, size_t sort, const struct record *record)
{
    size_t row = kind->made.sort_rows[sort];
    if (row == RECORD_BY_CREATION)
        return (struct cursor_value){ .number = record->created_at };
    struct storage_value value = row_value(kind, row, record);
    if (record_is_text(kind, row))
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
    struct statement statement;
    struct keyset_list list;
    struct str context; /* what a cursor belongs to */
    struct record_page *page;
};

/* They follow the columns of the record itself. */
static void read_labels(struct db_rows *rows, const struct record_ask *ask, struct str *ret)
{
    int column = 3 + (int)ask->kind->n;
    for (size_t i = 0; i < ask->kind->n; i++)
        if (ask->kind->made.labels[i])
            ret[i] = db_col_text(rows, column++, ask->caller->arena);
}

static void take_row(void *context, struct db_rows *rows)
{
    struct pager *pager = context;
    const struct record_kind *kind = pager->ask->kind;
    struct record_page *page = pager->page;
    record_read(kind, rows, pager->ask->caller->arena, (struct record *)(page->at + page->n * kind->size));
    if (page->labels)
        read_labels(rows, pager->ask, page->labels + page->n * kind->n);
    page->n++;
}

/* What is asked for, up to the search: what a cursor belongs to does not hang on how that is answered. */
static void begin_list(struct pager *pager)
{
    const struct record_ask *ask = pager->ask;
    struct statement *statement = &pager->statement;
    begin(statement, ask, ask->labelled ? ask->kind->made.labelled_columns : ask->kind->made.columns);
    add_filters(statement);
    pager->list.sql = &statement->sql;
    pager->list.args = statement->args;
    pager->list.n = statement->n;
    pager->context = keyset_context(&pager->list, ask->caller->arena, list_input_of(ask)->q);
}

static enum storage_status read_page(struct db_conn *conn, struct pager *pager)
{
    const struct record_ask *ask = pager->ask;
    struct keyset_list *list = &pager->list;
    pager->page->at = arena_alloc_array(ask->caller->arena, ask->kind->size, list->limit + 1);
    if (ask->labelled)
        pager->page->labels = ARENA_ARRAY(ask->caller->arena, struct str, (list->limit + 1) * ask->kind->n);
    add_search(&pager->statement, &pager->search);
    list->n = pager->statement.n;
    return keyset_read(conn, list, take_row, pager, &pager->page->n);
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
    *total = pager->list.after.id ? pager->list.after.total : -1;
    if (!ask->counts || pager->list.after.id || (pager->search.is_asked && !pager->search.is_few))
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

static void say_next(struct pager *pager)
{
    struct cursor_value values[KEYSET_MAX];
    struct record_page *page = pager->page;
    const struct record_kind *kind = pager->ask->kind;
    const struct keyset_order *order = &pager->list.order;
    if (page->n <= pager->list.limit)
        return;
    page->n = pager->list.limit;
    const struct record *last = (const void *)(page->at + (page->n - 1) * kind->size);
    for (size_t i = 0; i < order->n; i++)
        values[i] = key_value(kind, (size_t)(order->at[i].column - order->set->columns), last);
    page->next =
        keyset_next(&pager->list, pager->ask->caller->arena, pager->context, last->id, page->total, values);
}

enum storage_status record_list(struct db_conn *conn, const struct record_ask *ask, struct record_page *ret)
{
    const struct list_input *input = list_input_of(ask);
    struct pager pager = { .ask = ask, .page = ret };
    *ret = (struct record_page){ .total = -1 };
    pager.list.limit = (size_t)(input->limit ? input->limit : RECORD_LIMIT_DEFAULT);
    if (!read_order(ask, &pager.list.order))
        return refuse(ask, "sort", STR("The sort field names something that cannot be sorted by."), ret);
    begin_list(&pager);
    if (input->cursor.at && !keyset_after(&pager.list, ask->caller->arena, pager.context, input->cursor))
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
