# Sourced by tests/bench/run. Logs of so many records, and a daemon that has their accounts in its
# cache beside one that keeps none, both on one Redis. Every round has members of its own on each
# side, for an award makes a log longer, and the other daemon's picture of it old.

declare -A log_first log_members # by records: the first member, and how many a side and round
declare -A log_server log_daemon # by cache, warm or cold

# no_rewrites: Redis begins no new append-only file by itself, now in one side and now in another.
no_rewrites() {
    redis-cli -s "$redis_socket" config set auto-aof-rewrite-percentage 0 >&2
}

# start_logs: the two daemons; the ledger is empty.
start_logs() {
    log_next=0
    log_records=0
    log_operations=$(size 8000 2000)
    start_daemon --cache-accounts 1000000
    no_rewrites
    log_daemon[warm]=$daemon
    log_server[warm]=$server
    run_daemon cold --redis "unix:$redis_socket" --cache-accounts 1
    log_daemon[cold]=$daemon
    log_server[cold]=$server
    wait_for "its Redis" as_admin verify --all
}

# stop_logs: when no log has a fault, and all records are there.
stop_logs() {
    verify "$log_next" "$log_records"
    stop_daemon
    daemon=${log_daemon[warm]}
    stop_daemon
}

# with_cache CACHE COMMAND...: what it asks is asked of that daemon.
with_cache() {
    local daemon=${log_daemon[$1]} server=${log_server[$1]}
    "${@:2}"
}

# make_logs RECORDS: members for all rounds and both sides, each with a log so long. The longer,
# the fewer; so many at least that few of those in flight meet.
make_logs() {
    local records=$1 most=$log_operations all members
    local least=$((most / 16))
    members=$((12 * most / records))
    members=$((members > most ? most : members < least ? least : members))
    all=$((2 * rounds * members))
    log_first[$records]=$log_next
    log_members[$records]=$members
    with_cache warm enrol "$all" --first "$log_next"
    if [[ $records -gt 1 ]]; then
        with_cache warm load award $((all * (records - 1))) --first "$log_next" --members "$all" \
            >/dev/null
    fi
    log_next=$((log_next + all))
    log_records=$((log_records + all * records))
}

# side_log LOAD CACHE RECORDS: the load on members of this round, ten connections with eight
# requests in flight each.
side_log() {
    local members=${log_members[$3]} place=$((2 * (round - 1)))
    [[ $2 == warm ]] || place=$((place + 1))
    [[ $1 != award ]] || log_records=$((log_records + log_operations))
    with_cache "$2" load "$1" "$log_operations" --connections 10 --depth 8 \
        --members "$members" --first $((log_first[$3] + place * members))
}
