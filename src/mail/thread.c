/* The sender's thread: rounds, with a pause in between that grows while nobody takes mail. It looks once a
 * second; looking is one indexed read. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "mail/sender.h"

#define IDLE_MS     1000
#define AWAY_MIN_MS 5000
#define AWAY_MAX_MS 60000
#define STACK_SIZE  ((size_t)512 * 1024)

struct mail_sender {
    struct mail_rounds rounds;
    atomic_bool stopping;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake; /* on the monotonic clock */
};

static void pause_for(struct mail_sender *sender, int64_t ms)
{
    int64_t until_ms = clock_monotonic_ms() + ms;
    struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };
    int rc = 0;
    pthread_mutex_lock(&sender->lock);
    while (!atomic_load(&sender->stopping) && rc == 0)
        rc = pthread_cond_timedwait(&sender->wake, &sender->lock, &until);
    pthread_mutex_unlock(&sender->lock);
}

static int64_t next_pause(enum mail_round round, int64_t pause_ms)
{
    if (round == MAIL_ROUND_IDLE)
        return IDLE_MS;
    if (pause_ms < AWAY_MIN_MS)
        return AWAY_MIN_MS;
    return pause_ms * 2 > AWAY_MAX_MS ? AWAY_MAX_MS : pause_ms * 2;
}

static void report_change(struct mail_sender *sender, enum mail_round before, enum mail_round now)
{
    if (before == now)
        return;
    if (now == MAIL_ROUND_NO_STORAGE)
        log_event(LOG_WARN, "the outbox cannot be read or written",
                  LOG_Z("error", db_error(sender->rounds.conn)));
    else if (now == MAIL_ROUND_AWAY)
        log_event(LOG_WARN, "mail waits: nobody takes it");
    else
        log_event(LOG_INFO, "mail goes out again");
}

static void *run(void *arg)
{
    struct mail_sender *sender = arg;
    enum mail_round before = MAIL_ROUND_IDLE;
    int64_t pause_ms = 0;
    while (!atomic_load(&sender->stopping)) {
        enum mail_round now = mail_round(&sender->rounds);
        report_change(sender, before, now);
        pause_ms = next_pause(now, pause_ms);
        before = now;
        pause_for(sender, pause_ms);
    }
    mail_rounds_end(&sender->rounds);
    db_disconnect(&sender->rounds.conn);
    return NULL;
}

static bool start_thread(struct mail_sender *sender)
{
    pthread_attr_t attr;
    sigset_t all, before;
    if (pthread_attr_init(&attr) != 0)
        return false;
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* inherited: signals go to the main thread */
    bool ok = pthread_create(&sender->thread, &attr, run, sender) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (ok)
        pthread_setname_np(sender->thread, "mail");
    return ok;
}

static void init_wake(struct mail_sender *sender)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&sender->wake, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&sender->lock, NULL);
}

static void release(struct mail_sender *sender)
{
    if (sender->rounds.post)
        sender->rounds.transport->close(&sender->rounds.post);
    db_disconnect(&sender->rounds.conn);
    pthread_cond_destroy(&sender->wake);
    pthread_mutex_destroy(&sender->lock);
    free(sender);
}

struct mail_sender *mail_sender_start(const struct config *config, struct db *db, char *error, size_t cap)
{
    struct mail_sender *sender = calloc(1, sizeof *sender);
    if (!sender)
        abort();
    init_wake(sender);
    sender->rounds = (struct mail_rounds){
        .config = config,
        .conn = db_connect(db),
        .transport = mail_transport(config->mail.transport),
        .stopping = &sender->stopping,
    };
    sender->rounds.post = sender->rounds.transport->open(config, &sender->stopping, error, cap);
    if (sender->rounds.post && start_thread(sender))
        return sender;
    if (sender->rounds.post)
        snprintf(error, cap, "the thread that sends mail cannot be started");
    release(sender);
    return NULL;
}

void mail_sender_stop(struct mail_sender **sender)
{
    if (!*sender)
        return;
    pthread_mutex_lock(&(*sender)->lock);
    atomic_store(&(*sender)->stopping, true);
    pthread_cond_signal(&(*sender)->wake);
    pthread_mutex_unlock(&(*sender)->lock);
    pthread_join((*sender)->thread, NULL);
    release(*sender);
    *sender = NULL;
}
