#include "v1_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "access/audit_log.h"
#include "base/clock.h"

const char *v1_token(struct world *world, const char *slug, const char *email)
{
    struct str json =
        arena_printf(world->fixture->arena, "{\"email\":\"%s\",\"password\":\"" PASSWORD "\"}", email);
    const struct reply *reply =
        V1(world, slug, .method = "POST", .target = "/api/v1/auth/login", .json = json.at);
    assert_status(reply, 200);
    return member_of(world, reply, "data.token");
}

const char *v1_time_of(struct world *world, const char *sql, struct db_args args)
{
    return clock_iso8601(world->fixture->arena, count_of(world, sql, args)).at;
}

struct audited {
    struct arena *arena;
    const char *text;
};

static bool take(void *context, const struct audit_entry *entry)
{
    struct audited *audited = context;
    const struct audit_row *row = &entry->row;
    audited->text = arena_printf(audited->arena, "%.*s %.*s:%lld:%.*s -> %.*s:%lld:%.*s %.*s",
                                 STR_ARG(row->action), STR_ARG(row->actor_kind), (long long)row->actor_id,
                                 STR_ARG(row->actor_name), STR_ARG(row->target_kind),
                                 (long long)row->target_id, STR_ARG(row->target_name), STR_ARG(row->after))
                        .at;
    return true;
}

const char *v1_audited(struct world *world, int64_t tenant_id)
{
    struct audited audited = { world->fixture->arena, "" };
    struct audit_filter any = { 0 };
    struct audit_verdict verdict;
    int64_t next;
    assert_int_equal(
        audit_read(world->fixture->conn, world->fixture->arena, tenant_id, &any, 0, 1, take, &audited, &next),
        STORAGE_OK);
    assert_int_equal(audit_verify(world->fixture->conn, tenant_id, &verdict), STORAGE_OK);
    assert_string_equal(audit_flaw_name(verdict.flaw), "sound");
    return audited.text;
}
