#include "api/assets/role_name.h"

#include "access/custom_role.h"

#define FILTER_MAX_BYTES 65536 /* of slugs */

struct str assets_role_slug(struct str role)
{
    size_t n;
    const struct role *table = role_table(&n);
    for (size_t i = n; i-- > 0;) {
        if (str_equal(role, str_of(table[i].assets_name)))
            return str_of(table[i].slug);
    }
    return role;
}

static bool is_name(struct str role)
{
    return !str_equal(role, assets_role_slug(role));
}

static void add_system(struct buf *out, struct str name)
{
    size_t n;
    const struct role *table = role_table(&n);
    for (size_t i = 0; i < n; i++) {
        if (str_equal(name, str_of(table[i].assets_name)))
            buf_printf(out, "%s ", table[i].slug);
    }
}

static enum storage_status add_custom(struct call *call, struct buf *out, struct str name)
{
    struct custom_role *roles;
    size_t n = 0;
    enum storage_status status = custom_role_list(call->db, call->arena, call->tenant.id, &roles, &n);
    for (size_t i = 0; status == STORAGE_OK && i < n; i++) {
        struct tenant_role role;
        custom_role_in_tenant(&roles[i], call->tenant.is_root, &role);
        if (str_equal(name, str_of(role.assets_name)))
            buf_printf(out, "%.*s ", STR_ARG(roles[i].slug));
    }
    return status;
}

enum error_code assets_role_filter(struct call *call, struct str role, struct str *ret)
{
    struct buf out;
    *ret = role;
    if (!role.at || !is_name(role))
        return OK;
    buf_init(&out, call->arena, FILTER_MAX_BYTES);
    buf_add_char(&out, ' ');
    add_system(&out, role);
    enum storage_status status = add_custom(call, &out, role);
    if (status != STORAGE_OK)
        return call_fail_storage(call, status);
    *ret = buf_str(&out);
    return OK;
}
