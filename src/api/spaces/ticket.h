/* Tickets on the spaces surface: what the public routes and those of staff share. Private to api/spaces/. */
#ifndef TETHER_API_SPACES_TICKET_H
#define TETHER_API_SPACES_TICKET_H

#include "request/call.h"
#include "spaces/checkin.h"

/* What a route's path is about: /api/…events/… or a day pass. */
enum offer_kind spaces_offer_kind(const struct call *call);

/* A ticket as staff see it. */
cJSON *spaces_ticket_json(struct call *call, const struct ticket *ticket);
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
