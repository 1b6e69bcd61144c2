#include "team/member_row.h"

static bool is_active(struct str word)
{
    return str_equal(word, STR("active"));
}

void member_read(struct db_rows *rows, struct arena *arena, bool in_root, struct member *ret)
{
    *ret = (struct member){
        .user_id = db_col_int(rows, 0),
        .name = db_col_text(rows, 1, arena),
        .email = db_col_text(rows, 2, arena),
        .slug = db_col_text(rows, 3, arena),
        .status = is_active(db_col_text(rows, 4, arena)) ? MEMBERSHIP_ACTIVE : MEMBERSHIP_SUSPENDED,
        .is_enabled = is_active(db_col_text(rows, 5, arena)),
        .joined_at = db_col_int(rows, 6),
    };
    ret->has_role = role_resolve(rows, MEMBER_ROLE_COLUMN, arena, ret->slug, in_root, &ret->role);
}
