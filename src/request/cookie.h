/* The panel's session: an access token in a cookie, for pages of this server's own.
 *
 * A browser sends a cookie along whoever's page made the request, so a cookie is worth a token only together
 * with proof that the page is ours: an unsafe method needs an Origin that is the request's own scheme and
 * host, a safe one must not be told to come from elsewhere (Fetch Metadata). An Authorization header, which
 * no foreign page can send, needs no such proof and goes before.
 *
 * RFC 6265bis: over TLS the cookie is `__Host-tether`, which no other host and no plain connection can set;
 * over plain HTTP, for loopback and for trying out, it is `tether` without Secure. */
#ifndef TETHER_REQUEST_COOKIE_H
#define TETHER_REQUEST_COOKIE_H

#include "request/call.h"

/* The session cookie's value; at == NULL when there is none, or more than one of the name. */
struct str cookie_token(const struct call *call);
/* OK, or 403 when nothing proves that a page of this origin made the request. */
enum error_code cookie_check_origin(struct call *call);
/* Adds Set-Cookie: `token` for `seconds`. */
void cookie_set(struct call *call, struct str token, int64_t seconds);
/* Adds the Set-Cookie that takes it away. */
void cookie_clear(struct call *call);

#endif
