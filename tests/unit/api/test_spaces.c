/* Events, day passes, tickets, check-in and payments as the spaces surface tells them. What has to be exact
 * is tested in tests/unit/spaces; here it is envelopes, words, who may what, and what is let out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_fixture.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/random.h"

#define SECRET "a webhook secret of 32 bytes, or more"
#define ACME   "acme.localhost"
#define BOLT   "bolt.localhost"
#define JANE   "{\"name\":\"Jane Smith\",\"email\":\"jane@example.com\""

/* An event of acme in an hour, for two, free; one that costs; one of bolt; a pass of three a day. */
static int set_up(void **state)
{
    struct world *w = world_new("payments: { webhook_secret: \"" SECRET "\" }\n");
    int64_t at = clock_now() + INT64_C(3600) * CLOCK_SECOND;
    static const struct {
        int64_t tenant, price;
        const char *title;
    } events[] = { { 2, 0, "Free" }, { 2, 1500, "Paid" }, { 3, 0, "Bolt's" } };
    for (size_t i = 0; i < 3; i++)
        fixture_exec(w->fixture,
                     "INSERT INTO events (tenant_id, title, location, starts_at, ends_at, capacity, price, "
                     "is_published, "
                     "created_at, updated_at) VALUES ($1, $2, 'Hall', $3, $4, 2, $5, 1, 1, 1)",
                     DB_ARGS(db_int(events[i].tenant), db_text(str_of(events[i].title)), db_int(at),
                             db_int(at + 3600 * CLOCK_SECOND), db_int(events[i].price)));
    world_exec(w, "INSERT INTO day_passes (tenant_id, name, capacity, is_published, created_at, updated_at) "
                  "VALUES (2, 'Hot desk', 3, 1, 1, 1)");
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    world_free((struct world **)state);
    clock_shift_for_tests(0);
    return 0;
}

/* ---- asking ---- */

#define GET(w_, target_) ASK((w_), .target = (target_), .host = ACME)
#define POST(w_, target_, json_)                                                                             \
    ASK((w_), .method = "POST", .target = (target_), .host = ACME, .json = (json_))

static const char *as_owner(struct world *w)
{
    return token_for(w, "owner@acme.example", NULL);
}

/* The code of a new ticket for event 1 (free) or 2. */
static const char *registered(struct world *w, int event)
{
    const struct reply *reply =
        POST(w, printed(w, "/api/public/events/%d/registrations", event), JANE ",\"quantity\":1}");
    assert_status(reply, 201);
    return member_of(w, reply, "data.code");
}

static const struct reply *staff(struct world *w, const char *target)
{
    return ASK(w, .method = "POST", .target = target, .token = as_owner(w));
}

/* ---- what everybody sees ---- */

static void test_events__of_this_tenant(void **state)
{
    struct world *w = *state;
    const struct reply *reply = GET(w, "/api/public/events");
    assert_status(reply, 200);
    assert_non_null(strstr(reply->body.at, "\"title\":\"Paid\""));
    assert_null(strstr(reply->body.at, "Bolt"));
    reply = ASK(w, .target = "/api/public/events?tenant=bolt");
    assert_non_null(strstr(reply->body.at, "Bolt"));
    assert_reply(ASK(w, .target = "/api/public/events"), 200, "{\"success\":true,\"data\":[],\"next\":null}");
    assert_status(GET(w, "/api/public/events/1"), 200);
    assert_reply(GET(w, "/api/public/events/3"), 404, "{\"success\":false,\"data\":\"Not found\"}");
    assert_status(GET(w, "/api/public/events/99"), 404);
    assert_status(GET(w, "/api/public/events/x"), 404);
    assert_status(GET(w, "/api/public/events?tenant=bolt"), 403);
    assert_status(ASK(w, .target = "/api/public/events?tenant=shut"), 403);
}

static void test_events__pages(void **state)
{
    struct world *w = *state;
    const struct reply *reply = GET(w, "/api/public/events?limit=1");
    assert_non_null(strstr(reply->body.at, "\"id\":1,"));
    assert_null(strstr(reply->body.at, "\"id\":2,"));
    reply = GET(w, printed(w, "/api/public/events?limit=1&cursor=%s", member_of(w, reply, "next")));
    assert_non_null(strstr(reply->body.at, "\"id\":2,"));
    assert_non_null(strstr(reply->body.at, "\"next\":null"));
    static const char *const wrong[] = { "cursor=x",   "cursor=1-", "cursor=-1-1",
                                         "cursor=1-0", "limit=0",   "what=1" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_status(GET(w, printed(w, "/api/public/events?%s", wrong[i])), 422);
}

static void test_passes__of_a_day(void **state)
{
    struct world *w = *state;
    const struct reply *reply = GET(w, "/api/public/day-passes");
    assert_status(reply, 200);
    assert_non_null(strstr(reply->body.at, "\"name\":\"Hot desk\""));
    assert_non_null(strstr(reply->body.at, "\"left\":3,\"availability\":\"open\""));
    reply = GET(w, "/api/public/day-passes?date=2001-02-03");
    assert_non_null(strstr(reply->body.at, "\"date\":\"2001-02-03\""));
    assert_non_null(strstr(reply->body.at, "\"availability\":\"closed\""));
    assert_status(GET(w, "/api/public/day-passes?date=2001-02-30"), 422);
    assert_status(GET(w, "/api/public/day-passes?date=9999-01-01"), 422);
}

/* ---- ordering ---- */

static void test_register__and_look_at_it(void **state)
{
    struct world *w = *state;
    const struct reply *reply = POST(w, "/api/public/events/1/registrations", JANE ",\"quantity\":2}");
    assert_status(reply, 201);
    assert_string_equal(member_of(w, reply, "data.status"), "confirmed");
    const char *code = member_of(w, reply, "data.code"), *url = member_of(w, reply, "data.portal_url");
    assert_string_equal(url, printed(w, "http://acme.localhost/portal/%s", code));
    reply = GET(w, printed(w, "/api/public/portal/%s", code));
    assert_status(reply, 200);
    assert_string_equal(member_of(w, reply, "data.title"), "Free");
    assert_non_null(strstr(reply->body.at, "\"may_cancel\":true"));
    assert_null(strstr(reply->body.at, "jane@example.com"));
    assert_reply(POST(w, "/api/public/events/1/registrations", JANE "}"), 409,
                 "{\"success\":false,\"data\":\"This is sold out.\"}");
}

static void test_register__wrong_bodies(void **state)
{
    struct world *w = *state;
    static const char *const bodies[] = {
        "{}",
        JANE ",\"quantity\":0}",
        JANE ",\"quantity\":-1}",
        JANE ",\"quantity\":21}",
        JANE ",\"quantity\":9007199254740993}",
        JANE ",\"quantity\":1.5}",
        JANE ",\"quantity\":\"1\"}",
        JANE ",\"quantity\":null}",
        JANE ",\"tenant_id\":3}",
        JANE ",\"status\":\"confirmed\"}",
        "{\"name\":\"Jane\\nSmith\",\"email\":\"jane@example.com\"}",
        "{\"name\":\"Jane\",\"email\":\"jane\"}",
        "[]",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        assert_status(POST(w, "/api/public/events/1/registrations", bodies[i]), 422);
    assert_status(POST(w, "/api/public/events/3/registrations", JANE "}"), 404);
    assert_status(POST(w, "/api/public/day-passes/1/purchases", JANE "}"), 422);
    assert_status(POST(w, "/api/public/day-passes/1/purchases", JANE ",\"date\":\"tomorrow\"}"), 422);
    assert_status(POST(w, "/api/public/day-passes/1/purchases", JANE ",\"date\":\"2001-02-03\"}"), 409);
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM tickets", DB_NO_ARGS), 0);
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM mail_outbox", DB_NO_ARGS), 0);
}

static void test_portal__cancels_once(void **state)
{
    struct world *w = *state;
    const char *code = registered(w, 2);
    const struct reply *reply = POST(w, printed(w, "/api/public/portal/%s/cancel", code), NULL);
    assert_status(reply, 200);
    assert_string_equal(member_of(w, reply, "data.status"), "cancelled");
    assert_reply(POST(w, printed(w, "/api/public/portal/%s/cancel", code), NULL), 409,
                 "{\"success\":false,\"data\":\"This ticket is cancelled.\"}");
    code = registered(w, 2);
    clock_shift_for_tests(INT64_C(3600) * CLOCK_SECOND);
    assert_status(POST(w, printed(w, "/api/public/portal/%s/cancel", code), NULL), 409);
}

/* A code of another tenant, one that is none, and one that nobody has: the same. */
static void test_portal__unknown_codes_are_alike(void **state)
{
    struct world *w = *state;
    const char *code = registered(w, 1);
    const char *const nobody = "{\"success\":false,\"data\":\"Not found\"}";
    static const char *const deeds[] = { "", "/qr", "/cancel" };
    for (size_t i = 0; i < 3; i++) {
        const char *method = i == 2 ? "POST" : "GET";
        assert_reply(ASK(w, .method = method, .target = printed(w, "/api/public/portal/%s%s", code, deeds[i]),
                         .host = BOLT),
                     404, nobody);
        assert_reply(ASK(w, .method = method, .target = printed(w, "/api/public/portal/nothing%s", deeds[i]),
                         .host = ACME),
                     404, nobody);
    }
    assert_status(ASK(w, .target = printed(w, "/api/public/portal/%s?tenant=acme", code)), 200);
}

static void test_portal__shows_a_qr_code(void **state)
{
    struct world *w = *state;
    const char *code = registered(w, 1);
    const struct reply *reply = GET(w, printed(w, "/api/public/portal/%s/qr", code));
    assert_string_equal(reply->content_type, "image/png");
    assert_memory_equal(reply->body.at, "\x89PNG", 4);
    reply = GET(w, printed(w, "/api/public/portal/%s/qr?format=svg&size=200", code));
    assert_string_equal(reply->content_type, "image/svg+xml");
    assert_status(GET(w, printed(w, "/api/public/portal/%s/qr?size=63", code)), 422);
    assert_status(GET(w, printed(w, "/api/public/portal/%s/qr?format=gif", code)), 422);
}

/* ---- staff ---- */

static void test_staff__the_life_of_a_registration(void **state)
{
    struct world *w = *state;
    registered(w, 2);
    const struct reply *reply =
        ASK(w, .target = "/api/events/2/registrations?status=pending", .token = as_owner(w));
    assert_status(reply, 200);
    assert_non_null(strstr(reply->body.at, "\"email\":\"jane@example.com\""));
    assert_null(strstr(reply->body.at, "\"code\""));
    reply = staff(w, "/api/events/2/registrations/1/check-in");
    assert_reply(reply, 409, "{\"success\":false,\"data\":\"This ticket is not paid yet.\"}");
    reply = staff(w, "/api/events/2/registrations/1/mark-paid");
    assert_status(reply, 200);
    assert_string_equal(member_of(w, reply, "data.status"), "confirmed");
    assert_status(staff(w, "/api/events/2/registrations/1/mark-paid"), 409);
    reply = staff(w, "/api/events/2/registrations/1/resend");
    assert_status(reply, 200);
    const char *code = member_of(w, reply, "data.code");
    assert_status(GET(w, printed(w, "/api/public/portal/%s", code)), 200);
    reply = staff(w, "/api/events/2/registrations/1/check-in");
    assert_status(reply, 200);
    assert_string_equal(member_of(w, reply, "data.name"), "Jane S.");
    assert_status(staff(w, "/api/events/2/registrations/1/check-in"), 409);
    assert_status(staff(w, "/api/events/2/registrations/1/cancel"), 409);
    assert_status(staff(w, "/api/events/1/registrations/1/cancel"), 404);
    assert_status(staff(w, "/api/passes/1/purchases/1/cancel"), 404);
    reply = ASK(w, .target = "/api/check-ins", .token = as_owner(w));
    assert_non_null(strstr(reply->body.at, "\"name\":\"Jane Smith\",\"title\":\"Paid\""));
}

static void test_staff__orders_what_is_not_published(void **state)
{
    struct world *w = *state;
    world_exec(w, "UPDATE events SET is_published = 0");
    assert_status(POST(w, "/api/public/events/2/registrations", JANE "}"), 404);
    const struct reply *reply = ASK(w, .method = "POST", .target = "/api/events/2/registrations",
                                    .json = JANE "}", .token = as_owner(w));
    assert_status(reply, 201);
    assert_non_null(member_of(w, reply, "data.code"));
}

static void test_staff__needs_permission_and_tenant(void **state)
{
    struct world *w = *state;
    registered(w, 2);
    const char *viewer = token_for(w, "viewer@acme.example", NULL),
               *bolt = token_for(w, "rep@bolt.example", NULL);
    assert_status(
        ASK(w, .method = "POST", .target = "/api/events/2/registrations/1/mark-paid", .token = viewer), 403);
    assert_status(
        ASK(w, .method = "POST", .target = "/api/check-ins", .json = "{\"code\":\"x\"}", .token = viewer),
        403);
    assert_status(ASK(w, .target = "/api/events/2/registrations"), 401);
    assert_status(ASK(w, .target = "/api/events/3/registrations", .token = as_owner(w)), 404);
    assert_true(ASK(w, .target = "/api/events/2/registrations", .token = bolt)->status != 200);
}

/* ---- coming in ---- */

static void test_check_in__once_and_says_when(void **state)
{
    struct world *w = *state;
    const char *json = printed(w, "{\"code\":\"%s\"}", registered(w, 1));
    const struct reply *reply = POST(w, "/api/public/check-in", json);
    assert_status(reply, 200);
    assert_string_equal(member_of(w, reply, "data.name"), "Jane S.");
    const char *at = member_of(w, reply, "data.checked_in_at");
    assert_reply(POST(w, "/api/public/check-in", json), 409,
                 printed(w, "{\"success\":false,\"data\":\"Checked in already, at %s.\"}", at));
    assert_status(POST(w, "/api/public/check-in", "{\"code\":\"nothing\"}"), 404);
    assert_status(POST(w, "/api/public/check-in", "{}"), 422);
}

static void test_lookup__tells_little(void **state)
{
    struct world *w = *state;
    const char *code = registered(w, 1);
    assert_status(GET(w, printed(w, "/api/public/members/lookup?code=%s", code)), 404);
    assert_status(GET(w, "/api/public/members/lookup?code=nothing"), 404);
    assert_status(GET(w, "/api/public/members/lookup"), 422);
}

/* ---- payments ---- */

static const struct reply *tell(struct world *w, const char *secret, int64_t at, const char *json)
{
    uint8_t mac[32];
    struct arena *arena = w->fixture->arena;
    long long seconds = at / CLOCK_SECOND;
    hmac_sha256(str_of(secret), str_of(printed(w, "%lld.%s", seconds, json)), mac);
    const char *header = printed(w, "t=%lld,v1=%s", seconds, hex_encode(arena, mac, sizeof mac).at);
    return ASK(w, .method = "POST", .target = "/api/public/payments/webhook", .json = json,
               .header = { "tether-signature", header });
}

static const char *event_of(struct world *w, const char *id, const char *code, int amount)
{
    return printed(
        w,
        "{\"id\":\"%s\",\"type\":\"payment.succeeded\",\"code\":\"%s\",\"amount\":%d,\"currency\":\"EUR\"}",
        id, code, amount);
}

static void test_webhook__confirms_once(void **state)
{
    struct world *w = *state;
    const char *code = registered(w, 2), *json = event_of(w, "evt_1", code, 1500);
    assert_reply(tell(w, SECRET, clock_now(), json), 200,
                 "{\"success\":true,\"data\":{\"outcome\":\"confirmed\",\"repeated\":false}}");
    assert_reply(tell(w, SECRET, clock_now(), json), 200,
                 "{\"success\":true,\"data\":{\"outcome\":\"confirmed\",\"repeated\":true}}");
    const struct reply *reply = GET(w, printed(w, "/api/public/portal/%s", code));
    assert_string_equal(member_of(w, reply, "data.status"), "confirmed");
    assert_status(tell(w, SECRET, clock_now(), event_of(w, "evt_1", registered(w, 2), 1500)), 409);
}

static void test_webhook__refuses_without_trace(void **state)
{
    struct world *w = *state;
    const char *code = registered(w, 2), *json = event_of(w, "evt_1", code, 1500);
    int64_t deeds = count_of(w, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS);
    const char *const invalid = "{\"success\":false,\"data\":\"The signature is not valid.\"}";
    assert_reply(tell(w, "another secret of 32 bytes, or more", clock_now(), json), 403, invalid);
    assert_reply(tell(w, SECRET, clock_now() - 301 * CLOCK_SECOND, json), 403, invalid);
    assert_reply(tell(w, SECRET, clock_now() + 302 * CLOCK_SECOND, json), 403, invalid);
    assert_reply(POST(w, "/api/public/payments/webhook", json), 403, invalid);
    /* Nor is it said what would be wrong with the body. */
    assert_reply(POST(w, "/api/public/payments/webhook", "{}"), 403, invalid);
    assert_reply(POST(w, "/api/public/payments/webhook", "no JSON"), 403, invalid);
    assert_status(tell(w, SECRET, clock_now(), event_of(w, "evt_1", code, 1499)), 422);
    assert_status(tell(w, SECRET, clock_now(), event_of(w, "evt_1", "nothing", 1500)), 404);
    assert_status(tell(w, SECRET, clock_now(), "{\"id\":\"evt_1\"}"), 422);
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM payments", DB_NO_ARGS), 0);
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS), deeds);
    assert_int_equal(count_of(w, "SELECT COUNT(*) FROM tickets WHERE status = 'pending'", DB_NO_ARGS), 1);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_events__of_this_tenant),
        TEST(test_events__pages),
        TEST(test_passes__of_a_day),
        TEST(test_register__and_look_at_it),
        TEST(test_register__wrong_bodies),
        TEST(test_portal__cancels_once),
        TEST(test_portal__unknown_codes_are_alike),
        TEST(test_portal__shows_a_qr_code),
        TEST(test_staff__the_life_of_a_registration),
        TEST(test_staff__orders_what_is_not_published),
        TEST(test_staff__needs_permission_and_tenant),
        TEST(test_check_in__once_and_says_when),
        TEST(test_lookup__tells_little),
        TEST(test_webhook__confirms_once),
        TEST(test_webhook__refuses_without_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
