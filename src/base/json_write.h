/* JSON straight into a buffer, for answers that are printed without a tree. */
#ifndef TETHER_BASE_JSON_WRITE_H
#define TETHER_BASE_JSON_WRITE_H

#include "base/buf.h"

/* `text`, clean, as a quoted string, appended. */
void json_write_str(struct buf *out, struct str text);
/* Whether it stands for itself between quotes. */
bool json_is_plain(struct str text);
void json_write_int(struct buf *out, int64_t value);

#endif
