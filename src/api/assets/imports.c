/* The assets surface: imports of files that are larger than one request, in parts. */
#include "api/record_file.h"
#include "api/tables.h"
#include "records/runner.h"

/* ---- what is sent ---- */

struct open_input {
    struct str kind;
    int64_t bytes;
};
static const char *const kind_words[] = { "assets", NULL };
static const struct field open_fields[] = {
    FIELD(struct open_input, kind, "kind", FIELD_ENUM, .flags = FIELD_REQUIRED, .words = kind_words,
          .help = "What is in the file", .example = "assets"),
    FIELD(struct open_input, bytes, "bytes", FIELD_INT, .flags = FIELD_REQUIRED, .min = 1,
          .max = UPLOAD_BYTES_MAX, .help = "The size of the whole file", .example = "7340032"),
};
static const struct shape open_shape = SHAPE("ImportCreate", struct open_input, open_fields);

static const struct field run_fields[] = {
    FIELD(struct record_import_query, dry_run, "dry_run", FIELD_BOOL,
          .help = "Everything is checked, nothing written", .example = "false"),
    FIELD(struct record_import_query, existing, "existing", FIELD_ENUM, .words = record_existing_words,
          .help = "What happens to a row whose record is there already; refuse if left out",
          .example = "update"),
};
static const struct shape run_shape = SHAPE("ImportRun", struct record_import_query, run_fields);

/* ---- what is answered ---- */

static const char *const status_words[] = { "uploading", "queued", "running", "done", "failed", NULL };
static const struct field error_rows[] = {
    ANSWER_FIELD("line", FIELD_INT, .help = "Of the file, from 1", .example = "3"),
    ANSWER_FIELD("field", FIELD_STR, .flags = FIELD_OPTIONAL, .help = "The column; left out: the whole line",
                 .example = "status"),
    ANSWER_FIELD("message", FIELD_STR, .help = "What is wrong", .example = "The name field is required."),
};
static const struct shape error_shape = ANSWER_SHAPE("ImportError", error_rows);

static const struct field answer_rows[] = {
    ANSWER_FIELD("id", FIELD_ID, .help = "Names it", .example = "1"),
    ANSWER_FIELD("kind", FIELD_ENUM, .words = kind_words, .help = "What is in the file", .example = "assets"),
    ANSWER_FIELD("status", FIELD_ENUM, .words = status_words, .help = "How far it is", .example = "running"),
    ANSWER_FIELD("bytes", FIELD_INT, .help = "As announced", .example = "7340032"),
    ANSWER_FIELD("received", FIELD_INT, .help = "Bytes of the parts that are there", .example = "7340032"),
    ANSWER_FIELD("part_max", FIELD_INT, .help = "Bytes that one part may have", .example = "262144"),
    ANSWER_FIELD("rows_checked", FIELD_INT, .flags = FIELD_NULLABLE,
                 .help = "While this node runs it: how many rows are checked", .example = "40000"),
    ANSWER_FIELD("rows_written", FIELD_INT, .flags = FIELD_NULLABLE,
                 .help = "And how many are written, to stand when all are", .example = "0"),
    ANSWER_FIELD("result", FIELD_OBJECT, .of = &record_import_answer, .flags = FIELD_NULLABLE,
                 .help = "When it is done"),
    ANSWER_FIELD("detail", FIELD_STR, .flags = FIELD_NULLABLE, .help = "Why it failed",
                 .example = "The file has 1 error; nothing was imported."),
    ANSWER_FIELD("errors", FIELD_OBJECT_LIST, .of = &error_shape, .help = "What is wrong with the file"),
    ANSWER_FIELD("created_at", FIELD_TIME, .help = "When it was begun", .example = "2026-11-27T10:00:00Z"),
};
static const struct shape answer_shape = ANSWER_SHAPE("Import", answer_rows);

static void add_progress(cJSON *json, const struct upload *upload)
{
    int64_t checked, written;
    if (!import_progress(upload->id, &checked, &written)) {
        json_add_null(json, "rows_checked");
        json_add_null(json, "rows_written");
        return;
    }
    json_add_int(json, "rows_checked", checked);
    json_add_int(json, "rows_written", written);
}

static void add_end(struct call *call, cJSON *json, const struct upload *upload)
{
    struct json_error error;
    cJSON *errors = NULL;
    if (str_equal(upload->status, STR("done")))
        record_import_add_result(json_add_object(json, "result"), upload->created, upload->updated,
                                 upload->skipped, upload->is_dry);
    else
        json_add_null(json, "result");
    json_add_str_or_null(json, "detail", upload->detail);
    if (upload->errors.at && json_parse(call->arena, upload->errors, &errors, &error))
        json_add_item(json, "errors", errors);
    else
        json_add_array(json, "errors");
}

static enum error_code tell(struct call *call, int status, const struct upload *upload)
{
    cJSON *json = json_new_object();
    json_add_int(json, "id", upload->id);
    json_add_str(json, "kind", upload->kind);
    json_add_str(json, "status", upload->status);
    json_add_int(json, "bytes", upload->bytes);
    json_add_int(json, "received", upload->received);
    json_add_int(json, "part_max", call->config->server.max_body);
    add_progress(json, upload);
    add_end(call, json, upload);
    json_add_time(json, "created_at", upload->created_at);
    reply_json(&call->reply, status, json);
    return OK;
}

/* ---- handlers ---- */

/* What a deed ended with, when not well. */
static enum error_code fail(struct call *call, enum storage_status status, const char *why)
{
    if (status != STORAGE_DONE)
        return call_fail_storage(call, status);
    return why ? call_fail(call, ERR_CONFLICT, why) : call_fail(call, ERR_NOT_FOUND, NULL);
}

static enum error_code open_import(struct call *call)
{
    const char *why;
    struct upload upload;
    const struct open_input *input = call->input;
    struct record_caller caller = record_caller_of(call);
    enum storage_status status = upload_open(call->db, &caller, input->kind, input->bytes, &upload, &why);
    return status == STORAGE_OK ? tell(call, 201, &upload) : fail(call, status, why);
}

static enum error_code take_part(struct call *call)
{
    const char *why;
    int64_t id, n;
    struct record_caller caller = record_caller_of(call);
    if (!call_path_id(call, 0, &id))
        return ERR_NOT_FOUND;
    if (!str_to_int(call->params[1], &n) || n < 1 || n > UPLOAD_PARTS_MAX)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    if (call->request.body.len == 0)
        return call_fail(call, ERR_VALIDATION, "The part is empty.");
    enum storage_status status = upload_part(call->db, &caller, id, n, call->request.body, &why);
    if (status != STORAGE_OK)
        return fail(call, status, why);
    reply_empty(&call->reply, 204);
    return OK;
}

static enum error_code run_import(struct call *call)
{
    const char *why;
    int64_t id;
    struct upload upload;
    const struct record_import_query *input = call->input;
    struct record_caller caller = record_caller_of(call);
    if (!call_path_id(call, 0, &id))
        return ERR_NOT_FOUND;
    enum record_existing existing = record_existing_of(input->existing);
    enum error_code code = record_existing_check(call, &record_asset, existing);
    if (code != OK)
        return code;
    enum storage_status status = upload_queue(call->db, &caller, id, existing, input->dry_run, &upload, &why);
    return status == STORAGE_OK ? tell(call, 202, &upload) : fail(call, status, why);
}

static enum error_code show_import(struct call *call)
{
    int64_t id;
    struct upload upload;
    if (!call_path_id(call, 0, &id))
        return ERR_NOT_FOUND;
    enum storage_status status = upload_find(call->db, call->arena, call->tenant.id, id, &upload);
    return status == STORAGE_ROW ? tell(call, 200, &upload) : fail(call, status, NULL);
}

static enum error_code remove_import(struct call *call)
{
    const char *why;
    int64_t id;
    struct record_caller caller = record_caller_of(call);
    if (!call_path_id(call, 0, &id))
        return ERR_NOT_FOUND;
    enum storage_status status = upload_remove(call->db, &caller, id, &why);
    if (status != STORAGE_OK)
        return fail(call, status, why);
    reply_empty(&call->reply, 204);
    return OK;
}

static const struct route routes[] = {
    { .op = "assets_import_open",
      .method = METHOD_POST,
      .path = "/api/imports",
      .permission = PERM_ASSETS_IMPORT,
      .tenant = TENANT_BY_HOST,
      .body = BODY_JSON,
      .input = &open_shape,
      .answer = &answer_shape,
      .success = 201,
      .fails = FAILS(ERR_CONFLICT),
      .handler = open_import,
      .summary = "Begins an import of a file that comes in parts" },
    { .op = "assets_import_part",
      .method = METHOD_PUT,
      .path = "/api/imports/{id}/parts/{n}",
      .permission = PERM_ASSETS_IMPORT,
      .tenant = TENANT_BY_HOST,
      .body = BODY_BYTES,
      .success = 204,
      .fails = FAILS(ERR_CONFLICT, ERR_VALIDATION),
      .handler = take_part,
      .summary = "Takes one part of the file; sent again it replaces the first" },
    { .op = "assets_import_run",
      .method = METHOD_POST,
      .path = "/api/imports/{id}/run",
      .permission = PERM_ASSETS_IMPORT,
      .tenant = TENANT_BY_HOST,
      .body = BODY_JSON,
      .input = &run_shape,
      .answer = &answer_shape,
      .success = 202,
      .fails = FAILS(ERR_CONFLICT),
      .handler = run_import,
      .summary = "Has the file imported in the background, all or nothing" },
    { .op = "assets_import_show",
      .method = METHOD_GET,
      .path = "/api/imports/{id}",
      .permission = PERM_ASSETS_IMPORT,
      .tenant = TENANT_BY_HOST,
      .answer = &answer_shape,
      .handler = show_import,
      .summary = "How far an import is, and how it ended" },
    { .op = "assets_import_delete",
      .method = METHOD_DELETE,
      .path = "/api/imports/{id}",
      .permission = PERM_ASSETS_IMPORT,
      .tenant = TENANT_BY_HOST,
      .success = 204,
      .handler = remove_import,
      .summary = "Gives an import up" },
};

const struct route_table assets_imports_routes = ROUTE_TABLE(&assets_surface, routes);
