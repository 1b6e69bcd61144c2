/* The chunked decoder: one state per place in the grammar, one byte at a time outside the data. */
#include "http/chunked.h"

#include <stdbool.h>
#include <string.h>

#define MAX_DIGITS 8    /* 4 GiB, far over every body limit */
#define MAX_EXTRA  8192 /* extensions, in all chunks together; trailers likewise */

_Static_assert(sizeof(struct phr_chunked_decoder) == 16, "phr_chunked_decoder");

enum state {
    SIZE = 0,   /* digits of the size */
    EXTENSION,  /* after them, up to CR */
    SIZE_LF,    /* expects the LF of the size's line */
    CONTENT,    /* `left` bytes of data */
    CONTENT_CR, /* expects the CRLF after them */
    CONTENT_LF,
    TRAILER_START, /* at the beginning of a line after the last chunk */
    TRAILER,       /* within one */
    TRAILER_LF,
    FINAL_LF, /* expects the LF of the empty line */
    COMPLETE,
    BROKEN
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum state after_size(struct phr_chunked_decoder *decoder, char c)
{
    int value = hex_value(c);
    if (value >= 0 && decoder->digits < MAX_DIGITS) {
        decoder->left = decoder->left << 4 | (size_t)value;
        decoder->digits++;
        return SIZE;
    }
    if (decoder->digits == 0 || value >= 0)
        return BROKEN;
    return c == '\r' ? SIZE_LF : c == ';' || c == ' ' || c == '\t' ? EXTENSION : BROKEN;
}

/* A byte of an extension or a trailer that ends with CR. */
static enum state within_line(char c, enum state same, enum state at_cr)
{
    if (c == '\r')
        return at_cr;
    bool control = ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
    return control ? BROKEN : same;
}

static enum state expect(char c, char wanted, enum state then)
{
    return c == wanted ? then : BROKEN;
}

static enum state next_state(struct phr_chunked_decoder *decoder, char c)
{
    switch ((enum state)decoder->state) {
    case SIZE:
        return after_size(decoder, c);
    case EXTENSION:
        return within_line(c, EXTENSION, SIZE_LF);
    case SIZE_LF:
        return expect(c, '\n', decoder->left > 0 ? CONTENT : TRAILER_START);
    case CONTENT_CR:
        return expect(c, '\r', CONTENT_LF);
    case CONTENT_LF:
        decoder->digits = 0;
        return expect(c, '\n', SIZE);
    case TRAILER_START:
        return within_line(c, TRAILER, FINAL_LF);
    case TRAILER:
        return within_line(c, TRAILER, TRAILER_LF);
    case TRAILER_LF:
        return expect(c, '\n', TRAILER_START);
    case FINAL_LF:
        return expect(c, '\n', COMPLETE);
    default:
        return BROKEN;
    }
}

/* Moves as much data as there is; returns how much. */
static size_t move_content(struct phr_chunked_decoder *decoder, char *to, const char *from, size_t size)
{
    size_t n = size < decoder->left ? size : decoder->left;
    memmove(to, from, n);
    decoder->left -= n;
    if (decoder->left == 0)
        decoder->state = CONTENT_CR;
    return n;
}

/* Bytes that carry nothing are counted over the whole body, so that they cannot go on for ever. */
static bool is_too_much(struct phr_chunked_decoder *decoder, enum state state)
{
    if (state != EXTENSION && state != TRAILER)
        return false;
    uint16_t extra;
    memcpy(&extra, decoder->extra, sizeof extra);
    extra++;
    memcpy(decoder->extra, &extra, sizeof extra);
    return extra > MAX_EXTRA;
}

__attribute__((visibility("default"), used)) ssize_t phr_decode_chunked(struct phr_chunked_decoder *decoder,
                                                                        char *buf, size_t *size)
{
    size_t from = 0, to = 0, total = *size;
    while (from < total && decoder->state != COMPLETE && decoder->state != BROKEN) {
        if (decoder->state == CONTENT) {
            size_t n = move_content(decoder, buf + to, buf + from, total - from);
            from += n;
            to += n;
            continue;
        }
        enum state state = next_state(decoder, buf[from++]);
        decoder->state = (char)(is_too_much(decoder, state) ? BROKEN : state);
    }
    if (decoder->state == BROKEN)
        return -1;
    memmove(buf + to, buf + from, total - from);
    *size = to;
    return decoder->state == COMPLETE ? (ssize_t)(total - from) : -2;
}
