# A backup of a ledger of members (LOYALTY_MEMBERS=N, 100,000; --quick: 20,000), and its restore
# into an empty Redis, as one does them: with the proof of every log, on disk when they have ended.
#     FIGURE backup_members_per_s, restore_members_per_s

backup_seed=20261123

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
    start_daemon
    SERVER=$server TLS=$tls LOYALTY_BIN=$bin LOYALTY_SOURCE=$PWD \
        /usr/bin/python3 tests/rescore/drive.py csv "$work/members.csv" "$backup_seed" "$members"
    as_admin import members "$work/members.csv" --window 4096 >&2
    rm -rf "$work/copies"
    backup_rate backup_members_per_s "$members" \
        "$bin/loyaltyctl" backup --redis "unix:$redis_socket" --to "$work/copies"
    stop_daemon
    source=$(echo "$work/copies"/*)
    start_redis
    backup_rate restore_members_per_s "$members" \
        "$bin/loyaltyctl" restore --redis "unix:$redis_socket" --from "$source"
    stop_redis
    rm -rf "$work/copies"
}
