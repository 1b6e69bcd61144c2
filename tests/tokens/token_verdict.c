/* Tether's own word on tokens, for the comparison with an independent library.
 *
 *   token_verdict verify NOW ISSUER KEY [PREVIOUS_KEY…]   tokens on stdin, one a line → valid, invalid or
 * expired token_verdict issue  NOW ISSUER KEY                   lines "sub sid tid iat exp jti" → tokens
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "identity/access_token.h"

struct session {
    struct config config;
    int64_t now;
};
typedef void (*line_fn)(const struct session *session, struct arena *arena, struct str line);

static void verify(const struct session *session, struct arena *arena, struct str line)
{
    static const char *const words[] = {
        [TOKEN_VALID] = "valid",
        [TOKEN_INVALID] = "invalid",
        [TOKEN_EXPIRED] = "expired",
    };
    struct access_claims claims;
    puts(words[access_token_verify(&session->config, arena, line, session->now * CLOCK_SECOND, &claims)]);
}

static void issue(const struct session *session, struct arena *arena, struct str line)
{
    struct access_claims claims;
    char jti[33];
    if (sscanf(arena_cstr(arena, line), "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %32s",
               &claims.user_id, &claims.session_id, &claims.tenant_id, &claims.issued_at, &claims.expires_at,
               jti) != 6)
        exit(2);
    claims.jti = str_of(jti);
    struct str token = access_token_issue(&session->config, arena, &claims);
    printf("%.*s\n", STR_ARG(token));
}

static void each_line(const struct session *session, line_fn fn)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t size;
    while ((size = getline(&line, &cap, stdin)) > 0) {
        struct arena *arena = arena_new(1 << 20);
        fn(session, arena, str_from(line, (size_t)size - (line[size - 1] == '\n')));
        arena_free(&arena);
    }
    free(line);
}

int main(int argc, char **argv)
{
    struct session session = { 0 };
    struct str previous[8];
    if (argc < 5 || argc > 5 + 8 || !str_to_int(str_of(argv[2]), &session.now))
        return 2;
    random_init();
    json_init();
    for (int i = 5; i < argc; i++)
        previous[i - 5] = str_of(argv[i]);
    session.config.tokens.issuer = str_of(argv[3]);
    session.config.tokens.secret_key = str_of(argv[4]);
    session.config.tokens.previous_secret_keys = (struct str_list){ previous, (size_t)argc - 5 };
    each_line(&session, str_equal(str_of(argv[1]), STR("issue")) ? issue : verify);
    return 0;
}
