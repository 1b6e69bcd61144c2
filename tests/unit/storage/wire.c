#include "wire.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend_sqlite/driver.h"

#define PAYLOADS_MAX 256
#define PAYLOAD_CAP  64

struct payload {
    struct storage_conn *conn; /* whose transaction has it; NULL: it was committed */
    char text[PAYLOAD_CAP];
    bool heard;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct storage_driver driver;
static enum wire_state wire;
static struct payload payloads[PAYLOADS_MAX];
static size_t payload_count;
static int listens, waits;

static struct payload *add(struct storage_conn *conn, const char *text)
{
    struct payload *payload = &payloads[payload_count++];
    if (payload_count == PAYLOADS_MAX)
        abort();
    *payload = (struct payload){ .conn = conn };
    snprintf(payload->text, sizeof(payload->text), "%s", text);
    return payload;
}

static enum storage_status notify(struct storage_conn *conn, const char *channel, const char *payload)
{
    (void)channel;
    pthread_mutex_lock(&mutex);
    add(conn, payload);
    pthread_mutex_unlock(&mutex);
    return STORAGE_OK;
}

/* Committed: said again, as committed. Rolled back: forgotten. */
static void settle(struct storage_conn *conn, bool committed)
{
    pthread_mutex_lock(&mutex);
    for (size_t i = 0, n = payload_count; i < n; i++) {
        if (payloads[i].conn != conn)
            continue;
        payloads[i].conn = (struct storage_conn *)&payloads[i]; /* nobody's */
        if (committed)
            add(NULL, payloads[i].text)->heard = wire == WIRE_DEAF;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static enum storage_status commit(struct storage_conn *conn)
{
    enum storage_status s = sqlite_driver.commit(conn);
    settle(conn, s == STORAGE_OK);
    return s;
}

static void rollback(struct storage_conn *conn)
{
    sqlite_driver.rollback(conn);
    settle(conn, false);
}

static enum storage_status listen_(struct storage_db *db, const char *channel, struct storage_listener **ret,
                                   struct storage_error *error)
{
    (void)db, (void)channel;
    pthread_mutex_lock(&mutex);
    bool cut = wire == WIRE_CUT;
    listens += !cut;
    pthread_mutex_unlock(&mutex);
    if (cut) {
        *error = (struct storage_error){ STORAGE_GONE, "the wire is cut" };
        return STORAGE_GONE;
    }
    *ret = (struct storage_listener *)&wire; /* there is only one wire */
    return STORAGE_OK;
}

static struct payload *next_payload(void)
{
    for (size_t i = 0; i < payload_count; i++)
        if (!payloads[i].conn && !payloads[i].heard)
            return &payloads[i];
    return NULL;
}

/* With the mutex held. False: the time is over. */
static bool pause_until(const struct timespec *until)
{
    return pthread_cond_timedwait(&changed, &mutex, until) != ETIMEDOUT;
}

static enum storage_status wait_(struct storage_listener *listener, int timeout_ms, char *ret, size_t cap)
{
    (void)listener;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += timeout_ms % 1000 * 1000000L;
    until.tv_sec += timeout_ms / 1000 + until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&mutex);
    waits++;
    pthread_cond_broadcast(&changed);
    while (wire == WIRE_FROZEN || (wire != WIRE_CUT && !next_payload())) {
        if (wire == WIRE_FROZEN)
            pthread_cond_wait(&changed, &mutex);
        else if (!pause_until(&until))
            break;
    }
    struct payload *payload = wire == WIRE_CUT ? NULL : next_payload();
    enum storage_status s = wire == WIRE_CUT ? STORAGE_GONE : payload ? STORAGE_ROW : STORAGE_DONE;
    if (payload) {
        snprintf(ret, cap, "%s", payload->text);
        payload->heard = true;
    }
    pthread_mutex_unlock(&mutex);
    return s;
}

static void unlisten(struct storage_listener *listener)
{
    (void)listener;
}

const struct storage_driver *wire_driver(void)
{
    driver = sqlite_driver;
    driver.caps |= STORAGE_CAP_NOTIFY;
    driver.notify = notify;
    driver.commit = commit;
    driver.rollback = rollback;
    driver.listen = listen_;
    driver.wait = wait_;
    driver.unlisten = unlisten;
    wire = WIRE_UP;
    payload_count = 0;
    listens = waits = 0;
    return &driver;
}

void wire_set(enum wire_state state)
{
    pthread_mutex_lock(&mutex);
    wire = state;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

void wire_say(const char *payload)
{
    pthread_mutex_lock(&mutex);
    add(NULL, payload);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

void wire_flush(void)
{
    pthread_mutex_lock(&mutex);
    while (next_payload())
        pthread_cond_wait(&changed, &mutex);
    for (int seen = waits; waits == seen;)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
}

int wire_sent(const char *payload)
{
    int n = 0;
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < payload_count; i++)
        n += !payloads[i].conn && strcmp(payloads[i].text, payload) == 0;
    pthread_mutex_unlock(&mutex);
    return n;
}

int wire_listens(void)
{
    pthread_mutex_lock(&mutex);
    int n = listens;
    pthread_mutex_unlock(&mutex);
    return n;
}
