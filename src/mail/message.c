#include "mail/message.h"

#include <time.h>

#include "base/clock.h"
#include "base/text.h"

#define MESSAGE_MAX_BYTES    ((size_t)1024 * 1024)
#define HEADER_LINE_CHARS    76 /* RFC 2047 section 2 */
#define BODY_LINE_CHARS      76 /* RFC 2045 section 6.7 */
#define ENCODED_WORD_START   "=?utf-8?Q?"
#define ENCODED_WORD_CHARS   75
#define ENCODED_WORD_CONTENT (ENCODED_WORD_CHARS - sizeof(ENCODED_WORD_START "?=") + 1)

static void add_hex(struct buf *out, char c)
{
    buf_printf(out, "=%02X", (unsigned)(unsigned char)c);
}

/* ---- header ---- */

static bool is_printable_ascii(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < ' ' || s.at[i] > '~')
            return false;
    }
    return true;
}

static bool is_ascii_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* One character in Q encoding: only what is safe in a phrase, too, stands for itself (RFC 2047 section 5). */
static struct str q_encode(struct arena *arena, struct str character)
{
    struct buf out;
    buf_init(&out, arena, 16);
    for (size_t i = 0; i < character.len; i++) {
        char c = character.at[i];
        if (c == ' ')
            buf_add_char(&out, '_');
        else if (is_ascii_alnum(c))
            buf_add_char(&out, c);
        else
            add_hex(&out, c);
    }
    return buf_str(&out);
}

/* A run of encoded words, folded; no word ends inside a character. used: chars that stand on the line. */
static void add_encoded_words(struct buf *out, size_t used, struct str s)
{
    size_t room = ENCODED_WORD_CONTENT - used;
    buf_add(out, STR(ENCODED_WORD_START));
    for (size_t i = 0; i < s.len;) {
        size_t length = text_utf8_sequence(str_sub(s, i, s.len));
        struct str code = q_encode(out->arena, str_sub(s, i, length ? length : 1));
        if (code.len > room) {
            buf_add(out, STR("?=\r\n " ENCODED_WORD_START));
            room = ENCODED_WORD_CONTENT;
        }
        buf_add(out, code);
        room -= code.len;
        i += length ? length : 1;
    }
    buf_add(out, STR("?="));
}

/* What is not plain is encoded, so a line break in it is six letters of a word. */
static void add_subject(struct buf *out, struct str subject)
{
    const size_t used = sizeof("Subject: ") - 1;
    bool plain = is_printable_ascii(subject) && used + subject.len <= HEADER_LINE_CHARS &&
                 str_equal(subject, str_trim(subject)) && !strstr(arena_cstr(out->arena, subject), "=?");
    buf_add(out, STR("Subject: "));
    if (plain)
        buf_add(out, subject);
    else
        add_encoded_words(out, used, subject);
    buf_add(out, STR("\r\n"));
}

struct str mail_address_of(struct str mailbox)
{
    struct str name, address;
    if (!str_split(mailbox, '<', &name, &address))
        return str_trim(mailbox);
    str_split(address, '>', &address, &name);
    return str_trim(address);
}

/* The name before the address, without the quotes it may stand in. */
static struct str name_of(struct str mailbox)
{
    struct str name, address;
    if (!str_split(mailbox, '<', &name, &address))
        return STR_NONE;
    name = str_trim(name);
    if (name.len >= 2 && name.at[0] == '"' && name.at[name.len - 1] == '"')
        name = str_sub(name, 1, name.len - 2);
    return name;
}

/* A phrase of RFC 5322: quoted when it is short and plain, else in encoded words. */
static void add_phrase(struct buf *out, struct str name)
{
    if (!is_printable_ascii(name) || name.len > HEADER_LINE_CHARS / 2) {
        add_encoded_words(out, sizeof("From: ") - 1, name);
        return;
    }
    buf_add_char(out, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '"' || name.at[i] == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, name.at[i]);
    }
    buf_add_char(out, '"');
}

static void add_from(struct buf *out, struct str mailbox)
{
    struct str name = name_of(mailbox), address = mail_address_of(mailbox);
    buf_add(out, STR("From: "));
    if (!str_is_empty(name)) {
        add_phrase(out, name);
        buf_add(out, STR("\r\n "));
    }
    buf_printf(out, "<%.*s>\r\n", STR_ARG(address));
}

/* RFC 5322 section 3.3; strftime() would ask the locale. */
static void add_date(struct buf *out, int64_t epoch_us)
{
    static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    time_t seconds = (time_t)(epoch_us / CLOCK_SECOND);
    struct tm tm = { 0 };
    gmtime_r(&seconds, &tm);
    buf_printf(out, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
               months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* ---- body ---- */

/* Whether a byte of a body line stands for itself; a blank at the end of a line would be lost on the way. */
static bool is_literal(struct str line, size_t i)
{
    char c = line.at[i];
    if (c == ' ' || c == '\t')
        return i + 1 < line.len;
    return c > ' ' && c <= '~' && c != '=';
}

static void add_quoted_line(struct buf *out, struct str line)
{
    size_t used = 0;
    for (size_t i = 0; i < line.len; i++) {
        size_t needs = is_literal(line, i) ? 1 : 3;
        if (used + needs > BODY_LINE_CHARS - 1) { /* one is left for the '=' of the soft break */
            buf_add(out, STR("=\r\n"));
            used = 0;
        }
        needs == 1 ? buf_add_char(out, line.at[i]) : add_hex(out, line.at[i]);
        used += needs;
    }
    buf_add(out, STR("\r\n"));
}

static void add_part(struct buf *out, const char *type, struct str boundary, struct str content)
{
    struct str line, rest = content;
    buf_printf(out,
               "--%.*s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
               "\r\n",
               STR_ARG(boundary), type);
    while (!str_is_empty(rest)) {
        str_split(rest, '\n', &line, &rest);
        add_quoted_line(out, line);
    }
}

/* "=_" cannot stand in a quoted-printable body, so no content can end a part. */
static struct str boundary_of(struct arena *arena, struct str message_id)
{
    struct buf out;
    buf_init(&out, arena, 70); /* RFC 2046 section 5.1.1 */
    buf_add(&out, STR("=_"));
    for (size_t i = 0; i < message_id.len && message_id.at[i] != '@' && out.len < 60; i++) {
        if (is_ascii_alnum(message_id.at[i]))
            buf_add_char(&out, message_id.at[i]);
    }
    return buf_str(&out);
}

struct str mail_message_write(struct arena *arena, const struct mail_message *message)
{
    struct buf out;
    struct str boundary = boundary_of(arena, message->message_id);
    buf_init(&out, arena, MESSAGE_MAX_BYTES);
    add_date(&out, message->date);
    add_from(&out, message->from);
    buf_printf(&out, "To: <%.*s>\r\n", STR_ARG(message->to));
    add_subject(&out, message->subject);
    buf_printf(&out,
               "Message-ID: %.*s\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
               "Content-Type: multipart/alternative;\r\n boundary=\"%.*s\"\r\n\r\n",
               STR_ARG(message->message_id), STR_ARG(boundary));
    add_part(&out, "text/plain", boundary, message->text);
    add_part(&out, "text/html", boundary, message->html);
    buf_printf(&out, "--%.*s--\r\n", STR_ARG(boundary));
    return out.overflow ? STR_NONE : buf_str(&out);
}
