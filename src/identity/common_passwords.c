/* The most common passwords, looked up by binary search over one sorted text. The text is made at build time
 * by make_common_passwords.py from the password frequency list of Debian's python3-zxcvbn (MIT licence):
 * those of its 30,000 entries that are long enough to be a password here at all. */
#include "identity/common_passwords.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Below, at or above zero as `password` in lower case sorts before, is or sorts after the entry at `entry`.
 */
static int compare(struct str password, const char *entry)
{
    for (size_t i = 0; i < password.len; i++) {
        int difference = (unsigned char)lower(password.at[i]) - (unsigned char)entry[i];
        if (difference != 0 || entry[i] == '\n')
            return entry[i] == '\n' ? 1 : difference;
    }
    return entry[password.len] == '\n' ? 0 : -1;
}

static size_t line_start(size_t at)
{
    while (at > 0 && common_passwords_text[at - 1] != '\n')
        at--;
    return at;
}

static size_t line_after(size_t at)
{
    while (common_passwords_text[at] != '\n')
        at++;
    return at + 1;
}

bool common_passwords_have(struct str password)
{
    size_t low = 0, high = common_passwords_size; /* both are starts of lines */
    while (low < high) {
        size_t middle = line_start(low + (high - low) / 2);
        int order = compare(password, common_passwords_text + middle);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = line_after(middle);
    }
    return false;
}
