/* Mail: written to the outbox in the transaction of the deed that causes it, sent later by a thread of the
 * server. Table: mail_outbox. docs/mail.md says more. */
#ifndef TETHER_MAIL_MAIL_H
#define TETHER_MAIL_MAIL_H

#include "tenancy/tenant.h"

/* What stands for {name} in a template. */
struct mail_value {
    const char *name;
    struct str value; /* plain text: it is escaped where it has to be */
};

struct mail_new {
    const char *kind;            /* a template: "invitation" */
    const struct tenant *tenant; /* whose name, logo and colour it bears */
    int64_t target_id;           /* what it is about, for mail_drop() */
    struct str to;               /* one address, text_is_email() */
    const struct mail_value *values;
    size_t n;
};

/* Inside the deed's write transaction. INVALID for an address that is none; a kind that has no template is a
 * bug and aborts. */
enum storage_status mail_enqueue(struct db_conn *conn, const struct config *config, struct arena *arena,
                                 const struct mail_new *mail, int64_t now);

/* Inside a write transaction: what waits about that target is not sent any more. */
enum storage_status mail_drop(struct db_conn *conn, int64_t tenant_id, const char *kind, int64_t target_id);

/* The HTML part as it would be sent, with the template's sample values; empty when there is no such kind. */
struct str mail_preview(struct arena *arena, struct str kind, const struct tenant *tenant);

struct mail_sender;

/* Starts the thread that sends what is due. `config` and `db` outlive it. NULL with a sentence in error. */
struct mail_sender *mail_sender_start(const struct config *config, struct db *db, char *error, size_t cap);
/* Ends it; a mail under way is finished or put back, within a few seconds. Accepts NULL in *sender. */
void mail_sender_stop(struct mail_sender **sender);

#endif
