# Full mutual-TLS handshakes with the daemon, sixteen at a time, each with one answered request,
# beside OpenSSL alone: the same certificates, client and server in one process over memory. The
# ratio is of CPU a handshake on the server's side, for a rate over sockets has the client's in it.

side_handshake() {
    load handshake "$operations" --connections 16 |
        awk '{print} $1 == "daemon_cpu" {print "server_cpu_us", $2}'
}

side_handshake_memory() {
    "$bin/loyalty-bench" handshake-memory --tls "$tls" --as till --operations "$operations"
}

bench_handshake() {
    local operations
    operations=$(size 4000 600)
    start_daemon
    interleave handshake handshake_memory
    verify 0 0
    stop_daemon
    all_figures handshake handshake_memory
    figures handshake_memory server_cpu_us
    ratio handshake_to_openssl handshake_memory handshake server_cpu_us
}
