/* Fixed-window rate limits (contract section 6). Exact under concurrency: of any number of parallel takes in
 * one window exactly `limit` pass. Thread-safe, a few hundred nanoseconds, no I/O: also called on the event
 * loops.
 *
 * Memory is fixed: a sharded, set-associative table. When a set is full of live windows the entry with the
 * smallest count of asks gives way, so a flood of addresses that ask once cannot push out the one that keeps
 * asking. */
#ifndef TETHER_ACCESS_RATE_LIMIT_H
#define TETHER_ACCESS_RATE_LIMIT_H

#include "config/config.h"

struct rate_limiter;

enum rate_class {
    RATE_DEFAULT = 0, /* 60/minute and user, or address where nobody is signed in */
    RATE_LOGIN,
    RATE_REGISTER,
    RATE_PANEL,
    RATE_VERIFY,
    RATE_UNLIMITED, /* health, metrics, static files: no headers either */
    RATE_CLASS_COUNT
};

struct rate_state {
    bool applies; /* false: no limit configured; no headers */
    bool allowed;
    int64_t limit, remaining;
    int64_t reset; /* epoch seconds */
};

/* slots: entries in all, rounded up to a power of two; 32 bytes each. */
struct rate_limiter *rate_limiter_new(size_t slots);
void rate_limiter_free(struct rate_limiter **limiter);

/* Counts one and says whether it is within the limit. A refused take is not counted further. key: who;
 * compared by its hash (SipHash-128 with a random key per class). now: epoch microseconds. */
struct rate_state rate_take(struct rate_limiter *limiter, const struct config *config, enum rate_class class,
                            struct str key, int64_t now);
/* As rate_take() by a limit of the key's own, which no configuration switches off; it counts with
 * RATE_DEFAULT. */
struct rate_state rate_take_own(struct rate_limiter *limiter, const struct rate *rate, struct str key,
                                int64_t now);
/* As rate_take() without counting. */
struct rate_state rate_peek(struct rate_limiter *limiter, const struct config *config, enum rate_class class,
                            struct str key, int64_t now);

/* One of the above as a value, so that the same can be asked again. */
struct rate_ask {
    struct str key; /* at == NULL: nothing is asked */
    enum rate_class class;
    struct rate own; /* counts where it is lower than the class's; limit 0: none */
    bool takes;
};
struct rate_state rate_answer(struct rate_limiter *limiter, const struct config *config,
                              const struct rate_ask *ask, int64_t now);

/* What shared_rate.h counts by too. The limit of a class; {0, 0}: none. */
struct rate rate_of_class(const struct config *config, enum rate_class class);
/* Windows begin at multiples of their length. */
int64_t rate_window_end(const struct rate *rate, int64_t now);
/* The state of a window that ends at `end` after `passed` takes. */
struct rate_state rate_state_of(const struct rate *rate, int64_t passed, bool allowed, int64_t end);

/* The key of an address in text form: IPv4 whole, IPv6 as its /64, v4-mapped as IPv4, unix sockets as "unix".
 */
struct str rate_address_key(struct arena *arena, struct str address);

#endif
