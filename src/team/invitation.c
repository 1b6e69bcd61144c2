/* Reading invitations. */
#include "team/invitation.h"

#include "identity/opaque_token.h"

static const char *const state_names[] = {
    [INVITATION_PENDING] = "pending",     [INVITATION_ACCEPTED] = "accepted",
    [INVITATION_CANCELLED] = "cancelled", [INVITATION_SUPERSEDED] = "superseded",
    [INVITATION_EXPIRED] = "expired",
};

const char *invitation_state_name(enum invitation_state state)
{
    return state_names[state];
}

static enum invitation_state state_of(struct str word, int64_t expires_at, int64_t now)
{
    for (size_t i = INVITATION_ACCEPTED; i < INVITATION_EXPIRED; i++) {
        if (str_equal(word, str_of(state_names[i])))
            return (enum invitation_state)i;
    }
    return expires_at <= now ? INVITATION_EXPIRED : INVITATION_PENDING;
}

#define COLUMNS                                                                                              \
    "i.id, i.tenant_id, i.email, i.role, i.status, i.created_at, i.expires_at, u.id, u.name, u.email "       \
    "FROM invitations i LEFT JOIN users u ON u.id = i.invited_by "

static void read_invitation(struct db_rows *rows, struct arena *arena, int64_t now, struct invitation *ret)
{
    *ret = (struct invitation){
        .id = db_col_int(rows, 0),
        .tenant_id = db_col_int(rows, 1),
        .email = db_col_text(rows, 2, arena),
        .role = db_col_text(rows, 3, arena),
        .created_at = db_col_int(rows, 5),
        .expires_at = db_col_int(rows, 6),
        .inviter_id = db_col_int(rows, 7),
        .inviter_name = db_col_text(rows, 8, arena),
        .inviter_email = db_col_text(rows, 9, arena),
    };
    ret->state = state_of(db_col_text(rows, 4, arena), ret->expires_at, now);
}

enum storage_status invitation_by_id(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t id,
                                     int64_t now, struct invitation *ret)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows, "SELECT " COLUMNS "WHERE i.tenant_id = $1 AND i.id = $2",
                 DB_ARGS(db_int(tenant_id), db_int(id)));
    if (status == STORAGE_ROW)
        read_invitation(&rows, arena, now, ret);
    return status;
}

enum storage_status invitation_by_token(struct db_conn *conn, struct arena *arena, struct str token,
                                        int64_t now, struct invitation *ret)
{
    DB_ROWS(rows);
    uint8_t hash[32];
    if (opaque_token_read(token, hash) != OPAQUE_INVITATION)
        return STORAGE_DONE;
    enum storage_status status = db_first(conn, &rows, "SELECT " COLUMNS "WHERE i.token_hash = $1",
                                          DB_ARGS(db_blob(hash, sizeof hash)));
    if (status == STORAGE_ROW)
        read_invitation(&rows, arena, now, ret);
    return status;
}

enum storage_status invitation_list(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                                    int64_t before, int64_t limit, int64_t now, struct invitation **ret,
                                    size_t *ret_n)
{
    DB_ROWS(rows);
    struct invitation *list = ARENA_ARRAY(arena, struct invitation, limit);
    size_t n = 0;
    enum storage_status status =
        db_query(conn, &rows,
                 "SELECT " COLUMNS "WHERE i.tenant_id = $1 AND i.status = 'pending' AND i.id < $2 "
                 "AND i.expires_at > $3 ORDER BY i.id DESC LIMIT $4",
                 DB_ARGS(db_int(tenant_id), db_int(before ? before : INT64_MAX), db_int(now), db_int(limit)));
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        read_invitation(&rows, arena, now, &list[n++]);
        status = STORAGE_OK;
    }
    *ret = list;
    *ret_n = n;
    return status == STORAGE_DONE ? STORAGE_OK : status;
}
