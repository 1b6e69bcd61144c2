/* Invitations on v1 and assets: every state, every way to accept, races, and what is left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "base/clock.h"
#include "v1_fixture.h"

#define DAY       (INT64_C(86400) * CLOCK_SECOND)
#define UNKNOWN   "{\"message\":\"This invitation does not exist.\"}"
#define USED      "{\"message\":\"This invitation has been used.\",\"errors\":{}}"
#define CANCELLED "{\"message\":\"This invitation was cancelled.\",\"errors\":{}}"
#define SUPERSEDED                                                                                           \
    "{\"message\":\"This invitation was replaced by a newer one; use the link in the latest "                \
    "mail.\",\"errors\":{}}"
#define EXPIRED  "{\"message\":\"This invitation has expired; ask for a new one.\",\"errors\":{}}"
#define NEWCOMER ",\"name\":\" Jane Smith \",\"password\":\"granite willow 64\"}"

static int set_up(void **state)
{
    *state = world_new("");
    return 0;
}

static int tear_down(void **state)
{
    world_free((struct world **)state);
    clock_shift_for_tests(0);
    return 0;
}

static void use_config(void **state, const char *yaml)
{
    world_free((struct world **)state);
    *state = world_new(yaml);
}

/* ---- asking ---- */

static const struct reply *invite_as(struct world *w, const char *who, const char *email, const char *role)
{
    struct str json = arena_printf(w->fixture->arena, "{\"email\":\"%s\",\"role\":\"%s\"}", email, role);
    return V1(w, "acme", .method = "POST", .target = "/api/v1/team/invite", .json = json.at,
              .token = v1_token(w, "acme", who));
}

/* The token of a reply's link. */
static const char *token_of(struct world *w, const struct reply *reply)
{
    const char *link = member_of(w, reply, "data.link");
    const char *token = strstr(link, "/invite/");
    assert_non_null(token);
    return token + strlen("/invite/");
}

static const char *invite(struct world *w, const char *email, const char *role)
{
    const struct reply *reply = invite_as(w, "owner@acme.example", email, role);
    assert_status(reply, 201);
    return token_of(w, reply);
}

/* more: what follows the token in the body. */
static const struct reply *accept_with(struct world *w, const char *token, const char *more,
                                       const char *bearer)
{
    struct str json = arena_printf(w->fixture->arena, "{\"token\":\"%s\"%s", token, more);
    return V1(w, NULL, .method = "POST", .target = "/api/v1/invitations/accept", .json = json.at,
              .token = bearer);
}

static const struct reply *by_id(struct world *w, const char *method, int64_t id, const char *deed)
{
    struct str target =
        arena_printf(w->fixture->arena, "/api/v1/team/invitations/%lld%s", (long long)id, deed);
    return V1(w, "acme", .method = method, .target = target.at,
              .token = v1_token(w, "acme", "owner@acme.example"));
}

static const struct reply *validate(struct world *w, const char *token, const char *host)
{
    struct str target = arena_printf(w->fixture->arena, "/api/invites/validate/%s", token);
    return ASK(w, .target = target.at, .host = host);
}

static int64_t last_id(struct world *w)
{
    return count_of(w, "SELECT max(id) FROM invitations", DB_NO_ARGS);
}

static int64_t count(struct world *w, const char *sql)
{
    return count_of(w, sql, DB_NO_ARGS);
}

static int64_t seats(struct world *w)
{
    return count(w, "SELECT CAST(coalesce(sum(used), 0) AS BIGINT) FROM tenant_usage WHERE tenant_id = 2 AND "
                    "kind = 'users'");
}

/* ---- inviting ---- */

static void test_invite__answers_the_invitation_with_its_link(void **state)
{
    struct world *w = *state;
    const struct reply *reply = invite_as(w, "admin@acme.example", "Jane@Example.com", "member");
    assert_status(reply, 201);
    struct str token = str_of(token_of(w, reply));
    assert_int_equal(token.len, 53);
    const char *created = v1_time_of(w, "SELECT created_at FROM invitations", DB_NO_ARGS);
    const char *expires = v1_time_of(w, "SELECT expires_at FROM invitations", DB_NO_ARGS);
    struct str expected = arena_printf(
        w->fixture->arena,
        "{\"data\":{\"id\":%lld,\"email\":\"Jane@Example.com\",\"role\":\"member\",\"status\":\"pending\","
        "\"invited_by\":" V1_USER(
            "4", "Sarah Chen",
            "admin@acme.example") ",\"created_at\":\"%s\",\"expires_at\":"
                                  "\"%s\",\"link\":\"http://acme.localhost/invite/%.*s\"}}",
        (long long)last_id(w), created, expires, STR_ARG(token));
    assert_reply(reply, 201, expected.at);
    assert_int_equal(count(w, "SELECT expires_at - created_at FROM invitations"), 7 * DAY);
    assert_int_equal(
        count_of(w,
                 "SELECT count(*) FROM mail_outbox WHERE recipient = 'Jane@Example.com' AND "
                 "status = 'queued' AND body_text LIKE $1",
                 DB_ARGS(db_text(arena_printf(w->fixture->arena, "%%/invite/%.*s%%", STR_ARG(token))))),
        1);
    struct str audited =
        arena_printf(w->fixture->arena,
                     "invitation.sent user:4:admin@acme.example -> invitation:%lld:Jane@Example.com "
                     "{\"role\":\"member\",\"status\":\"pending\"}",
                     (long long)last_id(w));
    assert_string_equal(v1_audited(w, 2), audited.at);
}

static void test_invite__stores_only_a_hash(void **state)
{
    struct world *w = *state;
    const char *token = invite(w, "jane@example.com", "member");
    struct str like = arena_printf(w->fixture->arena, "%%%s%%", token);
    assert_int_equal(count(w, "SELECT length(token_hash) FROM invitations"), 32);
    assert_int_equal(
        count_of(w, "SELECT count(*) FROM audit_log WHERE after_json LIKE $1", DB_ARGS(db_text(like))), 0);
}

static void expect_link(struct world *w, const char *host, const char *expected)
{
    static int n;
    struct str json =
        arena_printf(w->fixture->arena, "{\"email\":\"l%d@example.com\",\"role\":\"member\"}", n++);
    const struct reply *reply =
        V1(w, "acme", .method = "POST", .target = "/api/v1/team/invite", .json = json.at, .host = host,
           .token = v1_token(w, "acme", "owner@acme.example"));
    assert_status(reply, 201);
    const char *link = member_of(w, reply, "data.link");
    if (strncmp(link, expected, strlen(expected)) != 0)
        fail_msg("%s does not begin with %s", link, expected);
}

static void test_invite__link_leads_to_the_tenants_own_host(void **state)
{
    struct world *w = *state;
    expect_link(w, "localhost:8080", "http://acme.localhost:8080/invite/tti_");
    expect_link(w, "acme.localhost:80", "http://acme.localhost/invite/tti_");
    fixture_domain(w->fixture, 2, "assets.acme.example");
    expect_link(w, "localhost:8080", "http://assets.acme.example:8080/invite/tti_");
}

/* A link goes to somebody else: its host and port are never what whoever asks says they are. */
static void test_invite__link_is_not_what_the_client_says(void **state)
{
    struct world *w = *state;
    expect_link(w, "localhost:6666", "http://acme.localhost:8080/invite/tti_");
    expect_link(w, "localhost", "http://acme.localhost/invite/tti_");
    use_config(state, "tenancy: { public_url: \"https://localhost:8443\" }\n");
    expect_link(*state, "localhost:6666", "https://acme.localhost:8443/invite/tti_");
    use_config(state, "tenancy: { public_url: \"https://localhost\" }\n");
    expect_link(*state, "localhost:8080", "https://acme.localhost/invite/tti_");
    use_config(state, "server: { trusted_proxies: [ 127.0.0.1 ] }\n");
    expect_link(*state, "localhost:444", "http://acme.localhost:444/invite/tti_");
}

static void test_invite__config_domain_is_a_home_too(void **state)
{
    use_config(state, "tenancy: { domains: { acme.example.net: acme } }\n");
    expect_link(*state, "localhost", "http://acme.example.net/invite/tti_");
}

static void test_invite__who_may(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *who, *role;
        int status;
    } rows[] = {
        { "owner@acme.example", "owner", 201 },      { "admin@acme.example", "admin", 201 },
        { "admin@acme.example", "owner", 403 },      { "super@msp.example", "owner", 201 },
        { "head@acme.example", "viewer", 403 },      { "rep@acme.example", "viewer", 403 },
        { "owner@acme.example", "superadmin", 422 }, { "super@msp.example", "staff", 422 },
        { "owner@acme.example", "nonsense", 422 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct str email = arena_printf(w->fixture->arena, "w%zu@example.com", i);
        const struct reply *reply = invite_as(w, rows[i].who, email.at, rows[i].role);
        if (reply->status != rows[i].status)
            fail_msg("%s %s: %d %.*s", rows[i].who, rows[i].role, reply->status, STR_ARG(reply->body));
    }
    assert_reply(invite_as(w, "rep@acme.example", "x@example.com", "viewer"), 403,
                 "{\"message\":\"A permission is missing\",\"required_permission\":\"team.invite\"}");
    assert_reply(invite_as(w, "owner@acme.example", "x@example.com", "nonsense"), 422,
                 INVALID("\"role\":[\"The selected role is invalid.\"]"));
    assert_int_equal(count(w, "SELECT count(*) FROM invitations"), 3);
    assert_int_equal(count(w, "SELECT count(*) FROM mail_outbox"), 3);
}

static void test_invite__custom_roles_within_ones_own(void **state)
{
    struct world *w = *state;
    world_exec(
        w,
        "INSERT INTO roles (tenant_id, slug, name, description, rank, permissions, created_at, updated_at) "
        "VALUES (2, 'night', 'Night shift', '', 20, 'assets.view', 1, 1)");
    world_exec(
        w,
        "INSERT INTO roles (tenant_id, slug, name, description, rank, permissions, created_at, updated_at) "
        "VALUES (3, 'bolts', 'Of another tenant', '', 20, 'assets.view', 1, 1)");
    assert_status(invite_as(w, "admin@acme.example", "n@example.com", "night"), 201);
    assert_int_equal(count(w, "SELECT count(*) FROM mail_outbox WHERE body_text LIKE '%as Night shift.%'"),
                     1);
    assert_status(invite_as(w, "admin@acme.example", "b@example.com", "bolts"), 422);
}

static void test_invite__refuses_members_and_pending(void **state)
{
    struct world *w = *state;
    static const char member[] = INVALID("\"email\":[\"This address belongs to a member already.\"]");
    assert_reply(invite_as(w, "owner@acme.example", "REP@acme.example", "member"), 422, member);
    assert_reply(invite_as(w, "owner@acme.example", "gone@acme.example", "member"), 422, member);
    invite(w, "jane@example.com", "member");
    assert_reply(
        invite_as(w, "owner@acme.example", "JANE@example.com", "viewer"), 422,
        INVALID("\"email\":[\"This address has a pending invitation already; send that one again.\"]"));
    assert_int_equal(count(w, "SELECT count(*) FROM invitations"), 1);
}

static void test_invite__bad_input(void **state)
{
    struct world *w = *state;
    const char *token = v1_token(w, "acme", "owner@acme.example");
    assert_reply(
        V1(w, "acme", .method = "POST", .target = "/api/v1/team/invite", .json = "{}", .token = token), 422,
        INVALID("\"email\":[\"The email field is required.\"],\"role\":[\"The role field is required.\"]"));
    assert_status(invite_as(w, "owner@acme.example", "not an address", "member"), 422);
    assert_status(invite_as(w, "owner@acme.example", "a@b.example\\r\\nBcc: x@y.example", "member"), 422);
    assert_status(V1(w, "acme", .method = "POST", .target = "/api/v1/team/invite", .json = "{}"), 401);
}

/* ---- the list ---- */

static void test_list__pending_newest_first_in_pages(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 5; i++)
        invite(w, arena_printf(w->fixture->arena, "p%d@example.com", i).at, "member");
    assert_status(by_id(w, "DELETE", 2, ""), 200);
    const char *token = v1_token(w, "acme", "owner@acme.example");
    const struct reply *reply =
        V1(w, "acme", .target = "/api/v1/team/invitations?per_page=2", .token = token);
    assert_status(reply, 200);
    assert_non_null(strstr(reply->body.at, "\"id\":5"));
    assert_non_null(strstr(reply->body.at, "\"id\":4"));
    assert_non_null(strstr(reply->body.at, "\"meta\":{\"next_cursor\":\"4\",\"per_page\":2}"));
    assert_null(strstr(reply->body.at, "link"));
    reply = V1(w, "acme", .target = "/api/v1/team/invitations?per_page=2&cursor=4", .token = token);
    assert_non_null(strstr(reply->body.at, "\"id\":3"));
    assert_non_null(strstr(reply->body.at, "\"id\":1"));
    assert_non_null(strstr(reply->body.at, "\"meta\":{\"next_cursor\":null,\"per_page\":2}"));
    assert_status(V1(w, "acme", .target = "/api/v1/team/invitations?cursor=x", .token = token), 422);
    assert_reply(
        V1(w, "bolt", .target = "/api/v1/team/invitations", .token = v1_token(w, "bolt", "both@example.com")),
        200, "{\"data\":[],\"meta\":{\"next_cursor\":null,\"per_page\":50}}");
}

/* ---- the states ---- */

static void test_validate__never_consumes(void **state)
{
    struct world *w = *state;
    const char *token = invite(w, "jane@example.com", "department_head");
    const char *expires = v1_time_of(w, "SELECT expires_at FROM invitations", DB_NO_ARGS);
    struct str expected = arena_printf(w->fixture->arena,
                                       "{\"email\":\"jane@example.com\",\"tenant_name\":\"Acme\",\"role\":"
                                       "\"client_manager\",\"expires_at\":\"%s\"}",
                                       expires);
    for (int i = 0; i < 3; i++) {
        assert_reply(validate(w, token, "acme.localhost"), 200, expected.at);
        assert_reply(validate(w, token, "localhost"), 200, expected.at);
    }
    assert_status(accept_with(w, token, NEWCOMER, NULL), 200);
}

static void test_validate__other_hosts_know_nothing(void **state)
{
    struct world *w = *state;
    const char *token = invite(w, "jane@example.com", "member");
    assert_reply(validate(w, token, "bolt.localhost"), 404,
                 "{\"detail\":\"This invitation does not exist.\"}");
    struct str json = arena_printf(w->fixture->arena, "{\"token\":\"%s\"" NEWCOMER, token);
    assert_reply(V1(w, "bolt", .method = "POST", .target = "/api/v1/invitations/accept", .json = json.at),
                 404, UNKNOWN);
    assert_reply(V1(w, NULL, .method = "POST", .target = "/api/v1/invitations/accept", .json = json.at,
                    .host = "bolt.localhost"),
                 404, UNKNOWN);
    assert_status(V1(w, "acme", .method = "POST", .target = "/api/v1/invitations/accept", .json = json.at),
                  200);
}

static void test_accept__unknown_tokens(void **state)
{
    struct world *w = *state;
    const char *token = invite(w, "jane@example.com", "member");
    char other[64];
    snprintf(other, sizeof other, "%s", token);
    other[20] = other[20] == 'a' ? 'b' : 'a';
    static const char api_token[] = "tth_00000000000000000000000000000000000000000000000000";
    const char *const tokens[] = { other, "x", api_token, v1_token(w, "acme", "owner@acme.example") };
    for (size_t i = 0; i < 3; i++) {
        assert_reply(accept_with(w, tokens[i], NEWCOMER, NULL), 404, UNKNOWN);
        assert_status(validate(w, tokens[i], "acme.localhost"), 404);
    }
    assert_status(accept_with(w, tokens[3], NEWCOMER, NULL), 422); /* longer than any token */
    assert_reply(V1(w, NULL, .method = "POST", .target = "/api/v1/invitations/accept", .json = "{}"), 422,
                 INVALID("\"token\":[\"The token field is required.\"]"));
}

static void test_states__are_told_apart(void **state)
{
    struct world *w = *state;
    const char *used = invite(w, "used@example.com", "member");
    assert_status(accept_with(w, used, NEWCOMER, NULL), 200);
    assert_reply(accept_with(w, used, NEWCOMER, NULL), 422, USED);
    assert_reply(validate(w, used, "acme.localhost"), 400, "{\"detail\":\"This invitation has been used.\"}");

    const char *cancelled = invite(w, "cancelled@example.com", "member");
    assert_reply(by_id(w, "DELETE", last_id(w), ""), 200, "{\"message\":\"Invitation cancelled.\"}");
    assert_reply(accept_with(w, cancelled, NEWCOMER, NULL), 422, CANCELLED);
    assert_status(validate(w, cancelled, "acme.localhost"), 400);

    const char *first = invite(w, "again@example.com", "member");
    const struct reply *reply = by_id(w, "POST", last_id(w), "/resend");
    assert_status(reply, 200);
    const char *second = token_of(w, reply);
    assert_string_not_equal(first, second);
    assert_reply(accept_with(w, first, NEWCOMER, NULL), 422, SUPERSEDED);
    assert_status(accept_with(w, second, NEWCOMER, NULL), 200);

    const char *expired = invite(w, "late@example.com", "member");
    clock_shift_for_tests(7 * DAY + CLOCK_SECOND);
    assert_reply(accept_with(w, expired, NEWCOMER, NULL), 422, EXPIRED);
    assert_reply(validate(w, expired, "acme.localhost"), 400,
                 "{\"detail\":\"This invitation has expired; ask for a new one.\"}");
}

static void test_decided__cannot_be_changed_again(void **state)
{
    struct world *w = *state;
    const char *token = invite(w, "used@example.com", "member");
    assert_status(accept_with(w, token, NEWCOMER, NULL), 200);
    assert_reply(by_id(w, "DELETE", 1, ""), 422, USED);
    assert_reply(by_id(w, "POST", 1, "/resend"), 422, USED);
    invite(w, "other@example.com", "member");
    assert_status(by_id(w, "DELETE", 2, ""), 200);
    assert_reply(by_id(w, "DELETE", 2, ""), 422, CANCELLED);
    assert_status(by_id(w, "DELETE", 99, ""), 404);
    assert_status(by_id(w, "POST", 99, "/resend"), 404);
    assert_status(by_id(w, "DELETE", 0, "x"), 404);
    assert_status(V1(w, "bolt", .method = "DELETE", .target = "/api/v1/team/invitations/2",
                     .token = v1_token(w, "bolt", "both@example.com")),
                  404);
}

static void test_expired__gives_way_to_a_new_one(void **state)
{
    struct world *w = *state;
    const char *old = invite(w, "jane@example.com", "member");
    clock_shift_for_tests(8 * DAY);
    const char *token = v1_token(w, "acme", "owner@acme.example");
    const struct reply *reply = V1(w, "acme", .target = "/api/v1/team/invitations", .token = token);
    assert_non_null(strstr(reply->body.at, "\"data\":[]"));
    const char *new = invite(w, "jane@example.com", "viewer");
    assert_reply(accept_with(w, old, NEWCOMER, NULL), 422, SUPERSEDED);
    assert_status(accept_with(w, new, NEWCOMER, NULL), 200);
    assert_int_equal(count(w, "SELECT count(*) FROM memberships m JOIN users u ON u.id = m.user_id "
                              "WHERE u.email = 'jane@example.com' AND m.role = 'viewer' AND m.tenant_id = 2"),
                     1);
}

static void test_expired__can_be_sent_again(void **state)
{
    struct world *w = *state;
    invite(w, "jane@example.com", "member");
    clock_shift_for_tests(8 * DAY);
    const struct reply *reply = by_id(w, "POST", 1, "/resend");
    assert_status(reply, 200);
    assert_status(accept_with(w, token_of(w, reply), NEWCOMER, NULL), 200);
}

/* Whoever sends a link again has seen it. */
static void test_resend__needs_the_right_to_give_the_role(void **state)
{
    struct world *w = *state;
    invite(w, "boss@example.com", "owner");
    const char *token = v1_token(w, "acme", "admin@acme.example");
    assert_status(
        V1(w, "acme", .method = "POST", .target = "/api/v1/team/invitations/1/resend", .token = token), 403);
    assert_int_equal(count(w, "SELECT count(*) FROM invitations WHERE status = 'pending'"), 1);
}

static void test_mail__of_a_void_link_is_not_sent(void **state)
{
    struct world *w = *state;
    invite(w, "a@example.com", "member");
    assert_status(by_id(w, "POST", 1, "/resend"), 200);
    invite(w, "b@example.com", "member");
    assert_status(by_id(w, "DELETE", 3, ""), 200);
    const char *accepted = invite(w, "c@example.com", "member");
    assert_status(accept_with(w, accepted, NEWCOMER, NULL), 200);
    assert_int_equal(count(w, "SELECT count(*) FROM mail_outbox WHERE status = 'queued'"), 1);
    assert_int_equal(count(w, "SELECT target_id FROM mail_outbox WHERE status = 'queued'"), 2);
    assert_int_equal(count(w,
                           "SELECT count(*) FROM mail_outbox WHERE status = 'dropped' AND body_text = '' AND "
                           "body_html = ''"),
                     3);
}

/* ---- accepting ---- */

static void test_accept__creates_user_membership_and_session(void **state)
{
    struct world *w = *state;
    const char *token = invite(w, "Jane@Example.com", "member");
    int64_t before = seats(w);
    const struct reply *reply = accept_with(w, token, NEWCOMER, NULL);
    assert_status(reply, 200);
    const char *bearer = member_of(w, reply, "data.token");
    assert_string_equal(member_of(w, reply, "data.token_type"), "Bearer");
    assert_string_equal(member_of(w, reply, "data.user.email"), "Jane@Example.com");
    assert_string_equal(member_of(w, reply, "data.user.name"), "Jane Smith");
    assert_string_equal(member_of(w, reply, "data.tenant.slug"), "acme");
    assert_status(V1(w, "acme", .target = "/api/v1/auth/me", .token = bearer), 200);
    assert_int_equal(seats(w), before + 1);
    assert_int_equal(
        count(w, "SELECT count(*) FROM invitations i JOIN users u ON u.id = i.accepted_by "
                 "WHERE i.status = 'accepted' AND i.decided_at > 0 AND u.email = 'Jane@Example.com'"),
        1);
    assert_int_equal(count(w, "SELECT count(*) FROM audit_log WHERE action = 'invitation.accepted' AND "
                              "actor_name = 'Jane@Example.com' AND tenant_id = 2"),
                     1);
    assert_int_equal(count(w, "SELECT count(*) FROM audit_log WHERE action = 'session.opened' AND "
                              "actor_name = 'Jane@Example.com' AND tenant_id = 2"),
                     1);
    const struct reply *again =
        V1(w, "acme", .method = "POST", .target = "/api/v1/auth/login",
           .json = "{\"email\":\"jane@example.com\",\"password\":\"granite willow 64\"}");
    assert_status(again, 200);
}

static void test_accept__newcomers_need_name_and_password(void **state)
{
    struct world *w = *state;
    const char *token = invite(w, "jane@example.com", "member");
    int64_t users = count(w, "SELECT count(*) FROM users");
    assert_reply(accept_with(w, token, "}", NULL), 422,
                 INVALID("\"name\":[\"The name field is required.\"],\"password\":[\"The password field is "
                         "required.\"]"));
    assert_reply(accept_with(w, token, ",\"name\":\"Jane\",\"password\":\"short\"}", NULL), 422,
                 INVALID("\"password\":[\"The password must have at least 8 bytes.\"]"));
    assert_status(accept_with(w, token, ",\"name\":\"Jane\",\"password\":\"password123\"}", NULL), 422);
    assert_status(accept_with(w, token, ",\"name\":\" \",\"password\":\"granite willow 64\"}", NULL), 422);
    assert_status(accept_with(w, token, ",\"name\":\"a\\u0001b\",\"password\":\"granite willow 64\"}", NULL),
                  422);
    assert_int_equal(count(w, "SELECT count(*) FROM users"), users);
    assert_status(accept_with(w, token, NEWCOMER, NULL), 200);
}

static void test_accept__known_address_brings_its_password(void **state)
{
    struct world *w = *state;
    const char *token = invite(w, "NOBODY@example.com", "viewer");
    assert_reply(accept_with(w, token, "}", NULL), 422,
                 INVALID("\"password\":[\"The password field is required.\"]"));
    assert_status(accept_with(w, token, ",\"password\":\"wrong password\"}", NULL), 401);
    assert_status(accept_with(w, token, ",\"name\":\"Mallory\",\"password\":\"granite willow 64\"}", NULL),
                  401);
    assert_int_equal(
        count(w, "SELECT count(*) FROM audit_log WHERE action = 'session.refused' AND tenant_id = 2"), 2);
    const struct reply *reply =
        accept_with(w, token, ",\"name\":\"Mallory\",\"password\":\"" PASSWORD "\"}", NULL);
    assert_status(reply, 200);
    assert_string_equal(member_of(w, reply, "data.user.name"), "Nell Nobody");
    assert_int_equal(count(w, "SELECT count(*) FROM memberships WHERE tenant_id = 2 AND user_id = 12 AND "
                              "role = 'viewer'"),
                     1);
}

static void test_accept__guessing_is_slowed_down(void **state)
{
    struct world *w = *state;
    const char *token = invite(w, "nobody@example.com", "viewer");
    int last = 0;
    for (int i = 0; i < 30 && last != 429; i++)
        last = accept_with(w, token, ",\"password\":\"wrong password\"}", NULL)->status;
    assert_int_equal(last, 429);
}

static void test_accept__signed_in_as_that_address(void **state)
{
    struct world *w = *state;
    const char *bearer = v1_token(w, "bolt", "rep@bolt.example");
    const char *token = invite(w, "rep@BOLT.example", "viewer");
    assert_status(accept_with(w, token, "}", v1_token(w, "acme", "rep@acme.example")), 403);
    assert_status(
        accept_with(w, token, ",\"password\":\"" PASSWORD "\"}", v1_token(w, "acme", "rep@acme.example")),
        403);
    assert_status(accept_with(w, token, "}", "nonsense"), 401);
    const struct reply *reply = accept_with(w, token, "}", bearer);
    assert_status(reply, 200);
    assert_string_equal(member_of(w, reply, "data.tenant.slug"), "acme");
    assert_status(V1(w, "acme", .target = "/api/v1/auth/me", .token = bearer), 200);
    const char *stranger = invite(w, "unknown@example.com", "viewer");
    assert_status(accept_with(w, stranger, NEWCOMER, bearer), 403);
}

static void test_accept__membership_that_came_meanwhile(void **state)
{
    struct world *w = *state;
    const char *token = invite(w, "nobody@example.com", "viewer");
    world_exec(w, "INSERT INTO memberships (tenant_id, user_id, role, created_at, updated_at) "
                  "VALUES (2, 12, 'member', 1, 1)");
    assert_reply(accept_with(w, token, ",\"password\":\"" PASSWORD "\"}", NULL), 409,
                 "{\"message\":\"This address belongs to a member already.\"}");
    assert_int_equal(count(w, "SELECT count(*) FROM invitations WHERE status = 'pending'"), 1);
}

static void test_accept__role_that_is_gone(void **state)
{
    struct world *w = *state;
    world_exec(
        w,
        "INSERT INTO roles (tenant_id, slug, name, description, rank, permissions, created_at, updated_at) "
        "VALUES (2, 'night', 'Night shift', '', 20, 'assets.view', 1, 1)");
    const char *token = invite(w, "jane@example.com", "night");
    world_exec(w, "DELETE FROM roles");
    assert_reply(accept_with(w, token, NEWCOMER, NULL), 422,
                 "{\"message\":\"The role of this invitation no longer exists; ask for a new "
                 "invitation.\",\"errors\":{}}");
    assert_int_equal(count(w, "SELECT count(*) FROM users WHERE email = 'jane@example.com'"), 0);
}

static void test_accept__suspended_tenant(void **state)
{
    struct world *w = *state;
    const char *token = invite(w, "jane@example.com", "member");
    world_exec(w, "UPDATE tenants SET status = 'suspended' WHERE id = 2");
    assert_status(accept_with(w, token, NEWCOMER, NULL), 403);
    assert_int_equal(count(w, "SELECT count(*) FROM users WHERE email = 'jane@example.com'"), 0);
}

static void test_accept__full_plan_is_402_and_leaves_nothing(void **state)
{
    use_config(state, "mode: saas\nplans: { free: { users: 1 } }\n");
    struct world *w = *state;
    const char *first = invite(w, "a@example.com", "member"), *second = invite(w, "b@example.com", "member");
    assert_status(accept_with(w, first, NEWCOMER, NULL), 200);
    int64_t users = count(w, "SELECT count(*) FROM users");
    assert_reply(
        accept_with(w, second, NEWCOMER, NULL), 402,
        "{\"message\":\"The organization's plan allows no more users\",\"limit\":\"users\",\"used\":1,"
        "\"max\":1,\"plan\":\"free\"}");
    assert_int_equal(count(w, "SELECT count(*) FROM users"), users);
    assert_int_equal(count(w, "SELECT count(*) FROM invitations WHERE status = 'pending'"), 1);
    world_exec(w, "UPDATE tenant_usage SET used = 0 WHERE tenant_id = 2");
    assert_status(accept_with(w, second, NEWCOMER, NULL), 200);
}

static void test_accept__limit_counts_per_address(void **state)
{
    use_config(state, "rate_limits: { register: 3/minute, login: none, default: none }\n");
    struct world *w = *state;
    for (int i = 0; i < 3; i++)
        assert_status(accept_with(w, "tti_x", NEWCOMER, NULL), 404);
    assert_status(accept_with(w, "tti_x", NEWCOMER, NULL), 429);
}

/* ---- assets ---- */

static const struct reply *assets_invite(struct world *w, const char *who, const char *json)
{
    return ASK(w, .method = "POST", .target = "/api/invites", .host = "acme.localhost", .json = json,
               .token = token_for(w, who, "acme.localhost"));
}

static void test_assets__invite_validate_accept(void **state)
{
    struct world *w = *state;
    const struct reply *reply =
        assets_invite(w, "admin@acme.example", "{\"email\":\"jane@example.com\",\"role\":\"client_admin\"}");
    assert_status(reply, 201);
    const char *link = member_of(w, reply, "link");
    assert_true(strncmp(link, "http://acme.localhost/invite/", 29) == 0);
    assert_int_equal(count(w, "SELECT count(*) FROM invitations WHERE role = 'admin'"), 1);
    struct str json = arena_printf(w->fixture->arena, "{\"token\":\"%s\"" NEWCOMER, link + 29);
    assert_status(validate(w, link + 29, "acme.localhost"), 200);
    reply =
        ASK(w, .method = "POST", .target = "/api/invites/accept", .host = "acme.localhost", .json = json.at);
    assert_reply_with_token(w, reply, 200, "{\"access_token\":\"T\",\"token_type\":\"bearer\"}");
    const char *bearer = member_of(w, reply, "access_token");
    reply = ASK(w, .target = "/api/auth/me", .host = "acme.localhost", .token = bearer);
    assert_string_equal(member_of(w, reply, "role"), "client_admin");
    reply =
        ASK(w, .method = "POST", .target = "/api/invites/accept", .host = "acme.localhost", .json = json.at);
    assert_reply(reply, 400, "{\"detail\":\"This invitation has been used.\"}");
}

static void test_assets__who_may_and_conflicts(void **state)
{
    struct world *w = *state;
    assert_status(
        assets_invite(w, "rep@acme.example", "{\"email\":\"x@example.com\",\"role\":\"client_user\"}"), 403);
    assert_status(
        assets_invite(w, "admin@acme.example", "{\"email\":\"x@example.com\",\"role\":\"msp_admin\"}"), 422);
    assert_status(assets_invite(w, "admin@acme.example", "{\"email\":\"x@example.com\",\"role\":\"owner\"}"),
                  403);
    assert_reply(
        assets_invite(w, "admin@acme.example", "{\"email\":\"rep@acme.example\",\"role\":\"client_user\"}"),
        409, "{\"detail\":\"This address belongs to a member already.\"}");
}

static void test_assets__staff_invite_staff_at_the_root(void **state)
{
    struct world *w = *state;
    const char *token = token_for(w, "super@msp.example", "localhost");
    const struct reply *reply = ASK(w, .method = "POST", .target = "/api/invites", .token = token,
                                    .json = "{\"email\":\"new@msp.example\",\"role\":\"msp_staff\"}");
    assert_status(reply, 201);
    assert_true(strncmp(member_of(w, reply, "link"), "http://localhost/invite/", 24) == 0);
    reply = ASK(w, .method = "POST", .target = "/api/invites?tenant=acme", .token = token,
                .json = "{\"email\":\"new@acme.example\",\"role\":\"owner\"}");
    assert_status(reply, 201);
    assert_true(strncmp(member_of(w, reply, "link"), "http://acme.localhost/invite/", 29) == 0);
    assert_status(ASK(w, .method = "POST", .target = "/api/invites",
                      .token = token_for(w, "staff@msp.example", "localhost"),
                      .json = "{\"email\":\"x@msp.example\",\"role\":\"msp_admin\"}"),
                  403);
}

static void test_demo_mail__only_in_demo_mode(void **state)
{
    struct world *w = *state;
    assert_status(ASK(w, .target = "/api/demo/mails/invitation", .host = "acme.localhost"), 404);
    use_config(state, "demo: true\n");
    w = *state;
    const struct reply *reply = ASK(w, .target = "/api/demo/mails/invitation", .host = "acme.localhost");
    assert_status(reply, 200);
    assert_string_equal(reply->content_type, "text/html; charset=utf-8");
    assert_non_null(strstr(reply->body.at, "Join Acme"));
    assert_status(ASK(w, .target = "/api/demo/mails/nonsense", .host = "acme.localhost"), 404);
}

/* ---- races ---- */

struct racer {
    struct world *world;
    const char *method, *target, *json, *bearer, *tenant;
    int status;
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    struct walk_worker *worker = walk_worker_new(racer->world->walk, LANE_GENERAL);
    struct world mine = *racer->world;
    mine.worker = worker;
    mine.last = NULL;
    racer->status = V1(&mine, racer->tenant, .method = racer->method, .target = racer->target,
                       .json = racer->json, .token = racer->bearer)
                        ->status;
    call_free(&mine.last);
    walk_worker_free(&worker);
    return NULL;
}

static void run_race(struct racer *racers, size_t n)
{
    pthread_t threads[8];
    for (size_t i = 0; i < n; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    for (size_t i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

static size_t with_status(const struct racer *racers, size_t n, int status)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += racers[i].status == status;
    return found;
}

static struct racer accepting(struct world *w, const char *token)
{
    return (struct racer){ .world = w,
                           .method = "POST",
                           .target = "/api/v1/invitations/accept",
                           .json = arena_printf(w->fixture->arena, "{\"token\":\"%s\"" NEWCOMER, token).at };
}

static void test_race__one_link_is_used_once(void **state)
{
    struct world *w = *state;
    for (int round = 0; round < 5; round++) {
        struct str email = arena_printf(w->fixture->arena, "r%d@example.com", round);
        const char *token = invite(w, email.at, "member");
        struct racer racers[6];
        for (size_t i = 0; i < 6; i++)
            racers[i] = accepting(w, token);
        run_race(racers, 6);
        assert_int_equal(with_status(racers, 6, 200), 1);
        for (size_t i = 0; i < 6; i++)
            assert_true(racers[i].status == 200 || racers[i].status == 422);
    }
    assert_int_equal(count(w, "SELECT count(*) FROM users WHERE email LIKE 'r_@example.com'"), 5);
    assert_int_equal(seats(w), 5);
}

static void test_race__accept_against_cancel(void **state)
{
    struct world *w = *state;
    const char *owner = v1_token(w, "acme", "owner@acme.example");
    for (int round = 0; round < 8; round++) {
        struct str email = arena_printf(w->fixture->arena, "r%d@example.com", round);
        const char *token = invite(w, email.at, "member");
        struct str target =
            arena_printf(w->fixture->arena, "/api/v1/team/invitations/%lld", (long long)last_id(w));
        struct racer racers[2] = {
            accepting(w, token),
            { .world = w, .method = "DELETE", .target = target.at, .bearer = owner, .tenant = "acme" }
        };
        run_race(racers, 2);
        assert_int_equal(with_status(racers, 2, 200), 1);
        assert_int_equal(with_status(racers, 2, 422), 1);
        assert_int_equal(count_of(w,
                                  "SELECT count(*) FROM memberships m JOIN users u ON u.id = m.user_id "
                                  "WHERE u.email = $1",
                                  DB_ARGS(db_text(email))),
                         racers[0].status == 200);
    }
}

static void test_race__last_seat(void **state)
{
    use_config(state, "mode: saas\nplans: { free: { users: 2 } }\n");
    struct world *w = *state;
    struct racer racers[6];
    for (size_t i = 0; i < 6; i++)
        racers[i] =
            accepting(w, invite(w, arena_printf(w->fixture->arena, "s%zu@example.com", i).at, "member"));
    run_race(racers, 6);
    assert_int_equal(with_status(racers, 6, 200), 2);
    assert_int_equal(with_status(racers, 6, 402), 4);
    assert_int_equal(seats(w), 2);
    assert_int_equal(count(w, "SELECT count(*) FROM invitations WHERE status = 'pending'"), 4);
}

static void test_race__one_pending_for_an_address(void **state)
{
    struct world *w = *state;
    const char *owner = v1_token(w, "acme", "owner@acme.example");
    struct racer racers[6];
    for (size_t i = 0; i < 6; i++)
        racers[i] = (struct racer){ .world = w,
                                    .method = "POST",
                                    .target = "/api/v1/team/invite",
                                    .bearer = owner,
                                    .tenant = "acme",
                                    .json = "{\"email\":\"jane@example.com\",\"role\":\"member\"}" };
    run_race(racers, 6);
    assert_int_equal(with_status(racers, 6, 201), 1);
    assert_int_equal(with_status(racers, 6, 422), 5);
    assert_int_equal(count(w, "SELECT count(*) FROM mail_outbox"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_invite__answers_the_invitation_with_its_link),
        TEST(test_invite__stores_only_a_hash),
        TEST(test_invite__link_leads_to_the_tenants_own_host),
        TEST(test_invite__link_is_not_what_the_client_says),
        TEST(test_invite__config_domain_is_a_home_too),
        TEST(test_invite__who_may),
        TEST(test_invite__custom_roles_within_ones_own),
        TEST(test_invite__refuses_members_and_pending),
        TEST(test_invite__bad_input),
        TEST(test_list__pending_newest_first_in_pages),
        TEST(test_validate__never_consumes),
        TEST(test_validate__other_hosts_know_nothing),
        TEST(test_accept__unknown_tokens),
        TEST(test_states__are_told_apart),
        TEST(test_decided__cannot_be_changed_again),
        TEST(test_expired__gives_way_to_a_new_one),
        TEST(test_expired__can_be_sent_again),
        TEST(test_resend__needs_the_right_to_give_the_role),
        TEST(test_mail__of_a_void_link_is_not_sent),
        TEST(test_accept__creates_user_membership_and_session),
        TEST(test_accept__newcomers_need_name_and_password),
        TEST(test_accept__known_address_brings_its_password),
        TEST(test_accept__guessing_is_slowed_down),
        TEST(test_accept__signed_in_as_that_address),
        TEST(test_accept__membership_that_came_meanwhile),
        TEST(test_accept__role_that_is_gone),
        TEST(test_accept__suspended_tenant),
        TEST(test_accept__full_plan_is_402_and_leaves_nothing),
        TEST(test_accept__limit_counts_per_address),
        TEST(test_assets__invite_validate_accept),
        TEST(test_assets__who_may_and_conflicts),
        TEST(test_assets__staff_invite_staff_at_the_root),
        TEST(test_demo_mail__only_in_demo_mode),
        TEST(test_race__one_link_is_used_once),
        TEST(test_race__accept_against_cancel),
        TEST(test_race__last_seat),
        TEST(test_race__one_pending_for_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
