/* The sweeper, over a loop that never turns. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "http/connection.h"
#include "http/internal.h"
#include "http/sweep.h"

#define PLACES 16

static struct http_server server;
static struct http_loop loop;
static struct connection gone, resting;
static int peer;

/* Both were answered once, the last time longer ago than a request may take. */
static void add(struct connection *connection, h2o_socket_t *sock)
{
    uint64_t then = h2o_now(loop.ctx.loop) - 2 * http_limits_default.request_ms;
    *connection = (struct connection){
        .loop = &loop, .sock = sock, .is_kept = true, .linger_fd = -1, .accepted_ms = then, .active_ms = then
    };
    h2o_linklist_init_anchor(&connection->open);
    h2o_linklist_init_anchor(&connection->waiting);
    h2o_linklist_insert(&loop.connections, &connection->link);
}

static int up(void **state)
{
    (void)state;
    int pair[2];
    server = (struct http_server){ .limits = &http_limits_default, .loops = &loop, .loop_count = 1 };
    loop = (struct http_loop){ .server = &server, .limits = &http_limits_default };
    atomic_store(&server.max_connections, PLACES);
    loop.ctx.loop = h2o_evloop_create();
    h2o_linklist_init_anchor(&loop.connections);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    peer = pair[1];
    add(&gone, NULL);
    gone.jobs = 1; /* which is all that still knows of it */
    add(&resting, h2o_evloop_socket_create(loop.ctx.loop, pair[0], H2O_SOCKET_FLAG_DONT_READ));
    return 0;
}

static int down(void **state)
{
    (void)state;
    h2o_socket_close(resting.sock);
    close(peer);
    h2o_evloop_destroy(loop.ctx.loop);
    return 0;
}

static void test_sweep__room_is_made_by_who_has_a_place(void **state)
{
    (void)state;
    atomic_store(&server.connections, PLACES - 1); /* one is to go */
    sweep_connections(&loop, false, false);
    assert_true(resting.retired);
    assert_false(gone.retired);
}

static void test_sweep__nobody_goes_while_there_is_room(void **state)
{
    (void)state;
    atomic_store(&server.connections, PLACES / 2);
    sweep_connections(&loop, false, false);
    assert_false(resting.retired);
    assert_false(gone.retired);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sweep__room_is_made_by_who_has_a_place, up, down),
        cmocka_unit_test_setup_teardown(test_sweep__nobody_goes_while_there_is_room, up, down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
