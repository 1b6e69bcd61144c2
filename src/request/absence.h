/* API tokens and devices' that were looked for in vain, so that whoever goes on sending them costs no look-up
 * each time.
 *
 * A set-associative table of 32 bytes a token; its pages are taken as they are used, 4 MiB when full. The token
 * itself is not stored: a keyed hash stands for it, under a random key, so nobody can aim at a place. In a full
 * set any one gives way, not the one of longest ago: of more tokens than fit, asked in turn, most are still
 * met. */
#ifndef TETHER_REQUEST_ABSENCE_H
#define TETHER_REQUEST_ABSENCE_H

#include "request/basis.h"

#define ABSENCES_MAX (1 << 17)

struct absence {
    int64_t subject;         /* of its kind: api_token_subject(), device_subject() */
    struct db_stamp unknown; /* of it, taken before the token was looked for */
    int64_t kept_at;         /* epoch microseconds */
};

struct absences;

struct absences *absences_new(void);
void absences_free(struct absences **absences);

/* Any thread, never waits: false when nothing is kept, or when the place is being written. Whether it still
 * holds is the caller's to judge. */
bool absences_get(struct absences *absences, struct str token, struct absence *ret);
/* The same, judged: nobody can have been given the token since, of which `kind` of token's subjects tell, and
 * it was looked for a minute ago at most. Asked for another kind, at whose door it is refused anyhow, either
 * answer is right. now: epoch microseconds. */
bool absences_know(struct absences *absences, const struct db *db, enum db_subject kind, struct str token,
                   int64_t now, struct absence *ret);
/* A stamp of 0, of nothing that changes tell about, is not kept. */
void absences_put(struct absences *absences, struct str token, const struct absence *absence);

#endif
