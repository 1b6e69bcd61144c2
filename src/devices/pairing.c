/* The screen's side of pairing: to begin, to ask, and what is left behind. */
#include "devices/pairing.h"

#include "base/random.h"
#include "identity/opaque_token.h"
#include "storage/changes.h"

/* An answer that has not led to a use of the token in this time is taken for lost. */
#define LOST_US   (PAIRING_INTERVAL * CLOCK_SECOND - CLOCK_SECOND / 2)
#define KEEP_US   (3600 * CLOCK_SECOND) /* how long one that is over can still be told as such */
#define TRIES_MAX 5
#define PURPOSE   "tether pairing"

/* ---- codes ---- */

static char code_letter(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    return c && strchr(PAIRING_ALPHABET, c) ? c : '\0';
}

bool pairing_code_read(struct str typed, char ret[PAIRING_CODE_CHARS])
{
    size_t n = 0;
    for (size_t i = 0; i < typed.len; i++) {
        char letter = code_letter(typed.at[i]);
        if (typed.at[i] == ' ' || typed.at[i] == '-')
            continue;
        if (!letter || n == PAIRING_CODE_CHARS)
            return false;
        ret[n++] = letter;
    }
    return n == PAIRING_CODE_CHARS;
}

struct str pairing_code_show(struct arena *arena, struct str code)
{
    size_t half = code.len / 2;
    return arena_printf(arena, "%.*s-%.*s", STR_ARG(str_sub(code, 0, half)),
                        STR_ARG(str_sub(code, half, code.len)));
}

/* Bytes of 240 and more would favour some letters and are drawn again. */
static struct str new_code(struct arena *arena)
{
    char *code = arena_alloc(arena, PAIRING_CODE_CHARS + 1);
    for (size_t n = 0; n < PAIRING_CODE_CHARS;) {
        uint8_t byte;
        random_bytes(&byte, 1);
        if (byte < 240)
            code[n++] = PAIRING_ALPHABET[byte % 20];
    }
    return str_from(code, PAIRING_CODE_CHARS);
}

/* ---- beginning ---- */

struct beginning {
    struct arena *arena;
    struct pairing *pairing;
    uint8_t hash[DEVICE_HASH_BYTES];
    int64_t tenant_id, now;
    struct str origin;
};

/* ROW when there is room for one more. Write transactions are serializable: of two that both see the last
 * place, one starts over. */
static enum storage_status find_room(struct db_conn *conn, const struct beginning *b)
{
    DB_ROWS(rows);
    return db_first(
        conn, &rows,
        "SELECT 1 WHERE "
        "(SELECT count(*) FROM device_pairings WHERE origin = $1 AND expires_at > $2) < $3 AND "
        "(SELECT count(*) FROM device_pairings WHERE code IS NOT NULL AND expires_at > $2) < $4",
        DB_ARGS(db_text(b->origin), db_int(b->now), db_int(PAIRING_ORIGIN_MAX), db_int(PAIRING_MAX)));
}

/* DONE: too many are open, or the code is taken. */
static enum storage_status begin(struct db_conn *conn, void *context)
{
    struct beginning *b = context;
    DB_ROWS(rows);
    enum storage_status status = find_room(conn, b);
    if (status != STORAGE_ROW)
        return status;
    status =
        db_first(conn, &rows,
                 "INSERT INTO device_pairings (poll_hash, code, tenant_id, origin, created_at, expires_at) "
                 "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (code) DO NOTHING RETURNING id",
                 DB_ARGS(db_blob(b->hash, sizeof(b->hash)), db_text(b->pairing->code),
                         b->tenant_id ? db_int(b->tenant_id) : db_null(), db_text(b->origin), db_int(b->now),
                         db_int(b->pairing->expires_at)));
    return status == STORAGE_ROW ? STORAGE_OK : status;
}

enum storage_status pairing_begin(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                  struct str origin, int64_t now, struct pairing *ret)
{
    struct beginning beginning = {
        .arena = arena, .pairing = ret, .tenant_id = tenant_id, .now = now, .origin = origin
    };
    enum storage_status status = STORAGE_DONE;
    ret->poll_token = opaque_token_new(arena, OPAQUE_PAIRING, beginning.hash);
    ret->expires_at = now + PAIRING_CODE_US;
    for (int tries = 0; tries < TRIES_MAX && status == STORAGE_DONE; tries++) {
        ret->code = new_code(arena); /* that it is taken is less likely than that too many are open */
        status = db_transaction(conn, STORAGE_WRITE, begin, &beginning);
    }
    return status;
}

/* ---- asking ---- */

struct asking {
    struct arena *arena;
    struct str secret, poll_token;
    uint8_t hash[DEVICE_HASH_BYTES];
    int64_t now, id;
    struct pairing_answer *answer;
};

/* ROW with what there is, DONE or a failure. */
static enum storage_status look(struct db_conn *conn, struct asking *asking)
{
    DB_ROWS(rows);
    struct pairing_answer *answer = asking->answer;
    enum storage_status status =
        db_first(conn, &rows,
                 "SELECT id, tenant_id, device_id, expires_at, handed_at FROM device_pairings "
                 "WHERE poll_hash = $1",
                 DB_ARGS(db_blob(asking->hash, sizeof(asking->hash))));
    *answer = (struct pairing_answer){ PAIRING_UNKNOWN };
    if (status != STORAGE_ROW)
        return status;
    asking->id = db_col_int(&rows, 0);
    answer->tenant_id = db_col_int(&rows, 1);
    answer->device_id = db_col_int(&rows, 2);
    answer->expires_at = db_col_int(&rows, 3);
    bool is_handed = !db_col_is_null(&rows, 4) && db_col_int(&rows, 4) > asking->now - LOST_US;
    if (answer->expires_at <= asking->now)
        answer->state = PAIRING_EXPIRED;
    else if (!answer->device_id)
        answer->state = PAIRING_PENDING;
    else
        answer->state = is_handed ? PAIRING_HANDED : PAIRING_TOKEN;
    return STORAGE_ROW;
}

/* The device's next token is this one; a rotation that waits gives way. */
static enum storage_status give(struct db_conn *conn, struct asking *asking)
{
    const struct pairing_answer *answer = asking->answer;
    struct device device;
    uint8_t hash[DEVICE_HASH_BYTES];
    asking->answer->token =
        opaque_token_derive(asking->arena, OPAQUE_DEVICE, asking->secret,
                            arena_join(asking->arena, STR(PURPOSE), asking->poll_token), hash);
    enum storage_status status =
        device_by_id(conn, asking->arena, answer->tenant_id, answer->device_id, &device);
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_ERROR : status;
    status = device_touch(conn, &device);
    device.next_hash = str_from((const char *)hash, sizeof(hash));
    if (status == STORAGE_OK)
        status =
            db_exec(conn,
                    "UPDATE devices SET next_hash = $3, rotate_key = NULL, token_until = NULL "
                    "WHERE tenant_id = $1 AND id = $2",
                    DB_ARGS(db_int(device.tenant_id), db_int(device.id), db_blob(hash, sizeof(hash))), NULL);
    return status == STORAGE_OK ? device_touch(conn, &device) : status;
}

/* DONE: nothing to hand out (any more). */
static enum storage_status hand_out(struct db_conn *conn, void *context)
{
    struct asking *asking = context;
    enum storage_status status = look(conn, asking);
    if (status != STORAGE_ROW || asking->answer->state != PAIRING_TOKEN)
        return status == STORAGE_ROW ? STORAGE_DONE : status;
    int64_t changes = 0;
    status = db_exec(conn,
                     "UPDATE device_pairings SET handed_at = $3 WHERE id = $1 AND tenant_id = $2 "
                     "AND (handed_at IS NULL OR handed_at <= $4)",
                     DB_ARGS(db_int(asking->id), db_int(asking->answer->tenant_id), db_int(asking->now),
                             db_int(asking->now - LOST_US)),
                     &changes);
    if (status != STORAGE_OK)
        return status;
    if (changes == 0) {
        asking->answer->state = PAIRING_HANDED;
        return STORAGE_DONE;
    }
    return give(conn, asking);
}

enum storage_status pairing_poll(struct db_conn *conn, struct arena *arena, struct str secret,
                                 struct str poll_token, int64_t now, struct pairing_answer *ret)
{
    struct asking asking = {
        .arena = arena, .secret = secret, .poll_token = poll_token, .now = now, .answer = ret
    };
    *ret = (struct pairing_answer){ PAIRING_UNKNOWN };
    if (opaque_token_read(poll_token, asking.hash) != OPAQUE_PAIRING)
        return STORAGE_OK;
    enum storage_status status = look(conn, &asking);
    if (status == STORAGE_ROW && ret->state == PAIRING_TOKEN)
        status = db_transaction(conn, STORAGE_WRITE, hand_out, &asking);
    return status == STORAGE_ROW || status == STORAGE_DONE ? STORAGE_OK : status;
}

/* ---- afterwards ---- */

enum storage_status pairing_sweep(struct db_conn *conn, int64_t now, int64_t limit, int64_t *ret)
{
    return db_exec(conn,
                   "DELETE FROM device_pairings WHERE id IN (SELECT id FROM device_pairings "
                   "WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
                   DB_ARGS(db_int(now - KEEP_US), db_int(limit)), ret);
}
