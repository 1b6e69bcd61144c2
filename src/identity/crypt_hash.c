/* Foreign hashes. A stored text is handed to libxcrypt only when it has, character by character, the form of
 * one of the rows below; each row also bounds what the hash may cost, because an imported "bcrypt, cost 31"
 * would hold a thread for days. Where a parameter is a single character its range stands in the pattern
 * itself; for yescrypt and scrypt that is at most 1 GiB, the largest that crypt_gensalt(3) makes.
 *
 * Two old habits of these formats are kept, as the systems they come from have them: bcrypt looks at 72
 * bytes, DES at
 * 8. The first sign-in replaces the hash, and with it the habit. */
#include "identity/crypt_hash.h"

#include <crypt.h>
#include <errno.h>
#include <pthread.h>
#include <regex.h>

#include "base/random.h"

#define B64 "[./0-9A-Za-z]"

struct crypt_format {
    const char *pattern;
    int cost_group;   /* of the pattern; 0: the pattern itself bounds the cost */
    int64_t cost_max; /* of that group, which is a decimal number */
};

static const struct crypt_format formats[] = {
    { "^\\$2[aby]\\$([0-9]{2})\\$" B64 "{53}$", 1, 16 },                        /* bcrypt */
    { "^\\$g?y\\$j[./0-9A-F][./0-9A-T]\\$" B64 "{0,86}\\$" B64 "{43}$", 0, 0 }, /* (gost-)yescrypt */
    { "^\\$7\\$[./0-9A-G][./0-9A-U]\\.{4}[/0-2]\\.{4}" B64 "{0,86}\\$" B64 "{43}$", 0, 0 }, /* scrypt */
    { "^\\$6\\$(rounds=([1-9][0-9]*)\\$)?[^$:]{1,16}\\$" B64 "{86}$", 2, 5000000 },         /* SHA-512 */
    { "^\\$5\\$(rounds=([1-9][0-9]*)\\$)?[^$:]{1,16}\\$" B64 "{43}$", 2, 5000000 },         /* SHA-256 */
    { "^\\$sha1\\$([1-9][0-9]*)\\$" B64 "{1,64}\\$" B64 "{28,96}$", 1, 5000000 },           /* NetBSD */
    { "^\\$md5(,rounds=([1-9][0-9]*))?\\$" B64 "{8}\\${1,2}" B64 "{22}$", 2, 1000000 },     /* Solaris */
    { "^\\$1\\$[^$:]{1,8}\\$" B64 "{22}$", 0, 0 },                                          /* MD5 */
    { "^\\$3\\$\\$[0-9a-f]{32}$", 0, 0 },                                                   /* NT */
    { "^_" B64 "{3}\\." B64 "{15}$", 0, 0 },                                                /* BSDi DES */
    { "^" B64 "{13}$", 0, 0 },                                                              /* DES */
};
#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

static bool cost_is_bearable(const struct crypt_format *format, const char *stored, const regmatch_t *group)
{
    int64_t cost;
    if (format->cost_group == 0 || group->rm_so < 0)
        return true;
    struct str digits = str_from(stored + group->rm_so, (size_t)(group->rm_eo - group->rm_so));
    if (digits.len == 2 && digits.at[0] == '0') /* bcrypt writes "05" */
        digits = str_sub(digits, 1, 1);
    return str_to_int(digits, &cost) && cost <= format->cost_max;
}

/* Compiled once: compiling takes longer than all else about an unusable hash, and its time would tell one. */
static regex_t patterns[FORMAT_COUNT];

static void compile_patterns(void)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (regcomp(&patterns[i], formats[i].pattern, REG_EXTENDED) != 0)
            abort();
    }
}

static bool is_usable(const char *stored)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    regmatch_t groups[3];
    pthread_once(&once, compile_patterns);
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (regexec(&patterns[i], stored, 3, groups, 0) == 0 &&
            cost_is_bearable(&formats[i], stored, &groups[formats[i].cost_group]))
            return true;
    }
    return false;
}

/* `data` is a crypt_data and is wiped by the caller; crypt(3) wants a C string, so the password is copied
 * there. */
static enum crypt_verdict compute(struct crypt_data *data, struct str password, const char *stored)
{
    memcpy(data->input, password.at, password.len);
    data->input[password.len] = '\0';
    errno = 0;
    const char *computed = crypt_r(data->input, stored, data);
    if (!computed || computed[0] == '*')
        return errno == ENOMEM ? CRYPT_FAILED : CRYPT_MISMATCH;
    return secret_equal(str_of(computed), str_of(stored)) ? CRYPT_MATCH : CRYPT_MISMATCH;
}

enum crypt_verdict crypt_hash_verify(struct str password, const char *stored)
{
    if (!is_usable(stored))
        return CRYPT_UNUSABLE;
    /* What crypt(3) cannot take can never have been the password. A NUL would cut it short. */
    if (password.len >= CRYPT_MAX_PASSPHRASE_SIZE ||
        memchr(password.len ? password.at : "", '\0', password.len))
        return CRYPT_MISMATCH;
    struct crypt_data *data = calloc(1, sizeof(*data));
    if (!data)
        return CRYPT_FAILED;
    enum crypt_verdict verdict = compute(data, password, stored);
    secret_wipe(data, sizeof(*data));
    free(data);
    return verdict;
}
