/* QR codes as pictures: a text, mostly a URL, becomes the bytes of a PNG or SVG file. The only room that sees
 * libqrencode and libpng.
 *
 * The same text and style always give the same bytes, so an ETag may be made from what was asked. The error
 * correction is level M (about 15 % of the code may be lost), the version the smallest that holds the text.
 */
#ifndef TETHER_QR_QR_H
#define TETHER_QR_QR_H

#include "base/arena.h"

#define QR_TEXT_MAX  1024 /* bytes of text */
#define QR_SIZE_MIN  64   /* pixels of a side */
#define QR_SIZE_MAX  2048
#define QR_SIZE      320 /* when the style does not say */
#define QR_QUIET     4   /* ISO 18004: four modules of light around a code */
#define QR_QUIET_MAX 16

/* The zero value is the default. */
struct qr_style {
    int size;  /* pixels of a side; 0: QR_SIZE. The picture is exactly that wide and high */
    int quiet; /* light modules around the code, at least; 0: QR_QUIET, -1: none (the page around it is light)
                */
};

enum qr_result {
    QR_OK = 0,
    QR_TEXT_REFUSED, /* empty, longer than QR_TEXT_MAX, or not printable ASCII: readers guess at the rest */
    QR_SIZE_REFUSED, /* out of bounds, or a module would be smaller than a pixel */
};

/* Any thread. *ret in the arena. A module is a whole number of pixels; what is left over widens the margin.
 */
enum qr_result qr_png(struct arena *arena, struct str text, struct qr_style style, struct str *ret);
/* The same as an SVG document, which scales to any size; `size` is its own idea of how large it is. */
enum qr_result qr_svg(struct arena *arena, struct str text, struct qr_style style, struct str *ret);

#endif
