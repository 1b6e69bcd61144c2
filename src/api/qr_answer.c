#include "api/qr_answer.h"

#include "base/encode.h"
#include "base/random.h"
#include "qr/qr.h"

struct qr_query {
    struct str format;
    int64_t size;
};
static const char *const formats[] = { "png", "svg", NULL };
static const struct field query_rows[] = {
    FIELD(struct qr_query, format, "format", FIELD_ENUM, .words = formats, .help = "png if left out",
          .example = "svg"),
    FIELD(struct qr_query, size, "size", FIELD_INT, .min = QR_SIZE_MIN, .max = QR_SIZE_MAX,
          .help = "Pixels of a side; 320 if left out", .example = "320"),
};
const struct shape qr_query_shape = SHAPE("QrQuery", struct qr_query, query_rows);

static struct str etag_of(struct call *call, struct str picture)
{
    uint8_t hash[32];
    sha256(picture.at, picture.len, hash);
    struct str text = hex_encode(call->arena, hash, 12);
    return arena_printf(call->arena, "\"%.*s\"", STR_ARG(text));
}

enum error_code qr_answer(struct call *call, struct str link)
{
    const struct qr_query *query = call->query_input;
    bool is_svg = str_equal(query->format, STR("svg"));
    struct qr_style style = { .size = (int)query->size };
    struct str picture;
    enum qr_result result =
        is_svg ? qr_svg(call->arena, link, style, &picture) : qr_png(call->arena, link, style, &picture);
    if (result != QR_OK)
        return call_fail_field(call, "size", VIOLATION_CUSTOM, "The size is too small for this code.");
    struct str etag = etag_of(call, picture);
    if (request_has_etag(&call->request, etag))
        reply_empty(&call->reply, 304);
    else
        reply_text(&call->reply, 200, is_svg ? "image/svg+xml" : "image/png", picture);
    reply_header(&call->reply, "etag", etag);
    return OK;
}
