#!/bin/sh
# The conformance suite on SQLite with a file in a scratch folder.
#
#   sqlite.sh CONFORMANCE_PROGRAM [ITS OPTIONS]
set -eu
program=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$program" --driver sqlite --setting path="$scratch/db" "$@"
