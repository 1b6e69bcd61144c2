/* The tenant's audit log: pages of it, and the same as JSON Lines for other programs. */
#include "access/audit_log.h"
#include "api/tables.h"
#include "api/v1/answer.h"
#include "base/clock.h"
#include "base/encode.h"
#include "request/accept.h"

/* One answer's share of an export; whoever wants more follows the Link header. */
#define EXPORT_ROWS  5000
#define EXPORT_BYTES ((size_t)4 * 1024 * 1024)
/* Read in batches, of which there are so many at most: a filter that hardly fits must end, too. */
#define EXPORT_BATCH   500
#define EXPORT_BATCHES 50
#define EXPORT_SCRATCH ((size_t)64 * 1024 * 1024)
#define JSONL          "application/x-ndjson"

struct audit_query {
    struct str cursor;
    int64_t per_page;
    struct str action, actor, target, q, format;
    int64_t from, to;
};
static const char *const format_words[] = { "json", "jsonl", NULL };
static const struct field audit_fields[] = {
    FIELD(struct audit_query, cursor, "cursor", FIELD_STR, .max = 200,
          .help = "meta.next_cursor of the page before", .example = "120"),
    FIELD(struct audit_query, per_page, "per_page", FIELD_INT, .min = 1, .max = EXPORT_ROWS,
          .help = "How many at most: 50 if left out, at most 200; of an export 5000", .example = "50"),
    FIELD(struct audit_query, action, "action", FIELD_STR, .max = 100, .help = "A deed's name",
          .example = "member.role_changed"),
    FIELD(struct audit_query, actor, "actor", FIELD_STR, .max = 254,
          .help = "Who did it: an id or a name; a user's name here is their email address",
          .example = "owner@acme.example"),
    FIELD(struct audit_query, target, "target", FIELD_STR, .max = 100,
          .help = "What it was done to: a kind, or kind:id", .example = "user:7"),
    FIELD(struct audit_query, from, "from", FIELD_TIME, .help = "Not before this time",
          .example = "2026-11-01T00:00:00Z"),
    FIELD(struct audit_query, to, "to", FIELD_TIME, .help = "Before this time",
          .example = "2026-12-01T00:00:00Z"),
    FIELD(struct audit_query, q, "q", FIELD_STR, .max = 200,
          .help = "Part of the deed's name, actor, target, address or request id", .example = "acme.example"),
    FIELD(struct audit_query, format, "format", FIELD_ENUM, .words = format_words,
          .help = "jsonl: JSON Lines, as with Accept: " JSONL, .example = "jsonl"),
};
static const struct shape audit_shape = SHAPE("V1AuditQuery", struct audit_query, audit_fields);

/* ---- one entry ---- */

static void add_party(cJSON *json, const char *name, struct str kind, int64_t id, struct str text)
{
    cJSON *party = json_add_object(json, name);
    json_add_str(party, "kind", kind);
    if (id)
        json_add_int(party, "id", id);
    else
        json_add_null(party, "id");
    json_add_str(party, "name", text);
}

/* What is stored is JSON of our own. If somebody changed it to something else, it is shown as it is. */
static void add_stored(cJSON *json, struct arena *arena, const char *name, struct str stored)
{
    struct json_error error;
    cJSON *value;
    if (!stored.at)
        json_add_null(json, name);
    else if (json_parse(arena, stored, &value, &error))
        json_add_item(json, name, value);
    else
        json_add_str(json, name, stored);
}

/* Everything allocates from `arena`, which is the thread's JSON arena. */
static cJSON *entry_json(struct arena *arena, const struct audit_entry *entry)
{
    const struct audit_row *row = &entry->row;
    cJSON *json = json_new_object();
    json_add_int(json, "id", row->seq);
    json_add_str(json, "at", clock_iso8601(arena, row->at));
    json_add_str(json, "action", row->action);
    add_party(json, "actor", row->actor_kind, row->actor_id, row->actor_name);
    add_party(json, "target", row->target_kind, row->target_id, row->target_name);
    add_stored(json, arena, "before", row->before);
    add_stored(json, arena, "after", row->after);
    json_add_str(json, "address", row->address);
    json_add_str(json, "request_id", row->request_id);
    json_add_str(json, "hash", hex_encode(arena, entry->hash.at, entry->hash.len));
    return json;
}

/* ---- what is looked for ---- */

static void read_target(struct str target, struct audit_filter *filter)
{
    struct str kind, id;
    bool has_id = str_split(target, ':', &kind, &id);
    filter->target_kind = kind;
    /* An id that is none fits nothing, rather than everything. */
    if (has_id && (!str_to_int(id, &filter->target_id) || filter->target_id == 0))
        filter->target_id = -1;
}

static struct audit_filter filter_of(const struct audit_query *query)
{
    struct audit_filter filter = {
        .action = query->action,
        .q = query->q,
        .from = query->from,
        .to = query->to,
    };
    if (!str_to_int(query->actor, &filter.actor_id))
        filter.actor = query->actor;
    else if (filter.actor_id == 0)
        filter.actor_id = -1; /* nobody's */
    if (query->target.at)
        read_target(query->target, &filter);
    return filter;
}

/* ---- a page ---- */

struct page {
    struct call *call;
    cJSON *list;
};

static bool add_entry(void *context, const struct audit_entry *entry)
{
    const struct page *page = context;
    json_add_item(page->list, NULL, entry_json(page->call->arena, entry));
    return true;
}

static enum error_code answer_page(struct call *call, const struct audit_filter *filter, int64_t before)
{
    const struct audit_query *query = call->query_input;
    struct page page = { call, json_new_array() };
    int64_t per_page = list_limit(query->per_page), next = 0;
    if (per_page > LIST_LIMIT_MAX)
        return call_fail_field(call, "per_page", VIOLATION_CUSTOM,
                               "The per page must not be greater than 200 but in an export.");
    enum storage_status status =
        audit_read(call->db, call->arena, call->tenant.id, filter, before, per_page, add_entry, &page, &next);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    v1_page(call, page.list, list_cursor(call, next), per_page);
    return OK;
}

/* ---- an export ---- */

struct export
{
    struct call *call;
    struct arena *scratch; /* of one batch: a line's tree is no part of the answer */
    struct buf lines;
    int64_t room;
    bool full;
};

static bool add_line(void *context, const struct audit_entry *entry)
{
    struct export *export = context;
    struct str line = json_print(export->scratch, entry_json(export->scratch, entry));
    export->full = export->room == 0 || export->lines.len + line.len + 1 > EXPORT_BYTES;
    if (export->full)
        return false;
    buf_add(&export->lines, line);
    buf_add_char(&export->lines, '\n');
    export->room--;
    return true;
}

static enum storage_status export_batch(struct export *export, const struct audit_filter *filter,
                                        int64_t before, int64_t *ret_next)
{
    struct call *call = export->call;
    int64_t n = export->room < EXPORT_BATCH ? export->room : EXPORT_BATCH;
    export->scratch = arena_new(EXPORT_SCRATCH);
    json_use_arena(export->scratch);
    enum storage_status status =
        audit_read(call->db, export->scratch, call->tenant.id, filter, before, n, add_line, export, ret_next);
    json_use_arena(call->arena);
    arena_free(&export->scratch);
    return status;
}

static void answer_export(struct call *call, struct export *export, int64_t next)
{
    reply_text(&call->reply, 200, JSONL, buf_str(&export->lines));
    reply_header(
        &call->reply, "content-disposition",
        arena_printf(call->arena, "attachment; filename=\"audit-%.*s.jsonl\"", STR_ARG(call->tenant.slug)));
    if (next)
        reply_header(&call->reply, "x-next-cursor", list_cursor(call, next));
}

static enum error_code export_lines(struct call *call, const struct audit_filter *filter, int64_t before)
{
    const struct audit_query *query = call->query_input;
    struct export export = { .call = call, .room = query->per_page ? query->per_page : EXPORT_ROWS };
    int64_t next = before;
    buf_init(&export.lines, call->arena, EXPORT_BYTES + 1);
    for (int batch = 0; batch < EXPORT_BATCHES; batch++) {
        enum storage_status status = export_batch(&export, filter, next, &next);
        if (status != STORAGE_OK)
            return call_fail_storage(call, status);
        if (next == 0 || export.full || export.room == 0)
            break;
    }
    answer_export(call, &export, next);
    return OK;
}

static enum error_code audit(struct call *call)
{
    const struct audit_query *query = call->query_input;
    struct audit_filter filter = filter_of(query);
    int64_t before;
    enum error_code code = list_read_cursor(call, query->cursor, &before);
    if (code != OK)
        return code;
    bool is_export =
        query->format.at ? str_equal(query->format, STR("jsonl")) : accept_names(&call->request, STR(JSONL));
    return is_export ? export_lines(call, &filter, before) : answer_page(call, &filter, before);
}

/* ---- what is answered ---- */

static const struct field audit_actor_rows[] = {
    ANSWER_FIELD("kind", FIELD_STR, .help = "What did it: user, api_token, device, cli, …",
                 .example = "user"),
    ANSWER_FIELD("id", FIELD_ID, .flags = FIELD_NULLABLE, .help = "Its id; null where it has none",
                 .example = "7"),
    ANSWER_FIELD("name", FIELD_STR, .help = "A user's address, a token's or a device's name",
                 .example = "owner@acme.example"),
};
static const struct shape audit_actor = ANSWER_SHAPE("AuditActor", audit_actor_rows);

static const struct field audit_target_rows[] = {
    ANSWER_FIELD("kind", FIELD_STR, .help = "What it was done to", .example = "user"),
    ANSWER_FIELD("id", FIELD_ID, .flags = FIELD_NULLABLE, .help = "Its id; null where it has none",
                 .example = "9"),
    ANSWER_FIELD("name", FIELD_STR, .help = "Its name at that time", .example = "jane@acme.example"),
};
static const struct shape audit_target = ANSWER_SHAPE("AuditTarget", audit_target_rows);

static const struct field v1_audit_answer_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "Counts up in the tenant, without gaps", .example = "120"),
    ANSWER_FIELD("at", FIELD_TIME, .help = "When it was done", .example = "2026-11-27T10:00:00Z"),
    ANSWER_FIELD("action", FIELD_STR, .help = "What was done", .example = "member.role_changed"),
    ANSWER_FIELD("actor", FIELD_OBJECT, .of = &audit_actor),
    ANSWER_FIELD("target", FIELD_OBJECT, .of = &audit_target),
    ANSWER_FIELD("before", FIELD_ANY, .help = "What stood there before; null when nothing did"),
    ANSWER_FIELD("after", FIELD_ANY, .help = "What stands there since; null when nothing does"),
    ANSWER_FIELD("address", FIELD_STR, .help = "The address that the request came from",
                 .example = "198.51.100.7"),
    ANSWER_FIELD("request_id", FIELD_STR, .help = "X-Request-Id of the request; empty for the command line",
                 .example = "4f1c2b7a9e0d4c5f8a6b3c2d1e0f9a8b"),
    ANSWER_FIELD("hash", FIELD_STR, .help = "SHA-256 over this entry and the one before",
                 .example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
};
static const struct shape v1_audit_answer = ANSWER_SHAPE("AuditEntry", v1_audit_answer_rows);

static const struct route routes[] = {
    { .op = "v1_audit",
      .method = METHOD_GET,
      .path = "/api/v1/audit",
      .permission = PERM_AUDIT_VIEW,
      .tenant = TENANT_BY_HEADER,
      .query = &audit_shape,
      .answer = &v1_audit_answer,
      .form = ANSWER_PAGE,
      .media = JSONL,
      .handler = audit,
      .summary = "The tenant's audit log, newest first; as JSON Lines with ?format=jsonl" },
};

const struct route_table v1_audit_routes = ROUTE_TABLE(&v1_surface, routes);
