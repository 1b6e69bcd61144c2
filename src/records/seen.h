/* Which texts a file has named already, and where. Private to records/. */
#ifndef TETHER_RECORDS_SEEN_H
#define TETHER_RECORDS_SEEN_H

#include "base/str.h"

struct seen;
struct seen *seen_new(void);
void seen_free(struct seen **seen);
/* The line that named it first; 0: this one does. Two texts are taken for one with a chance of 2^-64 at a
 * billion of them: what is kept of each is a keyed hash. */
size_t seen_add(struct seen *seen, struct str text, size_t line);
/* Whether any line named it. */
bool seen_has(const struct seen *seen, struct str text);

#endif
