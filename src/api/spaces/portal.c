/* The portal: whoever has a ticket's code sees the ticket, shows its QR code and may cancel it. */
#include "api/qr_answer.h"
#include "api/spaces/answer.h"
#include "api/spaces/ticket.h"
#include "api/tables.h"

/* What is malformed, unknown or another tenant's is one and the same. OK with *ret, or the failure is set. */
static enum error_code find(struct call *call, struct ticket *ret)
{
    uint8_t hash[CODE_HASH_BYTES];
    arena_wipe_on_free(call->arena);
    if (code_read(call->params[0], hash) != CODE_TICKET)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    enum storage_status status = ticket_by_code(call->db, call->arena, call->tenant.id, hash, call->now, ret);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    return status == STORAGE_ROW ? OK : call_fail_storage(call, status);
}

static bool may_cancel(const struct call *call, const struct ticket *ticket)
{
    bool is_open = ticket->status == TICKET_PENDING || ticket->status == TICKET_CONFIRMED;
    return is_open && !ticket->checked_in_at && call->now < ticket->starts_at;
}

static void answer(struct call *call, const struct ticket *ticket)
{
    cJSON *json = json_new_object();
    spaces_add_offer(call, json, ticket);
    json_add_str(json, "name", ticket->name);
    json_add_int(json, "quantity", ticket->quantity);
    json_add_int(json, "amount", ticket->amount);
    json_add_str(json, "currency", ticket->currency);
    json_add_str(json, "status", str_of(ticket_status_name(ticket->status)));
    json_add_time(json, "expires_at", ticket->status == TICKET_PENDING ? ticket->expires_at : 0);
    json_add_time(json, "checked_in_at", ticket->checked_in_at);
    json_add_bool(json, "may_cancel", may_cancel(call, ticket));
    json_add_str(json, "qr_url",
                 arena_printf(call->arena, "/api/public/portal/%.*s/qr", STR_ARG(call->params[0])));
    spaces_answer(call, 200, json);
}

static enum error_code show(struct call *call)
{
    struct ticket ticket;
    enum error_code code = find(call, &ticket);
    if (code == OK)
        answer(call, &ticket);
    return code;
}

static enum error_code cancel(struct call *call)
{
    struct ticket ticket;
    struct ticket_deed deed;
    enum error_code code = find(call, &ticket);
    if (code == OK)
        code = spaces_ticket_begin(call, &deed);
    if (code != OK)
        return code;
    deed.ticket = ticket;
    enum storage_status status = ticket_cancel(call->db, call->arena, &deed);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    code = spaces_ticket_refuse(call, &deed);
    if (code == OK)
        answer(call, &deed.ticket);
    return code;
}

/* ---- the QR code ---- */

/* Of the portal's link: a telephone opens it, and check-in takes it as it takes the code. */
static enum error_code qr(struct call *call)
{
    struct ticket ticket;
    struct ticket_deed deed;
    enum error_code code = find(call, &ticket);
    if (code == OK)
        code = spaces_ticket_begin(call, &deed);
    if (code != OK)
        return code;
    return qr_answer(call, arena_join(call->arena, deed.portal_base, call->params[0]));
}

static const struct field portal_rows[] = {
    SPACES_OFFER_ROWS,
    ANSWER_FIELD("name", FIELD_STR, .help = "Whose it is", .example = "Jane Smith"),
    SPACES_PAYING_ROWS,
    ANSWER_FIELD("checked_in_at", FIELD_TIME, .flags = FIELD_NULLABLE, .help = "When they came",
                 .example = "2026-12-04T16:50:00Z"),
    ANSWER_FIELD("may_cancel", FIELD_BOOL, .help = "Whether it can be cancelled now", .example = "true"),
    ANSWER_FIELD("qr_url", FIELD_STR, .help = "The path of its QR code",
                 .example = "/api/public/portal/T4K7-XM2P-9QRS-TVWX-YZ01/qr"),
};
static const struct shape portal_answer = ANSWER_SHAPE("PortalTicket", portal_rows);

static const struct route routes[] = {
    { .op = "spaces_portal",
      .method = METHOD_GET,
      .path = "/api/public/portal/{code}",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST_OR_QUERY,
      .answer = &portal_answer,
      .handler = show,
      .summary = "Shows the ticket of a code" },
    { .op = "spaces_portal_qr",
      .method = METHOD_GET,
      .path = "/api/public/portal/{code}/qr",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST_OR_QUERY,
      .query = &qr_query_shape,
      .conditional = true,
      .media = QR_MEDIA,
      .handler = qr,
      .summary = "The ticket's QR code, as PNG or SVG" },
    { .op = "spaces_portal_cancel",
      .method = METHOD_POST,
      .path = "/api/public/portal/{code}/cancel",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST_OR_QUERY,
      .answer = &portal_answer,
      .fails = FAILS(ERR_CONFLICT),
      .handler = cancel,
      .summary = "Cancels the ticket of a code, until what it is for begins" },
};

const struct route_table spaces_portal_routes = ROUTE_TABLE(&spaces_surface, routes);
