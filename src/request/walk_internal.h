/* What the files of the walk share. Nobody outside includes this. */
#ifndef TETHER_REQUEST_WALK_INTERNAL_H
#define TETHER_REQUEST_WALK_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "request/router.h"
#include "request/walk.h"

struct walk {
    struct arena *arena; /* owns the router and the list of tables */
    const struct route_table **tables;
    size_t table_count;
    struct router *router;
    struct rate_limiter *limiter;
    struct authority *authority;
    struct absences *absences; /* absence.h */
    struct device_gate *devices;
    struct recent *token_uses; /* token_use.h */
    struct db *db;
    _Atomic(const struct config *) config;

    pthread_mutex_t reload; /* guards what follows */
    struct config **kept;   /* every configuration that walk_reload() brought */
    size_t kept_count;
};

/* One check. OK: go on (unless the reply was filled: then it is the answer). Else the failure is set. */
typedef enum error_code (*walk_step)(struct call *call);
/* Runs steps until one fails or answers. */
enum error_code walk_steps(struct call *call, const walk_step *steps, size_t n);
/* Notes now as the last time of `id`, as each request like this one is to do, be it walked or not. */
void walk_note(struct call *call, struct recent *in, int64_t group, int64_t id);
/* The route's handler, whose word is checked: no answer at all is a bug of the handler and a 500. */
enum error_code walk_handle(struct call *call);

/* walk_run.c, on a worker or, with what is kept, on the loop. */
/* The steps from the tenant to the permission. */
enum error_code walk_enter(struct call *call);
/* All steps from the tenant to the handler. Whoever entered and then waited for another lane is asked again:
 * what was true then may be true no longer. */
enum error_code walk_through(struct call *call);
/* The lane of the call's next walk_run(). */
enum lane walk_lane(const struct call *call);

/* walk_tenant.c */
enum error_code tenant_find_host(struct call *call);
enum error_code tenant_read_hints(struct call *call);
enum error_code tenant_before_sign_in(struct call *call);
enum error_code tenant_after_sign_in(struct call *call);

/* walk_sign_in.c */
/* For an address that is used up the order changes: before anything is looked up for it, it says who asks,
 * and whoever that is pays for the request. So it can make the database work only as much as its users may.
 */
enum error_code sign_in_when_used_up(struct call *call);
/* Whether a token came along, in whatever form. */
bool sign_in_has_token(const struct call *call);
enum error_code sign_in_principal(struct call *call);
enum error_code sign_in_limit(struct call *call);
enum error_code sign_in_membership(struct call *call);
enum error_code sign_in_permission(struct call *call);
/* The token of the Authorization header, of whatever bytes; at == NULL: none was sent. */
enum error_code sign_in_read_header(struct call *call, struct str *ret);
enum error_code sign_in_two_tokens(struct call *call);
/* A call that failed before anybody was signed in counts for its address, and becomes 429 when that is used
 * up. */
void sign_in_count_failure(struct call *call);

/* walk_device.c */
/* NEED_DEVICE: the device token, in the path's first parameter or in the header; fills call->device. */
enum error_code device_sign_in(struct call *call);
/* The call's device passed every check. */
void device_note_seen(struct call *call);

/* token_use.c */
/* The call's API token, if that is what it came with, is in use now. */
void token_note_use(struct call *call);
bool token_uses_write_down(struct walk *walk, struct db_conn *conn);
/* walk_device.c */
bool device_seen_write_down(struct walk *walk, struct db_conn *conn);

/* The token in the value of an Authorization header; false: another scheme. */
bool sign_in_read_bearer(struct str authorization, struct str *ret_token);
/* Whether it is one token that nobody can bear: it was not given out by us, which shows in itself. */
bool sign_in_is_forged(const struct config *config, struct str token);

/* walk_shared_rate.c */
/* Sign-ins and registrations count for all nodes of a database together. On the loop, which has no database,
 * it lets pass: the worker asks. */
enum error_code shared_rate_limit(struct call *call);

/* walk_input.c */
enum error_code input_query(struct call *call);
enum error_code input_body(struct call *call);

/* client.c: who is asking, behind trusted proxies. */
bool client_is_proxied(const struct call *call);
struct str client_request_id(struct call *call);
/* Whether a proxy's X-Request-Id may be ours. */
bool client_id_is_sound(struct str id);
struct str client_address(struct call *call);
bool client_is_tls(const struct call *call);
/* As the client wrote it, with its port. */
struct str client_raw_host(const struct call *call);
/* False: no host, or several. */
bool client_host(struct call *call, struct str *ret);

/* walk_log.c: the fields of the access log line that are the same for every request like this one, as
 * log_render() writes them. */
size_t walk_log_fields(const struct call *call, enum log_format format, char *to, size_t cap);

/* cors.c */
void cors_add(struct call *call);
void cors_add_preflight(struct call *call, struct str methods);

/* answer.c */
/* The methods of the matched path, for Allow: "GET, HEAD, OPTIONS". */
struct str answer_methods(struct call *call);
/* Whether the route counts per address (contract section 1, step 3). */
bool route_counts_by_address(const struct route *route);
struct rate_ask rate_ask_for_address(struct call *call, enum rate_class class, bool takes);
/* Asks, and says the answer in the reply's headers. */
void rate_count(struct call *call, struct rate_ask ask);
/* What counts for an address when nobody is signed in: proxies and resource servers ask in many people's
 * names, by a limit of their own. */
enum rate_class rate_class_of_address(const struct call *call);
/* Whether failures of this address have used its window up. */
bool address_is_used_up(struct call *call);
/* Neither public nor half so. */
bool route_needs_sign_in(const struct route *route);
/* Makes the reply complete: renders a failure, prints JSON, adds the headers every answer has. */
void answer_complete(struct call *call);

#endif
