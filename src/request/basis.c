#include "request/basis.h"

bool basis_is_young(int64_t kept_at, int64_t now, int64_t age_max_us)
{
    int64_t age = now - kept_at;
    return age < age_max_us && age > -age_max_us;
}

static size_t find(const struct basis *basis, enum db_subject subject, int64_t id)
{
    size_t i = 0;
    while (i < basis->n && (basis->on[i].subject != subject || basis->on[i].id != id))
        i++;
    return i;
}

void basis_add(struct basis *basis, enum db_subject subject, int64_t id, struct db_stamp stamp,
               int64_t kept_at, int64_t until)
{
    size_t i = find(basis, subject, id);
    bool is_at_odds = i < basis->n && basis->on[i].stamp.value != stamp.value;
    if (i == BASIS_MAX || is_at_odds) {
        basis->is_lost = true;
        return;
    }
    basis->on[i].subject = subject;
    basis->on[i].id = id;
    basis->on[i].stamp = stamp;
    basis->n += i == basis->n;
    if (kept_at > basis->since)
        basis->since = kept_at;
    if (basis->until == 0 || until < basis->until)
        basis->until = until;
}

bool basis_holds(const struct basis *basis, const struct db *db, int64_t now)
{
    /* A clock that was set back further than anything may be kept says nothing about age. */
    if (basis->is_lost || now >= basis->until || now <= 2 * basis->since - basis->until)
        return false;
    for (size_t i = 0; i < basis->n; i++)
        if (!db_stamp_holds(basis->on[i].stamp, db_stamp(db, basis->on[i].subject, basis->on[i].id)))
            return false;
    return true;
}
