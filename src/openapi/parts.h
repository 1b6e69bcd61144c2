/* The parts of the document, for document.c. Private to openapi/. All build on the thread's JSON arena. */
#ifndef TETHER_OPENAPI_PARTS_H
#define TETHER_OPENAPI_PARTS_H

#include "request/route.h"
#include "request/surface.h"

/* A route with the surface whose envelope it answers in. */
struct api_row {
    const struct surface *surface;
    const struct route *route;
};

/* The rows that share a method and a path, and differ by the kind of their bodies: one operation. */
struct api_rows {
    struct api_row *at;
    size_t n;
};

/* ---- schema.c ---- */

/* Of one value. body: where it is read; BODY_NONE: in the query. */
cJSON *schema_of_field(const struct field *field, enum body_kind body);
/* A body: an object that knows no other members. */
cJSON *schema_of_shape(const struct shape *shape, enum body_kind body);
/* An answer, whose nested shapes are components where they have a name. item: what `answer_item` in an
 * envelope's rows stands for; else NULL. */
cJSON *schema_of_answer(struct arena *arena, const struct shape *shape, const struct shape *item);
/* {"$ref": "#/components/schemas/NAME"}. */
cJSON *schema_ref(struct arena *arena, struct str name);

/* ---- envelope.c ---- */

/* "AssetsError": the component of a surface's errors. */
struct str envelope_name(struct arena *arena, const struct surface *surface);
/* Its schema, read off what the surface itself says to one failure of each kind. */
cJSON *envelope_schema(struct arena *arena, const struct surface *surface);
/* What it says to one of them. route: may be NULL. */
cJSON *envelope_example(struct arena *arena, const struct surface *surface, const struct route *route,
                        enum error_code code);
/* RFC 9457, the same for all. */
cJSON *problem_schema(void);

/* ---- example.c ---- */

/* A body as it may be sent, of its rows' examples: what has to be there, and what has an example. */
cJSON *example_of_input(struct arena *arena, const struct shape *shape);
/* An answer of its rows' examples. item: as for schema_of_answer(). */
cJSON *example_of_answer(struct arena *arena, const struct shape *shape, const struct shape *item);

/* ---- document.c ---- */

/* "v1: team": the surface and what the path is about. */
struct str tag_of(struct arena *arena, const struct api_row *row);

/* ---- headers.c ---- */

/* The components/headers. */
void headers_add(cJSON *headers);
/* Adds to a response of that status which of them it bears. */
void headers_refer(struct arena *arena, cJSON *response, const struct route *route, int status);

/* ---- success.c ---- */

/* Adds the response of a row that is carried out, and the 304 of one that is conditional. Rows that end in
 * one status share a response. */
void success_add(struct arena *arena, cJSON *responses, const struct api_row *row);

/* ---- responses.c, operation.c ---- */

/* Whether a token is asked for, rather than allowed or ignored. */
bool route_wants_token(const struct route *route);
/* shared: the components/responses, to which it adds. */
cJSON *responses_of(struct arena *arena, const struct api_rows *rows, cJSON *shared);
cJSON *operation_of(struct arena *arena, const struct api_rows *rows, cJSON *shared);

#endif
