/* Whose hash a password is checked against when the address belongs to nobody. Private to identity/.
 *
 * Hashes cost different times: those that another system made, those made before the parameters were raised.
 * An address that always cost what a current hash costs would be told from such an account by time. So each
 * unknown address stands for one user, always the same, and costs what that user costs: among unknown
 * addresses every cost is as frequent as among known ones, and no cost says which of the two an address is.
 */
#ifndef TETHER_IDENTITY_DECOY_H
#define TETHER_IDENTITY_DECOY_H

#include "config/config.h"
#include "storage/db.h"

/* The stored hash of the user that an address stands for; empty when there is no user at all. To be asked for
 * known addresses, too, so that asking takes no time of its own. OK or a failure. */
enum storage_status decoy_hash(struct db_conn *conn, const struct config *config, struct arena *arena,
                               struct str email, struct str *ret);

#endif
