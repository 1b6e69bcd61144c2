/* JSON on the arena: a strict reader before cJSON, and helpers to build replies.
 *
 * cJSON allocates from the arena that json_use_arena() names for the calling thread; nothing is freed one by
 * one. Only this file's users see cJSON trees; they live as long as the arena. */
#ifndef TETHER_BASE_JSON_H
#define TETHER_BASE_JSON_H

#include <cjson/cJSON.h>

#include "base/arena.h"

#define JSON_MAX_DEPTH 32

/* Once, before any thread: points cJSON's hooks at the thread's arena. */
void json_init(void);

/* From now on this thread's cJSON calls allocate from `arena` (NULL: they abort). Returns the one before. */
struct arena *json_use_arena(struct arena *arena);

/* Why a text was refused, for people: "the member \"role\" appears twice", with the byte offset. */
struct json_error {
    size_t offset;
    char text[120];
};

/* Strict RFC 8259: UTF-8, no BOM, no NUL in any spelling (raw or \u0000), no lone surrogates, depth ≤
 * JSON_MAX_DEPTH, numbers in JSON's grammar that are finite, no duplicate member names, nothing after the
 * value. Allocates from `arena` (which becomes this thread's JSON arena). False with *ret_error filled. */
bool json_parse(struct arena *arena, struct str text, cJSON **ret, struct json_error *ret_error);

/* A number that is an integer and exactly representable (|n| < 2^53: beyond, rounding makes neighbours
 * equal). */
bool json_as_int(const cJSON *item, int64_t *ret);
static inline struct str json_as_str(const cJSON *item)
{
    return str_of(cJSON_GetStringValue(item));
}

/* Building: `object` is a cJSON object (json_new_object()) or an array when `name` is NULL. Text must be
 * clean. (Not json_new_object(): libjwt's JSON library has a function of that name.) */
cJSON *json_new_object(void);
cJSON *json_new_array(void);
void json_add_str(cJSON *object, const char *name, struct str value);
void json_add_int(cJSON *object, const char *name, int64_t value);     /* exact over all 64 bits */
void json_add_text(cJSON *object, const char *name, const char *json); /* printed as it stands */
void json_add_bool(cJSON *object, const char *name, bool value);
void json_add_null(cJSON *object, const char *name);
void json_add_str_or_null(cJSON *object, const char *name, struct str value); /* null when value.at is NULL */
void json_add_item(cJSON *object, const char *name, cJSON *item);
void json_add_time(cJSON *object, const char *name, int64_t epoch_us); /* ISO 8601 UTC; null for 0 */
cJSON *json_add_object(cJSON *object, const char *name);
cJSON *json_add_array(cJSON *object, const char *name);

/* Compact text in the arena; empty when its budget was passed. What json_parse() read with
 * more than 15 digits may come out rounded, unless json_as_int() takes it; numbers of json_add_int() are
 * exact. */
struct str json_print(struct arena *arena, const cJSON *item);

/* `text` as a quoted JSON string, appended to a caller's buffer of `cap` bytes (for the log, which has no
 * arena): invalid UTF-8 becomes U+FFFD, what does not fit is cut. Returns bytes written, without NUL. */
size_t json_quote(char *to, size_t cap, struct str text);

#endif
