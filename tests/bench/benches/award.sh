# Awards through the daemon, 50 connections x 16 requests in flight, beside a C generator that knows
# every account's state and drives append_if alone: the same keys, records and append-only file, as
# many in flight, on the same two cores.

side_award() {
    start_daemon
    enrol "$members"
    load award "$operations" --members "$members" --connections 50 --depth 16
    verify "$members" -
    stop_daemon
}

side_append() {
    start_redis
    append "$operations" --members "$members" --connections 50 --depth 16
    stop_redis
}

bench_award() {
    members=$(size 20000 5000)
    operations=$(size 200000 40000)
    interleave award append
    all_figures award append
    ratio award_to_append award append rate
    ratio award_to_append_p99 award append p99_us
}
