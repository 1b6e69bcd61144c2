/* Settings → API Keys: the tenant's API tokens. */
#include "access/custom_role.h"
#include "api/spaces/answer.h"
#include "api/tables.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "request/actor.h"
#include "request/address.h"
#include "request/token_use.h"
#include "team/api_keys.h"

#define OVERLAP_MAX_S (INT64_C(7) * 86400)

/* ---- a token in an answer ---- */

static void add_words(cJSON *object, const char *name, struct str words)
{
    cJSON *list = json_add_array(object, name);
    for (struct str word; !str_is_empty(words);) {
        str_split(words, ' ', &word, &words);
        json_add_str(list, NULL, word);
    }
}

static cJSON *key_json(struct call *call, const void *shown)
{
    const struct api_token *token = shown;
    cJSON *json = json_new_object();
    json_add_int(json, "id", token->id);
    json_add_str(json, "name", token->name);
    json_add_str(json, "prefix", token->prefix);
    add_words(json, "scopes", token->scopes);
    json_add_time(json, "expires_at", token->expires_at);
    add_words(json, "allowed_addresses", token->addresses);
    if (token->rate_limit)
        json_add_int(json, "rate_limit", token->rate_limit);
    else
        json_add_null(json, "rate_limit");
    json_add_time(json, "last_used_at", token_used_at(call, token));
    json_add_time(json, "previous_until", token->old_until > call->now ? token->old_until : 0);
    cJSON *owner = json_add_object(json, "created_by");
    json_add_int(owner, "id", token->user_id);
    json_add_str(owner, "name", token->owner_name);
    json_add_str(owner, "email", token->owner_email);
    json_add_time(json, "created_at", token->created_at);
    json_add_time(json, "updated_at", token->updated_at);
    return json;
}

/* ---- the list ---- */

static const struct field page_fields[] = { SPACES_PAGE_ROWS(struct spaces_page_query) };
static const struct shape page_shape = SHAPE("ApiKeysQuery", struct spaces_page_query, page_fields);

static enum storage_status read_page(struct call *call, int64_t place, int64_t limit, void **ret,
                                     size_t *ret_n)
{
    struct api_token *found = NULL;
    enum storage_status status =
        api_token_list(call->db, call->arena, call->tenant.id, place, limit, &found, ret_n);
    *ret = found;
    return status;
}

static enum error_code list(struct call *call)
{
    static const struct spaces_list things = { sizeof(struct api_token), read_page, key_json };
    const struct spaces_page_query *query = call->query_input;
    return spaces_list(call, query->cursor, query->limit, &things);
}

/* ---- what is asked for ---- */

struct key_input {
    struct str name;
    struct field_list scopes, allowed_addresses;
    int64_t expires_at, rate_limit;
};
#define KEY_ROWS(required, nullable)                                                                         \
    FIELD(struct key_input, name, "name", FIELD_STR, .flags = (required), .max = API_KEY_NAME_MAX,           \
          .help = "What the token is for", .example = "Nightly export"),                                     \
        FIELD(struct key_input, scopes, "scopes", FIELD_STR_LIST, .flags = (required), .min = 1, .max = 64,  \
              .help = "Names of permissions, none that the maker lacks", .example = "assets.view"),          \
        FIELD(struct key_input, expires_at, "expires_at", FIELD_TIME, .flags = (nullable),                   \
              .help = "When it ends; never if left out", .example = "2030-01-01T00:00:00Z"),                 \
        FIELD(struct key_input, allowed_addresses, "allowed_addresses", FIELD_STR_LIST, .flags = (nullable), \
              .max = API_KEY_ADDRESSES_MAX,                                                                  \
              .help = "Addresses and CIDR blocks it may be used from; anywhere if left out",                 \
              .example = "192.0.2.0/24"),                                                                    \
        FIELD(struct key_input, rate_limit, "rate_limit", FIELD_INT, .flags = (nullable), .min = 1,          \
              .max = API_KEY_RATE_MAX,                                                                       \
              .help = "Requests per minute, where that is less than the server's limit", .example = "600")
enum { ROW_NAME = 0, ROW_SCOPES, ROW_EXPIRY, ROW_ADDRESSES, ROW_RATE };
static const struct field create_fields[] = { KEY_ROWS(FIELD_REQUIRED, FIELD_NULLABLE) };
static const struct field update_fields[] = { KEY_ROWS(0, FIELD_NULLABLE) };
static const struct shape create_shape = SHAPE("ApiKeyCreate", struct key_input, create_fields);
static const struct shape update_shape = SHAPE("ApiKeyUpdate", struct key_input, update_fields);

static struct str read_name(struct call *call, struct str given)
{
    struct str name = str_trim(given);
    if (str_is_empty(name) || !text_is_line(name))
        call_violate(call, "name", VIOLATION_CUSTOM, "The name must be one line of text.");
    return name;
}

/* As much of what was sent as a sentence bears. */
static const char *no_scope(struct call *call, struct str name)
{
    struct str shown = str_sub(name, 0, text_utf8_prefix(str_sub(name, 0, 64)));
    return arena_printf(call->arena, "There is no scope %.*s.", STR_ARG(shown)).at;
}

static perm_set read_scopes(struct call *call, const struct field_list *names)
{
    perm_set set = 0;
    for (size_t i = 0; i < names->n; i++) {
        enum permission perm = permission_by_name(names->at[i]);
        if (perm != PERM_NONE)
            set |= PERM_BIT(perm);
        else
            call_violate(call, "scopes", VIOLATION_CUSTOM, no_scope(call, names->at[i]));
    }
    return set;
}

static int64_t read_expiry(struct call *call, int64_t given)
{
    if (given != 0 && given <= call->now)
        call_violate(call, "expires_at", VIOLATION_CUSTOM, "The expires at must be a time to come.");
    return given;
}

static struct str read_addresses(struct call *call, const struct field_list *list)
{
    struct buf words;
    size_t room = 1;
    for (size_t i = 0; i < list->n; i++)
        room += list->at[i].len + 1;
    buf_init(&words, call->arena, room);
    for (size_t i = 0; i < list->n; i++) {
        buf_add(&words, i ? STR(" ") : STR(""));
        buf_add(&words, list->at[i]);
        if (!address_is_block(list->at[i]))
            call_violate(
                call, "allowed_addresses", VIOLATION_CUSTOM,
                "The allowed addresses must be addresses like 192.0.2.7 or blocks like 192.0.2.0/24.");
    }
    return buf_str(&words);
}

static struct api_key_deed begin(struct call *call)
{
    arena_wipe_on_free(call->arena); /* a secret may pass */
    return (struct api_key_deed){
        .tenant = &call->tenant,
        .actor = { call->principal.user_id, &call->grant, call_actor(call) },
        .actor_scopes = call->scopes,
        .actor_token_id = call->principal.token.id,
        .now = call->now,
    };
}

static void read_input(struct call *call, struct api_key_deed *deed)
{
    static const enum api_key_part parts[] = {
        [ROW_NAME] = API_KEY_NAME,           [ROW_SCOPES] = API_KEY_SCOPES, [ROW_EXPIRY] = API_KEY_EXPIRY,
        [ROW_ADDRESSES] = API_KEY_ADDRESSES, [ROW_RATE] = API_KEY_RATE,
    };
    const struct key_input *input = call->input;
    for (unsigned row = 0; row < sizeof(parts) / sizeof(parts[0]); row++)
        deed->parts |= call_has(call, row) ? parts[row] : 0;
    if (deed->parts & API_KEY_NAME)
        deed->token.name = read_name(call, input->name);
    deed->scopes = read_scopes(call, &input->scopes);
    deed->token.expires_at = read_expiry(call, input->expires_at);
    deed->token.addresses = read_addresses(call, &input->allowed_addresses);
    deed->token.rate_limit = input->rate_limit;
}

/* ---- the deeds ---- */

static enum error_code refuse(struct call *call, const struct api_key_deed *deed)
{
    switch (deed->verdict) {
    case API_KEY_DONE:
        return OK;
    case API_KEY_UNKNOWN:
        return call_fail(call, ERR_NOT_FOUND, NULL);
    case API_KEY_NOT_OWN:
        return call_fail(
            call, ERR_FORBIDDEN,
            "Only its owner can give a token another secret, and no token one that may do more.");
    case API_KEY_LOOSER:
        return call_fail(call, ERR_FORBIDDEN,
                         "A token gives out none that holds for longer, or from elsewhere, than itself.");
    case API_KEY_NOT_A_MEMBER:
        return call_fail(call, ERR_NOT_A_MEMBER, NULL);
    case API_KEY_SCOPE_ABOVE:
        break;
    }
    const char *name = permission_info(deed->scope)->name;
    call_fail(call, ERR_PERMISSION,
              arena_printf(call->arena, "You cannot give a scope that you lack: %s.", name).at);
    call->failure.required_permission = name;
    return ERR_PERMISSION;
}

typedef enum storage_status (*deed_fn)(struct db_conn *conn, struct arena *arena, struct api_key_deed *deed);

static enum error_code carry_out(struct call *call, deed_fn fn, struct api_key_deed *deed)
{
    if (call->failure.code != OK)
        return call->failure.code;
    enum storage_status status = fn(call->db, call->arena, deed);
    return status == STORAGE_OK ? refuse(call, deed) : call_fail_storage(call, status);
}

/* The one time that the secret is shown. */
static void answer_secret(struct call *call, int status, const struct api_key_deed *deed)
{
    cJSON *json = key_json(call, &deed->token);
    json_add_str(json, "token", deed->secret);
    spaces_answer(call, status, json);
}

static enum error_code create(struct call *call)
{
    struct api_key_deed deed = begin(call);
    read_input(call, &deed);
    deed.token.user_id = call->principal.user_id;
    deed.token.owner_name = call->principal.name;
    deed.token.owner_email = call->principal.email;
    enum error_code code = carry_out(call, api_key_create, &deed);
    if (code == OK)
        answer_secret(call, 201, &deed);
    return code;
}

static enum error_code update(struct call *call)
{
    struct api_key_deed deed = begin(call);
    if (!call_path_id(call, 0, &deed.token.id))
        return ERR_NOT_FOUND;
    read_input(call, &deed);
    enum error_code code = carry_out(call, api_key_update, &deed);
    if (code == OK)
        spaces_answer(call, 200, key_json(call, &deed.token));
    return code;
}

struct rotate_input {
    int64_t overlap;
};
static const struct field rotate_fields[] = {
    FIELD(struct rotate_input, overlap, "overlap", FIELD_INT, .min = 0, .max = OVERLAP_MAX_S,
          .help = "Seconds for which the secret so far holds on; 0 if left out, 7 days at most",
          .example = "3600"),
};
static const struct shape rotate_shape = SHAPE("ApiKeyRotate", struct rotate_input, rotate_fields);

static enum error_code rotate(struct call *call)
{
    const struct rotate_input *input = call->input;
    struct api_key_deed deed = begin(call);
    if (!call_path_id(call, 0, &deed.token.id))
        return ERR_NOT_FOUND;
    deed.overlap_us = input->overlap * CLOCK_SECOND;
    enum error_code code = carry_out(call, api_key_rotate, &deed);
    if (code == OK)
        answer_secret(call, 200, &deed);
    return code;
}

static enum error_code revoke(struct call *call)
{
    struct api_key_deed deed = begin(call);
    if (!call_path_id(call, 0, &deed.token.id))
        return ERR_NOT_FOUND;
    enum error_code code = carry_out(call, api_key_revoke, &deed);
    if (code == OK)
        spaces_answer(call, 200, key_json(call, &deed.token));
    return code;
}

/* ---- what is answered ---- */

static const struct field maker_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "Their id", .example = "4"),
    ANSWER_FIELD("name", FIELD_STR, .help = "Their name", .example = "Sarah Chen"),
    ANSWER_FIELD("email", FIELD_STR, .help = "Their address", .example = "sarah@acme.com"),
};
static const struct shape maker = ANSWER_SHAPE("ApiKeyOwner", maker_rows);

#define KEY_ANSWER_ROWS                                                                                      \
    ANSWER_FIELD("id", FIELD_ID, .help = "Its id", .example = "3"),                                          \
        ANSWER_FIELD("name", FIELD_STR, .help = "What it is for", .example = "Nightly export"),              \
        ANSWER_FIELD("prefix", FIELD_STR, .help = "How the secret begins", .example = "tth_3kTmZ0aQ"),       \
        ANSWER_FIELD("scopes", FIELD_STR_LIST, .help = "Names of permissions", .example = "assets.view"),    \
        ANSWER_FIELD("expires_at", FIELD_TIME, .flags = FIELD_NULLABLE, .help = "When it ends; null: never", \
                     .example = "2030-01-01T00:00:00Z"),                                                     \
        ANSWER_FIELD("allowed_addresses", FIELD_STR_LIST,                                                    \
                     .help = "Where it may be used from; empty: anywhere", .example = "192.0.2.0/24"),       \
        ANSWER_FIELD("rate_limit", FIELD_INT, .flags = FIELD_NULLABLE,                                       \
                     .help = "Requests per minute; null: the server's limit", .example = "600"),             \
        ANSWER_FIELD("last_used_at", FIELD_TIME, .flags = FIELD_NULLABLE, .help = "null: not yet",           \
                     .example = "2026-11-27T10:00:00Z"),                                                     \
        ANSWER_FIELD("previous_until", FIELD_TIME, .flags = FIELD_NULLABLE,                                  \
                     .help = "How long the secret before the last rotation holds; null: it does not",        \
                     .example = "2026-11-28T10:00:00Z"),                                                     \
        ANSWER_FIELD("created_by", FIELD_OBJECT, .of = &maker, .help = "Whose it is"),                       \
        ANSWER_FIELD("created_at", FIELD_TIME, .help = "When it was made",                                   \
                     .example = "2026-11-27T10:00:00Z"),                                                     \
        ANSWER_FIELD("updated_at", FIELD_TIME, .help = "When it was changed last",                           \
                     .example = "2026-11-27T10:00:00Z")

static const struct field key_rows[] = { KEY_ANSWER_ROWS };
static const struct field key_with_secret_rows[] = {
    KEY_ANSWER_ROWS,
    ANSWER_FIELD("token", FIELD_STR, .help = "The secret; shown this once", .example = "tth_3kTmZ0aQ…"),
};
static const struct shape key_answer = ANSWER_SHAPE("ApiKey", key_rows);
static const struct shape key_with_secret_answer = ANSWER_SHAPE("ApiKeyWithSecret", key_with_secret_rows);

static const struct route routes[] = {
    { .op = "spaces_api_keys",
      .method = METHOD_GET,
      .path = "/api/settings/api-keys",
      .permission = PERM_API_KEYS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .query = &page_shape,
      .answer = &key_answer,
      .form = ANSWER_PAGE,
      .handler = list,
      .summary = "Lists the tenant's API tokens, without their secrets" },
    { .op = "spaces_api_key_create",
      .method = METHOD_POST,
      .path = "/api/settings/api-keys",
      .permission = PERM_API_KEYS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .body = BODY_JSON,
      .input = &create_shape,
      .answer = &key_with_secret_answer,
      .success = 201,
      .fails = FAILS(ERR_PERMISSION, ERR_FORBIDDEN),
      .handler = create,
      .summary = "Makes an API token; shows its secret, this once" },
    { .op = "spaces_api_key_update",
      .method = METHOD_PATCH,
      .path = "/api/settings/api-keys/{id}",
      .permission = PERM_API_KEYS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .body = BODY_JSON,
      .input = &update_shape,
      .answer = &key_answer,
      .fails = FAILS(ERR_PERMISSION, ERR_FORBIDDEN),
      .handler = update,
      .summary = "Changes an API token's name, scopes and limits" },
    { .op = "spaces_api_key_rotate",
      .method = METHOD_POST,
      .path = "/api/settings/api-keys/{id}/rotate",
      .permission = PERM_API_KEYS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .body = BODY_JSON,
      .input = &rotate_shape,
      .answer = &key_with_secret_answer,
      .fails = FAILS(ERR_FORBIDDEN),
      .handler = rotate,
      .summary = "Gives an API token another secret; the former one may hold on for a while" },
    { .op = "spaces_api_key_revoke",
      .method = METHOD_DELETE,
      .path = "/api/settings/api-keys/{id}",
      .permission = PERM_API_KEYS_MANAGE,
      .tenant = TENANT_BY_TOKEN,
      .answer = &key_answer,
      .handler = revoke,
      .summary = "Revokes an API token" },
};

const struct route_table spaces_api_keys_routes = ROUTE_TABLE(&spaces_surface, routes);
