/* Every route × everybody × every tenant, made from the route table: who gets through the walk to the
 * handler, and with which refusal the others are met. No cell is written down, and a new route is in it
 * without a word.
 *
 * The tables that are walked are the server's own rows, with the handler exchanged for one that only notes
 * that it was reached. So no deed happens, and a handler's own refusals cannot be mistaken for the walk's.
 * Whether a body is right is judged last of all, so a complaint about it means that everything before was
 * passed. Each cell is asked twice: what is kept between requests must say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "access/custom_role.h"
#include "api/routes.h"
#include "api_fixture.h"
#include "identity/api_token.h"
#include "identity/opaque_token.h"
#include "identity/sign_in.h"

#define TABLES_MAX 64
#define ROUTES_MAX 256

/* ---- the tables ---- */

static struct route_table probed[TABLES_MAX];
static const struct route_table *tables[TABLES_MAX];
static struct route rows[ROUTES_MAX];
static size_t row_count;
static int reached;

static enum error_code note(struct call *call)
{
    reached++;
    reply_empty(&call->reply, 204);
    return OK;
}

static void probe_tables(void)
{
    assert_true(api_route_table_count <= TABLES_MAX);
    row_count = 0;
    for (size_t t = 0; t < api_route_table_count; t++) {
        const struct route_table *table = api_route_tables[t];
        assert_true(row_count + table->n <= ROUTES_MAX);
        probed[t] = (struct route_table){ table->surface, &rows[row_count], table->n };
        tables[t] = &probed[t];
        for (size_t r = 0; r < table->n; r++) {
            rows[row_count] = table->routes[r];
            rows[row_count++].handler = note;
        }
    }
}

/* ---- everybody ---- */

/* SHUT: a tenant that is suspended. NARROWED: at the root domain with ?tenant=acme. */
enum place { OWN, OTHER, NOWHERE, SHUT, NARROWED, PLACE_COUNT };
static const char *const place_names[] = { "own", "other", "unknown", "suspended", "narrowed" };

static const struct person {
    const char *name, *email; /* email NULL: nobody is signed in */
    const char *role;         /* in their own tenant; NULL: no member there */
    const char *tenant[NOWHERE + 1];
    bool is_suspended;
    bool is_key;    /* they come with an API token of the odd half of all scopes */
    bool is_device; /* no person: a display of their own tenant, with its token */
} everybody[] = {
    { "superadmin", "super@msp.example", "superadmin", { "msp", "acme", "nosuch" }, false },
    { "staff", "staff@msp.example", "staff", { "msp", "acme", "nosuch" }, false },
    { "owner", "owner@acme.example", "owner", { "acme", "bolt", "nosuch" }, false },
    { "admin", "admin@acme.example", "admin", { "acme", "bolt", "nosuch" }, false },
    { "head", "head@acme.example", "department_head", { "acme", "bolt", "nosuch" }, false },
    { "member", "rep@acme.example", "member", { "acme", "bolt", "nosuch" }, false },
    { "viewer", "viewer@acme.example", "viewer", { "acme", "bolt", "nosuch" }, false },
    { "custom (odd half)", "odd@acme.example", "odd", { "acme", "bolt", "nosuch" }, false },
    { "custom (even half)", "even@acme.example", "even", { "acme", "bolt", "nosuch" }, false },
    { "non-member", "nobody@example.com", NULL, { "acme", "bolt", "nosuch" }, false },
    { "suspended", "gone@acme.example", "member", { "acme", "bolt", "nosuch" }, true },
    { "API token of the admin", "admin@acme.example", "admin", { "acme", "bolt", "nosuch" }, false, true },
    { "member of the suspended tenant", "rep@shut.example", "member", { "shut", "acme", "nosuch" }, false },
    { "display", "", NULL, { "acme", "bolt", "nosuch" }, .is_device = true },
    { "anonymous", NULL, NULL, { "acme", "bolt", "nosuch" }, false },
};
enum { PEOPLE = sizeof(everybody) / sizeof(everybody[0]) };
static const char *tokens[PEOPLE];
static uint8_t key_hash[API_TOKEN_HASH_BYTES], device_hash[32];

/* Every second permission, and the others: one of the two has what the other lacks. */
static perm_set half(int first)
{
    perm_set set = 0;
    for (int perm = first; perm < PERM_COUNT; perm += 2)
        set |= PERM_BIT(perm);
    return set;
}

static bool is_custom(const struct person *person)
{
    return person->role && !role_by_slug(str_of(person->role));
}

static perm_set may(const struct person *person, bool in_root)
{
    if (!person->role)
        return 0;
    if (is_custom(person))
        return half(strcmp(person->role, "odd") == 0 ? 1 : 2) & ~PERM_BIT(PERM_TENANTS_MANAGE);
    perm_set permissions = role_permissions(role_by_slug(str_of(person->role)), in_root);
    return person->is_key ? permissions & half(1) : permissions;
}

static bool is_staff(const struct person *person)
{
    const struct role *role = person->role ? role_by_slug(str_of(person->role)) : NULL;
    return role && role->root_only;
}

/* ---- what must be ---- */

static bool by_header(const struct route *route)
{
    return route->tenant == TENANT_BY_HEADER || route->tenant == TENANT_BY_HEADER_OR_TOKEN;
}

/* Which tenant is asked in a cell. The operator's own paths are asked for at the operator's, too. */
static const char *slug_in(const struct route *route, const struct person *person, enum place place)
{
    if (route->tenant == TENANT_ROOT && (place == NARROWED || (place == OTHER && !is_staff(person))))
        return "msp";
    return place == SHUT ? "shut" : place == NARROWED ? "acme" : person->tenant[place];
}

static bool is_shut(const char *slug)
{
    return strcmp(slug, "shut") == 0;
}

static enum error_code expected_of_member(const struct route *route, const struct person *person,
                                          const char *slug)
{
    bool in_root = strcmp(slug, "msp") == 0;
    if (!is_staff(person) && (strcmp(slug, person->tenant[OWN]) != 0 || !person->role))
        return ERR_NOT_A_MEMBER;
    if (person->is_suspended)
        return ERR_SUSPENDED;
    if (is_shut(slug) && !is_staff(person))
        return ERR_TENANT_SUSPENDED;
    if (route->need == NEED_SESSION && person->is_key)
        return ERR_FORBIDDEN;
    if (route->need == NEED_PERMISSION && !perm_set_has(may(person, in_root), route->permission))
        return ERR_PERMISSION;
    return OK;
}

/* A session is no device token, and neither is the "1" in the path, which a token in the header contradicts.
 */
static enum error_code expected_of_device(const struct route *route, const struct person *person,
                                          const char *slug)
{
    bool in_path = strchr(route->path, '{') != NULL;
    if (route->need != NEED_DEVICE)
        return ERR_TOKEN_INVALID;
    if (in_path && person->email)
        return ERR_MALFORMED; /* two tokens */
    if (!person->is_device)
        return in_path || person->email ? ERR_TOKEN_INVALID : ERR_UNAUTHENTICATED;
    return strcmp(slug, person->tenant[OWN]) == 0 ? OK : ERR_FORBIDDEN;
}

/* At the root domain ?tenant= is for staff, and on the operator's own paths for nobody. */
static enum error_code expected_narrowed(const struct route *route, const struct person *person)
{
    if (route->tenant == TENANT_ROOT || !is_staff(person))
        return ERR_FORBIDDEN;
    return expected_of_member(route, person, "acme");
}

static enum error_code expected_signed_in(const struct route *route, const struct person *person,
                                          enum place place)
{
    const char *slug = slug_in(route, person, place);
    bool is_elsewhere = strcmp(slug, person->tenant[OWN]) != 0;
    if (person->is_key && route->tenant != TENANT_NONE && (is_elsewhere || place == NARROWED))
        return ERR_FORBIDDEN;
    if (route->tenant == TENANT_BY_TOKEN && is_elsewhere)
        return ERR_FORBIDDEN; /* the token is another tenant's than the host */
    if (place == NARROWED)
        return expected_narrowed(route, person);
    if (route->need == NEED_OPTIONAL && route->tenant != TENANT_NONE && is_shut(slug) && !is_elsewhere)
        return ERR_TENANT_SUSPENDED;
    if (route->need == NEED_SELF || route->need == NEED_OPTIONAL)
        return OK;
    return expected_of_member(route, person, slug);
}

/* Nobody is looked at: only what the tenant allows at all. */
static enum error_code expected_of_public(const struct route *route, const struct person *person,
                                          enum place place)
{
    if (route->tenant == TENANT_NONE)
        return route->admits ? ERR_FORBIDDEN : OK; /* nothing here is signed */
    if (place == NARROWED)
        return route->tenant == TENANT_BY_HOST_OR_QUERY ? OK : ERR_FORBIDDEN;
    /* By the token, and there is none: what a host says then is only a hint. */
    return is_shut(slug_in(route, person, place)) ? ERR_TENANT_SUSPENDED : OK;
}

/* Contract sections 1, 2 and 4, read afresh. */
static enum error_code expected(const struct route *route, const struct person *person, enum place place)
{
    if (route->tenant == TENANT_BY_HOST_OR_TOKEN && place == NOWHERE)
        place = OWN; /* a host of another program's: the token's tenant */
    bool asks_token = route->need != NEED_PUBLIC && (route->need != NEED_OPTIONAL || person->email);
    if (route->tenant != TENANT_NONE && place == NOWHERE)
        return ERR_TENANT_UNKNOWN;
    if (route->tenant == TENANT_ROOT && strcmp(slug_in(route, person, place), "msp") != 0)
        return ERR_ROUTE_UNKNOWN;
    if (!asks_token)
        return expected_of_public(route, person, place);
    if (route->need == NEED_DEVICE || person->is_device)
        return expected_of_device(route, person, slug_in(route, person, place));
    return person->email ? expected_signed_in(route, person, place) : ERR_UNAUTHENTICATED;
}

/* Narrowing is for paths whose tenant the host names. */
static bool has_cell(const struct route *route, enum place place)
{
    return place != NARROWED || route->tenant == TENANT_BY_HOST || route->tenant == TENANT_ROOT ||
           route->tenant == TENANT_BY_HOST_OR_QUERY;
}

/* ---- asking ---- */

/* Each parameter of a path is 1. */
static const char *target_of(struct world *world, const char *path, enum place place)
{
    struct buf out;
    buf_init(&out, world->fixture->arena, 256);
    for (struct str head, name, rest = str_of(path); !str_is_empty(rest);) {
        bool has_parameter = str_split(rest, '{', &head, &rest);
        buf_add(&out, head);
        if (!has_parameter)
            break;
        str_split(rest, '}', &name, &rest);
        buf_add_char(&out, '1');
    }
    if (place == NARROWED)
        buf_add(&out, STR("?tenant=acme"));
    return buf_str(&out).at;
}

/* A tenant's own host; the operator's is the root domain itself. */
static const char *host_of(struct world *world, const char *slug)
{
    return strcmp(slug, "msp") == 0 ? "localhost"
                                    : arena_printf(world->fixture->arena, "%s.localhost", slug).at;
}

static void ask_cell(struct world *world, const struct route *route, const struct person *person,
                     enum place place)
{
    const char *slug = slug_in(route, person, place);
    struct ask cell = {
        .method = http_method_name(route->method),
        .target = target_of(world, route->path, place),
        .token = tokens[person - everybody],
        .json = route->body == BODY_JSON ? "{}" : NULL,
        .form = route->body == BODY_FORM ? "x=1" : NULL,
    };
    if (by_header(route)) {
        cell.header[0] = "x-tenant";
        cell.header[1] = slug;
    } else if (route->tenant != TENANT_NONE &&
               !(route->tenant == TENANT_BY_TOKEN && place == OWN && !is_shut(slug))) {
        cell.host = host_of(world, place == NARROWED ? "msp" : slug);
    }
    if (route->own_origin) {
        cell.header[0] = "origin";
        cell.header[1] =
            arena_printf(world->fixture->arena, "http://%s", cell.host ? cell.host : "localhost").at;
    }
    ask(world, cell);
}

static const char *word(enum error_code code)
{
    return code == OK ? "through" : error_info(code)->word;
}

/* What became of the latest ask. What the query or the body lacks was looked at after everything else. */
static enum error_code outcome(const struct call *call, int reached_before)
{
    bool was_reached = reached == reached_before + 1;
    if (call->failure.code == OK)
        assert_true(was_reached);
    else
        assert_false(was_reached);
    return call->failure.code == ERR_VALIDATION ? OK : call->failure.code;
}

static void check_cell(struct world *world, const struct route *route, const struct person *person,
                       enum place place)
{
    enum error_code must = expected(route, person, place);
    for (int again = 0; again < 2; again++) {
        int before = reached;
        ask_cell(world, route, person, place);
        const struct call *call = world->last;
        enum error_code is = outcome(call, before);
        if (is != must)
            fail_msg("%s (%s %s) by %s in their %s tenant: %s instead of %s%s", route->op,
                     http_method_name(route->method), route->path, person->name, place_names[place], word(is),
                     word(must), again ? ", the second time" : "");
        if (must != OK)
            assert_int_equal(call->reply.status, error_info(must)->status);
        if (must == ERR_PERMISSION)
            assert_string_equal(call->failure.required_permission, permission_info(route->permission)->name);
        if (must == ERR_SUSPENDED)
            assert_string_equal(call->failure.status, "suspended");
    }
}

static size_t check_cell_if_any(struct world *world, const struct route *route, const struct person *person,
                                enum place place)
{
    if (!has_cell(route, place))
        return 0;
    check_cell(world, route, person, place);
    return 1;
}

/* ---- the world ---- */

static enum storage_status insert_custom(struct db_conn *conn, void *context)
{
    struct world *world = context;
    struct custom_role odd = { .tenant_id = 2, .slug = STR("odd"), .name = STR("Odd"), .rank = 60 };
    struct custom_role even = { .tenant_id = 2, .slug = STR("even"), .name = STR("Even"), .rank = 5 };
    odd.permissions = half(1);
    even.permissions = half(2);
    enum storage_status status = custom_role_insert(conn, world->fixture->arena, &odd);
    return status == STORAGE_OK ? custom_role_insert(conn, world->fixture->arena, &even) : status;
}

static enum storage_status insert_people(struct db_conn *conn, void *context)
{
    (void)context;
    for (size_t i = 0; i < PEOPLE; i++) {
        int64_t id;
        if (!is_custom(&everybody[i]))
            continue;
        enum storage_status status =
            user_insert(conn, str_of(everybody[i].email), STR("Custom"), STR("x"), 1, &id);
        if (status == STORAGE_OK)
            status = membership_insert(conn, 2, id, str_of(everybody[i].role), 1);
        if (status != STORAGE_OK)
            return status;
    }
    return STORAGE_OK;
}

static enum storage_status insert_key(struct db_conn *conn, void *context)
{
    struct api_token token = { .tenant_id = 2,
                               .user_id = 4,
                               .name = STR("Key"),
                               .prefix = STR("tth_"),
                               .scopes =
                                   permission_set_write(((struct world *)context)->fixture->arena, half(1)),
                               .addresses = STR(""),
                               .created_at = 1 };
    return api_token_insert(conn, &token, key_hash);
}

static const char *make_key(struct world *world)
{
    struct str secret = opaque_token_new(world->fixture->arena, OPAQUE_API, key_hash);
    assert_int_equal(db_transaction(world->fixture->conn, STORAGE_WRITE, insert_key, world), STORAGE_OK);
    return secret.at;
}

/* Paired a while ago. */
static const char *make_display(struct world *world)
{
    struct str secret = opaque_token_new(world->fixture->arena, OPAQUE_DEVICE, device_hash);
    fixture_exec(
        world->fixture,
        "INSERT INTO devices (tenant_id, name, content, revision, token_hash, paired_at, created_at, "
        "updated_at) VALUES (2, 'Lobby', '{}', 1, $1, 1, 1, 1)",
        DB_ARGS(db_blob(device_hash, sizeof(device_hash))));
    world_exec(world, "INSERT INTO device_seen (device_id, tenant_id, seen_at) VALUES (1, 2, 1)");
    return secret.at;
}

/* Issued for their own tenant; so is a stranger's: their membership there ended. */
static const char *issue_token(struct world *world, const struct person *person)
{
    struct user user;
    struct tenant tenant;
    struct signed_in opened;
    struct fixture *f = world->fixture;
    assert_int_equal(user_by_email(f->conn, f->arena, str_of(person->email), &user), STORAGE_ROW);
    assert_int_equal(tenant_by_slug(f->conn, f->arena, str_of(person->tenant[OWN]), &tenant), STORAGE_ROW);
    assert_int_equal(
        session_open(f->conn, world->config, f->arena, user.id, tenant.id, STR("::1"), STR("test"), &opened),
        STORAGE_OK);
    return opened.token.at;
}

static int set_up(void **state)
{
    char error[256];
    struct world *world = world_new("");
    assert_int_equal(db_transaction(world->fixture->conn, STORAGE_WRITE, insert_custom, world), STORAGE_OK);
    assert_int_equal(db_transaction(world->fixture->conn, STORAGE_WRITE, insert_people, world), STORAGE_OK);
    for (size_t i = 0; i < PEOPLE; i++)
        tokens[i] = everybody[i].is_key      ? make_key(world)
                    : everybody[i].is_device ? make_display(world)
                    : everybody[i].email     ? issue_token(world, &everybody[i])
                                             : NULL;
    probe_tables();
    walk_worker_free(&world->worker);
    walk_free(&world->walk);
    world->walk =
        walk_new(world->config, world->fixture->db, tables, api_route_table_count, error, sizeof(error));
    if (!world->walk)
        fail_msg("%s", error);
    world->worker = walk_worker_new(world->walk, LANE_GENERAL);
    kept_oracle_free(&world->oracle);
    kept_oracle_new(&world->oracle, world->walk);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    world_free(&world);
    return 0;
}

/* ---- the tests ---- */

static void test_matrix__every_route_for_everybody_everywhere(void **state)
{
    struct world *world = *state;
    size_t cells = 0;
    for (size_t r = 0; r < row_count; r++)
        for (size_t p = 0; p < PEOPLE; p++)
            for (int place = OWN; place < PLACE_COUNT; place++)
                cells += check_cell_if_any(world, &rows[r], &everybody[p], (enum place)place);
    print_message("%zu routes, %zu cells\n", row_count, cells);
    assert_true(cells >= row_count * PEOPLE * NARROWED);
    assert_true(reached > 0);
}

/* A matrix that only ever lets through, or only ever refuses, would prove nothing. */
static void test_matrix__knows_every_outcome(void **state)
{
    (void)state;
    static const enum error_code outcomes[] = { OK,
                                                ERR_UNAUTHENTICATED,
                                                ERR_TENANT_UNKNOWN,
                                                ERR_NOT_A_MEMBER,
                                                ERR_SUSPENDED,
                                                ERR_PERMISSION,
                                                ERR_ROUTE_UNKNOWN,
                                                ERR_TENANT_SUSPENDED,
                                                ERR_TOKEN_INVALID,
                                                ERR_FORBIDDEN };
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        size_t seen = 0;
        for (size_t r = 0; r < row_count; r++)
            for (size_t p = 0; p < PEOPLE; p++)
                for (int place = OWN; place < PLACE_COUNT; place++)
                    seen += has_cell(&rows[r], (enum place)place) &&
                            expected(&rows[r], &everybody[p], (enum place)place) == outcomes[i];
        print_message("%s: %zu\n", word(outcomes[i]), seen);
        assert_true(seen > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_matrix__every_route_for_everybody_everywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_matrix__knows_every_outcome, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
