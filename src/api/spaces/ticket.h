/* Tickets on the spaces surface: what the public routes and those of staff share. Private to api/spaces/. */
#ifndef TETHER_API_SPACES_TICKET_H
#define TETHER_API_SPACES_TICKET_H

#include "request/call.h"
#include "spaces/checkin.h"

/* What a route's path is about: /api/…events/… or a day pass. */
enum offer_kind spaces_offer_kind(const struct call *call);

/* The rows of spaces_add_offer(). */
#define SPACES_OFFER_ROWS                                                                                    \
    ANSWER_FIELD("kind", FIELD_ENUM, .words = spaces_offer_words, .help = "What it is for",                  \
                 .example = "event"),                                                                        \
        ANSWER_FIELD("title", FIELD_STR, .help = "The event's title, the pass's name",                       \
                     .example = "Soldering for beginners"),                                                  \
        ANSWER_FIELD("location", FIELD_STR, .help = "Where the event is; empty when nobody said",            \
                     .example = "Workshop"),                                                                 \
        ANSWER_FIELD("starts_at", FIELD_TIME, .help = "Of a pass: when its day begins in UTC",               \
                     .example = "2026-12-04T17:00:00Z"),                                                     \
        ANSWER_FIELD("ends_at", FIELD_TIME, .help = "Of a pass: when its day ends in UTC",                   \
                     .example = "2026-12-04T19:00:00Z"),                                                     \
        ANSWER_FIELD("date", FIELD_DATE, .flags = FIELD_NULLABLE,                                            \
                     .help = "The day of a pass; null for an event", .example = "2026-12-04")
extern const char *const spaces_offer_words[];
/* What is to be paid, and whether it was. */
#define SPACES_PAYING_ROWS                                                                                   \
    ANSWER_FIELD("quantity", FIELD_INT, .help = "For how many people", .example = "2"),                      \
        ANSWER_FIELD("amount", FIELD_INT, .help = "For all of them, in the currency's minor unit",           \
                     .example = "3000"),                                                                     \
        ANSWER_FIELD("currency", FIELD_STR, .help = "ISO 4217", .example = "EUR"),                           \
        ANSWER_FIELD("status", FIELD_ENUM, .words = spaces_ticket_words,                                     \
                     .help = "Pending: it is still to be paid", .example = "confirmed"),                     \
        ANSWER_FIELD("expires_at", FIELD_TIME, .flags = FIELD_NULLABLE,                                      \
                     .help = "Until when it is to be paid; null unless it is pending",                       \
                     .example = "2026-11-27T13:00:00Z")
extern const char *const spaces_ticket_words[];
extern const struct shape spaces_ticket_answer, spaces_ticket_with_code_answer, spaces_checkin_answer;

/* A struct ticket as staff see it. */
cJSON *spaces_ticket_json(struct call *call, const void *shown);
/* What it is for, added to an object: kind, title, location, starts_at, ends_at, and the date of a pass. */
void spaces_add_offer(struct call *call, cJSON *object, const struct ticket *ticket);

/* A deed by whoever calls, with the links of the call's tenant. OK, or the failure is set. The arena wipes.
 */
enum error_code spaces_ticket_begin(struct call *call, struct ticket_deed *ret);
/* The failure for what a deed ended with; OK for TICKET_DONE. */
enum error_code spaces_ticket_refuse(struct call *call, const struct ticket_deed *deed);

/* A day up to OFFER_DAYS_AHEAD from now. False for anything else. */
bool spaces_read_day(const struct call *call, struct str date, int64_t *ret);
#define SPACES_BAD_DAY "The date must be a day like 2026-12-01, at most a year ahead."

/* What an order takes; where a date is none, the struct's stays empty. */
struct spaces_order_input {
    struct str name, email, date;
    int64_t quantity;
};
#define SPACES_ORDER_ROWS                                                                                    \
    FIELD(struct spaces_order_input, name, "name", FIELD_STR, .flags = FIELD_REQUIRED, .max = 100,           \
          .help = "Who comes", .example = "Jane Smith"),                                                     \
        FIELD(struct spaces_order_input, email, "email", FIELD_EMAIL, .flags = FIELD_REQUIRED, .max = 254,   \
              .help = "Where the ticket is sent", .example = "jane@example.com"),                            \
        FIELD(struct spaces_order_input, quantity, "quantity", FIELD_INT, .min = 1,                          \
              .max = TICKET_MAX_QUANTITY, .help = "For how many; one if left out", .example = "2")
extern const struct shape spaces_registration_shape, spaces_purchase_shape;
/* Orders what path and body say. OK with *ret, or the failure is set. */
enum error_code spaces_order(struct call *call, bool is_staff, struct ticket_deed *ret);

/* A deed of checking in by whoever calls. */
struct checkin_deed spaces_checkin_begin(const struct call *call);
/* Carries it out and answers with who came in. */
enum error_code spaces_checkin(struct call *call, struct checkin_deed *deed);

#endif
