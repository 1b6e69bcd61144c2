/* What was acknowledged survives the writer's sudden death.
 *
 * A child of this program commits rows from several threads and writes each id to a pipe once its commit has
 * returned OK. The parent kills it at a random moment, opens the database again and looks for every id it was
 * told. */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "conformance.h"

#define CHILD_THREADS 4
#define ACKS_MAX      4096

/* Two rows that must come together. */
static enum storage_status insert_pair(struct db_conn *conn, void *context)
{
    int64_t id = *(int64_t *)context;
    enum storage_status s =
        db_exec(conn, "INSERT INTO conf_item (id, n) VALUES ($1, $1)", DB_ARGS(db_int(id)), NULL);
    if (s != STORAGE_OK)
        return s;
    return db_exec(conn, "INSERT INTO conf_child (id, item, note) VALUES ($1, $1, 'pair')",
                   DB_ARGS(db_int(id)), NULL);
}

static void write_rows(struct db_conn *conn, int number, void *context)
{
    (void)context;
    for (int64_t i = 0;; i++) {
        int64_t id = i * CHILD_THREADS + number;
        if (db_transaction(conn, STORAGE_WRITE, insert_pair, &id) == STORAGE_OK &&
            write(STDOUT_FILENO, &id, sizeof(id)) != sizeof(id))
            _exit(1);
    }
}

int durability_child(void)
{
    struct db *db = suite_open(suite.driver);
    run_threads(db, CHILD_THREADS, write_rows, NULL);
    return 1; /* it is killed, it does not end */
}

static pid_t start_child(int *ret_read_fd)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) {
        close(fds[1]);
        *ret_read_fd = fds[0];
        return pid;
    }
    char **arguments = calloc((size_t)suite.argument_count + 2, sizeof(char *));
    memcpy(arguments, suite.arguments, sizeof(char *) * (size_t)suite.argument_count);
    arguments[suite.argument_count] = strdup("--child");
    dup2(fds[1], STDOUT_FILENO);
    close(fds[0]);
    close(fds[1]);
    execv("/proc/self/exe", arguments);
    _exit(127);
}

/* Reads acknowledgements, kills the child after a random number of them, reads the rest. */
static size_t read_acks(pid_t pid, int fd, int64_t *acks)
{
    uint8_t dice;
    random_bytes(&dice, sizeof(dice));
    size_t kill_at = 1 + dice;
    size_t n = 0;
    int64_t id;
    while (n < ACKS_MAX && read(fd, &id, sizeof(id)) == sizeof(id)) {
        acks[n++] = id;
        if (n == kill_at)
            kill(pid, SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(fd);
    return n;
}

static void check_rows(struct db_conn *conn, const int64_t *acks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_int_equal(
            db_read_int(conn,
                        "SELECT COUNT(*) FROM conf_item JOIN conf_child ON conf_child.item = conf_item.id "
                        "WHERE conf_item.id = $1",
                        DB_ARGS(db_int(acks[i]))),
            1);
    assert_int_equal(db_read_int(conn,
                                 "SELECT COUNT(*) FROM conf_item WHERE NOT EXISTS "
                                 "(SELECT 1 FROM conf_child WHERE conf_child.item = conf_item.id)",
                                 DB_NO_ARGS),
                     0);
}

static void test_durability__what_was_acknowledged_survives_kill_9(void **state)
{
    struct fixture *fixture = *state;
    static int64_t acks[ACKS_MAX];
    for (size_t i = 0; i < suite.setting_count; i++)
        if (strcmp(suite.settings[i].value, ":memory:") == 0)
            skip();
    for (int round = 0; round < suite.rounds; round++) {
        assert_status(db_write(fixture->conn, "DELETE FROM conf_child", DB_NO_ARGS), STORAGE_OK);
        assert_status(db_write(fixture->conn, "DELETE FROM conf_item", DB_NO_ARGS), STORAGE_OK);
        db_disconnect(&fixture->conn);
        db_close(&fixture->db);
        int fd = -1;
        pid_t pid = start_child(&fd);
        size_t n = read_acks(pid, fd, acks);
        assert_true(n > 0);
        fixture->db = suite_open(suite.driver);
        fixture->conn = db_connect(fixture->db);
        check_rows(fixture->conn, acks, n);
    }
}

static const struct CMUnitTest tests[] = { DB_CASE(test_durability__what_was_acknowledged_survives_kill_9) };
GROUP(durability_group, "durability", tests);
