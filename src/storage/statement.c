/* The statement cache: one list per connection, the most recently used first, by SQL text.
 *
 * A statement belongs to one run at a time; a second run of the same text meanwhile gets a statement of its
 * own. The list holds all of them, so that a lost connection can take the inner halves from those in use too.
 */
#include "storage/internal.h"

#define CACHE_MAX 128

static const char *skip_quoted(const char *at)
{
    char quote = *at++;
    while (*at && *at != quote)
        at++;
    return *at ? at + 1 : at;
}

static const char *skip_comment(const char *at)
{
    if (at[1] == '-') {
        const char *end = strchr(at, '\n');
        return end ? end : at + strlen(at);
    }
    const char *end = strstr(at + 2, "*/");
    return end ? end + 2 : at + strlen(at);
}

size_t sql_param_count(const char *sql)
{
    size_t highest = 0;
    for (const char *at = sql; *at;) {
        if (*at == '\'' || *at == '"') {
            at = skip_quoted(at);
        } else if ((at[0] == '-' && at[1] == '-') || (at[0] == '/' && at[1] == '*')) {
            at = skip_comment(at);
        } else if (*at == '$') {
            size_t n = 0;
            for (at++; *at >= '0' && *at <= '9' && n < 100000; at++)
                n = n * 10 + (size_t)(*at - '0');
            highest = n > highest ? n : highest;
        } else {
            at++;
        }
    }
    return highest;
}

static struct db_stmt **find_link(struct db_conn *conn, const struct db_stmt *stmt)
{
    struct db_stmt **link = &conn->stmts;
    while (*link && *link != stmt)
        link = &(*link)->next;
    return link;
}

static struct db_stmt *find_idle(struct db_conn *conn, const char *sql)
{
    for (struct db_stmt *stmt = conn->stmts; stmt; stmt = stmt->next)
        if (!stmt->busy && (stmt->sql == sql || strcmp(stmt->sql, sql) == 0))
            return stmt;
    return NULL;
}

static void move_to_front(struct db_conn *conn, struct db_stmt *stmt)
{
    *find_link(conn, stmt) = stmt->next;
    stmt->next = conn->stmts;
    conn->stmts = stmt;
}

void stmt_discard(struct db_conn *conn, struct db_stmt *stmt)
{
    *find_link(conn, stmt) = stmt->next;
    conn->stmt_count--;
    if (stmt->inner)
        conn->db->driver->finalize(stmt->inner);
    free(stmt->sql);
    free(stmt);
}

static void evict_oldest(struct db_conn *conn)
{
    struct db_stmt *oldest = NULL;
    for (struct db_stmt *stmt = conn->stmts; stmt; stmt = stmt->next)
        if (!stmt->busy)
            oldest = stmt;
    if (oldest)
        stmt_discard(conn, oldest);
}

static enum storage_status prepare(struct db_conn *conn, const char *sql, struct db_stmt **ret)
{
    struct storage_stmt *inner = NULL;
    char *kept = strdup(sql);
    if (!kept)
        abort();
    enum storage_status s = conn->db->driver->prepare(conn->inner, kept, &inner);
    if (s != STORAGE_OK) {
        free(kept);
        return conn_failed(conn, s);
    }
    if (conn->stmt_count >= CACHE_MAX)
        evict_oldest(conn);
    struct db_stmt *stmt = calloc(1, sizeof(*stmt));
    if (!stmt)
        abort();
    *stmt = (struct db_stmt){
        .next = conn->stmts, .sql = kept, .inner = inner, .params = sql_param_count(kept)
    };
    conn->stmts = stmt;
    conn->stmt_count++;
    *ret = stmt;
    return STORAGE_OK;
}

enum storage_status stmt_take(struct db_conn *conn, const char *sql, struct db_stmt **ret)
{
    struct db_stmt *stmt = find_idle(conn, sql);
    if (stmt) {
        move_to_front(conn, stmt);
    } else {
        enum storage_status s = prepare(conn, sql, &stmt);
        if (s != STORAGE_OK)
            return s;
    }
    stmt->busy = true;
    *ret = stmt;
    return STORAGE_OK;
}

void stmt_release(struct db_conn *conn, struct db_stmt *stmt)
{
    stmt->busy = false;
    if (!stmt->inner || conn->stmt_count > CACHE_MAX) {
        stmt_discard(conn, stmt);
        return;
    }
    conn->db->driver->reset(stmt->inner);
}

void stmts_lost(struct db_conn *conn)
{
    struct db_stmt *next;
    for (struct db_stmt *stmt = conn->stmts; stmt; stmt = next) {
        next = stmt->next;
        stmt->inner = NULL;
        if (!stmt->busy)
            stmt_discard(conn, stmt);
    }
}
