/* Is a driver's table complete? Asked before a driver is used, so that no later call meets a missing entry.
 */
#include "storage/internal.h"

#define NAME_MAX_LENGTH 32

struct entry {
    size_t offset;
    const char *name;
};

#define ENTRY(name)                                                                                          \
    {                                                                                                        \
        offsetof(struct storage_driver, name), #name                                                         \
    }

static const struct entry needed_entries[] = {
    ENTRY(settings), ENTRY(open),        ENTRY(close),  ENTRY(connect), ENTRY(disconnect), ENTRY(ping),
    ENTRY(deadline), ENTRY(error),       ENTRY(begin),  ENTRY(commit),  ENTRY(rollback),   ENTRY(prepare),
    ENTRY(finalize), ENTRY(run),         ENTRY(step),   ENTRY(reset),   ENTRY(column),     ENTRY(changes),
    ENTRY(script),   ENTRY(lock_schema), ENTRY(notify),
};

static const struct entry notify_entries[] = { ENTRY(listen), ENTRY(wait), ENTRY(unlisten) };

/* Every entry is a pointer, and on every system this runs on all of them are NULL alike. */
static const char *missing_entry(const struct storage_driver *driver, const struct entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        void *pointer;
        memcpy(&pointer, (const char *)driver + entries[i].offset, sizeof(pointer));
        if (!pointer)
            return entries[i].name;
    }
    return NULL;
}

#define MISSING(driver, entries) missing_entry((driver), (entries), sizeof(entries) / sizeof((entries)[0]))

static bool name_is_good(const char *name)
{
    size_t n = name ? strlen(name) : 0;
    return n > 0 && n <= NAME_MAX_LENGTH && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

static bool migrations_are_good(const struct storage_driver *driver, struct storage_error *error)
{
    for (size_t i = 0; i < driver->migration_count; i++) {
        const struct storage_migration *m = &driver->migrations[i];
        if (m->version != (int)i + 1 || !m->name || !m->sql) {
            error_set(error, STORAGE_ERROR,
                      "driver %s: migration %d stands where %d with a name and SQL should", driver->name,
                      m->version, (int)i + 1);
            return false;
        }
    }
    return true;
}

bool driver_check(const struct storage_driver *driver, struct storage_error *error)
{
    if (driver->abi != TETHER_STORAGE_ABI) {
        error_set(error, STORAGE_ERROR, "the driver was built for storage ABI %u, this program has %u",
                  (unsigned)driver->abi, (unsigned)TETHER_STORAGE_ABI);
        return false;
    }
    if (!name_is_good(driver->name)) {
        error_set(error, STORAGE_ERROR, "the driver's name must be 1 to %d of a-z 0-9 _ -", NAME_MAX_LENGTH);
        return false;
    }
    const char *missing = MISSING(driver, needed_entries);
    if (!missing && (driver->caps & STORAGE_CAP_NOTIFY))
        missing = MISSING(driver, notify_entries);
    if (!missing && driver->migration_count > 0 && !driver->migrations)
        missing = "migrations";
    if (missing) {
        error_set(error, STORAGE_ERROR, "driver %s: the entry \"%s\" is missing", driver->name, missing);
        return false;
    }
    return migrations_are_good(driver, error);
}
