# Awards to one account from 200 connections, one and four at a time each, every award a record of
# its own; beside append_if alone with as many in flight, all for one account too.

side_hot() {
    fresh_awards 1 "$operations" --connections 200 --depth 1
}

side_hot_append() {
    fresh_append 1 "$operations" --connections 200 --depth 1
}

side_hot4() {
    fresh_awards 1 "$operations" --connections 200 --depth 4
}

side_hot4_append() {
    fresh_append 1 "$operations" --connections 200 --depth 4
}

bench_hot() {
    local operations
    operations=$(size 60000 10000)
    interleave hot hot_append hot4 hot4_append
    all_figures hot hot_append hot4 hot4_append
    ratio hot_to_append hot hot_append rate
    ratio hot4_to_append hot4 hot4_append rate
}
