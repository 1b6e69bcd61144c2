/* What keeps a stranger from aborting or exhausting the process through libh2o 2.2.5.
 *
 * - A WINDOW_UPDATE or SETTINGS that reopens the window of a stream whose END_STREAM is queued behind a
 * blocked write trips an assertion: such a stream's window is put where no frame can bring it to zero, and
 * initial windows of 2^30 or more are refused (h2o_http2_stream_send_pending_data,
 * h2o_http2_update_peer_settings).
 * - Header lists are not limited: blocks over a size or a count end the connection, trailers are dropped,
 * cache digests are not parsed, and streams that are opened again and again without ever becoming a request
 * are counted (h2o_hpack_parse_headers).
 * - Answers' heads are written by us, with the peer's table as its settings allow it, which the library does
 * not heed (h2o_hpack_flatten_response, in head.c).
 * - Upgrade: h2c would let a request pass by the check of its raw head (h2o_http2_handle_upgrade).
 * - A head that cannot be parsed would be answered past everything of ours (phr_parse_request).
 * - Its chunked decoder is lenient (phr_decode_chunked, in chunked.c).
 * - Request bodies of many streams gather before a handler sees one: what a stream holds can be asked here.
 * - What it complains of goes to stderr, as often as a stranger likes (__fprintf_chk and perror, in
 * complaint.c).
 * - Timers follow the wall clock (gettimeofday).
 *
 * The two structs below are the beginnings of those in h2o/http2_internal.h, which cannot be included: the
 * package lacks a header it needs. */
#include "http/guard.h"

#include <dlfcn.h>
#include "http/libh2o.h"
#include <stdatomic.h>
#include <sys/time.h>

#include "base/clock.h"
#include "http/block.h"
#include "http/chunked.h"
#include "http/complaint.h"
#include "http/connection.h"
#include "http/head.h"
#include "http/internal.h"
#include "http/limits.h"
#include "http/unparsed.h"

#define STATE_IDLE             0
#define STATE_RECEIVES_BODY    2
#define STATE_END_STREAM       7
#define WINDOW_OUT_OF_REACH    ((ssize_t)1 << 30)
#define SETTING_SIZE           6
#define SETTING_TABLE_SIZE     1
#define SETTING_INITIAL_WINDOW 4
#define NUDGE_US               (CLOCK_SECOND / 4)
#define EXPORTED               __attribute__((visibility("default"), used))

struct stream_head {
    uint32_t stream_id;
    h2o_ostream_t ostream;
    int state;
    ssize_t output_window;
    ssize_t input_window;
    h2o_http2_priority_t priority;
    h2o_buffer_t *body;
};
_Static_assert(offsetof(struct stream_head, ostream) == 8, "h2o_http2_stream_t._ostr_final");
_Static_assert(offsetof(struct stream_head, state) == 40, "h2o_http2_stream_t.state");
_Static_assert(offsetof(struct stream_head, output_window) == 48, "h2o_http2_stream_t.output_window");
_Static_assert(offsetof(struct stream_head, body) == 80, "h2o_http2_stream_t._req_body");

/* The beginning of h2o_http2_conn_t. */
struct conn_head {
    h2o_conn_t super;
    h2o_socket_t *sock;
    h2o_http2_settings_t peer_settings;
};

typedef void send_pending_fn(void *conn, struct stream_head *stream);
typedef int settings_fn(h2o_http2_settings_t *settings, const uint8_t *src, size_t len,
                        const char **err_desc);
typedef int headers_fn(h2o_req_t *req, void *table, const uint8_t *src, size_t len, int *pseudo_headers,
                       size_t *content_length, void **digests, const char **err_desc);

typedef int parse_fn(const char *buf, size_t len, const char **method, size_t *method_len, const char **path,
                     size_t *path_len, int *minor_version, void *headers, size_t *header_count,
                     size_t last_len);

send_pending_fn h2o_http2_stream_send_pending_data;
settings_fn h2o_http2_update_peer_settings;
headers_fn h2o_hpack_parse_headers;
parse_fn phr_parse_request;

static struct {
    send_pending_fn *send_pending;
    settings_fn *settings;
    headers_fn *headers;
    parse_fn *parse;
    bool active;
} originals;

static _Atomic int64_t clock_offset; /* wall clock minus monotonic clock, as of the last nudge */
static atomic_uint clock_reads;

EXPORTED void h2o_http2_stream_send_pending_data(void *conn, struct stream_head *stream)
{
    originals.send_pending(conn, stream);
    if (stream->state == STATE_END_STREAM)
        stream->output_window = WINDOW_OUT_OF_REACH;
}

size_t guard_held_body(const h2o_req_t *req)
{
    /* Until the answer begins, the request's output is the stream's own. */
    const struct stream_head *stream = H2O_STRUCT_FROM_MEMBER(struct stream_head, ostream, req->_ostr_top);
    if (req->version < 0x200 || stream->state != STATE_RECEIVES_BODY || !stream->body)
        return 0;
    return stream->body->size;
}

bool guard_is_reserved(const h2o_req_t *req)
{
    const struct stream_head *stream = H2O_STRUCT_FROM_MEMBER(struct stream_head, ostream, req->_ostr_top);
    return req->version >= 0x200 && !req->_generator && stream->state == STATE_IDLE;
}

struct setting {
    unsigned identifier;
    uint32_t value;
};

static struct setting read_setting(const uint8_t at[SETTING_SIZE])
{
    uint32_t value = (uint32_t)at[2] << 24 | (uint32_t)at[3] << 16 | (uint32_t)at[4] << 8 | at[5];
    return (struct setting){ (unsigned)at[0] << 8 | at[1], value };
}

bool guard_settings_refused(const uint8_t *payload, size_t len)
{
    for (; len >= SETTING_SIZE; payload += SETTING_SIZE, len -= SETTING_SIZE) {
        struct setting setting = read_setting(payload);
        if (setting.identifier == SETTING_INITIAL_WINDOW && setting.value >= WINDOW_OUT_OF_REACH)
            return true;
    }
    return false;
}

static void note_table_sizes(struct connection *connection, const uint8_t *payload, size_t len)
{
    for (; connection && len >= SETTING_SIZE; payload += SETTING_SIZE, len -= SETTING_SIZE) {
        struct setting setting = read_setting(payload);
        if (setting.identifier == SETTING_TABLE_SIZE)
            hpack_allow(&connection->hpack, setting.value);
    }
}

EXPORTED int h2o_http2_update_peer_settings(h2o_http2_settings_t *settings, const uint8_t *src, size_t len,
                                            const char **err_desc)
{
    if (guard_settings_refused(src, len)) {
        *err_desc = "initial window too large";
        return H2O_HTTP2_ERROR_ENHANCE_YOUR_CALM;
    }
    struct conn_head *conn = H2O_STRUCT_FROM_MEMBER(struct conn_head, peer_settings, settings);
    note_table_sizes(connection_of_socket(conn->sock), src, len);
    return originals.settings(settings, src, len, err_desc);
}

static int refuse_headers(h2o_req_t *req, const char **err_desc)
{
    connection_refused(connection_of(req));
    *err_desc = "header block refused";
    return H2O_HTTP2_ERROR_ENHANCE_YOUR_CALM;
}

/* Of a request's first block, as the library parsed it: kept for the next like it, or else what was kept may
 * no longer be true. */
static void note_block(struct connection *connection, h2o_req_t *req, const uint8_t *src, size_t len,
                       int pseudo_headers, bool is_sound)
{
    if (!connection)
        return;
    connection->recalled = NULL;
    connection->asked.is_known = false;
    if (!block_spares_table(src, len))
        block_forget(&connection->block);
    else if (is_sound)
        block_keep(&connection->block, src, len, req, pseudo_headers);
}

EXPORTED int h2o_hpack_parse_headers(h2o_req_t *req, void *table, const uint8_t *src, size_t len,
                                     int *pseudo_headers, size_t *content_length, void **digests,
                                     const char **err_desc)
{
    (void)digests;
    struct connection *connection = connection_of(req);
    bool trailers = pseudo_headers == NULL;
    size_t before = req->headers.size;
    if (len > HTTP_MAX_HEADER_BLOCK || (!trailers && !connection_may_open(connection)))
        return refuse_headers(req, err_desc);
    bool is_fresh = !trailers && before == 0 && *pseudo_headers == 0 && !*err_desc;
    if (is_fresh && connection && block_recall(connection->block, src, len, req, pseudo_headers)) {
        *content_length = SIZE_MAX;
        connection->recalled = req;
        return 0;
    }
    int status = originals.headers(req, table, src, len, pseudo_headers, content_length, NULL, err_desc);
    bool is_sound = is_fresh && status == 0 && !*err_desc && *content_length == SIZE_MAX;
    note_block(connection, req, src, len, trailers ? 0 : *pseudo_headers, is_sound);
    if (req->headers.size - before > HTTP_MAX_HEADER_FIELDS)
        return refuse_headers(req, err_desc);
    if (trailers)
        req->headers.size = before; /* the table's state needed the parse; the fields are nobody's */
    return status;
}

/* The library has its request's own fields filled in, which is how the request is found. One that is refused
 * takes all that has come, and is the last of its connection: said to be of HTTP/1.0, the library closes. */
EXPORTED int phr_parse_request(const char *buf, size_t len, const char **method, size_t *method_len,
                               const char **path, size_t *path_len, int *minor_version, void *headers,
                               size_t *header_count, size_t last_len)
{
    size_t room = *header_count;
    int status = originals.parse(buf, len, method, method_len, path, path_len, minor_version, headers,
                                 header_count, last_len);
    if (status >= 0 || !originals.active)
        return status;
    struct connection *connection =
        connection_of(H2O_STRUCT_FROM_MEMBER(h2o_req_t, input.method.base, method));
    if (!connection || !unparsed_is_refused(status, str_from(buf, len), connection->loop->server->http2))
        return status;
    connection->unparsed = unparsed_judge(status, *header_count, room, *minor_version);
    unparsed_name(method, method_len, path, path_len);
    *minor_version = 0;
    *header_count = 0;
    return (int)len;
}

/* Never: HTTP/2 is spoken by prior knowledge or ALPN. */
EXPORTED int h2o_http2_handle_upgrade(h2o_req_t *req, struct timeval connected_at)
{
    (void)req;
    (void)connected_at;
    return -1;
}

static int64_t wall_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * CLOCK_SECOND + now.tv_nsec / 1000;
}

EXPORTED int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    (void)tz;
    if (atomic_load_explicit(&clock_offset, memory_order_relaxed) == 0) {
        int64_t expected = 0;
        atomic_compare_exchange_strong(&clock_offset, &expected, wall_clock_us() - clock_monotonic_us());
    }
    int64_t now = clock_monotonic_us() + atomic_load_explicit(&clock_offset, memory_order_relaxed);
    tv->tv_sec = (time_t)(now / CLOCK_SECOND);
    tv->tv_usec = (suseconds_t)(now % CLOCK_SECOND);
    atomic_fetch_add_explicit(&clock_reads, 1, memory_order_relaxed);
    return 0;
}

int64_t guard_clock_step(int64_t gap_us)
{
    if (gap_us <= 0)
        return 0;
    return gap_us < NUDGE_US ? gap_us : NUDGE_US;
}

void guard_clock_nudge(void)
{
    int64_t offset = atomic_load(&clock_offset);
    int64_t gap = wall_clock_us() - clock_monotonic_us() - offset;
    atomic_compare_exchange_strong(&clock_offset, &offset, offset + guard_clock_step(gap));
}

bool guard_is_active(void)
{
    return originals.active;
}

static bool fail(char *why, size_t cap, const char *text, const char *what)
{
    snprintf(why, cap, "%s: %s", text, what);
    return false;
}

/* Everybody who looks for `name` must find ours first and the library's next. */
static bool find_original(const char *name, const void *ours, void **ret)
{
    *ret = dlsym(RTLD_NEXT, name);
    return *ret && *ret != ours && dlsym(RTLD_DEFAULT, name) == ours;
}

/* All of them in any case: where the guards are not in effect, ours are called nevertheless. */
static bool check_symbols(char *why, size_t cap)
{
    const char *missing = NULL;
    void *unused;
    const struct {
        const char *name;
        void *ours;
        void **original;
    } rows[] = {
        { "h2o_http2_stream_send_pending_data", (void *)h2o_http2_stream_send_pending_data,
          (void **)&originals.send_pending },
        { "h2o_http2_update_peer_settings", (void *)h2o_http2_update_peer_settings,
          (void **)&originals.settings },
        { "h2o_hpack_parse_headers", (void *)h2o_hpack_parse_headers, (void **)&originals.headers },
        { "phr_parse_request", (void *)phr_parse_request, (void **)&originals.parse },
        { "h2o_hpack_flatten_response", (void *)h2o_hpack_flatten_response, &unused },
        { "h2o_http2_handle_upgrade", (void *)h2o_http2_handle_upgrade, &unused },
        { "phr_decode_chunked", (void *)phr_decode_chunked, &unused },
        { "__fprintf_chk", (void *)__fprintf_chk, &unused },
        { "perror", (void *)perror, &unused },
        { "gettimeofday", (void *)gettimeofday, &unused },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!find_original(rows[i].name, rows[i].ours, rows[i].original) && !missing)
            missing = rows[i].name;
    }
    return !missing || fail(why, cap, "a guard function is not in effect", missing);
}

static bool check_library(char *why, size_t cap)
{
    h2o_globalconf_t conf;
    h2o_config_init(&conf); /* the library writes its own version into the default server name */
    bool known = conf.server_name.len == strlen("h2o/" H2O_VERSION) &&
                 memcmp(conf.server_name.base, "h2o/" H2O_VERSION, conf.server_name.len) == 0;
    h2o_config_dispose(&conf);
    if (!known || H2O_LIBRARY_VERSION_MAJOR != 0 || H2O_LIBRARY_VERSION_MINOR != 13)
        return fail(why, cap, "the guards know another libh2o", H2O_VERSION);
    unsigned before = atomic_load(&clock_reads);
    h2o_evloop_t *loop = h2o_evloop_create(); /* reads the clock: through ours, when calls really come here */
    h2o_evloop_destroy(loop);
    return atomic_load(&clock_reads) != before ||
           fail(why, cap, "the library does not call the guards", "gettimeofday");
}

bool http_guard_self_test(char *why, size_t cap)
{
    originals.active = check_symbols(why, cap) && check_library(why, cap);
    return originals.active;
}
