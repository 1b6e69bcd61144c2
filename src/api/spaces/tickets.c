/* The staff's side of registrations and purchases: list, order for somebody, mark paid, cancel, send again,
 * check in. One set of handlers; the path says whether an event or a day pass is meant. */
#include "api/spaces/answer.h"
#include "api/spaces/ticket.h"
#include "api/tables.h"
#include "spaces/day.h"

/* ---- the list ---- */

struct tickets_query {
    struct str cursor, status, date;
    int64_t limit;
};
#define TICKETS_ROWS                                                                                         \
    SPACES_PAGE_ROWS(struct tickets_query),                                                                  \
        FIELD(struct tickets_query, status, "status", FIELD_ENUM, .words = spaces_ticket_words,              \
              .help = "Only those", .example = "confirmed")
static const struct field registrations_fields[] = { TICKETS_ROWS };
static const struct field purchases_fields[] = {
    TICKETS_ROWS,
    FIELD(struct tickets_query, date, "date", FIELD_STR, .max = 10, .help = "Only those for that day",
          .example = "2026-12-01"),
};
static const struct shape registrations_shape =
    SHAPE("RegistrationsQuery", struct tickets_query, registrations_fields);
static const struct shape purchases_shape = SHAPE("PurchasesQuery", struct tickets_query, purchases_fields);

/* The offer that the path names is there. OK with *ret_id, or the failure is set. */
static enum error_code find_offer(struct call *call, int64_t *ret_id)
{
    struct offer offer;
    if (!call_path_id(call, 0, ret_id))
        return ERR_NOT_FOUND;
    enum storage_status status =
        offer_find(call->db, call->arena, call->tenant.id, spaces_offer_kind(call), *ret_id, 0, &offer);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    return status == STORAGE_ROW ? OK : call_fail_storage(call, status);
}

static enum storage_status read_page(struct call *call, int64_t place, int64_t limit, void **ret,
                                     size_t *ret_n)
{
    const struct tickets_query *asked = call->query_input;
    struct ticket_query query = {
        .tenant_id = call->tenant.id,
        .kind = spaces_offer_kind(call),
        .day = -1,
        .status = asked->status,
        .before = place,
        .limit = limit,
        .now = call->now,
    };
    struct ticket *tickets = NULL;
    str_to_int(call->params[0], &query.offer_id);
    if (asked->date.at)
        day_read(asked->date, &query.day);
    enum storage_status status = ticket_list(call->db, call->arena, &query, &tickets, ret_n);
    *ret = tickets;
    return status;
}

static enum error_code list(struct call *call)
{
    static const struct spaces_list tickets = { sizeof(struct ticket), read_page, spaces_ticket_json };
    const struct tickets_query *asked = call->query_input;
    int64_t id, day;
    if (asked->date.at && !day_read(asked->date, &day))
        return call_fail_field(call, "date", VIOLATION_CUSTOM, "The date must be a day like 2026-12-01.");
    enum error_code code = find_offer(call, &id);
    return code == OK ? spaces_list(call, asked->cursor, asked->limit, &tickets) : code;
}

/* ---- deeds ---- */

static void answer(struct call *call, int status, const struct ticket_deed *deed)
{
    cJSON *json = spaces_ticket_json(call, &deed->ticket);
    if (deed->code.at) {
        json_add_str(json, "code", deed->code);
        json_add_str(json, "portal_url", deed->portal_url);
    }
    spaces_answer(call, status, json);
}

static enum error_code order(struct call *call)
{
    struct ticket_deed deed;
    enum error_code code = spaces_order(call, true, &deed);
    if (code == OK)
        answer(call, 201, &deed);
    return code;
}

/* The ticket that the path names. False with a 404 set. */
static bool read_path(struct call *call, struct ticket *ret)
{
    ret->tenant_id = call->tenant.id;
    ret->kind = spaces_offer_kind(call);
    return call_path_id(call, 0, &ret->offer_id) && call_path_id(call, 1, &ret->id);
}

typedef enum storage_status (*deed_fn)(struct db_conn *conn, struct arena *arena, struct ticket_deed *deed);

static enum error_code carry_out(struct call *call, deed_fn fn)
{
    struct ticket_deed deed;
    enum error_code code = spaces_ticket_begin(call, &deed);
    if (code != OK)
        return code;
    deed.is_staff = true;
    if (!read_path(call, &deed.ticket))
        return ERR_NOT_FOUND;
    enum storage_status status = fn(call->db, call->arena, &deed);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    code = spaces_ticket_refuse(call, &deed);
    if (code == OK)
        answer(call, 200, &deed);
    return code;
}

static enum error_code mark_paid(struct call *call)
{
    return carry_out(call, ticket_confirm);
}

static enum error_code cancel(struct call *call)
{
    return carry_out(call, ticket_cancel);
}

static enum error_code resend(struct call *call)
{
    return carry_out(call, ticket_reissue);
}

static enum error_code check_in(struct call *call)
{
    struct checkin_deed deed = spaces_checkin_begin(call);
    return read_path(call, &deed.ticket) ? spaces_checkin(call, &deed) : ERR_NOT_FOUND;
}

#define DEED(op_, path_, permission_, answer_, handler_, summary_)                                           \
    {                                                                                                        \
        .op = (op_), .method = METHOD_POST, .path = (path_), .permission = (permission_),                    \
        .tenant = TENANT_BY_TOKEN, .answer = (answer_), .fails = FAILS(ERR_CONFLICT), .handler = (handler_), \
        .summary = (summary_)                                                                                \
    }

/* What can be done with the tickets of one kind of offer. */
#define TICKET_ROUTES(op_, path_, one_, view_, manage_, query_, input_)                                      \
    { .op = op_ "s",                                                                                         \
      .method = METHOD_GET,                                                                                  \
      .path = (path_),                                                                                       \
      .permission = (view_),                                                                                 \
      .tenant = TENANT_BY_TOKEN,                                                                             \
      .query = (query_),                                                                                     \
      .answer = &spaces_ticket_answer,                                                                       \
      .form = ANSWER_PAGE,                                                                                   \
      .handler = list,                                                                                       \
      .summary = "Lists " one_ "s, newest first" },                                                          \
        { .op = op_ "_create",                                                                               \
          .method = METHOD_POST,                                                                             \
          .path = (path_),                                                                                   \
          .permission = (manage_),                                                                           \
          .tenant = TENANT_BY_TOKEN,                                                                         \
          .body = BODY_JSON,                                                                                 \
          .input = (input_),                                                                                 \
          .answer = &spaces_ticket_with_code_answer,                                                         \
          .success = 201,                                                                                    \
          .fails = FAILS(ERR_CONFLICT),                                                                      \
          .handler = order,                                                                                  \
          .summary = "Makes a " one_ " for somebody, published or not; mails it" },                          \
        DEED(op_ "_mark_paid", path_ "/{ticket_id}/mark-paid", manage_, &spaces_ticket_answer, mark_paid,    \
             "Marks a pending " one_ " as paid"),                                                            \
        DEED(op_ "_cancel", path_ "/{ticket_id}/cancel", manage_, &spaces_ticket_answer, cancel,             \
             "Cancels a " one_ "; its seats go back"),                                                       \
        DEED(op_ "_resend", path_ "/{ticket_id}/resend", manage_, &spaces_ticket_with_code_answer, resend,   \
             "Mails a " one_ " with a new code; the earlier code is void"),                                  \
        DEED(op_ "_check_in", path_ "/{ticket_id}/check-in", PERM_CHECKINS_MANAGE, &spaces_checkin_answer,   \
             check_in, "Checks in who comes with a " one_ ", once")

static const struct route routes[] = {
    TICKET_ROUTES("spaces_registration", "/api/events/{id}/registrations", "registration", PERM_EVENTS_VIEW,
                  PERM_EVENTS_MANAGE, &registrations_shape, &spaces_registration_shape),
    TICKET_ROUTES("spaces_purchase", "/api/passes/{id}/purchases", "purchase", PERM_PASSES_MANAGE,
                  PERM_PASSES_MANAGE, &purchases_shape, &spaces_purchase_shape),
};

const struct route_table spaces_tickets_routes = ROUTE_TABLE(&spaces_surface, routes);
