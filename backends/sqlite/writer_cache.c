/* Prepared statements on the writer, by text, lent to one statement for one transaction. Touched only by
 * whoever owns the writer's turn. */
#include "internal.h"

uint64_t sql_hash(const char *sql)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (const unsigned char *at = (const unsigned char *)sql; *at; at++)
        hash = (hash ^ *at) * UINT64_C(1099511628211);
    return hash;
}

static struct cached *find(struct writer *writer, const struct storage_stmt *stmt)
{
    for (size_t i = 0; i < WRITER_CACHE; i++) {
        struct cached *entry = &writer->cache[i];
        if (entry->raw && !entry->lent && entry->hash == stmt->hash &&
            strcmp(sqlite3_sql(entry->raw), stmt->sql) == 0)
            return entry;
    }
    return NULL;
}

/* An empty place, or that of the statement not used for the longest time; NULL when all are lent. */
static struct cached *find_place(struct writer *writer)
{
    struct cached *oldest = NULL;
    for (size_t i = 0; i < WRITER_CACHE; i++) {
        struct cached *entry = &writer->cache[i];
        if (!entry->raw)
            return entry;
        if (!entry->lent && (!oldest || entry->used < oldest->used))
            oldest = entry;
    }
    return oldest;
}

static void lend(struct writer *writer, struct cached *entry, struct storage_stmt *stmt)
{
    entry->lent = true;
    entry->used = ++writer->cache_clock;
    stmt->lent = entry;
    stmt->writer = entry->raw;
}

int writer_cache_take(struct writer *writer, struct storage_stmt *stmt)
{
    struct cached *entry = find(writer, stmt);
    if (entry) {
        lend(writer, entry, stmt);
        return SQLITE_OK;
    }
    sqlite3_stmt *raw = NULL;
    int rc = sqlite3_prepare_v3(writer->handle, stmt->sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, NULL);
    if (rc != SQLITE_OK || !raw)
        return rc != SQLITE_OK ? rc : SQLITE_MISUSE;
    entry = find_place(writer);
    if (!entry) {
        stmt->writer = raw;
        return SQLITE_OK;
    }
    sqlite3_finalize(entry->raw);
    *entry = (struct cached){ .raw = raw, .hash = stmt->hash };
    lend(writer, entry, stmt);
    return SQLITE_OK;
}

void writer_cache_return(struct storage_stmt *stmt)
{
    if (stmt->lent)
        stmt->lent->lent = false;
    else
        sqlite3_finalize(stmt->writer);
    stmt->lent = NULL;
    stmt->writer = NULL;
}

void writer_cache_clear(struct writer *writer)
{
    for (size_t i = 0; i < WRITER_CACHE; i++)
        sqlite3_finalize(writer->cache[i].raw);
}
