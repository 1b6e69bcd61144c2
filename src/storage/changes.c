/* Generation counters; see changes.h for the idea.
 *
 * Order is what makes it safe. A writer commits, then raises the counter, then returns: whoever is told that
 * a revocation happened is told after every later request sees the new counter. A reader takes the stamp,
 * then reads: had a commit slipped between, the stamp it keeps is already the old one. */
#include "storage/changes.h"

#include "base/clock.h"
#include "base/log.h"
#include "storage/internal.h"

#define CHANNEL     "tether_changes"
#define EVERYTHING  "*"
#define WAIT_MS     250
#define RETRY_MS    200
#define PAYLOAD_CAP 64

static _Atomic uint32_t *slot_of(const struct db *db, enum db_subject subject, int64_t id)
{
    uint64_t mixed = ((uint64_t)id * UINT64_C(0x9E3779B97F4A7C15)) ^ ((uint64_t)subject << 56);
    mixed ^= mixed >> 29;
    return &db->changes->generations[mixed % CHANGES_SLOTS];
}

struct db_stamp db_stamp(const struct db *db, enum db_subject subject, int64_t id)
{
    if (!atomic_load(&db->changes->heard))
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

enum storage_status db_touch(struct db_conn *conn, enum db_subject subject, int64_t id)
{
    char payload[PAYLOAD_CAP];
    if (is_touched(conn, subject, id))
        return STORAGE_OK;
    if (conn->touched_count >= TOUCHED_MAX)
        return db_touch_all(conn);
    conn->touched[conn->touched_count++] = (struct touched){ subject, id };
    snprintf(payload, sizeof(payload), "%c:%lld", (char)subject, (long long)id);
    return db_notify(conn, CHANNEL, payload);
}

enum storage_status db_touch_all(struct db_conn *conn)
{
    if (conn->touched_count > TOUCHED_MAX)
        return STORAGE_OK;
    conn->touched_count = TOUCHED_MAX + 1;
    return db_notify(conn, CHANNEL, EVERYTHING);
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
    if (str_split(str_of(payload), ':', &subject, &number) && subject.len == 1 && str_to_int(number, &id))
        raise_one(db, (enum db_subject)subject.at[0], id);
    else
        raise_all(db);
}

static void set_heard(struct db *db, bool heard)
{
    if (atomic_load(&db->changes->heard) == heard)
        return;
    /* Raised before it is trusted: what was kept earlier may have missed something. */
    raise_all(db);
    atomic_store(&db->changes->heard, heard);
    log_event(heard ? LOG_INFO : LOG_WARN, heard ? "changes of other nodes are heard"
                                                 : "changes of other nodes cannot be heard; nothing is kept");
}

static void hear(struct db *db, struct storage_listener *listener)
{
    char payload[PAYLOAD_CAP * 4];
    set_heard(db, true);
    while (!atomic_load(&db->changes->stopping)) {
        enum storage_status s = db->driver->wait(listener, WAIT_MS, payload, sizeof(payload));
        if (s == STORAGE_ROW)
            take_news(db, payload);
        else if (s != STORAGE_DONE)
            break;
    }
    set_heard(db, false);
}

static void *listen_loop(void *arg)
{
    struct db *db = arg;
    while (!atomic_load(&db->changes->stopping)) {
        struct storage_listener *listener = NULL;
        struct storage_error error;
        if (db->driver->listen(db->inner, CHANNEL, &listener, &error) == STORAGE_OK) {
            hear(db, listener);
            db->driver->unlisten(listener);
            continue;
        }
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
    atomic_store(&db->changes->heard, !(db->driver->caps & STORAGE_CAP_NOTIFY));
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
