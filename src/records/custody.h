/* Giving assets out and taking them back: who has what, until when. Tables: assets, asset_events. */
#ifndef TETHER_RECORDS_CUSTODY_H
#define TETHER_RECORDS_CUSTODY_H

#include "records/record.h"

struct custody_deed {
    const struct record_caller *caller;
    int64_t asset_id;
    int64_t employee_id;  /* to whom; of a checkout */
    int64_t due_at;       /* 0: no day was agreed; of a checkout */
    struct str condition; /* at == NULL: nothing is said */
    struct str notes;

    /* What became of it. */
    enum record_verdict verdict;
    const char *sentence;
    struct violations violations;
    struct record *asset; /* as it stands now */
};

/* One transaction with a row of the asset's history and one of the audit log. Of two at the same time one is
 * refused. OK with deed->verdict, or a failure:
 * checkout: RECORD_INVALID (no such employee, or not active), RECORD_UNKNOWN, RECORD_CONFLICT (not
 * available); checkin: RECORD_UNKNOWN, RECORD_CONFLICT (not checked out). */
enum storage_status custody_check_out(struct db_conn *conn, struct custody_deed *deed);
enum storage_status custody_check_in(struct db_conn *conn, struct custody_deed *deed);

#endif
