/* What is on an asset's label: a QR code that leads to it. */
#include "api/public_url.h"
#include "api/qr_answer.h"
#include "api/record.h"
#include "api/tables.h"

/* Where a telephone lands that reads the label: the asset in the panel, on the tenant's own host. */
#define ASSET_PAGE "/panel/#/assets?id="

/* *ret_id of an asset that is there. */
static enum error_code find(struct call *call, int64_t *ret_id)
{
    int64_t seconds;
    struct record *asset;
    struct record_caller caller = record_caller_of(call);
    enum error_code code = record_path_id(call, &record_asset, 0, ret_id, &seconds);
    if (code != OK)
        return code;
    enum storage_status status = record_find(call->db, &record_asset, &caller, *ret_id, &asset);
    if (status == STORAGE_DONE)
        return call_fail(call, ERR_NOT_FOUND, NULL);
    return status == STORAGE_ROW ? OK : call_fail_storage(call, status);
}

static enum error_code qr(struct call *call)
{
    int64_t id;
    struct str origin;
    enum error_code code = find(call, &id);
    if (code == OK)
        code = public_url(call, &call->tenant, &origin);
    if (code == OK)
        code = qr_answer(call,
                         arena_printf(call->arena, "%.*s" ASSET_PAGE "%lld", STR_ARG(origin), (long long)id));
    if (code == OK)
        reply_header(&call->reply, "cache-control", STR("public, max-age=86400"));
    return code;
}

static const struct route routes[] = {
    { .op = "assets_asset_qr",
      .method = METHOD_GET,
      .path = "/api/assets/{id}/qr",
      .need = NEED_PUBLIC,
      .tenant = TENANT_BY_HOST_OR_QUERY,
      .rate = RATE_PANEL,
      .query = &qr_query_shape,
      .conditional = true,
      .media = QR_MEDIA,
      .handler = qr,
      .summary = "The QR code for an asset's label, as PNG or SVG" },
};

const struct route_table assets_label_routes = ROUTE_TABLE(&assets_surface, routes);
