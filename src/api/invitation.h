/* Invitations as both surfaces serve them; v1 and assets put their envelopes around it. Private to api/. */
#ifndef TETHER_API_INVITATION_H
#define TETHER_API_INVITATION_H

#include "identity/sign_in.h"
#include "request/call.h"
#include "team/invitation.h"

/* A deed of the one who asks, in the tenant of the call; from here on the call's memory is wiped. The failure
 * when the link's beginning could not be found out. */
enum error_code invite_begin(struct call *call, struct invite_deed *ret);
/* The same in another tenant than the call's; `tenant` outlives the deed. One that is still to be founded has
 * the id 0. */
enum error_code invite_begin_in(struct call *call, const struct tenant *tenant, struct invite_deed *ret);
/* The failure that a verdict stands for; OK for INVITE_DONE. by_field: what is wrong with a field is told as
 * the field's (422), else a member or an invitation that is there already is a conflict (409). */
enum error_code invite_refuse(struct call *call, const struct invite_deed *deed, bool by_field);

/* The invitation of a token and its tenant, which becomes the call's, if it can be accepted. 404 when there
 * is none, or when host or X-Tenant name another tenant; ERR_BAD_REQUEST with a sentence of its own when it
 * was used, cancelled or superseded, or has expired. Changes nothing. */
enum error_code invitation_open(struct call *call, struct str token, struct invitation *ret);

struct accept_input {
    struct str token, name, password;
};
extern const struct shape accept_shape;

struct accepted {
    struct user user;
    struct signed_in opened;
};
/* Accepts: whoever is signed in must be the one invited; else the password of the address decides, and an
 * address that is not known yet becomes a user with that name and password. The tenant is then the call's. */
enum error_code invitation_accept_call(struct call *call, struct accepted *ret);

#endif
