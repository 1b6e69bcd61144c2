/* The handlers that give a kind of record out as CSV and take it in. Private to api/. */
#ifndef TETHER_API_RECORD_FILE_H
#define TETHER_API_RECORD_FILE_H

#include "api/record.h"
#include "records/file.h"

enum error_code record_export_handler(struct call *call);
enum error_code record_import_handler(struct call *call);

/* How a file is to be read: the query of an import. */
struct record_import_query {
    bool dry_run;
    struct str existing;
};
extern const struct shape record_import_query_shape;
/* {"created", "updated", "skipped", "dry_run"} */
extern const struct shape record_import_answer;
/* The words of enum record_existing, in its order; NULL-terminated. */
extern const char *const record_existing_words[];
enum record_existing record_existing_of(struct str word);
/* OK when the caller may do that: to change what is there they need the permission to edit it, too. */
enum error_code record_existing_check(struct call *call, const struct record_kind *kind,
                                      enum record_existing existing);
void record_import_add_result(cJSON *json, int64_t created, int64_t updated, int64_t skipped, bool is_dry);
/* The failure for what an import ended with; OK when it was done. */
enum error_code record_import_fail(struct call *call, const struct record_import *import);

/* clang-format off */
#define RECORD_EXPORT_ROUTE(kind_, op_, many_, path_, tenant_, permission_)                                  \
    { .op = op_ "_export",                                                                                   \
      .method = METHOD_GET,                                                                                  \
      .path = path_ "/export",                                                                               \
      .permission = (permission_),                                                                           \
      .tenant = (tenant_),                                                                                   \
      .query = &(kind_).made.export_query,                                                                   \
      .record = &(kind_),                                                                                    \
      .media = "text/csv",                                                                                   \
      .handler = record_export_handler,                                                                      \
      .summary = "Gives out " many_ " as CSV that an import takes" }
#define RECORD_IMPORT_ROUTE(kind_, op_, many_, path_, tenant_, permission_)                                  \
    { .op = op_ "_import",                                                                                   \
      .method = METHOD_POST,                                                                                 \
      .path = path_ "/import",                                                                               \
      .permission = (permission_),                                                                           \
      .tenant = (tenant_),                                                                                   \
      .body = BODY_CSV,                                                                                      \
      .query = &record_import_query_shape,                                                                   \
      .record = &(kind_),                                                                                    \
      .answer = &record_import_answer,                                                                       \
      .form = ANSWER_BARE,                                                                                   \
      .fails = FAILS(ERR_IMPORT, ERR_PLAN_LIMIT, ERR_CONFLICT),                                              \
      .handler = record_import_handler,                                                                      \
      .summary = "Takes in " many_ " from CSV, all or nothing" }
/* clang-format on */

#endif
