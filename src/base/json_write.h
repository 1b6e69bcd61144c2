/* JSON straight into a buffer, for answers that are printed without a tree. */
#ifndef TETHER_BASE_JSON_WRITE_H
#define TETHER_BASE_JSON_WRITE_H

#include "base/buf.h"

/* `text`, clean, as a quoted string, appended. */
void json_write_str(struct buf *out, struct str text);
/* The same to where there is room for JSON_PUT_MAX(text.len) bytes; behind it. */
char *json_put_str(char *to, struct str text);
#define JSON_PUT_MAX(len) (6 * (len) + 2)
void json_write_int(struct buf *out, int64_t value);

#endif
