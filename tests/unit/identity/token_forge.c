/* See token_forge.h. */
#include "token_forge.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/random.h"

struct config forge_config(void)
{
    struct config config = { 0 };
    config.tokens.secret_key = STR(FORGE_KEY);
    config.tokens.issuer = STR("tether");
    return config;
}

static void add_claim(struct buf *buf, const char *name, const char *json)
{
    buf_printf(buf, "%s\"%s\":%s", buf->len > 1 ? "," : "", name, json);
}

struct str forge_payload(struct arena *arena, const char *claim, const char *json)
{
    const struct {
        const char *name, *json;
    } usual[] = {
        { "iss", "\"tether\"" },
        { "token_use", "\"access\"" },
        { "sub", "\"7\"" },
        { "sid", "\"8\"" },
        { "tid", "\"9\"" },
        { "iat", arena_printf(arena, "%" PRId64, FORGE_NOW - 10).at },
        { "exp", arena_printf(arena, "%" PRId64, FORGE_NOW + 10).at },
        { "jti", "\"" FORGE_JTI "\"" },
    };
    struct buf buf;
    bool used = false;
    buf_init(&buf, arena, 1 << 20);
    buf_add_char(&buf, '{');
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        bool is_it = claim && strcmp(claim, usual[i].name) == 0;
        used |= is_it;
        if (!is_it || json)
            add_claim(&buf, usual[i].name, is_it ? json : usual[i].json);
    }
    if (claim && json && !used)
        add_claim(&buf, claim, json);
    buf_add_char(&buf, '}');
    return buf_str(&buf);
}

struct str forge_join(struct arena *arena, struct str header, struct str payload, struct str signature)
{
    return arena_printf(arena, "%.*s.%.*s.%.*s", STR_ARG(header), STR_ARG(payload), STR_ARG(signature));
}

struct str forge_signed(struct arena *arena, struct str header, struct str payload, struct str key)
{
    uint8_t mac[32];
    struct str head = base64url_encode(arena, header.at, header.len);
    struct str body = base64url_encode(arena, payload.at, payload.len);
    hmac_sha256(key, arena_printf(arena, "%.*s.%.*s", STR_ARG(head), STR_ARG(body)), mac);
    return forge_join(arena, head, body, base64url_encode(arena, mac, sizeof(mac)));
}
