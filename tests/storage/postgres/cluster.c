/* The scratch server of a test program. */
#include "cluster.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <unistd.h>

#include <cmocka.h>
#include <libpq-fe.h>

static char folder[64];
static char conninfo[160];
static char admin[160];
static char socket_path[96];

static int run_script(const char *order)
{
    char command[160];
    snprintf(command, sizeof(command), "tests/postgres.sh %s %s >/dev/null", order, folder);
    return system(command);
}

/* A test program that is killed must not leave a server behind. */
static int start_guard(void)
{
    char command[160];
    snprintf(command, sizeof(command), "setsid tests/postgres.sh guard %s %d >/dev/null 2>&1 </dev/null &",
             folder, (int)getpid());
    return system(command);
}

int cluster_set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/tether-pg-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(conninfo, sizeof(conninfo), "host=%s dbname=tether user=tether", folder);
    snprintf(admin, sizeof(admin), "host=%s dbname=tether user=postgres", folder);
    snprintf(socket_path, sizeof(socket_path), "%s/.s.PGSQL.5432", folder);
    return start_guard() == 0 ? run_script("start") : -1;
}

int cluster_tear_down(void **state)
{
    (void)state;
    char command[96];
    int status = run_script("stop");
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command) == 0 ? status : -1;
}

const char *cluster_conninfo(void)
{
    return conninfo;
}

const char *cluster_admin_conninfo(void)
{
    return admin;
}

const char *cluster_socket(void)
{
    return socket_path;
}

void cluster_order(const char *order)
{
    if (run_script(order) != 0)
        fail_msg("postgres.sh %s failed", order);
}

static PGresult *ask(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(pg));
    return result;
}

void cluster_sql(const char *sql)
{
    PGconn *pg = PQconnectdb(admin);
    PQclear(ask(pg, sql));
    PQfinish(pg);
}

int64_t cluster_number(const char *sql)
{
    PGconn *pg = PQconnectdb(admin);
    PGresult *result = ask(pg, sql);
    int64_t number = PQntuples(result) > 0 ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
    PQclear(result);
    PQfinish(pg);
    return number;
}

void cluster_await(const char *sql)
{
    for (int i = 0; i < 1000; i++) {
        if (cluster_number(sql) > 0)
            return;
        usleep(10000);
    }
    fail_msg("in vain: %s", sql);
}
