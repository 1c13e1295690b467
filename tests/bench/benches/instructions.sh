# Instructions and system calls an award and a lookup: counted, not timed, so the same on a busy
# machine as on an idle one, and a guard against creep. The daemon, and for append_if alone Redis,
# run under callgrind; the system calls are strace's. Each count is the difference of two loads,
# one three times as long, so that start-up and connections fall out of it.
#
# What it is compared with stands in tests/bench/instructions.txt; more than 1.10 of that is a
# failure. LOYALTY_KEEP=1 tests/bench/run instructions writes the file anew: other compilers,
# libraries and processors have other counts.

# under_callgrind PROGRAM: prints a folder in which a script of that name runs it so.
under_callgrind() {
    local name=${1##*/} folder
    folder=$work/callgrind.$name
    mkdir -p "$folder"
    cat >"$folder/$name" <<END
#!/bin/bash
exec valgrind --tool=callgrind --callgrind-out-file=$folder/out --log-file=$folder/log "$1" "\$@"
END
    chmod +x "$folder/$name"
    echo "$folder"
}

# instructions PID: those it has executed under callgrind.
instructions() {
    callgrind_control -e "$1" 2>"$work/control" | tr -d , |
        awk '$1 == "Th" {sum += $3} END {printf "%d\n", sum; exit !sum}'
}

# count_instructions PID COMMAND...: those of the process while the command runs.
count_instructions() {
    local pid=$1 before
    before=$(instructions "$pid")
    "${@:2}" >/dev/null
    echo $(($(instructions "$pid") - before))
}

# count_calls PID COMMAND...: the process's system calls while the command runs.
count_calls() {
    strace -f -c -U calls,name -o "$work/calls" -p "$1" 2>"$work/strace" &
    local tracer=$!
    wait_for strace grep -q attached "$work/strace"
    "${@:2}" >/dev/null
    kill -INT "$tracer"
    wait "$tracer" || true
    awk '$2 == "total" {print $1}' "$work/calls"
}

# drive LOAD OPERATIONS DEPTH: four connections, or one when each has one request in flight.
drive() {
    local -a shape=(--members "$members" --connections $(($3 > 1 ? 4 : 1)) --depth "$3")
    if [[ $1 == append ]]; then
        append "$2" --existing "${shape[@]}"
    else
        load "$1" "$2" --no-check "${shape[@]}"
    fi
}

# count WHAT PID LOAD DEPTH: the figure WHAT_LOAD_DEPTH, of an operation. Of system calls there are
# few, so they want more operations.
count() {
    local shorter longer value n=$(($4 > 1 ? 300 : 100))
    [[ $1 == instructions ]] || n=$((10 * n))
    shorter=$("count_$1" "$2" drive "$3" "$n" "$4")
    longer=$("count_$1" "$2" drive "$3" $((3 * n)) "$4")
    value=$(awk -v less="$shorter" -v more="$longer" -v n=$((2 * n)) \
        'BEGIN {printf "%.2f", (more - less) / n}')
    figure "$1_$3_$4" "$value" count
    counted+=("$1_$3_$4 $value")
    [[ $3 != award ]] || awarded=$((awarded + 4 * n))
}

count_daemon() {
    local depth name
    start_redis
    bin=$(under_callgrind "$bin/loyaltyd") run_daemon counted --redis "unix:$redis_socket"
    publish_program
    enrol "$members" --connections 4
    for depth in 16 1; do
        for name in award lookup; do
            count instructions "$daemon" "$name" "$depth"
        done
    done
    stop_daemon
    run_daemon traced --redis "unix:$redis_socket"
    wait_for "its Redis" as_admin verify --all
    for depth in 16 1; do
        for name in award lookup; do
            count calls "$daemon" "$name" "$depth"
        done
    done
    verify "$members" $((members + awarded))
    stop_daemon
    stop_redis
}

count_redis() {
    local depth
    PATH=$(under_callgrind "$(command -v redis-server)"):$PATH start_redis
    redis-cli -s "$redis_socket" config set hz 1 >&2 # what it does by the clock is no append's
    append "$members" --members "$members" --connections 1 --depth 1 >/dev/null
    for depth in 16 1; do
        count instructions "$redis" append "$depth"
    done
    stop_redis
}

# compare: each instruction count with the one kept.
compare() {
    local name value ratio crept=()
    while read -r name value; do
        ratio=$(awk -v name="$name" -v value="$value" \
            '$1 == name {printf "%.3f", value / $2}' "$kept")
        [[ -n $ratio ]] || continue
        echo "RATIO ${name}_to_kept $ratio"
        awk -v ratio="$ratio" 'BEGIN {exit ratio <= 1.10}' && crept+=("$name")
    done < <(printf '%s\n' "${counted[@]}")
    [[ ${#crept[@]} -eq 0 ]] || fail "more than 1.10 of what $kept has: ${crept[*]}"
}

# keep: what was counted becomes what is compared with. System calls depend on how requests happen
# to meet, so they are not kept.
keep() {
    {
        echo "# Instructions an operation, written by LOYALTY_KEEP=1 tests/bench/run instructions."
        printf '%s\n' "${counted[@]}" | grep ^instructions_
    } >"$kept"
}

bench_instructions() {
    local kept=tests/bench/instructions.txt members=200 awarded=0 counted=()
    count_daemon
    count_redis
    if [[ ${LOYALTY_KEEP:-} == 1 ]]; then
        keep
    fi
    compare
}
