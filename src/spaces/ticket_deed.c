/* Deeds on tickets. Confirming, cancelling and reissuing go one way: read, judge, change, write it down; what
 * differs stands in the table of kinds. Ordering has its own beginning and the same end. */
#include "access/shared_rate.h"
#include "base/json.h"
#include "base/text.h"
#include "spaces/ticket_mail.h"
#include "spaces/ticket_row.h"

#define ORDER_SWEEP 100 /* overdue tickets that one order looks through for seats */

struct work {
    struct db_conn *conn;
    struct arena *arena;
    struct ticket_deed *deed;
    const struct kind *kind;
    enum ticket_status before;
    uint8_t hash[CODE_HASH_BYTES];
};

struct kind {
    const char *action;
    /* deed->verdict says what stands in the way; OK or a failure. */
    enum storage_status (*judge)(struct work *work);
    /* OK, DONE when somebody was faster (with the verdict) or a failure. */
    enum storage_status (*apply)(struct work *work);
    enum ticket_mail mail;
};

static enum storage_status refuse(struct ticket_deed *deed, enum ticket_verdict verdict)
{
    deed->verdict = verdict;
    return STORAGE_DONE;
}

/* ---- what all end with ---- */

static struct str describe(struct arena *arena, const struct ticket *ticket, enum ticket_status status)
{
    cJSON *json = json_new_object();
    json_add_str(json, "status", str_of(ticket_status_name(status)));
    json_add_str(json, "for", ticket->title);
    json_add_int(json, "quantity", ticket->quantity);
    json_add_int(json, "amount", ticket->amount);
    json_add_str(json, "currency", ticket->currency);
    return json_print(arena, json);
}

static enum storage_status write_down(struct db_conn *conn, struct arena *arena,
                                      const struct ticket_deed *deed, const char *action, struct str before)
{
    const struct ticket *ticket = &deed->ticket;
    struct audit_event event = {
        .tenant_id = ticket->tenant_id,
        .action = action,
        .target_kind = "ticket",
        .target_id = ticket->id,
        .target_name = ticket->email,
        .before = before,
        .after = describe(arena, ticket, ticket->status),
    };
    return audit_append(conn, arena, &deed->actor, &event, deed->now);
}

static enum storage_status send_and_write_down(struct work *work)
{
    struct ticket_deed *deed = work->deed;
    bool is_new = work->kind->judge == NULL;
    struct str before = is_new ? STR_NONE : describe(work->arena, &deed->ticket, work->before);
    enum storage_status status = ticket_mail_send(work->conn, work->arena, deed, work->kind->mail);
    return status == STORAGE_OK ? write_down(work->conn, work->arena, deed, work->kind->action, before)
                                : status;
}

/* A new code for the ticket; the link to it, where it is known where pages are. */
static void make_code(struct work *work)
{
    struct ticket_deed *deed = work->deed;
    deed->code = code_new(work->arena, CODE_TICKET, work->hash);
    deed->ticket.hint = code_hint(deed->code);
    deed->portal_url = arena_printf(work->arena, "%.*s%.*s", STR_ARG(deed->portal_base), STR_ARG(deed->code));
}

/* ---- seats ---- */

static struct offer offer_of(const struct ticket *ticket)
{
    return (struct offer){
        .kind = ticket->kind, .tenant_id = ticket->tenant_id, .id = ticket->offer_id, .day = ticket->day
    };
}

/* From one stored status to another, by whoever is first. OK, DONE or a failure. */
static enum storage_status move(struct db_conn *conn, const struct ticket *ticket, enum ticket_status from,
                                enum ticket_status to, int64_t now)
{
    int64_t changes = 0;
    bool is_end = to == TICKET_CANCELLED || to == TICKET_EXPIRED;
    enum storage_status status =
        db_exec(conn,
                "UPDATE tickets SET status = $4, confirmed_at = COALESCE($5, confirmed_at), ended_at = $6 "
                "WHERE tenant_id = $1 AND id = $2 AND status = $3",
                DB_ARGS(db_int(ticket->tenant_id), db_int(ticket->id),
                        db_text(str_of(ticket_status_name(from))), db_text(str_of(ticket_status_name(to))),
                        is_end ? db_null() : db_int(now), is_end ? db_int(now) : db_null()),
                &changes);
    return status == STORAGE_OK && changes == 0 ? STORAGE_DONE : status;
}

/* One overdue ticket to expired, with its seats. */
static enum storage_status expire(struct db_conn *conn, struct arena *arena, const struct ticket *ticket,
                                  int64_t now)
{
    struct ticket_deed deed = { .actor = { .kind = AUDIT_SYSTEM }, .now = now, .ticket = *ticket };
    struct offer offer = offer_of(ticket);
    enum storage_status status = move(conn, ticket, TICKET_PENDING, TICKET_EXPIRED, now);
    if (status == STORAGE_OK)
        status = offer_give_back(conn, &offer, ticket->quantity);
    if (status == STORAGE_OK)
        status = ticket_mail_drop(conn, ticket);
    return status == STORAGE_OK ? write_down(conn, arena, &deed, "ticket.expired", STR_NONE) : status;
}

static enum storage_status sweep(struct db_conn *conn, struct arena *arena, const struct offer *offer,
                                 int64_t now, int64_t limit, int64_t *ret)
{
    struct ticket *tickets;
    size_t n = 0;
    enum storage_status status = ticket_overdue(conn, arena, offer, now, limit, &tickets, &n);
    for (size_t i = 0; i < n && status == STORAGE_OK; i++)
        status = expire(conn, arena, &tickets[i], now);
    *ret = (int64_t)n;
    return status;
}

enum storage_status ticket_sweep(struct db_conn *conn, struct arena *arena, int64_t now, int64_t limit,
                                 int64_t *ret)
{
    json_use_arena(arena);
    return sweep(conn, arena, NULL, now, limit, ret);
}

/* When they seem to be gone, what was not paid in time is looked through. OK, DONE or a failure. */
static enum storage_status take_seats(struct work *work, struct offer *offer, int64_t quantity)
{
    int64_t swept = 0;
    enum storage_status status = offer_take(work->conn, offer, quantity);
    if (status != STORAGE_DONE)
        return status;
    status = sweep(work->conn, work->arena, offer, work->deed->now, ORDER_SWEEP, &swept);
    if (status == STORAGE_OK)
        status = swept ? offer_take(work->conn, offer, quantity) : STORAGE_DONE;
    return status;
}

/* ---- ordering ---- */

static enum storage_status judge_offer(struct work *work)
{
    struct ticket_deed *deed = work->deed;
    struct offer *offer = &deed->offer;
    enum storage_status status =
        offer_find(work->conn, work->arena, deed->tenant->id, deed->kind, deed->offer_id, deed->day, offer);
    bool is_hidden = status == STORAGE_ROW && !offer->is_published && !deed->is_staff;
    if (status == STORAGE_DONE || is_hidden)
        return refuse(deed, TICKET_UNKNOWN);
    if (status != STORAGE_ROW)
        return status;
    if (deed->is_staff)
        return STORAGE_OK;
    if (deed->now < offer->opens_at)
        return refuse(deed, TICKET_NOT_YET);
    return deed->now >= offer->closes_at ? refuse(deed, TICKET_TOO_LATE) : STORAGE_OK;
}

/* It counts with the order alone: what is refused or fails counts nothing. */
static enum storage_status count_order(struct work *work)
{
    struct ticket_deed *deed = work->deed;
    const struct rate rate = { TICKET_ORDERS_MAX, TICKET_ORDERS_US };
    struct str email = text_normal_email(work->arena, deed->email);
    if (deed->is_staff || !deed->config->rate_limits.enabled)
        return STORAGE_OK;
    enum storage_status status = shared_rate_count(work->conn, arena_join(work->arena, STR("order:"), email),
                                                   &rate, deed->now, &deed->retry_at);
    return status == STORAGE_DONE ? refuse(deed, TICKET_TOO_MANY) : status;
}

static enum storage_status insert(struct work *work)
{
    DB_ROWS(rows);
    struct ticket *ticket = &work->deed->ticket;
    bool is_event = ticket->kind == OFFER_EVENT;
    enum storage_status status = db_first(
        work->conn, &rows,
        "INSERT INTO tickets (tenant_id, event_id, pass_id, day, name, email, quantity, amount, currency, "
        "status, code_hash, code_hint, created_at, expires_at, confirmed_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) RETURNING id",
        DB_ARGS(db_int(ticket->tenant_id), is_event ? db_int(ticket->offer_id) : db_null(),
                is_event ? db_null() : db_int(ticket->offer_id), db_int(ticket->day), db_text(ticket->name),
                db_text(ticket->email), db_int(ticket->quantity), db_int(ticket->amount),
                db_text(ticket->currency), db_text(str_of(ticket_status_name(ticket->status))),
                db_blob(work->hash, sizeof work->hash), db_text(ticket->hint), db_int(ticket->created_at),
                db_int(ticket->expires_at), ticket->confirmed_at ? db_int(ticket->confirmed_at) : db_null()));
    if (status == STORAGE_ROW)
        ticket->id = db_col_int(&rows, 0);
    return status == STORAGE_ROW ? STORAGE_OK : status;
}

static void fill_in(struct work *work)
{
    struct ticket_deed *deed = work->deed;
    const struct offer *offer = &deed->offer;
    bool is_free = offer->price == 0;
    deed->ticket = (struct ticket){
        .tenant_id = offer->tenant_id,
        .kind = offer->kind,
        .offer_id = offer->id,
        .day = offer->day,
        .title = offer->title,
        .location = offer->location,
        .starts_at = offer->starts_at,
        .ends_at = offer->ends_at,
        .name = deed->name,
        .email = deed->email,
        .quantity = deed->quantity,
        .amount = offer->price * deed->quantity,
        .currency = offer->currency,
        .status = is_free ? TICKET_CONFIRMED : TICKET_PENDING,
        .holds_seats = true,
        .created_at = deed->now,
        .expires_at = deed->now + deed->config->payments.pending_ttl_us,
        .confirmed_at = is_free ? deed->now : 0,
    };
    make_code(work);
}

static enum storage_status order_in(struct db_conn *conn, void *context)
{
    static const struct kind free_ = { .action = "ticket.ordered", .mail = TICKET_MAIL_CONFIRMED };
    static const struct kind paid = { .action = "ticket.ordered", .mail = TICKET_MAIL_PENDING };
    struct work *work = context;
    struct ticket_deed *deed = work->deed;
    deed->verdict = TICKET_DONE;
    work->conn = conn;
    enum storage_status status = judge_offer(work);
    if (status == STORAGE_OK)
        status = count_order(work);
    if (status != STORAGE_OK)
        return status;
    status = take_seats(work, &deed->offer, deed->quantity);
    if (status != STORAGE_OK)
        return status == STORAGE_DONE ? refuse(deed, TICKET_SOLD_OUT) : status;
    fill_in(work);
    work->kind = deed->offer.price == 0 ? &free_ : &paid;
    status = insert(work);
    return status == STORAGE_OK ? send_and_write_down(work) : status;
}

/* ---- confirming ---- */

static enum storage_status judge_pending(struct work *work)
{
    struct ticket_deed *deed = work->deed;
    bool may_be_paid = deed->ticket.status == TICKET_PENDING || deed->ticket.status == TICKET_EXPIRED;
    if (!may_be_paid)
        deed->verdict = TICKET_NOT_PENDING;
    return STORAGE_OK;
}

/* Of one that gave its seats back. */
static enum storage_status take_seats_again(struct work *work)
{
    struct ticket_deed *deed = work->deed;
    const struct ticket *ticket = &deed->ticket;
    enum storage_status status = offer_find(work->conn, work->arena, ticket->tenant_id, ticket->kind,
                                            ticket->offer_id, ticket->day, &deed->offer);
    if (status == STORAGE_ROW)
        status = take_seats(work, &deed->offer, ticket->quantity);
    return status == STORAGE_DONE ? refuse(deed, TICKET_SOLD_OUT) : status;
}

static enum storage_status apply_confirm(struct work *work)
{
    struct ticket_deed *deed = work->deed;
    struct ticket *ticket = &deed->ticket;
    enum ticket_status from = ticket->holds_seats ? TICKET_PENDING : TICKET_EXPIRED;
    enum storage_status status = ticket->holds_seats ? STORAGE_OK : take_seats_again(work);
    if (status != STORAGE_OK)
        return status;
    status = move(work->conn, ticket, from, TICKET_CONFIRMED, deed->now);
    if (status == STORAGE_DONE)
        return refuse(deed, TICKET_NOT_PENDING);
    ticket->status = TICKET_CONFIRMED;
    ticket->confirmed_at = deed->now;
    ticket->ended_at = 0;
    return status == STORAGE_OK ? ticket_mail_drop(work->conn, ticket) : status;
}

/* ---- cancelling ---- */

static enum storage_status judge_open(struct work *work)
{
    struct ticket_deed *deed = work->deed;
    const struct ticket *ticket = &deed->ticket;
    if (ticket->status != TICKET_PENDING && ticket->status != TICKET_CONFIRMED)
        deed->verdict = TICKET_NOT_OPEN;
    else if (ticket->checked_in_at)
        deed->verdict = TICKET_USED;
    else if (deed->now >= ticket->starts_at && !deed->is_staff)
        deed->verdict = TICKET_TOO_LATE;
    return STORAGE_OK;
}

static enum storage_status apply_cancel(struct work *work)
{
    struct ticket_deed *deed = work->deed;
    struct ticket *ticket = &deed->ticket;
    struct offer offer = offer_of(ticket);
    enum storage_status status = move(work->conn, ticket, ticket->status, TICKET_CANCELLED, deed->now);
    if (status == STORAGE_DONE)
        return refuse(deed, TICKET_NOT_OPEN);
    ticket->status = TICKET_CANCELLED;
    ticket->ended_at = deed->now;
    if (status == STORAGE_OK)
        status = offer_give_back(work->conn, &offer, ticket->quantity);
    return status == STORAGE_OK ? ticket_mail_drop(work->conn, ticket) : status;
}

/* ---- reissuing ---- */

static enum storage_status apply_reissue(struct work *work)
{
    struct ticket_deed *deed = work->deed;
    make_code(work);
    enum storage_status status = db_exec(
        work->conn, "UPDATE tickets SET code_hash = $3, code_hint = $4 WHERE tenant_id = $1 AND id = $2",
        DB_ARGS(db_int(deed->ticket.tenant_id), db_int(deed->ticket.id),
                db_blob(work->hash, sizeof work->hash), db_text(deed->ticket.hint)),
        NULL);
    return status == STORAGE_OK ? ticket_mail_drop(work->conn, &deed->ticket) : status;
}

/* ---- all deeds ---- */

static const struct kind confirm = { "ticket.confirmed", judge_pending, apply_confirm, TICKET_MAIL_PAID };
static const struct kind cancel = { "ticket.cancelled", judge_open, apply_cancel, TICKET_MAIL_CANCELLED };
static const struct kind reissue = { "ticket.reissued", judge_open, apply_reissue, TICKET_MAIL_AGAIN };

/* DONE: refused, deed->verdict says why. */
static enum storage_status change(struct work *work)
{
    struct ticket_deed *deed = work->deed;
    struct ticket which = deed->ticket;
    deed->verdict = TICKET_DONE;
    enum storage_status status = ticket_by_id(work->conn, work->arena, which.tenant_id, which.kind,
                                              which.offer_id, which.id, deed->now, &deed->ticket);
    if (status == STORAGE_DONE)
        return refuse(deed, TICKET_UNKNOWN);
    work->before = deed->ticket.status;
    if (status == STORAGE_ROW)
        status = work->kind->judge(work);
    if (status == STORAGE_OK && deed->verdict != TICKET_DONE)
        return STORAGE_DONE;
    if (status == STORAGE_OK)
        status = work->kind->apply(work);
    return status == STORAGE_OK ? send_and_write_down(work) : status;
}

/* The ticket is named anew at each attempt: what an earlier one read is not kept. */
static enum storage_status change_in(struct db_conn *conn, void *context)
{
    struct work *work = context;
    work->conn = conn;
    return change(work);
}

static enum storage_status carry_out(struct db_conn *conn, struct arena *arena, struct ticket_deed *deed,
                                     db_tx_fn fn, const struct kind *kind)
{
    struct work work = { .arena = arena, .deed = deed, .kind = kind };
    json_use_arena(arena);
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, fn, &work);
    return status == STORAGE_DONE ? STORAGE_OK : status;
}

enum storage_status ticket_order(struct db_conn *conn, struct arena *arena, struct ticket_deed *deed)
{
    return carry_out(conn, arena, deed, order_in, NULL);
}

enum storage_status ticket_confirm(struct db_conn *conn, struct arena *arena, struct ticket_deed *deed)
{
    return carry_out(conn, arena, deed, change_in, &confirm);
}

enum storage_status ticket_cancel(struct db_conn *conn, struct arena *arena, struct ticket_deed *deed)
{
    return carry_out(conn, arena, deed, change_in, &cancel);
}

enum storage_status ticket_reissue(struct db_conn *conn, struct arena *arena, struct ticket_deed *deed)
{
    return carry_out(conn, arena, deed, change_in, &reissue);
}

enum storage_status ticket_confirm_in(struct db_conn *conn, struct arena *arena, struct ticket_deed *deed)
{
    struct work work = { .conn = conn, .arena = arena, .deed = deed, .kind = &confirm };
    enum storage_status status = change(&work);
    return status == STORAGE_DONE ? STORAGE_OK : status;
}
