/* Counting takes in the database: one statement that counts or, when the window is used up, touches nothing.
 *
 * window_at is the window's end: so what is over can be told without knowing how long it was. */
#include "access/shared_rate.h"

#include "base/clock.h"

#define KEEP_US (INT64_C(3600) * CLOCK_SECOND) /* more than the clocks of two nodes differ */

static const char *const class_names[RATE_CLASS_COUNT] = {
    [RATE_LOGIN] = "login",
    [RATE_REGISTER] = "register",
};

bool shared_rate_has(enum rate_class class)
{
    return class_names[class] != NULL;
}

struct take {
    struct str bucket;
    struct rate rate;
    int64_t now;
    struct rate_state state;
};

/* Which window still counts is what rate_limit.c says: one that is not over, unless it ends so far away that
 * it is left from before the clock or the configured window changed. */
static enum storage_status take_one(struct db_conn *conn, void *context)
{
    struct take *take = context;
    int64_t end = rate_window_end(&take->rate, take->now);
    take->state = rate_state_of(&take->rate, take->rate.limit, false, end);
    DB_ROWS(rows);
    enum storage_status status = db_first(
        conn, &rows,
        "INSERT INTO rate_windows (bucket, window_at, taken) VALUES ($1, $2, 1) "
        "ON CONFLICT (bucket) DO UPDATE SET "
        "taken = CASE WHEN rate_windows.window_at > $3 AND rate_windows.window_at <= $4 "
        "THEN rate_windows.taken + 1 ELSE 1 END, "
        "window_at = CASE WHEN rate_windows.window_at > $3 AND rate_windows.window_at <= $4 "
        "THEN rate_windows.window_at ELSE excluded.window_at END "
        "WHERE rate_windows.window_at <= $3 OR rate_windows.window_at > $4 OR rate_windows.taken < $5 "
        "RETURNING taken, window_at",
        DB_ARGS(db_text(take->bucket), db_int(end), db_int(take->now), db_int(end + take->rate.window_us),
                db_int(take->rate.limit)));
    if (status != STORAGE_ROW)
        return status; /* DONE: used up, and nothing to write */
    take->state = rate_state_of(&take->rate, db_col_int(&rows, 0), true, db_col_int(&rows, 1));
    return STORAGE_OK;
}

enum storage_status shared_rate_take(struct db_conn *conn, const struct config *config, struct arena *arena,
                                     enum rate_class class, struct str key, int64_t now,
                                     struct rate_state *ret)
{
    struct take take = { .rate = rate_of_class(config, class), .now = now };
    *ret = (struct rate_state){ .allowed = true };
    if (take.rate.limit == 0)
        return STORAGE_OK;
    take.bucket = arena_printf(arena, "%s:%.*s", class_names[class], STR_ARG(key));
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, take_one, &take);
    if (status != STORAGE_OK && status != STORAGE_DONE)
        return status;
    *ret = take.state;
    return STORAGE_OK;
}

enum storage_status shared_rate_count(struct db_conn *conn, struct str bucket, const struct rate *rate,
                                      int64_t now, int64_t *ret_end)
{
    struct take take = { .bucket = bucket, .rate = *rate, .now = now };
    enum storage_status status = take_one(conn, &take);
    *ret_end = take.state.reset * CLOCK_SECOND;
    return status;
}

enum storage_status shared_rate_uncount(struct db_conn *conn, struct str bucket)
{
    return db_exec(conn, "UPDATE rate_windows SET taken = taken - 1 WHERE bucket = $1 AND taken > 0",
                   DB_ARGS(db_text(bucket)), NULL);
}

enum storage_status shared_rate_sweep(struct db_conn *conn, int64_t now, int64_t limit, int64_t *ret)
{
    return db_exec(conn,
                   "DELETE FROM rate_windows WHERE bucket IN (SELECT bucket FROM rate_windows "
                   "WHERE window_at < $1 ORDER BY window_at LIMIT $2)",
                   DB_ARGS(db_int(now - KEEP_US), db_int(limit)), ret);
}
