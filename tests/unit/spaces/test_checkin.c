/* Check-in: once per ticket, once per member and day, and only when it may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spaces_fixture.h"

static int set_up(void **state)
{
    *state = spaces_new();
    return 0;
}

static int tear_down(void **state)
{
    spaces_free((struct spaces **)state);
    return 0;
}

static struct checkin_deed by_code(struct spaces *spaces, struct str code, int64_t now)
{
    struct checkin_deed deed = { .tenant = &spaces->acme, .now = now };
    deed.code = code_read(code, deed.hash);
    return deed;
}

static enum checkin_verdict come_in(struct spaces *spaces, struct checkin_deed *deed)
{
    assert_int_equal(checkin(spaces->fixture->conn, spaces->fixture->arena, deed), STORAGE_OK);
    return deed->verdict;
}

struct member_code {
    struct spaces *spaces;
    struct str code;
};

static enum storage_status make_member(struct db_conn *conn, void *context)
{
    struct member_code *member = context;
    struct spaces *spaces = member->spaces;
    enum storage_status status =
        db_exec(conn,
                "INSERT INTO community_members (tenant_id, first_name, last_name, created_at, "
                "updated_at) VALUES ($1, 'Zoë', 'Ångström', 1, 1)",
                DB_ARGS(db_int(spaces->acme.id)), NULL);
    return status == STORAGE_OK
               ? community_new_code(conn, spaces->fixture->arena, spaces->acme.id, 1, 2, &member->code)
               : status;
}

static struct str new_member(struct spaces *spaces)
{
    struct member_code member = { .spaces = spaces };
    assert_int_equal(db_transaction(spaces->fixture->conn, STORAGE_WRITE, make_member, &member), STORAGE_OK);
    return member.code;
}

static void test_ticket__comes_in_once(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed order = spaces_order(spaces, 2);
    spaces_must(spaces, &order);
    struct checkin_deed deed = by_code(spaces, order.code, NOON + DAY);
    assert_int_equal(come_in(spaces, &deed), CHECKIN_DONE);
    assert_true(deed.ticket.quantity == 2 && deed.at == NOON + DAY && !deed.is_member);
    deed = by_code(spaces, order.code, NOON + DAY + MINUTE);
    assert_int_equal(come_in(spaces, &deed), CHECKIN_ALREADY);
    assert_true(deed.at == NOON + DAY);
    struct ticket_deed cancel = spaces_deed(spaces, &order.ticket, NOON);
    assert_int_equal(ticket_cancel(spaces->fixture->conn, spaces->fixture->arena, &cancel), STORAGE_OK);
    assert_int_equal(cancel.verdict, TICKET_USED);
}

static void test_ticket__by_staff(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed order = spaces_order(spaces, 2);
    spaces_must(spaces, &order);
    struct checkin_deed deed = { .tenant = &spaces->acme, .now = NOON + DAY, .ticket = order.ticket };
    assert_int_equal(come_in(spaces, &deed), CHECKIN_DONE);
    deed = (struct checkin_deed){ .tenant = &spaces->bolt, .now = NOON + DAY, .ticket = order.ticket };
    assert_int_equal(come_in(spaces, &deed), CHECKIN_UNKNOWN);
}

static void test_ticket__not_before_not_after(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed order = spaces_order(spaces, 1);
    spaces_must(spaces, &order);
    struct checkin_deed deed = by_code(spaces, order.code, NOON + DAY - CHECKIN_EARLY_US - 1);
    assert_int_equal(come_in(spaces, &deed), CHECKIN_TOO_EARLY);
    assert_true(deed.at == NOON + DAY - CHECKIN_EARLY_US);
    deed = by_code(spaces, order.code, NOON + DAY + 2 * HOUR);
    assert_int_equal(come_in(spaces, &deed), CHECKIN_TOO_LATE);
    deed = by_code(spaces, order.code, NOON + DAY - CHECKIN_EARLY_US);
    assert_int_equal(come_in(spaces, &deed), CHECKIN_DONE);
}

/* Whatever a place's clock says, its own day lies between these. */
static void test_pass__on_its_day_anywhere(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed order = spaces_purchase(spaces, 1);
    spaces_must(spaces, &order);
    struct checkin_deed deed = by_code(spaces, order.code, NOON);
    assert_int_equal(come_in(spaces, &deed), CHECKIN_NOT_PAID);
    struct ticket_deed paid = spaces_deed(spaces, &order.ticket, NOON);
    assert_int_equal(ticket_confirm(spaces->fixture->conn, spaces->fixture->arena, &paid), STORAGE_OK);
    int64_t midnight = (NOON_DAY + 1) * DAY;
    deed = by_code(spaces, order.code, midnight - 14 * HOUR - 1);
    assert_int_equal(come_in(spaces, &deed), CHECKIN_TOO_EARLY);
    deed = by_code(spaces, order.code, midnight + 36 * HOUR);
    assert_int_equal(come_in(spaces, &deed), CHECKIN_TOO_LATE);
    deed = by_code(spaces, order.code, midnight + 36 * HOUR - 1);
    assert_int_equal(come_in(spaces, &deed), CHECKIN_DONE);
}

static void test_ticket__that_is_over_does_not(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed order = spaces_order(spaces, 1), late = spaces_purchase(spaces, 1);
    spaces_must(spaces, &order);
    spaces_must(spaces, &late);
    struct ticket_deed cancel = spaces_deed(spaces, &order.ticket, NOON);
    assert_int_equal(ticket_cancel(spaces->fixture->conn, spaces->fixture->arena, &cancel), STORAGE_OK);
    struct checkin_deed deed = by_code(spaces, order.code, NOON + DAY);
    assert_int_equal(come_in(spaces, &deed), CHECKIN_VOID);
    deed = by_code(spaces, late.code, NOON + DAY);
    assert_int_equal(come_in(spaces, &deed), CHECKIN_VOID);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM checkins"), 0);
}

static void test_member__once_a_day(void **state)
{
    struct spaces *spaces = *state;
    struct str code = new_member(spaces);
    struct checkin_deed deed = by_code(spaces, code, NOON);
    assert_int_equal(come_in(spaces, &deed), CHECKIN_DONE);
    assert_true(deed.is_member);
    deed = by_code(spaces, code, NOON + DAY / 2 - 1);
    assert_int_equal(come_in(spaces, &deed), CHECKIN_ALREADY);
    assert_true(deed.at == NOON);
    deed = by_code(spaces, code, NOON + DAY / 2);
    assert_int_equal(come_in(spaces, &deed), CHECKIN_DONE);
    spaces_exec(spaces, "UPDATE community_members SET status = 'paused'");
    deed = by_code(spaces, code, NOON + 2 * DAY);
    assert_int_equal(come_in(spaces, &deed), CHECKIN_INACTIVE);
    deed = by_code(spaces, code, NOON);
    deed.tenant = &spaces->bolt;
    assert_int_equal(come_in(spaces, &deed), CHECKIN_UNKNOWN);
}

static void test_list__newest_first(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed order = spaces_order(spaces, 2);
    struct str code = new_member(spaces);
    spaces_must(spaces, &order);
    struct checkin_deed one = by_code(spaces, code, NOON), two = by_code(spaces, order.code, NOON + DAY);
    come_in(spaces, &one);
    come_in(spaces, &two);
    struct checkin_row *rows;
    size_t n;
    assert_int_equal(
        checkin_list(spaces->fixture->conn, spaces->fixture->arena, spaces->acme.id, 0, 10, &rows, &n),
        STORAGE_OK);
    assert_int_equal(n, 2);
    assert_string_equal(rows[0].title.at, "Workshop");
    assert_true(rows[0].quantity == 2 && rows[0].ticket_id == order.ticket.id && rows[1].member_id == 1);
    assert_true(str_equal(rows[1].name, STR("Zoë Ångström")));
    assert_int_equal(checkin_list(spaces->fixture->conn, spaces->fixture->arena, spaces->acme.id, rows[0].id,
                                  10, &rows, &n),
                     STORAGE_OK);
    assert_int_equal(n, 1);
}

static void test_name__in_short(void **state)
{
    struct arena *arena = ((struct spaces *)*state)->fixture->arena;
    assert_string_equal(name_in_short(arena, STR("Zoë"), STR("Ångström")).at, "Zoë Å.");
    assert_true(str_equal(name_in_short(arena, STR("Zoë"), STR("")), STR("Zoë")));
    assert_string_equal(whole_name_in_short(arena, STR(" Jane  Mary van Smith ")).at, "Jane S.");
    assert_true(str_equal(whole_name_in_short(arena, STR("Jane")), STR("Jane")));
}

static struct str wanted;

static bool want_in(struct spaces *spaces, struct db_conn *conn, struct arena *arena, int number)
{
    struct checkin_deed deed = by_code(spaces, wanted, NOON + DAY + number);
    assert_int_equal(checkin(conn, arena, &deed), STORAGE_OK);
    return deed.verdict == CHECKIN_DONE;
}

static void test_crowd__comes_in_once(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed order = spaces_order(spaces, 1);
    spaces_must(spaces, &order);
    wanted = order.code;
    assert_int_equal(spaces_crowd(spaces, 100, want_in), 1);
    wanted = new_member(spaces);
    assert_int_equal(spaces_crowd(spaces, 100, want_in), 1);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM checkins"), 2);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM audit_log"), 3);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ticket__comes_in_once),
        TEST(test_ticket__by_staff),
        TEST(test_ticket__not_before_not_after),
        TEST(test_pass__on_its_day_anywhere),
        TEST(test_ticket__that_is_over_does_not),
        TEST(test_member__once_a_day),
        TEST(test_list__newest_first),
        TEST(test_name__in_short),
        TEST(test_crowd__comes_in_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
