#!/bin/sh
# Threads that meet, under ThreadSanitizer: the units of lanes, the hand-over between loop and workers, caches and counters,
# group commit; and the real server under attack (cancel storms, overload, leaving readers, reloads, a drain under load) and in
# end-to-end tests with many at once. Takes some minutes, most of them building.
#
#   tests/unit/with-tsan.sh
set -eu
cd "$(dirname "$0")/../.."
build=$PWD/build/tsan
tests='test_cache test_recent test_rate_limit test_log test_log_sink test_metrics test_storage_changes test_storage_transaction
    test_walk_authority test_walk_lanes test_kept_answers test_absence test_walk_shared_rate test_http_lane
    test_worker test_import'
cmake --preset tsan -B "$build" -Wno-dev --log-level=WARNING >/dev/null
# shellcheck disable=SC2086
ninja -C "$build" --quiet $tests tether attack_frames attack_preload
# One that finds a race ends its process, and says so where the tests look.
export TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1 ${TSAN_OPTIONS:-}"
ctest --test-dir "$build" --timeout 300 --output-on-failure -R "^($(echo $tests | tr ' ' '|'))$"
export TETHER_BIN=$build/src/tether TETHER_BUILD=$build TETHER_DRIVERS=sqlite
tests/attack/run 'H2 rapid reset' 'M3 cancel storm' 'O1' 'pieces left' 'TLS certificates' 'U1 under load'
tests/api/run tests/api/events.test.mjs tests/api/me.test.mjs tests/api/team.test.mjs tests/api/signals.test.mjs \
    >"$build/api.log" 2>&1 || {
    cat "$build/api.log"
    exit 1
}
echo 'no race was found'
