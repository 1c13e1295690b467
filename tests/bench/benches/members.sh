# What members cost: after 1, 12, 40 and 200 awards each, the bytes of their logs, what Redis holds
# for them (MEMORY USAGE: key, object and what APPEND has allocated ahead), and, apart, the event
# streams and the due index. Of an award: what the awards since the stage before added, divided.
# APPEND doubles what it allocates, and here all members have logs of a length; where they do not,
# Redis holds what it holds on average between two doublings: the mean, beside the worst.
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
    read -r 'held[accounts]' 'held[log]' <<<"$(sum_keys 'ly:{*}:a:*')"
    read -r 'held[events]' _ <<<"$(sum_keys 'ly:{*}:ev')"
    read -r 'held[due]' _ <<<"$(sum_keys 'ly:{*}:due')"
    held[dataset]=$(redis-cli -s "$redis_socket" info memory | tr -d '\r' |
        awk -F: '$1 == "used_memory_dataset" {print $2}')
}

# each NAME BYTES COUNT: bytes of one, with one decimal.
each() {
    figure "members_$1_bytes" "$(awk -v bytes="$2" -v n="$3" 'BEGIN {printf "%.1f", bytes / n}')" \
        bytes
}

# grow AWARDS: members that had `awarded` awards each get as many.
grow() {
    load award $((members * ($1 - awarded))) --members "$members" --connections 20 --depth 16 \
        >/dev/null
    awarded=$1
    take_stock
}

# redis_to_log: what Redis holds for the logs, over the logs.
redis_to_log() {
    awk -v a="${held[accounts]}" -v b="${held[log]}" 'BEGIN {printf "%.3f\n", a / b}'
}

# remember: what the next stage is compared with.
remember() {
    local name
    said=$awarded
    for name in "${!held[@]}"; do
        before[$name]=${held[$name]}
    done
}

# stage AWARDS: grows to so many, and says what there is.
stage() {
    local name more=$((members * ($1 - said)))
    grow "$1"
    for name in log accounts due; do
        each "$1_$name" "${held[$name]}" "$members"
    done
    each "$1_dataset" $((held[dataset] - empty)) "$members"
    for name in log accounts events dataset; do
        each "$1_award_$name" $((held[$name] - before[$name])) "$more"
    done
    echo "RATIO members_$1_redis_to_log $(redis_to_log)"
    remember
}

# between_doublings: from 100 awards to just below 200, in equal ratios.
between_doublings() {
    local awards
    for awards in 100 109 119 130 141 154 168 183; do
        grow "$awards"
        redis_to_log
    done >"$work/between_doublings"
    awk '{sum += $1; if ($1 > worst) worst = $1}
        END {printf "RATIO members_redis_to_log_mean %.3f\n", sum / NR
             printf "RATIO members_redis_to_log_worst %.3f\n", worst}' "$work/between_doublings"
}

bench_members() {
    local members awards empty awarded=0 said
    local -A held=() before=()
    members=$(size 2000 500)
    start_daemon --partitions 2
    take_stock
    empty=${held[dataset]}
    enrol "$members"
    take_stock
    each 0_accounts "${held[accounts]}" "$members"
    each 0_due "${held[due]}" "$members"
    remember
    for awards in 1 12 40; do
        stage "$awards"
    done
    between_doublings
    stage 200
    verify "$members" $((members * (1 + awarded)))
    stop_daemon
}
