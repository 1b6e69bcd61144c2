/* Sending what is due.
 *
 * A row is claimed, its message written and handed to the transport, and the outcome written down. When the
 * database is away just then, the outcome is kept and written as soon as it is back, before anything else is
 * sent. So a row is sent twice only if the process dies, or the connection to the mail server breaks, between
 * the server's taking it and our knowing or writing it; the Message-ID is then the same. */
#include "mail/sender.h"

#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "mail/message.h"

#define LEASE_US       (10 * 60 * CLOCK_SECOND) /* far longer than any attempt takes */
#define FIRST_DELAY_US (30 * CLOCK_SECOND)
#define LAST_DELAY_US  (2 * 3600 * CLOCK_SECOND)
#define MAX_AGE_US     (48 * 3600 * CLOCK_SECOND)
#define KEEP_US        (30 * 24 * 3600 * CLOCK_SECOND)
#define SWEEP_EVERY_US (3600 * CLOCK_SECOND)
#define ROW_BUDGET     ((size_t)8 * 1024 * 1024)

int64_t mail_retry_at(int64_t attempts, int64_t now)
{
    uint32_t random;
    int64_t delay = FIRST_DELAY_US;
    for (int64_t i = 1; i < attempts && delay < LAST_DELAY_US; i++)
        delay *= 2;
    if (delay > LAST_DELAY_US)
        delay = LAST_DELAY_US;
    random_bytes(&random, sizeof random);
    int64_t spread = delay / 5;
    return now + delay - spread + (int64_t)(random % (uint64_t)(2 * spread + 1));
}

/* ---- one mail ---- */

static void send_row(struct mail_rounds *rounds, struct arena *arena, const struct outbox_row *row,
                     struct mail_result *ret)
{
    struct mail_message message = {
        .from = rounds->config->mail.from,
        .to = row->to,
        .subject = row->subject,
        .text = row->text,
        .html = row->html,
        .message_id = row->message_id,
        .date = row->created_at,
    };
    struct mail_parcel parcel = {
        .id = row->id,
        .date = row->created_at,
        .from = mail_address_of(rounds->config->mail.from),
        .to = row->to,
        .message = mail_message_write(arena, &message),
    };
    if (str_is_empty(parcel.message))
        mail_result_set(ret, MAIL_REFUSED, "the message is too long");
    else
        rounds->transport->send(rounds->post, &parcel, ret);
}

static bool is_exhausted(const struct outbox_row *row, int64_t now)
{
    return row->attempts >= MAIL_MAX_ATTEMPTS || now - row->created_at >= MAX_AGE_US;
}

static struct outbox_end end_of(struct arena *arena, const struct outbox_row *row,
                                const struct mail_result *result, int64_t now)
{
    struct outbox_end end = { .error = arena_copy(arena, str_of(result->text)) };
    if (result->outcome == MAIL_SENT)
        end.fate = OUTBOX_SENT;
    else if (result->outcome == MAIL_REFUSED || is_exhausted(row, now))
        end.fate = OUTBOX_FAILED;
    else
        end.fate = OUTBOX_LATER;
    end.next_attempt_at = mail_retry_at(row->attempts, now);
    return end;
}

/* No address: a log is no place for whom a tenant writes to. */
static void report(const struct outbox_row *row, const struct outbox_end *end)
{
    static const struct {
        enum log_level level;
        const char *text;
        enum metric metric;
    } words[] = {
        [OUTBOX_SENT] = { LOG_INFO, "mail sent", METRIC_MAIL_SENT },
        [OUTBOX_FAILED] = { LOG_ERROR, "mail failed for good", METRIC_MAIL_FAILED },
        [OUTBOX_LATER] = { LOG_WARN, "mail put back", METRIC_MAIL_PUT_BACK },
    };
    metric_add(words[end->fate].metric, 1);
    log_event(words[end->fate].level, words[end->fate].text, LOG_I("mail", row->id),
              LOG_S("message_id", row->message_id), LOG_I("attempts", row->attempts),
              LOG_S("error", end->error));
}

/* True when the outcome is on disk, or the claim on the row was lost. */
static bool settle_open(struct mail_rounds *rounds)
{
    if (!rounds->open_arena)
        return true;
    enum storage_status status =
        outbox_settle(rounds->conn, &rounds->open_row, &rounds->open_end, clock_now());
    if (status == STORAGE_UNCERTAIN)
        rounds->open_is_uncertain = true;
    if (status == STORAGE_DONE && rounds->open_end.fate == OUTBOX_SENT && !rounds->open_is_uncertain)
        log_event(LOG_WARN, "a mail was sent after its claim had run out",
                  LOG_I("mail", rounds->open_row.id));
    if (status != STORAGE_OK && status != STORAGE_DONE)
        return false;
    arena_free(&rounds->open_arena);
    return true;
}

static enum mail_outcome process(struct mail_rounds *rounds, struct arena *arena,
                                 const struct outbox_row *row)
{
    struct mail_result result = { MAIL_AWAY, "" };
    send_row(rounds, arena, row, &result);
    rounds->open_arena = arena;
    rounds->open_is_uncertain = false;
    rounds->open_row = *row;
    rounds->open_end = end_of(arena, row, &result, clock_now());
    report(row, &rounds->open_end);
    return result.outcome;
}

/* ---- rounds ---- */

/* Links are keys: what a mail says is wiped from memory. */
static struct arena *new_arena(void)
{
    struct arena *arena = arena_new(ROW_BUDGET);
    arena_wipe_on_free(arena);
    return arena;
}

/* False when the round is over, as *ret says. */
static bool send_next(struct mail_rounds *rounds, enum mail_round *ret)
{
    struct outbox_row row;
    *ret = MAIL_ROUND_NO_STORAGE;
    if (!settle_open(rounds))
        return false;
    struct arena *arena = new_arena();
    enum storage_status status = outbox_claim(rounds->conn, arena, clock_now(), LEASE_US, &row);
    if (status != STORAGE_ROW) {
        arena_free(&arena);
        *ret = status == STORAGE_DONE ? MAIL_ROUND_IDLE : MAIL_ROUND_NO_STORAGE;
        return false;
    }
    enum mail_outcome outcome = process(rounds, arena, &row);
    if (!settle_open(rounds))
        return false;
    *ret = outcome == MAIL_AWAY ? MAIL_ROUND_AWAY : MAIL_ROUND_IDLE;
    return outcome != MAIL_AWAY;
}

static void sweep(struct mail_rounds *rounds)
{
    int64_t now = clock_now();
    if (now - rounds->swept_at < SWEEP_EVERY_US)
        return;
    if (outbox_sweep(rounds->conn, now - KEEP_US) == STORAGE_OK)
        rounds->swept_at = now;
}

enum mail_round mail_round(struct mail_rounds *rounds)
{
    enum mail_round round = MAIL_ROUND_IDLE;
    while (!atomic_load(rounds->stopping) && send_next(rounds, &round)) {
    }
    rounds->transport->rest(rounds->post);
    if (round == MAIL_ROUND_IDLE)
        sweep(rounds);
    return round;
}

void mail_rounds_end(struct mail_rounds *rounds)
{
    settle_open(rounds);
    arena_free(&rounds->open_arena);
}
