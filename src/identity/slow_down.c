/* Counting failures by a keyed hash of what was typed: the table holds no addresses, neither of users nor of
 * strangers, and a known account costs the same statements as an unknown one. */
#include "identity/slow_down.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"

#define FORGET_US (INT64_C(3600) * CLOCK_SECOND)
#define KNOWN_US  (INT64_C(30) * 86400 * CLOCK_SECOND)
#define REFRESH_US                                                                                           \
    (INT64_C(86400) * CLOCK_SECOND) /* how exactly the last success of a known place is kept                 \
                                     */
#define SWEEP_ROWS 8                /* more than one failure adds: the table cannot grow without end */

static void make_keys(const struct config *config, struct arena *arena, struct str email, struct str place,
                      struct slow_down *ret)
{
    /* The first word keeps what somebody types from being the key of a place. */
    struct str normal = text_normal_email(arena, email);
    struct str account = arena_printf(arena, "account\n%.*s", STR_ARG(normal));
    struct str there = arena_printf(arena, "place\n%.*s\n%.*s", STR_ARG(normal), STR_ARG(place));
    hmac_sha256(config->tokens.secret_key, account, ret->account);
    hmac_sha256(config->tokens.secret_key, there, ret->place);
}

static struct storage_value key_value(const uint8_t key[32])
{
    return db_blob(key, 32);
}

/* What is kept of one key. */
struct kept {
    bool exists;
    int64_t failures, last_at, retry_after;
};

static enum storage_status load(struct db_conn *conn, struct arena *arena, const struct slow_down *attempt,
                                struct kept *ret_account, struct kept *ret_place)
{
    DB_ROWS(rows);
    struct str place = str_from((const char *)attempt->place, sizeof attempt->place);
    enum storage_status status = db_query(
        conn, &rows,
        "SELECT account, failures, last_at, retry_after FROM sign_in_failures WHERE account IN ($1, $2)",
        DB_ARGS(key_value(attempt->account), key_value(attempt->place)));
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        bool is_place = str_equal(db_col_blob(&rows, 0, arena), place);
        *(is_place ? ret_place : ret_account) = (struct kept){
            .exists = true,
            .failures = db_col_int(&rows, 1),
            .last_at = db_col_int(&rows, 2),
            .retry_after = db_col_int(&rows, 3),
        };
        status = STORAGE_OK;
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

enum storage_status slow_down_check(struct db_conn *conn, const struct config *config, struct arena *arena,
                                    struct str email, struct str place, int64_t now, struct slow_down *ret,
                                    int64_t *ret_wait_us)
{
    struct slow_down attempt = { 0 };
    struct kept account = { 0 }, there = { 0 };
    make_keys(config, arena, email, place, &attempt);
    enum storage_status status = load(conn, arena, &attempt, &account, &there);
    if (status != STORAGE_OK)
        return status;
    attempt.is_known = there.exists && there.last_at > now - KNOWN_US;
    const struct kept *kept = attempt.is_known ? &there : &account;
    attempt.is_clean = attempt.is_known && kept->failures == 0 && kept->last_at > now - REFRESH_US;
    *ret = attempt;
    *ret_wait_us = kept->retry_after > now ? kept->retry_after - now : 0;
    return STORAGE_OK;
}

/* Some rows whose time is over: strangers' after an hour, known places after a month. */
enum storage_status slow_down_sweep(struct db_conn *conn, int64_t now, int64_t limit, int64_t *ret)
{
    return db_exec(conn,
                   "DELETE FROM sign_in_failures WHERE account IN (SELECT account FROM sign_in_failures "
                   "WHERE (known = 0 AND last_at < $1) OR (known = 1 AND last_at < $2) LIMIT $3)",
                   DB_ARGS(db_int(now - FORGET_US), db_int(now - KNOWN_US), db_int(limit)), ret);
}

/* Microseconds; 0 for the first few failures. */
static int64_t delay_after(int64_t failures)
{
    int64_t seconds = 1;
    if (failures < SLOW_DOWN_AFTER)
        return 0;
    for (int64_t i = SLOW_DOWN_AFTER; i < failures && seconds < SLOW_DOWN_MAX_SECONDS; i++)
        seconds *= 2;
    return (seconds < SLOW_DOWN_MAX_SECONDS ? seconds : SLOW_DOWN_MAX_SECONDS) * CLOCK_SECOND;
}

static enum storage_status count(struct db_conn *conn, const struct slow_down *attempt, int64_t now,
                                 int64_t *ret_failures)
{
    DB_ROWS(rows);
    enum storage_status status = db_first(
        conn, &rows,
        "INSERT INTO sign_in_failures (account, known, failures, last_at, retry_after) "
        "VALUES ($1, $2, 1, $3, 0) ON CONFLICT (account) DO UPDATE SET failures = CASE WHEN "
        "sign_in_failures.last_at < CAST($4 AS BIGINT) THEN 1 ELSE sign_in_failures.failures + 1 END, "
        "last_at = excluded.last_at RETURNING failures",
        DB_ARGS(key_value(attempt->is_known ? attempt->place : attempt->account), db_int(attempt->is_known),
                db_int(now), db_int(now - FORGET_US)));
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_ERROR : status;
    *ret_failures = db_col_int(&rows, 0);
    return STORAGE_OK;
}

enum storage_status slow_down_failed(struct db_conn *conn, const struct slow_down *attempt, int64_t now)
{
    int64_t failures = 0;
    enum storage_status status = count(conn, attempt, now, &failures);
    if (status == STORAGE_OK && failures == 1)
        status = slow_down_sweep(conn, now, SWEEP_ROWS, NULL);
    if (status != STORAGE_OK || delay_after(failures) == 0)
        return status;
    return db_exec(conn, "UPDATE sign_in_failures SET retry_after = $2 WHERE account = $1",
                   DB_ARGS(key_value(attempt->is_known ? attempt->place : attempt->account),
                           db_int(now + delay_after(failures))),
                   NULL);
}

enum storage_status slow_down_passed(struct db_conn *conn, const struct slow_down *attempt, int64_t now)
{
    if (attempt->is_clean)
        return STORAGE_OK;
    enum storage_status status =
        db_exec(conn,
                "INSERT INTO sign_in_failures (account, known, failures, last_at, retry_after) "
                "VALUES ($1, 1, 0, $2, 0) ON CONFLICT (account) DO UPDATE SET failures = 0, "
                "last_at = excluded.last_at, retry_after = 0",
                DB_ARGS(key_value(attempt->place), db_int(now)), NULL);
    if (status != STORAGE_OK || attempt->is_known)
        return status;
    return db_exec(conn, "DELETE FROM sign_in_failures WHERE account = $1",
                   DB_ARGS(key_value(attempt->account)), NULL);
}
