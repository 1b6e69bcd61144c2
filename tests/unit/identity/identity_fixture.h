/* A database of its own with one tenant in it, a configuration with quick hashing, and users. SQLite in
 * memory, or the PostgreSQL scratch database that TETHER_TEST_POSTGRES names by its conninfo. The driver is
 * wrapped by the fault decorator, so that a test may make the database fail. */
#ifndef TETHER_IDENTITY_FIXTURE_H
#define TETHER_IDENTITY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "identity/principal.h"
#include "identity/sign_in.h"
#include "storage/decorate.h"

#define PASSWORD "correct horse battery"

struct fixture {
    struct db *db;
    struct db_conn *conn;
    struct arena *arena;
    struct config config;
    int64_t tenant_id;
};

/* Setup and teardown of a cmocka test; *state is the fixture. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);
#define FIXTURE_TEST(function) cmocka_unit_test_setup_teardown(function, fixture_set_up, fixture_tear_down)

/* Runs one statement in a transaction of its own; the rows it touched. */
int64_t fixture_exec(struct fixture *f, const char *sql, struct db_args args);
/* The one integer, or the one text, that a query answers. */
int64_t fixture_int(struct fixture *f, const char *sql, struct db_args args);
struct str fixture_text(struct fixture *f, const char *sql, struct db_args args);

/* The status of user_insert() in a transaction of its own. */
enum storage_status fixture_insert_user(struct fixture *f, const char *email, const char *hash,
                                        int64_t *ret_id);
/* The id of a new user whose password is PASSWORD under the fixture's parameters. */
int64_t fixture_user(struct fixture *f, const char *email);
/* A session of the user, opened through the front door. */
struct signed_in fixture_session(struct fixture *f, int64_t user_id);
/* Revokes in a transaction of its own. */
void fixture_revoke(struct fixture *f, int64_t session_id);
/* What principal_authenticate() says. */
enum token_verdict fixture_verdict(struct fixture *f, struct str token, struct principal *ret);

#endif
