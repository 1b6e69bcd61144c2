#include "api/record_file.h"

#include "api/envelope.h"

/* ---- out ---- */

#define PIECE_MAX ((size_t)16 << 20) /* 200 records of the greatest size, quoted */

struct export_state {
    struct record_caller caller; /* its arena is each piece's own */
    struct str first;            /* the first page, made before anything was said */
    char cursor[4096];
    size_t cursor_len; /* 0: the last page is out */
};

/* OK with a page in `out` and where the next one begins. */
static enum error_code export_page(struct call *call, struct export_state *state, struct arena *arena,
                                   struct str cursor, struct buf *out)
{
    struct str next;
    struct violations violations;
    state->caller.arena = arena;
    struct record_ask ask = { .kind = call->route->record,
                              .caller = &state->caller,
                              .input = call->query_input,
                              .present = call->query_present };
    enum storage_status status = record_export_page(call->db, &ask, cursor, out, &next, &violations);
    if (status == STORAGE_DONE) {
        call_fail(call, ERR_VALIDATION, NULL);
        call->failure.violations = violations;
        return ERR_VALIDATION;
    }
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    if (out->overflow || next.len > sizeof state->cursor)
        return call_fail(call, ERR_INTERNAL, NULL);
    if (next.len)
        memcpy(state->cursor, next.at, next.len);
    state->cursor_len = next.len;
    return OK;
}

static enum error_code next_piece(struct call *call, void *state_, struct arena *piece, struct str *ret)
{
    struct buf out;
    struct export_state *state = state_;
    *ret = state->first;
    state->first = STR("");
    if (ret->len > 0 || state->cursor_len == 0)
        return OK;
    buf_init(&out, piece, PIECE_MAX);
    struct str cursor = arena_copy(piece, str_from(state->cursor, state->cursor_len));
    enum error_code code = export_page(call, state, piece, cursor, &out);
    *ret = buf_str(&out);
    return code;
}

/* What is asked wrongly is refused before the first byte. */
enum error_code record_export_handler(struct call *call)
{
    struct buf out;
    struct export_state *state = ARENA_NEW(call->arena, struct export_state);
    buf_init(&out, call->arena, PIECE_MAX);
    state->caller = record_caller_of(call);
    record_export_titles(call->route->record, &out);
    enum error_code code = export_page(call, state, call->arena, STR_NONE, &out);
    if (code != OK)
        return code;
    state->first = buf_str(&out);
    reply_in_pieces(&call->reply, 200, "text/csv; charset=utf-8", next_piece, state);
    reply_header(&call->reply, "content-disposition",
                 arena_printf(call->arena, "attachment; filename=\"%s-%.*s.csv\"", call->route->record->table,
                              STR_ARG(call->tenant.slug)));
    reply_header(&call->reply, "cache-control", STR("no-store"));
    return OK;
}

/* ---- in ---- */

const char *const record_existing_words[] = { "refuse", "skip", "update", NULL };

static const struct field query_fields[] = {
    FIELD(struct record_import_query, dry_run, "dry_run", FIELD_BOOL,
          .help = "Everything is checked, nothing written", .example = "true"),
    FIELD(struct record_import_query, existing, "existing", FIELD_ENUM, .words = record_existing_words,
          .help =
              "What happens to a row whose record is there already: the file is refused (if left out), the "
              "row passed over, or the record changed",
          .example = "update"),
};
const struct shape record_import_query_shape = SHAPE("ImportQuery", struct record_import_query, query_fields);

static const struct field answer_rows[] = {
    ANSWER_FIELD("created", FIELD_INT, .help = "How many are new", .example = "240"),
    ANSWER_FIELD("updated", FIELD_INT, .help = "How many were changed", .example = "3"),
    ANSWER_FIELD("skipped", FIELD_INT, .help = "How many were there and stayed as they were", .example = "1"),
    ANSWER_FIELD("dry_run", FIELD_BOOL, .help = "Nothing was written: it would have been so",
                 .example = "false"),
};
const struct shape record_import_answer = ANSWER_SHAPE("ImportResult", answer_rows);

void record_import_add_result(cJSON *json, int64_t created, int64_t updated, int64_t skipped, bool is_dry)
{
    json_add_int(json, "created", created);
    json_add_int(json, "updated", updated);
    json_add_int(json, "skipped", skipped);
    json_add_bool(json, "dry_run", is_dry);
}

enum record_existing record_existing_of(struct str word)
{
    size_t i = 0;
    while (record_existing_words[i] && !str_equal(word, str_of(record_existing_words[i])))
        i++;
    return record_existing_words[i] ? (enum record_existing)i : RECORD_EXISTING_REFUSE;
}

enum error_code record_existing_check(struct call *call, const struct record_kind *kind,
                                      enum record_existing existing)
{
    bool may = existing != RECORD_EXISTING_UPDATE || perm_set_has(call->grant.permissions, kind->edits);
    return may ? OK : call_fail_permission(call, kind->edits);
}

static enum error_code fail_lines(struct call *call, const struct record_import *import)
{
    call_fail(call, ERR_IMPORT, record_import_detail(call->arena, import).at);
    call->failure.violations = import->errors;
    return ERR_IMPORT;
}

enum error_code record_import_fail(struct call *call, const struct record_import *import)
{
    if (import->verdict == RECORD_INVALID)
        return fail_lines(call, import);
    struct record_deed as_deed = { .verdict = import->verdict,
                                   .sentence = import->sentence,
                                   .plan = import->plan };
    return record_fail(call, &as_deed);
}

static enum storage_status whole_body(struct db_conn *conn, void *context, size_t n, struct str *ret)
{
    (void)conn;
    const struct call *call = context;
    *ret = call->request.body;
    return n == 0 && ret->len > 0 ? STORAGE_ROW : STORAGE_DONE;
}

enum error_code record_import_handler(struct call *call)
{
    const struct record_import_query *query = call->query_input;
    struct record_caller caller = record_caller_of(call);
    struct record_import import = { .kind = call->route->record,
                                    .caller = &caller,
                                    .existing = record_existing_of(query->existing),
                                    .is_dry = query->dry_run,
                                    .source = whole_body,
                                    .context = call };
    enum error_code code = record_existing_check(call, import.kind, import.existing);
    if (code != OK)
        return code;
    enum storage_status status = record_import(call->db, &import);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    code = record_import_fail(call, &import);
    if (code != OK)
        return code;
    cJSON *json = json_new_object();
    record_import_add_result(json, import.created, import.updated, import.skipped, import.is_dry);
    reply_json(&call->reply, 200, json);
    return OK;
}
