/* The writer takes all that has gathered, writes it while the next gathers, and so on: two pages, one lock
 * that is never held while anything is written. Both are mapped memory that costs nothing until it is used.
 */
#include "base/log_sink.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/worker.h"

#define HELD_FOR_URGENT (LOG_HELD_MAX / 8)
#define LOSS_CAP        512

enum way { WAY_WAITS = 0, WAY_LEAVES_OUT, WAY_HANDS_OVER };

struct page {
    size_t len;
    char *at; /* LOG_HELD_FILE_MAX bytes, mapped once for good: a writer may be left behind that still reads
                 it */
};

static _Atomic int fd_now = STDERR_FILENO;
static _Atomic int way_now = WAY_WAITS;
static struct page pages[2];

static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled, settled; /* there is something to write; there is nothing any more */
    pthread_cond_t room;            /* the page that fills is empty again */
    pthread_t thread;
    struct page *filling;
    size_t lost; /* lines, and nobody was told yet */
    bool is_file, is_writing, stopping, ended;
} sink = { .lock = PTHREAD_MUTEX_INITIALIZER,
           .filled = PTHREAD_COND_INITIALIZER,
           .settled = PTHREAD_COND_INITIALIZER,
           .room = PTHREAD_COND_INITIALIZER,
           .filling = &pages[0] };

void log_sink_set_fd(int fd)
{
    atomic_store(&fd_now, fd);
}

bool log_sink_is_file(void)
{
    struct stat stat;
    return fstat(atomic_load(&fd_now), &stat) == 0 && S_ISREG(stat.st_mode);
}

static size_t lines_in(const char *text, size_t len)
{
    size_t lines = 0;
    for (const char *at = text; (at = memchr(at, '\n', len - (size_t)(at - text))) != NULL; at++)
        lines++;
    return lines;
}

static bool can_write(int timeout_ms)
{
    struct pollfd fd = { .fd = atomic_load(&fd_now), .events = POLLOUT };
    return poll(&fd, 1, timeout_ms) > 0;
}

/* There is nowhere to report a log that cannot be written. */
static void write_all(const char *at, size_t len)
{
    while (len > 0) {
        ssize_t n = write(atomic_load(&fd_now), at, len);
        if (n < 0 && errno == EAGAIN) /* whoever shares the descriptor wants it so */
            can_write(-1);
        else if (n < 0 && errno != EINTR)
            return;
        at += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
}

/* --- Leaving out --- */

/* What poll() calls writable takes a line that is no longer than PIPE_BUF. */
static void write_or_leave_out(const char *text, size_t len)
{
    char loss[LOSS_CAP];
    pthread_mutex_lock(&sink.lock);
    bool can = can_write(0);
    size_t lost = can ? sink.lost : 0;
    sink.lost = can ? 0 : sink.lost + lines_in(text, len);
    pthread_mutex_unlock(&sink.lock);
    if (!can) {
        metric_add(METRIC_LOG_LINES_LOST, (int64_t)lines_in(text, len));
        return;
    }
    if (lost > 0)
        write_all(loss, log_loss_line(loss, sizeof loss, lost));
    write_all(text, len);
}

/* --- Handing over --- */

static size_t limit_of(bool is_urgent)
{
    size_t held = sink.is_file ? LOG_HELD_FILE_MAX : LOG_HELD_MAX;
    return is_urgent ? held : held - HELD_FOR_URGENT;
}

/* With the lock. A file takes all that it is given: there is no reader to wait for, and who logs faster than
 * a disk writes is in the long run as slow as the disk. */
static bool has_room(size_t len, size_t limit)
{
    while (sink.is_file && sink.filling->len + len > limit)
        pthread_cond_wait(&sink.room, &sink.lock);
    return sink.filling->len + len <= limit;
}

static void hand_over(const char *text, size_t len, bool is_urgent)
{
    pthread_mutex_lock(&sink.lock);
    bool fits = has_room(len, limit_of(is_urgent));
    struct page *page = sink.filling;
    bool is_first = page->len == 0;
    if (fits) {
        memcpy(page->at + page->len, text, len);
        page->len += len;
    } else {
        sink.lost += lines_in(text, len);
    }
    pthread_mutex_unlock(&sink.lock);
    if (!fits)
        metric_add(METRIC_LOG_LINES_LOST, (int64_t)lines_in(text, len));
    else if (is_first)
        pthread_cond_signal(&sink.filled);
}

/* How much of it a pipe takes in one piece, so that another process' lines do not get into one of ours: whole
 * lines, or one that is longer. */
static size_t piece_of(const char *at, size_t len)
{
    const char *end = len <= PIPE_BUF ? NULL : memrchr(at, '\n', PIPE_BUF);
    if (len > PIPE_BUF && !end)
        end = memchr(at, '\n', len);
    return end ? (size_t)(end - at) + 1 : len;
}

static void write_page(const struct page *page)
{
    for (size_t at = 0, n; at < page->len; at += n) {
        n = sink.is_file ? page->len : piece_of(page->at + at, page->len - at);
        write_all(page->at + at, n);
    }
}

/* Back to what a quiet hour needs: much gathers only while the disk stands still. */
static void clear_page(struct page *page)
{
    if (page->len > LOG_HELD_MAX)
        madvise(page->at + LOG_HELD_MAX, LOG_HELD_FILE_MAX - LOG_HELD_MAX, MADV_DONTNEED);
    page->len = 0;
}

/* What gathers from now on gathers in the other page. */
static struct page *take_page(void)
{
    struct page *page = sink.filling;
    sink.filling = page == &pages[0] ? &pages[1] : &pages[0];
    return page;
}

/* With the lock, which is not held meanwhile. */
static void write_what_gathered(void)
{
    char loss[LOSS_CAP];
    struct page *page = take_page();
    size_t lost = sink.lost;
    sink.lost = 0;
    sink.is_writing = true;
    pthread_cond_broadcast(&sink.room);
    pthread_mutex_unlock(&sink.lock);
    write_page(page);
    if (lost > 0)
        write_all(loss, log_loss_line(loss, sizeof loss, lost));
    clear_page(page);
    pthread_mutex_lock(&sink.lock);
    sink.is_writing = false;
}

static void *write_on(void *unused)
{
    pthread_setname_np(pthread_self(), "log");
    pthread_mutex_lock(&sink.lock);
    while (sink.filling->len > 0 || !sink.stopping) {
        if (sink.filling->len > 0) {
            write_what_gathered();
            continue;
        }
        pthread_cond_broadcast(&sink.settled);
        pthread_cond_wait(&sink.filled, &sink.lock);
    }
    sink.ended = true;
    pthread_cond_broadcast(&sink.settled);
    pthread_mutex_unlock(&sink.lock);
    return unused;
}

void log_sink_never_wait(void)
{
    atomic_store(&way_now, WAY_LEAVES_OUT);
}

static bool map_page(struct page *page)
{
    if (page->at)
        return true;
    void *at = mmap(NULL, LOG_HELD_FILE_MAX, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    page->at = at == MAP_FAILED ? NULL : at;
    return page->at;
}

bool log_sink_start(void)
{
    sink.lost = 0; /* a process that was forked: its parent tells of those */
    sink.stopping = sink.ended = false;
    sink.is_file = log_sink_is_file();
    bool runs = map_page(&pages[0]) && map_page(&pages[1]) && worker_thread(&sink.thread, write_on, NULL);
    atomic_store(&way_now, runs ? WAY_HANDS_OVER : WAY_LEAVES_OUT);
    return runs;
}

static bool is_settled(void)
{
    return sink.stopping ? sink.ended : sink.filling->len == 0 && !sink.is_writing;
}

/* With the lock. */
static bool await(int64_t ms)
{
    int64_t until_ms = clock_monotonic_ms() + ms;
    struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };
    int rc = 0;
    while (!is_settled() && rc == 0)
        rc = pthread_cond_clockwait(&sink.settled, &sink.lock, CLOCK_MONOTONIC, &until);
    return is_settled();
}

bool log_sink_await(int64_t ms)
{
    if (atomic_load(&way_now) != WAY_HANDS_OVER)
        return true;
    pthread_mutex_lock(&sink.lock);
    bool settled = await(ms);
    pthread_mutex_unlock(&sink.lock);
    return settled;
}

void log_sink_stop(int64_t ms)
{
    if (atomic_load(&way_now) != WAY_HANDS_OVER)
        return;
    pthread_mutex_lock(&sink.lock);
    sink.stopping = true;
    pthread_cond_signal(&sink.filled);
    bool ended = await(ms);
    pthread_mutex_unlock(&sink.lock);
    if (!ended) { /* in a write that does not end, or not soon; what is logged still goes to it */
        pthread_detach(sink.thread);
        return;
    }
    log_sink_never_wait();
    pthread_join(sink.thread, NULL);
}

void log_sink_write(const char *text, size_t len, bool is_urgent)
{
    enum way way = (enum way)atomic_load_explicit(&way_now, memory_order_relaxed);
    if (way == WAY_HANDS_OVER)
        hand_over(text, len, is_urgent);
    else if (way == WAY_LEAVES_OUT)
        write_or_leave_out(text, len);
    else
        write_all(text, len);
}
