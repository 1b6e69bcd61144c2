#include "api/spaces/ticket.h"

#include "api/public_url.h"
#include "api/spaces/answer.h"
#include "base/text.h"
#include "request/actor.h"
#include "spaces/day.h"

enum offer_kind spaces_offer_kind(const struct call *call)
{
    return strstr(call->route->path, "/events/") ? OFFER_EVENT : OFFER_PASS;
}

/* ---- in answers ---- */

const char *const spaces_offer_words[] = { "event", "day_pass", NULL };
const char *const spaces_ticket_words[] = { "pending", "confirmed", "cancelled", "expired", NULL };

#define TICKET_ROWS                                                                                          \
    ANSWER_FIELD("id", FIELD_ID, .help = "Names it for good", .example = "7"),                               \
        ANSWER_FIELD("event_id", FIELD_ID, .flags = FIELD_OPTIONAL, .help = "The event", .example = "3"),    \
        ANSWER_FIELD("pass_id", FIELD_ID, .flags = FIELD_OPTIONAL, .help = "The day pass", .example = "3"),  \
        SPACES_OFFER_ROWS, ANSWER_FIELD("name", FIELD_STR, .help = "Who comes", .example = "Jane Smith"),    \
        ANSWER_FIELD("email", FIELD_EMAIL, .help = "Where the ticket was sent",                              \
                     .example = "jane@example.com"),                                                         \
        SPACES_PAYING_ROWS,                                                                                  \
        ANSWER_FIELD("code_hint", FIELD_STR, .help = "How its code ends", .example = "YZ01"),                \
        ANSWER_FIELD("created_at", FIELD_TIME, .help = "When it was ordered",                                \
                     .example = "2026-11-27T12:00:00Z"),                                                     \
        ANSWER_FIELD("confirmed_at", FIELD_TIME, .flags = FIELD_NULLABLE, .help = "When it was paid",        \
                     .example = "2026-11-27T12:00:00Z"),                                                     \
        ANSWER_FIELD("ended_at", FIELD_TIME, .flags = FIELD_NULLABLE,                                        \
                     .help = "When it was cancelled or expired", .example = "2026-11-27T12:00:00Z"),         \
        ANSWER_FIELD("checked_in_at", FIELD_TIME, .flags = FIELD_NULLABLE, .help = "When they came",         \
                     .example = "2026-12-04T16:50:00Z")
static const struct field ticket_rows[] = { TICKET_ROWS };
static const struct field ticket_with_code_rows[] = {
    TICKET_ROWS,
    ANSWER_FIELD("code", FIELD_STR, .help = "Its key; told this once", .example = "T4K7-XM2P-9QRS-TVWX-YZ01"),
    ANSWER_FIELD("portal_url", FIELD_STR, .help = "Where its holder sees it",
                 .example = "https://acme.example.com/portal/T4K7-XM2P-9QRS-TVWX-YZ01"),
};
const struct shape spaces_ticket_answer = ANSWER_SHAPE("Ticket", ticket_rows);
const struct shape spaces_ticket_with_code_answer = ANSWER_SHAPE("TicketWithCode", ticket_with_code_rows);

void spaces_add_offer(struct call *call, cJSON *object, const struct ticket *ticket)
{
    bool is_pass = ticket->kind == OFFER_PASS;
    json_add_str(object, "kind", is_pass ? STR("day_pass") : STR("event"));
    json_add_str(object, "title", ticket->title);
    json_add_str(object, "location", ticket->location);
    json_add_time(object, "starts_at", ticket->starts_at);
    json_add_time(object, "ends_at", ticket->ends_at);
    json_add_str_or_null(object, "date", is_pass ? day_write(call->arena, ticket->day) : STR_NONE);
}

cJSON *spaces_ticket_json(struct call *call, const void *shown)
{
    const struct ticket *ticket = shown;
    cJSON *json = json_new_object();
    json_add_int(json, "id", ticket->id);
    json_add_int(json, ticket->kind == OFFER_PASS ? "pass_id" : "event_id", ticket->offer_id);
    spaces_add_offer(call, json, ticket);
    json_add_str(json, "name", ticket->name);
    json_add_str(json, "email", ticket->email);
    json_add_int(json, "quantity", ticket->quantity);
    json_add_int(json, "amount", ticket->amount);
    json_add_str(json, "currency", ticket->currency);
    json_add_str(json, "status", str_of(ticket_status_name(ticket->status)));
    json_add_str(json, "code_hint", ticket->hint);
    json_add_time(json, "created_at", ticket->created_at);
    json_add_time(json, "expires_at", ticket->status == TICKET_PENDING ? ticket->expires_at : 0);
    json_add_time(json, "confirmed_at", ticket->confirmed_at);
    json_add_time(json, "ended_at", ticket->ended_at);
    json_add_time(json, "checked_in_at", ticket->checked_in_at);
    return json;
}

/* ---- deeds ---- */

enum error_code spaces_ticket_begin(struct call *call, struct ticket_deed *ret)
{
    struct str origin;
    arena_wipe_on_free(call->arena); /* a code may pass */
    enum error_code code = public_url(call, &call->tenant, &origin);
    *ret = (struct ticket_deed){
        .config = call->config,
        .tenant = &call->tenant,
        .actor = call_actor(call),
        .portal_base = arena_join(call->arena, origin, STR("/portal/")),
        .now = call->now,
    };
    return code;
}

static const char *open_text(const struct call *call, const struct ticket_deed *deed)
{
    return arena_printf(call->arena, "This is not to be had before %.*s.",
                        STR_ARG(clock_iso8601(call->arena, deed->offer.opens_at)))
        .at;
}

static const char *left_text(const struct call *call, const struct ticket_deed *deed)
{
    int64_t left = deed->offer.capacity - deed->offer.taken;
    return left > 0 ? arena_printf(call->arena, "Only %lld left.", (long long)left).at : "This is sold out.";
}

static const char *state_text(const struct call *call, const struct ticket_deed *deed)
{
    return arena_printf(call->arena, "This ticket is %s.", ticket_status_name(deed->ticket.status)).at;
}

static enum error_code fail_too_many(struct call *call, const struct ticket_deed *deed)
{
    call_fail(call, ERR_RATE_LIMIT, "This address has ordered too often; try again later.");
    call->failure.retry_after = (deed->retry_at - call->now) / CLOCK_SECOND + 1;
    return ERR_RATE_LIMIT;
}

enum error_code spaces_ticket_refuse(struct call *call, const struct ticket_deed *deed)
{
    switch (deed->verdict) {
    case TICKET_DONE:
        return OK;
    case TICKET_UNKNOWN:
        return call_fail(call, ERR_NOT_FOUND, NULL);
    case TICKET_NOT_YET:
        return call_fail(call, ERR_CONFLICT, open_text(call, deed));
    case TICKET_TOO_LATE:
        return call_fail(call, ERR_CONFLICT,
                         deed->ticket.id ? "It is too late to cancel this ticket." : "This is over.");
    case TICKET_SOLD_OUT:
        return call_fail(call, ERR_CONFLICT, left_text(call, deed));
    case TICKET_TOO_MANY:
        return fail_too_many(call, deed);
    case TICKET_USED:
        return call_fail(call, ERR_CONFLICT, "This ticket has been used.");
    case TICKET_NOT_PENDING:
    case TICKET_NOT_OPEN:
        break;
    }
    return call_fail(call, ERR_CONFLICT, state_text(call, deed));
}

/* ---- ordering ---- */

bool spaces_read_day(const struct call *call, struct str date, int64_t *ret)
{
    return day_read(date, ret) && *ret <= day_of(call->now) + OFFER_DAYS_AHEAD;
}

static const struct field registration_fields[] = { SPACES_ORDER_ROWS };
static const struct field purchase_fields[] = {
    SPACES_ORDER_ROWS,
    FIELD(struct spaces_order_input, date, "date", FIELD_STR, .flags = FIELD_REQUIRED, .max = 10,
          .help = "The day it is for", .example = "2026-12-01"),
};
const struct shape spaces_registration_shape =
    SHAPE("RegistrationCreate", struct spaces_order_input, registration_fields);
const struct shape spaces_purchase_shape =
    SHAPE("PurchaseCreate", struct spaces_order_input, purchase_fields);

static enum error_code read_order(struct call *call, struct ticket_deed *deed)
{
    const struct spaces_order_input *input = call->input;
    deed->kind = spaces_offer_kind(call);
    deed->name = str_trim(input->name);
    deed->email = input->email;
    deed->quantity = input->quantity ? input->quantity : 1;
    deed->actor =
        call->principal.kind == PRINCIPAL_NONE ? call_actor_unknown(call, input->email) : deed->actor;
    if (!call_path_id(call, 0, &deed->offer_id))
        return ERR_NOT_FOUND;
    if (!text_is_line(deed->name))
        return call_fail_field(call, "name", VIOLATION_CUSTOM, "The name must be one line of text.");
    if (deed->kind == OFFER_PASS && !spaces_read_day(call, input->date, &deed->day))
        return call_fail_field(call, "date", VIOLATION_CUSTOM, SPACES_BAD_DAY);
    return OK;
}

enum error_code spaces_order(struct call *call, bool is_staff, struct ticket_deed *ret)
{
    enum error_code code = spaces_ticket_begin(call, ret);
    if (code == OK)
        code = read_order(call, ret);
    if (code != OK)
        return code;
    ret->is_staff = is_staff;
    enum storage_status status = ticket_order(call->db, call->arena, ret);
    return status == STORAGE_OK ? spaces_ticket_refuse(call, ret) : call_fail_storage(call, status);
}

/* ---- checking in ---- */

struct checkin_deed spaces_checkin_begin(const struct call *call)
{
    return (struct checkin_deed){
        .tenant = &call->tenant,
        .actor = call_actor(call),
        .by_user = call->principal.user_id,
        .now = call->now,
    };
}

static const char *at_text(const struct call *call, const char *format, const struct checkin_deed *deed)
{
    struct str at = clock_iso8601(call->arena, deed->at);
    return arena_printf(call->arena, "%s %.*s.", format, STR_ARG(at)).at;
}

static enum error_code refuse_checkin(struct call *call, const struct checkin_deed *deed)
{
    switch (deed->verdict) {
    case CHECKIN_DONE:
        return OK;
    case CHECKIN_UNKNOWN:
        break;
    case CHECKIN_ALREADY:
        return call_fail(call, ERR_CONFLICT, at_text(call, "Checked in already, at", deed));
    case CHECKIN_NOT_PAID:
        return call_fail(call, ERR_CONFLICT, "This ticket is not paid yet.");
    case CHECKIN_VOID:
        return call_fail(call, ERR_CONFLICT, "This ticket is no longer valid.");
    case CHECKIN_TOO_EARLY:
        return call_fail(call, ERR_CONFLICT, at_text(call, "Check-in begins at", deed));
    case CHECKIN_TOO_LATE:
        return call_fail(call, ERR_CONFLICT, "What this ticket is for is over.");
    case CHECKIN_INACTIVE:
        return call_fail(call, ERR_CONFLICT, "This membership is not active.");
    }
    return call_fail(call, ERR_NOT_FOUND, NULL);
}

static const char *const checkin_kinds[] = { "event", "day_pass", "member", NULL };
static const char *const checkin_words[] = { "checked_in", NULL };
static const struct field checkin_rows[] = {
    ANSWER_FIELD("kind", FIELD_ENUM, .words = checkin_kinds, .help = "With what they came",
                 .example = "event"),
    ANSWER_FIELD("name", FIELD_STR, .help = "First name and initial", .example = "Jane S."),
    ANSWER_FIELD("status", FIELD_ENUM, .words = checkin_words, .help = "What became of it",
                 .example = "checked_in"),
    ANSWER_FIELD("title", FIELD_STR, .flags = FIELD_NULLABLE,
                 .help = "What the ticket is for; null for a member", .example = "Soldering for beginners"),
    ANSWER_FIELD("quantity", FIELD_INT, .help = "How many come in", .example = "2"),
    ANSWER_FIELD("checked_in_at", FIELD_TIME, .help = "When", .example = "2026-12-04T16:50:00Z"),
};
const struct shape spaces_checkin_answer = ANSWER_SHAPE("CheckIn", checkin_rows);

static cJSON *checkin_json(struct call *call, const struct checkin_deed *deed)
{
    const struct ticket *ticket = &deed->ticket;
    cJSON *json = json_new_object();
    if (deed->is_member) {
        json_add_str(json, "kind", STR("member"));
        json_add_str(json, "name",
                     name_in_short(call->arena, deed->member.first_name, deed->member.last_name));
    } else {
        json_add_str(json, "kind", ticket->kind == OFFER_PASS ? STR("day_pass") : STR("event"));
        json_add_str(json, "name", whole_name_in_short(call->arena, ticket->name));
    }
    json_add_str(json, "status", STR("checked_in"));
    json_add_str_or_null(json, "title", deed->is_member ? STR_NONE : ticket->title);
    json_add_int(json, "quantity", deed->is_member ? 1 : ticket->quantity);
    json_add_time(json, "checked_in_at", deed->at);
    return json;
}

enum error_code spaces_checkin(struct call *call, struct checkin_deed *deed)
{
    enum storage_status status = checkin(call->db, call->arena, deed);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    enum error_code code = refuse_checkin(call, deed);
    if (code == OK)
        spaces_answer(call, 200, checkin_json(call, deed));
    return code;
}
