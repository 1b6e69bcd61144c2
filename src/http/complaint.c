/* libh2o writes to stderr through two functions of the C library, which are put before those here: a write to
 * a pipe that nobody reads would hold an event loop for ever, and who can make the library complain could
 * fill a disk. Whoever else calls them, as our own last words before an abort, is served as ever; an
 * assertion that fails and a sanitizer's report do not come this way.
 *
 * What can be said while it runs: of a frame of unknown type; of a path; that an event has nobody to go to or
 * a socket cannot be taken from epoll; that a file for a large buffer cannot be had; and that it gives up.
 * The library's fwrite() of such words and ERR_print_errors_fp() stand in parts of it that are not used here
 * (its proxy, memcached, the configuration file), but for one line right before an abort. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_sink.h"
#include "http/complaint.h"

#define EXPORTED      __attribute__((visibility("default"), used))
#define LAST_WORDS_MS 500 /* for a reader of the log; one that does not read is not waited for */
#define CALLER        __builtin_return_address(0)

enum manner { SAID = 0, UNSAID, LAST_WORDS };

/* By what they begin with. */
static const struct {
    const char *start;
    enum manner manner;
} known[] = {
    { "skipping frame", UNSAID },           /* a stranger's, and as many as they like */
    { "failed to normalize path", UNSAID }, /* there may be a token in it; the request has its line */
    { "fatal:", LAST_WORDS },
    { "pipe", LAST_WORDS }, /* what it says before it aborts */
    { "pthread_create", LAST_WORDS },
};

static struct {
    pthread_mutex_t lock;
    struct complaint_quota quota;
} heard = { .lock = PTHREAD_MUTEX_INITIALIZER };

static enum manner manner_of(const char *text)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strncmp(text, known[i].start, strlen(known[i].start)) == 0)
            return known[i].manner;
    }
    return SAID;
}

static bool is_librarys(const void *caller)
{
    Dl_info info;
    return dladdr(caller, &info) != 0 && strstr(info.dli_fname, "/libh2o") != NULL;
}

static bool period_is_over(const struct complaint_quota *quota, int64_t now_ms)
{
    return now_ms - quota->since_ms >= COMPLAINT_PERIOD_MS;
}

bool complaint_quota_admits(struct complaint_quota *quota, int64_t now_ms)
{
    if (period_is_over(quota, now_ms) || quota->let_through == 0) {
        quota->since_ms = now_ms;
        quota->let_through = 0;
    }
    bool admits = quota->let_through < COMPLAINTS_MAX;
    if (admits)
        quota->let_through++;
    else
        quota->left_out++;
    return admits;
}

unsigned complaint_quota_settle(struct complaint_quota *quota, int64_t now_ms)
{
    unsigned left_out = period_is_over(quota, now_ms) ? quota->left_out : 0;
    quota->left_out -= left_out;
    return left_out;
}

void complaint_settle(int64_t now_ms)
{
    pthread_mutex_lock(&heard.lock);
    unsigned left_out = complaint_quota_settle(&heard.quota, now_ms);
    pthread_mutex_unlock(&heard.lock);
    if (left_out > 0)
        log_event(LOG_WARN, "the HTTP library complained more often", LOG_I("complaints", left_out));
}

static bool admits_one(void)
{
    pthread_mutex_lock(&heard.lock);
    bool admits = complaint_quota_admits(&heard.quota, clock_monotonic_ms());
    pthread_mutex_unlock(&heard.lock);
    return admits;
}

static void log_last_words(const char *text)
{
    log_event(LOG_ERROR, "the HTTP library gives up", LOG_Z("text", text));
    log_sink_await(LAST_WORDS_MS);
}

/* `kind`: what the library began with, before anything was filled in. */
static void complain(const char *kind, char *text)
{
    text[strcspn(text, "\n")] = '\0';
    if (manner_of(kind) == LAST_WORDS)
        log_last_words(text);
    else if (admits_one())
        log_event(LOG_WARN, "the HTTP library complains", LOG_Z("text", text));
}

static int complain_in(const char *format, va_list args)
{
    char text[COMPLAINT_TEXT_MAX];
    if (manner_of(format) == UNSAID)
        return 0;
    int len = vsnprintf(text, sizeof text, format, args); /* NOLINT: passes on what it was given */
    complain(format, text);
    return len;
}

EXPORTED int __fprintf_chk(FILE *stream, int flag, const char *format, ...) /* NOLINT */
{
    (void)flag;
    va_list args;
    va_start(args, format);
    int written = stream == stderr && is_librarys(CALLER) ? complain_in(format, args)
                                                          : vfprintf(stream, format, args); /* NOLINT */
    va_end(args);
    return written;
}

EXPORTED void perror(const char *doing)
{
    char text[COMPLAINT_TEXT_MAX], why[128];
    snprintf(text, sizeof text, "%s: %s", doing ? doing : "", strerror_r(errno, why, sizeof why));
    if (is_librarys(CALLER))
        complain(text, text);
    else
        fprintf(stderr, "%s\n", doing && *doing ? text : text + 2);
}
