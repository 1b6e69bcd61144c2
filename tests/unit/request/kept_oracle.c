#include "kept_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"

void kept_oracle_new(struct kept_oracle *oracle, struct walk *walk)
{
    *oracle = (struct kept_oracle){ .answers = kept_answers_new(walk), .arena = arena_new(0) };
}

void kept_oracle_free(struct kept_oracle *oracle)
{
    kept_answers_free(&oracle->answers);
    arena_free(&oracle->arena);
}

/* As the transport does it: the fields that nothing depends on are left out. */
static struct str head_of(struct kept_oracle *oracle, const struct request *request)
{
    struct buf out;
    buf_init(&out, oracle->arena, 65536);
    buf_printf(&out, "%d %d|%.*s|%.*s|%.*s|%.*s|", request->is_tls, request->http_version,
               STR_ARG(request->peer_address), STR_ARG(request->method_name), STR_ARG(request->host),
               STR_ARG(request->target));
    for (size_t i = 0; i < request->header_count; i++) {
        const struct header *header = &request->headers[i];
        bool is_token = str_equal(header->name, STR("authorization")) && !oracle->question.authorization.at;
        if (is_token)
            oracle->question.authorization = header->value;
        if (!kept_answers_ignore(header->name))
            buf_printf(&out, "%.*s: %.*s|", STR_ARG(header->name),
                       STR_ARG(is_token ? STR("") : header->value));
    }
    return buf_str(&out);
}

void kept_oracle_ask(struct kept_oracle *oracle, const struct call *call)
{
    const struct request *request = &call->request;
    oracle->used = false;
    oracle->asks = (request->method == METHOD_GET || request->method == METHOD_HEAD) && !request->malformed &&
                   !request->headers_too_large && !request->body_too_large && request->body.len == 0;
    if (!oracle->asks)
        return;
    oracle->question = (struct kept_question){ 0 };
    if (request_header_count(request, "x-request-id") == 1)
        oracle->question.request_id = request_header(request, "x-request-id");
    kept_answers_ask(oracle->answers, head_of(oracle, request), &oracle->question);
    oracle->used =
        kept_answers_use(oracle->answers, &oracle->question, clock_monotonic_us(), clock_now(), &oracle->use);
}

static struct str value_of(const struct reply *reply, struct str name, size_t nth)
{
    for (size_t i = 0; i < reply->header_count; i++)
        if (str_equal(reply->headers[i].name, name) && nth-- == 0)
            return reply->headers[i].value;
    return STR_NONE;
}

static size_t nth_of(const struct reply *reply, size_t header)
{
    size_t n = 0;
    for (size_t i = 0; i < header; i++)
        n += str_equal(reply->headers[i].name, reply->headers[header].name);
    return n;
}

static void check_same(const struct reply *kept, const struct reply *walked, bool is_proxied_id)
{
    assert_int_equal(kept->status, walked->status);
    assert_true(str_equal(kept->body, walked->body));
    assert_true(str_equal(str_of(kept->content_type), str_of(walked->content_type)));
    assert_int_equal(kept->header_count, walked->header_count);
    for (size_t i = 0; i < walked->header_count; i++) {
        const struct header *header = &walked->headers[i];
        struct str value = value_of(kept, header->name, nth_of(walked, i));
        assert_non_null(value.at);
        if (is_proxied_id || !str_equal(header->name, STR("x-request-id")))
            assert_true(str_equal(value, header->value));
        else
            assert_false(str_equal(value, header->value)); /* each request has its own */
    }
}

void kept_oracle_check(struct kept_oracle *oracle, const struct call *call, bool admitted)
{
    bool sent_id = call->request.id.len > 0 &&
                   str_equal(request_header(&call->request, "x-request-id"), call->request.id);
    if (oracle->used)
        check_same(&oracle->use.reply, &call->reply, sent_id);
    if (oracle->asks && admitted)
        kept_answers_keep(oracle->answers, &oracle->question, call);
}
