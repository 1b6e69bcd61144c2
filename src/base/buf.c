/* Growth by doubling inside the arena: old content is left behind, which costs at most as much again. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST_CAP 256

void buf_init(struct buf *buf, struct arena *arena, size_t max)
{
    *buf = (struct buf){ .arena = arena, .max = max };
}

/* Room for `more` bytes and a NUL behind them; false, and overflow set, when the maximum is in the way. */
static bool reserve(struct buf *buf, size_t more)
{
    if (more > buf->max - buf->len) {
        buf->overflow = true;
        return false;
    }
    size_t need = buf->len + more + 1;
    if (need <= buf->cap)
        return true;
    size_t cap = buf->cap == 0 ? FIRST_CAP : buf->cap * 2;
    if (cap < need)
        cap = need;
    char *at = arena_alloc_raw(buf->arena, cap);
    if (buf->len > 0)
        memcpy(at, buf->at, buf->len);
    at[buf->len] = '\0';
    buf->at = at;
    buf->cap = cap;
    return true;
}

void buf_expect(struct buf *buf, size_t bytes)
{
    size_t room = buf->max - buf->len;
    reserve(buf, bytes < room ? bytes : room);
}

char *buf_room(struct buf *buf, size_t bytes)
{
    return reserve(buf, bytes) ? buf->at + buf->len : NULL;
}

void buf_wrote(struct buf *buf, size_t bytes)
{
    buf->len += bytes;
    buf->at[buf->len] = '\0';
}

void buf_add(struct buf *buf, struct str s)
{
    if (s.len == 0 || !reserve(buf, s.len))
        return;
    memcpy(buf->at + buf->len, s.at, s.len);
    buf->len += s.len;
    buf->at[buf->len] = '\0';
}

void buf_add_char(struct buf *buf, char c)
{
    buf_add(buf, (struct str){ &c, 1 });
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len < 0)
        abort(); /* a broken format is a bug */
    if (reserve(buf, (size_t)len)) {
        vsnprintf(buf->at + buf->len, (size_t)len + 1, format, args);
        buf->len += (size_t)len;
    }
    va_end(args);
}

struct str buf_str(struct buf *buf)
{
    return buf->at == NULL ? STR("") : (struct str){ buf->at, buf->len };
}
