/* Lists in an order that is asked for, page by page.
 *
 * A page goes on behind the last row of the one before, by that row's values (keyset): any page costs what
 * the first one costs. With keys a, b and the id, what comes behind (a1, b1, id1) is, in this order: what has
 * a1 and b1 and a greater id; what has a1 and a greater b; what has a greater a. Each is one range of an
 * index, in whatever direction its key runs, and is asked only while the page has room. */
#ifndef TETHER_STORAGE_KEYSET_H
#define TETHER_STORAGE_KEYSET_H

#include "base/buf.h"
#include "storage/cursor.h"
#include "storage/db.h"

#define KEYSET_MAX CURSOR_KEYS_MAX

/* What a list can be sorted by. */
struct keyset_column {
    const char *name; /* in ?sort= */
    const char *sql;  /* never NULL, as an index has it: "t.name", "COALESCE(t.website, '')" */
    bool is_text;     /* else a number */
};

/* The columns of a list. The id, an integer above 0, decides between equals; it need not be named in
 * `columns`. */
struct keyset {
    const char *id;    /* "t.id" */
    const char *label; /* how ?sort= calls it: "id" */
    const struct keyset_column *columns;
    size_t n;
};

struct keyset_order {
    const struct keyset *set;
    struct {
        const struct keyset_column *column;
        bool falls;
    } at[KEYSET_MAX];
    size_t n;
    bool id_falls;
    bool has_id; /* it is named: what follows decides nothing more */
};

/* Adds the key that is called so, "-" before it turns it round. False for a name that is none of the set, or
 * a key too many. */
bool keyset_add(struct keyset_order *order, struct str name);
/* All of those names; `otherwise` when there are none. */
bool keyset_order_read(const struct keyset *set, const struct str *names, size_t n, struct str otherwise,
                       struct keyset_order *ret);

/* What people are told of ?sort=, for OpenAPI. */
const char *keyset_help(struct arena *arena, const struct keyset *set);

/* A list that is gone through. `sql` and `args` hold "SELECT … WHERE …" up to where a place is said. */
struct keyset_list {
    struct keyset_order order;
    struct cursor after; /* id 0: from the start */
    struct buf *sql;
    struct storage_value *args; /* with room for KEYSET_ARGS more */
    size_t n;                   /* of args */
    size_t limit;               /* rows of a page */
};
#define KEYSET_ARGS (KEYSET_MAX + 2)

/* What a cursor belongs to: what is asked for, by the statement in list->sql and its arguments, and what the
 * statement does not say (`rest`), in this order. */
struct str keyset_context(const struct keyset_list *list, struct arena *arena, struct str rest);
/* list->after is where `text` says. False for a cursor that no page of this context gave. */
bool keyset_after(struct keyset_list *list, struct arena *arena, struct str context, struct str text);
/* The cursor of what comes behind the row of that id and those values, one for each key. */
struct str keyset_next(const struct keyset_list *list, struct arena *arena, struct str context, int64_t id,
                       int64_t total, const struct cursor_value *values);

/* Takes the current row. */
typedef void (*keyset_row_fn)(void *context, struct db_rows *rows);
/* Hands the rows of a page to `fn`, and one more where there is a next page. OK with how many there were, or
 * a failure. */
enum storage_status keyset_read(struct db_conn *conn, struct keyset_list *list, keyset_row_fn fn,
                                void *context, size_t *ret_n);

#endif
