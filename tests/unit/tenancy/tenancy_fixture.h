/* A database of its own with the schema in it, and configurations from a few lines of YAML. */
#ifndef TENANCY_FIXTURE_H
#define TENANCY_FIXTURE_H

#include "tenancy/tenant.h"

struct fixture {
    struct db *db;
    struct db_conn *conn;
    struct arena *arena;
    char path[64]; /* of the database file; empty: in memory */
};

/* In memory for one connection; in a file where several threads meet. */
struct fixture *fixture_new(bool in_file);
void fixture_free(struct fixture **fixture);

/* `yaml` is appended to the keys that must be there; aborts with the sentence when it is wrong. */
struct config *fixture_config(const char *yaml);

/* The id. plan NULL: "free". */
int64_t fixture_tenant(struct fixture *fixture, const char *slug, const char *plan, bool is_root);
void fixture_domain(struct fixture *fixture, int64_t tenant_id, const char *host);
/* Runs one statement in a transaction of its own. */
void fixture_exec(struct fixture *fixture, const char *sql, struct db_args args);

#endif
