/* What tickets are for: an event, or a day pass on a day. Seats are counted where they are limited, by a
 * statement that takes them or, when they are not there, touches nothing. Tables: events, day_passes,
 * day_pass_days. Private to spaces/ but for the reading part. */
#ifndef TETHER_SPACES_OFFER_H
#define TETHER_SPACES_OFFER_H

#include "storage/db.h"

#define OFFER_DAYS_AHEAD 366 /* for which day passes are shown and sold */

enum offer_kind { OFFER_EVENT = 0, OFFER_PASS, OFFER_KIND_COUNT };

struct offer {
    enum offer_kind kind;
    int64_t tenant_id, id;
    int64_t day; /* a pass's; 0 for an event */
    struct str title, description, location;
    int64_t starts_at, ends_at; /* a pass: its day in UTC */
    int64_t capacity, taken;
    int64_t price; /* of one, in minor units */
    struct str currency;
    bool is_published;
    int64_t opens_at, closes_at; /* when tickets are to be had: from, and until but not at */
};

/* ROW, DONE or a failure. */
enum storage_status offer_find(struct db_conn *conn, struct arena *arena, int64_t tenant_id,
                               enum offer_kind kind, int64_t id, int64_t day, struct offer *ret);

/* A page of what is published: events that are not over, by when they start, and those after (starts_at, id);
 * passes by id, with what is taken on `day`. *ret in the arena, at most `limit`. OK or a failure. */
struct offer_query {
    int64_t tenant_id;
    enum offer_kind kind;
    int64_t day;
    int64_t after_at, after_id; /* 0: from the start */
    int64_t limit;
    int64_t now;
};
enum storage_status offer_list(struct db_conn *conn, struct arena *arena, const struct offer_query *query,
                               struct offer **ret, size_t *ret_n);

/* Inside a write transaction. OK: taken. DONE: so many are not there. */
enum storage_status offer_take(struct db_conn *conn, const struct offer *offer, int64_t quantity);
/* Inside a write transaction: the seats of a ticket that is over. */
enum storage_status offer_give_back(struct db_conn *conn, const struct offer *offer, int64_t quantity);

#endif
