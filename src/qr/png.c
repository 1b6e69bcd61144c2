/* The modules as a PNG file with one bit per pixel. Every setting that changes the bytes is said here. */
#include <png.h>

#include "base/buf.h"
#include "qr/matrix.h"

#define FILE_BYTES ((size_t)1024 * 1024)

/* One bit per pixel in a few bytes: nothing that a stranger sends makes libpng fail, so this is a bug or an
 * exhausted memory. */
static void on_error(png_structp png, png_const_charp why)
{
    (void)png, (void)why;
    abort();
}

static void on_write(png_structp png, png_bytep data, size_t size)
{
    buf_add(png_get_io_ptr(png), str_from((const char *)data, size));
}

static void on_flush(png_structp png)
{
    (void)png;
}

/* One row of pixels through the modules of row y; y < 0: the margin. Light is 1. */
static void paint_row(const struct qr_matrix *matrix, int y, png_bytep row)
{
    memset(row, 0xff, (size_t)(matrix->size + 7) / 8);
    for (int i = 0; y >= 0 && i < matrix->width * matrix->scale; i++) {
        int x = matrix->margin + i;
        if (qr_matrix_is_dark(matrix, i / matrix->scale, y))
            row[x / 8] &= (png_byte) ~(0x80 >> x % 8);
    }
}

static int module_row(const struct qr_matrix *matrix, int pixel)
{
    int inside = pixel - matrix->margin;
    return inside < 0 || inside >= matrix->width * matrix->scale ? -1 : inside / matrix->scale;
}

static void write_head(png_structp png, png_infop info, int size)
{
    png_set_compression_level(png, 9);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
    png_set_IHDR(png, info, (png_uint_32)size, (png_uint_32)size, 1, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
}

static void write_file(struct arena *arena, const struct qr_matrix *matrix, struct buf *out)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info)
        abort();
    png_bytep row = arena_alloc(arena, (size_t)(matrix->size + 7) / 8);
    png_set_write_fn(png, out, on_write, on_flush);
    write_head(png, info, matrix->size);
    for (int y = 0; y < matrix->size; y++) {
        paint_row(matrix, module_row(matrix, y), row);
        png_write_row(png, row);
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
}

enum qr_result qr_png(struct arena *arena, struct str text, struct qr_style style, struct str *ret)
{
    struct qr_matrix matrix;
    enum qr_result result = qr_matrix_make(arena, text, style, &matrix);
    if (result != QR_OK)
        return result;
    struct buf out;
    buf_init(&out, arena, FILE_BYTES);
    write_file(arena, &matrix, &out);
    *ret = buf_str(&out);
    return QR_OK;
}
