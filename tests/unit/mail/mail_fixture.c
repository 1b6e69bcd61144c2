#include "mail_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define SERVER "tests/unit/mail/smtp_server.py"

static void start_server(struct post *post, const char *args)
{
    int out[2];
    char line[32] = "";
    struct str command =
        arena_printf(post->fixture->arena, "exec /usr/bin/python3 " SERVER " %s %s", post->folder, args);
    assert_int_equal(pipe(out), 0);
    post->server = fork();
    if (post->server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that is cut off leaves no server behind */
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        execl("/bin/sh", "sh", "-c", command.at, NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *from = fdopen(out[0], "r");
    assert_non_null(fgets(line, sizeof line, from));
    fclose(from);
    post->port = (int)strtol(line, NULL, 10);
    assert_true(post->port > 0);
}

static void open_rounds(struct post *post)
{
    char error[200];
    post->rounds = (struct mail_rounds){
        .config = post->config,
        .conn = db_connect(post->fixture->db),
        .transport = mail_transport(post->config->mail.transport),
        .stopping = &post->stopping,
        .swept_at = clock_now(),
    };
    post->rounds.post = post->rounds.transport->open(post->config, &post->stopping, error, sizeof error);
    assert_non_null(post->rounds.post);
}

struct post *post_new(const char *yaml, const char *server_args)
{
    char text[1024];
    struct post *post = calloc(1, sizeof *post);
    assert_non_null(post);
    json_init();
    log_set_level(LOG_ERROR + 1);
    snprintf(post->folder, sizeof post->folder, "/tmp/tether-mail-XXXXXX");
    assert_non_null(mkdtemp(post->folder));
    post->fixture = fixture_new();
    json_use_arena(post->fixture->arena);
    if (server_args)
        start_server(post, server_args);
    if (!yaml)
        yaml = "mail: { transport: smtp, directory: \"%s/out\", smtp: { url: \"smtp://127.0.0.1:%d\" } }\n";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof text, yaml, post->folder, post->port);
#pragma GCC diagnostic pop
    post->config = fixture_config(text);
    int64_t id = fixture_tenant(post->fixture, "acme", "free", false);
    assert_int_equal(tenant_by_id(post->fixture->conn, post->fixture->arena, id, &post->tenant), STORAGE_ROW);
    open_rounds(post);
    return post;
}

static void stop_server(struct post *post)
{
    if (post->server <= 0)
        return;
    kill(post->server, SIGTERM);
    waitpid(post->server, NULL, 0);
}

void post_free(struct post **post)
{
    struct str command = arena_printf((*post)->fixture->arena, "rm -rf %s", (*post)->folder);
    mail_rounds_end(&(*post)->rounds);
    (*post)->rounds.transport->close(&(*post)->rounds.post);
    db_disconnect(&(*post)->rounds.conn);
    stop_server(*post);
    assert_int_equal(system(command.at), 0);
    fixture_free(&(*post)->fixture);
    config_free(&(*post)->config);
    free(*post);
    *post = NULL;
    clock_shift_for_tests(0);
}

struct enqueuing {
    struct post *post;
    const char *to;
};

static enum storage_status enqueue(struct db_conn *conn, void *context)
{
    const struct enqueuing *e = context;
    const struct mail_value values[] = {
        { "inviter", STR("Jürgen <b>\r\nBcc: all@example.com") },
        { "role", STR("Member") },
        { "email", str_of(e->to) },
        { "expires", STR("22 November 2026") },
        { "link", STR("https://acme.example.com/invite/tti_abc") },
    };
    struct mail_new mail = { .kind = "invitation",
                             .tenant = &e->post->tenant,
                             .target_id = 7,
                             .to = str_of(e->to),
                             .values = values,
                             .n = sizeof values / sizeof values[0] };
    return mail_enqueue(conn, e->post->config, e->post->fixture->arena, &mail, clock_now());
}

struct str post_enqueue(struct post *post, const char *to)
{
    struct enqueuing e = { post, to };
    assert_int_equal(db_transaction(post->fixture->conn, STORAGE_WRITE, enqueue, &e), STORAGE_OK);
    return post_text(post, "SELECT message_id FROM mail_outbox ORDER BY id DESC LIMIT 1");
}

enum mail_round post_round(struct post *post)
{
    return mail_round(&post->rounds);
}

int64_t post_count(struct post *post, const char *sql)
{
    DB_ROWS(rows);
    assert_int_equal(db_first(post->fixture->conn, &rows, sql, DB_NO_ARGS), STORAGE_ROW);
    return db_col_int(&rows, 0);
}

struct str post_text(struct post *post, const char *sql)
{
    DB_ROWS(rows);
    assert_int_equal(db_first(post->fixture->conn, &rows, sql, DB_NO_ARGS), STORAGE_ROW);
    return db_col_text(&rows, 0, post->fixture->arena);
}

int post_taken(struct post *post)
{
    int n = 0;
    DIR *dir = opendir(post->folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        n += strstr(entry->d_name, ".json") != NULL;
    closedir(dir);
    return n;
}

struct str read_whole(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    char *data = arena_alloc(arena, 1 << 18);
    size_t n = fread(data, 1, (1 << 18) - 1, file);
    fclose(file);
    return str_from(data, n);
}

cJSON *post_record(struct post *post, int number)
{
    struct json_error error;
    cJSON *record;
    struct str path = arena_printf(post->fixture->arena, "%s/%d.json", post->folder, number);
    if (!json_parse(post->fixture->arena, read_whole(post->fixture->arena, path.at), &record, &error))
        fail_msg("%s: %s", path.at, error.text);
    return record;
}

const char *record_text(cJSON *record, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(record, name);
    if (!cJSON_IsString(item))
        fail_msg("no text: %s", name);
    return item->valuestring;
}
