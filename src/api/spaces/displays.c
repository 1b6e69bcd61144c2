/* Displays, the staff's side: the list, what they show, pairing, rotating, unpairing. */
#include "api/spaces/displays.h"

#include "api/public_url.h"
#include "api/spaces/answer.h"
#include "api/tables.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/text.h"
#include "devices/pairing.h"
#include "qr/qr.h"
#include "request/actor.h"
#include "request/device.h"

#define ONLINE_US     (90 * CLOCK_SECOND) /* three heartbeats of those that the page sends */
#define DAY_S         INT64_C(86400)
#define OVERLAP_S     DAY_S
#define OVERLAP_MAX_S (7 * DAY_S)

/* ---- a display in an answer ---- */

static const char *status_of(const struct call *call, const struct device *device, int64_t seen_at)
{
    if (!device->token_hash.at)
        return "waiting";
    return seen_at > call->now - ONLINE_US ? "online" : "offline";
}

static cJSON *display_json(struct call *call, const void *shown)
{
    const struct device *device = shown;
    int64_t seen_at = device_seen_at(call, device);
    cJSON *json = json_new_object();
    json_add_int(json, "id", device->id);
    json_add_str(json, "name", device->name);
    json_add_str(json, "status", str_of(status_of(call, device, seen_at)));
    json_add_text(json, "content", device->content.at);
    json_add_int(json, "revision", device->revision);
    json_add_time(json, "last_seen_at", seen_at);
    json_add_time(json, "paired_at", device->paired_at);
    json_add_time(json, "rotating_until", device->rotate_key.at ? device->token_until : 0);
    json_add_time(json, "created_at", device->created_at);
    json_add_time(json, "updated_at", device->updated_at);
    return json;
}

void display_add_qr(struct call *call, cJSON *object, struct str link)
{
    struct str svg = STR_NONE, png = STR_NONE;
    qr_svg(call->arena, link, (struct qr_style){ 0 }, &svg);
    if (qr_png(call->arena, link, (struct qr_style){ 0 }, &png) == QR_OK)
        png = arena_join(call->arena, STR("data:image/png;base64,"),
                         base64_encode(call->arena, png.at, png.len));
    json_add_str_or_null(object, "qr_svg", svg);
    json_add_str_or_null(object, "qr_png", png);
}

/* ---- looking ---- */

static const struct field page_fields[] = { SPACES_PAGE_ROWS(struct spaces_page_query) };
static const struct shape page_shape = SHAPE("DisplaysQuery", struct spaces_page_query, page_fields);

static enum storage_status read_page(struct call *call, int64_t place, int64_t limit, void **ret,
                                     size_t *ret_n)
{
    struct device *found = NULL;
    enum storage_status status =
        device_list(call->db, call->arena, call->tenant.id, place, limit, &found, ret_n);
    *ret = found;
    return status;
}

static enum error_code list(struct call *call)
{
    static const struct spaces_list things = { sizeof(struct device), read_page, display_json };
    const struct spaces_page_query *query = call->query_input;
    return spaces_list(call, query->cursor, query->limit, &things);
}

static enum error_code show(struct call *call)
{
    struct device device;
    int64_t id;
    if (!call_path_id(call, 0, &id))
        return ERR_NOT_FOUND;
    enum storage_status status = device_by_id(call->db, call->arena, call->tenant.id, id, &device);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    if (status != STORAGE_ROW)
        return call_fail_storage(call, status);
    spaces_answer(call, 200, display_json(call, &device));
    return OK;
}

/* ---- what deeds share ---- */

static struct device_deed begin(struct call *call)
{
    arena_wipe_on_free(call->arena); /* a secret may pass */
    return (struct device_deed){
        .tenant = &call->tenant,
        .actor = call_actor(call),
        .user_id = call->principal.user_id,
        .address = rate_address_key(call->arena, call->request.client_address),
        .now = call->now,
    };
}

static enum error_code refuse(struct call *call, const struct device_deed *deed)
{
    switch (deed->verdict) {
    case DEVICE_DONE:
        return OK;
    case DEVICE_UNKNOWN:
        return call_fail(call, ERR_NOT_FOUND, NULL);
    case DEVICE_NOT_PAIRED:
        return call_fail(call, ERR_CONFLICT, "No screen is paired with this display.");
    case DEVICE_CODE_WRONG:
        return call_fail_field(call, "code", VIOLATION_CUSTOM,
                               "No screen shows this code, or it has expired.");
    case DEVICE_GUESSING:
        call_fail(call, ERR_RATE_LIMIT, "Too many codes were wrong; try again later.");
        call->failure.retry_after = (deed->retry_at - call->now) / CLOCK_SECOND + 1;
        return ERR_RATE_LIMIT;
    }
    return OK;
}

typedef enum storage_status (*deed_fn)(struct db_conn *conn, struct arena *arena, struct device_deed *deed);

static enum error_code carry_out(struct call *call, deed_fn fn, struct device_deed *deed)
{
    enum storage_status status = fn(call->db, call->arena, deed);
    return status == STORAGE_OK ? refuse(call, deed) : call_fail_storage(call, status);
}

/* On the display that the path names. */
static enum error_code carry_out_here(struct call *call, deed_fn fn, struct device_deed *deed)
{
    return call_path_id(call, 0, &deed->id) ? carry_out(call, fn, deed) : ERR_NOT_FOUND;
}

static enum error_code answer(struct call *call, enum error_code code, const struct device_deed *deed)
{
    if (code == OK)
        spaces_answer(call, 200, display_json(call, &deed->device));
    return code;
}

static enum error_code read_name(struct call *call, struct str given, struct str *ret)
{
    *ret = str_trim(given);
    return !str_is_empty(*ret) && text_is_line(*ret)
               ? OK
               : call_fail_field(call, "name", VIOLATION_CUSTOM, "The name must be one line of text.");
}

static enum error_code read_content(struct call *call, const cJSON *given, struct str *ret)
{
    *ret = given ? json_print(call->arena, given) : STR_NONE;
    if (ret->len <= DEVICE_CONTENT_MAX)
        return OK;
    return call_fail_field(call, "content", VIOLATION_CUSTOM,
                           "The content must not be longer than 8192 bytes of JSON.");
}

/* ---- create, and links ---- */

/* A link that opens the display's page, with what it fetches its token by behind the '#': browsers keep that
 * part to themselves. */
static enum error_code answer_link(struct call *call, int status, const struct device_deed *deed)
{
    struct str origin;
    enum error_code code = public_url(call, &call->tenant, &origin);
    if (code != OK)
        return code;
    struct str link = arena_printf(call->arena, "%.*s" DISPLAY_PAGE DISPLAY_FRAGMENT "%.*s", STR_ARG(origin),
                                   STR_ARG(deed->secret));
    cJSON *json = json_new_object();
    json_add_item(json, "display", display_json(call, &deed->device));
    cJSON *pairing = json_add_object(json, "pairing");
    json_add_str(pairing, "poll_token", deed->secret);
    json_add_str(pairing, "link", link);
    display_add_qr(call, pairing, link);
    json_add_time(pairing, "expires_at", deed->expires_at);
    spaces_answer(call, status, json);
    return OK;
}

struct display_input {
    struct str name;
    cJSON *content;
};
#define CONTENT_EXAMPLE "{\"layout\":\"text\",\"heading\":\"Welcome\"}"
#define CONTENT_HELP                                                                                         \
    "What it shows: an object of at most 8192 bytes; docs/devices.md says what the page knows"
static const struct field create_fields[] = {
    FIELD(struct display_input, name, "name", FIELD_STR, .flags = FIELD_REQUIRED, .max = DEVICE_NAME_MAX,
          .help = "What it is called", .example = "Lobby"),
    FIELD(struct display_input, content, "content", FIELD_OBJECT, .help = CONTENT_HELP,
          .example = CONTENT_EXAMPLE),
};
static const struct shape create_shape = SHAPE("DisplayCreate", struct display_input, create_fields);

static enum error_code create(struct call *call)
{
    const struct display_input *input = call->input;
    struct device_deed deed = begin(call);
    enum error_code code = read_name(call, input->name, &deed.name);
    if (code == OK)
        code = read_content(call, input->content, &deed.content);
    if (code == OK)
        code = carry_out(call, pairing_create, &deed);
    return code == OK ? answer_link(call, 201, &deed) : code;
}

static enum error_code link_again(struct call *call)
{
    struct device_deed deed = begin(call);
    enum error_code code = carry_out_here(call, pairing_link, &deed);
    return code == OK ? answer_link(call, 200, &deed) : code;
}

/* ---- a screen's code ---- */

struct pair_input {
    struct str code, name;
    int64_t display_id;
};
enum { ROW_CODE = 0, ROW_NAME, ROW_DISPLAY };
static const struct field pair_fields[] = {
    FIELD(struct pair_input, code, "code", FIELD_STR, .flags = FIELD_REQUIRED, .max = 40,
          .help = "What the screen shows; capitals, spaces and hyphens make no difference",
          .example = "WDJB-MJHT"),
    FIELD(struct pair_input, name, "name", FIELD_STR, .max = DEVICE_NAME_MAX,
          .help = "What the new display is to be called; needed unless display_id is there",
          .example = "Lobby"),
    FIELD(struct pair_input, display_id, "display_id", FIELD_INT, .min = 1, .max = INT64_MAX,
          .help = "A display that there is already: the screen takes the place of its present one",
          .example = "7"),
};
static const struct shape pair_shape = SHAPE("DisplayPair", struct pair_input, pair_fields);

static enum error_code pair(struct call *call)
{
    const struct pair_input *input = call->input;
    struct device_deed deed = begin(call);
    enum error_code code = OK;
    deed.code = input->code;
    deed.id = input->display_id;
    if (call_has(call, ROW_NAME) == call_has(call, ROW_DISPLAY))
        return call_fail_field(call, "name", VIOLATION_CUSTOM,
                               "Send a name or a display_id, one of the two.");
    if (!deed.id)
        code = read_name(call, input->name, &deed.name);
    if (code == OK)
        code = carry_out(call, pairing_take, &deed);
    if (code == OK)
        spaces_answer(call, deed.id ? 200 : 201, display_json(call, &deed.device));
    return code;
}

/* ---- update, rotate, unpair ---- */

static const struct field update_fields[] = {
    FIELD(struct display_input, name, "name", FIELD_STR, .max = DEVICE_NAME_MAX, .help = "What it is called",
          .example = "Lobby"),
    FIELD(struct display_input, content, "content", FIELD_OBJECT, .help = CONTENT_HELP,
          .example = CONTENT_EXAMPLE),
};
static const struct shape update_shape = SHAPE("DisplayUpdate", struct display_input, update_fields);
enum { UPDATE_NAME = 0 };

static enum error_code update(struct call *call)
{
    const struct display_input *input = call->input;
    struct device_deed deed = begin(call);
    enum error_code code = OK;
    if (call_has(call, UPDATE_NAME))
        code = read_name(call, input->name, &deed.name);
    if (code == OK)
        code = read_content(call, input->content, &deed.content);
    if (code == OK)
        code = carry_out_here(call, device_update, &deed);
    return answer(call, code, &deed);
}

struct rotate_input {
    int64_t overlap;
};
static const struct field rotate_fields[] = {
    FIELD(struct rotate_input, overlap, "overlap", FIELD_INT, .min = 60, .max = OVERLAP_MAX_S,
          .help =
              "Seconds for which the present token holds at most, until the screen has the new one; a day if "
              "left out",
          .example = "86400"),
};
static const struct shape rotate_shape = SHAPE("DisplayRotate", struct rotate_input, rotate_fields);

static enum error_code rotate(struct call *call)
{
    const struct rotate_input *input = call->input;
    struct device_deed deed = begin(call);
    deed.overlap_us = (input->overlap ? input->overlap : OVERLAP_S) * CLOCK_SECOND;
    return answer(call, carry_out_here(call, device_rotate, &deed), &deed);
}

static enum error_code unpair(struct call *call)
{
    struct device_deed deed = begin(call);
    return answer(call, carry_out_here(call, device_unpair, &deed), &deed);
}

static const char *const display_status_words[] = { "waiting", "online", "offline", NULL };
static const struct field display_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "Its id", .example = "7"),
    ANSWER_FIELD("name", FIELD_STR, .help = "What it is called", .example = "Lobby"),
    ANSWER_FIELD("status", FIELD_ENUM, .words = display_status_words,
                 .help = "waiting: no screen has used its token yet; online: seen within 90 seconds",
                 .example = "online"),
    ANSWER_FIELD("content", FIELD_OBJECT, .help = "What it shows", .example = CONTENT_EXAMPLE),
    ANSWER_FIELD("revision", FIELD_INT, .help = "Raised with each change of what it shows", .example = "3"),
    ANSWER_FIELD("last_seen_at", FIELD_TIME, .flags = FIELD_NULLABLE, .help = "When the screen asked last",
                 .example = "2026-11-27T12:00:00Z"),
    ANSWER_FIELD("paired_at", FIELD_TIME, .flags = FIELD_NULLABLE,
                 .help = "When the screen used its present token first", .example = "2026-11-27T09:00:00Z"),
    ANSWER_FIELD("rotating_until", FIELD_TIME, .flags = FIELD_NULLABLE,
                 .help = "While a rotation waits: when the present token ends at the latest",
                 .example = "2026-11-28T12:00:00Z"),
    ANSWER_FIELD("created_at", FIELD_TIME, .help = "When it was created", .example = "2026-11-20T12:00:00Z"),
    ANSWER_FIELD("updated_at", FIELD_TIME, .help = "When it was changed last",
                 .example = "2026-11-27T11:00:00Z"),
};
static const struct shape display_answer = ANSWER_SHAPE("Display", display_rows);

static const struct field link_rows[] = {
    ANSWER_FIELD("poll_token", FIELD_STR,
                 .help = "What the link carries: the screen polls its pairing with it",
                 .example = "ttp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgABCDEF"),
    ANSWER_FIELD("link", FIELD_STR, .help = "Opens the display's page and pairs the screen, once",
                 .example = "https://acme.example.com/display#pair=ttp_0123456789"),
    ANSWER_FIELD("qr_svg", FIELD_STR, .flags = FIELD_NULLABLE,
                 .help = "The link as a QR code, an SVG document", .example = "<svg></svg>"),
    ANSWER_FIELD("qr_png", FIELD_STR, .flags = FIELD_NULLABLE, .help = "The same as a data URL of a PNG",
                 .example = "data:image/png;base64,iVBORw0KGgo="),
    ANSWER_FIELD("expires_at", FIELD_TIME, .help = "Until when the link holds",
                 .example = "2026-11-27T13:00:00Z"),
};
static const struct shape link_answer = ANSWER_SHAPE("DisplayLink", link_rows);
static const struct field display_with_link_rows[] = {
    ANSWER_FIELD("display", FIELD_OBJECT, .of = &display_answer, .help = "The display"),
    ANSWER_FIELD("pairing", FIELD_OBJECT, .of = &link_answer, .help = "How a screen is paired with it"),
};
static const struct shape display_with_link_answer = ANSWER_SHAPE("DisplayWithLink", display_with_link_rows);

static const struct route routes[] = {
    { .op = "spaces_displays",
      .method = METHOD_GET,
      .path = "/api/displays",
      .permission = PERM_DISPLAYS_VIEW,
      .tenant = TENANT_BY_TOKEN,
      .query = &page_shape,
      .answer = &display_answer,
      .form = ANSWER_PAGE,
      .handler = list,
      .summary = "Lists the tenant's displays: what they show, when they were seen" },
    { .op = "spaces_display_create",
      .method = METHOD_POST,
      .path = "/api/displays",
      .permission = PERM_DISPLAYS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .body = BODY_JSON,
      .input = &create_shape,
      .answer = &display_with_link_answer,
      .success = 201,
      .handler = create,
      .summary = "Creates a display; answers a link and QR code that pair a screen with it, once" },
    { .op = "spaces_display_pair",
      .method = METHOD_POST,
      .path = "/api/displays/pair",
      .permission = PERM_DISPLAYS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .body = BODY_JSON,
      .input = &pair_shape,
      .answer = &display_answer,
      .success = 201,
      .fails = FAILS(ERR_NOT_FOUND),
      .handler = pair,
      .summary = "Pairs the screen that shows a code" },
    { .op = "spaces_display",
      .method = METHOD_GET,
      .path = "/api/displays/{id}",
      .permission = PERM_DISPLAYS_VIEW,
      .tenant = TENANT_BY_TOKEN,
      .answer = &display_answer,
      .handler = show,
      .summary = "One display" },
    { .op = "spaces_display_update",
      .method = METHOD_PATCH,
      .path = "/api/displays/{id}",
      .permission = PERM_DISPLAYS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .body = BODY_JSON,
      .input = &update_shape,
      .answer = &display_answer,
      .handler = update,
      .summary = "Renames a display or changes what it shows" },
    { .op = "spaces_display_unpair",
      .method = METHOD_DELETE,
      .path = "/api/displays/{id}",
      .permission = PERM_DISPLAYS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .answer = &display_answer,
      .handler = unpair,
      .summary = "Unpairs a display and takes it away; its token ends" },
    { .op = "spaces_display_link",
      .method = METHOD_POST,
      .path = "/api/displays/{id}/link",
      .permission = PERM_DISPLAYS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .answer = &display_with_link_answer,
      .handler = link_again,
      .summary = "A new link and QR code for a display; an earlier one is void" },
    { .op = "spaces_display_rotate",
      .method = METHOD_POST,
      .path = "/api/displays/{id}/rotate",
      .permission = PERM_DISPLAYS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .body = BODY_JSON,
      .input = &rotate_shape,
      .answer = &display_answer,
      .fails = FAILS(ERR_CONFLICT),
      .handler = rotate,
      .summary = "Has the screen fetch a new token; the present one holds until then" },
};

const struct route_table spaces_displays_routes = ROUTE_TABLE(&spaces_surface, routes);
