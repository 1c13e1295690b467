# Awards to one account from 200 connections, one and four at a time each, every award a record of
# its own; beside append_if alone with as many in flight, all for one account too.

# side_hot DEPTH
side_hot() {
    fresh_awards 1 "$operations" --connections 200 --depth "$1"
}

# side_hot_append DEPTH
side_hot_append() {
    fresh_append 1 "$operations" --connections 200 --depth "$1"
}

bench_hot() {
    local operations depth
    operations=$(size 60000 6000)
    interleave 'hot 1' 'hot_append 1' 'hot 4' 'hot_append 4'
    for depth in 1 4; do
        all_figures "hot_$depth" "hot_append_$depth"
        ratio "hot_to_append_$depth" "hot_$depth" "hot_append_$depth" rate
        ratio "hot_to_append_${depth}_p99" "hot_$depth" "hot_append_$depth" p99_us
    done
}
