#include "storage/keyset.h"

#include <string.h>

/* ---- order ---- */

static const struct keyset_column *column_of(const struct keyset *set, struct str name)
{
    for (size_t i = 0; i < set->n; i++)
        if (str_equal(name, str_of(set->columns[i].name)))
            return &set->columns[i];
    return NULL;
}

bool keyset_add(struct keyset_order *order, struct str name)
{
    bool falls = str_starts_with(name, STR("-"));
    struct str bare = falls ? str_sub(name, 1, name.len) : name;
    const struct keyset_column *column = column_of(order->set, bare);
    bool is_id = str_equal(bare, str_of(order->set->label));
    if (!is_id && (!column || order->n == KEYSET_MAX))
        return false;
    if (order->has_id)
        return true;
    order->id_falls = falls;
    order->has_id = is_id;
    if (is_id)
        return true;
    order->at[order->n].column = column;
    order->at[order->n++].falls = falls;
    return true;
}

bool keyset_order_read(const struct keyset *set, const struct str *names, size_t n, struct str otherwise,
                       struct keyset_order *ret)
{
    *ret = (struct keyset_order){ .set = set };
    if (n == 0)
        return keyset_add(ret, otherwise);
    for (size_t i = 0; i < n; i++)
        if (!keyset_add(ret, names[i]))
            return false;
    return true;
}

const char *keyset_help(struct arena *arena, const struct keyset *set)
{
    struct buf out;
    buf_init(&out, arena, 8192);
    buf_printf(&out, "Up to %d of: %s", KEYSET_MAX, set->label);
    for (size_t i = 0; i < set->n; i++)
        buf_printf(&out, ", %s", set->columns[i].name);
    buf_add(&out, STR("; '-' before one turns it round"));
    return buf_str(&out).at;
}

/* ---- statements ---- */

static void add_order(struct buf *sql, const struct keyset_order *order, size_t level)
{
    buf_add(sql, STR(" ORDER BY "));
    for (size_t i = level; i < order->n; i++)
        buf_printf(sql, "%s%s, ", order->at[i].column->sql, order->at[i].falls ? " DESC" : "");
    buf_printf(sql, "%s%s", order->set->id, order->id_falls ? " DESC" : "");
}

static void add_condition(struct keyset_list *list, size_t *n, const char *column, const char *operator,
                          struct storage_value value)
{
    list->args[(*n)++] = value;
    buf_printf(list->sql, " AND %s %s $%zu", column, operator, * n);
}

static struct storage_value bound(const struct keyset_list *list, size_t i)
{
    const struct cursor_value *value = &list->after.values[i];
    return list->order.at[i].column->is_text ? db_text(value->text) : db_int(value->number);
}

/* Behind the place at one level: equal in `level` keys, and further in the next one. */
static void add_place(struct keyset_list *list, size_t *n, size_t level)
{
    const struct keyset_order *order = &list->order;
    for (size_t i = 0; i < level; i++)
        add_condition(list, n, order->at[i].column->sql, "=", bound(list, i));
    if (level < order->n)
        add_condition(list, n, order->at[level].column->sql, order->at[level].falls ? "<" : ">",
                      bound(list, level));
    else
        add_condition(list, n, order->set->id, order->id_falls ? "<" : ">", db_int(list->after.id));
}

/* ---- a page ---- */

struct reading {
    struct keyset_list *list;
    keyset_row_fn fn;
    void *context;
    size_t n;
};

static enum storage_status read_rows(struct db_rows *rows, struct reading *reading)
{
    enum storage_status status = STORAGE_ROW;
    while (reading->n <= reading->list->limit && (status = db_next(rows)) == STORAGE_ROW) {
        reading->fn(reading->context, rows);
        reading->n++;
    }
    return status == STORAGE_ROW || status == STORAGE_DONE ? STORAGE_OK : status;
}

/* One row more than fits says that there is a next page. The statement is as before afterwards. */
static enum storage_status read_level(struct db_conn *conn, struct reading *reading, size_t level)
{
    DB_ROWS(rows);
    struct keyset_list *list = reading->list;
    size_t n = list->n, head = list->sql->len;
    if (list->after.id)
        add_place(list, &n, level);
    add_order(list->sql, &list->order, list->after.id ? level : 0);
    list->args[n++] = db_int((int64_t)(list->limit + 1 - reading->n));
    buf_printf(list->sql, " LIMIT $%zu", n);
    enum storage_status status =
        list->sql->overflow ? STORAGE_ERROR
                            : db_query(conn, &rows, buf_str(list->sql).at, (struct db_args){ list->args, n });
    if (status == STORAGE_OK)
        status = read_rows(&rows, reading);
    list->sql->len = head;
    return status;
}

enum storage_status keyset_read(struct db_conn *conn, struct keyset_list *list, keyset_row_fn fn,
                                void *context, size_t *ret_n)
{
    struct reading reading = { list, fn, context, 0 };
    enum storage_status status = STORAGE_OK;
    for (size_t level = list->after.id ? list->order.n + 1 : 1; level-- > 0 && status == STORAGE_OK;)
        if (reading.n <= list->limit)
            status = read_level(conn, &reading, level);
    *ret_n = reading.n;
    return status;
}

/* ---- cursors ---- */

struct str keyset_context(const struct keyset_list *list, struct arena *arena, struct str rest)
{
    struct buf out;
    buf_init(&out, arena, list->sql->max + rest.len + 64 * 1024);
    buf_add(&out, buf_str(list->sql));
    add_order(&out, &list->order, 0);
    for (size_t i = 0; i < list->n; i++) {
        const struct storage_value *value = &list->args[i];
        buf_printf(&out, "|%zu:%lld:", value->size, (long long)value->integer);
        if (value->type == STORAGE_TEXT)
            buf_add(&out, str_from(value->data, value->size));
    }
    buf_printf(&out, "|%zu:", rest.len);
    buf_add(&out, rest);
    return buf_str(&out);
}

bool keyset_after(struct keyset_list *list, struct arena *arena, struct str context, struct str text)
{
    bool is_text[KEYSET_MAX] = { 0 };
    for (size_t i = 0; i < list->order.n; i++)
        is_text[i] = list->order.at[i].column->is_text;
    return cursor_read(arena, context, text, is_text, list->order.n, &list->after);
}

struct str keyset_next(const struct keyset_list *list, struct arena *arena, struct str context, int64_t id,
                       int64_t total, const struct cursor_value *values)
{
    struct cursor next = { .id = id, .total = total, .n = list->order.n };
    for (size_t i = 0; i < next.n; i++) {
        next.values[i] = values[i];
        next.is_text[i] = list->order.at[i].column->is_text;
    }
    return cursor_write(arena, context, &next);
}
