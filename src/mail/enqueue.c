/* From a deed to rows of the outbox. */
#include <stdlib.h>

#include "base/random.h"
#include "base/text.h"
#include "mail/message.h"
#include "mail/outbox.h"
#include "mail/template.h"

/* Stays with the row: a receiver that gets the mail twice, because a connection broke at the wrong moment,
 * can tell that it is one. */
static struct str new_message_id(const struct config *config, struct arena *arena)
{
    struct str local, domain;
    struct str random = random_hex(arena, 16);
    str_split(mail_address_of(config->mail.from), '@', &local, &domain);
    return arena_printf(arena, "<%.*s@%.*s>", STR_ARG(random), STR_ARG(domain));
}

enum storage_status mail_enqueue(struct db_conn *conn, const struct config *config, struct arena *arena,
                                 const struct mail_new *mail, int64_t now)
{
    const struct mail_template *template = mail_template(str_of(mail->kind));
    struct mail_content content;
    if (!template)
        abort();
    if (!text_is_email(mail->to) ||
        !mail_render(arena, template, mail->tenant, mail->values, mail->n, &content))
        return STORAGE_INVALID;
    struct outbox_new row = {
        .tenant_id = mail->tenant->id,
        .target_id = mail->target_id,
        .kind = mail->kind,
        .to = mail->to,
        .subject = content.subject,
        .text = content.text,
        .html = content.html,
        .message_id = new_message_id(config, arena),
    };
    return outbox_insert(conn, &row, now);
}

enum storage_status mail_drop(struct db_conn *conn, int64_t tenant_id, const char *kind, int64_t target_id)
{
    return outbox_drop(conn, tenant_id, kind, target_id);
}
