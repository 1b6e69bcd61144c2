/* A year of two companies, told by dice that always fall alike. Each chapter is one transaction, and may be
 * told again from its beginning. */
#include "cli/demo_world.h"

#include "base/clock.h"
#include "base/json.h"
#include "cli/accounts.h"
#include "cli/actor.h"
#include "cli/store.h"
#include "records/custody.h"
#include "records/department_members.h"
#include "records/init.h"
#include "records/kinds.h"
#include "tenancy/plan_usage.h"

#define DAY_US        (INT64_C(86400) * CLOCK_SECOND)
#define YEAR_US       (365 * DAY_US)
#define COUNT(table_) (sizeof(table_) / sizeof((table_)[0]))

/* Ids as JSON has them. */
struct ids {
    struct str at[DEMO_MANY];
    size_t n;
};

struct telling {
    struct cli *cli;
    const struct demo_world *world;
    struct tenant tenant;
    struct record_caller caller;
    int64_t users[DEMO_WORKERS];
    struct access_grant grants[DEMO_WORKERS];
    const struct record *latest; /* record made */
    int64_t present;
    int64_t step; /* between two deeds */
    uint32_t dice;
    struct ids categories, locations, employees, assets, spaces, departments, contacts, conversations;
    bool lent[DEMO_MANY]; /* of each asset: whether people get it */
};

/* ---- words ---- */

static const char *const first_names[] = { "Ann",   "Ben",  "Clara", "David", "Elif",  "Frank",
                                           "Grace", "Hugo", "Ines",  "Jamal", "Kira",  "Liam",
                                           "Maya",  "Noah", "Olga",  "Pablo", "Quinn", "Rosa",
                                           "Sven",  "Tara", "Umar",  "Vera",  "Wei",   "Yara" };
static const char *const last_names[] = { "Adams",  "Brandt", "Costa",  "Duarte", "Evans",  "Fischer",
                                          "Gomez",  "Hansen", "Ito",    "Jansen", "Khan",   "Larsen",
                                          "Moreau", "Novak",  "Okafor", "Price",  "Romano", "Sato",
                                          "Torres", "Vogel",  "Walsh",  "Young",  "Zhang" };
static const char *const teams[] = { "Design", "Engineering", "Finance", "Operations", "Sales", "Support" };

static const struct {
    const char *name, *description;
} categories[] = {
    { "Laptops", "Portable computers" },
    { "Monitors", "Screens on desks" },
    { "Phones", "Company telephones" },
    { "Tablets", "For the warehouse and for visits" },
    { "Printers", "Shared by a floor" },
    { "Network", "Switches, access points, firewalls" },
    { "Furniture", "Desks and chairs that move" },
    { "Tools", "Measuring and repairing" },
};

static const struct {
    size_t category;
    const char *maker, *name, *model;
    int cost, warranty_years;
    int share;    /* how often it is bought */
    bool is_lent; /* to people */
} models[] = {
    { 0, "Lenovo", "ThinkPad T14", "21K3", 1489, 3, 9, true },
    { 0, "Apple", "MacBook Pro 14", "A2992", 2199, 1, 6, true },
    { 0, "Dell", "Latitude 5450", "P175G", 1290, 3, 7, true },
    { 1, "Dell", "UltraSharp 27", "U2724D", 419, 3, 8, true },
    { 1, "LG", "UltraFine 32", "32UN880", 649, 2, 4, true },
    { 2, "Apple", "iPhone 15", "A3090", 829, 1, 6, true },
    { 2, "Samsung", "Galaxy XCover 7", "SM-G556B", 389, 2, 3, true },
    { 3, "Apple", "iPad 10", "A2696", 479, 1, 3, true },
    { 4, "Brother", "HL-L6410DN", "HLL6410", 459, 2, 1, false },
    { 5, "Ubiquiti", "UniFi U6 Pro", "U6-PRO", 159, 2, 3, false },
    { 5, "Cisco", "Catalyst 1300", "C1300-24T", 689, 5, 1, false },
    { 6, "Steelcase", "Series 1 chair", "435A00", 469, 5, 3, false },
    { 7, "Fluke", "Network tester", "LIQ-100", 1150, 1, 1, true },
};

/* ---- dice ---- */

static size_t roll(struct telling *t, size_t sides)
{
    t->dice = t->dice * 1664525u + 1013904223u;
    return (t->dice >> 8) % sides;
}

static const char *day_of(struct telling *t, int64_t at)
{
    return arena_cstr(t->cli->arena, str_sub(clock_iso8601(t->cli->arena, at), 0, 10));
}

/* Time goes on with each deed, and never beyond the present. */
static void pass_time(struct telling *t)
{
    int64_t next = t->caller.now + t->step;
    t->caller.now = next < t->present ? next : t->present;
}

/* ---- one record ---- */

static const struct record_kind *kind_named(const char *name)
{
    for (size_t i = 0; i < record_kind_count; i++) {
        if (strcmp(record_kinds[i]->name, name) == 0)
            return record_kinds[i];
    }
    abort();
}

/* Its id as its JSON has it. */
static struct str id_of(struct arena *arena, const struct record_kind *kind, const struct record *record)
{
    struct buf text;
    struct json_error error;
    cJSON *json;
    buf_init(&text, arena, 1 << 16);
    record_print(kind, record, &text);
    if (!json_parse(arena, buf_str(&text), &json, &error))
        return STR("null");
    return json_print(arena, cJSON_GetObjectItemCaseSensitive(json, "id"));
}

/* The body as the API would take it, and beside it what a path says there. */
static bool read_body(struct telling *t, struct str body, struct record_deed *deed)
{
    struct arena *arena = t->cli->arena;
    const struct record_kind *kind = deed->kind;
    const struct shape shape = {
        .name = kind->title, .size = kind->size, .fields = kind->rows, .n = kind->n
    };
    struct json_error error;
    cJSON *json;
    void *input = arena_alloc(arena, kind->size);
    deed->input = input;
    return json_parse(arena, body, &json, &error) &&
           shape_read_json(&shape, arena, json, input, &deed->present, &deed->null, &deed->violations);
}

static enum storage_status refused(struct record_deed *deed, struct str body)
{
    struct str why = deed->violations.n ? deed->violations.at[0].text : str_of(deed->sentence);
    cli_fail("The demo's %s was refused: %.*s %.*s", deed->kind->name, STR_ARG(body), STR_ARG(why));
    return STORAGE_INVALID;
}

static enum storage_status create(struct db_conn *conn, struct telling *t, const char *name, struct str body,
                                  struct ids *ret)
{
    struct record_deed deed = { .kind = kind_named(name), .caller = &t->caller, .act = RECORD_CREATE };
    pass_time(t);
    if (!read_body(t, body, &deed))
        return refused(&deed, body);
    enum storage_status status = record_carry_out_inside(conn, &deed);
    if (status == STORAGE_DONE || status == STORAGE_CONFLICT)
        return record_judge(&deed, status) == STORAGE_OK ? refused(&deed, body) : status;
    t->latest = deed.now;
    if (status == STORAGE_OK && ret->n < DEMO_MANY)
        ret->at[ret->n++] = id_of(t->cli->arena, deed.kind, deed.now);
    return status;
}

#define CREATE(conn_, t_, name_, ret_, ...)                                                                  \
    create(conn_, t_, name_, arena_printf((t_)->cli->arena, __VA_ARGS__), ret_)

/* ---- chapters ---- */

static enum storage_status tell_places(struct db_conn *conn, struct telling *t)
{
    enum storage_status status = STORAGE_OK;
    for (size_t i = 0; status == STORAGE_OK && i < COUNT(categories); i++)
        status = CREATE(conn, t, "category", &t->categories, "{\"name\":\"%s\",\"description\":\"%s\"}",
                        categories[i].name, categories[i].description);
    if (status == STORAGE_OK)
        status =
            CREATE(conn, t, "location", &t->locations,
                   "{\"name\":\"%s\",\"address\":\"12 Harbour Street, %s\"}", t->world->city, t->world->city);
    static const char *const rooms[] = { "Ground floor", "First floor", "Second floor", "Warehouse" };
    for (size_t i = 0; status == STORAGE_OK && i < COUNT(rooms); i++)
        status = CREATE(conn, t, "location", &t->locations, "{\"name\":\"%s\",\"parent_id\":%s}", rooms[i],
                        t->locations.at[0].at);
    return status;
}

static enum storage_status tell_people(struct db_conn *conn, struct telling *t)
{
    enum storage_status status = STORAGE_OK;
    for (int i = 0; status == STORAGE_OK && i < t->world->employees; i++) {
        const char *first = first_names[(size_t)i % COUNT(first_names)];
        const char *last = last_names[(size_t)(i * 5 + i / 23) % COUNT(last_names)];
        struct str local = arena_lower(t->cli->arena, arena_printf(t->cli->arena, "%s.%s", first, last));
        status = CREATE(conn, t, "employee", &t->employees,
                        "{\"name\":\"%s %s\",\"email\":\"%s@%s\",\"department\":\"%s\",\"active\":%s}", first,
                        last, local.at, t->world->domain, teams[roll(t, COUNT(teams))],
                        roll(t, 15) == 0 ? "false" : "true");
    }
    return status;
}

static size_t roll_model(struct telling *t)
{
    size_t shares = 0, i = 0;
    for (size_t m = 0; m < COUNT(models); m++)
        shares += (size_t)models[m].share;
    for (size_t at = roll(t, shares); at >= (size_t)models[i].share; i++)
        at -= (size_t)models[i].share;
    return i;
}

static const char *roll_status(struct telling *t)
{
    static const char *const rare[] = { "maintenance", "maintenance", "lost", "retired" };
    return roll(t, 10) == 0 ? rare[roll(t, COUNT(rare))] : "available";
}

static enum storage_status tell_purchase(struct db_conn *conn, struct telling *t)
{
    size_t m = roll_model(t);
    int64_t bought = t->caller.now - (int64_t)roll(t, 20) * DAY_US;
    t->lent[t->assets.n] = models[m].is_lent;
    return CREATE(
        conn, t, "asset", &t->assets,
        "{\"name\":\"%s\",\"status\":\"%s\",\"category_id\":%s,\"location_id\":%s,\"serial_number\":\"%c%c%"
        "06zu\","
        "\"manufacturer\":\"%s\",\"model\":\"%s\",\"purchase_date\":\"%s\",\"purchase_cost\":%d.%02zu,"
        "\"currency\":\"EUR\",\"warranty_end\":\"%s\"}",
        models[m].name, roll_status(t), t->categories.at[models[m].category].at,
        t->locations.at[1 + roll(t, t->locations.n - 1)].at, (char)('A' + (int)roll(t, 26)),
        (char)('A' + (int)roll(t, 26)), roll(t, 1000000), models[m].maker, models[m].model, day_of(t, bought),
        models[m].cost, roll(t, 2) ? (size_t)0 : (size_t)90,
        day_of(t, bought + models[m].warranty_years * YEAR_US));
}

static enum storage_status tell_assets(struct db_conn *conn, struct telling *t)
{
    enum storage_status status = STORAGE_OK;
    for (int i = 0; status == STORAGE_OK && i < t->world->assets; i++)
        status = tell_purchase(conn, t);
    return status;
}

static const char *time_of(struct telling *t, int64_t at)
{
    return clock_iso8601(t->cli->arena, at).at;
}

/* This week and the next, on working hours; no two in one room at once. */
static enum storage_status tell_bookings(struct db_conn *conn, struct telling *t, int64_t today)
{
    static const char *const titles[] = { "Weekly review", "Customer visit", "Interview", "Planning",
                                          "Training" };
    struct ids none = { .n = DEMO_MANY };
    enum storage_status status = STORAGE_OK;
    for (int day = -3; day < 8; day++)
        for (size_t room = 0; status == STORAGE_OK && room < t->spaces.n; room++) {
            int64_t from = today + day * DAY_US + (int64_t)(8 + roll(t, 8)) * 3600 * CLOCK_SECOND;
            status = CREATE(conn, t, "booking", &none,
                            "{\"title\":\"%s\",\"space_id\":%s,\"starts_at\":\"%s\",\"ends_at\":\"%s\"}",
                            titles[roll(t, COUNT(titles))], t->spaces.at[room].at, time_of(t, from),
                            time_of(t, from + (int64_t)(1 + roll(t, 3)) * 3600 * CLOCK_SECOND));
        }
    return status;
}

static enum storage_status tell_rooms(struct db_conn *conn, struct telling *t)
{
    static const struct {
        const char *name, *where;
        int seats;
    } rooms[] = { { "Meeting room 1", "First floor", 8 },
                  { "Meeting room 2", "First floor", 4 },
                  { "Workshop", "Ground floor", 20 } };
    struct ids none = { .n = DEMO_MANY };
    int64_t today = t->present - t->present % DAY_US, event = today + 9 * DAY_US;
    enum storage_status status = STORAGE_OK;
    for (size_t i = 0; status == STORAGE_OK && i < COUNT(rooms); i++)
        status = CREATE(conn, t, "space", &t->spaces, "{\"name\":\"%s\",\"location\":\"%s\",\"capacity\":%d}",
                        rooms[i].name, rooms[i].where, rooms[i].seats);
    if (status == STORAGE_OK)
        status = tell_bookings(conn, t, today);
    return status == STORAGE_OK ? CREATE(conn, t, "event", &none,
                                         "{\"title\":\"Open house\",\"description\":\"See how we work, meet "
                                         "the people, have a coffee.\","
                                         "\"location\":\"Workshop, ground "
                                         "floor\",\"starts_at\":\"%s\",\"ends_at\":\"%s\",\"capacity\":20,"
                                         "\"is_published\":true}",
                                         time_of(t, event + 17 * 3600 * CLOCK_SECOND),
                                         time_of(t, event + 20 * 3600 * CLOCK_SECOND))
                                : status;
}

/* ---- customers ---- */

static void work_as(struct telling *t, size_t worker)
{
    t->caller.user_id = t->users[worker];
    t->caller.grant = &t->grants[worker];
}

/* What was said with a contact, in turns. */
static enum storage_status tell_messages(struct db_conn *conn, struct telling *t)
{
    static const char *const said[] = {
        "Thank you for the call this morning.",
        "Could you send the offer for twelve seats again?",
        "The offer is attached; it holds until the end of the month.",
        "We are comparing with one other supplier.",
        "Agreed. Please send the contract.",
        "The contract is on its way.",
    };
    struct ids none = { .n = DEMO_MANY };
    enum storage_status status = STORAGE_OK;
    size_t n = 1 + roll(t, COUNT(said));
    for (size_t i = 0; status == STORAGE_OK && i < n; i++)
        status =
            CREATE(conn, t, "message", &none, "{\"body\":\"%s\",\"direction\":\"%s\",\"conversationId\":%s}",
                   said[i], i % 2 ? "inbound" : "outbound", t->conversations.at[t->conversations.n - 1].at);
    return status;
}

static enum storage_status tell_conversation(struct db_conn *conn, struct telling *t)
{
    static const char *const subjects[] = { "Renewal for next year", "New offices", "Support contract",
                                            "Trial of the new plan" };
    static const char *const channels[] = { "email", "phone", "meeting" };
    enum storage_status status =
        CREATE(conn, t, "conversation", &t->conversations,
               "{\"subject\":\"%s\",\"channel\":\"%s\",\"status\":\"%s\",\"contactId\":%s}",
               subjects[roll(t, COUNT(subjects))], channels[roll(t, COUNT(channels))],
               roll(t, 2) ? "open" : "closed", t->contacts.at[t->contacts.n - 1].at);
    return status == STORAGE_OK ? tell_messages(conn, t) : status;
}

static enum storage_status tell_contact(struct db_conn *conn, struct telling *t, size_t i)
{
    static const char *const companies[] = { "Whitfield Partners", "Nordlicht GmbH", "Casa Verde",
                                             "Bluewater Ltd",      "Atelier Nord",   "Kestrel Works",
                                             "Lumen Foods",        "Orchard & Sons" };
    static const char *const jobs[] = { "Head of purchasing", "Office manager", "Managing director",
                                        "IT lead" };
    static const char *const states[] = { "new", "lead", "prospect", "customer", "customer", "inactive" };
    static const char *const sources[] = { "Trade fair", "Website", "Recommendation" };
    const char *first = first_names[(i * 7 + 3) % COUNT(first_names)],
               *last = last_names[(i * 3 + i / 24) % COUNT(last_names)];
    struct str mail = arena_lower(t->cli->arena, arena_printf(t->cli->arena, "%s.%s%zu", first, last, i));
    enum storage_status status =
        CREATE(conn, t, "contact", &t->contacts,
               "{\"firstName\":\"%s\",\"lastName\":\"%s\",\"email\":\"%s@customers.example\",\"phone\":\"+1 "
               "555 01%02zu\","
               "\"company\":\"%s\",\"jobTitle\":\"%s\",\"status\":\"%s\",\"source\":\"%s\"}",
               first, last, mail.at, roll(t, 100), companies[roll(t, COUNT(companies))],
               jobs[roll(t, COUNT(jobs))], states[roll(t, COUNT(states))], sources[roll(t, COUNT(sources))]);
    return status == STORAGE_OK && roll(t, 3) == 0 ? tell_conversation(conn, t) : status;
}

/* Each of those who work with customers has some. */
static enum storage_status tell_customers(struct db_conn *conn, struct telling *t)
{
    enum storage_status status = STORAGE_OK;
    for (int i = 0; status == STORAGE_OK && i < t->world->contacts; i++) {
        work_as(t, roll(t, DEMO_WORKERS));
        status = tell_contact(conn, t, (size_t)i);
    }
    work_as(t, 0);
    return status;
}

static const char *const departments[] = { "Key accounts", "Field sales" };

static enum storage_status tell_departments(struct db_conn *conn, struct telling *t)
{
    enum storage_status status = STORAGE_OK;
    for (size_t i = 0; status == STORAGE_OK && i < COUNT(departments); i++)
        status = CREATE(conn, t, "department", &t->departments, "{\"name\":\"%s\"}", departments[i]);
    return status;
}

/* Head and seller belong to the latest of them; a transaction each. */
static enum storage_status join_department(struct telling *t)
{
    enum storage_status status = STORAGE_OK;
    for (size_t i = 1; status == STORAGE_OK && i < DEMO_WORKERS; i++) {
        struct department_deed deed = { .caller = &t->caller,
                                        .department = t->latest,
                                        .department_name = str_of(departments[COUNT(departments) - 1]),
                                        .user_id = t->users[i] };
        pass_time(t);
        status = department_put(t->cli->conn, &deed);
    }
    return status;
}

/* ---- giving out and taking back: each a transaction of its own ---- */

static int64_t number_of(struct str id)
{
    int64_t number = 0;
    str_to_int(id, &number);
    return number;
}

/* Somebody who left gets nothing, and what is broken or lost is not there to be given: such a try is passed
 * over. */
static enum storage_status give(struct telling *t, int64_t asset, int64_t due_at)
{
    struct custody_deed deed = { .caller = &t->caller, .asset_id = asset };
    deed.employee_id = number_of(t->employees.at[roll(t, t->employees.n)]);
    deed.due_at = due_at;
    pass_time(t);
    return custody_check_out(t->cli->conn, &deed);
}

static enum storage_status take_back(struct telling *t, int64_t asset)
{
    static const char *const conditions[] = { "good", "good", "scratched", "needs a new battery" };
    struct custody_deed deed = { .caller = &t->caller, .asset_id = asset };
    deed.condition = str_of(conditions[roll(t, COUNT(conditions))]);
    pass_time(t);
    return custody_check_in(t->cli->conn, &deed);
}

/* One in three was given out before and came back; most of what is lent is out now, some of it too long. */
static enum storage_status tell_custody_of(struct telling *t, size_t i)
{
    int64_t asset = number_of(t->assets.at[i]);
    enum storage_status status = STORAGE_OK;
    if (roll(t, 3) == 0) {
        status = give(t, asset, t->caller.now + 30 * DAY_US);
        if (status == STORAGE_OK)
            status = take_back(t, asset);
    }
    int64_t due = roll(t, 3) == 0 ? t->present + ((int64_t)roll(t, 90) - 9) * DAY_US : 0;
    return status == STORAGE_OK && roll(t, 4) > 0 ? give(t, asset, due) : status;
}

static enum storage_status tell_custody(struct telling *t)
{
    enum storage_status status = STORAGE_OK;
    for (size_t i = 0; status == STORAGE_OK && i < t->assets.n; i++) {
        if (t->lent[i])
            status = tell_custody_of(t, i);
    }
    return status;
}

/* ---- the telling ---- */

struct chapter {
    const char *what;
    enum storage_status (*tell)(struct db_conn *conn,
                                struct telling *t); /* in one transaction; NULL: nothing */
    enum storage_status (*then)(struct telling *t); /* after it, in its own; NULL: nothing */
};

/* In this order: an asset is given out after it was bought, a contact left with a department after there is
 * one. */
static const struct chapter chapters[] = {
    { "places", tell_places, NULL },
    { "people", tell_people, NULL },
    { "departments", tell_departments, join_department },
    { "assets", tell_assets, NULL },
    { "customers", tell_customers, NULL },
    { "rooms", tell_rooms, NULL },
    { "history", NULL, tell_custody },
};

struct reading {
    const struct chapter *chapter;
    struct telling *t, before;
};

static enum storage_status read_chapter(struct db_conn *conn, void *context)
{
    struct reading *reading = context;
    *reading->t = reading->before; /* a second run tells it from the beginning */
    return reading->chapter->tell(conn, reading->t);
}

static enum storage_status read_aloud(struct telling *t, const struct chapter *chapter)
{
    enum storage_status status = STORAGE_OK;
    struct reading *reading = ARENA_NEW(t->cli->arena, struct reading);
    *reading = (struct reading){ chapter, t, *t };
    if (chapter->tell)
        status = db_transaction(t->cli->conn, STORAGE_WRITE, read_chapter, reading);
    return status == STORAGE_OK && chapter->then ? chapter->then(t) : status;
}

static enum storage_status tell_all(struct telling *t, demo_progress_fn tell)
{
    enum storage_status status = STORAGE_OK;
    for (size_t i = 0; status == STORAGE_OK && i < COUNT(chapters); i++) {
        status = read_aloud(t, &chapters[i]);
        if (status == STORAGE_OK)
            tell(t->world->slug, i + 1, COUNT(chapters));
    }
    return status;
}

static int find_workers(struct cli *cli, struct telling *t)
{
    for (size_t i = 0; i < DEMO_WORKERS; i++) {
        int code = account_find_user(cli, str_of(t->world->workers[i]), &t->users[i]);
        if (code != CLI_OK)
            return code;
        enum storage_status status =
            access_decide(cli->conn, cli->arena, &t->tenant, t->users[i], &t->grants[i]);
        if (status != STORAGE_OK)
            return store_fail(cli, status, "look the demo's people up");
    }
    return CLI_OK;
}

static void begin(struct cli *cli, struct telling *t)
{
    t->present = clock_now();
    t->dice = (uint32_t)t->world->assets;
    t->caller = (struct record_caller){
        .arena = cli->arena,
        .config = cli->config,
        .tenant = &t->tenant,
        .audit = cli_actor(cli),
        .now = t->present - YEAR_US,
    };
    t->step = YEAR_US / (t->world->employees + t->world->assets * 2 + t->world->contacts * 3 + 100);
    work_as(t, 0);
}

static int has_assets(struct cli *cli, const struct tenant *tenant, bool *ret)
{
    struct plan_use uses[PLAN_USES];
    enum storage_status status = plan_usage(cli->conn, cli->config, tenant, uses);
    for (size_t i = 0; status == STORAGE_OK && i < PLAN_USES; i++)
        *ret |= strcmp(uses[i].limit, "assets") == 0 && uses[i].used > 0;
    return status == STORAGE_OK ? CLI_OK : store_fail(cli, status, "count the assets");
}

int demo_world_load(struct cli *cli, const struct demo_world *world, demo_progress_fn tell)
{
    struct telling *t = ARENA_NEW(cli->arena, struct telling);
    bool is_told = false;
    int code = account_find_tenant(cli, str_of(world->slug), &t->tenant);
    if (code == CLI_OK)
        code = has_assets(cli, &t->tenant, &is_told);
    if (code != CLI_OK || is_told)
        return code;
    records_init();
    json_use_arena(cli->arena);
    t->cli = cli;
    t->world = world;
    code = find_workers(cli, t);
    if (code != CLI_OK)
        return code;
    begin(cli, t);
    enum storage_status status = tell_all(t, tell);
    return status == STORAGE_OK ? CLI_OK : store_fail(cli, status, "make the demo's records");
}
