#include "api/member.h"

#include "api/envelope.h"
#include "base/encode.h"
#include "base/text.h"
#include "request/actor.h"

struct team_actor call_team_actor(const struct call *call)
{
    return (struct team_actor){
        .user_id = call->principal.user_id,
        .grant = &call->grant,
        .audit = call_actor(call),
    };
}

enum error_code member_refuse(struct call *call, const struct member_deed *deed, enum error_code last_owner)
{
    switch (deed->verdict) {
    case MEMBER_DONE:
        break;
    case MEMBER_UNKNOWN:
        return call_fail(call, ERR_NOT_FOUND, NULL);
    case MEMBER_ABOVE:
        return call_fail(call, ERR_FORBIDDEN, "This member's role is above yours.");
    case MEMBER_ROLE_UNKNOWN:
        return call_fail_field(call, "role", VIOLATION_CUSTOM, "The selected role is invalid.");
    case MEMBER_ROLE_ABOVE:
        return call_fail(call, ERR_FORBIDDEN, "You cannot give a role that may do more than you.");
    case MEMBER_SELF:
        return call_fail(call, ERR_BAD_REQUEST, "You cannot suspend yourself.");
    case MEMBER_LAST_OWNER:
        return call_fail(call, last_owner,
                         "The last owner cannot be removed, suspended or given another role.");
    case MEMBER_SHARED:
        return call_fail(
            call, ERR_FORBIDDEN,
            "This user belongs to another organization as well, so their name and address are not "
            "yours to change.");
    case MEMBER_ADDRESS_TAKEN:
        return call_fail(call, ERR_CONFLICT, "This address has an account already.");
    case MEMBER_ALREADY:
        return call_fail(call, ERR_CONFLICT, "This address belongs to a member already.");
    case MEMBER_PLAN_FULL:
        return call_fail_plan(call, "The organization's plan allows no more users", &deed->refusal);
    }
    return OK;
}

/* "user id:t" and the time, or "user id:w" and the word. */
struct str member_cursor_write(struct call *call, const struct member_place *place)
{
    struct str time = arena_printf(call->arena, "%lld", (long long)place->joined_at);
    struct str text = arena_printf(call->arena, "%lld:%c%.*s", (long long)place->user_id,
                                   place->word.at ? 'w' : 't', STR_ARG(place->word.at ? place->word : time));
    return base64url_encode(call->arena, text.at, text.len);
}

/* A search goes by words, a list by time. */
static bool read_place(struct call *call, struct str cursor, bool is_search, struct member_place *ret)
{
    struct str text, id, key;
    if (!base64url_decode(call->arena, cursor, &text) || !text_is_clean(text) ||
        !str_split(text, ':', &id, &key) || !str_to_int(id, &ret->user_id) || ret->user_id <= 0 ||
        !str_starts_with(key, is_search ? STR("w") : STR("t")))
        return false;
    struct str place = str_sub(key, 1, key.len);
    if (is_search)
        ret->word = place;
    return is_search ? place.len > 0 : str_to_int(place, &ret->joined_at);
}

enum error_code member_cursor_read(struct call *call, struct str cursor, bool is_search,
                                   struct member_place *ret)
{
    if (!cursor.at || read_place(call, cursor, is_search, ret))
        return OK;
    return call_fail_field(call, "cursor", VIOLATION_CUSTOM, NULL);
}
