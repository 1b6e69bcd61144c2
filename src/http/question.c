/* The key is made of everything that view_fill() hands to the walk but the fields that no kept answer depends
 * on, each piece with its length before it. Over HTTP/2 a head that came again (block.h) asks what it asked
 * before. */
#include "http/question.h"

#include "http/loop.h"
#include "http/view.h"

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

static void put_line(struct head *head, const h2o_req_t *req, const struct connection *connection)
{
    const char way[] = { (char)(req->version >> 8),     (char)req->version,     connection->tls != NULL,
                         (char)(connection->port >> 8), (char)connection->port, view_names_authority(req) };
    put(head, str_from(way, sizeof way));
    put(head, str_of(connection->address));
    put(head, from_iovec(req->input.method));
    put(head, from_iovec(req->input.authority));
    put(head, from_iovec(req->input.path));
}

/* Of several tokens none is taken out. */
static void put_authorization(struct head *head, struct str value, int place, struct asked *asked)
{
    put(head, STR("authorization"));
    if (asked->authorization >= 0)
        put(head, value);
    else
        asked->authorization = place;
}

static void put_fields(struct head *head, const h2o_req_t *req, struct asked *asked)
{
    size_t ids = 0;
    for (size_t i = 0; i < req->headers.size; i++) {
        const h2o_header_t *field = &req->headers.entries[i];
        struct str name = from_iovec(*field->name), value = from_iovec(field->value);
        if (str_equal(name, STR("x-request-id"))) {
            asked->request_id = ids++ == 0 ? (int)i : -1;
        } else if (field->name == &H2O_TOKEN_AUTHORIZATION->buf) {
            put_authorization(head, value, (int)i, asked);
        } else if (!kept_answers_ignore(name)) {
            put(head, name);
            put(head, value);
        }
    }
}

static struct str field_at(const h2o_req_t *req, int place)
{
    if (place < 0)
        return STR_NONE;
    struct str value = from_iovec(req->headers.entries[place].value);
    return value.at ? value : STR("");
}

static bool is_plain(const h2o_req_t *req)
{
    struct str method = from_iovec(req->input.method);
    return req->entity.len == 0 && (str_equal(method, STR("GET")) || str_equal(method, STR("HEAD")));
}

/* Over HTTP/1 the library has forgiven what the view does not. */
static bool head_is_sound(const h2o_req_t *req, struct connection *connection)
{
    struct rawhead raw;
    return req->version >= 0x200 || connection_raw_head(connection, &raw);
}

/* False: the head is too large. */
static bool ask(const h2o_req_t *req, const struct connection *connection, struct asked *ret)
{
    struct head head;
    struct kept_question question = { .authorization = STR_NONE };
    head.len = 0;
    head.is_full = false;
    ret->authorization = ret->request_id = -1;
    put_line(&head, req, connection);
    put_fields(&head, req, ret);
    if (head.is_full)
        return false;
    question.authorization = field_at(req, ret->authorization);
    kept_answers_ask(connection->loop->kept, str_from(head.at, head.len), &question);
    ret->whole = question.whole;
    ret->but_token = question.but_token;
    ret->is_known = true;
    return true;
}

bool question_read(h2o_req_t *req, struct connection *connection, struct kept_question *ret)
{
    struct asked fresh, *asked = connection->recalled == req ? &connection->asked : &fresh;
    fresh.is_known = false;
    if (!is_plain(req) || req->headers.size > REQUEST_MAX_HEADERS || !head_is_sound(req, connection))
        return false;
    if (!asked->is_known && !ask(req, connection, asked))
        return false;
    *ret = (struct kept_question){ .whole = asked->whole,
                                   .but_token = asked->but_token,
                                   .authorization = field_at(req, asked->authorization),
                                   .request_id = field_at(req, asked->request_id) };
    return true;
}
