/* What everybody may see and order: published events and day passes. */
#include "api/spaces/answer.h"
#include "api/spaces/ticket.h"
#include "api/tables.h"
#include "spaces/day.h"

/* ---- an offer in an answer ---- */

static struct str availability(const struct call *call, const struct offer *offer)
{
    if (call->now < offer->opens_at)
        return STR("not_yet");
    if (call->now >= offer->closes_at)
        return STR("closed");
    return offer->taken < offer->capacity ? STR("open") : STR("sold_out");
}

static cJSON *offer_json(struct call *call, const struct offer *offer)
{
    bool is_pass = offer->kind == OFFER_PASS;
    cJSON *json = json_new_object();
    json_add_int(json, "id", offer->id);
    json_add_str(json, is_pass ? "name" : "title", offer->title);
    json_add_str(json, "description", offer->description);
    if (is_pass) {
        json_add_str(json, "date", day_write(call->arena, offer->day));
    } else {
        json_add_str(json, "location", offer->location);
        json_add_time(json, "starts_at", offer->starts_at);
        json_add_time(json, "ends_at", offer->ends_at);
        json_add_time(json, "registration_opens_at", offer->opens_at);
        json_add_time(json, "registration_closes_at", offer->closes_at);
    }
    json_add_int(json, "price", offer->price);
    json_add_str(json, "currency", offer->currency);
    json_add_int(json, "capacity", offer->capacity);
    json_add_int(json, "left", offer->capacity > offer->taken ? offer->capacity - offer->taken : 0);
    json_add_str(json, "availability", availability(call, offer));
    return json;
}

static enum error_code answer_page(struct call *call, const struct offer *offers, size_t n, int64_t limit)
{
    size_t shown = n > (size_t)limit ? (size_t)limit : n;
    cJSON *list = json_new_array();
    for (size_t i = 0; i < shown; i++)
        json_add_item(list, NULL, offer_json(call, &offers[i]));
    const struct offer *last = n > shown ? &offers[shown - 1] : NULL;
    spaces_page(call, list,
                last ? arena_printf(call->arena, "%lld-%lld", (long long)last->starts_at, (long long)last->id)
                     : STR_NONE);
    return OK;
}

/* ---- lists ---- */

struct offers_query {
    struct str cursor, date;
    int64_t limit;
};
static const struct field event_fields[] = { SPACES_PAGE_ROWS(struct offers_query) };
static const struct field pass_fields[] = {
    SPACES_PAGE_ROWS(struct offers_query),
    FIELD(struct offers_query, date, "date", FIELD_STR, .max = 10,
          .help = "The day to look at; today (UTC) if left out", .example = "2026-12-01"),
};
static const struct shape events_query_shape = SHAPE("PublicEventsQuery", struct offers_query, event_fields);
static const struct shape passes_query_shape = SHAPE("PublicPassesQuery", struct offers_query, pass_fields);

/* "starts_at-id" of the last one of the page before. */
static bool read_place(struct str cursor, struct offer_query *query)
{
    struct str at, id;
    return !cursor.at || (str_split(cursor, '-', &at, &id) && str_to_int(at, &query->after_at) &&
                          str_to_int(id, &query->after_id) && query->after_at >= 0 && query->after_id > 0);
}

static enum error_code list(struct call *call, enum offer_kind kind)
{
    const struct offers_query *asked = call->query_input;
    struct offer_query query = { .tenant_id = call->tenant.id, .kind = kind, .now = call->now };
    struct offer *offers;
    size_t n;
    if (!read_place(asked->cursor, &query))
        return call_fail_field(call, "cursor", VIOLATION_CUSTOM, NULL);
    query.day = day_of(call->now);
    if (asked->date.at && !spaces_read_day(call, asked->date, &query.day))
        return call_fail_field(call, "date", VIOLATION_CUSTOM, SPACES_BAD_DAY);
    int64_t limit = list_limit(asked->limit);
    query.limit = limit + 1;
    enum storage_status status = offer_list(call->db, call->arena, &query, &offers, &n);
    return status == STORAGE_OK ? answer_page(call, offers, n, limit) : call_fail_storage(call, status);
}

static enum error_code events(struct call *call)
{
    return list(call, OFFER_EVENT);
}

static enum error_code passes(struct call *call)
{
    return list(call, OFFER_PASS);
}

static enum error_code event(struct call *call)
{
    struct offer offer;
    int64_t id;
    if (!call_path_id(call, 0, &id))
        return ERR_NOT_FOUND;
    enum storage_status status =
        offer_find(call->db, call->arena, call->tenant.id, OFFER_EVENT, id, 0, &offer);
    bool is_shown = status == STORAGE_ROW && offer.is_published && offer.ends_at > call->now;
    if (status == STORAGE_DONE || (status == STORAGE_ROW && !is_shown))
        return call_fail(call, ERR_NOT_FOUND, NULL);
    if (status != STORAGE_ROW)
        return call_fail_storage(call, status);
    spaces_answer(call, 200, offer_json(call, &offer));
    return OK;
}

/* ---- orders ---- */

/* The one time that the code is shown. */
static enum error_code order(struct call *call)
{
    struct ticket_deed deed;
    enum error_code code = spaces_order(call, false, &deed);
    if (code != OK)
        return code;
    cJSON *json = json_new_object();
    json_add_str(json, "code", deed.code);
    json_add_str(json, "status", str_of(ticket_status_name(deed.ticket.status)));
    json_add_str(json, "portal_url", deed.portal_url);
    json_add_int(json, "quantity", deed.ticket.quantity);
    json_add_int(json, "amount", deed.ticket.amount);
    json_add_str(json, "currency", deed.ticket.currency);
    json_add_time(json, "expires_at", deed.ticket.status == TICKET_PENDING ? deed.ticket.expires_at : 0);
    spaces_answer(call, 201, json);
    return OK;
}

/* ---- what they answer ---- */

static const char *const availabilities[] = { "open", "not_yet", "closed", "sold_out", NULL };
#define SALE_ROWS                                                                                            \
    ANSWER_FIELD("description", FIELD_STR, .help = "Plain text", .example = "Bring nothing but curiosity."), \
        ANSWER_FIELD("price", FIELD_INT, .help = "Of one, in the currency's minor unit", .example = "1500"), \
        ANSWER_FIELD("currency", FIELD_STR, .help = "ISO 4217", .example = "EUR"),                           \
        ANSWER_FIELD("capacity", FIELD_INT, .help = "How many there are", .example = "20"),                  \
        ANSWER_FIELD("left", FIELD_INT, .help = "How many are left", .example = "17"),                       \
        ANSWER_FIELD("availability", FIELD_ENUM, .words = availabilities,                                    \
                     .help = "Whether it is to be had now", .example = "open")
static const struct field event_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "Names it for good", .example = "3"),
    ANSWER_FIELD("title", FIELD_STR, .help = "What it is called", .example = "Soldering for beginners"),
    ANSWER_FIELD("location", FIELD_STR, .help = "Where it is", .example = "Workshop"),
    ANSWER_FIELD("starts_at", FIELD_TIME, .help = "When it starts", .example = "2026-12-04T17:00:00Z"),
    ANSWER_FIELD("ends_at", FIELD_TIME, .help = "When it is over", .example = "2026-12-04T19:00:00Z"),
    ANSWER_FIELD("registration_opens_at", FIELD_TIME, .help = "From when on people can register",
                 .example = "2026-11-01T08:00:00Z"),
    ANSWER_FIELD("registration_closes_at", FIELD_TIME, .help = "Until when",
                 .example = "2026-12-04T12:00:00Z"),
    SALE_ROWS,
};
static const struct field pass_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "Names it for good", .example = "3"),
    ANSWER_FIELD("name", FIELD_STR, .help = "What it is called", .example = "Hot desk"),
    ANSWER_FIELD("date", FIELD_DATE, .help = "The day that was asked for", .example = "2026-12-01"),
    SALE_ROWS,
};
static const struct field order_rows[] = {
    ANSWER_FIELD("code", FIELD_STR, .help = "The ticket's key; told this once",
                 .example = "T4K7-XM2P-9QRS-TVWX-YZ01"),
    ANSWER_FIELD("portal_url", FIELD_STR, .help = "Where its holder sees it",
                 .example = "https://acme.example.com/portal/T4K7-XM2P-9QRS-TVWX-YZ01"),
    SPACES_PAYING_ROWS,
};
static const struct shape event_answer = ANSWER_SHAPE("PublicEvent", event_rows);
static const struct shape pass_answer = ANSWER_SHAPE("PublicDayPass", pass_rows);
static const struct shape order_answer = ANSWER_SHAPE("Order", order_rows);

static const struct route routes[] = {
    { .op = "spaces_public_events",
      .method = METHOD_GET,
      .path = "/api/public/events",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST_OR_QUERY,
      .query = &events_query_shape,
      .answer = &event_answer,
      .form = ANSWER_PAGE,
      .handler = events,
      .summary = "Lists published events that are not over, by when they start" },
    { .op = "spaces_public_event",
      .method = METHOD_GET,
      .path = "/api/public/events/{id}",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST_OR_QUERY,
      .answer = &event_answer,
      .handler = event,
      .summary = "Shows a published event, with how many seats are left" },
    { .op = "spaces_public_register",
      .method = METHOD_POST,
      .path = "/api/public/events/{id}/registrations",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST_OR_QUERY,
      .body = BODY_JSON,
      .input = &spaces_registration_shape,
      .answer = &order_answer,
      .success = 201,
      .fails = FAILS(ERR_CONFLICT),
      .handler = order,
      .summary = "Registers for an event; answers the ticket's code, this once, and mails it" },
    { .op = "spaces_public_day_passes",
      .method = METHOD_GET,
      .path = "/api/public/day-passes",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST_OR_QUERY,
      .query = &passes_query_shape,
      .answer = &pass_answer,
      .form = ANSWER_PAGE,
      .handler = passes,
      .summary = "Lists published day passes, with how many are left on a day" },
    { .op = "spaces_public_purchase",
      .method = METHOD_POST,
      .path = "/api/public/day-passes/{id}/purchases",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST_OR_QUERY,
      .body = BODY_JSON,
      .input = &spaces_purchase_shape,
      .answer = &order_answer,
      .success = 201,
      .fails = FAILS(ERR_CONFLICT),
      .handler = order,
      .summary = "Buys a day pass for a day; answers the ticket's code, this once, and mails it" },
};

const struct route_table spaces_public_offers_routes = ROUTE_TABLE(&spaces_surface, routes);
