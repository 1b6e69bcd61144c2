/* Background threads: rounds one after the other, signals left to others, and an end when it is asked for. */
#include "unit.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

#include "base/worker.h"

#define HOUR_MS INT64_C(3600000)

struct job {
    struct worker worker;
    sem_t begun;
    atomic_int rounds;
    int64_t pause_ms;
    bool lasts; /* until it is told to stop */
    atomic_bool sees_signals;
    char name[16];
};

static int64_t work(void *context)
{
    struct job *job = context;
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    job->sees_signals = sigismember(&blocked, SIGTERM) != 1 || sigismember(&blocked, SIGHUP) != 1;
    pthread_getname_np(pthread_self(), job->name, sizeof job->name);
    atomic_fetch_add(&job->rounds, 1);
    sem_post(&job->begun);
    while (job->lasts && !atomic_load(&job->worker.stopping))
        sched_yield();
    return job->pause_ms;
}

static void await(struct job *job)
{
    while (sem_wait(&job->begun) != 0)
        continue;
}

static void test_worker__goes_round_after_round(void **state)
{
    (void)state;
    struct job job = { .pause_ms = 0 };
    sem_init(&job.begun, 0, 0);
    assert_true(worker_start(&job.worker, "a name longer than is kept", work, &job));
    for (int i = 0; i < 5; i++)
        await(&job);
    worker_stop(&job.worker);
    int rounds = atomic_load(&job.rounds);
    assert_true(rounds >= 5);
    assert_false(job.sees_signals);
    assert_string_equal(job.name, "a name longer t");
    assert_true(worker_start(&job.worker, "again", work, &job));
    while (atomic_load(&job.rounds) == rounds)
        sched_yield();
    worker_stop(&job.worker);
    assert_string_equal(job.name, "again");
    sem_destroy(&job.begun);
}

/* An hour is not waited for. */
static void test_worker__ends_in_a_pause(void **state)
{
    (void)state;
    struct job job = { .pause_ms = HOUR_MS };
    sem_init(&job.begun, 0, 0);
    assert_true(worker_start(&job.worker, "pause", work, &job));
    await(&job);
    worker_stop(&job.worker);
    assert_int_equal(atomic_load(&job.rounds), 1);
    sem_destroy(&job.begun);
}

static void test_worker__ends_in_a_round_that_lasts(void **state)
{
    (void)state;
    struct job job = { .pause_ms = 0, .lasts = true };
    sem_init(&job.begun, 0, 0);
    assert_true(worker_start(&job.worker, "round", work, &job));
    await(&job);
    worker_stop(&job.worker);
    assert_int_equal(atomic_load(&job.rounds), 1);
    sem_destroy(&job.begun);
}

static void test_worker__may_be_stopped_without_a_start(void **state)
{
    (void)state;
    struct worker worker = { .runs = false };
    worker_stop(&worker);
    worker_stop(&worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worker__goes_round_after_round),
        cmocka_unit_test(test_worker__ends_in_a_pause),
        cmocka_unit_test(test_worker__ends_in_a_round_that_lasts),
        cmocka_unit_test(test_worker__may_be_stopped_without_a_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
