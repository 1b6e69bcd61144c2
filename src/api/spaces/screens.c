/* Displays, the screen's side: pairing, the state it shows, heartbeats. */
#include "api/public_url.h"
#include "api/spaces/answer.h"
#include "api/spaces/displays.h"
#include "api/tables.h"
#include "base/clock.h"
#include "devices/pairing.h"
#include "request/device.h"

#define HEARTBEAT_S 30 /* how often a screen says that it is there */
#define POLL_S      10 /* how often it asks for its state */

/* ---- pairing ---- */

static enum error_code begin(struct call *call)
{
    struct pairing pairing;
    bool is_own_host = call->host_scope == HOST_TENANT || call->host_scope == HOST_DEFAULT;
    struct str origin = rate_address_key(call->arena, call->request.client_address);
    arena_wipe_on_free(call->arena);
    enum storage_status status = pairing_begin(call->db, call->arena, is_own_host ? call->host_tenant.id : 0,
                                               origin, call->now, &pairing);
    if (status == STORAGE_DONE) {
        call_fail(call, ERR_RATE_LIMIT, "Too many screens are waiting to be paired.");
        call->failure.retry_after = 60;
        return ERR_RATE_LIMIT;
    }
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    struct str code = pairing_code_show(call->arena, pairing.code);
    struct str site = public_url_of_host(call, call->request.client_host);
    struct str complete =
        arena_printf(call->arena, "%.*s" PANEL_PAIR_PAGE "%.*s", STR_ARG(site), STR_ARG(code));
    cJSON *json = json_new_object();
    json_add_str(json, "code", code);
    json_add_str(json, "poll_token", pairing.poll_token);
    json_add_int(json, "expires_in", (pairing.expires_at - call->now) / CLOCK_SECOND);
    json_add_int(json, "interval", PAIRING_INTERVAL);
    json_add_str(json, "verification_uri", arena_join(call->arena, site, STR("/panel/")));
    json_add_str(json, "verification_uri_complete", complete);
    display_add_qr(call, json, complete);
    spaces_answer(call, 201, json);
    return OK;
}

static enum error_code say_status(struct call *call, const char *status, int64_t interval,
                                  const struct pairing_answer *answer)
{
    cJSON *json = json_new_object();
    json_add_str(json, "status", str_of(status));
    json_add_int(json, "interval", interval);
    if (answer)
        json_add_int(json, "expires_in", (answer->expires_at - call->now) / CLOCK_SECOND);
    spaces_answer(call, 200, json);
    return OK;
}

static enum error_code answer_token(struct call *call, const struct pairing_answer *answer)
{
    cJSON *json = json_new_object();
    json_add_str(json, "status", STR("paired"));
    json_add_int(json, "display_id", answer->device_id);
    json_add_str(json, "device_token", answer->token);
    spaces_answer(call, 200, json);
    return OK;
}

/* On a tenant's own host another tenant's pairing does not exist. */
static bool is_elsewhere(const struct call *call, const struct pairing_answer *answer)
{
    return call->host_scope == HOST_TENANT && answer->tenant_id && answer->tenant_id != call->host_tenant.id;
}

static enum error_code poll(struct call *call)
{
    struct pairing_answer answer;
    int64_t interval;
    arena_wipe_on_free(call->arena);
    if (device_poll_is_early(call, call->params[0], &interval))
        return say_status(call, "slow_down", interval, NULL);
    enum storage_status status = pairing_poll(call->db, call->arena, call->config->tokens.secret_key,
                                              call->params[0], call->now, &answer);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    if (answer.state == PAIRING_UNKNOWN || is_elsewhere(call, &answer))
        return call_fail(call, ERR_NOT_FOUND, "There is no such pairing; begin another one.");
    if (answer.state == PAIRING_EXPIRED)
        return say_status(call, "expired", interval, NULL);
    if (answer.state == PAIRING_TOKEN)
        return answer_token(call, &answer);
    return say_status(call, "pending", interval, &answer);
}

/* ---- the state ---- */

/* FNV-1a: it tells versions apart, and keeps no secret. */
static uint64_t mix(uint64_t hash, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.at[i]) * UINT64_C(0x100000001b3);
    return (hash ^ 0xff) * UINT64_C(0x100000001b3); /* no byte of UTF-8 text */
}

/* Of everything the answer says: the display, and its tenant's name and branding. */
static struct str etag_of(struct call *call)
{
    const struct tenant *tenant = &call->tenant;
    const struct str texts[] = { tenant->slug, tenant->name, tenant->logo_url, tenant->accent_colour };
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)call->device->id;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        hash = mix(hash, texts[i]);
    return arena_printf(call->arena, "\"%lld-%llx\"", (long long)call->device->revision,
                        (unsigned long long)hash);
}

static void answer_state(struct call *call, struct str content, struct str next_token)
{
    const struct tenant *tenant = &call->tenant;
    cJSON *json = json_new_object();
    json_add_int(json, "id", call->device->id);
    json_add_str(json, "name", call->device->name);
    cJSON *whose = json_add_object(json, "tenant");
    json_add_str(whose, "slug", tenant->slug);
    json_add_str(whose, "name", tenant->name);
    json_add_str_or_null(whose, "logo_url", tenant->logo_url);
    json_add_str_or_null(whose, "accent_colour", tenant->accent_colour);
    json_add_text(json, "content", arena_copy(call->arena, content).at);
    json_add_int(json, "revision", call->device->revision);
    json_add_int(json, "poll_interval", POLL_S);
    if (next_token.at)
        json_add_str(json, "next_token", next_token);
    spaces_answer(call, 200, json);
}

/* With a token to hand over there is always a whole answer, which nobody may keep. */
static enum error_code state(struct call *call)
{
    struct str next_token, content, etag = etag_of(call);
    enum error_code code = device_next_token(call, &next_token);
    if (code != OK)
        return code;
    if (!next_token.at) {
        reply_header(&call->reply, "etag", etag);
        reply_header(&call->reply, "cache-control", STR("private, no-cache"));
        if (request_has_etag(&call->request, etag)) {
            reply_empty(&call->reply, 304);
            return OK;
        }
    }
    code = device_content(call, &content);
    if (code == OK)
        answer_state(call, content, next_token);
    return code;
}

static enum error_code heartbeat(struct call *call)
{
    cJSON *json = json_new_object();
    json_add_int(json, "revision", call->device->revision);
    json_add_int(json, "interval", HEARTBEAT_S);
    spaces_answer(call, 200, json);
    return OK;
}

#define POLL_TOKEN   "ttp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgABCDEF"
#define DEVICE_TOKEN "ttd_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgABCDEF"

static const struct field pairing_rows[] = {
    ANSWER_FIELD("code", FIELD_STR, .help = "What the screen shows", .example = "WDJB-MJHT"),
    ANSWER_FIELD("poll_token", FIELD_STR, .help = "What the screen polls with", .example = POLL_TOKEN),
    ANSWER_FIELD("expires_in", FIELD_INT, .help = "Seconds for which the code holds", .example = "600"),
    ANSWER_FIELD("interval", FIELD_INT, .help = "Seconds between two polls", .example = "5"),
    ANSWER_FIELD("verification_uri", FIELD_STR, .help = "Where staff enter the code",
                 .example = "https://acme.example.com/panel/"),
    ANSWER_FIELD("verification_uri_complete", FIELD_STR, .help = "The same with the code in it",
                 .example = "https://acme.example.com/panel/#/settings/devices?code=WDJB-MJHT"),
    ANSWER_FIELD("qr_svg", FIELD_STR, .flags = FIELD_NULLABLE,
                 .help = "verification_uri_complete as a QR code, an SVG document", .example = "<svg></svg>"),
    ANSWER_FIELD("qr_png", FIELD_STR, .flags = FIELD_NULLABLE, .help = "The same as a data URL of a PNG",
                 .example = "data:image/png;base64,iVBORw0KGgo="),
};
static const struct shape pairing_answer = ANSWER_SHAPE("DisplayPairing", pairing_rows);

static const char *const poll_words[] = { "pending", "slow_down", "expired", "paired", NULL };
static const struct field poll_rows[] = {
    ANSWER_FIELD("status", FIELD_ENUM, .words = poll_words, .help = "How far the pairing is",
                 .example = "pending"),
    ANSWER_FIELD("interval", FIELD_INT, .flags = FIELD_OPTIONAL,
                 .help = "Seconds until the next poll; not with paired", .example = "5"),
    ANSWER_FIELD("expires_in", FIELD_INT, .flags = FIELD_OPTIONAL,
                 .help = "With pending: seconds that are left", .example = "580"),
    ANSWER_FIELD("display_id", FIELD_ID, .flags = FIELD_OPTIONAL, .help = "With paired: the display",
                 .example = "7"),
    ANSWER_FIELD("device_token", FIELD_STR, .flags = FIELD_OPTIONAL,
                 .help = "With paired: the device's token", .example = DEVICE_TOKEN),
};
static const struct shape poll_answer = ANSWER_SHAPE("DisplayPairingPoll", poll_rows);

static const struct field state_tenant_rows[] = {
    ANSWER_FIELD("slug", FIELD_STR, .help = "The tenant's short name", .example = "acme"),
    ANSWER_FIELD("name", FIELD_STR, .help = "The tenant's name", .example = "Acme"),
    ANSWER_FIELD("logo_url", FIELD_STR, .flags = FIELD_NULLABLE, .help = "Its logo",
                 .example = "https://acme.example.com/logo.svg"),
    ANSWER_FIELD("accent_colour", FIELD_STR, .flags = FIELD_NULLABLE, .help = "Its colour",
                 .example = "#d9480f"),
};
static const struct shape state_tenant = ANSWER_SHAPE("DisplayTenant", state_tenant_rows);
static const struct field state_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "The display", .example = "7"),
    ANSWER_FIELD("name", FIELD_STR, .help = "What it is called", .example = "Lobby"),
    ANSWER_FIELD("tenant", FIELD_OBJECT, .of = &state_tenant, .help = "Whose it is"),
    ANSWER_FIELD("content", FIELD_OBJECT, .help = "What it shows",
                 .example = "{\"layout\":\"text\",\"heading\":\"Welcome\"}"),
    ANSWER_FIELD("revision", FIELD_INT, .help = "Raised with each change", .example = "3"),
    ANSWER_FIELD("poll_interval", FIELD_INT, .help = "Seconds until it should ask again", .example = "10"),
    ANSWER_FIELD("next_token", FIELD_STR, .flags = FIELD_OPTIONAL,
                 .help = "While a rotation waits: the token to keep and use from now on",
                 .example = DEVICE_TOKEN),
};
static const struct shape state_answer = ANSWER_SHAPE("DisplayState", state_rows);

static const struct field heartbeat_rows[] = {
    ANSWER_FIELD("revision", FIELD_INT, .help = "Of the state; when it has grown, fetch the state",
                 .example = "3"),
    ANSWER_FIELD("interval", FIELD_INT, .help = "Seconds until the next heartbeat", .example = "30"),
};
static const struct shape heartbeat_answer = ANSWER_SHAPE("DisplayHeartbeat", heartbeat_rows);

static const struct route routes[] = {
    { .op = "public_display_pairing",
      .method = METHOD_POST,
      .path = "/api/public/displays/pairings",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST,
      .answer = &pairing_answer,
      .success = 201,
      .handler = begin,
      .summary = "A screen begins to pair: the code to show, and what to poll with" },
    { .op = "public_display_pairing_poll",
      .method = METHOD_GET,
      .path = "/api/public/displays/pairings/{poll_token}",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST,
      .answer = &poll_answer,
      .handler = poll,
      .summary = "A screen asks whether it was paired; answers its device token, once" },
    { .op = "display_state",
      .method = METHOD_GET,
      .path = "/api/displays/state/{device_token}",
      .need = NEED_DEVICE,
      .tenant = TENANT_BY_TOKEN,
      .answer = &state_answer,
      .conditional = true,
      .warm = true,
      .kept = true,
      .handler = state,
      .summary = "What the display shows" },
    { .op = "display_state_by_header",
      .method = METHOD_GET,
      .path = "/api/displays/state",
      .need = NEED_DEVICE,
      .tenant = TENANT_BY_TOKEN,
      .answer = &state_answer,
      .conditional = true,
      .warm = true,
      .kept = true,
      .handler = state,
      .summary = "What the display shows, its token in the Authorization header" },
    { .op = "display_heartbeat",
      .method = METHOD_GET,
      .path = "/api/displays/heartbeat/{device_token}",
      .need = NEED_DEVICE,
      .tenant = TENANT_BY_TOKEN,
      .answer = &heartbeat_answer,
      .warm = true,
      .kept = true,
      .handler = heartbeat,
      .summary = "The display is there" },
    { .op = "display_heartbeat_by_header",
      .method = METHOD_GET,
      .path = "/api/displays/heartbeat",
      .need = NEED_DEVICE,
      .tenant = TENANT_BY_TOKEN,
      .answer = &heartbeat_answer,
      .warm = true,
      .kept = true,
      .handler = heartbeat,
      .summary = "The display is there, its token in the Authorization header" },
};

const struct route_table spaces_screens_routes = ROUTE_TABLE(&spaces_surface, routes);
