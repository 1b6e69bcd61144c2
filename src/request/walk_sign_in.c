/* Who asks, and whether they may: authentication (RFC 6750, header form only, or the panel's cookie), the
 * limit per user, membership, permission. */
#include "base/clock.h"
#include "base/encode.h"
#include "base/metrics.h"
#include "base/text.h"
#include "identity/opaque_token.h"
#include "request/address.h"
#include "request/authority.h"
#include "request/cookie.h"
#include "request/device.h"
#include "request/walk_internal.h"

/* ---- Authorization ---- */

enum error_code sign_in_two_tokens(struct call *call)
{
    reply_header(&call->reply, "www-authenticate",
                 STR("Bearer realm=\"tether\", error=\"invalid_request\", error_description=\"Send one "
                     "token, once\""));
    return call_fail(call, ERR_MALFORMED, "Send one token, once.");
}

bool sign_in_has_token(const struct call *call)
{
    return request_header(&call->request, "authorization").at || cookie_token(call).at;
}

static enum error_code read_cookie(struct call *call, struct str *ret)
{
    struct str token = cookie_token(call);
    *ret = text_is_token68(token) ? token : STR_NONE;
    call->own.by_cookie = ret->at != NULL;
    return ret->at ? cookie_check_origin(call) : OK;
}

/* Id and secret are form-encoded before they are put together (RFC 6749 section 2.3.1). The id is the
 * client's own name for itself. */
static enum error_code read_client_secret(struct call *call, struct str credentials, struct str *ret)
{
    struct str pair, id, secret, token;
    arena_wipe_on_free(call->arena);
    bool is_sound = base64_decode(call->arena, credentials, &pair) && str_split(pair, ':', &id, &secret) &&
                    percent_decode(call->arena, secret, true, &token) && text_is_token68(token);
    if (!is_sound)
        return call_fail(call, ERR_TOKEN_INVALID, NULL);
    *ret = token;
    return OK;
}

static void split_credentials(struct str authorization, struct str *ret_scheme, struct str *ret_rest)
{
    str_split(str_trim(authorization), ' ', ret_scheme, ret_rest);
    *ret_rest = str_trim(*ret_rest);
}

/* Another scheme is none of ours. */
enum error_code sign_in_read_header(struct call *call, struct str *ret)
{
    size_t count = request_header_count(&call->request, "authorization");
    struct str scheme, token;
    *ret = STR_NONE;
    if (count > 1 || (count == 1 && params_get(&call->query, "access_token").at))
        return sign_in_two_tokens(call);
    split_credentials(request_header(&call->request, "authorization"), &scheme, &token);
    if (call->route->client_secret && str_equal_nocase(scheme, STR("Basic")))
        return read_client_secret(call, token, ret);
    if (!str_equal_nocase(scheme, STR("Bearer")) || str_is_empty(token))
        return OK;
    if (str_index(token, ' ') < token.len || str_index(token, ',') < token.len)
        return sign_in_two_tokens(call);
    *ret = token;
    return OK;
}

/* What signs nobody in shows without asking anybody: a checksum, or a signature, does not fit, or it is a
 * token for something else. */
static bool is_forged(const struct config *config, struct str token)
{
    uint8_t hash[32];
    return opaque_token_has_prefix(token) ? opaque_token_read(token, hash) != OPAQUE_API
                                          : access_token_is_forged(config, token);
}

bool sign_in_read_bearer(struct str authorization, struct str *ret_token)
{
    struct str scheme;
    split_credentials(authorization, &scheme, ret_token);
    return str_equal_nocase(scheme, STR("Bearer"));
}

bool sign_in_is_forged(const struct config *config, struct str token)
{
    return text_is_token68(token) && is_forged(config, token);
}

static enum error_code read_token(struct call *call, struct str *ret)
{
    return request_header_count(&call->request, "authorization") == 0 ? read_cookie(call, ret)
                                                                      : sign_in_read_header(call, ret);
}

/* Three parts, as in every signed token and in no other one of ours. */
static bool looks_signed(struct str token)
{
    struct str head, claims, signature;
    return str_split(token, '.', &head, &token) && str_split(token, '.', &claims, &signature);
}

/* An address that keeps sending bad tokens gets no more look-ups in the database; a token that bears our
 * signature is still worth one, so that one bad neighbour does not lock a whole office out. */
static bool is_worth_a_look(struct call *call, struct str token)
{
    struct access_claims claims;
    if (!address_is_used_up(call))
        return true;
    if (!looks_signed(token))
        return false;
    return !call->db ||
           access_token_verify(call->config, call->arena, token, call->now, &claims) == TOKEN_VALID;
}

/* A stolen token is of no use elsewhere; whoever tries counts for their address. */
static enum error_code check_address(struct call *call)
{
    struct str allowed = call->principal.token.addresses;
    if (str_is_empty(allowed) || address_in_words(call->request.client_address, allowed)) {
        token_note_use(call);
        return OK;
    }
    call->principal = (struct principal){ 0 };
    return call_fail(call, ERR_FORBIDDEN, "The token may not be used from this address.");
}

static enum error_code look_up(struct call *call, struct str token)
{
    enum token_verdict verdict = TOKEN_INVALID;
    if (!is_worth_a_look(call, token))
        return call_fail(call, ERR_TOKEN_INVALID, NULL);
    enum storage_status status = authority_authenticate(call, token, &verdict, &call->principal);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    if (verdict == TOKEN_VALID)
        return OK;
    call->principal = (struct principal){ 0 };
    return call_fail(call, verdict == TOKEN_EXPIRED ? ERR_TOKEN_EXPIRED : ERR_TOKEN_INVALID, NULL);
}

/* On the loop, so that a flood of such tokens never gets to the workers; there a signature is checked with
 * all the rest. */
static bool refuse_forged(struct call *call, struct str token)
{
    bool shows_here = !call->db || opaque_token_has_prefix(token);
    return shows_here && is_forged(call->config, token);
}

static enum error_code verify(struct call *call, struct str token)
{
    if (authority_knows(call, token, &call->principal))
        return check_address(call);
    if (!text_is_token68(token)) /* nothing else was ever kept */
        return call_fail(call, ERR_TOKEN_INVALID, NULL);
    if (authority_knows_absent(call, token) || refuse_forged(call, token)) {
        call->own.is_nobodys = true;
        return call_fail(call, ERR_TOKEN_INVALID, NULL);
    }
    enum error_code code = look_up(call, token);
    return code == OK ? check_address(call) : code;
}

/* What was once left in a browser must not close a public route to it. */
static enum error_code forgive_stale_cookie(struct call *call, enum error_code code)
{
    bool is_stale = code == ERR_TOKEN_INVALID || code == ERR_TOKEN_EXPIRED;
    if (!is_stale || !call->own.by_cookie || call->route->need != NEED_OPTIONAL)
        return code;
    call->failure = (struct failure){ 0 };
    return OK;
}

static enum error_code check_origin(struct call *call)
{
    return call->route->own_origin ? cookie_check_origin(call) : OK;
}

enum error_code sign_in_principal(struct call *call)
{
    struct str token;
    enum error_code code = check_origin(call);
    if (code != OK || call->route->need == NEED_PUBLIC)
        return code;
    if (call->route->need == NEED_DEVICE)
        return call->principal.kind == PRINCIPAL_NONE ? device_sign_in(call) : OK;
    code = read_token(call, &token);
    if (code != OK)
        return code;
    if (call->principal.kind != PRINCIPAL_NONE) /* an address that is used up said so first */
        return OK;
    if (token.at)
        return forgive_stale_cookie(call, verify(call, token));
    return call->route->need == NEED_OPTIONAL ? OK : call_fail(call, ERR_UNAUTHENTICATED, NULL);
}

/* ---- limits ---- */

static enum error_code too_many(struct call *call)
{
    return call_fail(call, ERR_RATE_LIMIT, "Too many requests.");
}

/* A person at the panel asks more often than a program that knows what it wants. */
static enum rate_class rate_class_of(const struct call *call)
{
    bool is_panel = call->own.by_cookie && call->route->rate == RATE_DEFAULT;
    return is_panel ? RATE_PANEL : call->route->rate;
}

/* A user's sessions count together, an API token and a device each by itself. */
static struct str bearer_key(const struct call *call)
{
    const struct principal *principal = &call->principal;
    int64_t id = call->device          ? call->device->id
                 : principal->token.id ? principal->token.id
                                       : principal->user_id;
    struct str kind = call->device ? STR("d:") : principal->token.id ? STR("t:") : STR("u:");
    return arena_join(call->arena, kind, str_from((const char *)&id, sizeof(id)));
}

/* A token's own limit stands in for the default one where it is lower. */
static struct rate_ask ask_for_bearer(const struct call *call)
{
    int64_t own = call->principal.token.rate_limit;
    struct rate_ask ask = { .key = bearer_key(call), .class = rate_class_of(call), .takes = true };
    if (own > 0 && call->route->rate == RATE_DEFAULT)
        ask.own = (struct rate){ own, 60 * CLOCK_SECOND };
    return ask;
}

enum error_code sign_in_limit(struct call *call)
{
    if (call->own.rate_known || call->principal.kind == PRINCIPAL_NONE)
        return OK;
    rate_count(call, ask_for_bearer(call));
    return call->rate.applies && !call->rate.allowed ? too_many(call) : OK;
}

enum error_code sign_in_when_used_up(struct call *call)
{
    if (!route_needs_sign_in(call->route) || call->own.rate_known || !address_is_used_up(call))
        return OK;
    enum error_code code = sign_in_principal(call);
    return code == OK ? sign_in_limit(call) : code;
}

void sign_in_count_failure(struct call *call)
{
    int status = error_info(call->failure.code)->status;
    if (call->own.rate_known || call->principal.kind != PRINCIPAL_NONE || status < 400 || status >= 500 ||
        call->route->rate == RATE_UNLIMITED)
        return;
    rate_count(call, rate_ask_for_address(call, rate_class_of_address(call), true));
    if (!call->rate.applies || call->rate.allowed)
        return;
    call->reply.header_count = 0; /* the challenge belonged to the failure that 429 replaces */
    too_many(call);
}

/* ---- membership and permission ---- */

static enum error_code refuse_access(struct call *call, enum access_verdict verdict)
{
    switch (verdict) {
    case ACCESS_OK:
        return OK;
    case ACCESS_SUSPENDED:
        call_fail(call, ERR_SUSPENDED, NULL);
        call->failure.status = "suspended";
        return ERR_SUSPENDED;
    case ACCESS_TENANT_SUSPENDED:
        return call_fail(call, ERR_TENANT_SUSPENDED, NULL);
    case ACCESS_NOT_A_MEMBER:
        break;
    }
    return call_fail(call, ERR_NOT_A_MEMBER, NULL);
}

static enum error_code anonymous_access(struct call *call)
{
    bool suspended = call->tenant.id != 0 && call->tenant.status == TENANT_SUSPENDED;
    return suspended ? call_fail(call, ERR_TENANT_SUSPENDED, NULL) : OK;
}

/* A device is of its tenant as long as it is paired. */
static enum error_code device_access(struct call *call)
{
    enum error_code code = anonymous_access(call);
    if (code == OK)
        device_note_seen(call);
    return code;
}

enum error_code sign_in_membership(struct call *call)
{
    enum route_need need = call->route->need;
    if (call->principal.kind == PRINCIPAL_NONE)
        return anonymous_access(call);
    if (call->principal.kind == PRINCIPAL_DEVICE)
        return device_access(call);
    call->grant = (struct access_grant){ .verdict = ACCESS_NOT_A_MEMBER };
    if (call->tenant.id != 0) {
        enum storage_status status = authority_decide(call, &call->tenant, &call->grant);
        if (status != STORAGE_OK)
            return call_fail_storage(call, status);
    }
    call->grant.permissions &= call->scopes;
    if (need == NEED_SELF)
        return OK;
    if (need == NEED_OPTIONAL && call->grant.verdict != ACCESS_TENANT_SUSPENDED)
        return OK;
    enum error_code code = refuse_access(call, call->grant.verdict);
    if (code == OK && need == NEED_SESSION && call->principal.kind != PRINCIPAL_USER)
        return call_fail(call, ERR_FORBIDDEN, "This needs a user's own session.");
    return code;
}

enum error_code sign_in_permission(struct call *call)
{
    if (call->route->need != NEED_PERMISSION ||
        perm_set_has(call->grant.permissions, call->route->permission))
        return OK;
    return call_fail_permission(call, call->route->permission);
}
