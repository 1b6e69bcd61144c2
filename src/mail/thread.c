/* The sender's thread: rounds, with a pause in between that grows while nobody takes mail. It looks once a
 * second; looking is one indexed read. */
#include <stdio.h>
#include <stdlib.h>

#include "base/worker.h"
#include "mail/sender.h"

#define IDLE_MS     1000
#define AWAY_MIN_MS 5000
#define AWAY_MAX_MS 60000

struct mail_sender {
    struct worker worker;
    struct mail_rounds rounds;
    enum mail_round before;
    int64_t pause_ms;
};

static int64_t next_pause(enum mail_round round, int64_t pause_ms)
{
    if (round == MAIL_ROUND_IDLE)
        return IDLE_MS;
    if (pause_ms < AWAY_MIN_MS)
        return AWAY_MIN_MS;
    return pause_ms * 2 > AWAY_MAX_MS ? AWAY_MAX_MS : pause_ms * 2;
}

static void report_change(struct mail_sender *sender, enum mail_round now)
{
    if (sender->before == now)
        return;
    if (now == MAIL_ROUND_NO_STORAGE)
        log_event(LOG_WARN, "the outbox cannot be read or written",
                  LOG_Z("error", db_error(sender->rounds.conn)));
    else if (now == MAIL_ROUND_AWAY)
        log_event(LOG_WARN, "mail waits: nobody takes it");
    else
        log_event(LOG_INFO, "mail goes out again");
}

static int64_t send_due(void *context)
{
    struct mail_sender *sender = context;
    enum mail_round now = mail_round(&sender->rounds);
    report_change(sender, now);
    sender->before = now;
    sender->pause_ms = next_pause(now, sender->pause_ms);
    return sender->pause_ms;
}

static void release(struct mail_sender *sender)
{
    if (sender->rounds.post)
        sender->rounds.transport->close(&sender->rounds.post);
    db_disconnect(&sender->rounds.conn);
    free(sender);
}

struct mail_sender *mail_sender_start(const struct config *config, struct db *db, char *error, size_t cap)
{
    struct mail_sender *sender = calloc(1, sizeof *sender);
    if (!sender)
        abort();
    sender->rounds = (struct mail_rounds){
        .config = config,
        .conn = db_connect(db),
        .transport = mail_transport(config->mail.transport),
        .stopping = &sender->worker.stopping,
    };
    sender->rounds.post = sender->rounds.transport->open(config, &sender->worker.stopping, error, cap);
    if (sender->rounds.post && worker_start(&sender->worker, "mail", send_due, sender))
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
    worker_stop(&(*sender)->worker);
    mail_rounds_end(&(*sender)->rounds);
    release(*sender);
    *sender = NULL;
}
