/* Who belongs to a department. A member of the organisation belongs to one at most. Table:
 * department_members. */
#ifndef TETHER_RECORDS_DEPARTMENT_MEMBERS_H
#define TETHER_RECORDS_DEPARTMENT_MEMBERS_H

#include "records/record.h"

struct department_member {
    int64_t user_id, created_at; /* of the user */
    struct str name, email;
    struct str role; /* slug */
    int64_t joined_at;
};

/* By user, those above `above`, at most `limit`; *ret in the caller's arena. OK or a failure. */
enum storage_status department_members(struct db_conn *conn, const struct record_caller *caller,
                                       int64_t department_id, int64_t above, int64_t limit,
                                       struct department_member **ret, size_t *ret_n);

/* One deed on one member, in a transaction with its row in the audit log. */
struct department_deed {
    const struct record_caller *caller;
    const struct record *department;
    struct str department_name;
    int64_t user_id;
};
/* Puts a member into the department, and out of any other. OK; DONE: not a member of the organisation; or a
 * failure. Nothing is written when it was so already. */
enum storage_status department_put(struct db_conn *conn, struct department_deed *deed);
/* Takes a member out. OK; DONE: not in this department; or a failure. */
enum storage_status department_take(struct db_conn *conn, struct department_deed *deed);

#endif
