# The fourth story of clients/quickstart: a night on call, on the chain of the third. What is wrong
# is said, what is put right is seen; and the ledger comes back from a backup.
# shellcheck shell=bash

# watch PATH: what /metrics, /livez or /readyz say.
watch() {
    curl -s "http://127.0.0.1:$(<"$work/monitor")$1"
}

# becomes PATTERN: waits until /readyz says so.
becomes() {
    for ((i = 0; i < 300; i++)); do
        if watch /readyz | grep -q "$1"; then
            return 0
        fi
        sleep 0.1
    done
}

# reload: sends SIGHUP and waits until it was answered, well or not.
reload() {
    local before
    before=$(grep -cE ' (reloaded|reload-failed) ' "$work/loyaltyd.log") || true
    kill -HUP "$daemon"
    for ((i = 0; i < 100; i++)); do
        if [[ $(grep -cE ' (reloaded|reload-failed) ' "$work/loyaltyd.log") -gt $before ]]; then
            return 0
        fi
        sleep 0.1
    done
}

all_is_well() {
    day "03:00" "The telephone rings: is the service up?"
    loyaltyctl status
    check readyz ready "$(watch /readyz)"
    check "awards since the start" 87 "$(watch /metrics \
        | grep -oP 'handled_total.*Award",grpc_code="OK"} \K.*')"
}

redis_was_set_otherwise() {
    day "03:10" "Somebody has set Redis to lose a second when the power goes"
    redis-cli -s "$work/rules/redis.sock" config set appendfsync everysec >/dev/null
    becomes appendfsync
    say monitor "$(watch /readyz | head -n 1)"
    check "what is wrong" "appendfsync is everysec" \
        "$(watch /readyz | grep -oE 'appendfsync is [a-z]+' | head -n 1)"
    redis-cli -s "$work/rules/redis.sock" config set appendfsync always >/dev/null
    becomes '^ready'
    check readyz ready "$(watch /readyz)"
    loyaltyctl doctor >"$work/doctor" || true
    grep -A1 '^WARN' "$work/doctor" || true
    check "what doctor finds" "0 faults" "$(tail -n 1 "$work/doctor" | grep -oE '^[0-9]+ faults')"
}

certificate_was_spoiled() {
    day "03:20" "A new certificate is put in place, but it is half a file"
    cp "$work/tls/server.pem" "$work/server.good"
    head -c 500 "$work/server.good" >"$work/tls/server.pem"
    reload
    say log "$(grep -oE 'reload-failed .*' "$work/loyaltyd.log" | tail -n 1)"
    check "Cui's tier, over the old one" silver \
        "$(of standing.tier_id <<<"$(loyaltyctl member get cui -o json)")"
    cp "$work/server.good" "$work/tls/server.pem"
    reload
    check "reloads that went well" 1 "$(grep -cE ' reloaded ' "$work/loyaltyd.log")"
}

back_from_a_backup() {
    local points
    day "03:30" "A backup is taken while the tills sell, and brought back into an empty Redis"
    loyaltyctl backup --redis "unix:$work/rules/redis.sock" --to "$work/backups" 2>/dev/null
    mkdir "$work/restored"
    redis-server --port 0 --unixsocket "$work/restored/redis.sock" --dir "$work/restored" \
        --appendonly yes --appendfsync always --save "" >/dev/null 2>&1 &
    spare=$!
    for ((i = 0; i < 100; i++)); do
        redis-cli -s "$work/restored/redis.sock" ping >/dev/null 2>&1 && break
        sleep 0.1
    done
    points=$(of standing.balance <<<"$(loyaltyctl member get cui -o json)")
    loyaltyctl restore --redis "unix:$work/restored/redis.sock" --from "$work/backups"/* \
        >/dev/null 2>"$work/restore.log" || sed 's/^/  /' "$work/restore.log"
    stop_daemon
    start_on_restored
    answer=$(loyaltyctl verify --all -o json)
    check "faults in the restored ledger" 0 "$(of faults <<<"$answer")"
    check "Cui's points there" "$points" \
        "$(of standing.balance <<<"$(loyaltyctl member get cui -o json)")"
    stop_daemon
    kill "$spare"
    wait "$spare" 2>/dev/null || true
    spare=
}

play_night() {
    all_is_well
    redis_was_set_otherwise
    certificate_was_spoiled
    back_from_a_backup
}
