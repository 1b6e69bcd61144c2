/* What a kind's rows amount to: the shapes of its bodies, queries and answers, and its statements. Built
 * once, from constant texts; values are only ever bound. A kind that is wrong stops the program with a
 * sentence. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "records/init.h"
#include "records/internal.h"
#include "records/kinds.h"

#define SQL_MAX     8192
#define NULL_NUMBER "-9000000000000000000" /* CURSOR_NULL_NUMBER */

static struct arena *kept; /* never freed: the kinds point into it */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void stop(const struct record_kind *kind, const char *row, const char *wrong)
{
    fprintf(stderr, "record kind %s, row %s: %s\n", kind->name ? kind->name : "?", row, wrong);
    abort();
}

/* ---- is it sound? ---- */

static bool is_storable(enum field_type type)
{
    return type != FIELD_SECRET && type != FIELD_STR_LIST && type != FIELD_OBJECT && field_size(type) > 0;
}

static const char *row_wrong(const struct record_kind *kind, const struct field *row)
{
    bool is_id = row->type == FIELD_ID || row->type == FIELD_CRM_ID;
    bool is_asked = row->flags & (FIELD_FILTER | FIELD_RANGE | FIELD_SORT | FIELD_SEARCH);
    if (!is_storable(row->type))
        return "its type cannot be kept in a column";
    if (row_is_computed(row) && (!(row->flags & FIELD_READONLY) || is_asked))
        return "what the database works out is read-only, and cannot be asked for";
    if (is_id != (row->reference != NULL))
        return "an id and what it refers to come together";
    if (is_id && (row->type == FIELD_CRM_ID) != kind->is_crm)
        return "it has ids of another form than its kind";
    if ((row->flags & FIELD_SEARCH) && !row_is_text(row))
        return "only text is searched";
    if ((row->flags & FIELD_RANGE) && row_is_text(row))
        return "a range is one of numbers or times";
    return row->offset < sizeof(struct record) ? "it lies in the record's head" : NULL;
}

static const char *file_wrong(const struct record_kind *kind)
{
    if (kind->is_crm || kind->scopes || kind->parent)
        return "files are of kinds with plain ids, that all of the tenant sees and that lie below none";
    if (kind->edits == PERM_NONE)
        return "it does not say who may change records by a file";
    return row_is_text(&kind->rows[0]) && !(kind->rows[0].flags & FIELD_READONLY)
               ? NULL
               : "in a file the first row, a text, says which record is meant";
}

static void check_kind(const struct record_kind *kind)
{
    if (!kind->table || !kind->name || !kind->title || !kind->n || kind->n > RECORD_ROWS_MAX)
        stop(kind, "-", "a name is missing, or it has no rows or too many");
    if ((kind->scopes != NULL) != (kind->scope != NULL))
        stop(kind, "-", "scopes and what picks one come together");
    if ((kind->scopes != NULL) != (kind->outside != NULL))
        stop(kind, "-", "scopes and the sentence for what lies outside come together");
    if ((kind->parent != NULL) != (record_parent_row(kind) < kind->n))
        stop(kind, "-", "a parent and the row that names it come together");
    if (kind->is_filed && file_wrong(kind))
        stop(kind, "-", file_wrong(kind));
    for (size_t i = 0; i < kind->n; i++) {
        const char *wrong = row_wrong(kind, &kind->rows[i]);
        if (wrong)
            stop(kind, kind->rows[i].name, wrong);
    }
}

static size_t row_named(const struct record_kind *kind, const char *name)
{
    size_t i = 0;
    while (i < kind->n && strcmp(kind->rows[i].name, name) != 0)
        i++;
    return i;
}

static void make_rule(struct record_kind *kind, size_t rule)
{
    const char *const *fields = kind->rules[rule].fields;
    for (size_t i = 0; i < sizeof kind->rules->fields / sizeof fields[0] && fields[i]; i++) {
        size_t row = row_named(kind, fields[i]);
        if (row == kind->n)
            stop(kind, fields[i], "a rule looks at it, and it is no row");
        kind->made.rule_rows[rule] |= UINT64_C(1) << row;
    }
}

static void make_rules(struct record_kind *kind)
{
    if (kind->rule_count > RECORD_RULES_MAX)
        stop(kind, "-", "it has too many rules");
    for (size_t i = 0; i < kind->rule_count; i++)
        make_rule(kind, i);
}

/* ---- shapes ---- */

static const char *joined(const char *head, const char *tail)
{
    return arena_printf(kept, "%s%s", head, tail).at;
}

/* "createdAt" is how crm spells "created_at". */
static const char *spelled(const struct record_kind *kind, const char *snake, const char *camel)
{
    return kind->is_crm ? camel : snake;
}

static void add_row(struct shape *shape, struct field *to, const struct field *row, uint32_t without)
{
    to[shape->n] = *row;
    to[shape->n].flags &= ~without;
    shape->n++;
}

static void make_object(struct record_kind *kind)
{
    struct field *rows = ARENA_ARRAY(kept, struct field, kind->n + 3);
    struct shape *shape = &kind->made.object;
    *shape = (struct shape){ .name = kind->title, .size = kind->size, .fields = rows };
    rows[shape->n++] = (struct field){ .name = "id",
                                       .type = kind->is_crm ? FIELD_CRM_ID : FIELD_ID,
                                       .offset = offsetof(struct record, id),
                                       .help = "Names it for good" };
    for (size_t i = 0; i < kind->n; i++)
        add_row(shape, rows, &kind->rows[i], 0);
    rows[shape->n++] = (struct field){ .name = spelled(kind, "created_at", "createdAt"),
                                       .type = FIELD_TIME,
                                       .offset = offsetof(struct record, created_at),
                                       .help = "When it was created" };
    rows[shape->n++] = (struct field){ .name = spelled(kind, "updated_at", "updatedAt"),
                                       .type = FIELD_TIME,
                                       .offset = offsetof(struct record, updated_at),
                                       .help = "When it was last changed" };
}

/* What a body may hold: rows with none of the flags `out`; `without` is taken from each row's own. */
static void make_body(struct record_kind *kind, const char *suffix, uint32_t out, uint32_t without,
                      struct shape *shape, uint8_t *origin)
{
    struct field *rows = ARENA_ARRAY(kept, struct field, kind->n);
    *shape = (struct shape){ .name = joined(kind->title, suffix), .size = kind->size, .fields = rows };
    for (size_t i = 0; i < kind->n; i++) {
        if (kind->rows[i].flags & out)
            continue;
        origin[shape->n] = (uint8_t)i;
        add_row(shape, rows, &kind->rows[i], without);
    }
}

/* ---- the query ---- */

struct query_maker {
    struct record_kind *kind;
    struct field *rows;
    size_t base; /* where struct list_input lies */
};

static void add_param(struct query_maker *maker, enum record_param_use use, size_t row, struct field field)
{
    struct shape *shape = &maker->kind->made.query;
    if (shape->n == 64)
        stop(maker->kind, field.name, "its lists can be asked for more than 64 things");
    maker->kind->made.params[shape->n] = (struct record_param){ (uint8_t)use, (uint8_t)row };
    maker->rows[shape->n++] = field;
}

static void add_filter(struct query_maker *maker, size_t i)
{
    struct field field = maker->kind->rows[i];
    field.flags = 0;
    field.min = field.type == FIELD_ENUM ? 0 : field.min;
    add_param(maker, PARAM_FILTER, i, field);
}

static void add_ends(struct query_maker *maker, size_t i)
{
    const struct field *row = &maker->kind->rows[i];
    struct field field = { .type = row->type, .help = "The least that is wanted", .example = row->example };
    field.name = joined(row->name, spelled(maker->kind, "_from", "From"));
    field.offset = (uint16_t)(maker->base + offsetof(struct list_input, from) + i * sizeof(int64_t));
    add_param(maker, PARAM_FROM, i, field);
    field.name = joined(row->name, spelled(maker->kind, "_before", "Before"));
    field.help = "Only what is less than this";
    field.offset = (uint16_t)(maker->base + offsetof(struct list_input, before) + i * sizeof(int64_t));
    add_param(maker, PARAM_BEFORE, i, field);
}

/* As the index has it: null is a value like others, the least. */
static const char *sort_sql(const struct field *row)
{
    if (!(row->flags & FIELD_NULLABLE))
        return joined("t.", row_column(row));
    return arena_printf(kept, row_is_text(row) ? "COALESCE(t.%s, '')" : "COALESCE(t.%s, " NULL_NUMBER ")",
                        row_column(row))
        .at;
}

static void make_sorts(struct record_kind *kind)
{
    struct keyset *sorts = &kind->made.sorts;
    struct keyset_column *columns = ARENA_ARRAY(kept, struct keyset_column, kind->n + 1);
    *sorts = (struct keyset){ .id = "t.id", .label = "id", .columns = columns };
    kind->made.sort_rows[sorts->n] = RECORD_BY_CREATION;
    columns[sorts->n++] =
        (struct keyset_column){ spelled(kind, "created_at", "createdAt"), "t.created_at", false };
    for (size_t i = 0; i < kind->n; i++) {
        const struct field *row = &kind->rows[i];
        if (!(row->flags & FIELD_SORT))
            continue;
        kind->made.sort_rows[sorts->n] = (uint8_t)i;
        columns[sorts->n++] = (struct keyset_column){ row->name, sort_sql(row), row_is_text(row) };
    }
}

static const char *search_help(const struct record_kind *kind)
{
    struct buf out;
    buf_init(&out, kept, SQL_MAX);
    buf_add(&out, STR("Beginnings of words in: "));
    for (size_t i = 0, n = 0; i < kind->n; i++)
        if (kind->rows[i].flags & FIELD_SEARCH)
            buf_printf(&out, "%s%s", n++ ? ", " : "", kind->rows[i].name);
    return buf_str(&out).at;
}

#define OWN(member_) .offset = (uint16_t)(maker->base + offsetof(struct list_input, member_))

static void add_page(struct query_maker *maker)
{
    add_param(maker, PARAM_LIMIT, 0,
              (struct field){ .name = "limit",
                              .type = FIELD_INT,
                              OWN(limit),
                              .min = 1,
                              .max = RECORD_LIMIT_MAX,
                              .help = "How many at most; 50 if left out",
                              .example = "50" });
    add_param(maker, PARAM_CURSOR, 0,
              (struct field){ .name = "cursor",
                              .type = FIELD_STR,
                              OWN(cursor),
                              .max = CURSOR_TEXT_MAX,
                              .help = "Where the page before said that the next one begins",
                              .example = "AUQ0FUcAAAAA" });
}

static void add_order_and_search(struct query_maker *maker)
{
    add_param(maker, PARAM_SORT, 0,
              (struct field){ .name = "sort",
                              .type = FIELD_STR_LIST,
                              OWN(sort),
                              .min = 1,
                              .max = RECORD_SORT_MAX,
                              .help = keyset_help(kept, &maker->kind->made.sorts),
                              .example = "-id" });
    if (maker->kind->made.is_searched)
        add_param(maker, PARAM_Q, 0,
                  (struct field){ .name = "q",
                                  .type = FIELD_STR,
                                  OWN(q),
                                  .max = 100,
                                  .help = search_help(maker->kind),
                                  .example = "mac" });
}

#undef OWN

static void make_query(struct record_kind *kind)
{
    struct query_maker maker = { kind, ARENA_ARRAY(kept, struct field, 64),
                                 (kind->size + _Alignof(struct list_input) - 1) /
                                     _Alignof(struct list_input) * _Alignof(struct list_input) };
    size_t end = maker.base + sizeof(struct list_input);
    if (end > UINT16_MAX)
        stop(kind, "-", "its struct is too large");
    kind->made.query =
        (struct shape){ .name = joined(kind->title, "Query"), .size = end, .fields = maker.rows };
    add_page(&maker);
    add_order_and_search(&maker);
    for (size_t i = 0; i < kind->n; i++) {
        if (kind->rows[i].flags & FIELD_FILTER)
            add_filter(&maker, i);
        if (kind->rows[i].flags & FIELD_RANGE)
            add_ends(&maker, i);
    }
}

/* ---- statements ---- */

static const char *text_of(const struct record_kind *kind, struct buf *sql)
{
    struct str text = buf_str(sql);
    if (sql->overflow)
        stop(kind, "-", "a statement is too long");
    return text.at;
}

/* The creation time that a crm id tells. */
static void add_origin(struct buf *sql, const struct field *row)
{
    const struct record_reference *reference = row->reference;
    buf_printf(sql, ", (SELECT o.created_at FROM %s o WHERE ",
               reference->origin ? reference->origin : reference->table);
    if (!reference->origin)
        buf_add(sql, STR("o.tenant_id = t.tenant_id AND "));
    buf_printf(sql, "o.id = %s%s)", row_is_computed(row) ? "" : "t.", row_column(row));
}

static void make_columns(struct record_kind *kind)
{
    struct buf sql;
    buf_init(&sql, kept, SQL_MAX);
    buf_add(&sql, STR("t.id, t.created_at, t.updated_at"));
    for (size_t i = 0; i < kind->n; i++) {
        const struct field *row = &kind->rows[i];
        buf_printf(&sql, ", %s%s", row_is_computed(row) ? "" : "t.", row_column(row));
        if (row->type == FIELD_CRM_ID)
            add_origin(&sql, row);
        kind->made.column_count += row->type == FIELD_CRM_ID ? 2 : 1;
        kind->made.is_computed |= row_is_computed(row) || row->type == FIELD_CRM_ID;
    }
    kind->made.column_count += 3; /* id and times */
    kind->made.columns = text_of(kind, &sql);
}

/* $1 tenant, $2 id, $3 the caller where the scope names them. */
static void make_find(struct record_kind *kind)
{
    size_t n = 0;
    while (kind->scopes && kind->scopes[n])
        n++;
    kind->made.find = ARENA_ARRAY(kept, const char *, n + 1);
    for (size_t i = 0; i == 0 || i < n; i++) {
        struct buf sql;
        buf_init(&sql, kept, SQL_MAX);
        buf_printf(&sql, "SELECT %s FROM %s t WHERE t.tenant_id = $1 AND t.id = $2", kind->made.columns,
                   kind->table);
        if (i < n)
            scope_add(&sql, kind->scopes[i], 3);
        kind->made.find[i] = text_of(kind, &sql);
    }
}

/* $1 id. The one statement that asks for no tenant: it is how staff find out which. */
static void make_home(struct record_kind *kind)
{
    kind->made.home = arena_printf(kept, "SELECT tenant_id FROM %s WHERE id = $1", kind->table).at;
}

/* $1 tenant, $2 the id given. */
static void make_references(struct record_kind *kind)
{
    for (size_t i = 0; i < kind->n; i++) {
        const struct record_reference *reference = kind->rows[i].reference;
        const char *key = reference && reference->key ? reference->key : "id";
        if (reference)
            kind->made.refer[i] =
                arena_printf(kept,
                             "SELECT o.created_at FROM %s r JOIN %s o ON o.id = r.%s "
                             "WHERE r.tenant_id = $1 AND r.%s = $2",
                             reference->table, reference->origin ? reference->origin : reference->table, key,
                             key)
                    .at;
    }
}

/* $1 tenant, $2 now, then the rows that are columns. */
static void make_insert(struct record_kind *kind)
{
    struct buf sql, values;
    size_t param = 3;
    buf_init(&sql, kept, SQL_MAX);
    buf_init(&values, kept, SQL_MAX);
    buf_printf(&sql, "INSERT INTO %s (tenant_id, created_at, updated_at", kind->table);
    for (size_t i = 0; i < kind->n; i++) {
        if (row_is_computed(&kind->rows[i]))
            continue;
        buf_printf(&sql, ", %s", row_column(&kind->rows[i]));
        buf_printf(&values, ", $%zu", param++);
    }
    buf_add(&sql, STR(") VALUES ($1, $2, $2"));
    buf_add(&sql, buf_str(&values));
    buf_add(&sql, STR(") RETURNING id"));
    kind->made.insert = text_of(kind, &sql);
}

/* $1 tenant, $2 id, $3 now, then the rows that are columns. */
static void make_change(struct record_kind *kind)
{
    struct buf sql;
    size_t param = 4;
    buf_init(&sql, kept, SQL_MAX);
    buf_printf(&sql, "UPDATE %s SET updated_at = $3", kind->table);
    for (size_t i = 0; i < kind->n; i++)
        if (!row_is_computed(&kind->rows[i]))
            buf_printf(&sql, ", %s = $%zu", row_column(&kind->rows[i]), param++);
    buf_add(&sql, STR(" WHERE tenant_id = $1 AND id = $2"));
    kind->made.change = text_of(kind, &sql);
    kind->made.remove = arena_printf(kept, "DELETE FROM %s WHERE tenant_id = $1 AND id = $2", kind->table).at;
}

/* ---- files ---- */

/* A reference stands in them by what people call it: "category", not "category_id". */
static const char *title_of(const struct field *row)
{
    size_t len = strlen(row->name);
    if (!row->reference)
        return row->name;
    return arena_cstr(
        kept, str_from(row->name, len > 3 && strcmp(row->name + len - 3, "_id") == 0 ? len - 3 : len));
}

static void add_label(struct record_kind *kind, size_t i, struct buf *sql)
{
    const struct record_reference *reference = kind->rows[i].reference;
    const char *key = reference->key ? reference->key : "id";
    kind->made.labels[i] = arena_printf(kept, "SELECT %s, %s FROM %s WHERE tenant_id = $1", key,
                                        reference->label, reference->table)
                               .at;
    buf_printf(sql, ", (SELECT r.%s FROM %s r WHERE r.tenant_id = t.tenant_id AND r.%s = t.%s)",
               reference->label, reference->table, key, row_column(&kind->rows[i]));
}

static void make_titles(struct record_kind *kind)
{
    struct buf sql;
    buf_init(&sql, kept, SQL_MAX);
    buf_add(&sql, str_of(kind->made.columns));
    for (size_t i = 0; i < kind->n; i++) {
        const struct field *row = &kind->rows[i];
        bool is_told = !row_is_computed(row) && (!row->reference || row->reference->label);
        kind->made.titles[i] = is_told ? title_of(row) : NULL;
        if (is_told && row->reference)
            add_label(kind, i, &sql);
    }
    kind->made.labelled_columns = text_of(kind, &sql);
}

static void make_by_firsts(struct record_kind *kind)
{
    struct buf sql;
    buf_init(&sql, kept, SQL_MAX);
    buf_printf(&sql, "SELECT %s FROM %s t WHERE t.tenant_id = $1 AND t.%s IN (", kind->made.columns,
               kind->table, row_column(&kind->rows[0]));
    for (int i = 0; i < RECORD_LOOKED_UP; i++)
        buf_printf(&sql, "%s$%d", i ? ", " : "", 2 + i);
    buf_add_char(&sql, ')');
    kind->made.by_firsts = text_of(kind, &sql);
}

static void make_file(struct record_kind *kind)
{
    const struct shape *query = &kind->made.query;
    kind->made.export_query = (struct shape){ .name = joined(kind->title, "ExportQuery"),
                                              .size = query->size,
                                              .fields = query->fields + RECORD_EXPORT_SKIPS,
                                              .n = query->n - RECORD_EXPORT_SKIPS };
    make_titles(kind);
    make_by_firsts(kind);
    kind->made.imported = arena_printf(kept, "%s.imported", kind->name).at;
    kind->made.insert_many = record_insert_many_sql(kept, kind);
    if (!kind->made.insert_many)
        stop(kind, "-", "a statement is too long");
}

static void make_words(struct record_kind *kind)
{
    static const char *const deeds[] = { "created", "updated", "deleted" };
    kind->made.keys[0] = STR("\"id\":");
    for (size_t i = 1; i < kind->made.object.n; i++)
        kind->made.keys[i] = arena_printf(kept, ",\"%s\":", kind->made.object.fields[i].name);
    kind->made.room = record_room(kind);
    for (int act = RECORD_CREATE; act <= RECORD_DELETE; act++)
        kind->made.actions[act] = arena_printf(kept, "%s.%s", kind->name, deeds[act]).at;
}

static bool refers(const struct record_kind *kind)
{
    for (size_t i = 0; i < kind->n; i++)
        if (kind->rows[i].reference)
            return true;
    return kind->check != NULL || kind->rule_count > 0;
}

static void add_failure(enum error_code fails[4], enum error_code code, bool applies)
{
    size_t n = 0;
    while (fails[n] != OK)
        n++;
    if (applies)
        fails[n] = code;
}

static void make_fails(struct record_kind *kind)
{
    for (int act = RECORD_CREATE; act <= RECORD_DELETE; act++) {
        enum error_code *fails = kind->made.fails[act];
        add_failure(fails, ERR_BAD_REQUEST, act != RECORD_DELETE && refers(kind));
        add_failure(fails, ERR_PLAN_LIMIT, act == RECORD_CREATE && kind->plan);
        add_failure(fails, ERR_CONFLICT, act == RECORD_DELETE ? kind->referenced : kind->conflict);
    }
}

static void make_kind(struct record_kind *kind)
{
    check_kind(kind);
    make_object(kind);
    make_body(kind, "Create", FIELD_READONLY | FIELD_PARENT, 0, &kind->made.create, kind->made.create_rows);
    make_body(kind, "Update", FIELD_READONLY | FIELD_PARENT | FIELD_IMMUTABLE, FIELD_REQUIRED,
              &kind->made.update, kind->made.update_rows);
    for (size_t i = 0; i < kind->n; i++) {
        kind->made.is_searched |= (kind->rows[i].flags & FIELD_SEARCH) != 0;
        kind->made.texts |= (uint64_t)row_is_text(&kind->rows[i]) << i;
    }
    make_rules(kind);
    make_sorts(kind);
    make_query(kind);
    make_columns(kind);
    make_find(kind);
    make_home(kind);
    make_references(kind);
    make_insert(kind);
    make_change(kind);
    if (kind->is_filed)
        make_file(kind);
    make_words(kind);
    make_fails(kind);
}

static void make_all(void)
{
    kept = arena_new(0);
    record_words_init(kept);
    for (size_t i = 0; i < record_kind_count; i++)
        make_kind(record_kinds[i]);
}

void records_init(void)
{
    pthread_once(&once, make_all);
}
