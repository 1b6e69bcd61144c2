/* Cursors: where a page ended, in letters that say nothing to whoever carries them.
 *
 * A cursor holds a checksum over the list it was given for, so that one of another list, order, filter or
 * tenant is told apart. It is no secret and grants nothing: whoever makes one up chooses a place in a list
 * that they may read. */
#ifndef TETHER_STORAGE_CURSOR_H
#define TETHER_STORAGE_CURSOR_H

#include "base/arena.h"

#define CURSOR_KEYS_MAX 3
#define CURSOR_TEXT_MAX 4096 /* bytes of a cursor as it is sent */
#define CURSOR_NULL_NUMBER                                                                                   \
    INT64_C(-9000000000000000000) /* where null stands among numbers: before them all */

struct cursor_value {
    struct str text;
    int64_t number;
};

struct cursor {
    int64_t id, total;
    size_t n;
    bool is_text[CURSOR_KEYS_MAX];
    struct cursor_value values[CURSOR_KEYS_MAX];
};

/* `context`: all that the list was asked with. */
struct str cursor_write(struct arena *arena, struct str context, const struct cursor *cursor);
/* False for what cursor_write() did not write for that context. */
bool cursor_read(struct arena *arena, struct str context, struct str text, const bool *is_text, size_t n,
                 struct cursor *ret);

#endif
