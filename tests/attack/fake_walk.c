/* The fake walk. */
#include "fake_walk.h"

#include "request/kept_answers.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/metrics.h"

struct walk {
    const struct config *config;
    _Atomic int64_t calls, running, in_lanes, peak, admitted, ran, sent, unsent;
};

struct walk_worker {
    struct walk *walk;
};

struct walk *fake_walk_new(const struct config *config)
{
    struct walk *walk = calloc(1, sizeof *walk);
    if (!walk)
        abort();
    walk->config = config;
    return walk;
}

void fake_walk_free(struct walk **walk)
{
    free(*walk);
    *walk = NULL;
}

struct fake_stats fake_walk_stats(const struct walk *walk)
{
    return (struct fake_stats){ .calls = walk->calls,
                                .running = walk->running,
                                .peak = walk->peak,
                                .admitted = walk->admitted,
                                .ran = walk->ran,
                                .logged_sent = walk->sent,
                                .logged_unsent = walk->unsent };
}

const struct config *walk_config(const struct walk *walk)
{
    return walk->config;
}

struct call *call_new(struct walk *walk)
{
    struct arena *arena = arena_new((size_t)16 << 20);
    struct call *call = ARENA_NEW(arena, struct call);
    call->arena = arena;
    call->walk = walk;
    atomic_fetch_add(&walk->calls, 1);
    return call;
}

void call_free(struct call **call)
{
    struct arena *arena = (*call)->arena;
    atomic_fetch_sub(&(*call)->walk->calls, 1);
    arena_free(&arena);
    *call = NULL;
}

static void say(struct call *call, int status, struct str body)
{
    call->reply.status = status;
    call->reply.content_type = "application/json";
    call->reply.body = body;
    call->reply.headers[0] = (struct header){ STR("x-request-id"), STR("0123456789abcdef0123456789abcdef") };
    call->reply.header_count = 1;
}

static void say_stats(struct walk *walk, struct call *call)
{
    struct fake_stats s = fake_walk_stats(walk);
    say(call, 200,
        arena_printf(call->arena,
                     "{\"calls\":%ld,\"running\":%ld,\"peak\":%ld,\"admitted\":%ld,\"ran\":%ld,\"sent\":%ld,"
                     "\"unsent\":%ld,\"connections\":%ld,\"refused\":%ld,\"cancelled\":%ld,\"overload\":%ld}",
                     (long)s.calls, (long)s.running, (long)s.peak, (long)s.admitted, (long)s.ran,
                     (long)s.logged_sent, (long)s.logged_unsent, (long)metric_value(METRIC_CONNECTIONS_OPEN),
                     (long)metric_value(METRIC_CONNECTIONS_REFUSED),
                     (long)metric_value(METRIC_REQUESTS_CANCELLED), (long)metric_value(METRIC_OVERLOAD)));
}

/* What the real walk refuses before it looks for a route. */
static bool is_refused(struct walk *walk, struct call *call)
{
    const struct request *request = &call->request;
    if (request->malformed)
        say(call, 400, STR("{\"detail\":\"malformed\"}"));
    else if (request->target.len > REQUEST_MAX_TARGET)
        say(call, 414, STR("{\"detail\":\"target too long\"}"));
    else if (request->headers_too_large)
        say(call, 431, STR("{\"detail\":\"headers too large\"}"));
    else if (request->body_too_large || request->body.len > (size_t)walk->config->server.max_body)
        say(call, 413, STR("{\"detail\":\"body too large\"}"));
    else if (request->host.len == 0)
        say(call, 400, STR("{\"detail\":\"no host\"}"));
    return call->reply.status != 0;
}

static const struct {
    struct str path;
    enum lane lane;
} lanes[] = {
    { { "/hello", 6 }, LANE_GENERAL },  { { "/slow", 5 }, LANE_GENERAL },
    { { "/big", 4 }, LANE_GENERAL },    { { "/password", 9 }, LANE_PASSWORD },
    { { "/echo", 5 }, LANE_GENERAL },   { { "/moves", 6 }, LANE_GENERAL },
    { { "/pieces", 7 }, LANE_GENERAL }, { { "/breaks", 7 }, LANE_GENERAL },
};

static void count_lane(struct walk *walk, int64_t by)
{
    int64_t now = atomic_fetch_add(&walk->in_lanes, by) + by;
    int64_t peak = atomic_load(&walk->peak);
    while (now > peak && !atomic_compare_exchange_weak(&walk->peak, &peak, now))
        ;
}

static int64_t query_number(const struct call *call)
{
    int64_t number = 0;
    return str_to_int(call->request.query, &number) ? number : 0;
}

bool walk_admit(struct walk *walk, struct call *call, enum lane *ret_lane)
{
    if (is_refused(walk, call))
        return true;
    struct str path = call->request.path;
    for (size_t i = 0; i < sizeof lanes / sizeof lanes[0]; i++) {
        if (str_equal(path, lanes[i].path)) {
            *ret_lane = lanes[i].lane;
            return false;
        }
    }
    if (str_equal(path, STR("/inline")))
        say(call, 200, STR("{\"hello\":\"world\"}"));
    else if (str_equal(path, STR("/hang")))
        usleep((useconds_t)query_number(call) * 1000);
    else if (str_equal(path, STR("/empty")))
        call->reply.status = 204;
    else if (str_equal(path, STR("/stats")))
        say_stats(walk, call);
    else
        say(call, 404, STR("{\"detail\":\"not found\"}"));
    return true;
}

struct walk_worker *walk_worker_new(struct walk *walk)
{
    struct walk_worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        abort();
    worker->walk = walk;
    return worker;
}

void walk_worker_free(struct walk_worker **worker)
{
    free(*worker);
    *worker = NULL;
}

static void say_big(struct call *call)
{
    size_t size = (size_t)query_number(call) * 1024;
    char *text = arena_alloc(call->arena, size + 1);
    memset(text, 'x', size);
    say(call, 200, str_from(text, size));
    call->reply.content_type = "text/plain";
}

static void say_echo(struct call *call)
{
    const struct request *request = &call->request;
    cJSON *json = json_new_object(), *headers = json_add_object(json, "headers");
    json_add_str(json, "method", request->method_name);
    json_add_str(json, "target", request->target);
    json_add_str(json, "path", request->path);
    json_add_str(json, "query", request->query);
    json_add_str(json, "host", request->host);
    json_add_str(json, "peer", request->peer_address);
    json_add_int(json, "body_size", (int64_t)request->body.len);
    json_add_int(json, "version", request->http_version);
    json_add_bool(json, "tls", request->is_tls);
    for (size_t i = 0; i < request->header_count; i++)
        json_add_str(headers, request->headers[i].name.at, request->headers[i].value);
    say(call, 200, json_print(call->arena, json));
}

/* So many pieces of 64 KiB, then the end, or none. */
struct pieces {
    int64_t left;
    bool breaks;
};
#define PIECE ((size_t)65536)

static enum error_code next_piece(struct call *call, void *state, struct arena *piece, struct str *ret)
{
    struct pieces *pieces = state;
    (void)call;
    if (pieces->left-- <= 0)
        return pieces->breaks ? ERR_INTERNAL : OK;
    char *text = arena_alloc(piece, PIECE);
    memset(text, 'x', PIECE);
    *ret = str_from(text, PIECE);
    return OK;
}

static void say_pieces(struct call *call, bool breaks)
{
    struct pieces *pieces = ARENA_NEW(call->arena, struct pieces);
    *pieces = (struct pieces){ query_number(call), breaks };
    say(call, 200, STR_NONE);
    reply_in_pieces(&call->reply, 200, "text/plain", next_piece, pieces);
}

bool walk_stream(struct walk_worker *worker, struct call *call, struct arena *piece, struct str *ret)
{
    struct walk *walk = worker->walk;
    atomic_fetch_add(&walk->running, 1);
    enum error_code code = call->reply.stream.next(call, call->reply.stream.state, piece, ret);
    atomic_fetch_sub(&walk->running, 1);
    return code == OK;
}

bool walk_run(struct walk_worker *worker, struct call *call, enum lane *ret_lane)
{
    struct walk *walk = worker->walk;
    struct str path = call->request.path;
    if (str_equal(path, STR("/moves")) && !call->own.entered) {
        call->own.entered = true;
        *ret_lane = LANE_PASSWORD;
        return false;
    }
    json_use_arena(call->arena);
    atomic_fetch_add(&walk->running, 1);
    count_lane(walk, 1);
    if (str_equal(path, STR("/slow")) || str_equal(path, STR("/password")) || call->own.entered)
        usleep((useconds_t)query_number(call) * 1000);
    if (str_equal(path, STR("/big")))
        say_big(call);
    else if (str_equal(path, STR("/echo")))
        say_echo(call);
    else if (str_equal(path, STR("/pieces")) || str_equal(path, STR("/breaks")))
        say_pieces(call, str_equal(path, STR("/breaks")));
    else
        say(call, 200, STR("{\"hello\":\"world\"}"));
    count_lane(walk, -1);
    atomic_fetch_sub(&walk->running, 1);
    atomic_fetch_add(&walk->ran, 1);
    return true;
}

/* It keeps no answers. */
struct kept_answers *kept_answers_new(struct walk *walk)
{
    (void)walk;
    return NULL;
}

void kept_answers_free(struct kept_answers **answers)
{
    *answers = NULL;
}

void kept_answers_ask(const struct kept_answers *answers, struct str head, struct kept_question *question)
{
    (void)answers;
    (void)head;
    (void)question;
}

bool kept_answers_ignore(struct str name)
{
    (void)name;
    return false;
}

bool kept_answers_use(struct kept_answers *answers, const struct kept_question *question, int64_t received_us,
                      int64_t now, struct kept_use *ret)
{
    (void)answers;
    (void)question;
    (void)received_us;
    (void)now;
    (void)ret;
    return false;
}

int64_t kept_answers_log(const struct kept_use *use)
{
    (void)use;
    return 0;
}

void kept_answers_keep(struct kept_answers *answers, const struct kept_question *question,
                       const struct call *call)
{
    (void)answers;
    (void)question;
    (void)call;
}

void walk_refuse_overload(struct walk *walk, struct call *call)
{
    (void)walk;
    say(call, 503, STR("{\"detail\":\"busy\"}"));
}

void walk_log(struct walk *walk, struct call *call, bool sent)
{
    (void)call;
    atomic_fetch_add(sent ? &walk->sent : &walk->unsent, 1);
}
