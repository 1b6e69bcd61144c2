/* Contacts, conversations, messages and departments through the walk: who sees what of them, above all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_fixture.h"
#include "base/crm_id.h"

#define NOT_FOUND "{\"error\":\"Not found\"}"

/* Everybody who acts, by the user's id in the fixture. */
enum who { STAFF = 2, OWNER, ADMIN, HEAD, REP, VIEWER, BOLT_REP = 9, BOTH, WHO_COUNT };

static const struct person {
    const char *email;
    const char *organization; /* crm id of the one signed in to; NULL: the first */
} people[WHO_COUNT] = {
    [STAFF] = { "staff@msp.example", ACME_ID }, [OWNER] = { "owner@acme.example", NULL },
    [ADMIN] = { "admin@acme.example", NULL },   [HEAD] = { "head@acme.example", NULL },
    [REP] = { "rep@acme.example", NULL },       [VIEWER] = { "viewer@acme.example", NULL },
    [BOLT_REP] = { "rep@bolt.example", NULL },  [BOTH] = { "both@example.com", ACME_ID },
};

static struct world *world;
static const char *tokens[WHO_COUNT];

static const char *user_id(enum who who)
{
    return printed(world, CRM_ID("%016x"), who);
}

static const char *sign_in(const struct person *person)
{
    const char *in =
        person->organization ? printed(world, ",\"organizationId\":\"%s\"", person->organization) : "";
    const struct reply *reply =
        ASK(world, .method = "POST", .target = "/api/auth/login",
            .json = printed(world, "{\"email\":\"%s\",\"password\":\"" PASSWORD "\"%s}", person->email, in));
    assert_status(reply, 200);
    return member_of(world, reply, "token");
}

static int set_up(void **state)
{
    (void)state;
    world = world_new("");
    for (size_t who = 0; who < WHO_COUNT; who++)
        tokens[who] = people[who].email ? sign_in(&people[who]) : NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(&world);
    return 0;
}

static const struct reply *as(enum who who, const char *method, const char *target, const char *json)
{
    return ASK(world, .method = method, .target = target, .token = tokens[who], .json = json);
}

/* The id of what is created. */
static const char *add(enum who who, const char *target, const char *json)
{
    const struct reply *reply = as(who, "POST", target, json);
    assert_status(reply, 201);
    return member_of(world, reply, "id");
}

static const char *add_contact(enum who who, const char *name)
{
    return add(who, "/api/contacts", printed(world, "{\"firstName\":\"%s\"}", name));
}

/* The first names on a page, with a comma between. */
static const char *names_of(const struct reply *reply)
{
    struct json_error error;
    struct buf out;
    cJSON *json, *item;
    assert_status(reply, 200);
    buf_init(&out, world->fixture->arena, 65536);
    assert_true(json_parse(world->fixture->arena, reply->body, &json, &error));
    cJSON_ArrayForEach (item, cJSON_GetObjectItem(json, "data"))
        buf_printf(&out, "%s%s", out.len ? "," : "", cJSON_GetObjectItem(item, "firstName")->valuestring);
    return buf_str(&out).at ? buf_str(&out).at : "";
}

/* The department of the head and the rep. */
static const char *add_department(void)
{
    const char *id = add(ADMIN, "/api/departments", "{\"name\":\"Sales\"}");
    static const enum who members[] = { HEAD, REP };
    for (size_t i = 0; i < 2; i++)
        assert_status(
            as(ADMIN, "PUT", printed(world, "/api/departments/%s/members/%s", id, user_id(members[i])), NULL),
            204);
    return id;
}

/* ---- what a contact is ---- */

static void test_contact__is_its_creators_and_of_their_department(void **state)
{
    (void)state;
    const char *department = add_department();
    const struct reply *reply =
        as(REP, "POST", "/api/contacts", "{\"firstName\":\"Dana\",\"email\":\"dana@example.com\"}");
    assert_status(reply, 201);
    assert_string_equal(member_of(world, reply, "assignedTo"), user_id(REP));
    assert_string_equal(member_of(world, reply, "departmentId"), department);
    assert_string_equal(member_of(world, reply, "createdBy"), user_id(REP));
    assert_string_equal(member_of(world, reply, "organizationId"), ACME_ID);
    assert_string_equal(member_of(world, reply, "status"), "new");
    assert_int_equal(strlen(member_of(world, reply, "id")), CRM_ID_LEN);
    const char *alone = add_contact(BOTH, "Alone");
    assert_non_null(strstr(as(BOTH, "GET", printed(world, "/api/contacts/%s", alone), NULL)->body.at,
                           "\"departmentId\":null"));
    const char *staffs = add_contact(STAFF, "Staffs");
    assert_non_null(strstr(as(ADMIN, "GET", printed(world, "/api/contacts/%s", staffs), NULL)->body.at,
                           "\"assignedTo\":null"));
}

static void test_contact__ids_that_mean_nothing_are_not_found(void **state)
{
    (void)state;
    const char *id = add_contact(REP, "Dana");
    static const char *const bad[] = { "1",
                                       "x",
                                       "507f1f77bcf86cd79943901",
                                       "507F1F77BCF86CD799439011",
                                       "507f1f77bcf86cd7994390111",
                                       "ffffffffffffffffffffffff" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_reply(as(REP, "GET", printed(world, "/api/contacts/%s", bad[i]), NULL), 404, NOT_FOUND);
    /* The right number, another time. */
    assert_reply(as(REP, "GET", printed(world, "/api/contacts/00000001%s", id + 8), NULL), 404, NOT_FOUND);
    assert_status(as(REP, "GET", printed(world, "/api/contacts/%s", id), NULL), 200);
}

static void test_contact__refuses_what_it_does_not_take(void **state)
{
    (void)state;
    assert_reply(
        as(REP, "POST", "/api/contacts", "{\"email\":\"no\",\"id\":\"x\",\"status\":\"won\"}"), 400,
        "{\"error\":\"The email must be a valid email address. The id field is not allowed. The "
        "status field must be one of: new, lead, prospect, customer, inactive. The first name field is "
        "required.\"}");
    const char *id = add_contact(REP, "Dana");
    static const char *const locked[] = { "createdBy", "organizationId", "lastContactedAt", "tenant_id" };
    for (size_t i = 0; i < sizeof locked / sizeof locked[0]; i++)
        assert_status(as(REP, "PATCH", printed(world, "/api/contacts/%s", id),
                         printed(world, "{\"%s\":\"x\"}", locked[i])),
                      400);
    assert_status(as(REP, "PATCH", printed(world, "/api/contacts/%s", id),
                     printed(world, "{\"assignedTo\":\"%s\"}", user_id(BOLT_REP))),
                  400); /* nobody here */
    assert_status(as(VIEWER, "POST", "/api/contacts", "{\"firstName\":\"X\"}"), 403);
}

/* ---- who sees which ---- */

/* A contact of the rep, of both, of nobody in the rep's department, and of nobody at all. */
static const char *ids[4];
static const char *const names[] = { "Reps", "Boths", "Departments", "Nobodys" };

static void add_contacts(void)
{
    const char *department = add_department();
    ids[0] = add_contact(REP, names[0]);
    ids[1] = add_contact(BOTH, names[1]);
    ids[2] = add(STAFF, "/api/contacts",
                 printed(world, "{\"firstName\":\"%s\",\"departmentId\":\"%s\"}", names[2], department));
    ids[3] = add_contact(STAFF, names[3]);
}

static const struct seer {
    enum who who;
    bool sees[4];
    bool writes;
} seers[] = {
    { STAFF, { true, true, true, true }, true },   { OWNER, { true, true, true, true }, true },
    { ADMIN, { true, true, true, true }, true },   { HEAD, { true, false, true, false }, true },
    { REP, { true, false, false, false }, true },  { VIEWER, { false, false, false, false }, false },
    { BOTH, { false, true, false, false }, true }, { BOLT_REP, { false, false, false, false }, true },
};
#define SEERS (sizeof seers / sizeof seers[0])

static void test_scope__one_contact(void **state)
{
    (void)state;
    add_contacts();
    for (size_t s = 0; s < SEERS; s++)
        for (size_t c = 0; c < 4; c++) {
            const char *path = printed(world, "/api/contacts/%s", ids[c]);
            int read = seers[s].sees[c] ? 200 : 404;
            int write = seers[s].writes ? read : 403;
            assert_status(as(seers[s].who, "GET", path, NULL), read);
            assert_status(as(seers[s].who, "PATCH", path, "{\"notes\":\"seen\"}"), write);
            if (!seers[s].sees[c])
                assert_status(as(seers[s].who, "DELETE", path, NULL), write);
        }
}

static void test_scope__lists_and_filters(void **state)
{
    (void)state;
    add_contacts();
    for (size_t s = 0; s < SEERS; s++) {
        struct buf expected;
        buf_init(&expected, world->fixture->arena, 256);
        for (size_t c = 0; c < 4; c++)
            if (seers[s].sees[c])
                buf_printf(&expected, "%s%s", expected.len ? "," : "", names[c]);
        const char *all = expected.len ? buf_str(&expected).at : "";
        assert_string_equal(names_of(as(seers[s].who, "GET", "/api/contacts?sort=id", NULL)), all);
        const char *of_rep = printed(world, "/api/contacts?assignedTo=%s", user_id(REP));
        assert_string_equal(names_of(as(seers[s].who, "GET", of_rep, NULL)),
                            seers[s].sees[0] ? names[0] : "");
    }
}

/* Staff who sign in at home see every organization's; what they change happens there. */
static void test_scope__staff_at_home_see_all(void **state)
{
    (void)state;
    add_contacts();
    const char *bolts = add_contact(BOLT_REP, "Bolts");
    const char *home = token_for(world, "staff@msp.example", "localhost");
    assert_string_equal(names_of(ASK(world, .target = "/api/contacts", .token = home)),
                        "Reps,Boths,Departments,Nobodys,Bolts");
    const struct reply *reply =
        ASK(world, .method = "PATCH", .target = printed(world, "/api/contacts/%s", bolts), .token = home,
            .json = "{\"status\":\"lead\"}");
    assert_status(reply, 200);
    assert_string_equal(member_of(world, reply, "organizationId"), BOLT_ID);
    assert_int_equal(
        count_of(world, "SELECT COUNT(*) FROM audit_log WHERE tenant_id = 3 AND action = 'contact.updated'",
                 DB_NO_ARGS),
        1);
}

/* What follows a contact is seen with it: in lists, one by one, and when it is written. */
static void test_scope__conversations_and_messages(void **state)
{
    (void)state;
    add_contacts();
    const char *conversations[4];
    for (size_t c = 0; c < 4; c++)
        conversations[c] = add(ADMIN, "/api/conversations",
                               printed(world, "{\"contactId\":\"%s\",\"subject\":\"S\"}", ids[c]));
    for (size_t s = 0; s < SEERS; s++)
        for (size_t c = 0; c < 4; c++) {
            const char *path = printed(world, "/api/conversations/%s", conversations[c]);
            const char *messages = printed(world, "%s/messages", path);
            int read = seers[s].sees[c] ? 200 : 404;
            assert_status(as(seers[s].who, "GET", path, NULL), read);
            assert_status(as(seers[s].who, "GET", messages, NULL), read);
            assert_status(as(seers[s].who, "POST", messages, "{\"body\":\"Hello\"}"), !seers[s].writes ? 403
                                                                                      : seers[s].sees[c]
                                                                                          ? 201
                                                                                          : 404);
            assert_status(as(seers[s].who, "POST", "/api/conversations",
                             printed(world, "{\"contactId\":\"%s\",\"subject\":\"T\"}", ids[c])),
                          !seers[s].writes   ? 403
                          : seers[s].sees[c] ? 201
                                             : 400);
        }
}

/* Nobody puts a contact where they would not see it. */
static void test_scope__a_contact_stays_in_sight(void **state)
{
    (void)state;
    add_contacts();
    const char *mine = printed(world, "/api/contacts/%s", ids[0]);
    const char *to_both = printed(world, "{\"assignedTo\":\"%s\"}", user_id(BOTH));
    const char *before = printed(world, "%.*s", STR_ARG(as(ADMIN, "GET", mine, NULL)->body));
    assert_reply(as(REP, "PATCH", mine, to_both), 403,
                 "{\"error\":\"You can only leave contacts with those whose contacts you see.\"}");
    assert_status(as(REP, "POST", "/api/contacts",
                     printed(world, "{\"firstName\":\"X\",\"assignedTo\":\"%s\"}", user_id(HEAD))),
                  403);
    assert_reply(as(ADMIN, "GET", mine, NULL), 200, before);
    assert_string_equal(names_of(as(ADMIN, "GET", "/api/contacts?sort=id", NULL)),
                        "Reps,Boths,Departments,Nobodys");
    assert_status(as(HEAD, "PATCH", mine, to_both), 200); /* it is the department's still */
    assert_status(as(REP, "GET", mine, NULL), 404);
}

/* A head who changes departments sees the other one's from then on. */
static void test_scope__goes_by_the_department_of_now(void **state)
{
    (void)state;
    add_contacts();
    const char *other = add(ADMIN, "/api/departments", "{\"name\":\"Support\"}");
    assert_string_equal(names_of(as(HEAD, "GET", "/api/contacts?sort=id", NULL)), "Reps,Departments");
    assert_status(
        as(ADMIN, "PUT", printed(world, "/api/departments/%s/members/%s", other, user_id(HEAD)), NULL), 204);
    assert_string_equal(names_of(as(HEAD, "GET", "/api/contacts?sort=id", NULL)), "");
    assert_status(
        as(ADMIN, "DELETE", printed(world, "/api/departments/%s/members/%s", other, user_id(HEAD)), NULL),
        204);
    assert_status(
        as(ADMIN, "DELETE", printed(world, "/api/departments/%s/members/%s", other, user_id(HEAD)), NULL),
        404);
    assert_string_equal(names_of(as(HEAD, "GET", "/api/contacts?sort=id", NULL)), "");
}

/* ---- messages ---- */

static void test_messages__are_counted_and_dated(void **state)
{
    (void)state;
    const char *contact = add_contact(REP, "Dana");
    const char *talk =
        add(REP, "/api/conversations",
            printed(world, "{\"contactId\":\"%s\",\"subject\":\"S\",\"channel\":\"phone\"}", contact));
    const char *messages = printed(world, "/api/conversations/%s/messages", talk);
    const struct reply *reply =
        as(REP, "POST", messages, "{\"body\":\"Hi\",\"sentAt\":\"2026-01-02T03:04:05Z\"}");
    assert_status(reply, 201);
    assert_string_equal(member_of(world, reply, "conversationId"), talk);
    assert_string_equal(member_of(world, reply, "authorId"), user_id(REP));
    assert_string_equal(member_of(world, reply, "direction"), "outbound");
    assert_status(as(REP, "POST", messages, "{\"body\":\"Old\",\"sentAt\":\"2025-01-02T03:04:05Z\"}"), 201);
    reply = as(REP, "GET", printed(world, "/api/conversations/%s", talk), NULL);
    assert_non_null(strstr(reply->body.at, "\"messageCount\":2,\"lastMessageAt\":\"2026-01-02T03:04:05"));
    reply = as(REP, "GET", printed(world, "/api/contacts/%s", contact), NULL);
    assert_non_null(strstr(reply->body.at, "\"lastContactedAt\":\"2026-01-02T03:04:05"));
    assert_status(
        as(REP, "POST", messages, printed(world, "{\"body\":\"X\",\"conversationId\":\"%s\"}", talk)), 400);
    assert_status(as(REP, "POST", "/api/conversations/1/messages", "{\"body\":\"X\"}"), 404);
    assert_status(as(REP, "DELETE", printed(world, "/api/contacts/%s", contact), NULL), 409);
    assert_status(as(REP, "DELETE", printed(world, "/api/conversations/%s", talk), NULL), 204);
    assert_int_equal(count_of(world, "SELECT COUNT(*) FROM messages", DB_NO_ARGS), 0);
    assert_int_equal(count_of(world,
                              "SELECT used FROM tenant_usage WHERE tenant_id = 2 AND kind = 'messages'",
                              DB_NO_ARGS),
                     0);
    assert_status(as(REP, "DELETE", printed(world, "/api/contacts/%s", contact), NULL), 204);
}

/* ---- departments ---- */

static void test_departments__know_their_members(void **state)
{
    (void)state;
    const char *id = add_department();
    const char *members = printed(world, "/api/departments/%s/members", id);
    const struct reply *reply = as(ADMIN, "GET", printed(world, "%s?limit=1", members), NULL);
    assert_status(reply, 200);
    assert_non_null(strstr(reply->body.at, "\"fullName\":\"Hedy Head\",\"email\":\"head@acme.example\","
                                           "\"accessRole\":\"DEPARTMENT_HEAD\""));
    const char *cursor = member_of(world, reply, "nextCursor");
    reply = as(ADMIN, "GET", printed(world, "%s?limit=1&cursor=%s", members, cursor), NULL);
    assert_non_null(strstr(reply->body.at, "\"email\":\"rep@acme.example\""));
    assert_non_null(strstr(reply->body.at, "\"nextCursor\":null"));
    assert_status(as(ADMIN, "GET", printed(world, "%s?cursor=7", members), NULL), 400);
    int64_t audited = count_of(world, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS);
    assert_status(as(ADMIN, "PUT", printed(world, "%s/%s", members, user_id(REP)), NULL), 204);
    assert_int_equal(count_of(world, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS), audited); /* it was so */
    assert_status(as(ADMIN, "PUT", printed(world, "%s/%s", members, user_id(BOLT_REP)), NULL), 404);
    assert_status(as(REP, "GET", members, NULL), 403);
    assert_status(as(BOLT_REP, "GET", "/api/departments", NULL), 403);
    add_contact(REP, "Dana");
    assert_reply(as(ADMIN, "DELETE", printed(world, "/api/departments/%s", id), NULL), 409,
                 "{\"error\":\"The department still has contacts.\"}");
}

/* A tenant goes with all of it, however it hangs together. */
static void test_departments__go_with_their_organization(void **state)
{
    (void)state;
    add_contacts();
    for (size_t c = 0; c < 4; c++) {
        const char *talk = add(ADMIN, "/api/conversations",
                               printed(world, "{\"contactId\":\"%s\",\"subject\":\"S\"}", ids[c]));
        add(ADMIN, printed(world, "/api/conversations/%s/messages", talk), "{\"body\":\"Hi\"}");
    }
    const char *super = token_for(world, "super@msp.example", "localhost");
    assert_reply(ASK(world, .method = "DELETE", .target = "/api/tenants/acme?confirm=acme", .token = super),
                 204, "");
    assert_int_equal(count_of(world, "SELECT COUNT(*) FROM messages", DB_NO_ARGS), 0);
    assert_int_equal(count_of(world, "SELECT COUNT(*) FROM departments", DB_NO_ARGS), 0);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_contact__is_its_creators_and_of_their_department),
        TEST(test_contact__ids_that_mean_nothing_are_not_found),
        TEST(test_contact__refuses_what_it_does_not_take),
        TEST(test_scope__one_contact),
        TEST(test_scope__lists_and_filters),
        TEST(test_scope__staff_at_home_see_all),
        TEST(test_scope__conversations_and_messages),
        TEST(test_scope__a_contact_stays_in_sight),
        TEST(test_scope__goes_by_the_department_of_now),
        TEST(test_messages__are_counted_and_dated),
        TEST(test_departments__know_their_members),
        TEST(test_departments__go_with_their_organization),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
