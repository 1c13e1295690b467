# Awards and lookups when no account is cached, so that each reads and folds its log, beside the
# same when all are; logs of 1, 40 and 200 records.

bench_coldcache() {
    local records name cache
    local -a sides=()
    start_logs
    for records in 1 40 200; do
        make_logs "$records"
        for name in lookup award; do
            for cache in warm cold; do
                sides+=("log $name $cache $records")
            done
        done
    done
    interleave "${sides[@]}"
    stop_logs
    all_figures "${sides[@]// /_}" | sed 's/^FIGURE log_/FIGURE coldcache_/'
    for name in lookup award; do
        for records in 1 40 200; do
            ratio "coldcache_${name}_to_warm_$records" "log_${name}_cold_$records" \
                "log_${name}_warm_$records" rate
        done
    done
}
