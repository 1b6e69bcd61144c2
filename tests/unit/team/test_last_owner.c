/* Two owners race to leave their tenant without one: exactly one of them may. Two threads with a connection
 * each, again and again, in every way in which an owner can cease to be one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "team_fixture.h"

#define ROUNDS_SQLITE   1000
#define ROUNDS_POSTGRES 300

typedef enum storage_status (*deed_fn)(struct db_conn *conn, struct arena *arena, struct member_deed *deed);

/* What the two do: to themselves, or to each other. */
static const struct duel {
    deed_fn fn;
    const char *role;
    bool to_each_other;
} duels[] = {
    { member_remove, NULL, false },      { member_remove, NULL, true },  { member_set_role, "admin", false },
    { member_set_role, "viewer", true }, { member_suspend, NULL, true },
};

struct race {
    struct team *team;
    int64_t owners[2];
    struct access_grant grant;
    int rounds;
    pthread_barrier_t start, end;
};

struct racer {
    struct race *race;
    int me;
    enum storage_status status;
    enum member_verdict verdict;
};

static void run_round(struct racer *racer, struct db_conn *conn, int round)
{
    const struct race *race = racer->race;
    const struct duel *duel = &duels[(size_t)round % (sizeof(duels) / sizeof(duels[0]))];
    struct arena *arena = arena_new(1 << 20);
    struct member_deed deed = {
        .tenant = &race->team->acme,
        .actor = { race->owners[racer->me], &race->grant, { .kind = AUDIT_USER, .id = racer->me + 1 } },
        .user_id = race->owners[duel->to_each_other ? !racer->me : racer->me],
        .role = str_of(duel->role),
        .now = round + 1,
    };
    racer->status = duel->fn(conn, arena, &deed);
    racer->verdict = deed.verdict;
    arena_free(&arena);
}

static void *run_racer(void *context)
{
    struct racer *racer = context;
    struct db_conn *conn = db_connect(racer->race->team->fixture->db);
    for (int round = 0; round < racer->race->rounds; round++) {
        pthread_barrier_wait(&racer->race->start);
        run_round(racer, conn, round);
        pthread_barrier_wait(&racer->race->end);
    }
    db_disconnect(&conn);
    return NULL;
}

static void make_owners(struct race *race)
{
    struct fixture *fixture = race->team->fixture;
    for (int i = 0; i < 2; i++)
        fixture_exec(fixture,
                     "INSERT INTO memberships (tenant_id, user_id, role, created_at, updated_at) "
                     "VALUES ($1, $2, 'owner', 1, 1) "
                     "ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = 'owner', status = 'active'",
                     DB_ARGS(db_int(race->team->acme.id), db_int(race->owners[i])));
}

static int64_t owners_left(const struct race *race)
{
    return team_count(race->team,
                      "SELECT COUNT(*) FROM memberships WHERE tenant_id = $1 AND role = 'owner' "
                      "AND status = 'active'",
                      DB_ARGS(db_int(race->team->acme.id)));
}

static void assert_one_won(const struct racer racers[2], int round)
{
    int won = 0;
    for (int i = 0; i < 2; i++) {
        if (racers[i].status != STORAGE_OK)
            fail_msg("round %d: %s", round, storage_status_name(racers[i].status));
        won += racers[i].verdict == MEMBER_DONE;
        if (racers[i].verdict != MEMBER_DONE && racers[i].verdict != MEMBER_LAST_OWNER)
            fail_msg("round %d: verdict %d", round, racers[i].verdict);
    }
    assert_int_equal(won, 1);
}

static void test_last_owner__stays_in_every_race(void **state)
{
    (void)state;
    struct race race = { .team = team_new(),
                         .rounds = getenv("TETHER_TEST_POSTGRES") ? ROUNDS_POSTGRES : ROUNDS_SQLITE };
    struct racer racers[2] = { { .race = &race, .me = 0 }, { .race = &race, .me = 1 } };
    pthread_t threads[2];
    race.owners[0] = team_member(race.team, &race.team->acme, "a@x", "owner");
    race.owners[1] = team_member(race.team, &race.team->acme, "b@x", "owner");
    race.grant = team_grant(race.team, &race.team->acme, race.owners[0]);
    pthread_barrier_init(&race.start, NULL, 3);
    pthread_barrier_init(&race.end, NULL, 3);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_racer, &racers[i]), 0);
    for (int round = 0; round < race.rounds; round++) {
        make_owners(&race);
        pthread_barrier_wait(&race.start);
        pthread_barrier_wait(&race.end);
        assert_one_won(racers, round);
        assert_int_equal(owners_left(&race), 1);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    /* Each deed that happened has its row, and nothing else has. */
    assert_int_equal(team_count(race.team, "SELECT COUNT(*) FROM audit_log", DB_NO_ARGS), race.rounds);
    pthread_barrier_destroy(&race.start);
    pthread_barrier_destroy(&race.end);
    team_free(&race.team);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_last_owner__stays_in_every_race) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
