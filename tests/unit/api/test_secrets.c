/* Canaries: passwords and tokens must not turn up in the log, whatever happens to the request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "api_fixture.h"

#define CANARY "canary-7f3a9c"

static int set_up(void **state)
{
    *state = world_new("");
    return 0;
}

static int tear_down(void **state)
{
    log_set_fd(STDERR_FILENO);
    log_set_level(LOG_ERROR);
    world_free((struct world **)state);
    return 0;
}

static const struct reply *post(struct world *w, const char *target, const char *json, const char *bearer)
{
    return ASK(w, .method = "POST", .target = target, .host = "acme.localhost", .json = json,
               .token = bearer);
}

/* Everything that carries a secret, right and wrong. The token that was given out. */
static const char *carry_secrets(struct world *w)
{
    const char *token = token_for(w, "rep@acme.example", "acme.localhost");
    post(w, "/api/auth/login", "{\"email\":\"rep@acme.example\",\"password\":\"" CANARY "\"}", NULL);
    post(w, "/api/auth/login", "{\"email\":\"rep@acme.example\",\"password\":\"" CANARY "\",\"x\":1}", NULL);
    post(w, "/api/auth/login", "{\"password\":\"" CANARY "\", broken", NULL);
    post(w, "/api/auth/change-password",
         "{\"current_password\":\"" CANARY "\",\"new_password\":\"" CANARY "-new\"}", token);
    post(w, "/api/auth/register",
         "{\"email\":\"a@b.example\",\"password\":\"" CANARY "\",\"firstName\":\"A\",\"lastName\":\"B\"}",
         token);
    ASK(w, .method = "POST", .target = "/api/auth/login", .host = "acme.localhost",
        .form = "username=rep%40acme.example&password=" CANARY);
    ASK(w, .method = "POST", .target = "/api/auth/login", .host = "acme.localhost",
        .form = "username=" CANARY "&password=" CANARY "&client_secret=" CANARY);
    ASK(w, .target = "/api/auth/me", .host = "acme.localhost", .token = CANARY "." CANARY "." CANARY);
    return token;
}

static void test_log__holds_events_and_no_secrets(void **state)
{
    struct world *w = *state;
    char path[] = "/tmp/tether-log-XXXXXX", *text = calloc(1, 1 << 20);
    int fd = mkstemp(path);
    assert_true(fd >= 0 && text);
    unlink(path);
    log_set_fd(fd);
    log_set_level(LOG_DEBUG);
    const char *token = carry_secrets(w);
    log_set_level(LOG_ERROR);
    log_set_fd(STDERR_FILENO);
    assert_true(pread(fd, text, (1 << 20) - 1, 0) > 0);
    assert_non_null(strstr(text, "\"msg\":\"signed in\",\"user\":6,\"tenant\":2"));
    assert_non_null(strstr(text, "\"msg\":\"sign-in refused\",\"why\":\"credentials\""));
    assert_non_null(strstr(text, "\"msg\":\"registered\""));
    assert_null(strstr(text, CANARY));
    assert_null(strstr(text, PASSWORD));
    assert_null(strstr(text, token));
    close(fd);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_log__holds_events_and_no_secrets, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
