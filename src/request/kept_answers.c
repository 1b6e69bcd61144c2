/* The map, and what one answer holds. It is set-associative like base/cache.h, but its values stay where they
 * are: only one thread looks. */
#include "request/kept_answers.h"

#include <sodium.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "devices/device.h"
#include "request/walk_internal.h"

#define WAYS       4
#define SETS       1024 /* a power of two */
#define BYTES_MAX  4096 /* of an answer with all its texts: 16 MiB per loop at most, a quarter of it usually */
#define FIELDS_MAX   1024 /* of its part of the log line */
#define OWN_FIELDS 4    /* headers that differ each time: the request's id and its limit */

struct kept_answer {
    struct kept_key key;
    const struct config *config;
    struct basis basis;
    struct rate_ask asked;
    const char *op;
    int status;
    int64_t device_id, device_tenant_id; /* who was seen; 0: no device */
    bool proxied;                        /* the request's own id is believed */
    const char *content_type;
    struct str body, line;
    size_t header_count;
    size_t size; /* of the whole */
    struct header headers[];
};

struct set {
    uint32_t tick;
    uint32_t used[WAYS];
    struct kept_answer *way[WAYS];
};

struct kept_answers {
    struct walk *walk;
    unsigned char secret[crypto_shorthash_siphashx24_KEYBYTES];
    struct set sets[SETS];
};

_Static_assert(crypto_shorthash_siphashx24_BYTES == sizeof(struct kept_key), "a key is the hash");

struct kept_answers *kept_answers_new(struct walk *walk)
{
    struct kept_answers *answers = calloc(1, sizeof(*answers));
    if (!answers)
        abort();
    answers->walk = walk;
    randombytes_buf(answers->secret, sizeof(answers->secret));
    return answers;
}

static void drop(struct kept_answer **answer)
{
    if (!*answer)
        return;
    secret_wipe(*answer, (*answer)->size);
    free(*answer);
    *answer = NULL;
}

void kept_answers_free(struct kept_answers **answers)
{
    struct kept_answers *freeing = *answers;
    *answers = NULL;
    if (!freeing)
        return;
    for (size_t s = 0; s < SETS; s++)
        for (size_t w = 0; w < WAYS; w++)
            drop(&freeing->sets[s].way[w]);
    secret_wipe(freeing->secret, sizeof(freeing->secret));
    free(freeing);
}

struct kept_key kept_answers_key(const struct kept_answers *answers, struct str head)
{
    struct kept_key key;
    crypto_shorthash_siphashx24((unsigned char *)&key, (const unsigned char *)head.at, head.len,
                                answers->secret);
    return key;
}

bool kept_answers_ignore(struct str name)
{
    static const struct str ignored[] = {
        STR("accept-encoding"),    STR("accept-language"),   STR("traceparent"),     STR("tracestate"),
        STR("user-agent"),         STR("x-forwarded-method"), STR("x-forwarded-port"), STR("x-forwarded-uri"),
        STR("x-original-method"),  STR("x-original-uri"),    STR("x-original-url"),  STR("x-request-id"),
    };
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        if (str_equal(ignored[i], name))
            return true;
    return false;
}

/* ---- using ---- */

static struct kept_answer **find(struct kept_answers *answers, const struct kept_key *key)
{
    struct set *set = &answers->sets[key->word[0] % SETS];
    for (size_t w = 0; w < WAYS; w++) {
        const struct kept_answer *answer = set->way[w];
        if (answer && answer->key.word[0] == key->word[0] && answer->key.word[1] == key->word[1]) {
            set->used[w] = ++set->tick;
            return &set->way[w];
        }
    }
    return NULL;
}

static bool holds(const struct kept_answers *answers, const struct kept_answer *answer, int64_t now)
{
    return answer->config == walk_config(answers->walk) && basis_holds(&answer->basis, answers->walk->db, now);
}

static void add_number(struct kept_use *use, const char *name, size_t which, int64_t number)
{
    struct reply *reply = &use->reply;
    size_t len = str_put_int(use->numbers[which], number);
    reply->headers[reply->header_count++] = (struct header){ str_of(name),
                                                             str_from(use->numbers[which], len) };
}

static void add_limit(struct kept_use *use, const struct rate_state *rate)
{
    if (!rate->applies)
        return;
    add_number(use, "x-ratelimit-limit", 0, rate->limit);
    add_number(use, "x-ratelimit-remaining", 1, rate->remaining);
    add_number(use, "x-ratelimit-reset", 2, rate->reset);
}

static void add_id(struct kept_use *use, struct str sent)
{
    struct reply *reply = &use->reply;
    size_t len = RANDOM_ID_LEN;
    if (use->answer->proxied && client_id_is_sound(sent)) {
        memcpy(use->id, sent.at, sent.len);
        len = sent.len;
    } else {
        random_id_put(use->id);
    }
    reply->headers[reply->header_count++] = (struct header){ STR("x-request-id"), str_from(use->id, len) };
}

static void fill(struct kept_use *use, const struct kept_answer *answer)
{
    struct reply *reply = &use->reply;
    use->answer = answer;
    reply->status = answer->status;
    reply->content_type = answer->content_type;
    reply->body = answer->body;
    reply->json = NULL;
    reply->close = false;
    reply->stream.next = NULL;
    reply->header_count = answer->header_count;
    memcpy(reply->headers, answer->headers, answer->header_count * sizeof(answer->headers[0]));
}

bool kept_answers_use(struct kept_answers *answers, const struct kept_key *key, struct str request_id,
                      int64_t received_us, struct kept_use *ret)
{
    struct walk *walk = answers->walk;
    struct kept_answer **found = find(answers, key);
    struct rate_state rate = { .allowed = true };
    if (!found)
        return false;
    const struct kept_answer *answer = *found;
    ret->received_us = received_us;
    ret->now = clock_now();
    if (!holds(answers, answer, ret->now)) {
        drop(found);
        return false;
    }
    if (answer->asked.key.at)
        rate = rate_answer(walk->limiter, answer->config, &answer->asked, ret->now);
    if (!rate.allowed)
        return false;
    if (answer->device_id)
        device_note_seen(walk, answer->device_tenant_id, answer->device_id, ret->now);
    fill(ret, answer);
    add_id(ret, request_id);
    add_limit(ret, &rate);
    metric_add(METRIC_ANSWERS_KEPT, 1);
    return true;
}

void kept_answers_log(const struct kept_use *use)
{
    metric_request(use->answer->op, use->answer->status);
    if (!log_is_on(LOG_INFO))
        return;
    struct str id = use->reply.headers[use->answer->header_count].value;
    int64_t took = clock_monotonic_us() - use->received_us;
    log_event(LOG_INFO, "request", LOG_S("id", id), LOG_R(use->answer->line), LOG_I("queue_us", took),
              LOG_I("handler_us", 0), LOG_I("total_us", took), LOG_I("cancelled", 0));
}

/* ---- keeping ---- */

static bool may_keep(const struct call *call)
{
    const struct reply *reply = &call->reply;
    return call->route && call->route->kept && call->failure.code == OK && !call->own.cold && !reply->close &&
           !reply->stream.next && (reply->status == 200 || reply->status == 304) && call->own.basis.until > 0 &&
           !call->own.basis.is_lost && !reply_has_header(reply, "set-cookie");
}

/* Those that kept_answers_use() adds itself. */
static bool is_own_field(struct str name)
{
    return str_equal(name, STR("x-request-id")) || str_starts_with(name, STR("x-ratelimit-"));
}

static size_t size_of(const struct call *call, size_t line)
{
    const struct reply *reply = &call->reply;
    size_t size = sizeof(struct kept_answer) + reply->header_count * sizeof(struct header) + reply->body.len +
                  line + call->own.asked.key.len + 1;
    size += reply->content_type ? strlen(reply->content_type) + 1 : 0;
    for (size_t i = 0; i < reply->header_count; i++)
        size += reply->headers[i].name.len + reply->headers[i].value.len;
    return size;
}

/* Texts of one answer, one after the other behind it. */
static struct str put(char **to, struct str text)
{
    struct str copy = { *to, text.len };
    if (text.len > 0)
        memcpy(*to, text.at, text.len);
    *to += text.len;
    return copy;
}

static const char *put_cstr(char **to, const char *text)
{
    return text ? put(to, str_from(text, strlen(text) + 1)).at : NULL;
}

static void put_headers(struct kept_answer *answer, char **to, const struct reply *reply)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        const struct header *header = &reply->headers[i];
        if (!is_own_field(header->name))
            answer->headers[answer->header_count++] =
                (struct header){ put(to, header->name), put(to, header->value) };
    }
}

static struct kept_answer *copy(const struct call *call, const struct kept_key *key, struct str line)
{
    const struct reply *reply = &call->reply;
    size_t size = size_of(call, line.len);
    struct kept_answer *answer =
        size <= BYTES_MAX && reply->header_count + OWN_FIELDS <= REPLY_MAX_HEADERS ? malloc(size) : NULL;
    if (!answer)
        return NULL;
    char *to = (char *)&answer->headers[reply->header_count];
    *answer = (struct kept_answer){ .key = *key,
                                    .config = call->config,
                                    .basis = call->own.basis,
                                    .asked = call->own.asked,
                                    .op = call->route->op,
                                    .status = reply->status,
                                    .device_id = call->device ? call->device->id : 0,
                                    .device_tenant_id = call->device ? call->device->tenant_id : 0,
                                    .proxied = client_is_proxied(call),
                                    .size = size };
    answer->content_type = put_cstr(&to, reply->content_type);
    answer->body = put(&to, reply->body);
    answer->line = put(&to, line);
    if (answer->asked.key.at)
        answer->asked.key = put(&to, answer->asked.key);
    put_headers(answer, &to, reply);
    return answer;
}

/* Empty, or the one that was not used for longest. */
static size_t victim(const struct set *set)
{
    size_t found = 0;
    for (size_t w = 0; w < WAYS; w++) {
        if (!set->way[w])
            return w;
        if (set->tick - set->used[w] > set->tick - set->used[found])
            found = w;
    }
    return found;
}

void kept_answers_keep(struct kept_answers *answers, const struct kept_key *key, const struct call *call)
{
    char line[FIELDS_MAX];
    size_t len = may_keep(call) ? walk_log_fields(call, line, sizeof(line)) : 0;
    struct kept_answer *answer = len > 0 ? copy(call, key, str_from(line, len)) : NULL;
    if (!answer)
        return;
    struct set *set = &answers->sets[key->word[0] % SETS];
    struct kept_answer **same = find(answers, key);
    size_t way = same ? (size_t)(same - set->way) : victim(set);
    drop(&set->way[way]);
    set->way[way] = answer;
    set->used[way] = ++set->tick;
}
