/* Splitting names and addresses into the words of member_words, and what is typed into a search likewise. */
#include "access/member_words.h"

#include <locale.h>
#include <pthread.h>
#include <wctype.h>

#include "base/buf.h"
#include "base/text.h"

#define WORDS_MAX     24
#define FOLD_MAX      4096
#define SCRATCH_BYTES 65536
#define LAST_OF_ALL   "\xF4\x8F\xBF\xBF" /* U+10FFFF: no word goes on with it */

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

static struct str fold(struct arena *arena, struct str text)
{
    struct buf out;
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

/* At most MEMBER_WORD_MAX_BYTES, not in the middle of a character. */
static struct str cut(struct str word)
{
    struct str head = str_sub(word, 0, MEMBER_WORD_MAX_BYTES);
    while (head.len < word.len && ((unsigned char)word.at[head.len] & 0xC0) == 0x80)
        head.len--;
    return head;
}

/* The words of folded text: from each place where letters begin to the next space. */
static size_t split_words(struct str text, struct str *ret, size_t n, size_t cap)
{
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

/* ---- the table ---- */

static enum storage_status words_of(struct db_conn *conn, struct arena *arena, int64_t user_id,
                                    struct str *ret, size_t *ret_n)
{
    DB_ROWS(rows);
    enum storage_status status =
        db_first(conn, &rows, "SELECT email, name FROM users WHERE id = $1", DB_ARGS(db_int(user_id)));
    for (int column = 0; status == STORAGE_ROW && column < 2; column++)
        *ret_n = split_words(fold(arena, db_col_text(&rows, column, arena)), ret, *ret_n, WORDS_MAX);
    return status == STORAGE_ROW || status == STORAGE_DONE ? STORAGE_OK : status;
}

static enum storage_status replace_words(struct db_conn *conn, int64_t tenant_id, int64_t user_id,
                                         const struct str *words, size_t n)
{
    enum storage_status status =
        db_exec(conn, "DELETE FROM member_words WHERE tenant_id = $1 AND user_id = $2",
                DB_ARGS(db_int(tenant_id), db_int(user_id)), NULL);
    for (size_t i = 0; status == STORAGE_OK && i < n; i++)
        status = db_exec(conn,
                         "INSERT INTO member_words (tenant_id, word, user_id, role, status) "
                         "SELECT m.tenant_id, CAST($2 AS TEXT), m.user_id, m.role, m.status FROM memberships m "
                         "WHERE m.tenant_id = $1 AND m.user_id = $3 "
                         "ON CONFLICT (tenant_id, word, user_id) DO NOTHING",
                         DB_ARGS(db_int(tenant_id), db_text(words[i]), db_int(user_id)), NULL);
    return status;
}

enum storage_status member_words_write(struct db_conn *conn, int64_t tenant_id, int64_t user_id)
{
    struct str words[WORDS_MAX];
    size_t n = 0;
    struct arena *arena = arena_new(SCRATCH_BYTES);
    enum storage_status status = words_of(conn, arena, user_id, words, &n);
    if (status == STORAGE_OK)
        status = replace_words(conn, tenant_id, user_id, words, n);
    arena_free(&arena);
    return status;
}

/* ---- searching ---- */

/* Keeps the longest ones, longest first. */
static void add_word(struct member_search *search, struct str word)
{
    size_t at = search->n;
    while (at > 0 && search->words[at - 1].len < word.len)
        at--;
    if (at == MEMBER_SEARCH_MAX_WORDS)
        return;
    size_t last = search->n < MEMBER_SEARCH_MAX_WORDS ? search->n++ : MEMBER_SEARCH_MAX_WORDS - 1;
    memmove(&search->words[at + 1], &search->words[at], (last - at) * sizeof(word));
    search->words[at] = word;
}

void member_search_read(struct arena *arena, struct str typed, struct member_search *ret)
{
    struct str text = fold(arena, typed);
    *ret = (struct member_search){ 0 };
    for (size_t i = 0, end; i < text.len; i = end + 1) {
        while (i < text.len && !is_letter(text.at[i]))
            i++;
        for (end = i; end < text.len && !is_space(text.at[end]);)
            end++;
        if (end > i)
            add_word(ret, cut(str_sub(text, i, end - i)));
    }
}

struct str member_search_end(struct arena *arena, struct str word)
{
    return arena_printf(arena, "%.*s" LAST_OF_ALL, STR_ARG(word));
}
