/* Plain atomics. Per-route counters live in a fixed table: a slot is claimed once per operation id by
 * compare-and-swap and never given back; each slot counts every status by its number. The table's pages are
 * zero until touched, so unused statuses cost nothing. */
#include "base/metrics.h"

#include <dirent.h>
#include <stdalign.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cache_line.h"

enum kind { COUNTER, GAUGE, HISTOGRAM };

struct metric_info {
    enum kind kind;
    const char *name, *help;
};

static const struct metric_info infos[METRIC_COUNT] = {
#define X(kind, name, prom, help) [METRIC_##name] = { kind, (prom), (help) },
#include "base/metrics.def"
#undef X
};

/* Upper bounds in microseconds, 100 µs to 10 s; the last bucket has none. */
static const int64_t bounds[] = { 100,   250,    500,    1000,   2500,    5000,    10000,   25000,
                                  50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000 };
#define BOUNDS (sizeof(bounds) / sizeof(bounds[0]))

/* Each on lines of its own: what the loops count would else travel with what the workers count. */
struct series {
    alignas(CACHE_LINE) _Atomic int64_t value; /* counters, gauges; the sum of a histogram */
    _Atomic(const atomic_size_t *) came, went; /* NULL, or what a gauge is the difference of */
    _Atomic int64_t buckets[BOUNDS + 1];
};
static struct series all_series[METRIC_COUNT];

#define MAX_OPS    256
#define MAX_STATUS 600
struct op_slot {
    _Atomic(const char *) op; /* NULL: free */
    _Atomic int64_t by_status[MAX_STATUS];
};
static struct op_slot op_slots[MAX_OPS];
static struct op_slot other_ops = { .op = "other" };

void metric_add(enum metric metric, int64_t n)
{
    atomic_fetch_add_explicit(&all_series[metric].value, n, memory_order_relaxed);
}

void metric_set(enum metric metric, int64_t value)
{
    atomic_store_explicit(&all_series[metric].value, value, memory_order_relaxed);
}

void metric_observe(enum metric metric, int64_t micros)
{
    size_t bucket = 0;
    while (bucket < BOUNDS && micros > bounds[bucket])
        bucket++;
    metric_add(metric, micros);
    atomic_fetch_add_explicit(&all_series[metric].buckets[bucket], 1, memory_order_relaxed);
}

void metric_source(enum metric metric, const atomic_size_t *came, const atomic_size_t *went)
{
    atomic_store(&all_series[metric].came, came);
    atomic_store(&all_series[metric].went, went);
}

int64_t metric_value(enum metric metric)
{
    const struct series *series = &all_series[metric];
    const atomic_size_t *came = atomic_load(&series->came), *went = atomic_load(&series->went);
    if (!came || !went)
        return atomic_load_explicit(&series->value, memory_order_relaxed);
    size_t gone = atomic_load(went); /* first: what goes meanwhile has come before */
    return (int64_t)(atomic_load(came) - gone);
}

static size_t hash(const char *text)
{
    uint32_t h = 2166136261u; /* FNV-1a: the names come from our own tables */
    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * 16777619u;
    return h;
}

/* Whether the slot is this operation's, claiming it when it is free. */
static bool claim(struct op_slot *slot, const char *op)
{
    const char *owner = atomic_load_explicit(&slot->op, memory_order_acquire);
    if (owner == NULL && atomic_compare_exchange_strong(&slot->op, &owner, op))
        return true;
    return owner == op || strcmp(owner, op) == 0;
}

static struct op_slot *slot_of(const char *op)
{
    size_t start = hash(op);
    for (size_t i = 0; i < MAX_OPS; i++) {
        struct op_slot *slot = &op_slots[(start + i) % MAX_OPS];
        if (claim(slot, op))
            return slot;
    }
    return &other_ops;
}

void metric_request(const char *op, int status)
{
    struct op_slot *slot = op == NULL ? &other_ops : slot_of(op);
    size_t code = status < 0 || status >= MAX_STATUS ? 0 : (size_t)status;
    atomic_fetch_add_explicit(&slot->by_status[code], 1, memory_order_relaxed);
}

static void print_head(struct buf *buf, const char *name, const char *help, const char *type)
{
    buf_printf(buf, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_single(struct buf *buf, const char *name, const char *help, const char *type, int64_t value)
{
    print_head(buf, name, help, type);
    buf_printf(buf, "%s %lld\n", name, (long long)value);
}

/* The count is the sum of what was read here, so that it always equals the last bucket. */
static void print_histogram(struct buf *buf, const struct metric_info *info, struct series *series)
{
    int64_t count = 0;
    print_head(buf, info->name, info->help, "histogram");
    for (size_t i = 0; i <= BOUNDS; i++) {
        count += atomic_load_explicit(&series->buckets[i], memory_order_relaxed);
        if (i < BOUNDS)
            buf_printf(buf, "%s_bucket{le=\"%g\"} %lld\n", info->name, (double)bounds[i] / 1e6,
                       (long long)count);
        else
            buf_printf(buf, "%s_bucket{le=\"+Inf\"} %lld\n", info->name, (long long)count);
    }
    int64_t sum = atomic_load_explicit(&series->value, memory_order_relaxed);
    buf_printf(buf, "%s_sum %.6f\n%s_count %lld\n", info->name, (double)sum / 1e6, info->name,
               (long long)count);
}

static void print_op(struct buf *buf, struct op_slot *slot)
{
    const char *op = atomic_load_explicit(&slot->op, memory_order_acquire);
    if (op == NULL)
        return;
    for (int status = 0; status < MAX_STATUS; status++) {
        int64_t n = atomic_load_explicit(&slot->by_status[status], memory_order_relaxed);
        if (n != 0)
            buf_printf(buf, "tether_requests_total{op=\"%s\",status=\"%d\"} %lld\n", op, status,
                       (long long)n);
    }
}

static void print_requests(struct buf *buf)
{
    print_head(buf, "tether_requests_total", "Requests answered, by operation and HTTP status", "counter");
    for (size_t i = 0; i < MAX_OPS; i++)
        print_op(buf, &op_slots[i]);
    print_op(buf, &other_ops);
}

static int64_t resident_bytes(void)
{
    long long total, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%lld %lld", &total, &resident) != 2)
        resident = 0;
    fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

static int64_t open_fds(void)
{
    int64_t count = 0;
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL)
        return 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count - 1; /* without the one of this listing */
}

void metrics_print(struct buf *buf)
{
    static const char *const types[] = { [COUNTER] = "counter", [GAUGE] = "gauge" };
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        if (infos[i].kind == HISTOGRAM)
            print_histogram(buf, &infos[i], &all_series[i]);
        else
            print_single(buf, infos[i].name, infos[i].help, types[infos[i].kind],
                         metric_value((enum metric)i));
    }
    print_requests(buf);
    print_single(buf, "process_resident_memory_bytes", "Resident memory size in bytes", "gauge",
                 resident_bytes());
    print_single(buf, "process_open_fds", "Open file descriptors", "gauge", open_fds());
    print_head(buf, "tether_build_info", "The running version", "gauge");
    buf_printf(buf, "tether_build_info{version=\"%s\"} 1\n", TETHER_VERSION);
}
