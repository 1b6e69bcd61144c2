/* A database of its own with the schema in it, and configurations from a few lines of YAML.
 *
 * SQLite in memory; or, when TETHER_TEST_POSTGRES names a scratch database by its conninfo, PostgreSQL: each
 * fixture empties that database first. */
#ifndef TENANCY_FIXTURE_H
#define TENANCY_FIXTURE_H

#include "tenancy/tenant.h"

struct fixture {
    struct db *db;
    struct db_conn *conn;
    struct arena *arena;
};

struct fixture *fixture_new(void);
void fixture_free(struct fixture **fixture);

/* `yaml` is appended to the keys that must be there; aborts with the sentence when it is wrong. */
struct config *fixture_config(const char *yaml);

/* The id. plan NULL: "free". */
int64_t fixture_tenant(struct fixture *fixture, const char *slug, const char *plan, bool is_root);
void fixture_domain(struct fixture *fixture, int64_t tenant_id, const char *host);
/* Runs one statement in a transaction of its own. */
void fixture_exec(struct fixture *fixture, const char *sql, struct db_args args);

/* Before the nth write transaction that this thread begins from now on, on whichever connection, `fn` runs,
 * once: what others do between somebody's looking and their writing. */
void fixture_before_write(int nth, void (*fn)(void *context), void *context);

#endif
