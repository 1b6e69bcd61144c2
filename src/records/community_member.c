/* Community members: people with a code of their own (spaces/community.h), who sign in to nothing. */
#include "records/kinds.h"

struct member {
    struct record record;
    struct str first_name, last_name, email, phone, notes, status, code_hint;
};

static const char *const status_words[] = { "active", "paused", "ended", NULL };

static const struct field rows[] = {
    FIELD(struct member, last_name, "last_name", FIELD_STR, .flags = FIELD_BLANK | FIELD_SEARCH | FIELD_SORT,
          .max = 100, .help = "Strangers see its initial", .example = "Smith"),
    FIELD(struct member, first_name, "first_name", FIELD_STR,
          .flags = FIELD_REQUIRED | FIELD_SEARCH | FIELD_SORT, .max = 100,
          .help = "Whoever has the code sees it", .example = "Jane"),
    FIELD(struct member, email, "email", FIELD_EMAIL, .flags = FIELD_NULLABLE | FIELD_SEARCH | FIELD_FILTER,
          .max = 254, .help = "Only staff see it", .example = "jane@example.com"),
    FIELD(struct member, phone, "phone", FIELD_STR, .flags = FIELD_BLANK, .max = 50,
          .help = "Only staff see it", .example = "+43 1 234567"),
    FIELD(struct member, notes, "notes", FIELD_STR, .flags = FIELD_BLANK, .max = 4000,
          .help = "Only staff see them", .example = "Locker 12"),
    FIELD(struct member, status, "status", FIELD_ENUM, .flags = FIELD_FILTER, .words = status_words,
          .preset = "active", .help = "Only an active member can check in", .example = "active"),
    FIELD(struct member, code_hint, "code_hint", FIELD_STR, .flags = FIELD_READONLY | FIELD_BLANK,
          .column = "(SELECT t.code_hint)", .help = "How the member's code ends; empty: they have none",
          .example = "YZ01"),
};

struct record_kind record_community_member = {
    .table = "community_members",
    .name = "community_member",
    .title = "CommunityMember",
    RECORD_STRUCT(struct member, rows),
    .sort = "last_name",
};
