/* What mails say. A template is a row; the text and the HTML part are both made from it, so they cannot tell
 * different stories. Private to mail/. */
#ifndef TETHER_MAIL_TEMPLATE_H
#define TETHER_MAIL_TEMPLATE_H

#include "mail/mail.h"

#define MAIL_MAX_BYTES ((size_t)128 * 1024) /* of one part */

/* {tenant} is always known. */
struct mail_template {
    const char *kind;
    const char *subject;
    const char *heading;
    const char *lead;   /* the paragraph before the button */
    const char *button; /* its label; it leads to {link}; NULL: none */
    const char *note;   /* the small print after it */
    const struct mail_value *samples;
    size_t sample_count;
};

/* NULL when there is none. */
const struct mail_template *mail_template(struct str kind);

struct mail_content {
    struct str subject; /* one line */
    struct str text, html;
};

/* False when something came out longer than MAIL_MAX_BYTES. A {name} that no value has is a bug and aborts.
 */
bool mail_render(struct arena *arena, const struct mail_template *template, const struct tenant *tenant,
                 const struct mail_value *values, size_t n, struct mail_content *ret);

#endif
