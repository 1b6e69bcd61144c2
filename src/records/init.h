/* Getting the record kinds ready. */
#ifndef TETHER_RECORDS_INIT_H
#define TETHER_RECORDS_INIT_H

/* Builds shapes and statements of every kind, before any route table is used; aborts with a sentence on a
 * kind that is wrong. Any thread; only the first call does something. */
void records_init(void);

#endif
