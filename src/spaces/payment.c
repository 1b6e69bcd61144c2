#include "spaces/payment.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/random.h"

/* ---- the signature ---- */

static bool signature_fits(struct str signature, const uint8_t expected[32])
{
    uint8_t given[32];
    size_t size = 0;
    return hex_decode(signature, given, sizeof given, &size) && size == sizeof given &&
           secret_equal(str_from((const char *)given, sizeof given), str_from((const char *)expected, 32));
}

static bool is_timely(int64_t seconds, int64_t now)
{
    int64_t present = now / CLOCK_SECOND;
    return seconds >= present - PAYMENT_WINDOW_S && seconds <= present + PAYMENT_WINDOW_S;
}

bool payment_is_signed(const struct config *config, struct arena *arena, struct str header, struct str body,
                       int64_t now)
{
    uint8_t expected[32];
    struct str part, rest, name, value;
    int64_t seconds = 0;
    bool fits = false;
    if (str_is_empty(config->payments.webhook_secret) || !str_split(header, ',', &part, &rest) ||
        !str_split(part, '=', &name, &value) || !str_equal(name, STR("t")) || !str_to_int(value, &seconds))
        return false;
    struct str signed_bytes = arena_join(arena, arena_printf(arena, "%lld.", (long long)seconds), body);
    hmac_sha256(config->payments.webhook_secret, signed_bytes, expected);
    for (bool more = true; more;) {
        more = str_split(rest, ',', &part, &rest);
        if (str_split(str_trim(part), '=', &name, &value) && str_equal(name, STR("v1")))
            fits |= signature_fits(value, expected);
    }
    secret_wipe(expected, sizeof expected);
    return fits && is_timely(seconds, now);
}

/* ---- what it says ---- */

struct work {
    struct db_conn *conn;
    struct arena *arena;
    struct payment *payment;
};

static enum storage_status end(struct payment *payment, enum payment_verdict verdict)
{
    payment->verdict = verdict;
    return STORAGE_DONE;
}

/* OK: it is new. DONE: it was told before, with the verdict. */
static enum storage_status find_earlier(struct work *work)
{
    DB_ROWS(rows);
    struct payment *payment = work->payment;
    const struct ticket *ticket = &payment->deed.ticket;
    enum storage_status status = db_first(
        work->conn, &rows,
        "SELECT tenant_id, ticket_id, amount, currency, outcome FROM payments WHERE provider_event = $1",
        DB_ARGS(db_text(payment->provider_event)));
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? STORAGE_OK : status;
    bool is_same = db_col_int(&rows, 0) == ticket->tenant_id && db_col_int(&rows, 1) == ticket->id &&
                   db_col_int(&rows, 2) == payment->amount &&
                   str_equal(db_col_text(&rows, 3, work->arena), payment->currency);
    struct str outcome = db_col_text(&rows, 4, work->arena);
    payment->is_repeated = is_same;
    if (!is_same)
        return end(payment, PAYMENT_CLASH);
    return end(payment, str_equal(outcome, STR("confirmed")) ? PAYMENT_CONFIRMED : PAYMENT_UNMATCHED);
}

static enum storage_status judge(struct work *work)
{
    struct payment *payment = work->payment;
    struct ticket *ticket = &payment->deed.ticket;
    enum storage_status status = ticket_by_code(work->conn, work->arena, payment->deed.tenant->id,
                                                payment->hash, payment->deed.now, ticket);
    if (status != STORAGE_ROW)
        return status == STORAGE_DONE ? end(payment, PAYMENT_UNKNOWN) : status;
    if (payment->amount != ticket->amount || !str_equal(payment->currency, ticket->currency))
        return end(payment, PAYMENT_MISMATCH);
    return STORAGE_OK;
}

static enum storage_status keep(struct work *work, struct str outcome)
{
    DB_ROWS(rows);
    const struct payment *payment = work->payment;
    const struct ticket *ticket = &payment->deed.ticket;
    enum storage_status status =
        db_first(work->conn, &rows,
                 "INSERT INTO payments (tenant_id, provider_event, ticket_id, amount, currency, outcome, at) "
                 "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (provider_event) DO NOTHING RETURNING id",
                 DB_ARGS(db_int(ticket->tenant_id), db_text(payment->provider_event), db_int(ticket->id),
                         db_int(payment->amount), db_text(payment->currency), db_text(outcome),
                         db_int(payment->deed.now)));
    /* Somebody brought the same event at the same time: look again. */
    return status == STORAGE_ROW ? STORAGE_OK : status == STORAGE_DONE ? STORAGE_BUSY : status;
}

static enum storage_status write_down(struct work *work, const char *action)
{
    const struct payment *payment = work->payment;
    const struct ticket *ticket = &payment->deed.ticket;
    cJSON *after = json_new_object();
    json_add_str(after, "event", payment->provider_event);
    json_add_int(after, "amount", payment->amount);
    json_add_str(after, "currency", payment->currency);
    json_add_str(after, "ticket_status", str_of(ticket_status_name(ticket->status)));
    struct audit_event event = {
        .tenant_id = ticket->tenant_id,
        .action = action,
        .target_kind = "ticket",
        .target_id = ticket->id,
        .target_name = ticket->email,
        .after = json_print(work->arena, after),
    };
    return audit_append(work->conn, work->arena, &payment->deed.actor, &event, payment->deed.now);
}

static enum storage_status run(struct db_conn *conn, void *context)
{
    struct work *work = context;
    struct payment *payment = work->payment;
    work->conn = conn;
    payment->is_repeated = false;
    enum storage_status status = judge(work);
    if (status == STORAGE_OK)
        status = find_earlier(work);
    if (status == STORAGE_OK)
        status = ticket_confirm_in(conn, work->arena, &payment->deed);
    if (status != STORAGE_OK)
        return status;
    bool is_paid = payment->deed.verdict == TICKET_DONE;
    payment->verdict = is_paid ? PAYMENT_CONFIRMED : PAYMENT_UNMATCHED;
    status = keep(work, is_paid ? STR("confirmed") : STR("unmatched"));
    return status == STORAGE_OK ? write_down(work, is_paid ? "payment.received" : "payment.unmatched")
                                : status;
}

enum storage_status payment_receive(struct db_conn *conn, struct arena *arena, struct payment *payment)
{
    struct work work = { .arena = arena, .payment = payment };
    json_use_arena(arena);
    enum storage_status status = db_transaction(conn, STORAGE_WRITE, run, &work);
    return status == STORAGE_DONE ? STORAGE_OK : status;
}
