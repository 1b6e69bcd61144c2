/* What the payment provider tells. Nothing is believed that does not bear its signature. */
#include "api/spaces/answer.h"
#include "api/spaces/ticket.h"
#include "api/tables.h"
#include "base/log.h"
#include "request/actor.h"
#include "spaces/payment.h"

struct webhook_input {
    struct str id, type, code, currency;
    int64_t amount;
};
static const struct field webhook_fields[] = {
    FIELD(struct webhook_input, id, "id", FIELD_STR, .flags = FIELD_REQUIRED, .max = 200,
          .help = "The event's own: whatever comes with it again does nothing more", .example = "evt_1Q2w3E"),
    FIELD(struct webhook_input, type, "type", FIELD_STR, .flags = FIELD_REQUIRED, .max = 100,
          .help = "payment.succeeded; others are answered and ignored", .example = "payment.succeeded"),
    FIELD(struct webhook_input, code, "code", FIELD_SECRET, .flags = FIELD_REQUIRED, .max = 100,
          .help = "The ticket's code, as the order answered it", .example = "T4K7-XM2P-9QRS-TVWX-YZ01"),
    FIELD(struct webhook_input, amount, "amount", FIELD_INT, .flags = FIELD_REQUIRED, .min = 0,
          .max = INT64_C(9000000000000000), .help = "In minor units; the ticket's own", .example = "3000"),
    FIELD(struct webhook_input, currency, "currency", FIELD_STR, .flags = FIELD_REQUIRED, .min = 3, .max = 3,
          .help = "The ticket's own", .example = "EUR"),
};
static const struct shape webhook_shape = SHAPE("PaymentWebhook", struct webhook_input, webhook_fields);

/* ---- whose it is ---- */

/* Before anything is read of what a stranger may have sent. */
static enum error_code check_signature(struct call *call)
{
    const struct request *request = &call->request;
    arena_wipe_on_free(call->arena);
    bool is_signed = request_header_count(request, "tether-signature") == 1 &&
                     payment_is_signed(call->config, call->arena, request_header(request, "tether-signature"),
                                       request->body, call->now);
    return is_signed ? OK : call_fail(call, ERR_FORBIDDEN, "The signature is not valid.");
}

/* The tenant is the ticket's: the signature covers its code. OK, or the failure is set. */
static enum error_code find_ticket(struct call *call, struct payment *payment)
{
    const struct webhook_input *input = call->input;
    struct ticket *ticket = &payment->deed.ticket;
    if (code_read(input->code, payment->hash) != CODE_TICKET)
        return call_fail(call, ERR_NOT_FOUND, "No ticket has this code.");
    enum storage_status status = ticket_by_code(call->db, call->arena, 0, payment->hash, call->now, ticket);
    if (status == STORAGE_ROW)
        status = tenant_by_id(call->db, call->arena, ticket->tenant_id, &call->tenant);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_NOT_FOUND, "No ticket has this code.");
    return status == STORAGE_ROW ? OK : call_fail_storage(call, status);
}

static enum error_code fill_in(struct call *call, struct payment *payment)
{
    const struct webhook_input *input = call->input;
    struct ticket ticket = payment->deed.ticket;
    enum error_code code = spaces_ticket_begin(call, &payment->deed);
    payment->deed.ticket = ticket;
    payment->deed.actor.kind = AUDIT_SYSTEM;
    payment->deed.actor.name = STR("payment provider");
    payment->deed.code = input->code;
    payment->deed.portal_url = arena_join(call->arena, payment->deed.portal_base, input->code);
    payment->provider_event = input->id;
    payment->amount = input->amount;
    payment->currency = input->currency;
    return code;
}

/* ---- what becomes of it ---- */

static enum error_code refuse(struct call *call, const struct payment *payment)
{
    switch (payment->verdict) {
    case PAYMENT_CONFIRMED:
    case PAYMENT_UNMATCHED:
        return OK;
    case PAYMENT_UNKNOWN:
        return call_fail(call, ERR_NOT_FOUND, "No ticket has this code.");
    case PAYMENT_MISMATCH:
        return call_fail(call, ERR_VALIDATION, "The amount is not what the ticket costs.");
    case PAYMENT_CLASH:
        break;
    }
    return call_fail(call, ERR_CONFLICT, "This event was told before, for something else.");
}

static void answer(struct call *call, struct str outcome, bool is_repeated)
{
    cJSON *json = json_new_object();
    json_add_str(json, "outcome", outcome);
    json_add_bool(json, "repeated", is_repeated);
    spaces_answer(call, 200, json);
}

static enum error_code receive(struct call *call, struct payment *payment)
{
    enum storage_status status = payment_receive(call->db, call->arena, payment);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    enum error_code code = refuse(call, payment);
    if (code != OK)
        return code;
    bool is_paid = payment->verdict == PAYMENT_CONFIRMED;
    if (!is_paid && !payment->is_repeated)
        log_event(LOG_WARN, "a payment came for a ticket that waits for none",
                  LOG_I("ticket", payment->deed.ticket.id), LOG_I("tenant", call->tenant.id),
                  LOG_S("id", call->request.id));
    answer(call, is_paid ? STR("confirmed") : STR("unmatched"), payment->is_repeated);
    return OK;
}

static enum error_code webhook(struct call *call)
{
    const struct webhook_input *input = call->input;
    struct payment payment = { 0 };
    if (!str_equal(input->type, STR("payment.succeeded"))) {
        answer(call, STR("ignored"), false);
        return OK;
    }
    enum error_code code = find_ticket(call, &payment);
    if (code == OK)
        code = fill_in(call, &payment);
    return code == OK ? receive(call, &payment) : code;
}

static const char *const outcomes[] = { "confirmed", "unmatched", "ignored", NULL };
static const struct field outcome_rows[] = {
    ANSWER_FIELD("outcome", FIELD_ENUM, .words = outcomes,
                 .help = "Unmatched: kept, but the ticket waits for no payment", .example = "confirmed"),
    ANSWER_FIELD("repeated", FIELD_BOOL, .help = "The event was told before; nothing happened this time",
                 .example = "false"),
};
static const struct shape outcome_answer = ANSWER_SHAPE("PaymentOutcome", outcome_rows);

static const struct route routes[] = {
    { .op = "spaces_payment_webhook",
      .method = METHOD_POST,
      .path = "/api/public/payments/webhook",
      .need = NEED_PUBLIC,
      .tenant = TENANT_NONE,
      .rate = RATE_VERIFY,
      .body = BODY_JSON,
      .input = &webhook_shape,
      .answer = &outcome_answer,
      .fails = FAILS(ERR_FORBIDDEN, ERR_NOT_FOUND, ERR_CONFLICT),
      .admits = check_signature,
      .handler = webhook,
      .summary = "Takes a signed event of the payment provider: a ticket was paid" },
};

const struct route_table spaces_payments_routes = ROUTE_TABLE(&spaces_surface, routes);
