/* The map, and what one answer holds. It is set-associative like base/cache.h, but its values stay where they
 * are: only one thread looks. */
#include "request/kept_answers.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/recent.h"
#include "request/accept.h"
#include "request/authority.h"
#include "request/walk_internal.h"

#define WAYS       8
#define SETS       4096 /* powers of two */
#define REFUSALS   64
#define BYTES_MAX  4096 /* of an answer with all its texts */
#define FIELDS_MAX 1024 /* of its part of the log line */
#define OWN_FIELDS 4    /* headers that differ each time: the request's id and its limit */
#define FORGED     256
#define CALLERS    4096
#define SWEPT      4 /* sets that are looked through for each answer that comes */

struct kept_answer {
    struct kept_key key;
    const struct config *config;
    struct basis basis;
    struct rate_ask asked;
    const char *op;
    bool needs_bad_token; /* it refuses tokens that are nobody's, and answers nobody else */
    int status;
    struct recent *noted_in; /* NULL: nobody's use is noted */
    int64_t noted_group, noted_id;
    bool proxied; /* the request's own id is believed */
    const char *content_type;
    struct str body, line;
    enum log_format format; /* of the line */
    size_t header_count;
    size_t size; /* of the whole */
    struct header headers[];
};

struct set {
    uint32_t tick;
    uint32_t used[WAYS];
    uint64_t mark[WAYS]; /* half of the key, so that only the right one is looked at */
    struct kept_answer *way[WAYS];
};

struct map {
    struct set *sets;
    size_t n;
    size_t bytes, bytes_max; /* of all answers */
    size_t hand;             /* the set that is looked through next for what may go */
};

/* Questions whose token was found to be forged: whoever sends one tends to send it again. */
struct forged {
    const struct config *config; /* by whose keys */
    struct kept_key key[FORGED];
};

struct kept_answers {
    struct walk *walk;
    unsigned char secret[KEYED_HASH_KEY_BYTES];
    struct map given;
    struct map refusals; /* apart, since anybody can be refused */
    struct forged forged;
    uint32_t callers[CALLERS]; /* marks of questions that found no place */
};

static struct map map_new(size_t sets, size_t bytes_max)
{
    struct map map = { .sets = calloc(sets, sizeof(struct set)), .n = sets, .bytes_max = bytes_max };
    if (!map.sets)
        abort();
    return map;
}

struct kept_answers *kept_answers_new(struct walk *walk)
{
    struct kept_answers *answers = calloc(1, sizeof(*answers));
    if (!answers)
        abort();
    answers->walk = walk;
    answers->given = map_new(SETS, KEPT_ANSWERS_BYTES);
    answers->refusals = map_new(REFUSALS, REFUSALS * WAYS * BYTES_MAX);
    random_bytes(answers->secret, sizeof(answers->secret));
    return answers;
}

static void drop(struct map *map, struct kept_answer **answer)
{
    if (!*answer)
        return;
    map->bytes -= (*answer)->size;
    secret_wipe(*answer, (*answer)->size);
    free(*answer);
    *answer = NULL;
}

static void map_free(struct map *map)
{
    for (size_t s = 0; s < map->n; s++)
        for (size_t w = 0; w < WAYS; w++)
            drop(map, &map->sets[s].way[w]);
    free(map->sets);
}

void kept_answers_free(struct kept_answers **answers)
{
    struct kept_answers *freeing = *answers;
    *answers = NULL;
    if (!freeing)
        return;
    map_free(&freeing->given);
    map_free(&freeing->refusals);
    secret_wipe(freeing->secret, sizeof(freeing->secret));
    free(freeing);
}

/* ---- asking ---- */

static struct kept_key hash(const struct kept_answers *answers, const void *data, size_t size)
{
    struct kept_key key;
    keyed_hash(answers->secret, data, size, key.word);
    return key;
}

void kept_answers_ask(const struct kept_answers *answers, struct str head, struct kept_question *question)
{
    struct {
        struct kept_key but_token, token;
    } both = { .but_token = hash(answers, head.at, head.len) };
    question->but_token = question->whole = both.but_token;
    if (!question->authorization.at)
        return;
    both.token = hash(answers, question->authorization.at, question->authorization.len);
    question->whole = hash(answers, &both, sizeof(both));
}

bool kept_answers_ignore(struct str name)
{
    static const struct str ignored[] = {
        STR("accept-encoding"),   STR("accept-language"),    STR("traceparent"),      STR("tracestate"),
        STR("user-agent"),        STR("x-forwarded-method"), STR("x-forwarded-port"), STR("x-forwarded-uri"),
        STR("x-original-method"), STR("x-original-uri"),     STR("x-original-url"),   STR("x-request-id"),
    };
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        if (str_equal(ignored[i], name))
            return true;
    return false;
}

/* ---- using ---- */

static struct set *set_of(const struct map *map, const struct kept_key *key)
{
    return &map->sets[key->word[0] & (map->n - 1)];
}

static struct kept_answer **find(const struct map *map, const struct kept_key *key)
{
    struct set *set = set_of(map, key);
    for (size_t w = 0; w < WAYS; w++) {
        if (set->mark[w] != key->word[1] || !set->way[w] || set->way[w]->key.word[0] != key->word[0])
            continue;
        set->used[w] = ++set->tick;
        return &set->way[w];
    }
    return NULL;
}

static bool holds(const struct kept_answers *answers, const struct kept_answer *answer, int64_t now)
{
    return answer->config == walk_config(answers->walk) &&
           basis_holds(&answer->basis, answers->walk->db, now);
}

static void add_number(struct kept_use *use, const char *name, size_t which, int64_t number)
{
    struct reply *reply = &use->reply;
    size_t len = str_put_int(use->numbers[which], number);
    reply->headers[reply->header_count++] =
        (struct header){ str_of(name), str_from(use->numbers[which], len) };
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

/* What is no longer true gives way. */
static const struct kept_answer *recall(struct kept_answers *answers, struct map *map,
                                        const struct kept_key *key, int64_t now)
{
    struct kept_answer **found = find(map, key);
    if (found && !holds(answers, *found, now)) {
        drop(map, found);
        return NULL;
    }
    return found ? *found : NULL;
}

static bool is_same(const struct kept_key *a, const struct kept_key *b)
{
    return a->word[0] == b->word[0] && a->word[1] == b->word[1];
}

/* Checks a token at most once while it keeps coming. */
static bool is_forged(struct kept_answers *answers, const struct config *config, const struct kept_key *whole,
                      struct str token)
{
    struct forged *forged = &answers->forged;
    struct kept_key *place = &forged->key[whole->word[0] % FORGED];
    if (forged->config != config)
        *forged = (struct forged){ .config = config };
    if (is_same(place, whole))
        return true;
    if (!sign_in_is_forged(config, token))
        return false;
    *place = *whole;
    return true;
}

/* As the walk would find, without a look-up. */
static bool is_bad_token(struct kept_answers *answers, const struct kept_question *question, int64_t now)
{
    struct str token;
    return sign_in_read_bearer(question->authorization, &token) &&
           (authority_is_absent(answers->walk, token, now) ||
            is_forged(answers, walk_config(answers->walk), &question->whole, token));
}

/* A refusal of bad tokens answers for every one of them, seen before or not. */
static const struct kept_answer *recall_refusal(struct kept_answers *answers,
                                                const struct kept_question *question, int64_t now)
{
    const struct kept_answer *answer = recall(answers, &answers->refusals, &question->but_token, now);
    if (answer && (!answer->needs_bad_token || is_bad_token(answers, question, now)))
        return answer;
    return question->authorization.at ? recall(answers, &answers->refusals, &question->whole, now) : NULL;
}

bool kept_answers_use(struct kept_answers *answers, const struct kept_question *question, int64_t received_us,
                      int64_t now, struct kept_use *ret)
{
    struct walk *walk = answers->walk;
    struct rate_state rate = { .allowed = true };
    ret->received_us = received_us;
    ret->now = now;
    const struct kept_answer *answer = recall(answers, &answers->given, &question->whole, ret->now);
    if (!answer)
        answer = recall_refusal(answers, question, ret->now);
    if (!answer)
        return false;
    if (answer->asked.key.at)
        rate = rate_answer(walk->limiter, answer->config, &answer->asked, ret->now);
    if (!rate.allowed)
        return false;
    if (answer->noted_in)
        recent_note(answer->noted_in, answer->noted_group, answer->noted_id, ret->now);
    fill(ret, answer);
    add_id(ret, question->request_id);
    add_limit(ret, &rate);
    metric_add(METRIC_ANSWERS_KEPT, 1);
    return true;
}

int64_t kept_answers_log(const struct kept_use *use)
{
    int64_t done_us = clock_monotonic_us(), took = done_us - use->received_us;
    metric_request(use->answer->op, use->answer->status);
    if (!log_is_on(LOG_INFO))
        return done_us;
    const struct log_field fields[] = {
        LOG_S("id", use->reply.headers[use->answer->header_count].value),
        LOG_R(use->answer->line),
        LOG_I("queue_us", took),
        LOG_I("handler_us", 0),
        LOG_I("total_us", took),
        LOG_I("cancelled", 0),
        { LOG_FIELD_END },
    };
    log_fields_at(LOG_INFO, use->answer->format, use->now + took, "request", fields);
    return done_us;
}

/* ---- keeping ---- */

static bool is_given(const struct call *call)
{
    return call->failure.code == OK && (call->reply.status == 200 || call->reply.status == 304);
}

/* A problem document names the request. */
static bool is_refusal(const struct call *call)
{
    return call->failure.code == ERR_TOKEN_INVALID && !accept_wants_problem(&call->request);
}

/* There is no such path, whoever asks: that rests on the program and the configuration alone. */
static bool is_nowhere(const struct call *call)
{
    return call->failure.code == ERR_ROUTE_UNKNOWN && !call->route && call->own.basis.n == 0 &&
           !accept_wants_problem(&call->request);
}

static bool may_be_kept(const struct call *call)
{
    const struct basis *basis = &call->own.basis;
    bool is_routed = call->route && call->route->kept && basis->until != 0 && !basis->is_lost;
    return (is_routed || is_nowhere(call)) && !call->own.cold && !call->reply.close &&
           !call->reply.stream.next && !reply_has_header(&call->reply, "set-cookie");
}

/* The map it may be kept in; NULL: none. */
static struct map *map_for(struct kept_answers *answers, const struct call *call)
{
    if (!may_be_kept(call))
        return NULL;
    return is_given(call)                         ? &answers->given
           : is_refusal(call) || is_nowhere(call) ? &answers->refusals
                                                  : NULL;
}

static bool refuses_bad_tokens(const struct call *call)
{
    return call->own.is_nobodys && !call->own.by_cookie;
}

static bool has_room(const struct map *map, size_t bytes)
{
    return map->bytes + bytes <= map->bytes_max;
}

/* A question that has no place yet takes one from another only when it comes a second time: else a thousand
 * that never come again would push out those that do. */
static bool may_enter(struct kept_answers *answers, const struct map *map, const struct kept_key *key)
{
    const struct set *set = set_of(map, key);
    uint32_t *caller = &answers->callers[(key->word[0] >> 32) % CALLERS], mark = (uint32_t)key->word[1] | 1;
    if (find(map, key) || *caller == mark)
        return true;
    for (size_t w = 0; w < WAYS && has_room(map, BYTES_MAX); w++)
        if (!set->way[w])
            return true;
    *caller = mark;
    return false;
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

/* That a token is nobody's is asked again at each use. */
static struct basis basis_of(const struct call *call)
{
    static const struct basis for_good = { .until = INT64_MAX };
    return is_nowhere(call) ? for_good : call->own.basis;
}

static struct kept_answer *copy(const struct call *call, const struct kept_key *key, enum log_format format,
                                struct str line)
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
                                    .basis = basis_of(call),
                                    .asked = call->own.asked,
                                    .op = call->route ? call->route->op : "none",
                                    .needs_bad_token = refuses_bad_tokens(call),
                                    .status = reply->status,
                                    .format = format,
                                    .noted_in = call->own.noted.in,
                                    .noted_group = call->own.noted.group,
                                    .noted_id = call->own.noted.id,
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

static struct set *next_set(struct map *map)
{
    return &map->sets[map->hand++ & (map->n - 1)];
}

/* What holds no longer goes as others come, so that memory follows what is in use. */
static void sweep(const struct kept_answers *answers, struct map *map, int64_t now)
{
    for (size_t i = 0; i < SWEPT; i++) {
        struct set *set = next_set(map);
        for (size_t w = 0; w < WAYS; w++)
            if (set->way[w] && !holds(answers, set->way[w], now))
                drop(map, &set->way[w]);
    }
}

/* The one that was not used for longest; of an empty set any. */
static size_t oldest(const struct set *set)
{
    size_t found = 0;
    for (size_t w = 1; w < WAYS; w++)
        if (set->way[w] && (!set->way[found] || set->tick - set->used[w] > set->tick - set->used[found]))
            found = w;
    return found;
}

static void make_room(struct map *map, size_t bytes)
{
    while (!has_room(map, bytes)) {
        struct set *set = next_set(map);
        drop(map, &set->way[oldest(set)]);
    }
}

/* An empty place, or the oldest. */
static size_t victim(const struct set *set)
{
    for (size_t w = 0; w < WAYS; w++)
        if (!set->way[w])
            return w;
    return oldest(set);
}

static void put_in(struct map *map, struct kept_answer *answer)
{
    make_room(map, answer->size);
    struct set *set = set_of(map, &answer->key);
    struct kept_answer **same = find(map, &answer->key);
    size_t way = same ? (size_t)(same - set->way) : victim(set);
    drop(map, &set->way[way]);
    map->bytes += answer->size;
    set->way[way] = answer;
    set->mark[way] = answer->key.word[1];
    set->used[way] = ++set->tick;
}

void kept_answers_keep(struct kept_answers *answers, const struct kept_question *question,
                       const struct call *call)
{
    char line[FIELDS_MAX];
    enum log_format format = log_format_now();
    struct map *map = map_for(answers, call);
    bool is_for_all = refuses_bad_tokens(call) || is_nowhere(call);
    const struct kept_key *key = is_for_all ? &question->but_token : &question->whole;
    size_t len = map && may_enter(answers, map, key) ? walk_log_fields(call, format, line, sizeof(line)) : 0;
    struct kept_answer *answer = len > 0 ? copy(call, key, format, str_from(line, len)) : NULL;
    if (!answer)
        return;
    sweep(answers, map, call->now);
    put_in(map, answer);
}

size_t kept_answers_bytes(const struct kept_answers *answers)
{
    return answers->given.bytes;
}
