/* A growing byte buffer in an arena, born with a maximum. */
#ifndef TETHER_BASE_BUF_H
#define TETHER_BASE_BUF_H

#include "base/arena.h"

struct buf {
    struct arena *arena;
    char *at;
    size_t len;
    size_t cap;
    size_t max;
    bool overflow; /* something did not fit; the content is not to be used */
};

/* max: bytes; what would pass it is dropped and sets `overflow`. */
void buf_init(struct buf *buf, struct arena *arena, size_t max);
/* Room for as much at once, for what is known to grow; no promise. */
void buf_expect(struct buf *buf, size_t bytes);
/* Where to write up to so many bytes at the end, then buf_wrote() as many as there are. NULL, and `overflow`
 * set, when they would pass the maximum. */
char *buf_room(struct buf *buf, size_t bytes);
void buf_wrote(struct buf *buf, size_t bytes);
void buf_add(struct buf *buf, struct str s);
void buf_add_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The content, NUL-terminated; lives until the next buf_ call that grows it. */
struct str buf_str(struct buf *buf);

#endif
