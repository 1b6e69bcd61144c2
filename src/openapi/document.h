/* The API as an OpenAPI 3.1 document, made from the tables the server runs on: what a row says is what the
 * document says. */
#ifndef TETHER_OPENAPI_DOCUMENT_H
#define TETHER_OPENAPI_DOCUMENT_H

#include "request/walk.h"

/* Compact JSON, copied into the arena; every route of the walk is in it exactly once. */
struct str openapi_document(struct arena *arena, const struct walk *walk);

#endif
