/* Reading a tenant's members: one, a page, a search. */
#ifndef TETHER_TEAM_MEMBER_LIST_H
#define TETHER_TEAM_MEMBER_LIST_H

#include "access/membership.h"
#include "storage/keyset.h"

struct member {
    int64_t user_id;
    struct str name, email;
    struct str slug;         /* the role's, as the membership has it */
    bool has_role;           /* it means a role that exists here … */
    struct tenant_role role; /* … namely this one */
    enum membership_status status;
    bool is_enabled; /* the user's account itself */
    int64_t joined_at;
};

/* ROW, DONE (not a member) or a failure. */
enum storage_status member_by_id(struct db_conn *conn, struct arena *arena, const struct tenant *tenant,
                                 int64_t user_id, struct member *ret);

enum member_filter { MEMBERS_ALL = 0, MEMBERS_ACTIVE, MEMBERS_SUSPENDED, MEMBER_FILTER_COUNT };

/* After whom a page begins. A list goes by the time of joining, a search by the word found; the user's id
 * decides between equals. user_id 0: at the start. */
struct member_place {
    int64_t user_id;
    int64_t joined_at;
    struct str word; /* at == NULL: by the time of joining */
};

/* What a list can be sorted by, for the surfaces that let their callers choose; MEMBER_SORTS for people. */
#define MEMBER_SORTS "id, name, email, joined_at"
struct member_sort {
    const struct str *at; /* as in ?sort= */
    size_t n;             /* 0: nothing was asked for, `after` counts; else `cursor` does */
    struct str cursor;    /* page.next of the page before; at == NULL: from the start */
};

struct member_query {
    struct str search; /* as typed; at == NULL: none */
    struct str role;   /* a slug, or several with a space before, between and behind them; at == NULL: any */
    enum member_filter filter;
    struct member_place after;
    struct member_sort sort;
    int64_t limit;
};

struct member_page {
    struct member *at;
    size_t n;
    bool has_more;
    struct member_place last; /* the place of the last one here */
    struct str next;          /* of a sorted list: the cursor of the next page; at == NULL: there is none */
    const char *wrong;        /* "sort" or "cursor" after DONE: the one that is none of this list */
};

/* OK or a failure. Whatever the page, a bounded part of an index is read; of a sorted list more where each
 * filter leaves many and all together few. With a sort also DONE: what was asked for is no list. */
enum storage_status member_list(struct db_conn *conn, struct arena *arena, const struct tenant *tenant,
                                const struct member_query *query, struct member_page *ret);
/* How many are on all pages. OK or a failure. */
enum storage_status member_count(struct db_conn *conn, struct arena *arena, const struct tenant *tenant,
                                 const struct member_query *query, int64_t *ret);

#endif
