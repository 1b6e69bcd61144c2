/* Listening sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/listener.h"

static struct http_listeners *open_entry(const char *entry, int64_t loops, char error[256])
{
    struct str listen = str_of(entry);
    struct config config = { .server = { .listen = { &listen, 1 }, .loops = loops } };
    return http_listeners_open(&config, error, 256);
}

static int port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    return ((struct sockaddr_in *)&address)->sin_port;
}

static void test_listener__parses_entries(void **state)
{
    (void)state;
    struct listen_entry entry;
    assert_true(listen_entry_parse(STR("http://127.0.0.1:8080"), &entry));
    assert_int_equal(entry.scheme, LISTEN_HTTP);
    assert_string_equal(entry.host, "127.0.0.1");
    assert_string_equal(entry.port, "8080");
    assert_true(listen_entry_parse(STR("https://[::1]:0"), &entry));
    assert_int_equal(entry.scheme, LISTEN_HTTPS);
    assert_string_equal(entry.host, "::1");
    assert_true(listen_entry_parse(STR("unix:/run/x.sock"), &entry));
    assert_int_equal(entry.scheme, LISTEN_UNIX);
    assert_string_equal(entry.host, "/run/x.sock");
}

static void test_listener__refuses_broken_entries(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",        "http://",       "http://:80", "http://a:",      "http://a:65536", "http://a:-1",
        "ftp://a", "http://a:80/x", "unix:",      "unix:relative",  "unix:/",         "http://a",
        "a:80",    "http://a:08",   "HTTP://a:1", "http://[::1]:x",
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct listen_entry entry;
        if (listen_entry_parse(str_of(broken[i]), &entry))
            fail_msg("accepted: %s", broken[i]);
    }
    char too_long[200] = "unix:/";
    memset(too_long + 6, 'x', sizeof too_long - 7);
    struct listen_entry entry;
    assert_false(listen_entry_parse(str_of(too_long), &entry));
}

static void test_listener__shares_a_chosen_port_between_loops(void **state)
{
    (void)state;
    char error[256] = "";
    struct http_listeners *listeners = open_entry("http://127.0.0.1:0", 3, error);
    assert_non_null(listeners);
    assert_int_equal(listeners->n, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(port_of(listeners->at[i].fd), port_of(listeners->at[0].fd));
        assert_int_equal(listeners->at[i].loop, i);
    }
    http_listeners_close(&listeners);
    assert_null(listeners);
    http_listeners_close(&listeners);
}

static void test_listener__says_which_entry_failed(void **state)
{
    (void)state;
    char error[256] = "", entry[64];
    int fd = socket(AF_INET, SOCK_STREAM, 0); /* without SO_REUSEPORT: the port is taken */
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    snprintf(entry, sizeof entry, "http://127.0.0.1:%d", ntohs((uint16_t)port_of(fd)));
    assert_null(open_entry(entry, 1, error));
    assert_non_null(strstr(error, entry));
    assert_non_null(strstr(error, "cannot bind"));
    close(fd);
    assert_null(open_entry("http://no.such.host.invalid:1", 1, error));
    assert_non_null(strstr(error, "no such address"));
    assert_null(open_entry("gopher:1", 1, error));
    assert_non_null(strstr(error, "not understood"));
}

static void test_listener__replaces_a_stale_unix_socket(void **state)
{
    (void)state;
    char error[256] = "", path[64], entry[80];
    struct stat st;
    snprintf(path, sizeof path, "/tmp/tether-listener-%d.sock", (int)getpid());
    snprintf(entry, sizeof entry, "unix:%s", path);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, path, strlen(path));
    int stale = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(stale, (struct sockaddr *)&address, sizeof address), 0);
    close(stale);

    struct http_listeners *listeners = open_entry(entry, 2, error);
    assert_non_null(listeners);
    assert_int_equal(listeners->n, 2);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
    assert_null(open_entry(entry, 1, error)); /* alive: not taken over */
    assert_non_null(strstr(error, "taken"));
    http_listeners_close(&listeners);
    assert_int_equal(stat(path, &st), -1);
}

static void test_listener__keeps_its_hands_off_a_file(void **state)
{
    (void)state;
    char error[256] = "", path[64], entry[80];
    snprintf(path, sizeof path, "/tmp/tether-listener-%d.txt", (int)getpid());
    snprintf(entry, sizeof entry, "unix:%s", path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_null(open_entry(entry, 1, error));
    assert_int_equal(access(path, F_OK), 0);
    unlink(path);
}

static void test_listener__leaves_the_path_to_the_parent(void **state)
{
    (void)state;
    char error[256] = "", path[64], entry[80];
    snprintf(path, sizeof path, "/tmp/tether-listener-%d-fork.sock", (int)getpid());
    snprintf(entry, sizeof entry, "unix:%s", path);
    struct http_listeners *listeners = open_entry(entry, 1, error);
    assert_non_null(listeners);
    pid_t child = fork();
    if (child == 0) {
        http_listeners_close(&listeners);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    assert_int_equal(access(path, F_OK), 0);
    http_listeners_close(&listeners);
    assert_int_equal(access(path, F_OK), -1);
}

/* A child whose descriptor 3 is a listening socket, as a service manager starts it. */
static int inherit_in_child(bool listening)
{
    char error[256] = "", pid[16];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || (listening && listen(fd, 1) != 0))
        return 10;
    dup2(fd, 3);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "1", 1);
    struct http_listeners *listeners = open_entry("http://127.0.0.1:1", 2, error);
    if (!listeners)
        return strstr(error, "LISTEN_FDS") ? 1 : 11;
    bool ok = listeners->n == 2 && listeners->at[0].fd == 3 && port_of(listeners->at[1].fd) == port_of(fd) &&
              !getenv("LISTEN_FDS");
    return ok ? 0 : 12;
}

static void test_listener__takes_sockets_of_a_service_manager(void **state)
{
    (void)state;
    for (int listening = 0; listening <= 1; listening++) {
        int status;
        pid_t child = fork();
        if (child == 0)
            _exit(inherit_in_child(listening));
        waitpid(child, &status, 0);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), listening ? 0 : 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listener__parses_entries),
        cmocka_unit_test(test_listener__refuses_broken_entries),
        cmocka_unit_test(test_listener__shares_a_chosen_port_between_loops),
        cmocka_unit_test(test_listener__says_which_entry_failed),
        cmocka_unit_test(test_listener__replaces_a_stale_unix_socket),
        cmocka_unit_test(test_listener__keeps_its_hands_off_a_file),
        cmocka_unit_test(test_listener__leaves_the_path_to_the_parent),
        cmocka_unit_test(test_listener__takes_sockets_of_a_service_manager),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
