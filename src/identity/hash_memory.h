/* The memory that password hashes are computed in.
 *
 * libsodium maps fresh memory for every hash and unmaps it afterwards; to fetch and clear those pages costs the
 * kernel more time than the hash itself. So a thread that hashes keeps the memory, in large pages where the
 * system has them, until it was not used for a while. Private to identity/, but for what password.h says. */
#ifndef TETHER_IDENTITY_HASH_MEMORY_H
#define TETHER_IDENTITY_HASH_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Around a hash on this thread: memory that libsodium asks for in between is the thread's own. */
void hash_memory_begin(void);
void hash_memory_end(void);

/* Any thread: gives back what was not used for so long. */
void hash_memory_trim(int64_t idle_ms);

#endif
