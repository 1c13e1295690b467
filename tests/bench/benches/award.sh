# Awards through the daemon, 50 connections x 16 requests in flight, beside append_if alone: a C
# generator that knows every account's state sends the same records to the same keys, as many in
# flight, on the same two cores.

side_award() {
    fresh_awards "$members" "$operations" --connections 50 --depth 16
}

side_award_append() {
    fresh_append "$members" "$operations" --connections 50 --depth 16
}

bench_award() {
    local members operations
    members=$(size 20000 5000)
    operations=$(size 120000 40000)
    interleave award award_append
    all_figures award award_append
    ratio award_to_append award award_append rate
    ratio award_to_append_p99 award award_append p99_us
}
