/* Twenty symbols of five bits: kind, 17 random ones, two of checksum. The checksum is cut from the SHA-256 of
 * everything before it, so that a slip is seen without asking the database. It is no protection against
 * guessing: the 85 bits are, together with the limit on requests. */
#include "spaces/code.h"

#include "base/random.h"

enum { GROUP = 4, CHECK = 2, SYMBOLS = 20, BODY = SYMBOLS - CHECK };

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static const char kind_letters[] = { [CODE_TICKET] = 'T', [CODE_MEMBER] = 'M' };

static void add_checksum(char symbols[SYMBOLS])
{
    uint8_t digest[32];
    sha256(symbols, BODY, digest);
    for (size_t i = 0; i < CHECK; i++)
        symbols[BODY + i] = alphabet[digest[i] % 32];
    secret_wipe(digest, sizeof(digest));
}

struct str code_new(struct arena *arena, enum code_kind kind, uint8_t ret_hash[CODE_HASH_BYTES])
{
    char symbols[SYMBOLS];
    uint8_t random[BODY];
    random_bytes(random, sizeof(random));
    for (size_t i = 0; i < BODY; i++)
        symbols[i] = alphabet[random[i] % 32];
    symbols[0] = kind_letters[kind];
    add_checksum(symbols);
    sha256(symbols, SYMBOLS, ret_hash);
    struct str code = arena_printf(arena, "%.4s-%.4s-%.4s-%.4s-%.4s", symbols, symbols + 4, symbols + 8,
                                   symbols + 12, symbols + 16);
    secret_wipe(random, sizeof(random));
    secret_wipe(symbols, sizeof(symbols));
    return code;
}

/* The symbol that was meant; 0 for none. */
static char symbol_of(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'O')
        return '0';
    if (c == 'I' || c == 'L')
        return '1';
    return c && strchr(alphabet, c) ? c : 0;
}

static bool read_symbols(struct str text, char ret[SYMBOLS])
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        char symbol = symbol_of(text.at[i]);
        if (text.at[i] == '-' || text.at[i] == ' ')
            continue;
        if (!symbol || n == SYMBOLS)
            return false;
        ret[n++] = symbol;
    }
    return n == SYMBOLS;
}

static enum code_kind kind_of(char letter)
{
    for (size_t kind = CODE_TICKET; kind < sizeof(kind_letters); kind++)
        if (kind_letters[kind] == letter)
            return (enum code_kind)kind;
    return CODE_NONE;
}

static struct str last_segment(struct str text)
{
    size_t from = text.len;
    while (from > 0 && text.at[from - 1] != '/')
        from--;
    return str_sub(text, from, text.len);
}

enum code_kind code_read(struct str text, uint8_t ret_hash[CODE_HASH_BYTES])
{
    char symbols[SYMBOLS], expected[SYMBOLS];
    if (!read_symbols(last_segment(text), symbols))
        return CODE_NONE;
    memcpy(expected, symbols, sizeof(expected));
    add_checksum(expected);
    if (!secret_equal(str_from(expected, SYMBOLS), str_from(symbols, SYMBOLS)))
        return CODE_NONE;
    sha256(symbols, SYMBOLS, ret_hash);
    return kind_of(symbols[0]);
}

struct str code_hint(struct str code)
{
    return str_sub(code, code.len - GROUP, GROUP);
}
