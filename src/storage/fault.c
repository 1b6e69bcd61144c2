/* The fault decorator: the Nth call that can fail is not made and answers what the test asked for.
 *
 * It keeps the contract's promises about failed calls: a failed commit has ended the transaction, a failed
 * step the run. A commit that answers UNCERTAIN is really made every other time, since both must be survived.
 */
#include <pthread.h>

#include "storage/decorate.h"
#include "storage/internal.h"

#define INJECTED "a fault, made on purpose"

static const struct storage_driver *inner;
static struct storage_driver faulty;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
    int nth; /* 0: off */
    enum storage_status status;
    bool persistent;
    int calls;
    bool make_uncertain_commit;
} plan;

/* Was this thread's last call refused here? Then the text is ours. */
static _Thread_local bool refused;

static bool is_due(enum storage_status *ret)
{
    pthread_mutex_lock(&mutex);
    plan.calls++;
    refused = plan.nth > 0 && (plan.calls == plan.nth || (plan.persistent && plan.calls > plan.nth));
    *ret = plan.status;
    pthread_mutex_unlock(&mutex);
    return refused;
}

static void end_run(struct storage_stmt *stmt)
{
    inner->reset(stmt);
}

static void lose_commit(struct storage_conn *conn, enum storage_status status)
{
    pthread_mutex_lock(&mutex);
    bool make = status == STORAGE_UNCERTAIN && plan.make_uncertain_commit;
    plan.make_uncertain_commit = !plan.make_uncertain_commit;
    pthread_mutex_unlock(&mutex);
    if (!make || inner->commit(conn) != STORAGE_OK)
        inner->rollback(conn);
}

#define X(entry, parameters, arguments, undo)                                                                \
    static enum storage_status fault_##entry parameters                                                      \
    {                                                                                                        \
        enum storage_status status;                                                                          \
        if (!is_due(&status))                                                                                \
            return inner->entry arguments;                                                                   \
        undo;                                                                                                \
        return status;                                                                                       \
    }
#include "calls.def"
#undef X

static enum storage_status fault_open(const struct storage_setting *settings, size_t n,
                                      struct storage_db **ret, struct storage_error *error)
{
    enum storage_status status;
    if (is_due(&status))
        return error_set(error, status, INJECTED);
    return inner->open(settings, n, ret, error);
}

static enum storage_status fault_connect(struct storage_db *db, int64_t deadline_ms,
                                         struct storage_conn **ret, struct storage_error *error)
{
    enum storage_status status;
    if (is_due(&status))
        return error_set(error, status, INJECTED);
    return inner->connect(db, deadline_ms, ret, error);
}

static const char *fault_error(struct storage_conn *conn)
{
    return refused ? INJECTED : inner->error(conn);
}

const struct storage_driver *storage_fault(const struct storage_driver *driver)
{
    inner = driver;
    faulty = *driver;
#define X(entry, parameters, arguments, undo) faulty.entry = fault_##entry;
#include "calls.def"
#undef X
    faulty.open = fault_open;
    faulty.connect = fault_connect;
    faulty.error = fault_error;
    return &faulty;
}

void storage_fault_set(int nth, enum storage_status status, bool persistent)
{
    pthread_mutex_lock(&mutex);
    plan.nth = nth;
    plan.status = status;
    plan.persistent = persistent;
    plan.calls = 0;
    pthread_mutex_unlock(&mutex);
}

int storage_fault_calls(void)
{
    pthread_mutex_lock(&mutex);
    int calls = plan.calls;
    pthread_mutex_unlock(&mutex);
    return calls;
}
