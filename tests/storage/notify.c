/* Notifications: heard when the transaction commits, never otherwise. Drivers without the capability answer
 * OK. */
#include "conformance.h"

#define WAIT_MS 3000

static bool has_notify(void)
{
    return (suite.driver->caps & STORAGE_CAP_NOTIFY) != 0;
}

static void send(struct storage_conn *conn, const char *payload)
{
    assert_status(suite.driver->begin(conn, STORAGE_WRITE), STORAGE_OK);
    assert_status(suite.driver->notify(conn, "conf_channel", payload), STORAGE_OK);
}

static struct storage_listener *listen_now(struct storage_db *db)
{
    struct storage_listener *listener = NULL;
    struct storage_error error = { STORAGE_OK, "" };
    if (suite.driver->listen(db, "conf_channel", &listener, &error) != STORAGE_OK)
        fail_msg("%s", error.text);
    return listener;
}

static void assert_hears(struct storage_listener *listener, const char *expected)
{
    char payload[256];
    assert_status(suite.driver->wait(listener, WAIT_MS, payload, sizeof(payload)), STORAGE_ROW);
    assert_string_equal(payload, expected);
}

static void test_notify__is_ok_inside_a_write_transaction_only(void **state)
{
    struct raw *raw = *state;
    send(raw->conn, "x");
    assert_status(suite.driver->commit(raw->conn), STORAGE_OK);
    assert_int_not_equal(suite.driver->notify(raw->conn, "conf_channel", "x"), STORAGE_OK);
}

static void test_notify__is_heard_after_commit_in_order(void **state)
{
    struct raw *raw = *state;
    if (!has_notify())
        skip();
    struct storage_listener *listener = listen_now(raw->db);
    char payload[256];
    send(raw->conn, "one");
    assert_status(suite.driver->wait(listener, 100, payload, sizeof(payload)), STORAGE_DONE);
    assert_status(suite.driver->notify(raw->conn, "conf_channel", "two"), STORAGE_OK);
    assert_status(suite.driver->commit(raw->conn), STORAGE_OK);
    assert_hears(listener, "one");
    assert_hears(listener, "two");
    assert_status(suite.driver->wait(listener, 50, payload, sizeof(payload)), STORAGE_DONE);
    suite.driver->unlisten(listener);
}

static void test_notify__a_rollback_sends_nothing(void **state)
{
    struct raw *raw = *state;
    if (!has_notify())
        skip();
    struct storage_listener *listener = listen_now(raw->db);
    send(raw->conn, "never");
    suite.driver->rollback(raw->conn);
    send(raw->conn, "marker");
    assert_status(suite.driver->commit(raw->conn), STORAGE_OK);
    assert_hears(listener, "marker");
    suite.driver->unlisten(listener);
}

static void test_notify__other_channels_are_not_heard(void **state)
{
    struct raw *raw = *state;
    if (!has_notify())
        skip();
    struct storage_listener *listener = listen_now(raw->db);
    assert_status(suite.driver->begin(raw->conn, STORAGE_WRITE), STORAGE_OK);
    assert_status(suite.driver->notify(raw->conn, "conf_elsewhere", "no"), STORAGE_OK);
    assert_status(suite.driver->notify(raw->conn, "conf_channel", "yes"), STORAGE_OK);
    assert_status(suite.driver->commit(raw->conn), STORAGE_OK);
    assert_hears(listener, "yes");
    suite.driver->unlisten(listener);
}

static void test_notify__payloads_of_200_bytes_fit(void **state)
{
    struct raw *raw = *state;
    if (!has_notify())
        skip();
    char text[201];
    memset(text, 'p', 200);
    text[10] = '\'';
    text[11] = '"';
    text[12] = '\\';
    text[200] = '\0';
    struct storage_listener *listener = listen_now(raw->db);
    send(raw->conn, text);
    assert_status(suite.driver->commit(raw->conn), STORAGE_OK);
    assert_hears(listener, text);
    suite.driver->unlisten(listener);
}

static const struct CMUnitTest tests[] = {
    RAW_CASE(test_notify__is_ok_inside_a_write_transaction_only),
    RAW_CASE(test_notify__is_heard_after_commit_in_order),
    RAW_CASE(test_notify__a_rollback_sends_nothing),
    RAW_CASE(test_notify__other_channels_are_not_heard),
    RAW_CASE(test_notify__payloads_of_200_bytes_fit),
};
GROUP(notify_group, "notify", tests);
