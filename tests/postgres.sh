#!/bin/sh
# A private PostgreSQL server for tests, in a folder of its own, reachable through a unix socket only.
#
#   tests/postgres.sh start DIR [OPTION…]   make the cluster if it is not there, start it, print the conninfo;
#                                           OPTION: settings for the server, for example fsync=off;
#                                           TETHER_PG_KEPT: another DIR, absolute, of a server that was stopped,
#                                           to make it as a copy of
#   tests/postgres.sh stop DIR              stop it, whatever state it is in; harmless when it does not run
#   tests/postgres.sh conninfo DIR          print the conninfo again
#   tests/postgres.sh create-database DIR NAME   one more database on the running server; print its conninfo
#   tests/postgres.sh drop-database DIR NAME     and take it away, whoever uses it
#   tests/postgres.sh pid DIR               print the pid of the server
#   tests/postgres.sh guard DIR PID         wait for the end of process PID, however it ends, then stop the server and
#                                           remove DIR; run it in the background
#   tests/postgres.sh stop-fast DIR         for fault tests: the three ways a server goes away …
#   tests/postgres.sh stop-immediate DIR
#   tests/postgres.sh kill9 DIR
#   tests/postgres.sh restart-fast DIR      … and comes back
#   tests/postgres.sh restart-immediate DIR
#
# Run by root, the server runs as the user postgres, since it refuses to run as root. The database is `tether`,
# UTF8, owned by the role `tether`. Its default collation is a linguistic one on purpose: a query that relies on
# the database's own order of text shows up here.
set -eu

die() {
    echo "postgres.sh: $*" >&2
    exit 1
}

usage() {
    sed -n 's/^#   //p' "$0" >&2
    exit 2
}

newest_bin() {
    found=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -t/ -k5 -V | tail -n 1)
    [ -n "$found" ] || die "no PostgreSQL server found below /usr/lib/postgresql (package postgresql)"
    echo "$found"
}

# Runs a command as the user that owns the cluster.
as_server() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && runuser -u postgres -- "$@")
    else
        (cd / && "$@")
    fi
}

conninfo() {
    echo "host=$dir dbname=${1:-tether} user=tether"
}

# The pid in postmaster.pid, when a process of that number lives in this data directory.
server_pid() {
    pid=$(sed -n 1p "$data/postmaster.pid" 2>/dev/null) || return 1
    [ -n "$pid" ] || return 1
    # The server's working directory is its data directory: a stale file whose number was used again is not ours.
    [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$(readlink -f "$data")" ] || return 1
    echo "$pid"
}

# A tenth of what making one costs.
copy_cluster() {
    as_server rm -rf "$data.new" # of a copy that was cut short
    as_server cp -a "$TETHER_PG_KEPT/data" "$data.new"
    as_server rm -f "$data.new/server.log"
    as_server mv "$data.new" "$data"
}

make_cluster() {
    as_server "$bin/initdb" -D "$data.new" -U postgres -A trust -E UTF8 --no-sync --locale=C.UTF-8 \
        --locale-provider=icu --icu-locale=en-US >"$dir/initdb.log" 2>&1 ||
        die "initdb failed: $(tail -n 3 "$dir/initdb.log")"
    cat >>"$data.new/postgresql.conf" <<CONF
listen_addresses = ''
max_connections = 100
shared_buffers = 32MB
log_min_messages = warning
logging_collector = off
CONF
    as_server mv "$data.new" "$data"
}

make_database() {
    as_server "$bin/psql" -qXtA -h "$dir" -U postgres -d postgres -v ON_ERROR_STOP=1 >"$dir/setup.log" 2>&1 <<'SQL' ||
SELECT 'CREATE ROLE tether LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tether') \gexec
SELECT 'CREATE DATABASE tether OWNER tether' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'tether') \gexec
SQL
        die "cannot create the database: $(tail -n 3 "$dir/setup.log")"
}

execute() {
    as_server "$bin/psql" -qXtA -h "$dir" -U postgres -d postgres -v ON_ERROR_STOP=1 -c "$1"
}

# After kill9 the children of the old server hold its shared memory for a moment: a start may need a second try.
start_server() {
    server_pid >/dev/null && return 0
    for _ in 1 2 3 4 5; do
        if as_server "$bin/pg_ctl" -D "$data" -w -t 30 -l "$data/server.log" -o "-c unix_socket_directories='$dir' $options" start \
            >"$dir/start.log" 2>&1; then
            return 0
        fi
        sleep 0.5
    done
    die "the server does not start: $(tail -n 5 "$data/server.log")"
}

children_of() {
    cat "/proc/$1/task/$1/children" 2>/dev/null || true
}

# A process that has ended but whose parent has not looked yet counts as gone.
lives() {
    state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) && [ "$state" != Z ]
}

gone() { # waits until process $1 is gone
    i=0
    while lives "$1"; do
        i=$((i + 1))
        [ "$i" -lt 750 ] || return 1
        sleep 0.02
    done
}

# $1: the signal that says how. INT: fast, QUIT: immediate, KILL: a crash.
stop_server() {
    pid=$(server_pid) || return 0
    children=$(children_of "$pid")
    # A test may have left a process of the server stopped; a stopped one cannot leave.
    for child in $children; do kill -CONT "$child" 2>/dev/null || true; done
    kill "-$1" "$pid" 2>/dev/null || return 0
    gone "$pid" && return 0
    # shellcheck disable=SC2086 # a list of pids
    kill -KILL "$pid" $children 2>/dev/null || true
    gone "$pid" || die "process $pid does not go away"
}

[ $# -ge 2 ] || usage
command=$1
mkdir -p "$2"
dir=$(readlink -f "$2")
shift 2
data=$dir/data
bin=$(newest_bin)
options=$(cat "$dir/options" 2>/dev/null) || true
[ "${#dir}" -le 80 ] || die "$dir is too long a path for a unix socket"

case $command in
start)
    [ $# = 0 ] || options=''
    for setting in "$@"; do options="$options -c $setting"; done
    echo "$options" >"$dir/options" # for restarts
    if [ "$(id -u)" = 0 ]; then
        chown postgres: "$dir" && chmod 0755 "$dir"
        as_server test -x "$dir" || die "the user postgres cannot reach $dir"
    fi
    [ -d "$data" ] || if [ -n "${TETHER_PG_KEPT:-}" ]; then copy_cluster; else make_cluster; fi
    start_server
    make_database
    conninfo
    ;;
stop | stop-fast) stop_server INT ;;
stop-immediate) stop_server QUIT ;;
kill9) stop_server KILL ;;
restart-fast)
    stop_server INT
    start_server
    ;;
restart-immediate)
    stop_server QUIT
    start_server
    ;;
conninfo) conninfo ;;
create-database)
    execute "CREATE DATABASE $1 OWNER tether" >&2
    conninfo "$1"
    ;;
drop-database) execute "DROP DATABASE IF EXISTS $1 WITH (FORCE)" >&2 ;;
guard)
    while [ -d "$dir" ] && lives "$1"; do sleep 0.5; done
    stop_server QUIT
    rm -rf "$dir"
    ;;
pid) server_pid || die "no server runs in $dir" ;;
*) usage ;;
esac
