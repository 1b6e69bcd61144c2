/* A text's dark and light modules, laid out for a picture. Nobody outside the room includes this. */
#ifndef TETHER_QR_MATRIX_H
#define TETHER_QR_MATRIX_H

#include "qr/qr.h"

struct qr_matrix {
    const unsigned char *modules; /* width × width in the arena; bit 0: dark */
    int width;                    /* modules of a side, without the quiet zone */
    int quiet;                    /* modules */
    int size;                     /* pixels of the picture's side */
    int scale;                    /* pixels of a module */
    int margin;                   /* pixels before the first module: at least `quiet` modules */
};

/* As qr_png(): QR_OK with *ret in the arena, or why the text or the style cannot be drawn. */
enum qr_result qr_matrix_make(struct arena *arena, struct str text, struct qr_style style,
                              struct qr_matrix *ret);

static inline bool qr_matrix_is_dark(const struct qr_matrix *matrix, int x, int y)
{
    return (matrix->modules[y * matrix->width + x] & 1) != 0;
}

#endif
