#include "identity/decoy.h"

#include "base/random.h"
#include "base/text.h"

/* What strangers cannot compute: whether two addresses stand for one user would tell them which are unknown.
 */
static uint64_t key_of(const struct config *config, struct arena *arena, struct str email)
{
    uint8_t digest[32];
    uint64_t key;
    struct str text = arena_join(arena, STR("decoy\n"), text_normal_email(arena, email));
    hmac_sha256(config->tokens.secret_key, text, digest);
    memcpy(&key, digest, sizeof(key));
    return key;
}

/* A slot from 1 to n, each as likely, that changes for one key in n when n becomes n + 1: an address goes on
 * standing for the same user while others register (the jump hash of Lamping and Veach). */
static int64_t slot_of(uint64_t key, int64_t n)
{
    int64_t slot = 0, next = 0;
    while (next < n) {
        slot = next;
        key = key * UINT64_C(2862933555777941757) + 1;
        next = (int64_t)((double)(slot + 1) * ((double)(INT64_C(1) << 31) / (double)((key >> 33) + 1)));
    }
    return slot + 1;
}

static enum storage_status last_id(struct db_conn *conn, int64_t *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows, "SELECT id FROM users ORDER BY id DESC LIMIT 1", DB_NO_ARGS);
    *ret = status == STORAGE_ROW ? db_col_int(&rows, 0) : 0;
    return status == STORAGE_ROW || status == STORAGE_DONE ? STORAGE_OK : status;
}

enum storage_status decoy_hash(struct db_conn *conn, const struct config *config, struct arena *arena,
                               struct str email, struct str *ret)
{
    DB_ROWS(rows);
    int64_t last;
    *ret = STR("");
    enum storage_status status = last_id(conn, &last);
    if (status != STORAGE_OK || last == 0)
        return status;
    status = db_first(conn, &rows, "SELECT password_hash FROM users WHERE id >= $1 ORDER BY id LIMIT 1",
                      DB_ARGS(db_int(slot_of(key_of(config, arena, email), last))));
    if (status == STORAGE_ROW)
        *ret = db_col_text(&rows, 0, arena);
    return status == STORAGE_ROW || status == STORAGE_DONE ? STORAGE_OK : status;
}
