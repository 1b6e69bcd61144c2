/* A client for attacks that need the other end of a congested connection: segments of 1400 bytes and a
 * receive buffer of 4 KiB make the server's writes block half-way, which plain loopback never does.
 *
 *   frames window PORT TRIES     reopens the window of streams whose end is queued behind a blocked write
 *   frames settings PORT TRIES   the same through SETTINGS_INITIAL_WINDOW_SIZE
 *   frames random PORT SECONDS SEED
 *
 * Prints how many connections were made. Exit status 1 when the server can no longer be reached. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SEGMENT     1400
#define BUFFER      4096
#define BODY        15 /* bytes of the answer to /healthz */
#define STREAMS     95
#define ROUNDS      16
#define PAUSE_US    2000 /* the server answers before the window opens */
#define MAX_PAYLOAD 300

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/* :method GET, :scheme http, :authority a, :path …, without any table: what a worker answers, and what the loop
 * answers by itself. */
static const uint8_t get_readyz[] = { 0x82, 0x86, 0x01, 0x01, 'a', 0x04, 0x07,
                                      '/',  'r',  'e',  'a',  'd', 'y',  'z' };
static const uint8_t get_healthz[] = { 0x82, 0x86, 0x01, 0x01, 'a', 0x04, 0x08, '/',
                                       'h',  'e',  'a',  'l',  't', 'h',  'z' };

struct client {
    int fd;
    size_t len;
    uint8_t out[1 << 16];
};

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % limit;
}

static void put(struct client *client, const void *data, size_t size)
{
    if (size > 0)
        memcpy(client->out + client->len, data, size);
    client->len += size;
}

static void put_u32(struct client *client, uint32_t value)
{
    uint8_t bytes[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                         (uint8_t)value };
    put(client, bytes, 4);
}

static void put_frame(struct client *client, uint8_t type, uint8_t flags, uint32_t stream,
                      const void *payload, size_t size)
{
    uint8_t head[5] = { (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size, type, flags };
    put(client, head, sizeof head);
    put_u32(client, stream);
    put(client, payload, size);
}

static void put_setting(struct client *client, uint16_t id, uint32_t value)
{
    uint8_t payload[6] = { (uint8_t)(id >> 8),     (uint8_t)id,           (uint8_t)(value >> 24),
                           (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value };
    put_frame(client, 4, 0, 0, payload, sizeof payload);
}

static void put_window_update(struct client *client, uint32_t stream, uint32_t by)
{
    uint8_t payload[4] = { (uint8_t)(by >> 24), (uint8_t)(by >> 16), (uint8_t)(by >> 8), (uint8_t)by };
    put_frame(client, 8, 0, stream, payload, sizeof payload);
}

static bool reach(struct client *client, int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int segment = SEGMENT, buffer = BUFFER, on = 1;
    client->len = 0;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(client->fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(client->fd, (struct sockaddr *)&address, sizeof address) != 0)
        return false;
    fcntl(client->fd, F_SETFL, O_NONBLOCK);
    put(client, preface, sizeof preface - 1);
    return true;
}

/* Sends what is gathered; waits a little for room, then gives up. False when the connection is over. */
static bool flush(struct client *client)
{
    size_t at = 0;
    for (int waits = 0; at < client->len && waits < 20;) {
        ssize_t n = send(client->fd, client->out + at, client->len - at, MSG_NOSIGNAL);
        if (n > 0)
            at += (size_t)n;
        else if (n < 0 && errno == EAGAIN)
            waits += usleep(1000) == 0;
        else
            return false;
    }
    bool all = at == client->len;
    client->len = 0;
    return all;
}

/* The answer uses up the window exactly; the stream then ends behind a write that the unread socket blocks.
 */
static void attack_by_window(struct client *client)
{
    uint32_t next = 1;
    put_setting(client, 4, BODY);
    put_window_update(client, 0, 1 << 30);
    for (int round = 0; round < ROUNDS; round++, next += 2 * STREAMS) {
        for (uint32_t i = 0; i < STREAMS; i++)
            put_frame(client, 1, 5, next + 2 * i, get_healthz, sizeof get_healthz);
        if (!flush(client))
            return;
        usleep(PAUSE_US);
        for (uint32_t i = 0; i < STREAMS; i++)
            put_window_update(client, next + 2 * i, 1);
        if (!flush(client))
            return;
    }
}

static void attack_by_settings(struct client *client)
{
    uint32_t next = 1;
    put_setting(client, 4, 1000);
    put_window_update(client, 0, 1 << 30);
    for (int round = 0; round < ROUNDS; round++, next += 2 * STREAMS) {
        for (uint32_t i = 0; i < STREAMS; i++)
            put_frame(client, 1, 5, next + 2 * i, get_healthz, sizeof get_healthz);
        if (!flush(client))
            return;
        usleep(PAUSE_US);
        put_setting(client, 4, 0);
        put_setting(client, 4, 1000);
        if (!flush(client))
            return;
    }
}

static void put_random_frame(struct client *client, uint32_t *next)
{
    uint8_t payload[MAX_PAYLOAD];
    size_t size = random_below(4) ? random_below(16) : random_below(MAX_PAYLOAD);
    uint32_t stream = random_below(3)   ? 1 + 2 * random_below(*next / 2 + 1)
                      : random_below(4) ? 0
                                        : random_below(64);
    for (size_t i = 0; i < size; i++)
        payload[i] = (uint8_t)random_below(256);
    switch (random_below(12)) {
    case 0:
    case 1:
        put_frame(client, 1, random_below(50) ? 5 : (uint8_t)random_below(64), *next, get_healthz,
                  sizeof get_healthz);
        *next += 2;
        return;
    case 2:
    case 3:
        put_frame(client, 1, 5, *next, get_readyz, sizeof get_readyz);
        *next += 2;
        return;
    case 4:
        put_window_update(client, stream, random_below(30) ? 1 + random_below(100) : random_below(1u << 31));
        return;
    case 5:
        put_setting(client, 4, random_below(3) ? random_below(100) : random_below(1u << 30));
        return;
    case 6:
        put_frame(client, 3, 0, stream, payload, 4);
        return;
    case 7:
        if (random_below(10) > 0)
            return;
        put_frame(client, 0, (uint8_t)random_below(2), stream, payload, size);
        return;
    case 8:
        put_frame(client, 2, 0, stream, payload, 5);
        return;
    case 9:
        put_frame(client, 6, (uint8_t)random_below(2), 0, payload, 8);
        return;
    case 10:
        put_setting(client, (uint16_t)(1 + random_below(7)), random_below(1u << (random_below(20) ? 1 : 15)));
        return;
    default:
        if (random_below(30) > 0)
            return;
        put_frame(client, (uint8_t)random_below(random_below(4) ? 10 : 256), (uint8_t)random_below(256),
                  stream, payload, size);
        return;
    }
}

static void attack_at_random(struct client *client)
{
    uint32_t next = 1;
    char sink[2048];
    put_setting(client, 4, random_below(2) ? BODY : random_below(70000));
    for (int i = 0; i < 3000; i++) {
        put_random_frame(client, &next);
        if (random_below(20) == 0 && !flush(client))
            return;
        if (random_below(30) == 0 && recv(client->fd, sink, sizeof sink, MSG_DONTWAIT) == 0)
            return;
    }
    flush(client);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static struct client client;
    if (argc < 4)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    int port = (int)strtol(argv[2], NULL, 10);
    bool random = strcmp(argv[1], "random") == 0;
    long limit = strtol(argv[3], NULL, 10);
    random_state = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
    double end = seconds() + (double)limit;
    long made = 0;
    for (; random ? seconds() < end : made < limit; made++) {
        if (!reach(&client, port))
            return printf("%ld connections, then: %s\n", made, strerror(errno)), 1;
        if (random)
            attack_at_random(&client);
        else if (strcmp(argv[1], "settings") == 0)
            attack_by_settings(&client);
        else
            attack_by_window(&client);
        close(client.fd);
    }
    printf("%ld connections\n", made);
    return 0;
}
