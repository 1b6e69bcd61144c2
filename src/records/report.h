/* What the assets of a tenant, or of all of them, amount to. */
#ifndef TETHER_RECORDS_REPORT_H
#define TETHER_RECORDS_REPORT_H

#include "storage/db.h"

#define REPORT_GROUPS_MAX 200 /* the largest ones are told */

struct report_group {
    int64_t id;        /* of the category or location; 0: none */
    int64_t tenant_id; /* whose it is; 0: none */
    struct str name;   /* or the status, or the currency; at == NULL: none */
    int64_t count;
    int64_t units,
        hundredths; /* of the assets that have a cost: two sums, 1,250 hundredths are not 12 units and 50 */
};
struct report_groups {
    struct report_group *at;
    size_t n;
};

struct report {
    int64_t total;
    int64_t overdue;                  /* out, and due before now */
    struct report_groups by_status;   /* those that there are */
    struct report_groups by_category; /* the largest first */
    struct report_groups by_location;
    struct report_groups value; /* by currency, without what is lost or retired */
};

/* As of one moment; tenant_id 0: of all tenants. OK with *ret in the arena, or a failure. */
enum storage_status report_summary(struct db_conn *conn, struct arena *arena, int64_t tenant_id, int64_t now,
                                   struct report *ret);

#endif
