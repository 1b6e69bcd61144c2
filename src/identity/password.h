/* Passwords: argon2id through libsodium, foreign crypt(3) hashes through libxcrypt, a list of common ones. */
#ifndef TETHER_IDENTITY_PASSWORD_H
#define TETHER_IDENTITY_PASSWORD_H

#include "config/config.h"

#define PASSWORD_MIN_BYTES 8
#define PASSWORD_MAX_BYTES 1024
#define PASSWORD_HASH_CAP  256 /* bytes of a stored hash with its NUL */

enum password_verdict {
    PASSWORD_OK = 0,
    PASSWORD_TOO_SHORT,
    PASSWORD_TOO_LONG,
    PASSWORD_COMMON,
    PASSWORD_NOT_TEXT
};
/* Whether a new password is acceptable. Common: on the bundled list, ASCII case ignored. */
enum password_verdict password_check(struct str password);
/* "The password is one of the most common ones; choose another." Never NULL; "" for PASSWORD_OK. */
const char *password_verdict_text(enum password_verdict verdict);

/* Blocks for tens of milliseconds: password lane or CLI only. False when memory cannot be had. */
bool password_hash(const struct config *config, struct str password, char ret[PASSWORD_HASH_CAP]);

enum password_match {
    PASSWORD_MISMATCH = 0,
    PASSWORD_MATCH,
    PASSWORD_MATCH_REHASH, /* right, and stored with lower parameters or a foreign scheme: hash it anew */
    PASSWORD_MATCH_FAILED  /* no memory; say 503 */
};
/* Blocks likewise. stored: what password_hash() wrote, or a crypt(3) hash. An empty, unknown or unusable
 * stored hash costs as much as a wrong password and is a mismatch. password longer than the maximum: the
 * same. */
enum password_match password_verify(const struct config *config, struct str password, const char *stored);

/* Threads that hash keep the memory it takes (passwords.memory each): gives back what was not used of late. Any
 * thread, now and then. */
void password_trim_memory(void);

#endif
