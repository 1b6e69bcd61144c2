/* Files made while the program runs. */
#include <zlib.h>

#include "base/encode.h"
#include "base/random.h"
#include "web/files.h"

#define ETAG_BYTES  12
#define GZIP_WINDOW (15 + 16) /* zlib's way to ask for gzip's head and tail */

static const char *etag_of(struct arena *arena, struct str content)
{
    uint8_t hash[32];
    sha256(content.at, content.len, hash);
    struct str text = hex_encode(arena, hash, ETAG_BYTES);
    return arena_printf(arena, "\"%.*s\"", STR_ARG(text)).at;
}

/* Into `scratch`. at == NULL: it is not worth it. */
static struct str pack(z_stream *stream, struct arena *scratch, struct str content)
{
    uLong most = deflateBound(stream, content.len);
    unsigned char *to = arena_alloc(scratch, most);
    stream->next_in = (unsigned char *)(uintptr_t)content.at; /* which deflate() only reads */
    stream->avail_in = (uInt)content.len;
    stream->next_out = to;
    stream->avail_out = (uInt)most;
    if (deflate(stream, Z_FINISH) != Z_STREAM_END || stream->total_out >= content.len)
        return STR_NONE;
    return str_from((const char *)to, stream->total_out);
}

void web_file_make(struct arena *arena, const char *name, const char *type, struct str content,
                   struct web_file *ret)
{
    z_stream stream = { 0 };
    *ret = (struct web_file){ .name = name,
                              .type = type,
                              .etag = etag_of(arena, content),
                              .plain = (const unsigned char *)content.at,
                              .plain_size = content.len };
    if (content.len > UINT32_MAX / 2 ||
        deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return;
    struct arena *scratch = arena_new(SIZE_MAX);
    struct str packed = pack(&stream, scratch, content);
    if (packed.at) {
        ret->packed = (const unsigned char *)arena_copy(arena, packed).at;
        ret->packed_size = packed.len;
    }
    deflateEnd(&stream);
    arena_free(&scratch);
}
