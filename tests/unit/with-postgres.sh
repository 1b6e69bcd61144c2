#!/bin/sh
# Runs unit tests that know TETHER_TEST_POSTGRES, one after the other, on a PostgreSQL server of their own, which
# ends with them.
#
#   tests/unit/with-postgres.sh PROGRAM…
set -eu
scripts=$(dirname "$0")/..
dir=$(mktemp -d /tmp/tether-pg-XXXXXX)
trap '"$scripts/postgres.sh" stop "$dir"; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
TETHER_TEST_POSTGRES=$("$scripts/postgres.sh" start "$dir" fsync=off)
export TETHER_TEST_POSTGRES
status=0
for program in "$@"; do "$program" || status=1; done
exit $status
