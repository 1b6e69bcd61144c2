/* The modules, from libqrencode; and how many pixels each of them gets. */
#include "qr/matrix.h"

#include <qrencode.h>

static bool text_fits(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < ' ' || text.at[i] > '~')
            return false;
    return text.len > 0 && text.len <= QR_TEXT_MAX;
}

static bool read_style(struct qr_style style, struct qr_matrix *ret)
{
    ret->size = style.size ? style.size : QR_SIZE;
    ret->quiet = style.quiet ? style.quiet : QR_QUIET;
    if (style.quiet == -1)
        ret->quiet = 0;
    return ret->size >= QR_SIZE_MIN && ret->size <= QR_SIZE_MAX && ret->quiet >= 0 &&
           ret->quiet <= QR_QUIET_MAX;
}

/* False when a module would be smaller than a pixel. */
static bool lay_out(struct qr_matrix *matrix)
{
    matrix->scale = matrix->size / (matrix->width + 2 * matrix->quiet);
    matrix->margin = (matrix->size - matrix->scale * matrix->width) / 2;
    return matrix->scale >= 1;
}

enum qr_result qr_matrix_make(struct arena *arena, struct str text, struct qr_style style,
                              struct qr_matrix *ret)
{
    struct qr_matrix matrix = { 0 };
    if (!text_fits(text))
        return QR_TEXT_REFUSED;
    if (!read_style(style, &matrix))
        return QR_SIZE_REFUSED;
    QRcode *code = QRcode_encodeString(arena_cstr(arena, text), 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (!code) /* QR_TEXT_MAX fits every version's level M: only memory is left to be short of */
        abort();
    matrix.width = code->width;
    matrix.modules = arena_memdup(arena, code->data, (size_t)code->width * (size_t)code->width);
    QRcode_free(code);
    if (!lay_out(&matrix))
        return QR_SIZE_REFUSED;
    *ret = matrix;
    return QR_OK;
}
