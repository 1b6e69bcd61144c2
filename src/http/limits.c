/* The figures of normal operation. */
#include "http/limits.h"

const struct http_limits http_limits_default = {
    .tick_ms = 1000,
    .stall_ms = 12000,
    .stall_bytes = 65536,
    .max_age_ms = 3600000,
    .request_ms = 10000,
    .idle_ms = 75000,
    .handshake_ms = 5000,
    .drain_tick_ms = 50,
    .grace_ms = 250,
    .watchdog_ms = 2000,
    .jobs = 32,
    .cancelled = 100,
    .abandoned = 150,
    .held = (size_t)8 << 20,
    .held_in_all = (size_t)128 << 20,
};
