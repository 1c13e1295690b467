# What becomes of awards as things grow.
#     members   10 thousand to 2 million in the ledger: awards through the daemon beside append_if
#               alone, on the same Redis and the same members, 50 thousand of all, others in each
#               round; and how far the ratio of the two moves from the smallest to the largest
#     records   1 to 500 a log: awards with the account cached and not, beside those of logs of 1
#     daemons   1 to 3 on one socket and one Redis, so that a member's awards come to any of them;
#               50 connections, one request in flight each, and sixteen

# --- members ---

# on_members COMMAND...: with the options for those that this round touches.
on_members() {
    local touched=$((enrolled < touched_most ? enrolled : touched_most))
    "$@" --members "$touched" --first $(((round - 1) * touched % enrolled))
}

# side_scale_award MEMBERS: the check of balances before it leaves the accounts in the cache.
side_scale_award() {
    on_members load award "$operations"
}

# side_scale_append MEMBERS
side_scale_append() {
    on_members append "$operations" --existing
}

scale_members() {
    local operations members touched_most enrolled=0 awarded=0 line first=
    local -a sizes
    read -ra sizes <<<"$(size "10000 100000 1000000 2000000" "10000 50000")"
    operations=$(size 100000 20000)
    touched_most=$(size 50000 10000)
    start_daemon
    no_rewrites
    for members in "${sizes[@]}"; do
        enrol $((members - enrolled)) --first "$enrolled"
        enrolled=$members
        interleave "scale_award $members" "scale_append $members"
        awarded=$((awarded + 2 * rounds * operations))
        all_figures "scale_award_$members" "scale_append_$members"
        line=$(ratio "scale_award_to_append_$members" "scale_award_$members" \
            "scale_append_$members" rate)
        echo "$line"
        : "${first:=${line##* }}"
    done
    verify "$enrolled" $((enrolled + awarded))
    stop_daemon
    awk -v first="$first" -v last="${line##* }" \
        'BEGIN {printf "RATIO scale_members_largest_to_smallest %.3f\n", last / first}'
}

# --- records ---

scale_records() {
    local records cache
    local -a lengths sides=()
    read -ra lengths <<<"$(size "1 10 100 500" "1 100")"
    start_logs
    for records in "${lengths[@]}"; do
        make_logs "$records"
        sides+=("log award warm $records" "log award cold $records")
    done
    interleave "${sides[@]}"
    stop_logs
    all_figures "${sides[@]// /_}" | sed 's/^FIGURE /&scale_/'
    for cache in warm cold; do
        for records in "${lengths[@]:1}"; do
            ratio "scale_${cache}_log_${records}_to_1" "log_award_${cache}_$records" \
                "log_award_${cache}_1" rate
        done
    done
}

# --- daemons ---

# start_door COUNT: so many daemons at one socket, with members of their own, so that those of the
# other doors do not meddle.
start_door() {
    local folder=$work/door_bin.$1
    mkdir "$folder"
    printf '#!/bin/bash\nexec /usr/bin/python3 %q %s %q %q "$@"\n' \
        tests/bench/benches/door.py "$1" "$work/pids.$1" "$bin/loyaltyd" >"$folder/loyaltyd"
    chmod +x "$folder/loyaltyd"
    bin=$folder run_daemon "door.$1" --redis "unix:$redis_socket"
    doors[$1]=$daemon
    door_server[$1]=$server
    wait_for "$1 daemons" through_door "$1" lookup "$members" 1
}

# through_door COUNT LOAD OPERATIONS DEPTH: daemon_cpu is that of all the daemons.
through_door() {
    local daemon server=${door_server[$1]} pid
    local -a pids others=()
    read -ra pids <"$work/pids.$1"
    daemon=${pids[0]}
    for pid in "${pids[@]:1}"; do
        others+=(--watch "daemon=$pid")
    done
    load "$2" "$3" --connections 50 --depth "$4" --members "$members" \
        --first $(($1 * members)) "${others[@]}" |
        awk '$1 == "daemon_cpu" {sum += $2; next} {print} END {print "daemon_cpu", sum}'
}

# side_daemons COUNT DEPTH
side_daemons() {
    local count=$(($2 > 1 ? operations : operations / 4))
    through_door "$1" award "$count" "$2"
    awarded=$((awarded + count))
}

scale_daemons() {
    local members operations count depth most awarded=0
    local -a doors=() door_server=() sides=()
    members=$(size 10000 4000)
    operations=$(size 100000 20000)
    most=$(size 3 2)
    start_redis
    no_rewrites
    run_daemon doors --redis "unix:$redis_socket"
    publish_program
    enrol $((members * most)) --first "$members"
    stop_daemon
    for ((count = 1; count <= most; count++)); do
        start_door "$count"
        sides+=("daemons $count 1" "daemons $count 16")
    done
    interleave "${sides[@]}"
    verify $((members * most)) $((members * most + awarded))
    for ((count = 1; count <= most; count++)); do
        daemon=${doors[count]}
        stop_daemon
    done
    stop_redis
    all_figures "${sides[@]// /_}" | sed 's/^FIGURE /&scale_/'
    for ((count = 2; count <= most; count++)); do
        for depth in 1 16; do
            ratio "scale_daemons_${count}_to_1_$depth" "daemons_${count}_$depth" \
                "daemons_1_$depth" rate
        done
    done
}

bench_scale() {
    scale_members
    scale_records
    scale_daemons
}
