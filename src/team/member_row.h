/* The columns of a member as a query selects them from "memberships m", and the reader that goes with them.
 * Private to team/. */
#ifndef TETHER_TEAM_MEMBER_ROW_H
#define TETHER_TEAM_MEMBER_ROW_H

#include "access/custom_role.h"
#include "team/member_list.h"

#define MEMBER_COLUMNS      "m.user_id, u.name, u.email, m.role, m.status, u.status, m.created_at, " ROLE_COLUMNS
#define MEMBER_JOINS        "JOIN users u ON u.id = m.user_id " ROLE_JOIN
#define MEMBER_ROLE_COLUMN  7
#define MEMBER_COLUMN_COUNT 10

/* Reads MEMBER_COLUMNS, which are the query's first. */
void member_read(struct db_rows *rows, struct arena *arena, bool in_root, struct member *ret);

/* member_list() with query->sort (member_sort.c). */
enum storage_status member_list_sorted(struct db_conn *conn, struct arena *arena, const struct tenant *tenant,
                                       const struct member_query *query, struct member_page *ret);

#endif
