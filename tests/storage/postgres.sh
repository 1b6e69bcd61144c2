#!/bin/sh
# Runs the conformance suite on a PostgreSQL server of its own, which ends with it.
#
#   tests/storage/postgres.sh PROGRAM [OPTION…]    PROGRAM: storage_conformance; OPTION: its own, as --fault
set -eu
program=$1
shift
scripts=$(dirname "$0")/..
dir=$(mktemp -d /tmp/tether-pg-XXXXXX)
trap '"$scripts/postgres.sh" stop "$dir"; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
# Whoever kills this script kills no trap.
setsid "$scripts/postgres.sh" guard "$dir" $$ >/dev/null 2>&1 </dev/null &
# What a made-up fault leaves behind is the same on any disk; what is durable the run without faults proves.
unsynced=
case " $* " in *' --fault '*) unsynced='fsync=off full_page_writes=off' ;; esac
# shellcheck disable=SC2086 # a list of settings
conninfo=$("$scripts/postgres.sh" start "$dir" $unsynced)
"$program" --driver postgres --setting "conninfo=$conninfo" "$@"
