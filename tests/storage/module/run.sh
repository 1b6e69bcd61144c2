#!/bin/sh
# Installs the headers into a scratch prefix, builds the example driver there against nothing else, and runs the
# conformance suite on it as a loaded module.
#
#   run.sh BUILD_DIR SOURCE_DIR CONFORMANCE_PROGRAM
set -eu
build=$1
source=$2
program=$3

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cmake --install "$build/include" --prefix "$scratch/prefix" >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
mkdir "$scratch/driver"
cp "$source/CMakeLists.txt" "$source/example.c" "$scratch/driver/"
cmake -S "$scratch/driver" -B "$scratch/built" -DCMAKE_PREFIX_PATH="$scratch/prefix" >"$scratch/log" 2>&1 &&
    cmake --build "$scratch/built" >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }

for group in values constraints statements transactions concurrency schema notify durability; do
    "$program" --driver "$scratch/built/example.so" --setting path="$scratch/db" --group "$group" --rounds 2
done

# The same through the configuration's way of a wrong path.
if "$program" --driver "$scratch/built/missing.so" --setting path="$scratch/db" 2>"$scratch/log"; then
    echo "a module that is not there was opened"
    exit 1
fi
grep -q missing.so "$scratch/log"
