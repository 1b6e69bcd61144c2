/* A bare libh2o server, the yardstick for the transport: N loops, one handler that answers at once.
 *
 *   bare_h2o PORT [LOOPS]
 *
 * Compare with tests/attack/http_target on the same machine, for example:
 *   h2load -n 300000 -c 16 -m 16 --h1 http://127.0.0.1:PORT/hello   (without --h1: HTTP/2 by prior knowledge)
 */
#define H2O_USE_LIBUV 0
#include <h2o.h>
#include <h2o/http2.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static h2o_globalconf_t conf;
static int port;

static int on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    static h2o_generator_t generator;
    (void)handler;
    h2o_iovec_t body = h2o_strdup(&req->pool, H2O_STRLIT("{\"hello\":\"world\"}"));
    req->res.status = 200;
    req->res.content_length = body.len;
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
                   H2O_STRLIT("application/json"));
    h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("x-request-id"), 0, NULL,
                          H2O_STRLIT("0123456789abcdef0123456789abcdef"));
    h2o_start_response(req, &generator);
    h2o_send(req, &body, 1, H2O_SEND_STATE_FINAL);
    return 0;
}

static void on_accept(h2o_socket_t *listener, const char *err)
{
    h2o_socket_t *sock;
    while (!err && (sock = h2o_evloop_socket_accept(listener)))
        h2o_accept(listener->data, sock);
}

static int listen_on(void)
{
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4096) != 0) {
        perror("bare_h2o");
        exit(1);
    }
    return fd;
}

static void *run(void *unused)
{
    h2o_context_t ctx;
    h2o_context_init(&ctx, h2o_evloop_create(), &conf);
    h2o_accept_ctx_t accept = { .ctx = &ctx, .hosts = conf.hosts };
    h2o_socket_t *listener = h2o_evloop_socket_create(ctx.loop, listen_on(), H2O_SOCKET_FLAG_DONT_READ);
    listener->data = &accept;
    h2o_socket_read_start(listener, on_accept);
    for (;;)
        h2o_evloop_run(ctx.loop, INT32_MAX);
    return unused;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    port = (int)strtol(argv[1], NULL, 10);
    long loops = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
    signal(SIGPIPE, SIG_IGN);
    h2o_config_init(&conf);
    h2o_hostconf_t *host = h2o_config_register_host(&conf, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_create_handler(&host->fallback_path, sizeof(h2o_handler_t))->on_req = on_request;
    for (long i = 1; i < loops; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, run, NULL);
    }
    run(NULL);
    return 0;
}
