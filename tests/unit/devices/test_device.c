/* Devices: what they show, when their tokens hold, and when they were seen. */
#include "devices_fixture.h"

#include "base/recent.h"
#include "devices/pairing.h"
#include "identity/opaque_token.h"
#include "storage/changes.h"

static int set_up(void **state)
{
    *state = screens_new();
    return 0;
}

static int tear_down(void **state)
{
    screens_free((struct screens **)state);
    return 0;
}

static struct db_stamp stamp_of(struct screens *s, struct str token)
{
    uint8_t hash[DEVICE_HASH_BYTES];
    assert_int_equal(opaque_token_read(token, hash), OPAQUE_DEVICE);
    return db_stamp(s->fixture->db, SUBJECT_DEVICE, device_subject(hash));
}

static void test_device__changes_raise_the_revision_and_are_written_down(void **state)
{
    struct screens *s = *state;
    struct device device;
    struct str token = screens_paired(s, "Lobby", &device);
    struct db_stamp before = stamp_of(s, token);
    struct device_deed deed = DEED(&s->acme, NOW + 1, .id = device.id, .name = STR("Bar"));
    assert_int_equal(device_update(s->conn, s->arena, &deed), STORAGE_OK);
    assert_int_equal(deed.device.revision, 2);
    assert_string_equal(screens_newest_deed(s, &s->acme),
                        "display.renamed user:5 -> Bar:1 {\"name\":\"Lobby\"} {\"name\":\"Bar\"}");
    assert_false(db_stamp_holds(before, stamp_of(s, token)));
    deed = DEED(&s->acme, NOW + 2, .id = device.id, .content = STR("{\"layout\":\"clock\"}"));
    assert_int_equal(device_update(s->conn, s->arena, &deed), STORAGE_OK);
    assert_int_equal(deed.device.revision, 3);
    assert_string_equal(screens_newest_deed(s, &s->acme),
                        "display.content_changed user:5 -> Bar:1 {\"revision\":2,\"content\":{}} "
                        "{\"revision\":3,\"content\":{\"layout\":\"clock\"}}");
    /* Nothing new is no change. */
    assert_int_equal(device_update(s->conn, s->arena, &deed), STORAGE_OK);
    assert_int_equal(deed.device.revision, 3);
    assert_true(screens_knows(s, token, NOW + 3, &device));
    assert_int_equal(device.revision, 3);
}

static void test_device__other_tenants_have_no_part_in_it(void **state)
{
    struct screens *s = *state;
    struct device device, *list;
    size_t n;
    struct str token = screens_paired(s, "Lobby", &device);
    struct device_deed deed =
        DEED(&s->bolt, NOW, .id = device.id, .name = STR("Mine"), .overlap_us = CLOCK_SECOND);
    assert_int_equal(device_update(s->conn, s->arena, &deed), STORAGE_OK);
    assert_int_equal(deed.verdict, DEVICE_UNKNOWN);
    assert_int_equal(device_unpair(s->conn, s->arena, &deed), STORAGE_OK);
    assert_int_equal(deed.verdict, DEVICE_UNKNOWN);
    assert_int_equal(device_rotate(s->conn, s->arena, &deed), STORAGE_OK);
    assert_int_equal(deed.verdict, DEVICE_UNKNOWN);
    assert_int_equal(device_list(s->conn, s->arena, s->bolt.id, 0, 10, &list, &n), STORAGE_OK);
    assert_int_equal(n, 0);
    assert_int_equal(device_by_id(s->conn, s->arena, s->bolt.id, device.id, &device), STORAGE_DONE);
    assert_true(screens_knows(s, token, NOW, &device));
    assert_str(device.name, STR("Lobby"));
}

static void test_device__unpaired_is_gone(void **state)
{
    struct screens *s = *state;
    struct device device;
    struct str token = screens_paired(s, "Lobby", &device);
    struct db_stamp before = stamp_of(s, token);
    struct device_deed deed = DEED(&s->acme, NOW, .id = device.id);
    assert_int_equal(device_unpair(s->conn, s->arena, &deed), STORAGE_OK);
    assert_int_equal(deed.verdict, DEVICE_DONE);
    assert_false(db_stamp_holds(before, stamp_of(s, token)));
    assert_false(screens_knows(s, token, NOW, &device));
    assert_int_equal(screens_count(s, "SELECT count(*) FROM device_seen"), 0);
    assert_string_equal(screens_newest_deed(s, &s->acme),
                        "display.unpaired user:5 -> Lobby:1 {\"revision\":1,\"content\":{}} ");
}

/* By one who holds a token of it: what any screen has of it ends; the display, and a link that nobody opened,
 * stay. */
static void test_device__stays_when_its_token_is_revoked(void **state)
{
    struct screens *s = *state;
    struct device device;
    uint8_t hash[DEVICE_HASH_BYTES];
    struct str token = screens_paired(s, "Lobby", &device);
    struct device_deed link = DEED(&s->acme, NOW, .id = device.id);
    assert_int_equal(pairing_link(s->conn, s->arena, &link), STORAGE_OK);
    struct device_deed deed = DEED(&s->acme, NOW, .id = device.id);
    struct db_stamp before = stamp_of(s, token);
    assert_int_equal(opaque_token_read(token, hash), OPAQUE_DEVICE);
    assert_int_equal(device_end_tokens(s->conn, s->arena, hash, &deed), STORAGE_OK);
    assert_false(db_stamp_holds(before, stamp_of(s, token)));
    assert_false(screens_knows(s, token, NOW, &device));
    assert_string_equal(screens_newest_deed(s, &s->acme), "display.revoked user:5 -> Lobby:1  ");
    assert_int_equal(device_by_id(s->conn, s->arena, s->acme.id, deed.id, &device), STORAGE_ROW);
    assert_null(device.token_hash.at);

    struct pairing_answer answer = screens_poll(s, link.secret, NOW);
    assert_int_equal(answer.state, PAIRING_TOKEN);
    assert_int_equal(device_end_tokens(s->conn, s->arena, hash, &deed), STORAGE_OK); /* no longer its token */
    assert_true(screens_knows(s, answer.token, NOW, &device));

    struct str handed = screens_poll(s, (pairing_link(s->conn, s->arena, &link), link.secret), NOW).token;
    assert_int_equal(opaque_token_read(handed, hash), OPAQUE_DEVICE);
    assert_int_equal(device_end_tokens(s->conn, s->arena, hash, &deed), STORAGE_OK);
    assert_false(screens_knows(s, answer.token, NOW, &device));
    assert_false(screens_knows(s, handed, NOW, &device));
    assert_int_equal(screens_poll(s, link.secret, NOW + 6 * CLOCK_SECOND).state, PAIRING_UNKNOWN);
}

static void test_device__pages_go_by_id(void **state)
{
    struct screens *s = *state;
    struct device device, *list;
    size_t n;
    for (int i = 0; i < 5; i++)
        screens_paired(s, arena_printf(s->arena, "d%d", i).at, &device);
    assert_int_equal(device_list(s->conn, s->arena, s->acme.id, 0, 3, &list, &n), STORAGE_OK);
    assert_int_equal(n, 3);
    assert_str(list[2].name, STR("d2"));
    assert_int_equal(device_list(s->conn, s->arena, s->acme.id, list[2].id, 3, &list, &n), STORAGE_OK);
    assert_int_equal(n, 2);
    assert_str(list[1].name, STR("d4"));
}

/* ---- rotation ---- */

static struct device rotate(struct screens *s, int64_t id, int64_t overlap_us)
{
    struct device_deed deed = DEED(&s->acme, NOW, .id = id, .overlap_us = overlap_us);
    assert_int_equal(device_rotate(s->conn, s->arena, &deed), STORAGE_OK);
    assert_int_equal(deed.verdict, DEVICE_DONE);
    assert_string_equal(screens_newest_deed(s, &s->acme), "display.rotated user:5 -> Lobby:1  ");
    return deed.device;
}

static struct str successor(struct screens *s, const struct device *device, struct str token)
{
    struct str next;
    assert_int_equal(device_successor(s->conn, s->arena, device, token, &next), STORAGE_OK);
    return next;
}

static void test_device__a_rotation_hands_over_without_a_gap(void **state)
{
    struct screens *s = *state;
    struct device device;
    struct str old = screens_paired(s, "Lobby", &device);
    rotate(s, device.id, 100 * CLOCK_SECOND);
    assert_true(screens_knows(s, old, NOW, &device));
    assert_non_null(device.rotate_key.at);
    struct str next = successor(s, &device, old);
    assert_false(str_equal(next, old));
    /* Asked again, by the same screen or a second one with the same token: the same answer. */
    assert_str(successor(s, &device, old), next);
    assert_true(screens_knows(s, old, NOW, &device));
    assert_str(successor(s, &device, old), next);
    assert_true(screens_knows(s, next, NOW + 1, &device));
    assert_null(device.rotate_key.at);
    assert_false(screens_knows(s, old, NOW + 1, &device));
    assert_true(screens_knows(s, next, NOW + 1000 * CLOCK_SECOND, &device));
    assert_string_equal(screens_newest_deed(s, &s->acme), "display.paired device:1 -> Lobby:1  ");
}

static void test_device__an_overlap_ends(void **state)
{
    struct screens *s = *state;
    struct device device, after;
    struct str old = screens_paired(s, "Lobby", &device);
    device = rotate(s, device.id, 100 * CLOCK_SECOND);
    assert_true(screens_knows(s, old, NOW + 100 * CLOCK_SECOND - 1, &after));
    assert_false(screens_knows(s, old, NOW + 100 * CLOCK_SECOND, &after));
    /* What was handed over in time still holds. */
    struct str next = successor(s, &device, old);
    assert_true(screens_knows(s, next, NOW + 200 * CLOCK_SECOND, &after));
}

static void test_device__a_second_rotation_voids_what_the_first_handed_out(void **state)
{
    struct screens *s = *state;
    struct device device;
    struct str old = screens_paired(s, "Lobby", &device);
    device = rotate(s, device.id, 100 * CLOCK_SECOND);
    struct str first = successor(s, &device, old);
    struct device again = rotate(s, device.id, 100 * CLOCK_SECOND);
    assert_false(screens_knows(s, first, NOW, &device));
    struct str second = successor(s, &again, old), none;
    assert_false(str_equal(first, second));
    assert_true(screens_knows(s, second, NOW, &device));
    assert_int_equal(device_successor(s->conn, s->arena, &again, old, &none), STORAGE_DONE);
}

static void test_device__without_a_screen_there_is_nothing_to_rotate(void **state)
{
    struct screens *s = *state;
    struct device_deed made = DEED(&s->acme, NOW, .name = STR("Lobby"));
    assert_int_equal(pairing_create(s->conn, s->arena, &made), STORAGE_OK);
    struct device_deed deed = DEED(&s->acme, NOW, .id = made.device.id, .overlap_us = CLOCK_SECOND);
    assert_int_equal(device_rotate(s->conn, s->arena, &deed), STORAGE_OK);
    assert_int_equal(deed.verdict, DEVICE_NOT_PAIRED);
}

/* ---- seen ---- */

static void test_device__seen_is_written_in_batches_and_never_goes_back(void **state)
{
    struct screens *s = *state;
    struct device device;
    struct recent_item items[40];
    for (int i = 0; i < 40; i++) {
        screens_paired(s, arena_printf(s->arena, "d%d", i).at, &device);
        items[i] = (struct recent_item){ s->acme.id, device.id, NOW + i };
    }
    for (size_t n = 1; n <= 40; n += 13)
        assert_int_equal(device_seen_write(s->conn, items, n), STORAGE_OK);
    assert_int_equal(screens_count(s, "SELECT count(*) FROM device_seen WHERE seen_at > 0"), 40);
    assert_int_equal(screens_count(s, "SELECT max(seen_at) FROM device_seen"), NOW + 39);
    struct recent_item others[] = {
        { s->acme.id, items[39].id, NOW },      /* earlier */
        { s->bolt.id, items[39].id, NOW + 99 }, /* not its tenant */
        { s->acme.id, 4711, NOW },              /* unpaired meanwhile */
    };
    assert_int_equal(device_seen_write(s->conn, others, 3), STORAGE_OK);
    assert_int_equal(screens_count(s, "SELECT max(seen_at) FROM device_seen"), NOW + 39);
    assert_int_equal(device_by_id(s->conn, s->arena, s->acme.id, items[5].id, &device), STORAGE_ROW);
    assert_int_equal(device.seen_at, NOW + 5);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_device__changes_raise_the_revision_and_are_written_down),
        T(test_device__other_tenants_have_no_part_in_it),
        T(test_device__unpaired_is_gone),
        T(test_device__stays_when_its_token_is_revoked),
        T(test_device__pages_go_by_id),
        T(test_device__a_rotation_hands_over_without_a_gap),
        T(test_device__an_overlap_ends),
        T(test_device__a_second_rotation_voids_what_the_first_handed_out),
        T(test_device__without_a_screen_there_is_nothing_to_rotate),
        T(test_device__seen_is_written_in_batches_and_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
