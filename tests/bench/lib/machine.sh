# Sourced by tests/bench/run. The machine under a bench: its two cores, the processes that a bench
# has started, and the CPU they use.

declare -A processes=() # the pids this shell has started and not yet ended

# on_two_cores: confines this shell, and so all it starts, to the first two cores it may use.
on_two_cores() {
    local cores
    cores=$(taskset -cp $$ | sed 's/.*: //' | tr , '\n' |
        awk -F- '{for (i = $1; i <= $NF; i++) if (n++ < 2) print i}' | paste -sd,)
    taskset -cp "$cores" $$ >/dev/null
    echo "cores $cores of $(nproc --all), Linux $(uname -r), $(redis-server --version)" >&2
}

# fail TEXT: says it and ends the bench.
fail() {
    echo "tests/bench/run: $1" >&2
    exit 1
}

# start_process COMMAND...: runs it in the background, its output to stderr; sets `started` to its
# pid. It ends with the bench at the latest, be that killed: then the kernel sends it SIGTERM.
start_process() {
    setpriv --pdeathsig TERM -- "$@" >&2 &
    started=$!
    processes[$started]=1
}

# end_process PID: SIGTERM, then waits until it has ended; its exit code is this one's.
end_process() {
    local code=0
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || code=$?
    unset "processes[$1]"
    return $code
}

# end_processes: all that this shell has started.
end_processes() {
    local pid
    for pid in "${!processes[@]}"; do
        end_process "$pid" || true
    done
}

# wait_for WHAT COMMAND...: polls until the command succeeds, at most 20 s.
wait_for() {
    local what=$1 i
    shift
    for ((i = 0; i < 1000; i++)); do
        if "$@" >/dev/null 2>&1; then
            return
        fi
        sleep 0.02
    done
    fail "$what does not come up"
}

# cpu_ticks PID: user and system time that it has used, in clock ticks.
cpu_ticks() {
    sed 's/.*) //' "/proc/$1/stat" | awk '{print $12 + $13}'
}

# with_cpu OPERATIONS NAME=PID... -- COMMAND...: runs the command, and prints behind its output what
# each of the processes used meanwhile, as `NAME_cpu` in us an operation.
with_cpu() {
    local operations=$1 ticks name
    local -A before=() pids=()
    shift
    while [[ $1 != -- ]]; do
        name=${1%%=*}
        pids[$name]=${1#*=}
        before[$name]=$(cpu_ticks "${1#*=}")
        shift
    done
    shift
    "$@"
    for name in "${!pids[@]}"; do
        ticks=$(($(cpu_ticks "${pids[$name]}") - before[$name]))
        awk -v name="$name" -v ticks="$ticks" -v hz="$(getconf CLK_TCK)" -v n="$operations" \
            'BEGIN {printf "%s_cpu %.2f\n", name, ticks / hz * 1000000 / n}'
    done
}
