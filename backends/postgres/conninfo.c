/* The setting `conninfo` → the keywords and values that connections are made with, one set per server it
 * names: libpq would wait for a silent server for as long as the kernel does, and never come to the next one.
 *
 * Three layers: defaults of ours that an operator may override, what the operator wrote, and what must hold.
 * The conninfo may hold a password, so no text of it goes into an error: libpq's parser quotes what it
 * stumbles over. */
#include "internal.h"

#include <sys/random.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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

/* With several servers: the one that takes writes. */
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

static const char *given_value(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword; options++) {
        if (strcmp(options->keyword, keyword) == 0)
            return options->val;
    }
    return NULL;
}

static unsigned count_items(const char *list)
{
    unsigned count = list ? 1 : 0;
    for (; list && *list; list++)
        count += *list == ',';
    return count;
}

/* A copy of the n-th item; a list of one is everybody's. */
static char *copy_item(const char *list, unsigned n)
{
    if (count_items(list) > 1) {
        for (; n > 0; n--)
            list = strchr(list, ',') + 1;
    }
    char *item = strndup(list, strcspn(list, ","));
    if (!item)
        abort();
    return item;
}

/* The keywords that name a server; their values may be lists. */
static const char *const server_keywords[] = { "host", "hostaddr", "port" };

/* False when the lists do not belong together. */
static bool count_candidates(const PQconninfoOption *given, unsigned *ret)
{
    unsigned hosts = count_items(given_value(given, "host"));
    unsigned addresses = count_items(given_value(given, "hostaddr"));
    unsigned ports = count_items(given_value(given, "port"));
    *ret = hosts > addresses ? hosts : addresses;
    if (*ret == 0)
        *ret = 1; /* libpq's default */
    return (hosts == 0 || addresses == 0 || hosts == addresses) && (ports <= 1 || ports == *ret);
}

static void add_pair(struct candidate *candidate, size_t *n, const char *keyword, const char *value)
{
    candidate->keywords[*n] = keyword;
    candidate->values[*n] = value;
    ++*n;
}

static const char *value_for(struct candidate *candidate, const PQconninfoOption *option, unsigned index)
{
    for (size_t i = 0; i < COUNT(server_keywords); i++) {
        if (strcmp(option->keyword, server_keywords[i]) == 0)
            return candidate->owned[i] = copy_item(option->val, index);
    }
    return option->val;
}

/* Where a keyword comes twice, libpq takes the last. */
static void fill_candidate(struct storage_db *db, unsigned index)
{
    struct candidate *candidate = &db->candidates[index];
    size_t count = COUNT(defaults) + 3;
    for (const PQconninfoOption *o = db->given; o->keyword; o++)
        count++;
    candidate->keywords = postgres_allocate(count * sizeof(*candidate->keywords));
    candidate->values = postgres_allocate(count * sizeof(*candidate->values));

    size_t n = 0;
    for (size_t i = 0; i < COUNT(defaults); i++)
        add_pair(candidate, &n, defaults[i].keyword, defaults[i].value);
    if (db->candidate_count > 1)
        add_pair(candidate, &n, several_hosts.keyword, several_hosts.value);
    for (const PQconninfoOption *o = db->given; o->keyword; o++) {
        if (o->val)
            add_pair(candidate, &n, o->keyword, value_for(candidate, o, index));
    }
    add_pair(candidate, &n, forced.keyword, forced.value);
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
    if (!count_candidates(given, &db->candidate_count)) {
        postgres_close(db);
        return refuse(error, "conninfo: host, hostaddr and port do not have the same number of entries");
    }
    db->candidates = postgres_allocate(db->candidate_count * sizeof(*db->candidates));
    for (unsigned i = 0; i < db->candidate_count; i++)
        fill_candidate(db, i);
    if (!choose_name_prefix(db)) {
        postgres_close(db);
        return refuse(error, "the system has no randomness");
    }
    *ret = db;
    return STORAGE_OK;
}

void postgres_close(struct storage_db *db)
{
    for (unsigned i = 0; db->candidates && i < db->candidate_count; i++) {
        struct candidate *candidate = &db->candidates[i];
        for (size_t j = 0; j < COUNT(candidate->owned); j++)
            free(candidate->owned[j]);
        free(candidate->keywords);
        free(candidate->values);
    }
    free(db->candidates);
    PQconninfoFree(db->given);
    free(db);
}
