#include "spaces/checkin.h"

#include "base/json.h"
#include "spaces/day.h"

struct work {
    struct db_conn *conn;
    struct arena *arena;
    struct checkin_deed *deed;
};

static enum storage_status refuse(struct checkin_deed *deed, enum checkin_verdict verdict)
{
    deed->verdict = verdict;
    return STORAGE_DONE;
}

/* ---- may they come in ---- */

static enum storage_status find_ticket(struct work *work)
{
    struct checkin_deed *deed = work->deed;
    const struct ticket which = deed->ticket;
    return deed->code == CODE_TICKET ? ticket_by_code(work->conn, work->arena, deed->tenant->id, deed->hash,
                                                      deed->now, &deed->ticket)
                                     : ticket_by_id(work->conn, work->arena, deed->tenant->id, which.kind,
                                                    which.offer_id, which.id, deed->now, &deed->ticket);
}

static int64_t opens_at(const struct ticket *ticket)
{
    return ticket->kind == OFFER_PASS ? day_first_moment(ticket->day) : ticket->starts_at - CHECKIN_EARLY_US;
}

static int64_t closes_at(const struct ticket *ticket)
{
    return ticket->kind == OFFER_PASS ? day_end(ticket->day) : ticket->ends_at;
}

static enum checkin_verdict judge_ticket(struct checkin_deed *deed)
{
    const struct ticket *ticket = &deed->ticket;
    if (ticket->checked_in_at) {
        deed->at = ticket->checked_in_at;
        return CHECKIN_ALREADY;
    }
    if (ticket->status != TICKET_CONFIRMED)
        return ticket->status == TICKET_PENDING ? CHECKIN_NOT_PAID : CHECKIN_VOID;
    deed->at = opens_at(ticket);
    if (deed->now < deed->at)
        return CHECKIN_TOO_EARLY;
    return deed->now >= closes_at(ticket) ? CHECKIN_TOO_LATE : CHECKIN_DONE;
}

/* Until the transaction ends nobody cancels it. OK, DONE when somebody just did, or a failure. */
static enum storage_status hold_ticket(struct work *work)
{
    int64_t changes = 0;
    const struct ticket *ticket = &work->deed->ticket;
    enum storage_status status = db_exec(
        work->conn,
        "UPDATE tickets SET status = status WHERE tenant_id = $1 AND id = $2 AND status = 'confirmed'",
        DB_ARGS(db_int(ticket->tenant_id), db_int(ticket->id)), &changes);
    return status == STORAGE_OK && changes == 0 ? refuse(work->deed, CHECKIN_VOID) : status;
}

static enum storage_status admit_ticket(struct work *work)
{
    struct checkin_deed *deed = work->deed;
    enum storage_status status = find_ticket(work);
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? refuse(deed, CHECKIN_UNKNOWN) : status;
    deed->verdict = judge_ticket(deed);
    return deed->verdict == CHECKIN_DONE ? hold_ticket(work) : STORAGE_DONE;
}

static enum storage_status admit_member(struct work *work)
{
    struct checkin_deed *deed = work->deed;
    enum storage_status status =
        community_by_code(work->conn, work->arena, deed->tenant->id, deed->hash, &deed->member);
    deed->is_member = true;
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? refuse(deed, CHECKIN_UNKNOWN) : status;
    return deed->member.status == COMMUNITY_ACTIVE ? STORAGE_OK : refuse(deed, CHECKIN_INACTIVE);
}

/* ---- once ---- */

static enum storage_status find_earlier(struct work *work, struct db_args key)
{
    DB_ROWS(rows);
    struct checkin_deed *deed = work->deed;
    enum storage_status status = db_first(
        work->conn, &rows,
        "SELECT at FROM checkins WHERE tenant_id = $1 AND (ticket_id = $2 OR (member_id = $3 AND day = $4))",
        key);
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_BUSY : status; /* it went while we looked: once more */
    deed->at = db_col_int(&rows, 0);
    return refuse(deed, CHECKIN_ALREADY);
}

static enum storage_status enter(struct work *work)
{
    DB_ROWS(rows);
    struct checkin_deed *deed = work->deed;
    const struct storage_value values[] = {
        db_int(deed->tenant->id),
        deed->is_member ? db_null() : db_int(deed->ticket.id),
        deed->is_member ? db_int(deed->member.id) : db_null(),
        db_int(day_of(deed->now)),
        db_int(deed->now),
        deed->by_user ? db_int(deed->by_user) : db_null(),
    };
    enum storage_status status =
        db_first(work->conn, &rows,
                 "INSERT INTO checkins (tenant_id, ticket_id, member_id, day, at, by_user) "
                 "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id",
                 (struct db_args){ values, sizeof values / sizeof values[0] });
    if (status == STORAGE_DONE)
        return find_earlier(work, (struct db_args){ values, 4 });
    deed->at = deed->now;
    return status == STORAGE_ROW ? STORAGE_OK : status;
}

static enum storage_status write_down(struct work *work)
{
    const struct checkin_deed *deed = work->deed;
    const struct ticket *ticket = &deed->ticket;
    const struct community_member *member = &deed->member;
    cJSON *after = json_new_object();
    if (!deed->is_member) {
        json_add_str(after, "for", ticket->title);
        json_add_int(after, "quantity", ticket->quantity);
    }
    struct audit_event event = {
        .tenant_id = deed->tenant->id,
        .action = deed->is_member ? "community_member.checked_in" : "ticket.checked_in",
        .target_kind = deed->is_member ? "community_member" : "ticket",
        .target_id = deed->is_member ? member->id : ticket->id,
        .target_name = deed->is_member ? name_in_short(work->arena, member->first_name, member->last_name)
                                       : ticket->email,
        .after = deed->is_member ? STR_NONE : json_print(work->arena, after),
    };
    return audit_append(work->conn, work->arena, &deed->actor, &event, deed->now);
}

static enum storage_status run(struct db_conn *conn, void *context)
{
    struct work *work = context;
    work->conn = conn;
    work->deed->verdict = CHECKIN_DONE;
    enum storage_status status = work->deed->code == CODE_MEMBER ? admit_member(work) : admit_ticket(work);
    if (status == STORAGE_OK)
        status = enter(work);
    return status == STORAGE_OK ? write_down(work) : status;
}

enum storage_status checkin(struct db_conn *conn, struct arena *arena, struct checkin_deed *deed)
{
    struct work work = { .arena = arena, .deed = deed };
    json_use_arena(arena);
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, run, &work);
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

enum storage_status checkin_list(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t before,
                                 int64_t limit, struct checkin_row **ret, size_t *ret_n)
{
    DB_ROWS(rows);
    *ret = ARENA_ARRAY(arena, struct checkin_row, limit);
    *ret_n = 0;
    enum storage_status status = db_query(
        conn, &rows,
        "SELECT c.id, c.at, c.ticket_id, c.member_id, COALESCE(t.name, m.first_name || ' ' || m.last_name), "
        "COALESCE(e.title, p.name, ''), COALESCE(t.quantity, 1), c.by_user FROM checkins c "
        "LEFT JOIN tickets t ON t.tenant_id = c.tenant_id AND t.id = c.ticket_id "
        "LEFT JOIN events e ON e.tenant_id = t.tenant_id AND e.id = t.event_id "
        "LEFT JOIN day_passes p ON p.tenant_id = t.tenant_id AND p.id = t.pass_id "
        "LEFT JOIN community_members m ON m.tenant_id = c.tenant_id AND m.id = c.member_id "
        "WHERE c.tenant_id = $1 AND (c.id < $2 OR CAST($2 AS BIGINT) = 0) ORDER BY c.id DESC LIMIT $3",
        DB_ARGS(db_int(tenant_id), db_int(before), db_int(limit)));
    while (status == STORAGE_OK && (status = db_next(&rows)) == STORAGE_ROW) {
        (*ret)[(*ret_n)++] = (struct checkin_row){
            .id = db_col_int(&rows, 0),
            .at = db_col_int(&rows, 1),
            .ticket_id = db_col_int(&rows, 2),
            .member_id = db_col_int(&rows, 3),
            .name = str_trim(db_col_text(&rows, 4, arena)),
            .title = db_col_text(&rows, 5, arena),
            .quantity = db_col_int(&rows, 6),
            .by_user = db_col_int(&rows, 7),
        };
        status = STORAGE_OK;
    }
    return status == STORAGE_DONE ? STORAGE_OK : status;
}
