#include "cli/store.h"

#include <unistd.h>

#include "tenancy/tenant.h"

#define MAX_SETTINGS 32
#define NOT_SET_UP   "The database is not set up yet; run: tether init --config %s --email ADDRESS"

/* "key=value" rows of the configuration's section for a driver from elsewhere. */
static size_t module_settings(const struct config *config, struct arena *arena, struct storage_setting *ret)
{
    size_t n = 0;
    for (; n < config->storage.module_settings.n && n < MAX_SETTINGS; n++) {
        struct str key, value;
        str_split(config->storage.module_settings.at[n], '=', &key, &value);
        ret[n] = (struct storage_setting){ arena_cstr(arena, key), arena_cstr(arena, value) };
    }
    return n;
}

/* One process owns an SQLite file; who only reads takes nothing away from it. */
static size_t sqlite_settings(const struct config *config, bool only_reads, struct arena *arena,
                              struct storage_setting *ret)
{
    ret[0] = (struct storage_setting){ "path", arena_cstr(arena, config->storage.sqlite_path) };
    ret[1] = (struct storage_setting){ "access", only_reads ? "read" : "own" };
    return 2;
}

static size_t settings_of(const struct config *config, bool only_reads, struct arena *arena,
                          struct storage_setting *ret)
{
    struct str driver = config->storage.driver;
    if (str_equal(driver, STR("sqlite")))
        return sqlite_settings(config, only_reads, arena, ret);
    if (!str_equal(driver, STR("postgres")))
        return module_settings(config, arena, ret);
    ret[0] = (struct storage_setting){ "conninfo", arena_cstr(arena, config->storage.postgres_conninfo) };
    return 1;
}

enum storage_status store_open_db(const struct config *config, bool only_reads, struct arena *arena,
                                  struct db **ret, struct storage_error *error)
{
    struct storage_setting settings[MAX_SETTINGS];
    size_t n = settings_of(config, only_reads, arena, settings);
    return db_open(arena_cstr(arena, config->storage.driver), settings, n, ret, error);
}

/* What a failure means to the person at the terminal. */
static const char *meaning(enum storage_status status)
{
    switch (status) {
    case STORAGE_GONE:
        return "the database cannot be reached";
    case STORAGE_BUSY:
        return "the database is locked by another program";
    case STORAGE_FULL:
        return "the database cannot be written";
    case STORAGE_UNCERTAIN:
        return "the connection was lost while saving, so it may or may not have happened";
    default:
        return "the database refused";
    }
}

int store_fail(struct cli *cli, enum storage_status status, const char *doing)
{
    const char *why = cli->conn ? db_error(cli->conn) : "";
    return cli_fail("Cannot %s: %s%s%s%s.", doing, meaning(status), *why ? " (" : "", why, *why ? ")" : "");
}

static enum storage_status check_version(struct db_conn *conn, const struct db *db, const char *config_path,
                                         char *text, size_t cap)
{
    int version = 0, newest = db_schema_newest(db);
    enum storage_status status = db_schema_version(conn, &version);
    if (status != STORAGE_OK || version == newest)
        return status;
    if (version == 0)
        snprintf(text, cap, NOT_SET_UP, config_path);
    else if (version < newest)
        snprintf(
            text, cap,
            "The database has schema version %d and this program needs %d; run: tether migrate --config %s",
            version, newest, config_path);
    else
        snprintf(text, cap,
                 "The database has schema version %d, and this program only knows versions up to %d; run a "
                 "newer tether",
                 version, newest);
    return STORAGE_DONE;
}

enum storage_status store_check_schema(struct db_conn *conn, const struct db *db, struct arena *arena,
                                       const char *config_path, bool needs_root, char *text, size_t cap)
{
    enum storage_status status = check_version(conn, db, config_path, text, cap);
    if (status != STORAGE_OK || !needs_root)
        return status;
    struct tenant root;
    status = tenant_root(conn, arena, &root);
    if (status == STORAGE_ROW)
        return STORAGE_OK;
    if (status == STORAGE_DONE)
        snprintf(text, cap,
                 "The database has no root tenant yet; run: tether init --config %s --email ADDRESS",
                 config_path);
    return status;
}

static int load_config(struct cli *cli)
{
    struct config_error error;
    cli->config = config_load(cli->config_path, &error);
    if (!cli->config)
        return cli_fail("%s", error.text);
    return CLI_OK;
}

static bool file_is_missing(const struct config *config, struct arena *arena)
{
    return str_equal(config->storage.driver, STR("sqlite")) &&
           access(arena_cstr(arena, config->storage.sqlite_path), F_OK) != 0;
}

static int open_database(struct cli *cli)
{
    struct storage_error error = { STORAGE_OK, "" };
    bool only_reads = cli->command->only_reads;
    if (only_reads && file_is_missing(cli->config, cli->arena))
        return cli_fail(NOT_SET_UP, cli->config_path);
    enum storage_status status = store_open_db(cli->config, only_reads, cli->arena, &cli->db, &error);
    if (status != STORAGE_OK)
        return cli_fail("Cannot open the database: %s.", error.text);
    cli->conn = db_connect(cli->db);
    status = db_ping(cli->conn);
    return status == STORAGE_OK ? CLI_OK : store_fail(cli, status, "open the database");
}

static int check_schema(struct cli *cli, bool needs_root)
{
    char text[600];
    enum storage_status status =
        store_check_schema(cli->conn, cli->db, cli->arena, cli->config_path, needs_root, text, sizeof(text));
    /* Whether an empty database is empty can only be told by writing to it. */
    if (status == STORAGE_INVALID && cli->command->only_reads)
        return cli_fail(NOT_SET_UP, cli->config_path);
    if (status == STORAGE_OK)
        return CLI_OK;
    if (status == STORAGE_DONE)
        return cli_fail("%s", text);
    return store_fail(cli, status, "read the schema's version");
}

int store_open(struct cli *cli, enum store_level level)
{
    int code = load_config(cli);
    if (code != CLI_OK || level < STORE_DATABASE)
        return code;
    /* What goes wrong is said in one sentence by the sub-command; log lines beside it would only confuse. */
    log_set_format(LOG_TEXT);
    log_set_level(LOG_ERROR);
    code = open_database(cli);
    if (code != CLI_OK || level < STORE_SCHEMA)
        return code;
    return check_schema(cli, level >= STORE_INITIALISED);
}

void store_close(struct cli *cli)
{
    if (cli->conn)
        db_disconnect(&cli->conn);
    if (cli->db)
        db_close(&cli->db);
    if (cli->config)
        config_free(&cli->config);
}
