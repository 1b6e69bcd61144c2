/* The payment provider's word: signed, timely, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/random.h"
#include "spaces/payment.h"
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

/* ---- the signature ---- */

#define BODY    STR("{\"id\":\"evt_1\"}")
#define SECONDS (NOON / CLOCK_SECOND)

static struct str sign(struct arena *arena, const char *secret, int64_t seconds, struct str body)
{
    uint8_t mac[32];
    struct str text = arena_printf(arena, "%lld.%.*s", (long long)seconds, STR_ARG(body));
    hmac_sha256(str_of(secret), text, mac);
    return hex_encode(arena, mac, sizeof mac);
}

static bool holds(struct spaces *spaces, struct str header, struct str body, int64_t now)
{
    return payment_is_signed(spaces->config, spaces->fixture->arena, header, body, now);
}

static void test_signature__of_these_bytes_at_this_time(void **state)
{
    struct spaces *spaces = *state;
    struct arena *arena = spaces->fixture->arena;
    struct str mac = sign(arena, SECRET, SECONDS, BODY);
    struct str header = arena_printf(arena, "t=%lld,v1=%.*s", (long long)SECONDS, STR_ARG(mac));
    assert_true(holds(spaces, header, BODY, NOON));
    assert_true(holds(spaces, header, BODY, NOON + 300 * CLOCK_SECOND));
    assert_true(holds(spaces, header, BODY, NOON - 300 * CLOCK_SECOND));
    assert_false(holds(spaces, header, BODY, NOON + 301 * CLOCK_SECOND));
    assert_false(holds(spaces, header, BODY, NOON - 301 * CLOCK_SECOND));
    assert_false(holds(spaces, header, STR("{\"id\":\"evt_2\"}"), NOON));
    assert_false(holds(spaces, header, STR(""), NOON));
    struct str with_old_key =
        arena_printf(arena, "t=%lld, v1=%064d, v0=x, v1=%.*s", (long long)SECONDS, 0, STR_ARG(mac));
    assert_true(holds(spaces, with_old_key, BODY, NOON));
}

static void test_signature__anything_else(void **state)
{
    struct spaces *spaces = *state;
    struct arena *arena = spaces->fixture->arena;
    struct str mac = sign(arena, SECRET, SECONDS, BODY);
    struct str forged = sign(arena, "another secret of 32 bytes, or more", SECONDS, BODY);
    long long t = SECONDS;
    const struct str headers[] = {
        STR_NONE,
        STR(""),
        STR("t=,v1="),
        arena_printf(arena, "t=%lld", t),
        arena_printf(arena, "v1=%.*s", STR_ARG(mac)),
        arena_printf(arena, "v1=%.*s,t=%lld", STR_ARG(mac), t),
        arena_printf(arena, "t=%lld,v1=%.*s", t + 1, STR_ARG(mac)),
        arena_printf(arena, "t=0%lld,v1=%.*s", t, STR_ARG(mac)),
        arena_printf(arena, "t=%lld,v1=%.*s", t, STR_ARG(forged)),
        arena_printf(arena, "t=%lld,v1=%.*s", t, 62, mac.at),
        arena_printf(arena, "t=%lld,v1=%.*s00", t, STR_ARG(mac)),
        arena_printf(arena, "t=%lld,v0=%.*s", t, STR_ARG(mac)),
        arena_printf(arena, "t=%lld,v1=", t),
        arena_printf(arena, "T=%lld,V1=%.*s", t, STR_ARG(mac)),
    };
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        assert_false(holds(spaces, headers[i], BODY, NOON));
    struct config *unset = fixture_config("");
    struct str empty_key = arena_printf(arena, "t=%lld,v1=%.*s", t, STR_ARG(sign(arena, "", SECONDS, BODY)));
    assert_false(payment_is_signed(unset, arena, empty_key, BODY, NOON));
    config_free(&unset);
}

/* ---- what it says ---- */

static struct payment payment_for(struct spaces *spaces, const struct ticket_deed *order, const char *event)
{
    struct payment payment = {
        .deed = spaces_deed(spaces, &order->ticket, NOON + MINUTE),
        .provider_event = str_of(event),
        .amount = order->ticket.amount,
        .currency = STR("EUR"),
    };
    payment.deed.code = order->code;
    payment.deed.portal_url = order->portal_url;
    code_read(order->code, payment.hash);
    return payment;
}

static enum payment_verdict receive(struct spaces *spaces, struct payment *payment)
{
    assert_int_equal(payment_receive(spaces->fixture->conn, spaces->fixture->arena, payment), STORAGE_OK);
    return payment->verdict;
}

static int64_t kept(struct spaces *spaces)
{
    return spaces_count(spaces, "SELECT COUNT(*) FROM payments");
}

static void test_payment__confirms_and_mails_the_ticket(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed order = spaces_purchase(spaces, 2);
    spaces_must(spaces, &order);
    struct payment payment = payment_for(spaces, &order, "evt_1");
    assert_int_equal(receive(spaces, &payment), PAYMENT_CONFIRMED);
    assert_int_equal(payment.deed.ticket.status, TICKET_CONFIRMED);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM mail_outbox WHERE kind = 'ticket_confirmed'"),
                     1);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM audit_log WHERE action = 'payment.received'"),
                     1);
    assert_false(payment.is_repeated);
}

static void test_payment__the_same_event_does_nothing_more(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed order = spaces_purchase(spaces, 1), other = spaces_purchase(spaces, 1);
    spaces_must(spaces, &order);
    spaces_must(spaces, &other);
    struct payment payment = payment_for(spaces, &order, "evt_1");
    receive(spaces, &payment);
    int64_t deeds = spaces_count(spaces, "SELECT COUNT(*) FROM audit_log");
    payment = payment_for(spaces, &order, "evt_1");
    assert_int_equal(receive(spaces, &payment), PAYMENT_CONFIRMED);
    assert_true(payment.is_repeated);
    payment = payment_for(spaces, &other, "evt_1");
    assert_int_equal(receive(spaces, &payment), PAYMENT_CLASH);
    assert_int_equal(kept(spaces), 1);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM audit_log"), deeds);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM tickets WHERE status = 'confirmed'"), 1);
}

static void test_payment__of_another_amount_is_none(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed order = spaces_purchase(spaces, 1);
    spaces_must(spaces, &order);
    struct payment less = payment_for(spaces, &order, "evt_1"), money = less, unknown = less;
    less.amount--;
    money.currency = STR("USD");
    memset(unknown.hash, 0, sizeof unknown.hash);
    assert_int_equal(receive(spaces, &less), PAYMENT_MISMATCH);
    assert_int_equal(receive(spaces, &money), PAYMENT_MISMATCH);
    assert_int_equal(receive(spaces, &unknown), PAYMENT_UNKNOWN);
    assert_int_equal(kept(spaces), 0);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM audit_log"), 1);
}

static void test_payment__that_nobody_waits_for_is_kept(void **state)
{
    struct spaces *spaces = *state;
    struct ticket_deed order = spaces_purchase(spaces, 1);
    spaces_must(spaces, &order);
    struct ticket_deed cancel = spaces_deed(spaces, &order.ticket, NOON);
    assert_int_equal(ticket_cancel(spaces->fixture->conn, spaces->fixture->arena, &cancel), STORAGE_OK);
    for (int i = 0; i < 2; i++) {
        struct payment payment = payment_for(spaces, &order, "evt_1");
        assert_int_equal(receive(spaces, &payment), PAYMENT_UNMATCHED);
        assert_int_equal(payment.is_repeated, i == 1);
    }
    assert_int_equal(kept(spaces), 1);
    assert_int_equal(
        spaces_count(spaces, "SELECT COUNT(*) FROM audit_log WHERE action = 'payment.unmatched'"), 1);
    assert_int_equal(spaces_count(spaces, "SELECT taken FROM day_pass_days"), 0);
}

static struct ticket_deed wanted;

static bool tell(struct spaces *spaces, struct db_conn *conn, struct arena *arena, int number)
{
    (void)number;
    struct payment payment = payment_for(spaces, &wanted, "evt_1");
    assert_int_equal(payment_receive(conn, arena, &payment), STORAGE_OK);
    assert_int_equal(payment.verdict, PAYMENT_CONFIRMED);
    return !payment.is_repeated;
}

static void test_crowd__one_event_is_told_once(void **state)
{
    struct spaces *spaces = *state;
    wanted = spaces_purchase(spaces, 1);
    spaces_must(spaces, &wanted);
    assert_int_equal(spaces_crowd(spaces, 100, tell), 1);
    assert_int_equal(kept(spaces), 1);
    assert_int_equal(spaces_count(spaces, "SELECT COUNT(*) FROM audit_log WHERE action = 'payment.received'"),
                     1);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_signature__of_these_bytes_at_this_time),
        TEST(test_signature__anything_else),
        TEST(test_payment__confirms_and_mails_the_ticket),
        TEST(test_payment__the_same_event_does_nothing_more),
        TEST(test_payment__of_another_amount_is_none),
        TEST(test_payment__that_nobody_waits_for_is_kept),
        TEST(test_crowd__one_event_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
