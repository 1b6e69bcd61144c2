/* A strict decoder of the chunked transfer coding (RFC 9112 section 7.1), which stands in for the library's:
 * that one accepts bare line feeds, where a proxy in front may see something else. */
#ifndef TETHER_HTTP_CHUNKED_H
#define TETHER_HTTP_CHUNKED_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The size and the first two members are the library's; the caller zeroes it. */
struct phr_chunked_decoder {
    size_t left; /* of the chunk */
    char consume_trailer;
    char digits;
    char state;
    char extra[2]; /* a count of bytes that carry nothing; in what is padding to the library */
};

/* Decodes `buf` in place; *size: bytes there, then bytes of content. -1: broken. -2: goes on. Else complete:
 * so many bytes that belong to the next message follow the content. */
ssize_t phr_decode_chunked(struct phr_chunked_decoder *decoder, char *buf, size_t *size);

#endif
