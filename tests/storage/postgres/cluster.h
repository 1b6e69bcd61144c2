/* A PostgreSQL server of the test's own, made by tests/postgres.sh in a folder that goes away with it. */
#ifndef TETHER_TESTS_CLUSTER_H
#define TETHER_TESTS_CLUSTER_H

#include <stdint.h>

/* For cmocka's group setup and teardown. */
int cluster_set_up(void **state);
int cluster_tear_down(void **state);

const char *cluster_conninfo(void);
/* The same database as the superuser. */
const char *cluster_admin_conninfo(void);
/* The path of the server's socket: a target for the fault proxy. */
const char *cluster_socket(void);
/* A sub-command of postgres.sh: "restart-fast", "kill9", "start" … Fails the test when it fails. */
void cluster_order(const char *order);

/* Statements without parameters, as the superuser, on a connection of their own. */
void cluster_sql(const char *sql);
/* The first column of the first row. */
int64_t cluster_number(const char *sql);
/* Waits until the statement answers a number above 0; fails the test when it does not within 10 s. */
void cluster_await(const char *sql);

#endif
