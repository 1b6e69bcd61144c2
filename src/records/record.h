/* The record engine: a kind of record is a table of rows; reading, listing, creating, changing, deleting,
 * what is written to the audit log and what OpenAPI says all come from those rows. docs/records.md walks
 * through adding a kind.
 *
 * Every kind has a table of its own with the columns id, tenant_id, created_at, updated_at, UNIQUE
 * (tenant_id, id), a column per row, and an index (tenant_id, column) for what can be sorted by. The engine
 * adds the tenant to every statement; a reference to another table is a foreign key (tenant_id, column). */
#ifndef TETHER_RECORDS_RECORD_H
#define TETHER_RECORDS_RECORD_H

#include "access/audit.h"
#include "access/membership.h"
#include "base/buf.h"
#include "base/errors.h"
#include "request/field.h"
#include "storage/keyset.h"
#include "tenancy/tenant.h"

#define RECORD_ROWS_MAX 60 /* of a kind: with id and times there are 63, and a bit for each */

#define RECORD_RULES_MAX 8 /* of a kind */
#define RECORD_BY_CREATION 255 /* no row, but the time of creation */

#define RECORD_EXPORT_SKIPS 2 /* rows of a list's query that an export has not: limit and cursor */

/* The first member of every kind's struct. */
struct record {
    int64_t id, created_at, updated_at;
    uint64_t has; /* bit i: row i has a value; else it is null */
};

/* What a row refers to: the row of `table` with the same tenant_id and that `key`. */
struct record_reference {
    /* What is outside of the caller's scope of that kind is not there; NULL: all of the tenant is. */
    const struct record_kind *kind;
    const char *table;  /* "categories" */
    const char *key;    /* its column; NULL: "id" */
    const char *origin; /* the table (id, created_at) that crm ids are made from; NULL: `table` */
    /* The column that people know it by, in files; unique in the tenant unless the row that refers is
     * read-only. NULL: files do not tell it. */
    const char *label;
};
/* A user who is a member of the tenant. */
extern const struct record_reference record_member;

/* Who acts, where and when. */
struct record_caller {
    struct arena *arena;
    const struct config *config;
    const struct tenant *tenant;
    bool everywhere; /* staff of the operator at home: lists are of all tenants' records */
    const struct access_grant *grant;
    int64_t user_id;
    struct audit_actor audit;
    int64_t now;
};

struct record_deed;
/* `now` as it is to stand, NULL when it is deleted; `before` as it stood, NULL when it is created. Inside the
 * write transaction, which may run several times. OK: go on. DONE: refused, after record_refuse(). */
typedef enum storage_status (*record_hook)(struct db_conn *conn, struct record_deed *deed, void *now,
                                           const void *before);

/* Filled by records_init() (init.h) alone. */
struct record_made {
    struct shape object, create, update, query; /* for route rows */
    uint8_t create_rows[64], update_rows[64];   /* which row of the kind a shape's row is */
    struct record_param {
        uint8_t use; /* enum record_param_use */
        uint8_t row;
    } params[64];
    struct str keys[RECORD_ROWS_MAX + 3];   /* ,"name": — of id, the rows, created_at and updated_at */
    struct keyset sorts;                    /* what its lists can be sorted by … */
    uint8_t sort_rows[RECORD_ROWS_MAX + 1]; /* … and which row that is; RECORD_BY_CREATION */
    uint64_t rule_rows[RECORD_RULES_MAX];   /* which rows each rule looks at */
    uint64_t texts;                         /* bit i: row i is text */
    size_t room;                            /* bytes of a record's JSON at most, without its texts */
    const char *columns;
    size_t column_count; /* of `columns` */
    const char *insert, *change, *remove;
    const char **find;                  /* one per scope */
    const char *home;                   /* the tenant of an id */
    const char *refer[RECORD_ROWS_MAX]; /* whether what a row refers to is there */
    const char *actions[3];             /* "category.created", by enum record_act */

    /* Of kinds with is_filed. */
    struct shape export_query;           /* `query` without the cursor and the limit, its first two */
    const char *titles[RECORD_ROWS_MAX]; /* a row's column in files: "category"; NULL: it has none */
    const char *labels[RECORD_ROWS_MAX]; /* ids and labels of all that a row can refer to */
    const char *labelled_columns;        /* `columns`, then the label of each row that has one */
    const char *by_firsts;               /* `columns` of the records whose first rows are among some values */
    const char *imported;                /* "asset.imported" */
    const char *insert_many;             /* as `insert`, RECORD_TOGETHER rows; tells ids with first rows */
    enum error_code fails[3][4];         /* how a deed may be refused, for route rows */
    bool is_searched;                    /* ?q= finds it */
    bool is_computed;                    /* what is stored says more than what was written */
};

/* A rule between fields, or one that a row cannot say of its field. */
struct record_rule {
    const char *fields[3]; /* rows that it looks at, by name; the first one is what is wrong then */
    bool asks_before;      /* it looks at what only a record that stands has: `before`, a read-only row */
    /* Of the kind's struct; before is NULL at creation. */
    bool (*holds)(const void *now, const void *before);
    const char *sentence;
};

struct record_kind {
    const char *table; /* "categories" */
    const char *name;  /* "category": in sentences; "category.created" and so on stand in audit_actions.def */
    const char *title; /* "Category": names its OpenAPI components */
    const struct field *rows; /* the first one names a record in the audit log */
    size_t n, size;           /* of rows; bytes of the struct */
    bool is_crm;              /* camelCase, and ids of 24 hex digits */
    const char *plan;         /* the plan's limit that it counts for: "assets"; NULL: none */
    const char *sort;         /* as in ?sort=, when nothing is asked for; NULL: by id */
    /* It is exported and imported in files (file.h), in which its first row, a text unique in the tenant,
     * says which record is meant. `before_write` must then only read when it is given a `before`. */
    bool is_filed;
    enum permission edits;  /* with is_filed: what an import needs that changes what is there */
    const char *conflict;   /* 409 when a unique key is taken, a sentence */
    const char *referenced; /* 409 when something still refers to it, a sentence */

    /* Row scope: conditions on the table's row `t`, constant, in which $U is the caller's user id; NULL: all
     * of the tenant. `scope` picks one. Rows outside do not exist for the caller. */
    const char *const *scopes; /* NULL-terminated */
    size_t (*scope)(const struct record_caller *caller);
    /* 403 for a deed after which the caller could not see the record any more, a sentence; with scopes. */
    const char *outside;

    /* The kind below whose records these lie, "/api/conversations/{id}/messages"; its row has FIELD_PARENT.
     */
    const struct record_kind *parent;

    const struct record_rule *rules; /* RECORD_RULES() */
    size_t rule_count;

    record_hook check;        /* what a rule cannot say, such as what asks the database: record_violate() */
    record_hook before_write; /* may fill in what is missing, or refuse */
    record_hook after_write;  /* side effects in the same transaction */

    struct record_made made;
};

#define RECORD_STRUCT(struct_, rows_)                                                                        \
    .rows = (rows_), .n = sizeof(rows_) / sizeof((rows_)[0]),                                                \
    .size = sizeof(struct_) + 0 * sizeof(char[offsetof(struct_, record) == 0 ? 1 : -1])

#define RECORD_RULES(rules_) .rules = (rules_), .rule_count = sizeof(rules_) / sizeof((rules_)[0])

/* ---- one record ---- */

/* ROW with *ret in the caller's arena, DONE when there is none for the caller, or a failure. */
enum storage_status record_find(struct db_conn *conn, const struct record_kind *kind,
                                const struct record_caller *caller, int64_t id, struct record **ret);

/* The tenant whose record of that id it is, for staff who see all of them. ROW, DONE or a failure. */
enum storage_status record_home(struct db_conn *conn, const struct record_kind *kind, int64_t id,
                                int64_t *ret_tenant_id);

static inline bool record_has(const struct record *record, size_t row)
{
    return (record->has >> row & 1) != 0;
}

/* The row with FIELD_PARENT; kind->n when there is none. */
size_t record_parent_row(const struct record_kind *kind);

/* What people and the audit log call it: the text of the first row; "" where that is none. */
struct str record_name(const struct record_kind *kind, const struct record *record);

/* Its JSON object, appended. */
void record_print(const struct record_kind *kind, const struct record *record, struct buf *out);

/* ---- deeds ---- */

enum record_act { RECORD_CREATE = 0, RECORD_UPDATE, RECORD_DELETE };

enum record_verdict {
    RECORD_DONE = 0,
    RECORD_INVALID,  /* `violations` says why */
    RECORD_UNKNOWN,  /* no such record for the caller */
    RECORD_LIMIT,    /* the plan's: `plan` */
    RECORD_CONFLICT, /* `sentence` */
    RECORD_FORBIDDEN /* `sentence`, from a hook */
};

struct record_deed {
    const struct record_kind *kind;
    const struct record_caller *caller;
    enum record_act act;
    int64_t id;              /* of what is changed or deleted … */
    int64_t seconds;         /* … and, of a crm id, its creation time; else unused */
    const void *input;       /* the kind's struct with what is given */
    uint64_t present, null;  /* by rows of the kind: what is given, and what is given as null */
    const struct seen *file; /* it is a line of one: what the lines say in their first rows; else NULL */

    /* What became of it. */
    enum record_verdict verdict;
    const char *sentence;
    struct violations violations;
    struct plan_refusal plan;
    struct record *now; /* as it stands: created, changed */
};

/* In one transaction, with its audit row. OK with deed->verdict, or a failure; unless the verdict is
 * RECORD_DONE nothing was written. */
enum storage_status record_carry_out(struct db_conn *conn, struct record_deed *deed);
/* The same inside the caller's write transaction. OK: done. Anything else: end the transaction with it;
 * record_judge() then makes a verdict of it. */
enum storage_status record_carry_out_inside(struct db_conn *conn, struct record_deed *deed);
/* What a transaction ended with as record_carry_out() says it. */
enum storage_status record_judge(struct record_deed *deed, enum storage_status ended);

/* Of a deed that is refused for deed->violations: adds the rules that are broken besides, as far as the
 * fields that they look at are sound. before: as it stands; is_known false: it stands, but nobody looked. */
void record_tell_rules(struct record_deed *deed, const struct record *before, bool is_known);

/* For hooks. The sentence is constant or in the caller's arena. */
void record_violate(struct record_deed *deed, const char *field, const char *sentence);
enum storage_status record_refuse(struct record_deed *deed, enum record_verdict verdict,
                                  const char *sentence);

/* ---- lists ---- */

#define RECORD_LIMIT_DEFAULT 50
#define RECORD_LIMIT_MAX     200
#define RECORD_SORT_MAX      KEYSET_MAX

struct record_ask {
    const struct record_kind *kind;
    const struct record_caller *caller;
    const void *input; /* as kind->made.query read it */
    uint64_t present;
    bool counts;    /* page.total is wanted */
    bool labelled;  /* page.labels are wanted; of kinds with is_filed */
    int64_t parent; /* of a kind that lies below another: whose records are wanted */
};

struct record_page {
    char *at; /* records, kind->size bytes each */
    size_t n;
    struct str *labels; /* kind->n of each record: what its row refers to is called so; at == NULL: nothing */
    struct str next;    /* the cursor; at == NULL: this is the last page */
    int64_t total;      /* -1: not counted */
    struct violations violations;
};

/* OK with *ret, DONE with ret->violations (a sort or a cursor that is none), or a failure. */
enum storage_status record_list(struct db_conn *conn, const struct record_ask *ask, struct record_page *ret);

#endif
