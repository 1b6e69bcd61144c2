/* How a ticket is read from the tables. Private to spaces/. */
#ifndef TETHER_SPACES_TICKET_ROW_H
#define TETHER_SPACES_TICKET_ROW_H

#include "spaces/ticket.h"

#define TICKET_COLUMNS                                                                                       \
    "t.id, t.tenant_id, t.event_id, t.pass_id, t.day, COALESCE(e.title, p.name), COALESCE(e.location, ''), " \
    "COALESCE(e.starts_at, t.day * 86400000000), COALESCE(e.ends_at, (t.day + 1) * 86400000000), t.name, "   \
    "t.email, t.quantity, t.amount, t.currency, t.status, t.code_hint, t.created_at, t.expires_at, "         \
    "t.confirmed_at, t.ended_at, c.at"
#define TICKET_TABLES                                                                                        \
    "tickets t LEFT JOIN events e ON e.tenant_id = t.tenant_id AND e.id = t.event_id "                       \
    "LEFT JOIN day_passes p ON p.tenant_id = t.tenant_id AND p.id = t.pass_id "                              \
    "LEFT JOIN checkins c ON c.tenant_id = t.tenant_id AND c.ticket_id = t.id"

/* The row of a query of TICKET_COLUMNS, its texts in the arena. What waits for payment past its time counts as
 * expired, whether or not the sweep has been there. */
void ticket_read_row(struct db_rows *rows, struct arena *arena, int64_t now, struct ticket *ret);

/* Pending ones whose time is over, of an offer or (NULL) of all; *ret in the arena. OK or a failure. */
enum storage_status ticket_overdue(struct db_conn *conn, struct arena *arena, const struct offer *offer,
                                   int64_t now, int64_t limit, struct ticket **ret, size_t *ret_n);

#endif
