/* Who was told what: writers note the verdict of each transaction, and the audit compares with the database.
 *
 * Each entry is a row with a number of its own, and the same transaction raises a counter, so half of a
 * transaction shows too. OK means present, a failure means absent, UNCERTAIN means at most once. */
#ifndef TETHER_TESTS_LEDGER_H
#define TETHER_TESTS_LEDGER_H

#include <tether/storage.h>

#include "storage/db.h"

#define LEDGER_MAX 200000

struct ledger {
    int count;
    unsigned char verdict[LEDGER_MAX]; /* enum storage_status + 1 of entry i; 0: not finished */
    int ok, failed, uncertain;         /* as counted by the audit */
};

/* Makes the tables anew, through the superuser. */
void ledger_set_up(struct ledger *ledger);
/* Reserves the next number. Thread-safe. */
int ledger_next(struct ledger *ledger);
void ledger_note(struct ledger *ledger, int entry, enum storage_status verdict);
/* Whether the first `count` entries have their verdicts. */
bool ledger_is_answered(const struct ledger *ledger, int count);
/* Writes entry `entry` in one transaction, as domain code does. */
enum storage_status ledger_write(struct db_conn *conn, int entry);
/* Fails the test when the database and the verdicts differ. */
void ledger_audit(struct ledger *ledger);

#endif
