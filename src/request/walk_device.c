/* Devices at the door; see device.h. */
#include "base/cache.h"
#include "base/clock.h"
#include "base/recent.h"
#include "base/text.h"
#include "devices/pairing.h"
#include "devices/token.h"
#include "identity/opaque_token.h"
#include "request/absence.h"
#include "request/device.h"
#include "request/walk_internal.h"
#include "storage/changes.h"

/* Memory is taken as devices come: about 2 KiB each, 64 MiB when all places are in use. */
#define KEPT_ENTRIES   32768
#define KEPT_TEXT      1792 /* bytes of name and content; a longer content is read each time it is shown */
#define SEEN_SLOTS     65536
#define POLL_ENTRIES   8192

/* A display asks a few times a minute for as long as it hangs there, and there are many: to read each again
 * every minute would be a tenth of their heartbeats' cost. */
#define AGE_MAX_US (600 * CLOCK_SECOND)

struct device_gate {
    struct cache *kept, *polls;
    struct recent *seen;
};

struct device_gate *device_gate_new(void)
{
    struct device_gate *gate = calloc(1, sizeof(*gate));
    if (!gate)
        abort();
    *gate = (struct device_gate){
        .kept = cache_new(KEPT_ENTRIES, 2048),
        .polls = cache_new(POLL_ENTRIES, 32),
        .seen = recent_new(SEEN_SLOTS),
    };
    return gate;
}

void device_gate_free(struct device_gate **gate)
{
    if (!*gate)
        return;
    cache_free(&(*gate)->kept);
    cache_free(&(*gate)->polls);
    recent_free(&(*gate)->seen);
    free(*gate);
    *gate = NULL;
}

/* What call->device points into. */
struct bearer {
    struct device device; /* first */
    struct str token;     /* what it came with */
    bool rotates;         /* another token waits for it */
};

static const struct bearer *bearer_of(const struct call *call)
{
    return (const struct bearer *)call->device;
}

/* ---- what is kept ---- */

struct kept_device {
    struct db_stamp stamp;
    int64_t subject; /* of the stamp */
    int64_t kept_at;
    int64_t id, tenant_id, revision;
    int64_t until; /* INT64_MAX unless a rotation waits */
    uint32_t name_bytes, content_bytes;
    bool rotates, has_content;
    char text[KEPT_TEXT];
};
_Static_assert(sizeof(struct kept_device) <= 2048, "a device fits in its place");
#define KEPT_HEAD offsetof(struct kept_device, text)

static struct db_stamp stamp_of(const struct call *call, int64_t subject)
{
    return db_stamp(call->walk->db, SUBJECT_DEVICE, subject);
}

static void keep(struct call *call, struct str token, struct db_stamp stamp, int64_t subject,
                 const struct device *device)
{
    bool has_content = device->name.len + device->content.len <= KEPT_TEXT;
    struct kept_device kept = {
        .stamp = stamp,
        .subject = subject,
        .kept_at = call->now,
        .id = device->id,
        .tenant_id = device->tenant_id,
        .revision = device->revision,
        .until = device->rotate_key.at ? device->token_until : INT64_MAX,
        .name_bytes = (uint32_t)device->name.len,
        .content_bytes = has_content ? (uint32_t)device->content.len : 0,
        .rotates = device->rotate_key.at != NULL,
        .has_content = has_content,
    };
    if (stamp.value == 0 || device->name.len > KEPT_TEXT)
        return;
    memcpy(kept.text, device->name.at, kept.name_bytes);
    memcpy(kept.text + kept.name_bytes, device->content.at, kept.content_bytes);
    cache_put(call->walk->devices->kept, token, &kept, KEPT_HEAD + kept.name_bytes + kept.content_bytes);
}

static bool holds(const struct call *call, const struct kept_device *kept)
{
    return basis_is_young(kept->kept_at, call->now, AGE_MAX_US) && kept->until > call->now &&
           db_stamp_holds(kept->stamp, stamp_of(call, kept->subject));
}

/* The device as far as it is kept: without hashes; content.at == NULL: not kept. */
static bool recall(struct call *call, struct str token, struct bearer *bearer)
{
    struct kept_device kept;
    size_t size;
    if (!cache_get(call->walk->devices->kept, token, &kept, sizeof(kept), &size) || !holds(call, &kept))
        return false;
    const char *text = arena_memdup(call->arena, kept.text, size - KEPT_HEAD);
    bearer->device = (struct device){
        .id = kept.id,
        .tenant_id = kept.tenant_id,
        .revision = kept.revision,
        .name = str_from(text, kept.name_bytes),
    };
    if (kept.has_content)
        bearer->device.content = str_from(text + kept.name_bytes, kept.content_bytes);
    bearer->rotates = kept.rotates;
    int64_t aged = kept.kept_at + AGE_MAX_US;
    basis_add(&call->own.basis, SUBJECT_DEVICE, kept.subject, kept.stamp, kept.kept_at,
              kept.until < aged ? kept.until : aged);
    call->own.hits++;
    return true;
}

static bool is_absent(struct call *call, struct str token)
{
    struct absence kept;
    if (!absences_know(call->walk->absences, call->walk->db, SUBJECT_DEVICE, token, call->now, &kept))
        return false;
    basis_add(&call->own.basis, SUBJECT_DEVICE, kept.subject, kept.unknown, kept.kept_at,
              kept.kept_at + KEPT_AGE_MAX_US);
    return true;
}

/* ---- signing in ---- */

/* In the path or in the header, not in both. */
static enum error_code read_token(struct call *call, struct str *ret)
{
    enum error_code code = sign_in_read_header(call, ret);
    if (code == OK && ret->at && !text_is_token68(*ret))
        return call_fail(call, ERR_TOKEN_INVALID, NULL);
    if (code != OK || call->own.param_count == 0)
        return code;
    if (ret->at)
        return sign_in_two_tokens(call);
    *ret = call->params[0];
    return OK;
}

static bool go_cold(struct call *call)
{
    call->own.cold = call->db == NULL;
    call->own.misses++;
    return call->own.cold;
}

/* The stamp is taken before anything is read. */
static enum error_code look_up(struct call *call, const uint8_t hash[DEVICE_HASH_BYTES],
                               struct bearer *bearer)
{
    struct audit_actor from = { .address = call->request.client_address, .request_id = call->request.id };
    if (go_cold(call))
        return ERR_STORAGE_AWAY; /* the walk starts over on a worker */
    int64_t subject = device_subject(hash);
    struct absence absence = { subject, stamp_of(call, subject), call->now };
    enum storage_status status =
        device_authenticate(call->db, call->arena, hash, &from, call->now, &bearer->device);
    if (status == STORAGE_DONE) {
        absences_put(call->walk->absences, bearer->token, &absence);
        return call_fail(call, ERR_TOKEN_INVALID, NULL);
    }
    if (status != STORAGE_ROW)
        return call_fail_storage(call, status);
    keep(call, bearer->token, absence.unknown, subject, &bearer->device);
    bearer->rotates = bearer->device.rotate_key.at != NULL;
    return OK;
}

/* What is kept was read by a token that is whole, so only an unknown one is looked at closely. An address
 * that keeps sending bad tokens gets no more look-ups; a device beside it waits for the next window rather
 * than being told that it was unpaired. */
static enum error_code find_device(struct call *call, struct bearer *bearer)
{
    uint8_t hash[DEVICE_HASH_BYTES];
    if (recall(call, bearer->token, bearer))
        return OK;
    if (is_absent(call, bearer->token) || opaque_token_read(bearer->token, hash) != OPAQUE_DEVICE)
        return call_fail(call, ERR_TOKEN_INVALID, NULL);
    if (address_is_used_up(call))
        return call_fail(call, ERR_RATE_LIMIT, "Too many requests.");
    return look_up(call, hash, bearer);
}

enum error_code device_sign_in(struct call *call)
{
    struct bearer *bearer = ARENA_NEW(call->arena, struct bearer);
    enum error_code code = read_token(call, &bearer->token);
    if (code != OK)
        return code;
    if (!bearer->token.at)
        return call_fail(call, ERR_UNAUTHENTICATED, NULL);
    code = find_device(call, bearer);
    if (code != OK)
        return code;
    call->device = &bearer->device;
    call->principal =
        (struct principal){ .kind = PRINCIPAL_DEVICE, .token_tenant_id = call->device->tenant_id };
    return OK;
}

void device_note_seen(struct call *call)
{
    walk_note(call, call->walk->devices->seen, call->device->tenant_id, call->device->id);
}

/* ---- for handlers ---- */

/* The whole row, on a worker. */
static enum error_code read_row(struct call *call, struct device *ret)
{
    if (go_cold(call))
        return ERR_STORAGE_AWAY;
    enum storage_status status = device_by_id(call->db, call->arena, call->tenant.id, call->device->id, ret);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_TOKEN_INVALID, NULL); /* unpaired a moment ago */
    return status == STORAGE_ROW ? OK : call_fail_storage(call, status);
}

enum error_code device_content(struct call *call, struct str *ret)
{
    struct device device;
    *ret = call->device->content;
    if (ret->at)
        return OK;
    enum error_code code = read_row(call, &device);
    *ret = device.content;
    return code;
}

enum error_code device_next_token(struct call *call, struct str *ret)
{
    struct device device;
    *ret = STR_NONE;
    if (!bearer_of(call)->rotates)
        return OK;
    enum error_code code = read_row(call, &device);
    if (code != OK || !device.rotate_key.at)
        return code;
    arena_wipe_on_free(call->arena);
    enum storage_status status =
        device_successor(call->db, call->arena, &device, bearer_of(call)->token, ret);
    if (status == STORAGE_DONE)
        *ret = STR_NONE;
    return status == STORAGE_OK || status == STORAGE_DONE ? OK : call_fail_storage(call, status);
}

int64_t device_seen_at(const struct call *call, const struct device *device)
{
    int64_t here = recent_at(call->walk->devices->seen, device->id);
    return here > device->seen_at ? here : device->seen_at;
}

/* ---- polls of pairings ---- */

struct kept_poll {
    int64_t at, interval;
};

/* Clocks and networks jitter: half a second is forgiven. */
bool device_poll_is_early(struct call *call, struct str poll_token, int64_t *ret_interval)
{
    struct kept_poll poll = { 0, PAIRING_INTERVAL };
    size_t size;
    cache_get(call->walk->devices->polls, poll_token, &poll, sizeof(poll), &size);
    bool is_early = poll.at && call->now - poll.at < poll.interval * CLOCK_SECOND - CLOCK_SECOND / 2;
    poll.at = call->now;
    poll.interval += is_early ? PAIRING_INTERVAL : 0;
    cache_put(call->walk->devices->polls, poll_token, &poll, sizeof(poll));
    *ret_interval = poll.interval;
    return is_early;
}

/* ---- writing down ---- */

static bool write_seen(void *context, const struct recent_item *items, size_t n)
{
    return device_seen_write(context, items, n) == STORAGE_OK;
}

bool device_seen_write_down(struct walk *walk, struct db_conn *conn)
{
    return recent_flush(walk->devices->seen, write_seen, conn);
}
