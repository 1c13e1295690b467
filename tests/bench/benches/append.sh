# append_if alone, 50 x 16 in flight, each append with its event; beside redis-benchmark's SET of
# values as long as an average record, -P 16 -c 50, on a Redis with the same settings.
#     append_still     the account's due instant stays
#     append_moving    every append moves it, which costs a ZCARD and a ZADD
#     append_real      it moves as real awards move it: the baseline of other benches

# side_append DUE
side_append() {
    fresh_append "$members" "$operations" --connections 50 --depth 16 --due "$1"
}

side_append_set() {
    start_redis
    redis_benchmark set "$operations" 16 "$members" "$record_bytes"
    stop_redis
}

# find_record_bytes: sets record_bytes to the mean of the records of a small run.
find_record_bytes() {
    local script='local bytes = 0
        for _, key in ipairs(redis.call("KEYS", "ly:{*}:a:*")) do
            bytes = bytes + redis.call("STRLEN", key)
        end
        return bytes'
    start_redis
    append 9000 --members 1000 >/dev/null
    record_bytes=$(($(redis-cli -s "$redis_socket" eval "$script" 0) / 10000))
    stop_redis
}

bench_append() {
    local members operations record_bytes
    members=$(size 20000 5000)
    operations=$(size 120000 24000)
    find_record_bytes
    figure append_record_bytes "$record_bytes" bytes
    interleave 'append still' 'append moving' 'append real' append_set
    all_figures append_still append_moving append_real append_set
    ratio append_to_set append_still append_set rate
    ratio append_to_set_p99 append_still append_set p99_us
    ratio append_moving_to_set append_moving append_set rate
    ratio append_real_to_set append_real append_set rate
}
