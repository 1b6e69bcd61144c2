/* The key is made of everything that view_fill() hands to the walk but the fields that no kept answer depends
 * on, each piece with its length before it. */
#include "http/question.h"

#include "http/loop.h"
#include "http/rawhead.h"

#define HEAD_MAX 2048

struct head {
    char at[HEAD_MAX];
    size_t len;
    bool is_full;
};

static void put(struct head *head, struct str piece)
{
    if (piece.len > HEAD_MAX - sizeof(uint16_t) || head->len > HEAD_MAX - sizeof(uint16_t) - piece.len) {
        head->is_full = true;
        return;
    }
    uint16_t len = (uint16_t)piece.len;
    memcpy(head->at + head->len, &len, sizeof len);
    if (piece.len > 0)
        memcpy(head->at + head->len + sizeof len, piece.at, piece.len);
    head->len += sizeof len + piece.len;
}

static struct str from_iovec(h2o_iovec_t from)
{
    return str_from(from.base, from.len);
}

static void put_line(struct head *head, const h2o_req_t *req, const struct connection *connection)
{
    const char protocol[] = { (char)(req->version >> 8), (char)req->version, connection->tls != NULL };
    put(head, str_from(protocol, sizeof protocol));
    put(head, str_of(connection->address));
    put(head, from_iovec(req->input.method));
    put(head, from_iovec(req->input.authority));
    put(head, from_iovec(req->input.path));
}

/* Of several tokens none is taken out. */
static void put_authorization(struct head *head, struct str value, struct kept_question *question)
{
    put(head, STR("authorization"));
    if (question->authorization.at)
        put(head, value);
    else
        question->authorization = value.at ? value : STR("");
}

static void put_fields(struct head *head, const h2o_req_t *req, struct kept_question *question)
{
    size_t ids = 0;
    for (size_t i = 0; i < req->headers.size; i++) {
        const h2o_header_t *field = &req->headers.entries[i];
        struct str name = from_iovec(*field->name), value = from_iovec(field->value);
        if (str_equal(name, STR("x-request-id"))) {
            question->request_id = ids++ == 0 ? value : STR_NONE;
        } else if (field->name == &H2O_TOKEN_AUTHORIZATION->buf) {
            put_authorization(head, value, question);
        } else if (!kept_answers_ignore(name)) {
            put(head, name);
            put(head, value);
        }
    }
}

static bool is_plain(const h2o_req_t *req)
{
    struct str method = from_iovec(req->input.method);
    return req->entity.len == 0 && (str_equal(method, STR("GET")) || str_equal(method, STR("HEAD")));
}

/* Over HTTP/1 the library has forgiven what the view does not. */
static bool head_is_sound(const h2o_req_t *req, const struct connection *connection)
{
    struct rawhead raw;
    const h2o_buffer_t *input = connection->sock->input;
    return req->version >= 0x200 || rawhead_check(str_from(input->bytes, input->size), &raw);
}

bool question_read(h2o_req_t *req, const struct connection *connection, struct kept_question *ret)
{
    struct head head;
    head.len = 0;
    head.is_full = false;
    ret->request_id = ret->authorization = STR_NONE;
    if (!is_plain(req) || req->headers.size > REQUEST_MAX_HEADERS || !head_is_sound(req, connection))
        return false;
    put_line(&head, req, connection);
    put_fields(&head, req, ret);
    if (head.is_full)
        return false;
    kept_answers_ask(connection->loop->kept, str_from(head.at, head.len), ret);
    return true;
}
