#include "open.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend_postgres/driver.h"
#include "backend_sqlite/driver.h"
#include "base/json.h"
#include "base/log.h"
#include "base/random.h"

void bench_die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, why);
    exit(1);
}

struct db *bench_open(const char *path, struct arena *arena, struct config **ret_config)
{
    struct db *db;
    struct storage_error error;
    struct config_error config_error;
    random_init();
    json_init();
    log_set_level(LOG_ERROR);
    struct config *config = config_load(path, &config_error);
    if (!config)
        bench_die(path, config_error.text);
    bool sqlite = str_equal(config->storage.driver, STR("sqlite"));
    struct storage_setting setting = { sqlite ? "path" : "conninfo",
                                       arena_cstr(arena, sqlite ? config->storage.sqlite_path
                                                                : config->storage.postgres_conninfo) };
    db_register_driver(&sqlite_driver);
    db_register_driver(&postgres_driver);
    if (db_open(arena_cstr(arena, config->storage.driver), &setting, 1, &db, &error) != STORAGE_OK)
        bench_die("the database", error.text);
    *ret_config = config;
    return db;
}
