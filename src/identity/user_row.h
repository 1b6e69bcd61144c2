/* The columns of a user as a query selects them from "users u", and the reader that goes with them. Private
 * to identity/. */
#ifndef TETHER_IDENTITY_USER_ROW_H
#define TETHER_IDENTITY_USER_ROW_H

#include "identity/user.h"

#define USER_ROW_COLUMNS                                                                                     \
    "u.id, u.email, u.name, u.password_hash, u.status, u.created_at, "                                       \
    "u.password_changed_at"

/* Reads USER_ROW_COLUMNS, which start at column `first`. */
void user_row_read(struct db_rows *rows, int first, struct arena *arena, struct user *ret);

#endif
