# Awards one at a time on each of 50 connections, as tills send them, beside append_if alone with 50
# in flight.

side_award1() {
    fresh_awards "$members" "$operations" --connections 50 --depth 1
}

side_append1() {
    fresh_append "$members" "$operations" --connections 50 --depth 1
}

bench_award1() {
    local members operations
    members=$(size 20000 5000)
    operations=$(size 100000 20000)
    interleave award1 append1
    all_figures award1 append1
    ratio award1_to_append award1 append1 rate
    ratio award1_to_append_p99 award1 append1 p99_us
}
