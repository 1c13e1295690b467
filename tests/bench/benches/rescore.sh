# The half-yearly re-scoring of a million members (LOYALTY_MEMBERS=N; --quick: 20,000), on a
# sandbox's clock. They are made from a seed and brought over by `loyaltyctl import members`; then a
# plan, and its run, with loyaltyd killed twice on the way and started again. Every move of the plan
# and every member's tier after the run must be what the independent computation of tests/rescore
# says.
#     rescore_plan_members_per_s   looked at: members that are due
#     rescore_members_per_s        gone through until the first kill; the comparison of all moves
#                                  with the plan comes before, and is in it
#     rescore_counted_twice        moves that the run's report has more than the plan; right is 0
#     rescore_run_s                the whole run; what a dead daemon has claimed lapses after 30 s
# Then awards and lookups by a schedule, windows in turn: alone (without), and while full runs
# follow one another (with).
#     RATIO rescore_p99_with_to_without (awards), rescore_lookup_p99_with_to_without

rescore_seed=20261201
rescore_opened=2026-11-02T12:00:00+08:00
rescore_at=2026-12-01T00:00:00+08:00
rescore_passed=2026-12-01T00:00:07+08:00
rescore_next=2027-06-01T00:00:00+08:00
rescore_later=2027-06-01T08:00:00+08:00

# drive COMMAND...: tests/rescore/drive.py on the daemon.
drive() {
    SERVER=$server TLS=$tls LOYALTY_BIN=$bin LOYALTY_SOURCE=$PWD \
        /usr/bin/python3 tests/rescore/drive.py "$@"
}

# since INSTANT: seconds.
since() {
    awk -v began="$1" -v ended="$(date +%s.%N)" 'BEGIN {printf "%.3f\n", ended - began}'
}

# per_second COUNT SECONDS
per_second() {
    awk -v count="$1" -v seconds="$2" 'BEGIN {printf "%.0f\n", count / (seconds > 0 ? seconds : 1)}'
}

rescore_daemon() {
    run_daemon daemon --redis "unix:$redis_socket" --sandbox --sweep off
    wait_for "its Redis" as_admin clock show
}

kill_daemon() {
    kill -9 "$daemon"
    wait "$daemon" 2>/dev/null || true
    unset "processes[$daemon]"
    rescore_daemon
}

# bring_over: the members, and the program they are judged by.
bring_over() {
    local began
    drive csv "$work/members.csv" "$rescore_seed" "$members"
    as_admin clock set "$rescore_opened" >&2
    as_admin program publish programs/retail.yaml --effective-from 1996-01-01T00:00:00Z >&2
    began=$(date +%s.%N)
    as_admin import members "$work/members.csv" --window 4096 >&2
    figure rescore_import_members_per_s "$(per_second "$members" "$(since "$began")")" per_second
}

# plan_moves: sets `plan`, and `visits` to how many it has looked at; says what it took.
plan_moves() {
    drive plan "$rescore_at" >"$work/plan"
    plan=$(value plan <"$work/plan")
    figure rescore_plan_s "$(value plan_s <"$work/plan")" s
    figure rescore_plan_members_per_s \
        "$(per_second "$(value members <"$work/plan")" "$(value plan_s <"$work/plan")")" per_second
    visits=$(value members <"$work/plan")
    moves=$(value moves <"$work/plan")
    figure rescore_moves "$moves" count
    drive moves "$plan" "$rescore_seed" "$members" >&2
}

# run_plan: killed when it has gone through a third, and through two thirds.
run_plan() {
    local name began took
    as_admin clock set "$rescore_passed" >&2
    began=$(date +%s.%N)
    name=$(drive run "$rescore_at" "$plan" | value run)
    drive until "$name" $((visits / 3)) >"$work/third"
    took=$(since "$began")
    figure rescore_members_per_s "$(per_second "$(value members <"$work/third")" "$took")" \
        per_second
    kill_daemon
    drive until "$name" $((visits * 2 / 3)) >&2
    kill_daemon
    drive wait "$name" >"$work/report"
    figure rescore_run_s "$(since "$began")" s
    cat "$work/report" >&2
    [[ $(value errors <"$work/report") == 0 ]] || fail "the run met errors"
    figure rescore_counted_twice \
        $(($(value moves <"$work/report") + $(value moved_before <"$work/report") - moves)) count
    drive tiers "$rescore_passed" "$rescore_seed" "$members" >&2
}

# side_foreground LOAD with|without
side_foreground() {
    local busy
    if [[ $2 == with ]]; then
        start_process env SERVER="$server" TLS="$tls" LOYALTY_BIN="$bin" LOYALTY_SOURCE="$PWD" \
            /usr/bin/python3 tests/rescore/drive.py busy "$rescore_next"
        busy=$started
        sleep 1
    fi
    load "$1" "$operations" --members "$members" --keys uniform --connections 50 --depth 4 \
        --rate "$rate" --no-check --created-at "$(date -d "$rescore_later" +%s)"
    if [[ $2 == with ]]; then
        end_process "$busy" || fail "runs one after the other: code $?"
    fi
}

bench_rescore() {
    local members operations rate plan visits moves
    members=${LOYALTY_MEMBERS:-$(size 1000000 20000)}
    rate=2000
    operations=$((rate * $(size 5 2)))
    start_redis
    no_rewrites
    rescore_daemon
    bring_over
    plan_moves
    run_plan
    as_admin clock set "$rescore_later" >&2
    interleave 'foreground award without' 'foreground award with' \
        'foreground lookup without' 'foreground lookup with'
    verify - -
    stop_daemon
    stop_redis
    figures foreground_award_without p99_us
    figures foreground_award_with p99_us
    figures foreground_lookup_without p99_us
    figures foreground_lookup_with p99_us
    ratio rescore_p99_with_to_without foreground_award_with foreground_award_without p99_us
    ratio rescore_lookup_p99_with_to_without foreground_lookup_with foreground_lookup_without \
        p99_us
}
