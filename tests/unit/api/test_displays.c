/* Displays over the spaces surface: pairing, the state with its ETag, heartbeats, rotation, who may what. */
#include "v1_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"

#define OK_WITH(data)          "{\"success\":true,\"data\":" data "}"
#define NO(text)               "{\"success\":false,\"data\":\"" text "\"}"
#define ACME                   "acme.localhost"
#define UNAUTHENTICATED_SPACES NO("Unauthenticated.")

static int set_up(void **state)
{
    *state = world_new("");
    return 0;
}

static int tear_down(void **state)
{
    clock_shift_for_tests(0);
    world_free((struct world **)state);
    return 0;
}

/* ---- asking ---- */

static int64_t number_of(const char *text)
{
    int64_t number;
    assert_true(str_to_int(str_of(text), &number));
    return number;
}

/* As Acme's admin, to whom all permissions belong. */
static const struct reply *admin(struct world *world, const char *method, const char *target,
                                 const char *json)
{
    static struct world *signed_in;
    static const char *token;
    if (signed_in != world)
        token = token_for(world, "admin@acme.example", ACME);
    signed_in = world;
    return ASK(world, .method = method, .target = target, .json = json, .token = token);
}

struct screen {
    const char *code, *poll_token;
};

static struct screen begin(struct world *world, const char *host)
{
    const struct reply *reply =
        ASK(world, .method = "POST", .target = "/api/public/displays/pairings", .host = host);
    assert_status(reply, 201);
    return (struct screen){ member_of(world, reply, "data.code"),
                            member_of(world, reply, "data.poll_token") };
}

static const struct reply *poll(struct world *world, const char *poll_token)
{
    return ASK(world, .target = printed(world, "/api/public/displays/pairings/%s", poll_token));
}

static const char *poll_status(struct world *world, const char *poll_token)
{
    const struct reply *reply = poll(world, poll_token);
    assert_status(reply, 200);
    return member_of(world, reply, "data.status");
}

/* A display of Acme's with a screen; its token. */
static const char *paired(struct world *world, const char *json)
{
    const struct reply *reply = admin(world, "POST", "/api/displays", json);
    assert_status(reply, 201);
    reply = poll(world, member_of(world, reply, "data.pairing.poll_token"));
    return member_of(world, reply, "data.device_token");
}

static const struct reply *state_of(struct world *world, const char *token, const char *etag)
{
    return ASK(world, .target = printed(world, "/api/displays/state/%s", token),
               .header = { etag ? "if-none-match" : NULL, etag });
}

/* ---- pairing ---- */

static void test_displays__a_screen_is_paired_by_its_code(void **state)
{
    struct world *world = *state;
    struct screen screen = begin(world, "localhost");
    assert_int_equal(strlen(screen.code), 9);
    assert_string_equal(poll_status(world, screen.poll_token), "pending");
    assert_string_equal(poll_status(world, screen.poll_token), "slow_down");
    const struct reply *reply = admin(world, "POST", "/api/displays/pair",
                                      printed(world, "{\"code\":\" %s \",\"name\":\"Lobby\"}", screen.code));
    assert_status(reply, 201);
    assert_string_equal(member_of(world, reply, "data.name"), "Lobby");
    assert_string_equal(member_of(world, reply, "data.status"), "waiting");
    clock_shift_for_tests(11 * CLOCK_SECOND); /* it was asked to slow down: ten seconds */
    reply = poll(world, screen.poll_token);
    assert_string_equal(member_of(world, reply, "data.status"), "paired");
    const char *token = member_of(world, reply, "data.device_token");
    reply = state_of(world, token, NULL);
    assert_status(reply, 200);
    assert_string_equal(member_of(world, reply, "data.tenant.name"), "Acme");
    assert_int_equal(poll(world, "ttp_x")->status, 404);
    clock_shift_for_tests(60 * CLOCK_SECOND);
    assert_status(poll(world, screen.poll_token), 404);
    reply = admin(world, "POST", "/api/displays/pair",
                  printed(world, "{\"code\":\"%s\",\"name\":\"Again\"}", screen.code));
    assert_reply(reply, 422, NO("No screen shows this code, or it has expired."));
}

static void test_displays__what_pair_wants(void **state)
{
    struct world *world = *state;
    assert_reply(admin(world, "POST", "/api/displays/pair", "{\"code\":\"BCDF-GHJK\"}"), 422,
                 NO("Send a name or a display_id, one of the two."));
    assert_reply(admin(world, "POST", "/api/displays/pair", "{\"name\":\"x\"}"), 422,
                 NO("The code field is required."));
    assert_reply(admin(world, "POST", "/api/displays/pair",
                       "{\"code\":\"BCDF-GHJK\",\"name\":\"x\",\"display_id\":1}"),
                 422, NO("Send a name or a display_id, one of the two."));
    assert_reply(admin(world, "POST", "/api/displays/pair", "{\"code\":\"BCDF-GHJK\",\"name\":\"a\\nb\"}"),
                 422, NO("The name must be one line of text."));
    assert_reply(admin(world, "POST", "/api/displays/pair", "{\"code\":\"BCDF-GHJK\",\"display_id\":77}"),
                 404, NO("Not found"));
    assert_status(admin(world, "POST", "/api/displays/pair", "{\"code\":\"BCDF-GHJK\",\"tenant_id\":1}"),
                  422);
}

static void test_displays__guessing_ends_with_429(void **state)
{
    struct world *world = *state;
    const struct reply *reply = NULL;
    for (int i = 0; i < 10; i++)
        assert_status(admin(world, "POST", "/api/displays/pair", "{\"code\":\"BCDF-GHJK\",\"name\":\"x\"}"),
                      422);
    reply = admin(world, "POST", "/api/displays/pair", "{\"code\":\"BCDF-GHJK\",\"name\":\"x\"}");
    assert_reply(reply, 429, NO("Too many codes were wrong; try again later."));
    assert_in_range(number_of(header_of(reply, "retry-after")), 1, 601);
}

/* On a tenant's own host a screen can only become that tenant's. */
static void test_displays__a_host_binds_the_screen(void **state)
{
    struct world *world = *state;
    struct screen bolts = begin(world, "bolt.localhost"), ours = begin(world, ACME);
    const char *body = printed(world, "{\"code\":\"%s\",\"name\":\"Lobby\"}", bolts.code);
    assert_status(admin(world, "POST", "/api/displays/pair", body), 422);
    body = printed(world, "{\"code\":\"%s\",\"name\":\"Lobby\"}", ours.code);
    assert_status(admin(world, "POST", "/api/displays/pair", body), 201);
    assert_status(ASK(world, .target = printed(world, "/api/public/displays/pairings/%s", ours.poll_token),
                      .host = "bolt.localhost"),
                  404);
}

static void test_displays__a_link_with_its_qr_code(void **state)
{
    struct world *world = *state;
    const struct reply *reply = admin(world, "POST", "/api/displays", "{\"name\":\"Lobby\"}");
    assert_status(reply, 201);
    const char *link = member_of(world, reply, "data.pairing.link");
    const char *secret = member_of(world, reply, "data.pairing.poll_token");
    assert_string_equal(link, printed(world, "http://acme.localhost/display#pair=%s", secret));
    assert_int_equal(strncmp(member_of(world, reply, "data.pairing.qr_svg"), "<svg ", 5), 0);
    assert_int_equal(
        strncmp(member_of(world, reply, "data.pairing.qr_png"), "data:image/png;base64,iVBORw0KGgo", 33), 0);
    reply = admin(world, "POST", "/api/displays/1/link", NULL);
    assert_status(reply, 200);
    const char *again = member_of(world, reply, "data.pairing.poll_token");
    assert_status(poll(world, secret), 404);
    assert_string_equal(poll_status(world, again), "paired");
    assert_status(admin(world, "POST", "/api/displays/99/link", NULL), 404);
}

/* ---- the state ---- */

#define CONTENT "{\"layout\":\"text\",\"heading\":\"Welcome\"}"

static void test_displays__the_state_and_its_etag(void **state)
{
    struct world *world = *state;
    const char *token = paired(world, "{\"name\":\"Lobby\",\"content\":" CONTENT "}");
    const struct reply *reply = state_of(world, token, NULL);
    assert_reply(
        reply, 200,
        OK_WITH("{\"id\":1,\"name\":\"Lobby\",\"tenant\":{\"slug\":\"acme\",\"name\":\"Acme\",\"logo_url\":"
                "null,\"accent_colour\":null},\"content\":" CONTENT ",\"revision\":1,\"poll_interval\":10}"));
    assert_string_equal(header_of(reply, "cache-control"), "private, no-cache");
    const char *etag = printed(world, "%s", header_of(reply, "etag"));
    assert_int_equal(strncmp(etag, "\"1-", 3), 0);
    static const char *const same[] = { "%s", "W/%s", "\"x\", %s", "*" };
    for (size_t i = 0; i < 4; i++) {
        struct str header = str_of(same[i]);
        size_t at = str_index(header, '%');
        const char *text = at == header.len ? same[i] : printed(world, "%.*s%s", (int)at, same[i], etag);
        reply = state_of(world, token, text);
        assert_int_equal(reply->status, 304);
        assert_int_equal(reply->body.len, 0);
        assert_string_equal(header_of(reply, "etag"), etag);
    }
    assert_int_equal(state_of(world, token, "\"1\"")->status, 200);
    assert_status(admin(world, "PATCH", "/api/displays/1", "{\"name\":\"Bar\"}"), 200);
    reply = state_of(world, token, etag);
    assert_status(reply, 200);
    assert_string_equal(member_of(world, reply, "data.name"), "Bar");
    /* What else the answer says changes it too. */
    etag = printed(world, "%s", header_of(reply, "etag"));
    fixture_exec(world->fixture, "UPDATE tenants SET name = 'Acme 2' WHERE slug = 'acme'", DB_NO_ARGS);
    clock_shift_for_tests(61 * CLOCK_SECOND); /* it was changed behind the server's back */
    reply = state_of(world, token, etag);
    assert_string_equal(member_of(world, reply, "data.tenant.name"), "Acme 2");
}

/* From memory: what was done to the row behind the server's back is not seen, and no worker is asked. */
static void test_displays__a_warm_poll_reads_nothing(void **state)
{
    struct world *world = *state;
    const char *token = paired(world, "{\"name\":\"Lobby\",\"content\":" CONTENT "}");
    const char *etag = printed(world, "%s", header_of(state_of(world, token, NULL), "etag"));
    state_of(world, token, NULL); /* the first use changed the device: what the second one reads is kept */
    world_exec(world, "UPDATE devices SET name = 'Other', content = '{}', revision = 9");
    assert_int_equal(state_of(world, token, etag)->status, 304);
    assert_int_equal(world->last->t_started, 0);
    assert_string_equal(member_of(world, state_of(world, token, NULL), "data.content.heading"), "Welcome");
    assert_int_equal(world->last->t_started, 0);
    assert_status(ASK(world, .target = printed(world, "/api/displays/heartbeat/%s", token)), 200);
    assert_int_equal(world->last->t_started, 0);
    /* A token that is nobody's, with a checksum that holds: looked up once. */
    const char *nobodys = paired(world, "{\"name\":\"Gone\"}");
    assert_status(admin(world, "DELETE", "/api/displays/2", NULL), 200);
    for (int again = 0; again < 2; again++)
        assert_reply(state_of(world, nobodys, NULL), 401, UNAUTHENTICATED_SPACES);
    assert_int_equal(world->last->t_started, 0);
}

/* Should a change ever come without its touch, it is seen ten minutes after the device was read, and not
 * before: each screen asks far more often than that. */
static void test_displays__a_kept_display_is_read_again_after_ten_minutes(void **state)
{
    struct world *world = *state;
    const char *token = paired(world, "{\"name\":\"Lobby\"}");
    state_of(world, token, NULL); /* the first use changed the device: what the second one reads is kept */
    assert_string_equal(member_of(world, state_of(world, token, NULL), "data.name"), "Lobby");
    world_exec(world, "UPDATE devices SET name = 'Other'");
    clock_shift_for_tests(599 * CLOCK_SECOND);
    assert_string_equal(member_of(world, state_of(world, token, NULL), "data.name"), "Lobby");
    clock_shift_for_tests(601 * CLOCK_SECOND);
    assert_string_equal(member_of(world, state_of(world, token, NULL), "data.name"), "Other");
    assert_int_not_equal(world->last->t_started, 0);
    /* An end as well. */
    world_exec(world, "UPDATE devices SET token_hash = NULL");
    clock_shift_for_tests(1199 * CLOCK_SECOND);
    assert_status(state_of(world, token, NULL), 200);
    clock_shift_for_tests(1203 * CLOCK_SECOND);
    assert_reply(state_of(world, token, NULL), 401, UNAUTHENTICATED_SPACES);
}

/* Longer than what is kept: read each time it is shown, and right all the same. */
static void test_displays__a_long_content(void **state)
{
    struct world *world = *state;
    struct str filler = arena_printf(world->fixture->arena, "%08100d", 0);
    const char *token =
        paired(world, printed(world, "{\"name\":\"Lobby\",\"content\":{\"text\":\"%s\"}}", filler.at));
    const char *etag = printed(world, "%s", header_of(state_of(world, token, NULL), "etag"));
    for (int again = 0; again < 2; again++)
        assert_string_equal(member_of(world, state_of(world, token, NULL), "data.content.text"), filler.at);
    assert_int_equal(state_of(world, token, etag)->status, 304);
    assert_int_equal(world->last->t_started, 0);
    assert_reply(admin(world, "PATCH", "/api/displays/1",
                       printed(world, "{\"content\":{\"text\":\"%s%s\"}}", filler.at, filler.at)),
                 422, NO("The content must not be longer than 8192 bytes of JSON."));
    assert_reply(admin(world, "PATCH", "/api/displays/1", "{\"content\":[1]}"), 422,
                 NO("The content must be an object."));
}

static void test_displays__the_token_in_a_header(void **state)
{
    struct world *world = *state;
    const char *token = paired(world, "{\"name\":\"Lobby\"}");
    assert_status(ASK(world, .target = "/api/displays/state", .token = token), 200);
    assert_status(ASK(world, .target = "/api/displays/heartbeat", .token = token), 200);
    const struct reply *reply = ASK(world, .target = "/api/displays/state");
    assert_reply(reply, 401, UNAUTHENTICATED_SPACES);
    assert_string_equal(header_of(reply, "www-authenticate"), "Bearer realm=\"tether\"");
    assert_status(ASK(world, .target = printed(world, "/api/displays/state/%s", token), .token = token), 400);
}

/* ---- no kind of token works where another is expected ---- */

static void test_displays__kinds_of_tokens_are_told_apart(void **state)
{
    struct world *world = *state;
    const char *device = paired(world, "{\"name\":\"Lobby\"}");
    const char *session = token_for(world, "admin@acme.example", ACME);
    const struct reply *reply =
        admin(world, "POST", "/api/settings/api-keys", "{\"name\":\"k\",\"scopes\":[\"displays.view\"]}");
    const char *key = member_of(world, reply, "data.token");
    struct screen screen = begin(world, "localhost");
    const char *const wrong[] = { session, key, screen.poll_token, "x", "ttd_x" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_reply(state_of(world, wrong[i], NULL), 401, UNAUTHENTICATED_SPACES);
        assert_reply(ASK(world, .target = "/api/displays/heartbeat", .token = wrong[i]), 401,
                     UNAUTHENTICATED_SPACES);
    }
    static const char *const others[] = { "/api/displays", "/api/auth/me", "/api/displays/1",
                                          "/api/settings/api-keys" };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_status(ASK(world, .target = others[i], .token = device, .host = ACME), 401);
        assert_status(ASK(world, .target = others[i], .token = screen.poll_token, .host = ACME), 401);
    }
    assert_status(poll(world, device), 404);
    assert_status(poll(world, key), 404);
    assert_status(poll(world, session), 404);
}

/* A slip in any place is seen without a look-up: the same answer with the database gone. */
static void test_displays__a_mistyped_token_asks_nobody(void **state)
{
    struct world *world = *state;
    struct str token = arena_copy(world->fixture->arena, str_of(paired(world, "{\"name\":\"Lobby\"}")));
    for (size_t i = 4; i < token.len; i++) {
        char *typo = arena_cstr(world->fixture->arena, token);
        typo[i] = typo[i] == 'a' ? 'b' : 'a';
        assert_reply(state_of(world, typo, NULL), 401, UNAUTHENTICATED_SPACES);
        assert_int_equal(world->last->t_started, 0);
    }
}

/* ---- what ends a token ---- */

static void test_displays__unpairing_acts_at_once(void **state)
{
    struct world *world = *state;
    const char *token = paired(world, "{\"name\":\"Lobby\"}");
    const char *etag = printed(world, "%s", header_of(state_of(world, token, NULL), "etag"));
    assert_int_equal(state_of(world, token, etag)->status, 304);
    assert_status(admin(world, "DELETE", "/api/displays/1", NULL), 200);
    assert_reply(state_of(world, token, etag), 401, UNAUTHENTICATED_SPACES);
    assert_status(admin(world, "GET", "/api/displays/1", NULL), 404);
    assert_status(admin(world, "DELETE", "/api/displays/1", NULL), 404);
}

static void test_displays__a_suspended_tenants_screens_are_refused(void **state)
{
    struct world *world = *state;
    const char *token = paired(world, "{\"name\":\"Lobby\"}");
    assert_status(state_of(world, token, NULL), 200);
    world_exec(world, "UPDATE tenants SET status = 'suspended' WHERE slug = 'acme'");
    clock_shift_for_tests(61 * CLOCK_SECOND); /* behind the server's back */
    assert_status(state_of(world, token, NULL), 403);
    assert_status(ASK(world, .target = "/api/displays/heartbeat", .token = token), 403);
}

static void test_displays__another_tenants_host_is_refused(void **state)
{
    struct world *world = *state;
    const char *token = paired(world, "{\"name\":\"Lobby\"}");
    assert_status(ASK(world, .target = "/api/displays/state", .token = token, .host = ACME), 200);
    assert_status(ASK(world, .target = "/api/displays/state", .token = token, .host = "bolt.localhost"), 403);
    assert_status(ASK(world, .target = "/api/displays/state?tenant=bolt", .token = token), 403);
}

static void test_displays__rotation_over_the_wire(void **state)
{
    struct world *world = *state;
    const char *token = paired(world, "{\"name\":\"Lobby\"}");
    const char *etag = printed(world, "%s", header_of(state_of(world, token, NULL), "etag"));
    const struct reply *reply = admin(world, "POST", "/api/displays/1/rotate", "{\"overlap\":600}");
    assert_status(reply, 200);
    member_of(world, reply, "data.rotating_until");
    reply = state_of(world, token, etag); /* not a 304: there is something to hand over */
    const char *next = member_of(world, reply, "data.next_token");
    assert_null(header_of(reply, "etag"));
    assert_string_equal(header_of(reply, "cache-control"), "no-store");
    assert_string_equal(member_of(world, state_of(world, token, etag), "data.next_token"), next);
    assert_status(ASK(world, .target = "/api/displays/heartbeat", .token = token), 200);
    assert_int_equal(state_of(world, next, etag)->status, 304);
    assert_reply(state_of(world, token, NULL), 401, UNAUTHENTICATED_SPACES);
    assert_string_equal(v1_audited(world, 2), "display.paired device:1:Lobby -> display:1:Lobby ");
    assert_status(admin(world, "POST", "/api/displays/1/rotate", "{\"overlap\":0}"), 422);
    assert_status(admin(world, "POST", "/api/displays/1/rotate", "{\"overlap\":604801}"), 422);
}

static void test_displays__an_overlap_ends_by_itself(void **state)
{
    struct world *world = *state;
    const char *token = paired(world, "{\"name\":\"Lobby\"}");
    assert_status(admin(world, "POST", "/api/displays/1/rotate", "{\"overlap\":60}"),
                  409); /* no screen yet */
    assert_status(state_of(world, token, NULL), 200);
    assert_status(admin(world, "POST", "/api/displays/1/rotate", "{\"overlap\":60}"), 200);
    assert_status(ASK(world, .target = "/api/displays/heartbeat", .token = token), 200);
    clock_shift_for_tests(60 * CLOCK_SECOND);
    assert_status(ASK(world, .target = "/api/displays/heartbeat", .token = token), 401);
}

/* ---- seen ---- */

static void test_displays__a_heartbeat_is_no_write(void **state)
{
    struct world *world = *state;
    const char *token = paired(world, "{\"name\":\"Lobby\"}");
    assert_string_equal(member_of(world, admin(world, "GET", "/api/displays/1", NULL), "data.status"),
                        "waiting");
    assert_reply(ASK(world, .target = "/api/displays/heartbeat", .token = token), 200,
                 OK_WITH("{\"revision\":1,\"interval\":30}"));
    assert_string_equal(member_of(world, admin(world, "GET", "/api/displays/1", NULL), "data.status"),
                        "online");
    assert_int_equal(count_of(world, "SELECT max(seen_at) FROM device_seen", DB_NO_ARGS), 0);
    assert_true(walk_write_down(world->walk, world->fixture->conn));
    assert_true(count_of(world, "SELECT max(seen_at) FROM device_seen", DB_NO_ARGS) > 0);
    clock_shift_for_tests(91 * CLOCK_SECOND);
    assert_string_equal(member_of(world, admin(world, "GET", "/api/displays/1", NULL), "data.status"),
                        "offline");
}

static void test_displays__pages(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 3; i++)
        assert_status(admin(world, "POST", "/api/displays", printed(world, "{\"name\":\"d%d\"}", i)), 201);
    const struct reply *reply = admin(world, "GET", "/api/displays?limit=2", NULL);
    assert_string_equal(member_of(world, reply, "next"), "2");
    assert_null(strstr(reply->body.at, "\"d2\""));
    reply = admin(world, "GET", "/api/displays?limit=2&cursor=2", NULL);
    assert_non_null(strstr(reply->body.at, "\"d2\""));
    assert_non_null(strstr(reply->body.at, "\"next\":null"));
    assert_status(admin(world, "GET", "/api/displays?cursor=x", NULL), 422);
}

/* A limit of its own per device, told on a 304 as on everything else. */
static void test_displays__limits(void **state)
{
    world_free((struct world **)state);
    struct world *world = *state = world_new("rate_limits: { default: 8/minute }\n");
    const char *first = paired(world, "{\"name\":\"a\"}"), *second = paired(world, "{\"name\":\"b\"}");
    const char *etag = printed(world, "%s", header_of(state_of(world, first, NULL), "etag"));
    for (int left = 6; left >= 0; left--) {
        const struct reply *reply = state_of(world, first, etag);
        assert_int_equal(reply->status, 304);
        assert_string_equal(header_of(reply, "x-ratelimit-limit"), "8");
        assert_int_equal(number_of(header_of(reply, "x-ratelimit-remaining")), left);
    }
    assert_status(state_of(world, first, etag), 429);
    assert_status(state_of(world, second, NULL), 200);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_displays__a_screen_is_paired_by_its_code),
        T(test_displays__what_pair_wants),
        T(test_displays__guessing_ends_with_429),
        T(test_displays__a_host_binds_the_screen),
        T(test_displays__a_link_with_its_qr_code),
        T(test_displays__the_state_and_its_etag),
        T(test_displays__a_warm_poll_reads_nothing),
        T(test_displays__a_kept_display_is_read_again_after_ten_minutes),
        T(test_displays__a_long_content),
        T(test_displays__the_token_in_a_header),
        T(test_displays__kinds_of_tokens_are_told_apart),
        T(test_displays__a_mistyped_token_asks_nobody),
        T(test_displays__unpairing_acts_at_once),
        T(test_displays__a_suspended_tenants_screens_are_refused),
        T(test_displays__another_tenants_host_is_refused),
        T(test_displays__rotation_over_the_wire),
        T(test_displays__an_overlap_ends_by_itself),
        T(test_displays__a_heartbeat_is_no_write),
        T(test_displays__pages),
        T(test_displays__limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
