/* The canonical bytes of an audit row, and their hash. Released rows were hashed like this: what changes here
 * needs a new version byte. */
#include "access/audit_chain.h"

#include "base/buf.h"
#include "base/random.h"

#define VERSION 1

const uint8_t audit_chain_start[AUDIT_HASH_BYTES];

static void add_number(struct buf *out, uint64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_add_char(out, (char)(number >> shift & 0xff));
}

static void add_int(struct buf *out, int64_t value)
{
    buf_add_char(out, 'i');
    add_number(out, (uint64_t)value);
}

static void add_text(struct buf *out, struct str text)
{
    buf_add_char(out, 't');
    add_number(out, text.len);
    buf_add(out, text);
}

static void add_text_or_none(struct buf *out, struct str text)
{
    if (text.at)
        add_text(out, text);
    else
        buf_add_char(out, 'n');
}

void audit_chain_hash(struct arena *arena, const struct audit_row *row,
                      const uint8_t previous[AUDIT_HASH_BYTES], uint8_t ret[AUDIT_HASH_BYTES])
{
    struct buf out;
    buf_init(&out, arena, SIZE_MAX);
    buf_add_char(&out, VERSION);
    add_int(&out, row->tenant_id);
    add_int(&out, row->seq);
    add_int(&out, row->at);
    add_text(&out, row->action);
    add_text(&out, row->actor_kind);
    add_int(&out, row->actor_id);
    add_text(&out, row->actor_name);
    add_text(&out, row->target_kind);
    add_int(&out, row->target_id);
    add_text(&out, row->target_name);
    add_text_or_none(&out, row->before);
    add_text_or_none(&out, row->after);
    add_text(&out, row->address);
    add_text(&out, row->request_id);
    buf_add(&out, str_from((const char *)previous, AUDIT_HASH_BYTES));
    struct str bytes = buf_str(&out);
    sha256(bytes.at, bytes.len, ret);
}
