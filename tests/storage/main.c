/* Arguments, then the groups. See conformance.h. */
#include <fcntl.h>
#include <getopt.h>
#include <unistd.h>

#include "../unit/kept_connections.h"
#include "backend_postgres/driver.h"
#include "backend_sqlite/driver.h"
#include "base/log.h"
#include "base/random.h"
#include "conformance.h"
#include "storage/decorate.h"

struct suite suite = { .rounds = 5 };

static const struct suite_group *const groups[] = {
    &values_group, &constraints_group, &statements_group, &transactions_group, &concurrency_group,
    &schema_group, &notify_group,      &durability_group, &fault_group,
};

static const struct option options[] = {
    { "driver", required_argument, NULL, 'd' },
    { "setting", required_argument, NULL, 's' },
    { "group", required_argument, NULL, 'g' },
    { "rounds", required_argument, NULL, 'r' },
    { "trace", no_argument, NULL, 't' },
    { "fault", no_argument, NULL, 'f' },
    { "child", no_argument, NULL, 'c' },
    { "commits", no_argument, NULL, 'p' },
    { NULL, 0, NULL, 0 },
};

struct choices {
    const char *driver;
    const char *group;
    bool trace;
    bool child;
    bool commits;
};

static void add_setting(char *text)
{
    char *value = strchr(text, '=');
    if (!value || suite.setting_count == SETTINGS_MAX) {
        fprintf(stderr, "--setting takes key=value\n");
        exit(2);
    }
    *value = '\0';
    suite.settings[suite.setting_count++] = (struct storage_setting){ text, value + 1 };
}

static struct choices read_arguments(int argc, char **argv)
{
    struct choices choices = { NULL, NULL, false, false, false };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'd':
            choices.driver = optarg;
            break;
        case 's':
            add_setting(strdup(optarg)); /* argv itself is needed for the child */
            break;
        case 'g':
            choices.group = optarg;
            break;
        case 'r':
            suite.rounds = (int)strtol(optarg, NULL, 10);
            break;
        case 't':
            choices.trace = true;
            break;
        case 'f':
            suite.faults = true;
            break;
        case 'c':
            choices.child = true;
            break;
        case 'p':
            choices.commits = true;
            break;
        default:
            exit(2);
        }
    }
    if (!choices.driver) {
        fprintf(stderr, "usage: storage_conformance --driver NAME|MODULE [--setting key=value]… "
                        "[--trace] [--fault] [--group NAME] [--rounds N] [--commits]\n");
        exit(2);
    }
    return choices;
}

/* Opens the driver once by name, as the configuration would, and keeps its table. */
static void choose_driver(const struct choices *choices)
{
    struct db *db = NULL;
    struct storage_error error = { STORAGE_OK, "" };
    if (db_open(choices->driver, suite.settings, suite.setting_count, &db, &error) != STORAGE_OK) {
        fprintf(stderr, "cannot open %s: %s\n", choices->driver, error.text);
        exit(1);
    }
    suite.driver = db_driver(db); /* modules stay mapped */
    db_close(&db);
    if (choices->trace) {
        log_set_level(LOG_DEBUG);
        log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
        suite.driver = storage_trace(suite.driver);
    }
    /* A made-up fault harms no real connection: each of hundreds of attempts connects anew above the
     * decorator only, and starts no process on the server. */
    suite.for_faults = suite.driver == &postgres_driver ? kept_connections() : suite.driver;
    if (suite.faults)
        suite.driver = storage_fault(suite.driver);
}

static int run_groups(const char *only)
{
    int failures = 0;
    bool found = false;
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (only && strcmp(only, groups[i]->name) != 0)
            continue;
        found = true;
        failures += _cmocka_run_group_tests(groups[i]->name, groups[i]->tests, groups[i]->count, NULL, NULL);
    }
    if (!found)
        fprintf(stderr, "no group is called %s\n", only);
    return failures || !found ? 1 : 0;
}

int main(int argc, char **argv)
{
    random_init();
    log_set_level(LOG_WARN);
    db_register_driver(&sqlite_driver);
    db_register_driver(&postgres_driver);
    suite.arguments = argv;
    suite.argument_count = argc;
    struct choices choices = read_arguments(argc, argv);
    choose_driver(&choices);
    if (choices.commits)
        return print_commits();
    return choices.child ? durability_child() : run_groups(choices.group);
}
