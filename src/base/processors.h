/* How many processors there are for this process. */
#ifndef TETHER_BASE_PROCESSORS_H
#define TETHER_BASE_PROCESSORS_H

/* Those that it may run on: cpusets and taskset count. At least 1. */
int processors_here(void);

#endif
