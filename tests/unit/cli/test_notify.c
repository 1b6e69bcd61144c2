/* The sd_notify protocol, against a socket of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/notify.h"

/* A socket in the abstract name space, so that no file is left behind. */
static int open_manager(char *ret_name, size_t cap)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(ret_name, cap, "@tether-test-notify-%d", (int)getpid());
    memcpy(address.sun_path, ret_name, strlen(ret_name));
    address.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(ret_name));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    return fd;
}

static void test_notify__sends_the_state(void **state)
{
    (void)state;
    char name[64], got[64];
    int fd = open_manager(name, sizeof(name));
    setenv("NOTIFY_SOCKET", name, 1);
    notify_manager("READY=1");
    ssize_t n = recv(fd, got, sizeof(got), 0);
    assert_int_equal(n, 7);
    assert_memory_equal(got, "READY=1", 7);
    close(fd);
    unsetenv("NOTIFY_SOCKET");
}

static void test_notify__does_nothing_without_a_manager(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    notify_manager("READY=1");
}

static void test_notify__survives_a_bad_address(void **state)
{
    (void)state;
    char longer[300];
    memset(longer, 'a', sizeof(longer) - 1);
    longer[0] = '/';
    longer[sizeof(longer) - 1] = '\0';
    const char *const bad[] = { "", "relative", "/nowhere/at/all", "@nobody-listens-here", longer };
    log_set_level(LOG_ERROR);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        setenv("NOTIFY_SOCKET", bad[i], 1);
        notify_manager("READY=1");
    }
    unsetenv("NOTIFY_SOCKET");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notify__sends_the_state),
        cmocka_unit_test(test_notify__does_nothing_without_a_manager),
        cmocka_unit_test(test_notify__survives_a_bad_address),
    };
    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
