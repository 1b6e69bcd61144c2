/* Choosing and opening a driver: the compiled-in ones are registered by main() and by tests, others are
 * loaded. */
#include <dlfcn.h>

#include "storage/internal.h"

#define DRIVERS_MAX 8

static const struct storage_driver *drivers[DRIVERS_MAX];
static size_t driver_count;

static const struct storage_driver *find_driver(const char *name)
{
    for (size_t i = 0; i < driver_count; i++)
        if (strcmp(drivers[i]->name, name) == 0)
            return drivers[i];
    return NULL;
}

void db_register_driver(const struct storage_driver *driver)
{
    struct storage_error flaw = { STORAGE_ERROR, "too many drivers" };
    if (driver_count < DRIVERS_MAX && driver_check(driver, &flaw)) {
        if (!find_driver(driver->name)) {
            drivers[driver_count++] = driver;
            return;
        }
        error_set(&flaw, STORAGE_ERROR, "driver %s is registered already", driver->name);
    }
    fprintf(stderr, "storage: %s\n", flaw.text);
    abort();
}

static enum storage_status unknown_driver(const char *name, struct storage_error *error)
{
    char known[160] = "";
    size_t len = 0;
    for (size_t i = 0; i < driver_count && len < sizeof(known); i++)
        len += (size_t)snprintf(known + len, sizeof(known) - len, "%s, ", drivers[i]->name);
    return error_set(error, STORAGE_INVALID,
                     "storage.driver: \"%.64s\" is not known; known are %sor the path of a module", name,
                     known);
}

static bool knows_setting(const struct storage_driver *driver, const char *key)
{
    for (const char *const *known = driver->settings; *known; known++)
        if (strcmp(*known, key) == 0)
            return true;
    return false;
}

static enum storage_status check_settings(const struct storage_driver *driver,
                                          const struct storage_setting *settings, size_t n,
                                          struct storage_error *error)
{
    for (size_t i = 0; i < n; i++) {
        if (!knows_setting(driver, settings[i].key))
            return error_set(error, STORAGE_INVALID, "storage driver %s: it has no setting \"%.64s\"",
                             driver->name, settings[i].key);
        for (size_t j = 0; j < i; j++)
            if (strcmp(settings[i].key, settings[j].key) == 0)
                return error_set(error, STORAGE_INVALID,
                                 "storage driver %s: the setting \"%.64s\" is given twice", driver->name,
                                 settings[i].key);
    }
    return STORAGE_OK;
}

enum storage_status db_open_driver(const struct storage_driver *driver,
                                   const struct storage_setting *settings, size_t n, struct db **ret,
                                   struct storage_error *error)
{
    if (!driver_check(driver, error))
        return STORAGE_ERROR;
    enum storage_status s = check_settings(driver, settings, n, error);
    if (s != STORAGE_OK)
        return s;
    struct storage_db *inner = NULL;
    s = driver->open(settings, n, &inner, error);
    if (s != STORAGE_OK)
        return s;
    struct db *db = calloc(1, sizeof(*db));
    if (!db)
        abort();
    db->driver = driver;
    db->inner = inner;
    changes_open(db);
    *ret = db;
    return STORAGE_OK;
}

enum storage_status db_open(const char *name, const struct storage_setting *settings, size_t n,
                            struct db **ret, struct storage_error *error)
{
    void *module = NULL;
    const struct storage_driver *driver = NULL;
    if (strchr(name, '/')) {
        enum storage_status s = module_load(name, &module, &driver, error);
        if (s != STORAGE_OK)
            return s;
    } else {
        driver = find_driver(name);
        if (!driver)
            return unknown_driver(name, error);
    }
    enum storage_status s = db_open_driver(driver, settings, n, ret, error);
    if (s == STORAGE_OK)
        (*ret)->module = module;
    else if (module)
        dlclose(module);
    return s;
}

void db_close(struct db **db)
{
    if (!*db)
        return;
    changes_close(*db);
    (*db)->driver->close((*db)->inner);
    if ((*db)->module)
        dlclose((*db)->module);
    free(*db);
    *db = NULL;
}

const struct storage_driver *db_driver(const struct db *db)
{
    return db->driver;
}
