/* What a tenant may look like. The surfaces and the command line ask the same. */
#ifndef TETHER_TENANCY_BRANDING_H
#define TETHER_TENANCY_BRANDING_H

#include "base/str.h"

#define BRANDING_LOGO_MAX_BYTES 500

/* An https:// address, or a path on this server ("/…"); nothing that a page could take for something else.
 */
bool branding_is_logo(struct str s);
#define BRANDING_LOGO_RULE "an https:// address or a path that begins with /, of at most 500 bytes"

/* "#1f6feb" or "#1F6FEB". */
bool branding_is_colour(struct str s);
/* Whether white text on that colour can be read: WCAG 2's contrast of at least 3 to 1, as for large text.
 * Buttons and the heads of mails are white on it. */
bool branding_carries_white(struct str colour);

#endif
