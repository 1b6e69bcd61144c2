/* The strict text layer that stands before every parser and both databases. */
#ifndef TETHER_BASE_TEXT_H
#define TETHER_BASE_TEXT_H

#include "base/arena.h"

/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
bool text_is_utf8(struct str s);

/* How many bytes at the start are well-formed UTF-8; s.len when all are. */
size_t text_utf8_prefix(struct str s);

/* The length (1–4) of the well-formed character at the start; 0 when there is none. */
size_t text_utf8_sequence(struct str s);

/* Well-formed UTF-8 without NUL: what may reach a database. */
bool text_is_clean(struct str s);

/* Clean, and without control characters (U+0000–001F, 007F, 0080–009F): names, addresses, slugs. */
bool text_is_line(struct str s);

/* Nothing but ' ' to '~', which is what most texts are made of: quick. */
bool text_is_printable(struct str s);

/* Code points of well-formed UTF-8. */
size_t text_length(struct str s);

/* A plausible e-mail address: one '@', a local part of 1–64 bytes, a dotted or single-label domain of
 * letters, digits and '-', at most 254 bytes in all, no spaces, control characters or any of "(),:;<>[\]
 * (quoted local parts). */
bool text_is_email(struct str s);

/* The form under which an address is unique: ASCII letters in lower case. */
struct str text_normal_email(struct arena *arena, struct str email);

/* 1–63 of [a-z0-9-], not at the ends '-': a tenant's slug and a DNS label. */
bool text_is_slug(struct str s);

/* A DNS name in lower case: labels as text_is_slug() (digits and hyphens allowed), 1–253 bytes. */
bool text_is_host(struct str s);

/* A token of HTTP, such as a method or a field's name (RFC 9110 section 5.6.2); not empty. */
bool text_is_token(struct str s);

/* What a bearer token is made of (RFC 9110 section 11.2), with '=' anywhere. */
bool text_is_token68(struct str s);

#endif
