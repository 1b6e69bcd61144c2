/* The customers acme and bolt, with a space, an event and a day pass in acme, and deeds on their tickets.
 * Times are small: the world's clock is what a test passes as `now`. */
#ifndef SPACES_FIXTURE_H
#define SPACES_FIXTURE_H

#include "spaces/checkin.h"
#include "spaces/ticket.h"
#include "tenancy_fixture.h"

#define NOON     (INT64_C(20000) * DAY + DAY / 2) /* 2024-10-04, 12:00 UTC */
#define MINUTE   INT64_C(60000000)
#define HOUR     (60 * MINUTE)
#define DAY      (24 * HOUR)
#define NOON_DAY INT64_C(20000)
#define SECRET   "a webhook secret of 32 bytes, or more"

struct spaces {
    struct fixture *fixture;
    struct config *config;
    struct tenant acme, bolt;
    int64_t space;
    int64_t event; /* starts tomorrow at noon, for two hours; ten seats, free */
    int64_t pass;  /* five a day, 12.50 EUR */
};

struct spaces *spaces_new(void);
void spaces_free(struct spaces **spaces);

/* One statement, with its arguments, in a transaction. */
void spaces_exec(struct spaces *spaces, const char *sql);
int64_t spaces_count(struct spaces *spaces, const char *sql);

/* A deed to order `quantity` seats of the event at NOON; change what differs. */
struct ticket_deed spaces_order(struct spaces *spaces, int64_t quantity);
/* The same for the pass on NOON's next day. */
struct ticket_deed spaces_purchase(struct spaces *spaces, int64_t quantity);
/* Carries it out; fails unless it is done. */
void spaces_must(struct spaces *spaces, struct ticket_deed *deed);
/* A deed on a ticket that was ordered. */
struct ticket_deed spaces_deed(struct spaces *spaces, const struct ticket *ticket, int64_t now);

/* Runs `fn` `times` times over, on eight threads with a connection each. True counts; returns how often. */
typedef bool (*crowd_fn)(struct spaces *spaces, struct db_conn *conn, struct arena *arena, int number);
int spaces_crowd(struct spaces *spaces, int times, crowd_fn fn);

#endif
