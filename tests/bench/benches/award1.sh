# Awards one at a time on each of 50 connections, as tills send them, beside append_if alone with 50
# in flight.

side_award1() {
    fresh_awards "$members" "$operations" --connections 50 --depth 1
}

side_award1_append() {
    fresh_append "$members" "$operations" --connections 50 --depth 1
}

bench_award1() {
    local members operations
    members=$(size 20000 5000)
    operations=$(size 100000 20000)
    interleave award1 award1_append
    all_figures award1 award1_append
    ratio award1_to_append award1 award1_append rate
    ratio award1_to_append_p99 award1 award1_append p99_us
}
