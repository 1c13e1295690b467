# What an idle TLS connection, answered one request, costs the daemon: the memory resident with so
# many of them, less that before, over frames and over gRPC. The kernel's own is apart: what its
# sockets hold in buffers, both ends'.

# resident PID: its memory, in bytes.
resident() {
    awk '$1 == "VmRSS:" {print $2 * 1024}' "/proc/$1/status"
}

# socket_buffers: what TCP's sockets hold, in bytes.
socket_buffers() {
    awk -v page="$(getconf PAGESIZE)" '$1 == "TCP:" {print $NF * page}' /proc/net/sockstat
}

# hold FACE CONNECTIONS: opens them and holds them until file descriptor 9 is closed; sets `holder`.
hold() {
    mkfifo "$work/hold.$1"
    : >"$work/ready.$1"
    "$bin/loyalty-bench" idle --server "$server" --tls "$tls" --as till --face "$1" \
        --connections "$2" <"$work/hold.$1" >"$work/ready.$1" &
    holder=$!
    exec 9>"$work/hold.$1"
    wait_for "$2 idle connections" grep -q ready "$work/ready.$1"
}

release() {
    exec 9>&-
    wait "$holder" || fail "idle connections did not stay"
}

idle_face() {
    local resident_before buffers_before
    start_daemon
    hold "$1" 1 # what the first connection alone makes the daemon load is no connection's
    release
    rm "$work/hold.$1"
    resident_before=$(resident "$daemon")
    buffers_before=$(socket_buffers)
    hold "$1" "$connections"
    figure "idle_$1_bytes" $((($(resident "$daemon") - resident_before) / connections)) bytes
    figure "idle_$1_kernel_bytes" $((($(socket_buffers) - buffers_before) / connections)) bytes
    release
    verify 0 0
    stop_daemon
}

bench_idle() {
    local connections holder face
    connections=$(size 5000 1000)
    ulimit -Sn "$(ulimit -Hn)"
    [[ $(ulimit -n) == unlimited || $(ulimit -n) -gt $((connections + 100)) ]] ||
        fail "idle needs $connections descriptors a process, and $(ulimit -n) are allowed"
    for face in frames grpc; do
        idle_face "$face"
    done
}
