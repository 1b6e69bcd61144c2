/* ?q= of every kind of record that is searched: each of its searched rows is found by the beginning of a word
 * as soon as it was written, no longer once it says something else, nor when the record is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "api_fixture.h"
#include "records/kinds.h"

static struct world *world;
static const char *admin;

static int set_up(void **state)
{
    (void)state;
    world = world_new("");
    admin = token_for(world, "admin@acme.example", "acme.localhost");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(&world);
    return 0;
}

static const struct reply *do_(const char *method, const char *target, const char *json)
{
    return ASK(world, .method = method, .target = target, .host = "acme.localhost", .token = admin,
               .json = json);
}

/* In an order in which what one refers to is there: before `rest` the id of the record before belongs. */
static const struct searched {
    const struct record_kind *kind;
    const char *path, *json, *rest;
} all[] = {
    { &record_asset, "/api/assets", "{\"name\":\"first\"}" },
    { &record_category, "/api/categories", "{\"name\":\"first\"}" },
    { &record_employee, "/api/employees", "{\"name\":\"first\"}" },
    { &record_location, "/api/locations", "{\"name\":\"first\"}" },
    { &record_event, "/api/events",
      "{\"title\":\"first\",\"starts_at\":\"2030-01-01T10:00:00Z\",\"ends_at\":\"2030-01-01T12:00:00Z\","
      "\"capacity\":5}" },
    { &record_day_pass, "/api/passes", "{\"name\":\"first\",\"capacity\":5}" },
    { &record_community_member, "/api/members", "{\"first_name\":\"first\"}" },
    { &record_space, "/api/spaces", "{\"name\":\"first\"}" },
    { &record_booking, "/api/bookings", "{\"title\":\"first\",\"space_id\":",
      ",\"starts_at\":\"2030-01-01T10:00:00Z\","
      "\"ends_at\":\"2030-01-01T12:00:00Z\"}" },
    { &record_department, "/api/departments", "{\"name\":\"first\"}" },
    { &record_contact, "/api/contacts", "{\"firstName\":\"first\"}" },
    { &record_conversation, "/api/conversations", "{\"subject\":\"first\",\"contactId\":\"", "\"}" },
};

static size_t count(const char *text, const char *part)
{
    size_t n = 0;
    for (; (text = strstr(text, part)); text++)
        n++;
    return n;
}

/* Whether the list has that record alone, or nothing. */
static void expect(const struct searched *searched, const char *q, bool is_there)
{
    const struct reply *reply = do_("GET", printed(world, "%s?q=%s", searched->path, q), NULL);
    assert_status(reply, 200);
    size_t n = count(reply->body.at, "\"id\":");
    if (n != is_there)
        fail_msg("%s?q=%s: %zu records", searched->path, q, n);
}

static void write_row(const char *path, const struct field *row, const char *word)
{
    bool is_mail = row->type == FIELD_EMAIL;
    assert_status(do_("PATCH", path,
                      printed(world, "{\"%s\":\"%s%s\"}", row->name, word, is_mail ? "@x.example" : " ÄSOP")),
                  200);
}

static void search_row(const struct searched *searched, const char *path, const struct field *row)
{
    expect(searched, "needle", false);
    write_row(path, row, "Needle");
    expect(searched, "nEEd", true);
    write_row(path, row, "hay");
    expect(searched, "needle", false);
    expect(searched, row->type == FIELD_EMAIL ? "hay" : "%C3%A4so", true);
}

/* A number, or 24 hexadecimal digits in quotes. */
static const char *id_of(const struct reply *reply)
{
    const char *id = strstr(reply->body.at, "\"id\":") + strlen("\"id\":");
    id += *id == '"';
    return printed(world, "%.*s", (int)strspn(id, "0123456789abcdef"), id);
}

static const char *search_kind(const struct searched *searched, const char *before)
{
    const struct record_kind *kind = searched->kind;
    const char *json =
        searched->rest ? printed(world, "%s%s%s", searched->json, before, searched->rest) : searched->json;
    const struct reply *reply = do_("POST", searched->path, json);
    assert_status(reply, 201);
    const char *id = id_of(reply);
    const char *path = printed(world, "%s/%s", searched->path, id);
    expect(searched, "fir", true);
    size_t rows = 0;
    for (size_t i = 0; i < kind->n; i++) {
        if (!(kind->rows[i].flags & FIELD_SEARCH))
            continue;
        search_row(searched, path, &kind->rows[i]);
        rows++;
    }
    assert_true(rows > 0);
    return id;
}

static void test_search__finds_every_kind(void **state)
{
    (void)state;
    const char *ids[sizeof all / sizeof all[0]], *before = "";
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        before = ids[i] = search_kind(&all[i], before);
    for (size_t i = sizeof all / sizeof all[0]; i-- > 0;) {
        const struct reply *reply = do_("DELETE", printed(world, "%s/%s", all[i].path, ids[i]), NULL);
        assert_true(reply->status == 200 || reply->status == 204);
        expect(&all[i], "hay", false);
    }
    assert_int_equal(count_of(world, "SELECT COUNT(*) FROM record_words", DB_NO_ARGS), 0);
}

/* A kind that comes to be searched belongs into the table above. */
static void test_search__no_kind_is_left_out(void **state)
{
    (void)state;
    size_t n = 0;
    for (size_t k = 0; k < record_kind_count; k++)
        n += record_kinds[k]->made.is_searched;
    assert_int_equal(n, sizeof all / sizeof all[0]);
    for (size_t i = 0; i < n; i++)
        assert_true(all[i].kind->made.is_searched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_search__finds_every_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_search__no_kind_is_left_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
