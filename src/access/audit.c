/* Appending to the audit log.
 *
 * The head row of a tenant's chain is raised first, which locks it: of two deeds at the same time the second
 * waits for the first (or starts over), and then stands behind it in the chain. So numbers have no gaps and
 * no two rows share a predecessor, on either engine. */
#include "access/audit.h"

#include <stdio.h>
#include <stdlib.h>

#include "access/audit_chain.h"

static const char *const actor_kinds[AUDIT_ACTOR_KIND_COUNT] = {
    [AUDIT_ANONYMOUS] = "anonymous", [AUDIT_USER] = "user", [AUDIT_API_TOKEN] = "api_token",
    [AUDIT_DEVICE] = "device",       [AUDIT_CLI] = "cli",   [AUDIT_SYSTEM] = "system",
};

static const struct audit_action actions[] = {
#define X(name_, target_kind_, help_) { .name = (name_), .target_kind = (target_kind_), .help = (help_) },
#include "access/audit_actions.def"
#undef X
};

const char *audit_actor_kind_name(enum audit_actor_kind kind)
{
    return actor_kinds[kind];
}

const struct audit_action *audit_actions(size_t *ret_n)
{
    *ret_n = sizeof actions / sizeof actions[0];
    return actions;
}

/* A deed that is not in the table is a mistake in our own code: it stops the program. */
static void check_action(const struct audit_event *event)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(event->action, actions[i].name) == 0 &&
            strcmp(event->target_kind, actions[i].target_kind) == 0)
            return;
    }
    fprintf(stderr, "audit: %s on a %s is not in audit_actions.def\n", event->action, event->target_kind);
    abort();
}

/* The next place in the chain, locked until the transaction ends, and the hash of the row before. */
static enum storage_status take_place(struct db_conn *conn, int64_t tenant_id, int64_t *ret_seq,
                                      uint8_t ret_previous[AUDIT_HASH_BYTES], struct arena *arena)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows,
                 "INSERT INTO audit_heads (tenant_id, seq, hash, first_hash) VALUES ($1, 1, $2, $2) "
                 "ON CONFLICT (tenant_id) DO UPDATE SET seq = audit_heads.seq + 1 RETURNING seq, hash",
                 DB_ARGS(db_int(tenant_id), db_blob(audit_chain_start, AUDIT_HASH_BYTES)));
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_ERROR : status;
    struct str hash = db_col_blob(&rows, 1, arena);
    if (hash.len != AUDIT_HASH_BYTES)
        return STORAGE_ERROR;
    *ret_seq = db_col_int(&rows, 0);
    memcpy(ret_previous, hash.at, AUDIT_HASH_BYTES);
    return STORAGE_OK;
}

static enum storage_status insert_row(struct db_conn *conn, const struct audit_row *row,
                                      const uint8_t hash[AUDIT_HASH_BYTES])
{
    return db_exec(
        conn,
        "INSERT INTO audit_log (tenant_id, seq, at, action, actor_kind, actor_id, actor_name, target_kind, "
        "target_id, target_name, before_json, after_json, address, request_id, hash) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        DB_ARGS(db_int(row->tenant_id), db_int(row->seq), db_int(row->at), db_text(row->action),
                db_text(row->actor_kind), db_int(row->actor_id), db_text(row->actor_name),
                db_text(row->target_kind), db_int(row->target_id), db_text(row->target_name),
                db_text_or_null(row->before), db_text_or_null(row->after), db_text(row->address),
                db_text(row->request_id), db_blob(hash, AUDIT_HASH_BYTES)),
        NULL);
}

static struct audit_row row_of(const struct audit_actor *actor, const struct audit_event *event, int64_t now)
{
    return (struct audit_row){
        .tenant_id = event->tenant_id,
        .at = now,
        .action = str_of(event->action),
        .actor_kind = str_of(audit_actor_kind_name(actor->kind)),
        .actor_id = actor->id,
        .actor_name = actor->name,
        .target_kind = str_of(event->target_kind),
        .target_id = event->target_id,
        .target_name = event->target_name,
        .before = event->before,
        .after = event->after,
        .address = actor->address,
        .request_id = actor->request_id,
    };
}

enum storage_status audit_append(struct db_conn *conn, struct arena *arena, const struct audit_actor *actor,
                                 const struct audit_event *event, int64_t now)
{
    uint8_t previous[AUDIT_HASH_BYTES], hash[AUDIT_HASH_BYTES];
    check_action(event);
    struct audit_row row = row_of(actor, event, now);
    enum storage_status status = take_place(conn, row.tenant_id, &row.seq, previous, arena);
    if (status != STORAGE_OK)
        return status;
    audit_chain_hash(arena, &row, previous, hash);
    status = insert_row(conn, &row, hash);
    if (status != STORAGE_OK)
        return status;
    return db_exec(conn, "UPDATE audit_heads SET hash = $2 WHERE tenant_id = $1",
                   DB_ARGS(db_int(row.tenant_id), db_blob(hash, AUDIT_HASH_BYTES)), NULL);
}
