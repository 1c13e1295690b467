# 70 % lookups, 25 % awards and 5 % redemptions, 50 connections x 16.
#     mixed            members drawn by zipf 0.99, as busy as the daemon gets
#     mixed_uniform    its baseline: the same with no member busier than others
#     mixed_fixed      zipf again, at half the rate that `mixed` has reached so far, by a schedule:
#                      latency counts from the scheduled instant, so no stall is left out

# fresh_mixed OPTION...: on a new ledger, whose members have been awarded points to redeem.
fresh_mixed() {
    local accounts records written
    start_daemon
    enrol "$members"
    load award "$members" --members "$members" >/dev/null
    load mixed "$operations" --members "$members" --mix 70,25,5 --connections 50 --depth 16 "$@"
    verify "$members" -
    written=$((records - 2 * members))
    ((written * 4 > operations && written * 3 < operations)) ||
        fail "$written records of $operations operations, expected 30 %"
    stop_daemon
}

side_mixed() {
    fresh_mixed --keys zipf
}

side_mixed_uniform() {
    fresh_mixed --keys uniform
}

side_mixed_fixed() {
    fresh_mixed --keys zipf --rate "$(of mixed rate | awk '{printf "%d", $1 / 2}')"
}

bench_mixed() {
    local members operations
    members=$(size 20000 5000)
    operations=$(size 200000 30000)
    interleave mixed mixed_uniform mixed_fixed
    all_figures mixed mixed_uniform mixed_fixed
    ratio mixed_to_uniform mixed mixed_uniform rate
    ratio mixed_to_uniform_p99 mixed mixed_uniform p99_us
    ratio mixed_fixed_to_mixed_p99 mixed_fixed mixed p99_us
}
