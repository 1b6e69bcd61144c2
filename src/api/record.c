#include "api/record.h"

#include "api/envelope.h"
#include "api/tables.h"
#include "base/json_write.h"
#include "request/actor.h"
#include "request/authority.h"

#define BYTES_OF_MEMBER 32                 /* about */
#define BODY_MAX        ((size_t)32 << 20) /* 200 records of the greatest size */

/* ---- between the call and the engine ---- */

/* crm has no root scope: there, staff who signed in at home see every organization. */
static bool is_everywhere(const struct call *call)
{
    return call->root_scope || (call->surface == &crm_surface && call->tenant.is_root &&
                                call->grant.is_staff && call->principal.kind == PRINCIPAL_USER);
}

struct record_caller record_caller_of(struct call *call)
{
    return (struct record_caller){
        .arena = call->arena,
        .config = call->config,
        .tenant = &call->tenant,
        .everywhere = is_everywhere(call),
        .grant = &call->grant,
        .user_id = call->principal.user_id,
        .audit = call_actor(call),
        .now = call->now,
    };
}

/* Staff at home act in the tenant of the record they name, as anybody there would. */
static enum error_code enter_home(struct call *call, const struct record_kind *kind, int64_t id)
{
    int64_t tenant_id = 0;
    enum storage_status status = record_home(call->db, kind, id, &tenant_id);
    if (status == STORAGE_ROW)
        status = authority_tenant_by_id(call, tenant_id, &call->tenant);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    if (status != STORAGE_ROW)
        return call_fail_storage(call, status);
    call->root_scope = false;
    return OK;
}

enum error_code record_path_id(struct call *call, const struct record_kind *kind, size_t param,
                               int64_t *ret_id, int64_t *ret_seconds)
{
    *ret_seconds = 0;
    bool is_id = kind->is_crm ? crm_id_parse(call->params[param], ret_seconds, ret_id)
                              : str_to_int(call->params[param], ret_id) && *ret_id > 0;
    if (!is_id)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    return is_everywhere(call) ? enter_home(call, kind, *ret_id) : OK;
}

static enum error_code fail_plan(struct call *call, const struct plan_refusal *plan)
{
    struct str used =
        plan->used < plan->max /* several at once */
            ? arena_printf(call->arena, "%lld are used, and the rest are too few", (long long)plan->used)
            : STR("all of them are used");
    struct str sentence = arena_printf(call->arena, "The plan allows %lld %s; %.*s.", (long long)plan->max,
                                       plan->limit, STR_ARG(used));
    return call_fail_plan(call, sentence.at, plan);
}

enum error_code record_fail(struct call *call, const struct record_deed *deed)
{
    switch (deed->verdict) {
    case RECORD_DONE:
        break;
    case RECORD_INVALID:
        call_fail(call, ERR_BAD_REQUEST, NULL);
        call->failure.violations = deed->violations;
        return ERR_BAD_REQUEST;
    case RECORD_UNKNOWN:
        return call_fail(call, ERR_NOT_FOUND, NULL);
    case RECORD_LIMIT:
        return fail_plan(call, &deed->plan);
    case RECORD_CONFLICT:
        return call_fail(call, ERR_CONFLICT, deed->sentence);
    case RECORD_FORBIDDEN:
        return call_fail(call, ERR_FORBIDDEN, deed->sentence);
    }
    return OK;
}

/* ---- answers ---- */

static enum error_code reply_text_of(struct call *call, int status, struct buf *body)
{
    if (body->overflow)
        return call_fail(call, ERR_INTERNAL, NULL);
    reply_text(&call->reply, status, "application/json", buf_str(body));
    return OK;
}

void record_reply(struct call *call, int status, const struct record_kind *kind, const struct record *record)
{
    struct buf body;
    const struct record_envelope *envelope = call->surface->records;
    buf_init(&body, call->arena, BODY_MAX);
    buf_expect(&body, 2 * kind->made.object.n * BYTES_OF_MEMBER);
    buf_add(&body, str_of(envelope->object[0]));
    record_print(kind, record, &body);
    buf_add(&body, str_of(envelope->object[1]));
    reply_text_of(call, status, &body);
}

static void print_page(const struct record_envelope *envelope, const struct record_kind *kind,
                       const struct record_page *page, struct buf *body)
{
    buf_add(body, str_of(envelope->list[0]));
    for (size_t i = 0; i < page->n; i++) {
        if (i > 0)
            buf_add_char(body, ',');
        record_print(kind, (const void *)(page->at + i * kind->size), body);
    }
    buf_add(body, str_of(envelope->list[1]));
    if (page->next.at)
        json_write_str(body, page->next);
    else
        buf_add(body, STR("null"));
    if (envelope->list[2]) {
        buf_add(body, str_of(envelope->list[2]));
        if (page->total < 0)
            buf_add(body, STR("null"));
        else
            json_write_int(body, page->total);
    }
    buf_add(body, str_of(envelope->list[3]));
}

/* ---- what lies below another ---- */

/* OK with the record that the path names first, unless kind has no parent; it must be there for the caller.
 */
static enum error_code find_parent(struct call *call, const struct record_kind *kind, struct record **ret)
{
    int64_t id, seconds;
    struct record_caller caller = record_caller_of(call);
    *ret = NULL;
    if (!kind->parent)
        return OK;
    enum error_code code = record_path_id(call, kind->parent, 0, &id, &seconds);
    if (code != OK)
        return code;
    enum storage_status status = record_find(call->db, kind->parent, &caller, id, ret);
    if (status != STORAGE_ROW && status != STORAGE_DONE)
        return call_fail_storage(call, status);
    if (status == STORAGE_DONE || (kind->is_crm && !crm_id_matches(seconds, (*ret)->created_at)))
        return call_fail(call, ERR_NOT_FOUND, NULL);
    return OK;
}

/* As if it had been sent. */
static void give_parent(struct record_deed *deed, void *input, const struct record *parent)
{
    size_t row = record_parent_row(deed->kind);
    void *member = (char *)input + deed->kind->rows[row].offset;
    if (deed->kind->is_crm)
        *(struct crm_key *)member = (struct crm_key){ parent->id, parent->created_at };
    else
        *(int64_t *)member = parent->id;
    deed->present |= UINT64_C(1) << row;
}

/* ---- the five ---- */

enum error_code record_list_handler(struct call *call)
{
    struct buf body;
    struct record_page page;
    struct record *parent;
    enum error_code code = find_parent(call, call->route->record, &parent);
    if (code != OK)
        return code;
    struct record_caller caller = record_caller_of(call);
    struct record_ask ask = {
        .kind = call->route->record,
        .caller = &caller,
        .input = call->query_input,
        .present = call->query_present,
        .counts = call->surface->records->list[2] != NULL,
        .parent = parent ? parent->id : 0,
    };
    enum storage_status status = record_list(call->db, &ask, &page);
    if (status == STORAGE_DONE) {
        call_fail(call, ERR_VALIDATION, NULL);
        call->failure.violations = page.violations;
        return ERR_VALIDATION;
    }
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    buf_init(&body, call->arena, BODY_MAX);
    buf_expect(&body, page.n * ask.kind->made.object.n * BYTES_OF_MEMBER);
    print_page(call->surface->records, ask.kind, &page, &body);
    return reply_text_of(call, 200, &body);
}

enum error_code record_read_handler(struct call *call)
{
    int64_t id, seconds;
    struct record *record;
    const struct record_kind *kind = call->route->record;
    struct record_caller caller = record_caller_of(call);
    enum error_code code = record_path_id(call, kind, 0, &id, &seconds);
    if (code != OK)
        return code;
    enum storage_status status = record_find(call->db, kind, &caller, id, &record);
    if (status != STORAGE_ROW && status != STORAGE_DONE)
        return call_fail_storage(call, status);
    if (status == STORAGE_DONE || (kind->is_crm && !crm_id_matches(seconds, record->created_at)))
        return call_fail(call, ERR_NOT_FOUND, NULL);
    record_reply(call, 200, kind, record);
    return OK;
}

/* Masks by rows of a shape, as masks by rows of its kind. */
static uint64_t by_kind(uint64_t mask, const struct shape *shape, const uint8_t *rows)
{
    uint64_t by_kind = 0;
    for (size_t i = 0; i < shape->n; i++)
        by_kind |= (mask >> i & 1) << rows[i];
    return by_kind;
}

static enum error_code carry_out(struct call *call, struct record_deed *deed, int success)
{
    struct record_caller caller = record_caller_of(call);
    deed->kind = call->route->record;
    deed->caller = &caller;
    enum storage_status status = record_carry_out(call->db, deed);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    enum error_code code = record_fail(call, deed);
    if (code == OK && deed->now)
        record_reply(call, success, deed->kind, deed->now);
    return code;
}

static struct record_deed creation_of(const struct call *call)
{
    const struct record_made *made = &call->route->record->made;
    return (struct record_deed){
        .kind = call->route->record,
        .act = RECORD_CREATE,
        .input = call->input,
        .present = by_kind(call->present, &made->create, made->create_rows),
        .null = by_kind(call->null, &made->create, made->create_rows),
    };
}

static struct record_deed update_of(const struct call *call)
{
    const struct record_made *made = &call->route->record->made;
    return (struct record_deed){
        .kind = call->route->record,
        .act = RECORD_UPDATE,
        .input = call->input,
        .present = by_kind(call->present, &made->update, made->update_rows),
        .null = by_kind(call->null, &made->update, made->update_rows),
    };
}

static void tell_more(struct call *call, struct record_deed deed, struct violations *violations)
{
    const struct record_caller caller = { .arena = call->arena, .now = call->now };
    deed.caller = &caller;
    deed.violations = *violations;
    record_tell_rules(&deed, NULL, deed.act == RECORD_CREATE);
    *violations = deed.violations;
}

void record_create_tell_more(struct call *call, struct violations *violations)
{
    tell_more(call, creation_of(call), violations);
}

void record_update_tell_more(struct call *call, struct violations *violations)
{
    tell_more(call, update_of(call), violations);
}

enum error_code record_create_handler(struct call *call)
{
    struct record *parent;
    struct record_deed deed = creation_of(call);
    enum error_code code = find_parent(call, deed.kind, &parent);
    if (code != OK)
        return code;
    if (parent)
        give_parent(&deed, call->input, parent);
    return carry_out(call, &deed, 201);
}

enum error_code record_update_handler(struct call *call)
{
    struct record_deed deed = update_of(call);
    enum error_code code = record_path_id(call, call->route->record, 0, &deed.id, &deed.seconds);
    if (code != OK)
        return code;
    return carry_out(call, &deed, 200);
}

enum error_code record_delete_handler(struct call *call)
{
    const struct record_envelope *envelope = call->surface->records;
    struct record_deed deed = { .act = RECORD_DELETE };
    enum error_code code = record_path_id(call, call->route->record, 0, &deed.id, &deed.seconds);
    if (code != OK)
        return code;
    code = carry_out(call, &deed, 0);
    if (code != OK)
        return code;
    if (call->route->success == 204)
        reply_empty(&call->reply, 204);
    else
        reply_text(&call->reply, 200, "application/json",
                   arena_printf(call->arena, "%s\"Deleted.\"%s", envelope->object[0], envelope->object[1]));
    return OK;
}
