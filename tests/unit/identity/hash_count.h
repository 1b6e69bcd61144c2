/* What checking a password cost. */
#ifndef TETHER_HASH_COUNT_H
#define TETHER_HASH_COUNT_H

/* Password hashes computed by this process so far, as the published metrics tell. */
long hashes_computed(void);

#endif
