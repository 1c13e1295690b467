# What members cost: after 1, 12, 40 and 200 awards each, the bytes of their logs, what Redis holds
# for them (MEMORY USAGE: key, object and what APPEND has allocated ahead), and, apart, the event
# streams and the due index. Of an award: what the awards since the stage before added, divided.
# The ledger has two partitions only, so that each has as many members as in a large one.

# sum_keys PATTERN: the bytes Redis holds for the keys of that pattern, and, of strings, their own.
sum_keys() {
    redis-cli -s "$redis_socket" eval '
        local cursor, memory, bytes = "0", 0, 0
        repeat
            local page = redis.call("SCAN", cursor, "MATCH", ARGV[1], "COUNT", 1000)
            cursor = page[1]
            for _, key in ipairs(page[2]) do
                memory = memory + redis.call("MEMORY", "USAGE", key, "SAMPLES", 0)
                if redis.call("TYPE", key).ok == "string" then
                    bytes = bytes + redis.call("STRLEN", key)
                end
            end
        until cursor == "0"
        return memory .. " " .. bytes' 0 "$1"
}

# take_stock: sets held[NAME] to bytes.
take_stock() {
    read -r held[accounts] held[log] <<<"$(sum_keys 'ly:{*}:a:*')"
    read -r held[events] _ <<<"$(sum_keys 'ly:{*}:ev')"
    read -r held[due] _ <<<"$(sum_keys 'ly:{*}:due')"
    held[dataset]=$(redis-cli -s "$redis_socket" info memory | tr -d '\r' |
        awk -F: '$1 == "used_memory_dataset" {print $2}')
}

# each NAME BYTES COUNT: bytes of one, with one decimal.
each() {
    figure "members_$1_bytes" "$(awk -v bytes="$2" -v n="$3" 'BEGIN {printf "%.1f", bytes / n}')" \
        bytes
}

# stage AWARDS: members that had `awarded` awards each get as many.
stage() {
    local name more=$((members * ($1 - awarded)))
    local -A before=()
    for name in "${!held[@]}"; do
        before[$name]=${held[$name]}
    done
    load award "$more" --members "$members" --connections 20 --depth 16 >/dev/null
    take_stock
    for name in log accounts due; do
        each "$1_$name" "${held[$name]}" "$members"
    done
    each "$1_dataset" $((held[dataset] - empty)) "$members"
    for name in log accounts events dataset; do
        each "$1_award_$name" $((held[$name] - before[$name])) "$more"
    done
    printf 'RATIO members_%s_redis_to_log %s\n' "$1" \
        "$(awk -v a="${held[accounts]}" -v b="${held[log]}" 'BEGIN {printf "%.3f", a / b}')"
    awarded=$1
}

bench_members() {
    local members awarded=0 awards empty
    local -A held=()
    members=$(size 2000 1000)
    start_daemon --partitions 2
    take_stock
    empty=${held[dataset]}
    enrol "$members"
    take_stock
    each 0_accounts "${held[accounts]}" "$members"
    each 0_due "${held[due]}" "$members"
    for awards in 1 12 40 200; do
        stage "$awards"
    done
    verify "$members" $((members * (1 + awarded)))
    stop_daemon
}
