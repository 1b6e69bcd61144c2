/* The setting `conninfo` → the keywords and values that every connection is made with.
 *
 * Three layers: defaults of ours that an operator may override, what the operator wrote, and what must hold.
 * The conninfo may hold a password, so no text of it goes into an error: libpq's parser quotes what it
 * stumbles over. */
#include "internal.h"

#include <sys/random.h>

struct pair {
    const char *keyword;
    const char *value;
};

static const struct pair defaults[] = {
    { "fallback_application_name", "tether" },
    { "connect_timeout", "5" },
    /* A peer that vanished is noticed within seconds even where nobody waits for an answer: the listener. */
    { "keepalives", "1" },
    { "keepalives_idle", "5" },
    { "keepalives_interval", "2" },
    { "keepalives_count", "3" },
    { "tcp_user_timeout", "10000" },
    /* Asking a Kerberos server would block, outside of any deadline. */
    { "gssencmode", "disable" },
};

/* With several hosts: the one that takes writes. */
static const struct pair several_hosts = { "target_session_attrs", "read-write" };
static const struct pair forced = { "client_encoding", "UTF8" };

static enum storage_status refuse(struct storage_error *error, const char *text)
{
    error->status = STORAGE_INVALID;
    snprintf(error->text, sizeof(error->text), "%s", text);
    return STORAGE_INVALID;
}

static const char *find_setting(const struct storage_setting *settings, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(settings[i].key, key) == 0)
            return settings[i].value;
    }
    return NULL;
}

static bool names_several_hosts(const PQconninfoOption *options)
{
    for (; options->keyword; options++) {
        bool is_host = strcmp(options->keyword, "host") == 0 || strcmp(options->keyword, "hostaddr") == 0;
        if (is_host && options->val && strchr(options->val, ','))
            return true;
    }
    return false;
}

static void add_pair(struct storage_db *db, size_t *n, struct pair pair)
{
    db->keywords[*n] = pair.keyword;
    db->values[*n] = pair.value;
    ++*n;
}

/* Where a keyword comes twice, libpq takes the last. */
static void layer_keywords(struct storage_db *db)
{
    size_t count = sizeof(defaults) / sizeof(defaults[0]) + 3;
    for (const PQconninfoOption *o = db->given; o->keyword; o++)
        count++;
    db->keywords = postgres_allocate(count * sizeof(*db->keywords));
    db->values = postgres_allocate(count * sizeof(*db->values));

    size_t n = 0;
    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        add_pair(db, &n, defaults[i]);
    if (names_several_hosts(db->given))
        add_pair(db, &n, several_hosts);
    for (const PQconninfoOption *o = db->given; o->keyword; o++) {
        if (o->val)
            add_pair(db, &n, (struct pair){ o->keyword, o->val });
    }
    add_pair(db, &n, forced);
}

static bool choose_name_prefix(struct storage_db *db)
{
    uint64_t random;
    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return false;
    snprintf(db->name_prefix, sizeof(db->name_prefix), "tether_%016llx", (unsigned long long)random);
    return true;
}

enum storage_status postgres_open(const struct storage_setting *settings, size_t n, struct storage_db **ret,
                                  struct storage_error *error)
{
    const char *conninfo = find_setting(settings, n, "conninfo");
    if (!conninfo)
        return refuse(error, "conninfo is missing");
    PQconninfoOption *given = PQconninfoParse(conninfo, NULL);
    if (!given)
        return refuse(error, "conninfo is not a PostgreSQL connection string "
                             "(host=/run/postgresql dbname=tether, or postgresql://user@host/tether)");

    struct storage_db *db = postgres_allocate(sizeof(*db));
    db->given = given;
    layer_keywords(db);
    if (!choose_name_prefix(db)) {
        postgres_close(db);
        return refuse(error, "the system has no randomness");
    }
    *ret = db;
    return STORAGE_OK;
}

void postgres_close(struct storage_db *db)
{
    PQconninfoFree(db->given);
    free(db->keywords);
    free(db->values);
    free(db);
}
