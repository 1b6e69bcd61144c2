#!/bin/sh
# The units whose threads meet, under ThreadSanitizer: lanes, the hand-over between loop and workers, caches and
# counters, group commit, cancel storms. Takes a few minutes, most of it building.
#
#   tests/unit/with-tsan.sh
set -eu
cd "$(dirname "$0")/../.."
build=$PWD/build/tsan
tests='test_cache test_recent test_rate_limit test_log test_metrics test_storage_changes test_storage_transaction
    test_walk_authority test_walk_lanes test_kept_answers test_walk_shared_rate test_http_lane'
cmake --preset tsan -B "$build" -Wno-dev --log-level=WARNING >/dev/null
# shellcheck disable=SC2086
ninja -C "$build" --quiet $tests tether attack_frames attack_preload
export TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1 ${TSAN_OPTIONS:-}"
ctest --test-dir "$build" --timeout 300 --output-on-failure -R "^($(echo $tests | tr ' ' '|'))$"
TETHER_BIN=$build/src/tether TETHER_BUILD=$build tests/attack/run 'M3 cancel storm' 'H2 rapid reset' 'U1 under load'
