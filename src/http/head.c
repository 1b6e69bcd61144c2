/* From the library's answer to frames: the fields through hpack.c, then the nine bytes that precede each
 * frame. */
#include "http/head.h"

#include "http/connection.h"
#include "http/hpack.h"

#define EXPORTED           __attribute__((visibility("default"), used))
#define FRAME_HEADER       9
#define FRAME_HEADERS      1
#define FRAME_CONTINUATION 9
#define END_HEADERS        4
#define CONTENT_LENGTH     28 /* places in the static table of RFC 7541 */
#define DATE               33
#define SERVER             54

struct head {
    struct hpack_peer *peer;
    const h2o_res_t *res;
    struct str server, date;
    size_t content_length; /* SIZE_MAX: none */
};

static uint8_t static_index(const h2o_iovec_t *name)
{
    if (!h2o_iovec_is_token(name))
        return 0;
    return (uint8_t)H2O_STRUCT_FROM_MEMBER(h2o_token_t, buf, name)->http2_static_table_name_index;
}

static size_t room_for(const struct head *head)
{
    size_t room = HPACK_LIMIT_ROOM + HPACK_STATUS_ROOM + hpack_field_room(STR("server"), head->server) +
                  hpack_field_room(STR("date"), head->date) +
                  hpack_field_room(STR("content-length"), STR_NONE) + STR_INT_CAP;
    for (size_t i = 0; i < head->res->headers.size; i++) {
        const h2o_header_t *field = &head->res->headers.entries[i];
        room += hpack_field_room(from_iovec(*field->name), from_iovec(field->value));
    }
    return room;
}

static uint8_t *put_length(const struct head *head, uint8_t *to)
{
    char digits[STR_INT_CAP];
    if (head->content_length == SIZE_MAX)
        return to;
    size_t len = str_put_int(digits, (int64_t)head->content_length);
    return hpack_put_field(NULL, to, CONTENT_LENGTH, STR("content-length"), str_from(digits, len));
}

static uint8_t *put_block(const struct head *head, uint8_t *to)
{
    if (head->peer)
        to = hpack_put_limit(head->peer, to);
    to = hpack_put_status(to, head->res->status);
    to = hpack_put_field(head->peer, to, SERVER, STR("server"), head->server);
    to = hpack_put_field(NULL, to, DATE, STR("date"), head->date);
    for (size_t i = 0; i < head->res->headers.size; i++) {
        const h2o_header_t *field = &head->res->headers.entries[i];
        to = hpack_put_field(head->peer, to, static_index(field->name), from_iovec(*field->name),
                             from_iovec(field->value));
    }
    return put_length(head, to);
}

static uint8_t *put_frame_header(uint8_t *to, size_t length, uint8_t type, uint8_t flags, uint32_t stream_id)
{
    const uint8_t bytes[FRAME_HEADER] = { (uint8_t)(length >> 16),   (uint8_t)(length >> 8),
                                          (uint8_t)length,           type,
                                          flags,                     (uint8_t)(stream_id >> 24),
                                          (uint8_t)(stream_id >> 16), (uint8_t)(stream_id >> 8),
                                          (uint8_t)stream_id };
    memcpy(to, bytes, sizeof bytes);
    return to + sizeof bytes;
}

/* Most blocks are one frame and are written in place. */
static void put_one_frame(h2o_buffer_t **buf, const struct head *head, size_t room, uint32_t stream_id)
{
    uint8_t *start = (uint8_t *)h2o_buffer_reserve(buf, FRAME_HEADER + room).base;
    uint8_t *end = put_block(head, start + FRAME_HEADER);
    size_t length = (size_t)(end - start) - FRAME_HEADER;
    put_frame_header(start, length, FRAME_HEADERS, END_HEADERS, stream_id);
    (*buf)->size += FRAME_HEADER + length;
}

static void put_frames(h2o_buffer_t **buf, const uint8_t *block, size_t length, size_t most, uint32_t stream_id)
{
    uint8_t type = FRAME_HEADERS;
    for (size_t done = 0; done < length || type == FRAME_HEADERS; type = FRAME_CONTINUATION) {
        size_t part = length - done < most ? length - done : most;
        uint8_t *to = (uint8_t *)h2o_buffer_reserve(buf, FRAME_HEADER + part).base;
        to = put_frame_header(to, part, type, done + part == length ? END_HEADERS : 0, stream_id);
        memcpy(to, block + done, part);
        (*buf)->size += FRAME_HEADER + part;
        done += part;
    }
}

EXPORTED void h2o_hpack_flatten_response(h2o_buffer_t **buf, void *table, uint32_t stream_id,
                                         size_t max_frame_size, h2o_res_t *res, h2o_timestamp_t *ts,
                                         const h2o_iovec_t *server_name, size_t content_length)
{
    (void)table;
    h2o_req_t *req = H2O_STRUCT_FROM_MEMBER(h2o_req_t, res, res);
    struct connection *connection = connection_of(req);
    const struct head head = {
        .peer = connection ? &connection->hpack : NULL,
        .res = res,
        .server = from_iovec(*server_name),
        .date = str_from(ts->str->rfc1123, H2O_TIMESTR_RFC1123_LEN),
        .content_length = content_length,
    };
    size_t room = room_for(&head);
    if (room <= max_frame_size) {
        put_one_frame(buf, &head, room, stream_id);
        return;
    }
    uint8_t *block = h2o_mem_alloc_pool(&req->pool, room);
    put_frames(buf, block, (size_t)(put_block(&head, block) - block), max_frame_size, stream_id);
}
