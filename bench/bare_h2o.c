/* A bare libh2o server, the yardstick for the transport: N loops, one handler that answers at once, whatever
 * was asked.
 *
 *   bare_h2o PORT [LOOPS [REPLY [CERTIFICATE KEY]]]
 *
 * REPLY is a file with a whole reply as `curl -i` prints it; status, fields and body are sent as they stand
 * there, except for the fields that the library writes itself. With CERTIFICATE and KEY it speaks TLS.
 * bench/run compares Tether with it. */
#define H2O_USE_LIBUV 0
#include <h2o.h>
#include <h2o/http1.h>
#include <h2o/http2.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_FIELDS 32

struct field {
    const char *name, *value;
};

static struct {
    int status;
    struct field fields[MAX_FIELDS];
    size_t field_count;
    h2o_iovec_t body;
} reply;

static h2o_globalconf_t conf;
static SSL_CTX *tls;
static int port;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- the reply ---- */

static bool is_written_by_library(const char *name)
{
    static const char *const names[] = { "date", "connection", "content-length", "server" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

/* "name: value", which stays where it is. */
static void take_field(char *line)
{
    char *value = strstr(line, ": ");
    if (!value)
        return;
    *value = '\0';
    if (!is_written_by_library(line) && reply.field_count < MAX_FIELDS)
        reply.fields[reply.field_count++] = (struct field){ line, value + 2 };
}

static char *read_file(const char *path)
{
    char *text = NULL;
    size_t cap = 0;
    FILE *file = fopen(path, "re");
    if (!file || getdelim(&text, &cap, '\0', file) < 0)
        die(path);
    fclose(file);
    return text;
}

/* The text is kept: fields and body point into it. */
static void take_reply(char *text)
{
    char *body = strstr(text, "\r\n\r\n"), *rest, *line = strtok_r(text, "\r\n", &rest);
    if (!body || sscanf(line, "HTTP/%*s %d", &reply.status) != 1) {
        fputs("bare_h2o: no HTTP reply in the file\n", stderr);
        exit(1);
    }
    reply.body = h2o_iovec_init(body + 4, strlen(body + 4));
    while ((line = strtok_r(NULL, "\r\n", &rest)) && line < body)
        take_field(line);
}

static int on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    static h2o_generator_t generator;
    (void)handler;
    req->res.status = reply.status;
    req->res.reason = "OK";
    req->res.content_length = reply.body.len;
    for (size_t i = 0; i < reply.field_count; i++)
        h2o_add_header_by_str(&req->pool, &req->res.headers, reply.fields[i].name,
                              strlen(reply.fields[i].name), 1, NULL, reply.fields[i].value,
                              strlen(reply.fields[i].value));
    h2o_start_response(req, &generator);
    h2o_iovec_t body = reply.body;
    h2o_send(req, &body, 1, H2O_SEND_STATE_FINAL);
    return 0;
}

/* ---- the loops ---- */

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
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4096) != 0)
        die("bare_h2o");
    return fd;
}

static void *run(void *unused)
{
    h2o_context_t ctx;
    h2o_context_init(&ctx, h2o_evloop_create(), &conf);
    h2o_accept_ctx_t accept = { .ctx = &ctx, .hosts = conf.hosts, .ssl_ctx = tls };
    h2o_socket_t *listener = h2o_evloop_socket_create(ctx.loop, listen_on(), H2O_SOCKET_FLAG_DONT_READ);
    listener->data = &accept;
    h2o_socket_read_start(listener, on_accept);
    for (;;)
        h2o_evloop_run(ctx.loop, INT32_MAX);
    return unused;
}

static void open_tls(const char *certificate, const char *key)
{
    tls = SSL_CTX_new(TLS_server_method());
    if (!tls || SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) {
        fputs("bare_h2o: cannot use the certificate\n", stderr);
        exit(1);
    }
    h2o_ssl_register_alpn_protocols(tls, h2o_http2_alpn_protocols);
}

int main(int argc, char **argv)
{
    static char hello[] = "HTTP/1.1 200\r\ncontent-type: application/json\r\n"
                          "x-request-id: 0123456789abcdef0123456789abcdef\r\n\r\n{\"hello\":\"world\"}";
    if (argc < 2)
        return 2;
    port = (int)strtol(argv[1], NULL, 10);
    long loops = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
    take_reply(argc > 3 ? read_file(argv[3]) : hello);
    if (argc > 5)
        open_tls(argv[4], argv[5]);
    signal(SIGPIPE, SIG_IGN);
    h2o_config_init(&conf);
    conf.server_name = h2o_iovec_init(H2O_STRLIT("tether"));
    h2o_hostconf_t *host = h2o_config_register_host(&conf, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_create_handler(&host->fallback_path, sizeof(h2o_handler_t))->on_req = on_request;
    for (long i = 1; i < loops; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, run, NULL);
    }
    run(NULL);
    return 0;
}
