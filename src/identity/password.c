/* Passwords. What we store is argon2id through libsodium ("$argon2id$…", which names its own parameters);
 * what other systems brought along is verified as it is and reported for rehashing.
 *
 * Time says nothing about who exists: every check computes one argon2id hash with the configured parameters.
 * For an up-to-date hash that is the check itself. For an unknown user or an unusable hash it is computed for
 * nothing. For a foreign or outdated hash it comes on top of the hash's own cost, on a match too, where the
 * caller then rehashes. */
#include "identity/password.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/text.h"
#include "identity/common_passwords.h"
#include "identity/crypt_hash.h"
#include "identity/hash_memory.h"

_Static_assert(PASSWORD_HASH_CAP >= crypto_pwhash_STRBYTES, "a hash fits");

/* What a stored argon2 hash may ask for at most: far above any sensible setting, far below a thread held for
 * hours. */
enum { ARGON2_MAX_KIB = 4 * 1024 * 1024, ARGON2_MAX_PASSES = 100, ARGON2_MAX_LANES = 16 };

#define MEMORY_IDLE_MS 20000

static const char *const verdict_texts[] = {
    [PASSWORD_OK] = "",
    [PASSWORD_TOO_SHORT] = "The password must have at least 8 bytes.",
    [PASSWORD_TOO_LONG] = "The password must have at most 1024 bytes.",
    [PASSWORD_COMMON] = "The password is one of the most common ones; choose another.",
    [PASSWORD_NOT_TEXT] = "The password must be valid UTF-8 without NUL.",
};

enum password_verdict password_check(struct str password)
{
    if (password.len < PASSWORD_MIN_BYTES)
        return PASSWORD_TOO_SHORT;
    if (password.len > PASSWORD_MAX_BYTES)
        return PASSWORD_TOO_LONG;
    if (!text_is_clean(password))
        return PASSWORD_NOT_TEXT;
    return common_passwords_have(password) ? PASSWORD_COMMON : PASSWORD_OK;
}

const char *password_verdict_text(enum password_verdict verdict)
{
    return verdict_texts[verdict];
}

bool password_hash(const struct config *config, struct str password, char ret[PASSWORD_HASH_CAP])
{
    if (password.len > PASSWORD_MAX_BYTES)
        return false;
    int64_t start = clock_monotonic_us();
    hash_memory_begin();
    int failed =
        crypto_pwhash_str(ret, password.at ? password.at : "", password.len,
                          (unsigned long long)config->passwords.iterations, (size_t)config->passwords.memory);
    hash_memory_end();
    metric_observe(METRIC_PASSWORD_HASH, clock_monotonic_us() - start);
    return failed == 0;
}

/* Costs what a check against a current hash costs, and says no. */
static enum password_match mismatch_at_full_cost(const struct config *config, struct str password)
{
    static const unsigned char salt[crypto_pwhash_SALTBYTES];
    unsigned char digest[crypto_pwhash_BYTES_MIN * 2];
    int64_t start = clock_monotonic_us();
    hash_memory_begin();
    int failed = crypto_pwhash(digest, sizeof(digest), password.at ? password.at : "",
                               password.len <= PASSWORD_MAX_BYTES ? password.len : PASSWORD_MAX_BYTES, salt,
                               (unsigned long long)config->passwords.iterations,
                               (size_t)config->passwords.memory, crypto_pwhash_ALG_ARGON2ID13);
    hash_memory_end();
    metric_observe(METRIC_PASSWORD_HASH, clock_monotonic_us() - start);
    secret_wipe(digest, sizeof(digest));
    return failed ? PASSWORD_MATCH_FAILED : PASSWORD_MISMATCH;
}

struct argon2_cost {
    uint32_t kib, passes, lanes;
    bool is_id;
};

/* False when `stored` is no argon2 hash that libsodium reads, or asks for an absurd cost. */
static bool read_argon2(const char *stored, struct argon2_cost *ret)
{
    char variant[3];
    int end = 0;
    if (sscanf(stored, "$argon2%2[id]$v=19$m=%9" SCNu32 ",t=%9" SCNu32 ",p=%9" SCNu32 "$%n", variant,
               &ret->kib, &ret->passes, &ret->lanes, &end) != 4 ||
        end == 0)
        return false;
    ret->is_id = str_equal(str_of(variant), STR("id"));
    if (ret->kib > ARGON2_MAX_KIB || ret->passes > ARGON2_MAX_PASSES || ret->lanes > ARGON2_MAX_LANES)
        return false;
    return crypto_pwhash_str_needs_rehash(stored, 1, crypto_pwhash_MEMLIMIT_MIN) >= 0; /* -1: malformed */
}

static bool is_outdated(const struct argon2_cost *cost, const struct config *config)
{
    return !cost->is_id || cost->kib < config->passwords.memory / 1024 ||
           cost->passes < config->passwords.iterations;
}

static enum password_match verify_argon2(struct str password, const char *stored)
{
    int64_t start = clock_monotonic_us();
    hash_memory_begin();
    errno = 0;
    int failed = crypto_pwhash_str_verify(stored, password.at ? password.at : "", password.len);
    int why = errno;
    hash_memory_end();
    metric_observe(METRIC_PASSWORD_HASH, clock_monotonic_us() - start);
    if (!failed)
        return PASSWORD_MATCH;
    return why == EINVAL ? PASSWORD_MISMATCH : PASSWORD_MATCH_FAILED; /* EINVAL: computed, and different */
}

static enum password_match verify_crypt(struct str password, const char *stored)
{
    int64_t start = clock_monotonic_us();
    enum crypt_verdict verdict = crypt_hash_verify(password, stored);
    if (verdict == CRYPT_UNUSABLE) {
        log_event(LOG_WARN, "a stored password hash cannot be used: unknown format or absurd cost");
        return PASSWORD_MISMATCH;
    }
    metric_observe(METRIC_PASSWORD_HASH, clock_monotonic_us() - start);
    if (verdict == CRYPT_FAILED)
        return PASSWORD_MATCH_FAILED;
    return verdict == CRYPT_MATCH ? PASSWORD_MATCH_REHASH : PASSWORD_MISMATCH;
}

static enum password_match verify_outdated(const struct config *config, struct str password,
                                           const char *stored, bool is_argon2)
{
    enum password_match match = is_argon2 ? verify_argon2(password, stored) : verify_crypt(password, stored);
    if (match == PASSWORD_MATCH)
        return PASSWORD_MATCH_REHASH;
    return match == PASSWORD_MISMATCH ? mismatch_at_full_cost(config, password) : match;
}

enum password_match password_verify(const struct config *config, struct str password, const char *stored)
{
    struct argon2_cost cost;
    /* Empty is what an unknown user has. */
    if (password.len > PASSWORD_MAX_BYTES || stored[0] == '\0' || strlen(stored) >= PASSWORD_HASH_CAP)
        return mismatch_at_full_cost(config, password);
    bool is_argon2 = read_argon2(stored, &cost);
    if (is_argon2 && !is_outdated(&cost, config))
        return verify_argon2(password, stored);
    return verify_outdated(config, password, stored, is_argon2);
}

void password_trim_memory(void)
{
    hash_memory_trim(MEMORY_IDLE_MS);
}
