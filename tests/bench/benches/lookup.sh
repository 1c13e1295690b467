# GetMember through the daemon, uniform over the members, 50 connections x 16 and x 1, as a till
# asks for it, and x 16 with forecast and progress, as an app does; beside redis-benchmark's GET
# from the daemon's own Redis, -c 50 and -P 16 or 1, of values as long as the members' logs.

side_lookup() {
    load lookup "$operations" --members "$members" --keys uniform --connections 50 --depth 16
}

side_lookup_full() {
    load lookup "$operations" --members "$members" --keys uniform --connections 50 --depth 16 --full
}

side_lookup_get() {
    redis_benchmark get "$operations" 16 "$members" "$value_bytes"
}

side_lookup1() {
    load lookup $((operations / 4)) --members "$members" --keys uniform --connections 50 --depth 1
}

side_lookup1_get() {
    redis_benchmark get $((operations / 4)) 1 "$members" "$value_bytes"
}

bench_lookup() {
    local members operations value_bytes
    members=$(size 20000 5000)
    operations=$(size 400000 100000)
    start_daemon
    enrol "$members"
    load award $((members * 3)) --members "$members" >/dev/null
    verify "$members" $((members * 4))
    value_bytes=$((log_bytes / accounts))
    redis_benchmark set $((members * 3)) 16 "$members" "$value_bytes" >/dev/null
    interleave lookup lookup_full lookup_get lookup1 lookup1_get
    verify "$members" $((members * 4))
    stop_daemon
    all_figures lookup lookup_full lookup_get lookup1 lookup1_get
    ratio lookup_to_get lookup lookup_get rate
    ratio lookup_full_to_lookup lookup_full lookup rate
    ratio lookup_to_get_p99 lookup lookup_get p99_us
    ratio lookup1_to_get lookup1 lookup1_get rate
    ratio lookup1_to_get_p99 lookup1 lookup1_get p99_us
}
