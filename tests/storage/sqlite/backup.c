/* Backups: whole, checked, of one moment, while writers go on. */
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "sqlite_suite.h"

static enum storage_status move(struct db_conn *conn, void *context)
{
    (void)context;
    enum storage_status s = db_exec(conn, "UPDATE conf_counter SET n = n + 1 WHERE id = 1", DB_NO_ARGS, NULL);
    return s == STORAGE_OK ? db_exec(conn, "UPDATE conf_counter SET n = n - 1 WHERE id = 2", DB_NO_ARGS, NULL)
                           : s;
}

struct load {
    atomic_bool stop;
    atomic_int moved;
    atomic_int failed;
};

#define BACKUPS 4

static void back_up_or_move(struct db_conn *conn, int number, void *context)
{
    struct load *load = context;
    while (number > 0 && !atomic_load(&load->stop))
        atomic_fetch_add(
            db_transaction(conn, STORAGE_WRITE, move, NULL) == STORAGE_OK ? &load->moved : &load->failed, 1);
    if (number > 0)
        return;
    for (int i = 0; i < BACKUPS; i++) {
        char name[16];
        char path[256];
        struct storage_error error;
        snprintf(name, sizeof(name), "copy%d", i);
        snprintf(path, sizeof(path), "%s", folder_path(name));
        int before = atomic_load(&load->moved);
        while (atomic_load(&load->moved) < before + 5 && !atomic_load(&load->failed))
            usleep(500);
        if (db_backup(conn, path, &error) != STORAGE_OK)
            atomic_fetch_add(&load->failed, 1);
    }
    atomic_store(&load->stop, true);
}

static void test_backup__is_of_one_moment_under_load(void **state)
{
    struct fixture *fixture = *state;
    struct load load = { 0 };
    char answer[64];
    long last = 0;
    assert_status(
        db_write(fixture->conn, "INSERT INTO conf_counter (id, n) VALUES (1, 0), (2, 0)", DB_NO_ARGS),
        STORAGE_OK);
    run_threads(fixture->db, 5, back_up_or_move, &load);
    assert_int_equal(load.failed, 0);
    for (int i = 0; i < BACKUPS; i++) {
        char name[16];
        snprintf(name, sizeof(name), "copy%d", i);
        query_file(folder_path(name), "PRAGMA integrity_check", answer, sizeof(answer));
        assert_string_equal(answer, "ok");
        query_file(folder_path(name), "SELECT SUM(n) FROM conf_counter", answer, sizeof(answer));
        assert_string_equal(answer, "0");
        query_file(folder_path(name), "SELECT n FROM conf_counter WHERE id = 1", answer, sizeof(answer));
        long n = strtol(answer, NULL, 10);
        assert_true(n >= last + 5); /* what was acknowledged before it began is in it */
        last = n;
    }
}

static void assert_refused(struct db_conn *conn, const char *path, enum storage_status expected,
                           const char *text)
{
    struct storage_error error = { STORAGE_OK, "" };
    assert_status(db_backup(conn, path, &error), expected);
    if (!strstr(error.text, text))
        fail_msg("\"%s\" does not say \"%s\"", error.text, text);
}

static void test_backup__replaces_nothing_and_leaves_no_half(void **state)
{
    struct fixture *fixture = *state;
    struct storage_error error;
    struct stat st;
    char path[256];
    snprintf(path, sizeof(path), "%s", folder_path("copy"));
    assert_status(db_backup(fixture->conn, path, &error), STORAGE_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_refused(fixture->conn, path, STORAGE_INVALID, "exists already");
    assert_refused(fixture->conn, folder_path("missing/copy"), STORAGE_ERROR, "No such file");
    disk_fail(3, DISK_WRITE, SQLITE_FULL, true);
    enum storage_status s = db_backup(fixture->conn, folder_path("second"), &error);
    disk_fail(0, 0, SQLITE_OK, false);
    assert_status(s, STORAGE_FULL);
    assert_int_equal(access(folder_path("second"), F_OK), -1);
    assert_int_equal(access(folder_path("second.part"), F_OK), -1);
    assert_int_equal(access(folder_path("copy.part"), F_OK), -1);
    assert_int_equal(access(folder_path("copy-wal"), F_OK), -1);
    assert_status(db_backup(fixture->conn, folder_path("second"), &error), STORAGE_OK);
}

static void test_backup__opens_as_a_database(void **state)
{
    struct fixture *fixture = *state;
    struct storage_error error;
    struct db *copy = NULL;
    assert_status(db_write(fixture->conn, "INSERT INTO conf_item (id, name) VALUES (1, 'kept')", DB_NO_ARGS),
                  STORAGE_OK);
    assert_status(db_backup(fixture->conn, folder_path("copy"), &error), STORAGE_OK);
    assert_status(open_path(folder_path("copy"), NULL, &copy, &error), STORAGE_OK);
    struct db_conn *conn = db_connect(copy);
    assert_int_equal(db_read_int(conn, "SELECT COUNT(*) FROM conf_item WHERE name = 'kept'", DB_NO_ARGS), 1);
    assert_status(db_write(conn, "DELETE FROM conf_item", DB_NO_ARGS), STORAGE_OK);
    db_disconnect(&conn);
    db_close(&copy);
    assert_int_equal(db_read_int(fixture->conn, "SELECT COUNT(*) FROM conf_item", DB_NO_ARGS), 1);
}

static void test_backup__ends_at_the_deadline(void **state)
{
    struct fixture *fixture = *state;
    assert_status(db_ping(fixture->conn), STORAGE_OK);
    db_set_deadline(fixture->conn, clock_monotonic_ms() - 1);
    assert_refused(fixture->conn, folder_path("copy"), STORAGE_GONE, "deadline");
    assert_int_equal(access(folder_path("copy"), F_OK), -1);
    assert_int_equal(access(folder_path("copy.part"), F_OK), -1);
}

static const struct CMUnitTest tests[] = {
    FOLDER_DB_CASE(test_backup__is_of_one_moment_under_load),
    FOLDER_DB_CASE(test_backup__replaces_nothing_and_leaves_no_half),
    FOLDER_DB_CASE(test_backup__opens_as_a_database),
    FOLDER_DB_CASE(test_backup__ends_at_the_deadline),
};
GROUP(backup_group, "backup", tests);
