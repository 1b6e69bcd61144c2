#include "spaces/ticket_mail.h"

#include "mail/mail.h"
#include "spaces/day.h"
#include "spaces/money.h"

#define PENDING   "ticket_pending"
#define CONFIRMED "ticket_confirmed"
#define PAID      "ticket_paid"
#define CANCELLED "ticket_cancelled"

static const char *kind_of(const struct ticket_deed *deed, enum ticket_mail mail)
{
    switch (mail) {
    case TICKET_MAIL_PENDING:
        return PENDING;
    case TICKET_MAIL_CONFIRMED:
        return CONFIRMED;
    case TICKET_MAIL_PAID:
        return deed->code.at ? CONFIRMED : PAID;
    case TICKET_MAIL_CANCELLED:
        return CANCELLED;
    case TICKET_MAIL_AGAIN:
        break;
    }
    return deed->ticket.status == TICKET_PENDING ? PENDING : CONFIRMED;
}

static struct str when(struct arena *arena, const struct ticket *ticket)
{
    return ticket->kind == OFFER_PASS ? day_write(arena, ticket->day)
                                      : clock_in_words(arena, ticket->starts_at);
}

enum storage_status ticket_mail_send(struct db_conn *conn, struct arena *arena,
                                     const struct ticket_deed *deed, enum ticket_mail mail)
{
    const struct ticket *ticket = &deed->ticket;
    const struct mail_value values[] = {
        { "title", ticket->title },
        { "when", when(arena, ticket) },
        { "quantity", arena_printf(arena, "%lld", (long long)ticket->quantity) },
        { "amount", money_in_words(arena, ticket->amount, ticket->currency) },
        { "expires", clock_in_words(arena, ticket->expires_at) },
        { "code", deed->code },
        { "link", deed->portal_url },
    };
    struct mail_new row = {
        .kind = kind_of(deed, mail),
        .tenant = deed->tenant,
        .target_id = ticket->id,
        .to = ticket->email,
        .values = values,
        .n = sizeof values / sizeof values[0],
    };
    return mail_enqueue(conn, deed->config, arena, &row, deed->now);
}

enum storage_status ticket_mail_drop(struct db_conn *conn, const struct ticket *ticket)
{
    enum storage_status status = mail_drop(conn, ticket->tenant_id, PENDING, ticket->id);
    return status == STORAGE_OK ? mail_drop(conn, ticket->tenant_id, CONFIRMED, ticket->id) : status;
}
