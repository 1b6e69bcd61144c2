/* Tickets: never oversold, seats back once, every way from pending to its end. */
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

static enum ticket_verdict order(struct spaces *spaces, struct ticket_deed *deed)
{
    assert_int_equal(ticket_order(spaces->fixture->conn, spaces->fixture->arena, deed), STORAGE_OK);
    return deed->verdict;
}

typedef enum storage_status (*deed_fn)(struct db_conn *conn, struct arena *arena, struct ticket_deed *deed);

static enum ticket_verdict carry_out(struct spaces *spaces, deed_fn fn, struct ticket_deed *deed)
{
    assert_int_equal(fn(spaces->fixture->conn, spaces->fixture->arena, deed), STORAGE_OK);
    return deed->verdict;
}

static int64_t event_taken(struct spaces *spaces)
{
    return spaces_count(spaces, "SELECT taken FROM events");
}

static int64_t day_taken(struct spaces *spaces)
{
    return spaces_count(spaces, "SELECT CAST(COALESCE(SUM(taken), 0) AS BIGINT) FROM day_pass_days");
}

static int64_t mails(struct spaces *spaces, const char *kind)
{
    DB_ROWS(rows);
    assert_int_equal(db_first(spaces->fixture->conn, &rows,
                              "SELECT COUNT(*) FROM mail_outbox WHERE kind = $1 AND status = 'queued'",
                              DB_ARGS(db_text(str_of(kind)))),
                     STORAGE_ROW);
    return db_col_int(&rows, 0);
}

static int64_t deeds(struct spaces *spaces, const char *action)
{
    DB_ROWS(rows);
    assert_int_equal(db_first(spaces->fixture->conn, &rows,
                              "SELECT COUNT(*) FROM audit_log WHERE action = $1",
                              DB_ARGS(db_text(str_of(action)))),
                     STORAGE_ROW);
    return db_col_int(&rows, 0);
}

/* ---- ordering ---- */

static void test_order__free_is_confirmed_and_mailed(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed deed = spaces_order(spaces, 3);
    assert_int_equal(order(spaces, &deed), TICKET_DONE);
    assert_int_equal(deed.ticket.status, TICKET_CONFIRMED);
    assert_int_equal(event_taken(spaces), 3);
    assert_int_equal(mails(spaces, "ticket_confirmed"), 1);
    assert_int_equal(deeds(spaces, "ticket.ordered"), 1);
    uint8_t hash[CODE_HASH_BYTES];
    struct ticket found;
    assert_int_equal(code_read(deed.portal_url, hash), CODE_TICKET);
    assert_int_equal(
        ticket_by_code(spaces->fixture->conn, spaces->fixture->arena, spaces->acme.id, hash, NOON, &found),
        STORAGE_ROW);
    assert_true(found.id == deed.ticket.id && found.quantity == 3 && found.kind == OFFER_EVENT);
    assert_string_equal(found.title.at, "Workshop");
    assert_int_equal(
        ticket_by_code(spaces->fixture->conn, spaces->fixture->arena, spaces->bolt.id, hash, NOON, &found),
        STORAGE_DONE);
}

/* The code is in the mail, and in no table as it is. */
static void test_order__the_code_is_kept_as_a_hash(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed deed = spaces_order(spaces, 1);
    spaces_must(spaces, &deed);
    struct str text;
    DB_ROWS(rows);
    assert_int_equal(db_first(spaces->fixture->conn, &rows, "SELECT body_text FROM mail_outbox", DB_NO_ARGS),
                     STORAGE_ROW);
    text = db_col_text(&rows, 0, spaces->fixture->arena);
    assert_non_null(strstr(text.at, deed.portal_url.at));
    DB_ROWS(logged);
    assert_int_equal(db_first(spaces->fixture->conn, &logged, "SELECT after_json FROM audit_log", DB_NO_ARGS),
                     STORAGE_ROW);
    text = db_col_text(&logged, 0, spaces->fixture->arena);
    assert_null(strstr(text.at, deed.code.at));
}

static void test_order__what_is_not_to_be_had(void **state)
{
    struct spaces *spaces = *state;
    static const struct {
        const char *change;
        enum ticket_verdict verdict;
    } cases[] = {
        { "UPDATE events SET registration_opens_at = 1728043200000001", TICKET_NOT_YET },
        { "UPDATE events SET registration_opens_at = NULL, registration_closes_at = 1728043200000000",
          TICKET_TOO_LATE },
        { "UPDATE events SET registration_closes_at = NULL, is_published = 0", TICKET_UNKNOWN },
        { "UPDATE events SET is_published = 1, starts_at = 1, ends_at = 1728043200000000", TICKET_TOO_LATE },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        spaces_exec(spaces, cases[i].change);
        struct ticket_deed deed = spaces_order(spaces, 1);
        assert_int_equal(order(spaces, &deed), cases[i].verdict);
    }
    struct ticket_deed elsewhere = spaces_order(spaces, 1);
    elsewhere.tenant = &spaces->bolt;
    assert_int_equal(order(spaces, &elsewhere), TICKET_UNKNOWN);
    struct ticket_deed yesterday = spaces_purchase(spaces, 1);
    yesterday.day = NOON_DAY - 2;
    assert_int_equal(order(spaces, &yesterday), TICKET_TOO_LATE);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM tickets"), 0);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM audit_log"), 0);
    assert_int_equal(event_taken(spaces) + day_taken(spaces), 0);
}

/* Whoever orders writes to an address of their choice: not often, and nothing of their own. */
static void test_order__mails_no_address_more_than_it_should(void **state)
{
    struct spaces *spaces = *state;
    spaces->config->rate_limits.enabled = true;
    spaces_exec(spaces, "UPDATE events SET capacity = 100");
    for (int i = 0; i < TICKET_ORDERS_MAX; i++) {
        struct ticket_deed deed = spaces_order(spaces, 1);
        assert_int_equal(order(spaces, &deed), TICKET_DONE);
    }
    struct ticket_deed more = spaces_order(spaces, 1), other = more, staff = more, later = more;
    more.email = STR("JANE@example.com");
    assert_int_equal(order(spaces, &more), TICKET_TOO_MANY);
    assert_int_equal(more.retry_at % TICKET_ORDERS_US, 0);
    assert_int_equal(event_taken(spaces), TICKET_ORDERS_MAX);
    other.email = STR("john@example.com");
    assert_int_equal(order(spaces, &other), TICKET_DONE);
    staff.is_staff = true;
    assert_int_equal(order(spaces, &staff), TICKET_DONE);
    later.now = more.retry_at;
    assert_int_equal(order(spaces, &later), TICKET_DONE);
}

static void test_order__mails_nothing_that_was_typed(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed deed = spaces_order(spaces, 1);
    deed.name = STR("You have won: evil.example");
    assert_int_equal(order(spaces, &deed), TICKET_DONE);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM mail_outbox"), 1);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM mail_outbox WHERE subject LIKE '%evil%' OR "
                                          "body_text LIKE '%evil%' OR body_html LIKE '%evil%'"),
                     0);
}

static void test_order__capacity_is_exact(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed most = spaces_order(spaces, 9), two = spaces_order(spaces, 2),
                       one = spaces_order(spaces, 1);
    assert_int_equal(order(spaces, &most), TICKET_DONE);
    assert_int_equal(order(spaces, &two), TICKET_SOLD_OUT);
    assert_int_equal(two.offer.capacity - two.offer.taken, 1);
    assert_int_equal(order(spaces, &one), TICKET_DONE);
    one = spaces_order(spaces, 1);
    assert_int_equal(order(spaces, &one), TICKET_SOLD_OUT);
    assert_int_equal(event_taken(spaces), 10);
}

static void test_order__each_day_of_a_pass_has_its_own(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed deed = spaces_purchase(spaces, 6);
    assert_int_equal(order(spaces, &deed), TICKET_SOLD_OUT);
    deed = spaces_purchase(spaces, 5);
    assert_int_equal(order(spaces, &deed), TICKET_DONE);
    assert_int_equal(deed.ticket.status, TICKET_PENDING);
    assert_int_equal(deed.ticket.amount, 6250);
    deed = spaces_purchase(spaces, 1);
    assert_int_equal(order(spaces, &deed), TICKET_SOLD_OUT);
    deed = spaces_purchase(spaces, 1);
    deed.day++;
    assert_int_equal(order(spaces, &deed), TICKET_DONE);
    assert_int_equal(mails(spaces, "ticket_pending"), 2);
}

/* ---- what was not paid ---- */

static void test_pending__gives_its_seats_to_who_asks_when_its_time_is_over(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed first = spaces_purchase(spaces, 5), second = spaces_purchase(spaces, 1);
    spaces_must(spaces, &first);
    second.now = NOON + HOUR - 1;
    assert_int_equal(order(spaces, &second), TICKET_SOLD_OUT);
    second.now = NOON + HOUR;
    assert_int_equal(order(spaces, &second), TICKET_DONE);
    assert_int_equal(day_taken(spaces), 1);
    assert_int_equal(deeds(spaces, "ticket.expired"), 1);
    assert_int_equal(mails(spaces, "ticket_pending"), 1);
}

static enum storage_status sweep(struct db_conn *conn, void *context)
{
    struct spaces *spaces = context;
    int64_t swept;
    return ticket_sweep(conn, spaces->fixture->arena, NOON + HOUR, 10, &swept);
}

static void test_pending__is_swept_once(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed first = spaces_purchase(spaces, 2), later = spaces_purchase(spaces, 1);
    spaces_must(spaces, &first);
    later.now = NOON + 1;
    spaces_must(spaces, &later);
    for (int i = 0; i < 2; i++)
        assert_int_equal(db_transaction(spaces->fixture->conn, STORAGE_WRITE, sweep, spaces), STORAGE_OK);
    assert_int_equal(day_taken(spaces), 1);
    struct ticket_deed cancel = spaces_deed(spaces, &first.ticket, NOON + HOUR);
    assert_int_equal(carry_out(spaces, ticket_cancel, &cancel), TICKET_NOT_OPEN);
    assert_int_equal(cancel.ticket.status, TICKET_EXPIRED);
    assert_int_equal(day_taken(spaces), 1);
}

/* ---- paying ---- */

static void test_confirm__once(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed deed = spaces_purchase(spaces, 2);
    spaces_must(spaces, &deed);
    struct ticket_deed paid = spaces_deed(spaces, &deed.ticket, NOON + MINUTE);
    assert_int_equal(carry_out(spaces, ticket_confirm, &paid), TICKET_DONE);
    assert_true(paid.ticket.status == TICKET_CONFIRMED && paid.ticket.confirmed_at == NOON + MINUTE);
    assert_int_equal(carry_out(spaces, ticket_confirm, &paid), TICKET_NOT_PENDING);
    assert_int_equal(mails(spaces, "ticket_paid"), 1);
    assert_int_equal(mails(spaces, "ticket_pending"), 0);
    assert_int_equal(deeds(spaces, "ticket.confirmed"), 1);
    assert_int_equal(day_taken(spaces), 2);
}

static void test_confirm__late_where_seats_are_left(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed held = spaces_purchase(spaces, 3), swept = spaces_purchase(spaces, 2);
    spaces_must(spaces, &held);
    /* Overdue and not yet swept: its seats are still its own. */
    struct ticket_deed paid = spaces_deed(spaces, &held.ticket, NOON + 2 * HOUR);
    assert_int_equal(carry_out(spaces, ticket_confirm, &paid), TICKET_DONE);
    assert_int_equal(day_taken(spaces), 3);
    /* Swept, and there are seats. */
    spaces_must(spaces, &swept);
    assert_int_equal(db_transaction(spaces->fixture->conn, STORAGE_WRITE, sweep, spaces), STORAGE_OK);
    assert_int_equal(day_taken(spaces), 3);
    paid = spaces_deed(spaces, &swept.ticket, NOON + 2 * HOUR);
    assert_int_equal(carry_out(spaces, ticket_confirm, &paid), TICKET_DONE);
    assert_int_equal(day_taken(spaces), 5);
}

static void test_confirm__late_where_none_are_left(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed late = spaces_purchase(spaces, 3), quick = spaces_purchase(spaces, 4);
    spaces_must(spaces, &late);
    quick.now = NOON + HOUR;
    spaces_must(spaces, &quick);
    struct ticket_deed paid = spaces_deed(spaces, &late.ticket, NOON + HOUR);
    assert_int_equal(carry_out(spaces, ticket_confirm, &paid), TICKET_SOLD_OUT);
    assert_int_equal(day_taken(spaces), 4);
}

/* ---- cancelling ---- */

static void test_cancel__until_it_begins_and_once(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed deed = spaces_order(spaces, 4);
    spaces_must(spaces, &deed);
    struct ticket_deed late = spaces_deed(spaces, &deed.ticket, NOON + DAY);
    assert_int_equal(carry_out(spaces, ticket_cancel, &late), TICKET_TOO_LATE);
    struct ticket_deed cancel = spaces_deed(spaces, &deed.ticket, NOON + DAY - 1);
    assert_int_equal(carry_out(spaces, ticket_cancel, &cancel), TICKET_DONE);
    assert_int_equal(carry_out(spaces, ticket_cancel, &cancel), TICKET_NOT_OPEN);
    assert_int_equal(event_taken(spaces), 0);
    assert_int_equal(mails(spaces, "ticket_cancelled"), 1);
    assert_int_equal(mails(spaces, "ticket_confirmed"), 0);
}

static void test_cancel__staff_may_later(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed deed = spaces_order(spaces, 4);
    spaces_must(spaces, &deed);
    struct ticket_deed cancel = spaces_deed(spaces, &deed.ticket, NOON + DAY);
    cancel.is_staff = true;
    assert_int_equal(carry_out(spaces, ticket_cancel, &cancel), TICKET_DONE);
}

static void test_deeds__only_on_the_offer_it_is_for(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed deed = spaces_order(spaces, 1);
    spaces_must(spaces, &deed);
    struct ticket_deed wrong = spaces_deed(spaces, &deed.ticket, NOON);
    wrong.ticket.offer_id++;
    assert_int_equal(carry_out(spaces, ticket_cancel, &wrong), TICKET_UNKNOWN);
    wrong = spaces_deed(spaces, &deed.ticket, NOON);
    wrong.ticket.kind = OFFER_PASS;
    assert_int_equal(carry_out(spaces, ticket_cancel, &wrong), TICKET_UNKNOWN);
    wrong = spaces_deed(spaces, &deed.ticket, NOON);
    wrong.ticket.tenant_id = spaces->bolt.id;
    assert_int_equal(carry_out(spaces, ticket_cancel, &wrong), TICKET_UNKNOWN);
}

static void test_reissue__the_earlier_code_is_void(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed deed = spaces_order(spaces, 1);
    spaces_must(spaces, &deed);
    uint8_t before[CODE_HASH_BYTES], after[CODE_HASH_BYTES];
    struct ticket_deed again = spaces_deed(spaces, &deed.ticket, NOON);
    assert_int_equal(carry_out(spaces, ticket_reissue, &again), TICKET_DONE);
    assert_int_equal(mails(spaces, "ticket_confirmed"), 1);
    code_read(deed.code, before);
    code_read(again.code, after);
    struct ticket found;
    assert_int_equal(ticket_by_code(spaces->fixture->conn, spaces->fixture->arena, 0, before, NOON, &found),
                     STORAGE_DONE);
    assert_int_equal(ticket_by_code(spaces->fixture->conn, spaces->fixture->arena, 0, after, NOON, &found),
                     STORAGE_ROW);
    assert_int_equal(found.id, deed.ticket.id);
}

/* ---- lists ---- */

static void test_list__pages_and_filters(void **state)
{
    struct spaces *spaces = *state;
    for (int i = 0; i < 3; i++) {
        struct ticket_deed deed = spaces_purchase(spaces, 1);
        deed.day += i;
        spaces_must(spaces, &deed);
    }
    struct ticket_query query = { .tenant_id = spaces->acme.id,
                                  .kind = OFFER_PASS,
                                  .offer_id = spaces->pass,
                                  .day = -1,
                                  .limit = 2,
                                  .now = NOON };
    struct ticket *page;
    size_t n;
    assert_int_equal(ticket_list(spaces->fixture->conn, spaces->fixture->arena, &query, &page, &n),
                     STORAGE_OK);
    assert_true(n == 2 && page[0].day == NOON_DAY + 3 && page[1].day == NOON_DAY + 2);
    query.before = page[1].id;
    assert_int_equal(ticket_list(spaces->fixture->conn, spaces->fixture->arena, &query, &page, &n),
                     STORAGE_OK);
    assert_true(n == 1 && page[0].day == NOON_DAY + 1);
    query.before = 0;
    query.day = NOON_DAY + 2;
    assert_int_equal(ticket_list(spaces->fixture->conn, spaces->fixture->arena, &query, &page, &n),
                     STORAGE_OK);
    assert_true(n == 1 && page[0].status == TICKET_PENDING);
    query.status = STR("expired");
    assert_int_equal(ticket_list(spaces->fixture->conn, spaces->fixture->arena, &query, &page, &n),
                     STORAGE_OK);
    assert_int_equal(n, 0);
    query.now = NOON + HOUR;
    assert_int_equal(ticket_list(spaces->fixture->conn, spaces->fixture->arena, &query, &page, &n),
                     STORAGE_OK);
    assert_true(n == 1 && page[0].status == TICKET_EXPIRED);
    query.tenant_id = spaces->bolt.id;
    assert_int_equal(ticket_list(spaces->fixture->conn, spaces->fixture->arena, &query, &page, &n),
                     STORAGE_OK);
    assert_int_equal(n, 0);
}

static void test_offers__published_and_not_over(void **state)
{
    struct spaces *spaces = *state;
    spaces_exec(
        spaces,
        "INSERT INTO events (tenant_id, title, starts_at, ends_at, capacity, is_published, created_at, "
        "updated_at) SELECT tenant_id, 'Later', starts_at + n, ends_at + n, 1, p, 1, 1 FROM events, "
        "(SELECT 1 AS n, 1 AS p UNION ALL SELECT 2, 0 UNION ALL SELECT 3, 1) AS more");
    struct offer_query query = { .tenant_id = spaces->acme.id, .kind = OFFER_EVENT, .limit = 2, .now = NOON };
    struct offer *page;
    size_t n;
    assert_int_equal(offer_list(spaces->fixture->conn, spaces->fixture->arena, &query, &page, &n),
                     STORAGE_OK);
    assert_true(n == 2 && page[0].id == spaces->event);
    query.after_at = page[1].starts_at;
    query.after_id = page[1].id;
    assert_int_equal(offer_list(spaces->fixture->conn, spaces->fixture->arena, &query, &page, &n),
                     STORAGE_OK);
    assert_true(n == 1 && page[0].starts_at == NOON + DAY + 3);
    query.after_at = query.after_id = 0;
    query.now = NOON + DAY + 2 * HOUR + 1;
    assert_int_equal(offer_list(spaces->fixture->conn, spaces->fixture->arena, &query, &page, &n),
                     STORAGE_OK);
    assert_int_equal(n, 1);
    struct ticket_deed deed = spaces_purchase(spaces, 2);
    spaces_must(spaces, &deed);
    query = (struct offer_query){
        .tenant_id = spaces->acme.id, .kind = OFFER_PASS, .day = NOON_DAY + 1, .limit = 5
    };
    assert_int_equal(offer_list(spaces->fixture->conn, spaces->fixture->arena, &query, &page, &n),
                     STORAGE_OK);
    assert_true(n == 1 && page[0].taken == 2 && page[0].starts_at == (NOON_DAY + 1) * DAY);
}

/* ---- crowds ---- */

static bool want_seats(struct spaces *spaces, struct db_conn *conn, struct arena *arena, int number)
{
    struct ticket_deed deed = number % 2 ? spaces_order(spaces, 1) : spaces_purchase(spaces, 1);
    assert_int_equal(ticket_order(conn, arena, &deed), STORAGE_OK);
    if (deed.verdict != TICKET_DONE)
        assert_int_equal(deed.verdict, TICKET_SOLD_OUT);
    return deed.verdict == TICKET_DONE;
}

static void test_crowd__never_oversold(void **state)
{
    struct spaces *spaces = *state;
    assert_int_equal(spaces_crowd(spaces, 200, want_seats), 15);
    assert_int_equal(event_taken(spaces), 10);
    assert_int_equal(day_taken(spaces), 5);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM tickets"), 15);
    assert_int_equal(deeds(spaces, "ticket.ordered"), 15);
}

static struct ticket wanted;

static bool want_to_cancel(struct spaces *spaces, struct db_conn *conn, struct arena *arena, int number)
{
    (void)number;
    struct ticket_deed deed = spaces_deed(spaces, &wanted, NOON);
    assert_int_equal(ticket_cancel(conn, arena, &deed), STORAGE_OK);
    return deed.verdict == TICKET_DONE;
}

static void test_crowd__seats_come_back_once(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed one = spaces_order(spaces, 3), other = spaces_order(spaces, 4);
    spaces_must(spaces, &one);
    spaces_must(spaces, &other);
    wanted = one.ticket;
    assert_int_equal(spaces_crowd(spaces, 40, want_to_cancel), 1);
    assert_int_equal(event_taken(spaces), 4);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_order__free_is_confirmed_and_mailed),
        TEST(test_order__the_code_is_kept_as_a_hash),
        TEST(test_order__what_is_not_to_be_had),
        TEST(test_order__mails_no_address_more_than_it_should),
        TEST(test_order__mails_nothing_that_was_typed),
        TEST(test_order__capacity_is_exact),
        TEST(test_order__each_day_of_a_pass_has_its_own),
        TEST(test_pending__gives_its_seats_to_who_asks_when_its_time_is_over),
        TEST(test_pending__is_swept_once),
        TEST(test_confirm__once),
        TEST(test_confirm__late_where_seats_are_left),
        TEST(test_confirm__late_where_none_are_left),
        TEST(test_cancel__until_it_begins_and_once),
        TEST(test_cancel__staff_may_later),
        TEST(test_deeds__only_on_the_offer_it_is_for),
        TEST(test_reissue__the_earlier_code_is_void),
        TEST(test_list__pages_and_filters),
        TEST(test_offers__published_and_not_over),
        TEST(test_crowd__never_oversold),
        TEST(test_crowd__seats_come_back_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
