/* Lanes: bounded, nothing lost, nothing run twice, an end that comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/lane.h"
#include "http/run_delay.h"
#include "http/thread.h"

#define THREADS      4
#define PRODUCERS    3
#define JOBS         20000
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct counted {
    struct lane_job job;
    atomic_int runs;
};

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool open;
    int waiting;
};

static struct gate gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0 };
static atomic_int ran;
static int owners[THREADS];
static void *workers[THREADS] = { &owners[0], &owners[1], &owners[2], &owners[3] };

static void run_counted(void *worker, struct lane_job *job)
{
    (*(int *)worker)++; /* its own: no lock */
    atomic_fetch_add(&((struct counted *)job)->runs, 1);
    atomic_fetch_add(&ran, 1);
}

static void run_gated(void *worker, struct lane_job *job)
{
    pthread_mutex_lock(&gate.lock);
    gate.waiting++;
    pthread_cond_broadcast(&gate.change);
    while (!gate.open)
        pthread_cond_wait(&gate.change, &gate.lock);
    gate.waiting--;
    pthread_mutex_unlock(&gate.lock);
    run_counted(worker, job);
}

static void set_gate(bool open)
{
    pthread_mutex_lock(&gate.lock);
    gate.open = open;
    pthread_cond_broadcast(&gate.change);
    pthread_mutex_unlock(&gate.lock);
}

static void await_at_gate(int n)
{
    pthread_mutex_lock(&gate.lock);
    while (gate.waiting < n)
        pthread_cond_wait(&gate.change, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
}

static struct http_lane *open_lane_of(struct lane_params params)
{
    atomic_store(&ran, 0);
    params.thread_name = "test";
    params.depth = METRIC_LANE_GENERAL_DEPTH;
    params.wait = METRIC_LANE_GENERAL_WAIT;
    params.workers = workers;
    struct http_lane *lane = lane_new(&params);
    assert_non_null(lane);
    return lane;
}

static struct http_lane *open_lane(size_t threads, size_t capacity, void (*run)(void *, struct lane_job *))
{
    return open_lane_of((struct lane_params){ .threads = threads, .capacity = capacity, .run = run });
}

static void end_lane(struct http_lane *lane)
{
    assert_true(lane_stop(lane, clock_monotonic_ms() + 60000));
    lane_free(&lane);
    assert_null(lane);
    lane_free(&lane);
}

static void push_one(struct http_lane *lane, struct counted *counted)
{
    counted->job.queued_us = clock_monotonic_us();
    lane_push(lane, &counted->job, &counted->job, 1);
}

static atomic_int refusals;

struct producer {
    struct http_lane *lane;
    struct counted *jobs;
    bool awaits; /* each list, before the next */
    struct http_thread thread;
};

static void await_list(struct counted *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        while (atomic_load(&jobs[i].runs) == 0)
            sched_yield();
    }
}

static bool claim_one(struct http_lane *lane)
{
    bool claimed = lane_reserve(lane);
    if (!claimed)
        atomic_fetch_add(&refusals, 1);
    return claimed;
}

/* Lists of one to seven jobs, retried while the lane is full. */
static void produce(void *arg)
{
    struct producer *producer = arg;
    size_t length = 1;
    for (size_t i = 0; i < JOBS; length = length % 7 + 1) {
        struct lane_job *first = NULL, *last = NULL;
        size_t n = 0;
        for (size_t j = 0; j < length && i < JOBS && claim_one(producer->lane); j++) {
            struct lane_job *job = &producer->jobs[i++].job;
            if (last)
                last->next = job;
            else
                first = job;
            last = job;
            n++;
        }
        if (first)
            lane_push(producer->lane, first, last, n);
        if (producer->awaits)
            await_list(&producer->jobs[i - n], n);
    }
}

static void run_all(size_t capacity, bool awaits, struct counted jobs[PRODUCERS][JOBS])
{
    struct http_lane *lane = open_lane(THREADS, capacity, run_counted);
    struct producer producers[PRODUCERS];
    atomic_store(&refusals, 0);
    for (int i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){ .lane = lane, .jobs = jobs[i], .awaits = awaits };
        assert_true(thread_start(&producers[i].thread, "producer", produce, &producers[i]));
    }
    for (int i = 0; i < PRODUCERS; i++)
        thread_join(&producers[i].thread, THREAD_NO_DEADLINE);
    end_lane(lane);
}

static void test_lane__runs_every_job_once(void **state)
{
    (void)state;
    static struct counted jobs[PRODUCERS][JOBS];
    run_all(256, false, jobs);
    assert_int_equal(atomic_load(&ran), PRODUCERS * JOBS);
    for (int i = 0; i < PRODUCERS; i++) {
        for (int j = 0; j < JOBS; j++)
            assert_int_equal(atomic_load(&jobs[i][j].runs), 1);
    }
    assert_int_equal(owners[0] + owners[1] + owners[2] + owners[3], PRODUCERS * JOBS);
    assert_int_equal(metric_value(METRIC_LANE_GENERAL_DEPTH), 0);
}

/* Places are counted without a lock: while one is claimed others are, and are taken. */
static void test_lane__refuses_nothing_while_there_is_room(void **state)
{
    (void)state;
    static struct counted jobs[PRODUCERS][JOBS];
    run_all((size_t)PRODUCERS * 7, true, jobs);
    assert_int_equal(atomic_load(&refusals), 0);
}

static void test_lane__refuses_what_does_not_fit(void **state)
{
    (void)state;
    static struct counted jobs[6];
    set_gate(false);
    struct http_lane *lane = open_lane(1, 3, run_gated);
    assert_true(lane_reserve(lane));
    push_one(lane, &jobs[0]);
    await_at_gate(1); /* at the worker: waits no more */
    for (int i = 1; i <= 3; i++) {
        assert_true(lane_reserve(lane));
        push_one(lane, &jobs[i]);
    }
    assert_int_equal(metric_value(METRIC_LANE_GENERAL_DEPTH), 3);
    assert_false(lane_reserve(lane));
    lane_set_capacity(lane, 4);
    assert_true(lane_reserve(lane));
    push_one(lane, &jobs[4]);
    assert_false(lane_reserve(lane));
    set_gate(true);
    end_lane(lane);
    assert_int_equal(atomic_load(&ran), 5);
}

struct claimer {
    struct http_lane *lane;
    int claimed;
    struct http_thread thread;
};

static void claim(void *arg)
{
    struct claimer *claimer = arg;
    for (int i = 0; i < JOBS; i++)
        claimer->claimed += lane_reserve(claimer->lane);
}

static void test_lane__lets_in_as_many_as_fit_whoever_asks(void **state)
{
    (void)state;
    struct http_lane *lane = open_lane(1, 1000, run_counted);
    struct claimer claimers[PRODUCERS];
    int sum = 0;
    for (int i = 0; i < PRODUCERS; i++) {
        claimers[i] = (struct claimer){ .lane = lane };
        assert_true(thread_start(&claimers[i].thread, "claimer", claim, &claimers[i]));
    }
    for (int i = 0; i < PRODUCERS; i++) {
        thread_join(&claimers[i].thread, THREAD_NO_DEADLINE);
        sum += claimers[i].claimed;
    }
    assert_int_equal(sum, 1000);
    assert_int_equal(metric_value(METRIC_LANE_GENERAL_DEPTH), 1000);
    end_lane(lane);
}

static void test_lane__uses_another_worker_while_one_is_busy(void **state)
{
    (void)state;
    static struct counted jobs[THREADS];
    set_gate(false);
    struct http_lane *lane = open_lane(THREADS, 16, run_gated);
    for (int i = 0; i < THREADS; i++)
        assert_true(lane_reserve(lane));
    for (int i = 1; i < THREADS; i++)
        jobs[i - 1].job.next = &jobs[i].job;
    lane_push(lane, &jobs[0].job, &jobs[THREADS - 1].job, THREADS); /* one wake-up must bring all */
    await_at_gate(THREADS);
    set_gate(true);
    end_lane(lane);
}

static atomic_int overtook;

static void run_gated_unless_quick(void *worker, struct lane_job *job)
{
    if (!job->is_quick)
        run_gated(worker, job);
    else
        atomic_fetch_add(&overtook, 1);
}

static void test_lane__what_is_quick_does_not_wait_for_what_is_not(void **state)
{
    (void)state;
    static struct counted jobs[2];
    set_gate(false);
    atomic_store(&overtook, 0);
    struct http_lane *lane = open_lane(2, 16, run_gated_unless_quick);
    for (int i = 0; i < 2; i++)
        assert_true(lane_reserve(lane));
    jobs[1].job.is_quick = true;
    usleep(50000); /* both wait by then, likely */
    jobs[0].job.next = &jobs[1].job;
    lane_push(lane, &jobs[0].job, &jobs[1].job, 2);
    while (atomic_load(&overtook) == 0) /* while the other one is at the gate */
        sched_yield();
    set_gate(true);
    end_lane(lane);
}

static void push_quick(struct http_lane *lane, struct counted *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_true(lane_reserve(lane));
        jobs[i].job.is_quick = true;
        jobs[i].job.queued_us = clock_monotonic_us();
        jobs[i].job.next = i + 1 < n ? &jobs[i + 1].job : NULL;
    }
    lane_push(lane, &jobs[0].job, &jobs[n - 1].job, n);
}

static struct http_lane *open_quick_lane(void (*run)(void *, struct lane_job *))
{
    return open_lane_of(
        (struct lane_params){ .threads = THREADS, .quick_threads = 1, .capacity = 256, .run = run });
}

static struct counted held_up; /* a quick job that the disk, say, holds up */

static void run_unless_held_up(void *worker, struct lane_job *job)
{
    (job == &held_up.job ? run_gated : run_counted)(worker, job);
}

static void await_ran(int n)
{
    while (atomic_load(&ran) < n)
        sched_yield();
}

static void test_lane__quick_jobs_do_not_wait_for_one_that_is_held_up(void **state)
{
    (void)state;
    static struct counted jobs[20];
    set_gate(false);
    struct http_lane *lane = open_quick_lane(run_unless_held_up);
    push_quick(lane, &held_up, 1);
    await_at_gate(1);
    usleep(2000);
    push_quick(lane, jobs, 20); /* whoever pushes sees that nobody takes anything */
    await_ran(20);
    set_gate(true);
    end_lane(lane);
    assert_int_equal(atomic_load(&ran), 21);
}

static void test_lane__whoever_attends_wakes_another_worker(void **state)
{
    (void)state;
    static struct counted jobs[20];
    set_gate(false);
    struct http_lane *lane = open_quick_lane(run_unless_held_up);
    held_up.job.is_quick = true;
    held_up.job.queued_us = clock_monotonic_us();
    assert_true(lane_reserve(lane));
    for (size_t i = 0; i < COUNT(jobs); i++) {
        assert_true(lane_reserve(lane));
        jobs[i].job.is_quick = true;
        jobs[i].job.next = i + 1 < COUNT(jobs) ? &jobs[i + 1].job : NULL;
    }
    held_up.job.next = &jobs[0].job;
    lane_push(lane, &held_up.job, &jobs[COUNT(jobs) - 1].job,
              COUNT(jobs) + 1); /* all at once: nobody pushes after that */
    await_at_gate(1);
    while (atomic_load(&ran) < (int)COUNT(jobs)) {
        usleep(2000);
        lane_attend(lane);
    }
    set_gate(true);
    end_lane(lane);
}

/* What was run, and as much of it as was settled. */
static atomic_int left, settled, told_late;

static void settle(void *context)
{
    (void)context;
    atomic_store(&settled, atomic_load(&left));
}

static void leave(void *worker, struct lane_job *job)
{
    int ahead = atomic_load(&left) - atomic_load(&settled);
    if (ahead > (job->is_quick ? 16 : 0))
        atomic_fetch_add(&told_late, 1);
    atomic_fetch_add(&left, 1);
    run_counted(worker, job);
}

static void await_settled(int n)
{
    while (atomic_load(&settled) < n)
        sched_yield();
}

/* Of one worker: nothing that is done waits for a slow job, for more than a few quick ones, or for nothing.
 */
static void test_lane__settles_what_was_run(void **state)
{
    (void)state;
    static struct counted jobs[200];
    struct http_lane *lane = open_lane_of(
        (struct lane_params){ .threads = 1, .capacity = COUNT(jobs), .run = leave, .settle = settle });
    for (size_t i = 0; i < COUNT(jobs); i++) {
        assert_true(lane_reserve(lane));
        jobs[i].job.is_quick = i % 50 > 20;
        if (i + 1 < COUNT(jobs))
            jobs[i].job.next = &jobs[i + 1].job;
    }
    lane_push(lane, &jobs[0].job, &jobs[COUNT(jobs) - 1].job, COUNT(jobs));
    await_settled(COUNT(jobs)); /* though no other job comes */
    end_lane(lane);
    assert_int_equal(atomic_load(&left), COUNT(jobs));
    assert_int_equal(atomic_load(&told_late), 0);
}

static void test_lane__says_when_a_worker_does_not_end(void **state)
{
    (void)state;
    static struct counted job;
    set_gate(false);
    struct http_lane *lane = open_lane(2, 4, run_gated);
    assert_true(lane_reserve(lane));
    push_one(lane, &job);
    await_at_gate(1);
    assert_false(lane_stop(lane, clock_monotonic_ms()));
    set_gate(true);
    end_lane(lane);
    assert_int_equal(atomic_load(&job.runs), 1);
}

#define JOB_US 5000

static _Atomic int64_t others_us;
static int64_t began_us[2], ended_us[2];

static int64_t read_others(void *unused)
{
    (void)unused;
    return atomic_load(&others_us);
}

/* Somebody else waits for the processor all the while. */
static void run_in_the_way(void *worker, struct lane_job *job)
{
    int which = atomic_load(&ran);
    began_us[which] = clock_monotonic_us();
    usleep(JOB_US);
    atomic_fetch_add(&others_us, JOB_US);
    ended_us[which] = clock_monotonic_us();
    run_counted(worker, job);
}

static void test_lane__pauses_when_others_waited_for_the_processor(void **state)
{
    (void)state;
    struct counted jobs[2] = { 0 };
    struct http_lane *lane = open_lane_of((struct lane_params){
        .threads = 1, .capacity = COUNT(jobs), .run = run_in_the_way, .others_waited_us = read_others });
    for (size_t i = 0; i < COUNT(jobs); i++) {
        assert_true(lane_reserve(lane));
        push_one(lane, &jobs[i]);
    }
    end_lane(lane);
    assert_int_equal(atomic_load(&ran), COUNT(jobs));
    assert_true(began_us[1] - ended_us[0] >=
                3 * JOB_US); /* a pause is never shorter than it is meant to be */
}

static atomic_int told_before_pause;

/* Asked before the job, and after it to decide on a pause. */
static int64_t read_others_after_the_job(void *unused)
{
    (void)unused;
    if (atomic_load(&left) > 0)
        atomic_store(&told_before_pause, atomic_load(&settled));
    return 0;
}

static void test_lane__settles_before_it_pauses(void **state)
{
    (void)state;
    struct counted job = { 0 };
    atomic_store(&left, 0);
    atomic_store(&settled, 0);
    struct http_lane *lane =
        open_lane_of((struct lane_params){ .threads = 1,
                                           .capacity = 1,
                                           .run = leave,
                                           .settle = settle,
                                           .others_waited_us = read_others_after_the_job });
    assert_true(lane_reserve(lane));
    push_one(lane, &job);
    end_lane(lane);
    assert_int_equal(atomic_load(&told_before_pause), 1);
}

static atomic_int asked_of_others;

static int64_t count_questions(void *unused)
{
    (void)unused;
    return atomic_fetch_add(&asked_of_others, 1);
}

static void test_lane__in_a_hurry_it_pauses_for_nobody(void **state)
{
    (void)state;
    struct counted jobs[2] = { 0 };
    set_gate(false);
    atomic_store(&asked_of_others, 0);
    struct http_lane *lane = open_lane_of((struct lane_params){
        .threads = 1, .capacity = COUNT(jobs), .run = run_gated, .others_waited_us = count_questions });
    for (size_t i = 0; i < COUNT(jobs); i++) {
        assert_true(lane_reserve(lane));
        push_one(lane, &jobs[i]);
    }
    await_at_gate(1);
    assert_int_equal(atomic_load(&asked_of_others), 1); /* before the job */
    lane_hurry(lane);
    set_gate(true);
    end_lane(lane);
    assert_int_equal(atomic_load(&ran), COUNT(jobs));
    assert_int_equal(atomic_load(&asked_of_others), 1); /* nobody would heed it */
}

static atomic_bool enough;

static void spin(void *unused)
{
    (void)unused;
    while (!atomic_load(&enough))
        ;
}

/* Nanoseconds that this thread may run before others are considered; 0: the kernel does not say
 * (before 6.12). */
static uint64_t slice_ns(void)
{
    uint64_t attr[6] = { 0 }; /* struct sched_attr; its header and the C library's cannot both be included */
    return syscall(SYS_sched_getattr, 0, attr, sizeof attr, 0) == 0 ? attr[3] : 0;
}

static struct {
    int policy, nice;
    uint64_t slice_ns;
} seen;

static void run_and_look(void *worker, struct lane_job *job)
{
    seen.policy = sched_getscheduler(0);
    seen.nice = getpriority(PRIO_PROCESS, (id_t)gettid());
    seen.slice_ns = slice_ns();
    run_counted(worker, job);
}

/* Two slices are the most that it is owed, and whoever wakes beside it meanwhile waits for the tick. */
static void test_lane__the_kernel_may_owe_a_patient_worker_little(void **state)
{
    (void)state;
    struct counted job = { 0 };
    struct http_lane *lane =
        open_lane_of((struct lane_params){ .threads = 1, .capacity = 1, .run = run_and_look, .nice = 19 });
    assert_true(lane_reserve(lane));
    push_one(lane, &job);
    end_lane(lane);
    assert_int_equal(seen.nice, 19);
    assert_int_equal(seen.policy, SCHED_BATCH);
    if (slice_ns() == 0)
        return;
    assert_true(seen.slice_ns > slice_ns());
    assert_true(seen.slice_ns <= 10000000);
}

static void test_run_delay__grows_while_two_want_one_processor(void **state)
{
    (void)state;
    cpu_set_t before, one;
    struct http_thread other;
    int fd = run_delay_open();
    if (fd < 0)
        skip(); /* a kernel that does not count it */
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    int64_t start = run_delay_us(fd);
    assert_true(thread_start(&other, "other", spin, NULL)); /* on the same processor */
    while (run_delay_us(fd) < start + 1000)
        ;
    atomic_store(&enough, true);
    assert_true(thread_join(&other, THREAD_NO_DEADLINE));
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    close(fd);
    assert_int_equal(run_delay_us(-1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lane__runs_every_job_once),
        cmocka_unit_test(test_lane__refuses_nothing_while_there_is_room),
        cmocka_unit_test(test_lane__refuses_what_does_not_fit),
        cmocka_unit_test(test_lane__lets_in_as_many_as_fit_whoever_asks),
        cmocka_unit_test(test_lane__uses_another_worker_while_one_is_busy),
        cmocka_unit_test(test_lane__what_is_quick_does_not_wait_for_what_is_not),
        cmocka_unit_test(test_lane__quick_jobs_do_not_wait_for_one_that_is_held_up),
        cmocka_unit_test(test_lane__whoever_attends_wakes_another_worker),
        cmocka_unit_test(test_lane__settles_what_was_run),
        cmocka_unit_test(test_lane__says_when_a_worker_does_not_end),
        cmocka_unit_test(test_lane__pauses_when_others_waited_for_the_processor),
        cmocka_unit_test(test_lane__settles_before_it_pauses),
        cmocka_unit_test(test_lane__in_a_hurry_it_pauses_for_nobody),
        cmocka_unit_test(test_lane__the_kernel_may_owe_a_patient_worker_little),
        cmocka_unit_test(test_run_delay__grows_while_two_want_one_processor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
