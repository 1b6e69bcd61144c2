#include "mail/template.h"

#include <stdlib.h>

#include "base/text.h"

#define SUBJECT_MAX_BYTES 200
#define VALUE_MAX_BYTES   400 /* of a name in a sentence; links may be longer */
#define DEFAULT_ACCENT    STR("#1f6feb")

static const struct mail_value invitation_samples[] = {
    { "inviter", { "Olga Owner", 10 } },
    { "role", { "Admin", 5 } },
    { "email", { "jane@example.com", 16 } },
    { "expires", { "22 November 2026", 16 } },
    { "link", { "https://example.com/invite/", 27 } },
};

/* Anybody can order in anybody's name and at anybody's address: what they typed is not for these mails. */
static const struct mail_value ticket_samples[] = {
    { "title", { "Soldering for beginners", 23 } },
    { "when", { "4 December 2026, 17:00 UTC", 26 } },
    { "quantity", { "2", 1 } },
    { "amount", { "30.00 EUR", 9 } },
    { "expires", { "22 November 2026, 08:13 UTC", 27 } },
    { "code", { "T4K7-XM2P-9QRS-TVWX-YZ01", 24 } },
    { "link", { "https://example.com/portal/", 27 } },
};
#define TICKET_SAMPLES                                                                                       \
    .samples = ticket_samples, .sample_count = sizeof ticket_samples / sizeof ticket_samples[0]

static const struct mail_template templates[] = {
    { .kind = "invitation",
      .subject = "{inviter} invites you to {tenant}",
      .heading = "Join {tenant}",
      .lead = "{inviter} has invited you to join {tenant} as {role}.",
      .button = "Accept the invitation",
      .note = "The link is for {email} alone, works once and holds until {expires}. If you did not expect "
              "this invitation, you can ignore this mail: nothing happens unless somebody accepts it.",
      .samples = invitation_samples,
      .sample_count = sizeof invitation_samples / sizeof invitation_samples[0] },
    { .kind = "ticket_confirmed",
      .subject = "Your ticket: {title}",
      .heading = "{title}",
      .lead = "You are registered for {title}: {when}, for {quantity}.",
      .button = "Show the ticket",
      .note = "Your code is {code}. Whoever has it can use the ticket or cancel it, so keep this mail to "
              "yourself.",
      TICKET_SAMPLES },
    { .kind = "ticket_pending",
      .subject = "To be paid: {title}",
      .heading = "{title}",
      .lead = "We hold {quantity} for you: {title}, {when}. Please pay {amount}; then they are yours.",
      .button = "Show the registration",
      .note =
          "Your code is {code}. Unless it is paid by {expires}, what we hold goes to others. Whoever has the "
          "code can cancel it, so keep this mail to yourself.",
      TICKET_SAMPLES },
    { .kind = "ticket_paid",
      .subject = "Paid: {title}",
      .heading = "{title}",
      .lead = "Your payment of {amount} has arrived. You are registered for {title}: {when}, for "
              "{quantity}.",
      .note = "Your ticket is behind the link in our earlier mail.",
      TICKET_SAMPLES },
    { .kind = "ticket_cancelled",
      .subject = "Cancelled: {title}",
      .heading = "{title}",
      .lead = "Your registration for {title}, {when}, for {quantity}, was cancelled.",
      .note = "If this was not meant to be, register again or answer this mail.",
      TICKET_SAMPLES },
};

const struct mail_template *mail_template(struct str kind)
{
    for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++) {
        if (str_equal(kind, str_of(templates[i].kind)))
            return &templates[i];
    }
    return NULL;
}

/* ---- filling in ---- */

/* Everything a part is made from. */
struct writer {
    struct buf out;
    const struct tenant *tenant;
    const struct mail_value *values;
    size_t n;
    bool is_html;
};

static struct str value_of(const struct writer *w, struct str name)
{
    if (str_equal(name, STR("tenant")))
        return w->tenant->name;
    for (size_t i = 0; i < w->n; i++) {
        if (str_equal(name, str_of(w->values[i].name)))
            return w->values[i].value;
    }
    abort();
}

static void add_escaped(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        switch (s.at[i]) {
        case '&':
            buf_add(out, STR("&amp;"));
            break;
        case '<':
            buf_add(out, STR("&lt;"));
            break;
        case '>':
            buf_add(out, STR("&gt;"));
            break;
        case '"':
            buf_add(out, STR("&quot;"));
            break;
        case '\'':
            buf_add(out, STR("&#39;"));
            break;
        default:
            buf_add_char(out, s.at[i]);
        }
    }
}

/* What people chose as a name could hold line breaks or pages of text. */
static void add_value(struct writer *w, struct str name)
{
    struct str value = value_of(w, name);
    if (!str_equal(name, STR("link")))
        value = str_sub(value, 0, VALUE_MAX_BYTES);
    value.len = text_utf8_prefix(value);
    for (size_t i = 0; i < value.len;) {
        size_t length = text_utf8_sequence(str_sub(value, i, value.len));
        struct str character = str_sub(value, i, length);
        if (!text_is_line(character))
            character = STR(" ");
        w->is_html ? add_escaped(&w->out, character) : buf_add(&w->out, character);
        i += length;
    }
}

/* The template's own words need no escaping: they are ours. */
static void add_filled(struct writer *w, const char *words)
{
    struct str before, name, rest = str_of(words);
    while (str_split(rest, '{', &before, &rest)) {
        buf_add(&w->out, before);
        str_split(rest, '}', &name, &rest);
        add_value(w, name);
    }
    buf_add(&w->out, before);
}

/* ---- the parts ---- */

static void write_subject(struct writer *w, const struct mail_template *t)
{
    add_filled(w, t->subject);
}

static void write_text(struct writer *w, const struct mail_template *t)
{
    bool has_button = t->button != NULL;
    const char *const paragraphs[] = { t->heading,
                                       "\n\n",
                                       t->lead,
                                       "\n\n",
                                       has_button ? t->button : "",
                                       has_button ? ":\n{link}\n\n" : "",
                                       t->note,
                                       "\n\n-- \n{tenant}\n" };
    for (size_t i = 0; i < sizeof paragraphs / sizeof paragraphs[0]; i++)
        add_filled(w, paragraphs[i]);
}

/* It goes into a style attribute, so nothing but a colour may pass. */
static struct str accent_of(const struct tenant *tenant)
{
    struct str colour = tenant->accent_colour;
    if (colour.len != 7 || colour.at[0] != '#')
        return DEFAULT_ACCENT;
    for (size_t i = 1; i < colour.len; i++) {
        char c = colour.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return DEFAULT_ACCENT;
    }
    return colour;
}

static bool is_web_address(struct str url)
{
    return text_is_line(url) &&
           (str_starts_with(url, STR("https://")) || str_starts_with(url, STR("http://")));
}

static void write_masthead(struct writer *w)
{
    struct str logo = w->tenant->logo_url;
    if (!is_web_address(logo)) {
        add_filled(w, "<strong style=\"color:#ffffff;font-size:18px\">{tenant}</strong>");
        return;
    }
    buf_add(&w->out, STR("<img src=\""));
    add_escaped(&w->out, logo);
    add_filled(w, "\" alt=\"{tenant}\" height=\"40\" style=\"display:block;border:0;color:#ffffff\">");
}

static void write_button(struct writer *w, const char *label, struct str accent)
{
    buf_printf(&w->out,
               "<p style=\"margin:28px 0\"><a style=\"background:%.*s;color:#ffffff;padding:12px 24px;"
               "text-decoration:none;border-radius:4px\" ",
               STR_ARG(accent));
    add_filled(w, "href=\"{link}\">");
    add_filled(w, label);
    add_filled(w, "</a></p>\n");
}

static void write_html(struct writer *w, const struct mail_template *t)
{
    struct str accent = accent_of(w->tenant);
    buf_printf(&w->out,
               "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"></head>\n"
               "<body style=\"margin:0;padding:24px;background:#f4f5f7;font-family:Helvetica,Arial,"
               "sans-serif;color:#1c1e21\">\n"
               "<div style=\"max-width:560px;margin:0 auto;background:#ffffff\">\n"
               "<div style=\"background:%.*s;padding:20px 32px\">",
               STR_ARG(accent));
    write_masthead(w);
    add_filled(w, "</div>\n<div style=\"padding:32px\">\n<h1 style=\"font-size:22px;margin:0 0 16px\">");
    add_filled(w, t->heading);
    add_filled(w, "</h1>\n<p style=\"font-size:16px;line-height:24px\">");
    add_filled(w, t->lead);
    add_filled(w, "</p>\n");
    if (t->button)
        write_button(w, t->button, accent);
    add_filled(w, "<p style=\"font-size:13px;line-height:20px;color:#5f6368\">");
    add_filled(w, t->note);
    add_filled(w, "</p>\n");
    if (t->button)
        add_filled(w, "<p style=\"font-size:13px;line-height:20px;color:#5f6368;word-break:break-all\">"
                      "{link}</p>\n");
    add_filled(w, "</div>\n</div>\n</body>\n</html>\n");
}

typedef void (*part_fn)(struct writer *w, const struct mail_template *template);

static bool write_part(struct arena *arena, struct writer w, const struct mail_template *template,
                       part_fn write, struct str *ret)
{
    buf_init(&w.out, arena, MAIL_MAX_BYTES);
    write(&w, template);
    *ret = buf_str(&w.out);
    return !w.out.overflow;
}

bool mail_render(struct arena *arena, const struct mail_template *template, const struct tenant *tenant,
                 const struct mail_value *values, size_t n, struct mail_content *ret)
{
    struct writer plain = { .tenant = tenant, .values = values, .n = n };
    struct writer html = plain;
    html.is_html = true;
    bool fits = write_part(arena, plain, template, write_subject, &ret->subject) &&
                write_part(arena, plain, template, write_text, &ret->text) &&
                write_part(arena, html, template, write_html, &ret->html);
    ret->subject = str_sub(ret->subject, 0, SUBJECT_MAX_BYTES);
    ret->subject.len = text_utf8_prefix(ret->subject);
    return fits;
}

struct str mail_preview(struct arena *arena, struct str kind, const struct tenant *tenant)
{
    const struct mail_template *template = mail_template(kind);
    struct mail_content content = { 0 };
    if (template)
        mail_render(arena, template, tenant, template->samples, template->sample_count, &content);
    return content.html;
}
