/* Check-in by code, at a kiosk or by staff; who came in; and whether a member's code holds. */
#include "api/spaces/answer.h"
#include "api/spaces/ticket.h"
#include "api/tables.h"

/* ---- checking in ---- */

struct code_input {
    struct str code;
};
#define CODE_ROW                                                                                             \
    FIELD(struct code_input, code, "code", FIELD_SECRET, .flags = FIELD_REQUIRED, .max = 2000,               \
          .help = "Of a ticket or a member: as printed, or the link that its QR code holds",                 \
          .example = "T4K7-XM2P-9QRS-TVWX-YZ01")
static const struct field code_fields[] = { CODE_ROW };
static const struct shape code_shape = SHAPE("CheckInCode", struct code_input, code_fields);
static const struct shape lookup_shape = SHAPE("MemberLookupQuery", struct code_input, code_fields);

static enum error_code check_in(struct call *call)
{
    const struct code_input *input = call->input;
    struct checkin_deed deed = spaces_checkin_begin(call);
    arena_wipe_on_free(call->arena);
    deed.code = code_read(input->code, deed.hash);
    return deed.code == CODE_NONE ? call_fail(call, ERR_NOT_FOUND, NULL) : spaces_checkin(call, &deed);
}

/* ---- who came in ---- */

static const struct field page_fields[] = { SPACES_PAGE_ROWS(struct spaces_page_query) };
static const struct shape page_shape = SHAPE("CheckInsQuery", struct spaces_page_query, page_fields);

static void add_id(cJSON *object, const char *name, int64_t id)
{
    if (id)
        json_add_int(object, name, id);
    else
        json_add_null(object, name);
}

static cJSON *row_json(struct call *call, const void *shown)
{
    const struct checkin_row *row = shown;
    (void)call;
    cJSON *json = json_new_object();
    json_add_int(json, "id", row->id);
    json_add_str(json, "kind", row->member_id ? STR("member") : STR("ticket"));
    add_id(json, "ticket_id", row->ticket_id);
    add_id(json, "member_id", row->member_id);
    json_add_str(json, "name", row->name);
    json_add_str_or_null(json, "title", row->ticket_id ? row->title : STR_NONE);
    json_add_int(json, "quantity", row->quantity);
    json_add_time(json, "checked_in_at", row->at);
    add_id(json, "checked_in_by", row->by_user);
    return json;
}

static enum storage_status read_page(struct call *call, int64_t place, int64_t limit, void **ret,
                                     size_t *ret_n)
{
    struct checkin_row *found = NULL;
    enum storage_status status =
        checkin_list(call->db, call->arena, call->tenant.id, place, limit, &found, ret_n);
    *ret = found;
    return status;
}

static enum error_code list(struct call *call)
{
    static const struct spaces_list things = { sizeof(struct checkin_row), read_page, row_json };
    const struct spaces_page_query *query = call->query_input;
    return spaces_list(call, query->cursor, query->limit, &things);
}

/* ---- looking a member up ---- */

/* Malformed, unknown and another tenant's codes are told alike. */
static enum error_code lookup(struct call *call)
{
    const struct code_input *query = call->query_input;
    struct community_member member;
    uint8_t hash[CODE_HASH_BYTES];
    arena_wipe_on_free(call->arena);
    if (code_read(query->code, hash) != CODE_MEMBER)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    enum storage_status status = community_by_code(call->db, call->arena, call->tenant.id, hash, &member);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    if (status != STORAGE_ROW)
        return call_fail_storage(call, status);
    cJSON *json = json_new_object();
    json_add_str(json, "name", name_in_short(call->arena, member.first_name, member.last_name));
    json_add_str(json, "status", str_of(community_status_name(member.status)));
    spaces_answer(call, 200, json);
    return OK;
}

/* ---- what they answer ---- */

static const char *const kinds[] = { "ticket", "member", NULL };
static const struct field row_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "Names it for good", .example = "12"),
    ANSWER_FIELD("kind", FIELD_ENUM, .words = kinds, .help = "With what they came", .example = "ticket"),
    ANSWER_FIELD("ticket_id", FIELD_ID, .flags = FIELD_NULLABLE, .help = "The ticket", .example = "7"),
    ANSWER_FIELD("member_id", FIELD_ID, .flags = FIELD_NULLABLE, .help = "The member", .example = "7"),
    ANSWER_FIELD("name", FIELD_STR, .help = "Who came", .example = "Jane Smith"),
    ANSWER_FIELD("title", FIELD_STR, .flags = FIELD_NULLABLE, .help = "What the ticket is for",
                 .example = "Soldering for beginners"),
    ANSWER_FIELD("quantity", FIELD_INT, .help = "How many came in", .example = "2"),
    ANSWER_FIELD("checked_in_at", FIELD_TIME, .help = "When", .example = "2026-12-04T16:50:00Z"),
    ANSWER_FIELD("checked_in_by", FIELD_ID, .flags = FIELD_NULLABLE,
                 .help = "The user who checked them in; null when they did so themselves", .example = "3"),
};
static const char *const member_words[] = { "active", "paused", "ended", NULL };
static const struct field lookup_rows[] = {
    ANSWER_FIELD("name", FIELD_STR, .help = "First name and initial", .example = "Jane S."),
    ANSWER_FIELD("status", FIELD_ENUM, .words = member_words, .help = "Whether the membership holds",
                 .example = "active"),
};
static const struct shape row_answer = ANSWER_SHAPE("CheckInRecord", row_rows);
static const struct shape lookup_answer = ANSWER_SHAPE("MemberLookup", lookup_rows);

static const struct route routes[] = {
    { .op = "spaces_public_check_in",
      .method = METHOD_POST,
      .path = "/api/public/check-in",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST_OR_QUERY,
      .body = BODY_JSON,
      .input = &code_shape,
      .answer = &spaces_checkin_answer,
      .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
      .handler = check_in,
      .summary = "Checks in with a code: a ticket once, a member once a day" },
    { .op = "spaces_member_lookup",
      .method = METHOD_GET,
      .path = "/api/public/members/lookup",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST_OR_QUERY,
      .query = &lookup_shape,
      .answer = &lookup_answer,
      .fails = FAILS(ERR_NOT_FOUND),
      .handler = lookup,
      .summary = "Whose a member's code is, in short, and whether the membership holds" },
    { .op = "spaces_check_in",
      .method = METHOD_POST,
      .path = "/api/check-ins",
      .permission = PERM_CHECKINS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .body = BODY_JSON,
      .input = &code_shape,
      .answer = &spaces_checkin_answer,
      .fails = FAILS(ERR_NOT_FOUND, ERR_CONFLICT),
      .handler = check_in,
      .summary = "Checks somebody in with a code, as staff" },
    { .op = "spaces_check_ins",
      .method = METHOD_GET,
      .path = "/api/check-ins",
      .permission = PERM_CHECKINS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .query = &page_shape,
      .answer = &row_answer,
      .form = ANSWER_PAGE,
      .handler = list,
      .summary = "Lists who came in, newest first" },
};

const struct route_table spaces_checkins_routes = ROUTE_TABLE(&spaces_surface, routes);
