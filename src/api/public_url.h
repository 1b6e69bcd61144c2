/* Where people reach a tenant. Private to api/. */
#ifndef TETHER_API_PUBLIC_URL_H
#define TETHER_API_PUBLIC_URL_H

#include "request/call.h"

/* "https://acme.example.com": the tenant's own host (tenancy/home.h), by the scheme and port of
 * tenancy.public_url, or those by which this request reached the server.
 * The failure when it could not be looked up. */
enum error_code public_url(struct call *call, const struct tenant *tenant, struct str *ret);

/* The same for a host that leads to this server. */
struct str public_url_of_host(struct call *call, struct str host);

#endif
