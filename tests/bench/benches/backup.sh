# A backup of a ledger of members (LOYALTY_MEMBERS=N, 100,000; --quick: 20,000), and its restore
# into an empty Redis, as one does them: with the proof of every log, on disk when they have ended.
#     FIGURE backup_members_per_s, restore_members_per_s

backup_seed=20261123
backup_opened=2026-11-02T12:00:00+08:00 # a sandbox's day, in whose past the members' cards begin

# backup_ledger MEMBERS: a ledger of them in a Redis of its own, at $redis_socket.
backup_ledger() {
    start_redis
    run_daemon daemon --redis "unix:$redis_socket" --sandbox --sweep off
    wait_for "its Redis" as_admin clock show
    SERVER=$server TLS=$tls LOYALTY_BIN=$bin LOYALTY_SOURCE=$PWD \
        /usr/bin/python3 tests/rescore/drive.py csv "$work/members.csv" "$backup_seed" "$1"
    as_admin clock set "$backup_opened"
    as_admin program publish programs/retail.yaml --effective-from 1996-01-01T00:00:00Z
    as_admin import members "$work/members.csv" --window 4096
} >&2

# backup_rate FIGURE MEMBERS COMMAND...: how many members a second the command did.
backup_rate() {
    local figure=$1 members=$2 began
    shift 2
    began=$(date +%s%N)
    "$@" >"$work/said" 2>"$work/complaints" || fail "$figure: $(<"$work/complaints")"
    figure "$figure" "$((members * 1000000 / (($(date +%s%N) - began) / 1000 + 1)))" per_second
}

bench_backup() {
    local members source
    members=${LOYALTY_MEMBERS:-$(size 100000 20000)}
    backup_ledger "$members"
    backup_rate backup_members_per_s "$members" \
        "$bin/loyaltyctl" backup --redis "unix:$redis_socket" --to "$work/copies"
    stop_daemon
    stop_redis
    source=$(echo "$work/copies"/*)
    start_redis
    backup_rate restore_members_per_s "$members" \
        "$bin/loyaltyctl" restore --redis "unix:$redis_socket" --from "$source"
    stop_redis
}
