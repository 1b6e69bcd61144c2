#include "http/block.h"

#include "base/random.h"

#define BLOCK_MAX  1024
#define TEXT_MAX   2048
#define FIELDS_MAX 32

/* A name of the library's own, or text; a value's text follows. */
struct kept_field {
    h2o_iovec_t *token; /* NULL: the name is text */
    uint16_t name_len, value_len;
};

/* Behind it: the block, then the texts of line and fields in order. */
struct block {
    size_t size; /* of the whole */
    size_t len, text_len;
    int pseudo_headers;
    const h2o_url_scheme_t *scheme;
    uint16_t method_len, authority_len, path_len;
    size_t count;
    struct kept_field fields[FIELDS_MAX];
    uint8_t bytes[];
};

/* ---- instructions ---- */

/* False: the number goes beyond the block, or is absurd. */
static bool take_int(const uint8_t **at, const uint8_t *end, unsigned bits, size_t *ret)
{
    size_t most = ((size_t)1 << bits) - 1;
    if (*at == end)
        return false;
    *ret = *(*at)++ & most;
    for (unsigned shift = 0; *ret >= most; shift += 7) {
        if (*at == end || shift > 21)
            return false;
        *ret += (size_t)(**at & 0x7f) << shift;
        if (!(*(*at)++ & 0x80))
            return true;
    }
    return true;
}

static bool skip_string(const uint8_t **at, const uint8_t *end)
{
    size_t len;
    if (!take_int(at, end, 7, &len) || len > (size_t)(end - *at))
        return false;
    *at += len;
    return true;
}

static bool skip_literal(const uint8_t **at, const uint8_t *end)
{
    size_t name;
    return take_int(at, end, 4, &name) && (name != 0 || skip_string(at, end)) && skip_string(at, end);
}

bool block_spares_table(const uint8_t *at, size_t len)
{
    const uint8_t *end = at + len;
    size_t index;
    while (at < end) {
        bool is_indexed = *at & 0x80, is_literal = !(*at & 0xe0);
        if (is_indexed ? !take_int(&at, end, 7, &index) : !is_literal || !skip_literal(&at, end))
            return false;
    }
    return true;
}

/* ---- keeping ---- */

void block_forget(struct block **block)
{
    if (!*block)
        return;
    secret_wipe(*block, (*block)->size);
    free(*block);
    *block = NULL;
}

static size_t text_of_field(const h2o_header_t *field)
{
    return (h2o_iovec_is_token(field->name) ? 0 : field->name->len) + field->value.len;
}

static size_t text_of(const h2o_req_t *req)
{
    size_t len = req->input.method.len + req->input.authority.len + req->input.path.len;
    for (size_t i = 0; i < req->headers.size; i++)
        len += text_of_field(&req->headers.entries[i]);
    return len;
}

static uint8_t *put(uint8_t *to, h2o_iovec_t text)
{
    if (text.len > 0)
        memcpy(to, text.base, text.len);
    return to + text.len;
}

static uint8_t *put_field(struct kept_field *kept, uint8_t *to, const h2o_header_t *field)
{
    bool is_token = h2o_iovec_is_token(field->name);
    *kept = (struct kept_field){ .token = is_token ? field->name : NULL,
                                 .name_len = (uint16_t)field->name->len,
                                 .value_len = (uint16_t)field->value.len };
    if (!is_token)
        to = put(to, *field->name);
    return put(to, field->value);
}

static void fill(struct block *block, const uint8_t *at, const h2o_req_t *req)
{
    memcpy(block->bytes, at, block->len);
    uint8_t *to = block->bytes + block->len;
    to = put(to, req->input.method);
    to = put(to, req->input.authority);
    to = put(to, req->input.path);
    for (size_t i = 0; i < block->count; i++)
        to = put_field(&block->fields[i], to, &req->headers.entries[i]);
}

/* Present and empty is not the same as absent, and too rare to be told apart here. */
static bool is_odd(h2o_iovec_t part)
{
    return part.base && part.len == 0;
}

static bool is_keepable(const h2o_req_t *req, size_t len, size_t text)
{
    return len <= BLOCK_MAX && text <= TEXT_MAX && req->headers.size <= FIELDS_MAX &&
           !is_odd(req->input.method) && !is_odd(req->input.authority) && !is_odd(req->input.path);
}

void block_keep(struct block **block, const uint8_t *at, size_t len, const h2o_req_t *req, int pseudo_headers)
{
    size_t text = text_of(req), size = sizeof(**block) + len + text;
    block_forget(block);
    if (!is_keepable(req, len, text) || !(*block = malloc(size)))
        return;
    **block = (struct block){ .size = size,
                              .len = len,
                              .text_len = text,
                              .pseudo_headers = pseudo_headers,
                              .scheme = req->input.scheme,
                              .method_len = (uint16_t)req->input.method.len,
                              .authority_len = (uint16_t)req->input.authority.len,
                              .path_len = (uint16_t)req->input.path.len,
                              .count = req->headers.size };
    fill(*block, at, req);
}

/* ---- recalling ---- */

/* base NULL stays so: the request had no such part. */
static h2o_iovec_t take(char **from, size_t len)
{
    h2o_iovec_t text = { len > 0 ? *from : NULL, len };
    *from += len;
    return text;
}

static h2o_iovec_t *take_name(h2o_mem_pool_t *pool, const struct kept_field *kept, char **from)
{
    if (kept->token)
        return kept->token;
    h2o_iovec_t *name = h2o_mem_alloc_pool(pool, sizeof *name);
    *name = (h2o_iovec_t){ *from, kept->name_len };
    *from += kept->name_len;
    return name;
}

bool block_recall(const struct block *block, const uint8_t *at, size_t len, h2o_req_t *req,
                  int *pseudo_headers)
{
    if (!block || block->len != len || memcmp(block->bytes, at, len) != 0)
        return false;
    char *from = h2o_mem_alloc_pool(&req->pool, block->text_len + 1);
    memcpy(from, block->bytes + block->len, block->text_len);
    *pseudo_headers = block->pseudo_headers;
    req->input.scheme = block->scheme;
    req->input.method = take(&from, block->method_len);
    req->input.authority = take(&from, block->authority_len);
    req->input.path = take(&from, block->path_len);
    h2o_vector_reserve(&req->pool, &req->headers, block->count);
    req->headers.size = block->count;
    for (size_t i = 0; i < block->count; i++) {
        const struct kept_field *kept = &block->fields[i];
        h2o_iovec_t *name = take_name(&req->pool, kept, &from);
        req->headers.entries[i] = (h2o_header_t){ name, NULL, { from, kept->value_len } };
        from += kept->value_len;
    }
    return true;
}
