#!/bin/sh
# Runs unit tests that know TETHER_TEST_POSTGRES, one after the other, on a PostgreSQL database of their own, which ends
# with them: on the server of the folder TETHER_TEST_SERVER (tests/postgres.sh), or else on a server of their own too.
#
#   tests/unit/with-postgres.sh PROGRAM…
set -eu
scripts=$(dirname "$0")/..
trap 'exit 1' INT TERM

run() { # programs, on TETHER_TEST_POSTGRES
    export TETHER_TEST_POSTGRES
    status=0
    for program in "$@"; do "$program" || status=1; done
    exit $status
}

if [ -n "${TETHER_TEST_SERVER:-}" ]; then
    database=unit_$$
    trap '"$scripts/postgres.sh" drop-database "$TETHER_TEST_SERVER" $database' EXIT
    TETHER_TEST_POSTGRES=$("$scripts/postgres.sh" create-database "$TETHER_TEST_SERVER" $database)
    run "$@"
fi
dir=$(mktemp -d /tmp/tether-pg-XXXXXX)
trap '"$scripts/postgres.sh" stop "$dir"; rm -rf "$dir"' EXIT
TETHER_TEST_POSTGRES=$("$scripts/postgres.sh" start "$dir" fsync=off)
run "$@"
