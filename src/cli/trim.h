/* Memory at rest. */
#ifndef TETHER_CLI_TRIM_H
#define TETHER_CLI_TRIM_H

/* Gives back what only the start needed: free heap, and the pages of the program and its libraries that are
 * never written, which come back from the page cache when they are touched again. Any thread. */
void trim_memory(void);

#endif
