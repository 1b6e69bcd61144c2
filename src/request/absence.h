/* API tokens that were looked for in vain, so that whoever goes on sending them costs no look-up each time.
 *
 * A set-associative table of 32 bytes a token; its pages are taken as they are used, 4 MiB when full. The token
 * itself is not stored: a keyed hash stands for it, under a random key, so nobody can aim at a place. In a full
 * set any one gives way, not the one of longest ago: of more tokens than fit, asked in turn, most are still
 * met. */
#ifndef TETHER_REQUEST_ABSENCE_H
#define TETHER_REQUEST_ABSENCE_H

#include "storage/changes.h"

#define ABSENCES_MAX (1 << 17)

struct absence {
    int64_t subject;         /* api_token_subject() */
    struct db_stamp unknown; /* of it, taken before the token was looked for */
    int64_t kept_at;         /* epoch microseconds */
};

struct absences;

struct absences *absences_new(void);
void absences_free(struct absences **absences);

/* Any thread, never waits: false when nothing is kept, or when the place is being written. Whether it still
 * holds is the caller's to judge. */
bool absences_get(struct absences *absences, struct str token, struct absence *ret);
void absences_put(struct absences *absences, struct str token, const struct absence *absence);

#endif
