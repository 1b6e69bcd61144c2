/* What an answer rests on: the stamps of everything kept that the walk used for it, and for how long that may
 * be used. While it holds, the same question has the same answer. */
#ifndef TETHER_REQUEST_BASIS_H
#define TETHER_REQUEST_BASIS_H

#include "base/clock.h"
#include "storage/changes.h"

#define BASIS_MAX 8

/* The stamps say when something kept is out of date. Should a change ever come without its touch (a slip
 * here, SQL of somebody else's), this is how long it can go unseen. */
#define KEPT_AGE_MAX_US (60 * CLOCK_SECOND)

/* Whether what was read at `kept_at` may be used `now`; epoch microseconds. A request that began a little
 * before another one kept it sees it from the future; one that sees it from afar has met a clock that was
 * set. */
bool basis_is_young(int64_t kept_at, int64_t now, int64_t age_max_us);

struct basis {
    struct {
        enum db_subject subject;
        int64_t id;
        struct db_stamp stamp;
    } on[BASIS_MAX];
    size_t n;
    int64_t since; /* the youngest of it was read then; epoch microseconds */
    int64_t until; /* the oldest of it must be read again then; 0: it rests on nothing */
    bool is_lost;  /* more than fits, or at odds with itself: it never holds */
};

/* One thing that was used: whose stamp it bears, when it was read, until when it may be used. */
void basis_add(struct basis *basis, enum db_subject subject, int64_t id, struct db_stamp stamp,
               int64_t kept_at, int64_t until);
/* Whether nothing of it has changed or grown old. */
bool basis_holds(const struct basis *basis, const struct db *db, int64_t now);

#endif
