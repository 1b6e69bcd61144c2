/* What the demo's tenants have: places, people, assets with their history, customers, rooms. Made by the
 * record engine, as the API would make it, over the past year. */
#ifndef TETHER_CLI_DEMO_WORLD_H
#define TETHER_CLI_DEMO_WORLD_H

#include "cli/command.h"

#define DEMO_MANY    512
#define DEMO_WORKERS 3

struct demo_world {
    const char *slug;          /* of the tenant */
    const char *city, *domain; /* where it sits; its people's addresses */
    const char
        *workers[DEMO_WORKERS]; /* addresses of users who work with customers; the first one is an admin */
    int employees, assets, contacts; /* at most DEMO_MANY each */
};

/* Nothing when the tenant has assets already. CLI_OK, or CLI_FAILED with a sentence. `tell` hears how far it
 * is. */
typedef void (*demo_progress_fn)(const char *what, size_t done, size_t of);
int demo_world_load(struct cli *cli, const struct demo_world *world, demo_progress_fn tell);

#endif
