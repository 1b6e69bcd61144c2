# Sourced by suites that are ctest programs: run_ctest [ctest options] runs them and prints their whole output, program by
# program; one that printed no result is named in a line "no result: NAME".
run_ctest() {
    log=$(mktemp)
    ctest --test-dir "$TETHER_BUILD" -j "${CTEST_JOBS:-$(nproc)}" --timeout 300 --output-log "$log" -V "$@" >/dev/null 2>&1
    status=$?
    # -V prefixes every line with the test's number, and mixes the lines of tests that run beside each other.
    sort -s -t: -k1,1n "$log" | sed -n 's/^[0-9]*: //p'
    without_result "$log"
    rm -f "$log"
    return $status
}

without_result() {
    awk '
        match($0, /^ *Start +[0-9]+: /) || /^ *Start +[0-9]+: / { n = $2; sub(/:.*/, "", n); name[n] = $3 }
        /^[0-9]+: \[  (PASSED|FAILED)  \] [0-9]+ test/ { n = $1; sub(/:.*/, "", n); seen[n] = 1 }
        /^[0-9]+: [0-9]+ passed, [0-9]+ failed$/ { n = $1; sub(/:.*/, "", n); seen[n] = 1 }
        END { for (n in name) if (!(n in seen)) print "no result: " name[n] }
    ' "$1"
}
