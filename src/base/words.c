#include "base/words.h"

#include <locale.h>
#include <pthread.h>
#include <wctype.h>

#include "base/buf.h"
#include "base/text.h"

#define FOLD_MAX    4096
#define LAST_OF_ALL "\xF4\x8F\xBF\xBF" /* U+10FFFF: no word goes on with it */

/* ---- folding ---- */

static locale_t unicode;
static pthread_once_t unicode_once = PTHREAD_ONCE_INIT;

/* For letters of every script; (locale_t)0 where the system has no such locale: then ASCII alone is folded.
 */
static void make_unicode(void)
{
    unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* The character at the start of well-formed UTF-8 that is `len` bytes long. */
static uint32_t decode(const char *at, size_t len)
{
    uint32_t c = (unsigned char)at[0];
    if (len > 1)
        c &= 0x7Fu >> len;
    for (size_t i = 1; i < len; i++)
        c = c << 6 | ((unsigned char)at[i] & 0x3F);
    return c;
}

static void encode(struct buf *out, uint32_t c)
{
    int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint32_t lead[] = { 0, 0xC0, 0xE0, 0xF0 };
    buf_add_char(out, (char)(lead[more] | c >> (6 * more)));
    while (more-- > 0)
        buf_add_char(out, (char)(0x80 | (c >> (6 * more) & 0x3F)));
}

static bool is_ascii(struct str text)
{
    unsigned char all = 0;
    for (size_t i = 0; i < text.len; i++)
        all |= (unsigned char)text.at[i];
    return all < 0x80;
}

static struct str fold(struct arena *arena, struct str text)
{
    struct buf out;
    if (is_ascii(text))
        return arena_lower(arena, str_sub(text, 0, FOLD_MAX));
    pthread_once(&unicode_once, make_unicode);
    buf_init(&out, arena, FOLD_MAX);
    for (size_t i = 0, len; i < text.len; i += len) {
        len = text_utf8_sequence(str_sub(text, i, 4));
        if (len == 0)
            break;
        uint32_t c = decode(text.at + i, len);
        if (c >= 'A' && c <= 'Z')
            c |= 0x20;
        else if (c >= 0x80 && unicode)
            c = (uint32_t)towlower_l((wint_t)c, unicode);
        encode(&out, c);
    }
    return buf_str(&out);
}

/* ---- words ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* At most WORD_MAX_BYTES, not in the middle of a character. */
static struct str cut(struct str word)
{
    struct str head = str_sub(word, 0, WORD_MAX_BYTES);
    while (head.len < word.len && ((unsigned char)word.at[head.len] & 0xC0) == 0x80)
        head.len--;
    return head;
}

/* Of the folded text: from each place where letters begin to the next space. */
size_t words_split(struct arena *arena, struct str typed, struct str *ret, size_t n, size_t cap)
{
    struct str text = fold(arena, typed);
    for (size_t i = 0; i < text.len && n < cap; i++) {
        bool begins = is_letter(text.at[i]) && (i == 0 || !is_letter(text.at[i - 1]));
        if (!begins)
            continue;
        size_t end = i;
        while (end < text.len && !is_space(text.at[end]))
            end++;
        ret[n++] = cut(str_sub(text, i, end - i));
    }
    return n;
}

/* ---- searching ---- */

/* Keeps the longest ones, longest first. */
static void add_word(struct words_search *search, struct str word)
{
    size_t at = search->n;
    while (at > 0 && search->words[at - 1].len < word.len)
        at--;
    if (at == WORDS_SEARCH_MAX)
        return;
    size_t last = search->n < WORDS_SEARCH_MAX ? search->n++ : WORDS_SEARCH_MAX - 1;
    memmove(&search->words[at + 1], &search->words[at], (last - at) * sizeof(word));
    search->words[at] = word;
}

void words_search_read(struct arena *arena, struct str typed, struct words_search *ret)
{
    struct str text = fold(arena, typed);
    *ret = (struct words_search){ 0 };
    for (size_t i = 0, end; i < text.len; i = end + 1) {
        while (i < text.len && !is_letter(text.at[i]))
            i++;
        for (end = i; end < text.len && !is_space(text.at[end]);)
            end++;
        if (end > i)
            add_word(ret, cut(str_sub(text, i, end - i)));
    }
}

struct str words_search_end(struct arena *arena, struct str word)
{
    return arena_printf(arena, "%.*s" LAST_OF_ALL, STR_ARG(word));
}
