# Sourced by tests/bench/run. What is measured: loyaltyd with a Redis of its own, and a Redis alone
# with the same settings; both durable, every reply after fsync.

# make_certificates: $tls gets an authority, and server, admin and till of it.
make_certificates() {
    local uri=spiffe://vip.example
    "$bin/loyaltyctl" cert ca "$tls"
    "$bin/loyaltyctl" cert issue "$tls" server --uri "$uri/server/one" --server --ip 127.0.0.1
    "$bin/loyaltyctl" cert issue "$tls" admin --uri "$uri/admin/bench"
    "$bin/loyaltyctl" cert issue "$tls" till --uri "$uri/pos/store-0007/till-02"
} >/dev/null

# as_admin COMMAND...: loyaltyctl on the daemon.
as_admin() {
    "$bin/loyaltyctl" --server "$server" --tls "$tls" --as admin "$@"
}

# run_daemon NAME OPTION...: a loyaltyd whose files are in $work/NAME; the options say where its
# ledger is. Sets `daemon` to its pid and `server` to its address.
run_daemon() {
    local dir=$work/$1
    shift
    mkdir -p "$dir"
    rm -f "$dir/port"
    start_process "$bin/loyaltyd" --listen 127.0.0.1:0 --port-file "$dir/port" --log-level error \
        --tls-cert "$tls/server.pem" --tls-key "$tls/server.key" --tls-ca "$tls/ca.pem" "$@"
    daemon=$started
    wait_for loyaltyd test -s "$dir/port"
    server=127.0.0.1:$(<"$dir/port")
}

# publish_program: programs/retail.yaml, as soon as the daemon has its Redis.
publish_program() {
    wait_for "its Redis" as_admin \
        program publish programs/retail.yaml --effective-from 2020-01-01T00:00:00Z
}

# start_daemon [OPTION...]: a loyaltyd with an empty ledger in a Redis of its own, and the program
# of programs/retail.yaml. Sets `daemon`, `server`, `redis_socket` and `redis`, its Redis's pid.
start_daemon() {
    rm -rf "$work/daemon"
    run_daemon daemon --embedded "$work/daemon/state" "$@"
    publish_program
    redis_socket=$work/daemon/state/redis.sock
    redis=$(redis_pid)
}

# stop_daemon: it must end well.
stop_daemon() {
    end_process "$daemon" || fail "loyaltyd ended with code $?"
}

# redis_pid: that of the Redis behind $redis_socket.
redis_pid() {
    redis-cli -s "$redis_socket" info server | tr -d '\r' | awk -F: '$1 == "process_id" {print $2}'
}

# start_redis: an empty Redis alone, with the settings that loyaltyd has written for its own. Sets
# `redis_socket` and `redis`, its pid.
start_redis() {
    local dir=$work/redis
    if [[ ! -s $work/settings ]]; then
        run_daemon settings-of --embedded "$work/settings-of/state"
        wait_for "its Redis" redis-cli -s "$work/settings-of/state/redis.sock" ping
        grep -Ev '^(dir|unixsocket|logfile) ' "$work/settings-of/state/redis.conf" >"$work/settings"
        stop_daemon
    fi
    rm -rf "$dir"
    mkdir "$dir"
    redis_socket=$dir/redis.sock
    start_process redis-server "$work/settings" --dir "$dir" --unixsocket "$redis_socket" \
        --logfile "$dir/redis.log"
    redis=$started
    wait_for redis-server redis-cli -s "$redis_socket" ping
}

# stop_redis: the one that start_redis has started.
stop_redis() {
    end_process "$redis" || fail "redis-server ended with code $?"
}

# enrol MEMBERS [OPTION...]: members bench-0000000 and on come into being.
enrol() {
    "$bin/loyalty-bench" enrol --server "$server" --tls "$tls" --as admin --members "$@" >/dev/null
}

# load LOAD OPERATIONS [OPTION...]: one load on the daemon by a till. Prints what loyalty-bench
# does, with daemon_cpu and redis_cpu: us an operation, of the timed part alone.
load() {
    local name=$1 operations=$2
    shift 2
    "$bin/loyalty-bench" "$name" --server "$server" --tls "$tls" --as till \
        --watch daemon="$daemon" --watch redis="$redis" --operations "$operations" "$@"
}

# append OPERATIONS [OPTION...]: append_if alone on the Redis of start_redis. Prints what
# loyalty-bench does, with redis_cpu.
append() {
    local operations=$1
    shift
    "$bin/loyalty-bench" append --redis "$redis_socket" --watch redis="$redis" \
        --operations "$operations" "$@"
}

# redis_benchmark TEST OPERATIONS DEPTH MEMBERS BYTES: redis-benchmark's GET or SET with 50
# connections on as many keys and values of so many bytes. Prints rate, p50_us, p99_us, redis_cpu.
redis_benchmark() {
    with_cpu "$2" redis="$redis" -- redis-benchmark -s "$redis_socket" -t "$1" -n "$2" -P "$3" \
        -r "$4" -d "$5" -c 50 --csv |
        awk -F'"' '$1 == "" && $2 != "test" {
            printf "rate %d\np50_us %d\np99_us %d\n", $4, $10 * 1000, $14 * 1000} $1 != ""'
}

# verify ACCOUNTS RECORDS: the daemon reads all logs again; there must be no fault, and so many
# accounts and records, where `-` is any number.
verify() {
    local found
    found=$(as_admin -o json verify --all | /usr/bin/python3 -c '
import json, sys
totals = json.load(sys.stdin)
print(totals["faults"], totals["accounts"], totals["records"], totals["log_bytes"])')
    read -r faults accounts records log_bytes <<<"$found"
    [[ $faults == 0 ]] || fail "verify found $faults faults"
    [[ $1 == - || $1 == "$accounts" ]] || fail "$accounts accounts, expected $1"
    [[ $2 == - || $2 == "$records" ]] || fail "$records records, expected $2"
}
