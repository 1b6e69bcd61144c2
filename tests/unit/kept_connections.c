#include "kept_connections.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "backend_postgres/driver.h"

struct kept_stmt {
    struct kept_stmt *next;
    char *sql;
    struct storage_stmt *stmt;
    bool is_taken;
};

struct kept_conn {
    struct kept_conn *next;
    struct storage_conn *conn;
    struct kept_stmt *stmts; /* the holder's; guarded all the same, since finalize looks through everybody's */
    bool is_taken;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct storage_db *kept_db;
static struct kept_conn *kept; /* until the program ends */

static void *allocate(size_t size)
{
    void *memory = calloc(1, size);
    if (!memory)
        abort();
    return memory;
}

/* ---- connections ---- */

static enum storage_status open_once(const struct storage_setting *settings, size_t n, struct storage_db **ret,
                                     struct storage_error *error)
{
    enum storage_status status = STORAGE_OK;
    pthread_mutex_lock(&mutex);
    if (!kept_db)
        status = postgres_driver.open(settings, n, &kept_db, error);
    *ret = kept_db;
    pthread_mutex_unlock(&mutex);
    return status;
}

static void keep_open(struct storage_db *db)
{
    (void)db;
}

static struct storage_conn *take_idle(void)
{
    struct kept_conn *idle = kept;
    while (idle && idle->is_taken)
        idle = idle->next;
    if (idle)
        idle->is_taken = true;
    return idle ? idle->conn : NULL;
}

static void keep(struct storage_conn *conn)
{
    struct kept_conn *added = allocate(sizeof *added);
    *added = (struct kept_conn){ .next = kept, .conn = conn, .is_taken = true };
    kept = added;
}

static enum storage_status take(struct storage_db *db, int64_t deadline_ms, struct storage_conn **ret,
                                struct storage_error *error)
{
    pthread_mutex_lock(&mutex);
    *ret = take_idle();
    pthread_mutex_unlock(&mutex);
    if (*ret)
        return STORAGE_OK;
    enum storage_status status = postgres_driver.connect(db, deadline_ms, ret, error);
    if (status != STORAGE_OK)
        return status;
    pthread_mutex_lock(&mutex);
    keep(*ret);
    pthread_mutex_unlock(&mutex);
    return status;
}

static struct kept_conn **link_of(const struct storage_conn *conn)
{
    struct kept_conn **link = &kept;
    while ((*link)->conn != conn)
        link = &(*link)->next;
    return link;
}

static void give_back(struct kept_conn *entry)
{
    for (struct kept_stmt *stmt = entry->stmts; stmt; stmt = stmt->next) {
        postgres_driver.reset(stmt->stmt);
        stmt->is_taken = false;
    }
    entry->is_taken = false;
}

static struct kept_conn *unlink_entry(struct kept_conn **link)
{
    struct kept_conn *entry = *link;
    *link = entry->next;
    return entry;
}

static void end(struct kept_conn *entry)
{
    postgres_driver.disconnect(entry->conn);
    while (entry->stmts) {
        struct kept_stmt *stmt = entry->stmts;
        entry->stmts = stmt->next;
        free(stmt->sql);
        free(stmt);
    }
    free(entry);
}

static void part(struct storage_conn *conn)
{
    struct kept_conn *lost = NULL;
    postgres_driver.deadline(conn, 0);
    postgres_driver.rollback(conn);
    bool lives = postgres_driver.ping(conn) == STORAGE_OK;
    pthread_mutex_lock(&mutex);
    struct kept_conn **link = link_of(conn);
    if (lives)
        give_back(*link);
    else
        lost = unlink_entry(link);
    pthread_mutex_unlock(&mutex);
    if (lost)
        end(lost);
}

/* ---- their statements ---- */

static struct kept_stmt *find_statement(struct storage_conn *conn, const char *sql)
{
    struct kept_stmt *stmt = (*link_of(conn))->stmts;
    while (stmt && (stmt->is_taken || strcmp(stmt->sql, sql) != 0))
        stmt = stmt->next;
    return stmt;
}

static void keep_statement(struct storage_conn *conn, struct kept_stmt *stmt)
{
    struct kept_conn *entry = *link_of(conn);
    stmt->next = entry->stmts;
    entry->stmts = stmt;
}

static enum storage_status prepare(struct storage_conn *conn, const char *sql, struct storage_stmt **ret)
{
    enum storage_status status = STORAGE_OK;
    pthread_mutex_lock(&mutex);
    struct kept_stmt *stmt = find_statement(conn, sql);
    if (!stmt) {
        stmt = allocate(sizeof *stmt);
        stmt->sql = strdup(sql);
        status = postgres_driver.prepare(conn, stmt->sql, &stmt->stmt); /* lazy: nothing is sent */
        keep_statement(conn, stmt);
    }
    stmt->is_taken = true;
    *ret = stmt->stmt;
    pthread_mutex_unlock(&mutex);
    return status;
}

static struct kept_stmt *entry_of(const struct storage_stmt *stmt)
{
    for (const struct kept_conn *conn = kept; conn; conn = conn->next)
        for (struct kept_stmt *entry = conn->stmts; entry; entry = entry->next)
            if (entry->stmt == stmt)
                return entry;
    abort();
}

static void finalize(struct storage_stmt *stmt)
{
    postgres_driver.reset(stmt);
    pthread_mutex_lock(&mutex);
    entry_of(stmt)->is_taken = false;
    pthread_mutex_unlock(&mutex);
}

const struct storage_driver *kept_connections(void)
{
    static struct storage_driver keeping;
    keeping = postgres_driver;
    keeping.open = open_once;
    keeping.close = keep_open;
    keeping.connect = take;
    keeping.disconnect = part;
    keeping.prepare = prepare;
    keeping.finalize = finalize;
    return &keeping;
}
