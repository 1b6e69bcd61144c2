/* The watchdog. It counts its own timely looks at a heart that does not beat, instead of trusting the clock
 * alone: when the whole process was stopped or starved, its own look is late too, and such a look does not
 * count. */
#include "http/watchdog.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_sink.h"
#include "http/thread.h"

#define LOOKS         8   /* per limit */
#define LAST_WORDS_MS 500 /* for a reader of the log; one that does not read is not waited for */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STRETCH 10
#else
#define STRETCH 1
#endif

struct heart {
    int64_t seen;
    unsigned still; /* timely looks without a new beat */
};

struct watchdog {
    struct http_thread thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping;
    int64_t period_ms;
    watchdog_beat_fn beat;
    void *context;
    size_t n;
    struct heart hearts[];
};

static bool is_observed(void)
{
    const char *preload = getenv("LD_PRELOAD");
    char line[128];
    bool traced = false;
    FILE *status = fopen("/proc/self/status", "re");
    while (status && !traced && fgets(line, sizeof line, status))
        traced = strncmp(line, "TracerPid:", 10) == 0 && strtol(line + 10, NULL, 10) != 0;
    if (status)
        fclose(status);
    return traced || (preload && strstr(preload, "vgpreload"));
}

static void look(struct watchdog *watchdog, bool timely)
{
    for (size_t i = 0; i < watchdog->n; i++) {
        struct heart *heart = &watchdog->hearts[i];
        int64_t beat = watchdog->beat(watchdog->context, i);
        heart->still = beat != heart->seen || beat == WATCHDOG_ENDED || !timely ? 0 : heart->still + 1;
        heart->seen = beat;
        if (heart->still <= LOOKS || is_observed())
            continue;
        log_event(LOG_ERROR, "event loop does not turn", LOG_I("loop", i),
                  LOG_I("milliseconds", clock_monotonic_ms() - beat));
        log_sink_await(LAST_WORDS_MS);
        abort();
    }
}

static void watch(void *arg)
{
    struct watchdog *watchdog = arg;
    pthread_mutex_lock(&watchdog->lock);
    while (!watchdog->stopping) {
        int64_t due = clock_monotonic_ms() + watchdog->period_ms;
        struct timespec until = { .tv_sec = due / 1000, .tv_nsec = due % 1000 * 1000000 };
        pthread_cond_clockwait(&watchdog->wake, &watchdog->lock, CLOCK_MONOTONIC, &until);
        if (!watchdog->stopping)
            look(watchdog, clock_monotonic_ms() - due < watchdog->period_ms);
    }
    pthread_mutex_unlock(&watchdog->lock);
}

struct watchdog *watchdog_new(watchdog_beat_fn beat, void *context, size_t n, uint64_t limit_ms)
{
    if (limit_ms == 0)
        return NULL;
    struct watchdog *watchdog = calloc(1, sizeof *watchdog + n * sizeof watchdog->hearts[0]);
    if (!watchdog)
        return NULL;
    watchdog->period_ms = (int64_t)limit_ms * STRETCH / LOOKS;
    watchdog->n = n;
    watchdog->beat = beat;
    watchdog->context = context;
    pthread_mutex_init(&watchdog->lock, NULL);
    pthread_cond_init(&watchdog->wake, NULL);
    if (!thread_start(&watchdog->thread, "watchdog", watch, watchdog)) {
        free(watchdog);
        return NULL;
    }
    return watchdog;
}

void watchdog_free(struct watchdog **watchdog)
{
    struct watchdog *freeing = *watchdog;
    *watchdog = NULL;
    if (!freeing)
        return;
    pthread_mutex_lock(&freeing->lock);
    freeing->stopping = true;
    pthread_cond_signal(&freeing->wake);
    pthread_mutex_unlock(&freeing->lock);
    thread_join(&freeing->thread, THREAD_NO_DEADLINE);
    pthread_cond_destroy(&freeing->wake);
    pthread_mutex_destroy(&freeing->lock);
    free(freeing);
}
