/* The modules as an SVG document: one light square, one path of dark runs; at its own size every
 * module is a whole number of pixels, as in the PNG. */
#include "base/buf.h"
#include "qr/matrix.h"

#define FILE_BYTES ((size_t)1024 * 1024)

static int run_length(const struct qr_matrix *matrix, int x, int y)
{
    int end = x;
    while (end < matrix->width && qr_matrix_is_dark(matrix, end, y))
        end++;
    return end - x;
}

static void add_row(const struct qr_matrix *matrix, int y, struct buf *out)
{
    for (int x = 0; x < matrix->width; x++) {
        int run = run_length(matrix, x, y);
        if (run > 0)
            buf_printf(out, "M%d %dh%dv1h-%dz", x, y, run, run);
        x += run;
    }
}

enum qr_result qr_svg(struct arena *arena, struct str text, struct qr_style style, struct str *ret)
{
    struct qr_matrix matrix;
    enum qr_result result = qr_matrix_make(arena, text, style, &matrix);
    if (result != QR_OK)
        return result;
    struct buf out;
    buf_init(&out, arena, FILE_BYTES);
    buf_printf(&out,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
               "shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
               "<path transform=\"translate(%d %d) scale(%d)\" d=\"",
               matrix.size, matrix.size, matrix.size, matrix.size, matrix.size, matrix.size, matrix.margin,
               matrix.margin, matrix.scale);
    for (int y = 0; y < matrix.width; y++)
        add_row(&matrix, y, &out);
    buf_add(&out, STR("\"/></svg>\n"));
    *ret = buf_str(&out);
    return QR_OK;
}
