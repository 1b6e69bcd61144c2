/* Runs the groups of sqlite_suite.h. */
#include "backend_sqlite/driver.h"
#include "base/log.h"
#include "base/random.h"
#include "sqlite_suite.h"

struct suite suite = { .driver = &sqlite_driver };

static const struct suite_group *const groups[] = { &files_group, &batch_group, &disk_group, &backup_group };

int main(int argc, char **argv)
{
    int failures = 0;
    random_init();
    log_set_level(LOG_WARN);
    disk_install();
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        if (argc < 2 || strcmp(argv[1], groups[i]->name) == 0)
            failures +=
                _cmocka_run_group_tests(groups[i]->name, groups[i]->tests, groups[i]->count, NULL, NULL);
    return failures ? 1 : 0;
}
