/* From a Host to a tenant (contract section 2). */
#ifndef TETHER_TENANCY_HOST_H
#define TETHER_TENANCY_HOST_H

#include "tenancy/tenant.h"

/* The canonical form: port (an empty one too) and one trailing dot dropped, ASCII lower case; IPv6 literals
 * in brackets, in their shortest form ("[::1]"). False when it is no host at all (empty, user-info, a path,
 * spaces, control characters, non-ASCII, a bad port, a label that is no DNS label, a name that ends in a
 * number without being an IPv4 address). */
bool host_canonical(struct arena *arena, struct str raw, struct str *ret);

/* What somebody typed as a domain of a tenant: a DNS name of at least two labels, in ASCII (an international
 * name in its xn-- form), no address, no port. False when it is none; *ret is canonical. */
bool host_is_domain(struct arena *arena, struct str typed, struct str *ret);

enum host_scope {
    HOST_UNKNOWN = 0, /* 404 */
    HOST_ROOT,        /* tenancy.root_domain: root scope */
    HOST_TENANT,      /* a tenant's own host: a custom domain, or SLUG.root_domain */
    HOST_DEFAULT      /* another host, answered by tenancy.default_tenant */
};

/* Whether a name is tenancy.root_domain or stands below it. Those are the configuration's to give: none of
 * them can be a domain that is registered at run time. */
bool host_is_of_root(const struct config *config, struct str host);

/* Whether a host of that scope is nobody's (an address, another name of the server) and so says nothing about
 * a tenant. One at or below root_domain names a tenant, even if there is none. */
bool host_is_nobodys(const struct config *config, enum host_scope scope, struct str host);

/* Order: at and below root_domain the configuration alone decides: its domains, root_domain,
 * SLUG.root_domain. Elsewhere: domains registered at run time, then domains of the configuration. Last
 * default_tenant. `host` is canonical. OK with *ret_scope and, unless HOST_UNKNOWN, *ret (the root tenant for
 * HOST_ROOT); or a failure. A slug or domain that leads to no tenant is HOST_UNKNOWN; whatever leads to the
 * root tenant is HOST_ROOT. SLUG.root_domain is one label deep: a host further below is another host. */
enum storage_status host_resolve(struct db_conn *conn, const struct config *config, struct arena *arena,
                                 struct str host, enum host_scope *ret_scope, struct tenant *ret);

#endif
