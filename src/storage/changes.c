/* Generation counters; see changes.h for the idea.
 *
 * Order is what makes it safe. A writer commits, then raises the counter, then returns: whoever is told that
 * a revocation happened is told after every later request sees the new counter. A reader takes the stamp,
 * then reads: had a commit slipped between, the stamp it keeps is already the old one.
 *
 * Between nodes, trust is a lease. The listener keeps asking the server whether it lives; the answer comes
 * after everything that was notified before the question, so the counters are complete as of the question
 * and are trusted for LEASE_MS from it. Whatever stalls (the network, the server, this very thread), nobody
 * uses a counter that may be older than that. And because a listener may be deaf without knowing (a
 * connection pooler hands the server connection to somebody else), it is not trusted at all before it has
 * heard a word that was sent through an ordinary connection. */
#include "storage/changes.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "storage/internal.h"

#define CHANNEL     "tether_changes"
#define EVERYTHING  "*"
#define GREETING    '?' /* opens a listener's word to itself; nobody else heeds it */
#define ASK_MS      200 /* from one question to the next */
#define LEASE_MS    900 /* a revocation acts everywhere within a second of its answer */
#define GREETING_MS 2000
#define RETRY_MS    200
#define PAYLOAD_CAP 64
#define FOR_EVER    INT64_MAX

/* Everybody's authority rests on the directory: it shares its counter with nobody. */
static _Atomic uint32_t *slot_of(const struct db *db, enum db_subject subject, int64_t id)
{
    uint64_t mixed = ((uint64_t)id << 8 | (uint64_t)subject) * UINT64_C(0x9E3779B97F4A7C15);
    size_t slot = subject == SUBJECT_DIRECTORY ? CHANGES_SLOTS : (size_t)(mixed >> 32) % CHANGES_SLOTS;
    return &db->changes->generations[slot];
}

static bool is_trusted(const struct changes *changes)
{
    int64_t until = atomic_load(&changes->trusted_until);
    return until == FOR_EVER || (until != 0 && clock_monotonic_ms() < until);
}

struct db_stamp db_stamp(const struct db *db, enum db_subject subject, int64_t id)
{
    if (!is_trusted(db->changes))
        return (struct db_stamp){ 0 };
    uint64_t epoch = atomic_load(&db->changes->epoch);
    return (struct db_stamp){ epoch << 32 | atomic_load(slot_of(db, subject, id)) };
}

static void raise_all(struct db *db)
{
    atomic_fetch_add(&db->changes->epoch, 1);
}

static void raise_one(struct db *db, enum db_subject subject, int64_t id)
{
    atomic_fetch_add(slot_of(db, subject, id), 1);
}

/* ---- in a transaction ---- */

static bool is_touched(const struct db_conn *conn, enum db_subject subject, int64_t id)
{
    if (conn->touched_count > TOUCHED_MAX)
        return true;
    for (size_t i = 0; i < conn->touched_count; i++)
        if (conn->touched[i].subject == subject && conn->touched[i].id == id)
            return true;
    return false;
}

/* Only what was announced is noted: a touch that failed is not done when it is tried again. */
enum storage_status db_touch(struct db_conn *conn, enum db_subject subject, int64_t id)
{
    char payload[PAYLOAD_CAP];
    if (conn->transaction == DB_TX_WRITE && is_touched(conn, subject, id))
        return STORAGE_OK;
    if (conn->touched_count >= TOUCHED_MAX)
        return db_touch_all(conn);
    snprintf(payload, sizeof(payload), "%c:%lld", (char)subject, (long long)id);
    enum storage_status s = db_notify(conn, CHANNEL, payload);
    if (s == STORAGE_OK)
        conn->touched[conn->touched_count++] = (struct touched){ subject, id };
    return s;
}

enum storage_status db_touch_all(struct db_conn *conn)
{
    if (conn->transaction == DB_TX_WRITE && conn->touched_count > TOUCHED_MAX)
        return STORAGE_OK;
    enum storage_status s = db_notify(conn, CHANNEL, EVERYTHING);
    if (s == STORAGE_OK)
        conn->touched_count = TOUCHED_MAX + 1;
    return s;
}

void changes_begin(struct db_conn *conn)
{
    conn->touched_count = 0;
}

void changes_publish(struct db_conn *conn)
{
    bool everything = conn->touched_count > TOUCHED_MAX;
    if (everything)
        raise_all(conn->db);
    for (size_t i = 0; !everything && i < conn->touched_count; i++)
        raise_one(conn->db, conn->touched[i].subject, conn->touched[i].id);
    conn->touched_count = 0;
}

/* ---- other nodes ---- */

static void take_news(struct db *db, const char *payload)
{
    struct str subject, number;
    int64_t id;
    if (payload[0] == GREETING)
        return;
    if (str_split(str_of(payload), ':', &subject, &number) && subject.len == 1 && str_to_int(number, &id))
        raise_one(db, (enum db_subject)subject.at[0], id);
    else
        raise_all(db);
}

static void trust_until(struct db *db, int64_t monotonic_ms)
{
    if (atomic_load(&db->changes->trusted_until) == 0) {
        /* Raised before it is trusted: what was kept earlier may have missed something. */
        raise_all(db);
        log_event(LOG_INFO, "changes of other nodes are heard");
        db->changes->complained = false;
    }
    atomic_store(&db->changes->trusted_until, monotonic_ms);
}

/* Said once, until it is over. */
static void distrust(struct db *db, const char *why)
{
    atomic_store(&db->changes->trusted_until, 0);
    if (!db->changes->complained && !atomic_load(&db->changes->stopping))
        log_event(LOG_WARN, "changes of other nodes cannot be heard; nothing is kept", LOG_Z("reason", why));
    db->changes->complained = true;
}

struct ear {
    struct db *db;
    struct storage_listener *listener;
    char greeting[24];
    bool greeted;      /* the greeting was heard: notifications reach us */
    int64_t opened_ms; /* when the greeting went out */
    int64_t asked_ms;  /* no later than the question whose answer is awaited */
    int64_t pause_ms;  /* between two questions */
};

static enum storage_status send_greeting(struct db_conn *conn, void *context)
{
    return db_notify(conn, CHANNEL, context);
}

/* Through a connection like those that changes are written through. */
static bool greet(struct ear *ear)
{
    uint64_t nonce;
    random_bytes(&nonce, sizeof(nonce));
    snprintf(ear->greeting, sizeof(ear->greeting), "%c%016llx", GREETING, (unsigned long long)nonce);
    struct db_conn *conn = db_connect(ear->db);
    db_set_deadline(conn, clock_monotonic_ms() + GREETING_MS);
    enum storage_status s = db_transaction(conn, STORAGE_WRITE, send_greeting, ear->greeting);
    db_disconnect(&conn);
    return s == STORAGE_OK;
}

/* An answered question: what was notified before it has been taken. False: the listener is deaf. */
static bool take_answer(struct ear *ear)
{
    int64_t now = clock_monotonic_ms();
    if (ear->greeted)
        trust_until(ear->db, ear->asked_ms + LEASE_MS);
    else if (now > ear->opened_ms + GREETING_MS)
        return false;
    ear->asked_ms = now;
    ear->pause_ms = ASK_MS;
    return true;
}

static bool hear_once(struct ear *ear)
{
    char payload[PAYLOAD_CAP * 4];
    int64_t left = ear->asked_ms + ear->pause_ms - clock_monotonic_ms();
    enum storage_status s =
        ear->db->driver->wait(ear->listener, left > 0 ? (int)left : 0, payload, sizeof(payload));
    if (s != STORAGE_ROW)
        return s == STORAGE_DONE && take_answer(ear);
    ear->greeted |= strcmp(payload, ear->greeting) == 0;
    take_news(ear->db, payload);
    return true;
}

/* Until the listener is lost. Why it was. */
static const char *hear(struct db *db, struct storage_listener *listener)
{
    struct ear ear = { .db = db, .listener = listener, .opened_ms = clock_monotonic_ms() };
    if (!greet(&ear))
        return "a notification cannot be sent";
    ear.asked_ms = clock_monotonic_ms();
    while (!atomic_load(&db->changes->stopping) && hear_once(&ear))
        ;
    return ear.greeted ? "the connection is lost" : "a notification sent to itself did not arrive";
}

static void *listen_loop(void *arg)
{
    struct db *db = arg;
    while (!atomic_load(&db->changes->stopping)) {
        struct storage_listener *listener = NULL;
        struct storage_error error = { STORAGE_OK, "" };
        if (db->driver->listen(db->inner, CHANNEL, &listener, &error) == STORAGE_OK) {
            distrust(db, hear(db, listener));
            db->driver->unlisten(listener);
        } else {
            distrust(db, error.text);
        }
        if (!atomic_load(&db->changes->stopping))
            nanosleep(&(struct timespec){ .tv_nsec = RETRY_MS * 1000000L }, NULL);
    }
    return NULL;
}

void db_hear_changes(struct db *db)
{
    struct changes *changes = db->changes;
    if (changes->listening || !(db->driver->caps & STORAGE_CAP_NOTIFY))
        return;
    changes->listening = pthread_create(&changes->thread, NULL, listen_loop, db) == 0;
    if (!changes->listening)
        log_event(LOG_ERROR, "no thread to hear other nodes; nothing is kept");
}

void changes_open(struct db *db)
{
    db->changes = calloc(1, sizeof(*db->changes));
    if (!db->changes)
        abort();
    atomic_store(&db->changes->epoch, 1);
    atomic_store(&db->changes->trusted_until, db->driver->caps & STORAGE_CAP_NOTIFY ? 0 : FOR_EVER);
}

void changes_close(struct db *db)
{
    atomic_store(&db->changes->stopping, true);
    if (db->changes->listening)
        pthread_join(db->changes->thread, NULL);
    free(db->changes);
}

struct db *db_of(struct db_conn *conn)
{
    return conn->db;
}
