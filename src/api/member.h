/* Members as the surfaces list and change them; v1 and assets put their envelopes around it. Private to api/.
 */
#ifndef TETHER_API_MEMBER_H
#define TETHER_API_MEMBER_H

#include "request/call.h"
#include "team/members.h"

/* Who acts, in the tenant of the call. Borrows the call's grant. */
struct team_actor call_team_actor(const struct call *call);

/* The failure that a verdict on a deed stands for; OK for MEMBER_DONE. last_owner: as what the surface refuses a
 * deed that would leave the tenant without an owner. */
enum error_code member_refuse(struct call *call, const struct member_deed *deed, enum error_code last_owner);

/* The place behind the last member of a page, in letters that need no escaping. */
struct str member_cursor_write(struct call *call, const struct member_place *place);
/* What that wrote, for a search or a list as it was; nothing for a cursor that was not sent (at == NULL). 422
 * for anything else. */
enum error_code member_cursor_read(struct call *call, struct str cursor, bool is_search,
                                   struct member_place *ret);

#endif
