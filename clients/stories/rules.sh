# The third story of clients/quickstart: a chain changes its rules while its shops are open, and the
# June re-scoring is planned, read and run (programs/retail.yaml).
# shellcheck shell=bash

# buy MEMBER AMOUNT
buy() {
    loyaltyctl --as till-01 award "$1" --amount "$2" >/dev/null
}

# tier_is MEMBER TIER
tier_is() {
    check "$1" "$2" "$(of standing.tier_id <<<"$(loyaltyctl member get "$1" -o json)")"
}

# edge FROM TO <<<JSON of an operation: how many members it moves so.
edge() {
    /usr/bin/python3 -c '
import json, sys
edges = json.load(sys.stdin)["response"].get("edges", [])
print(sum(edge["members"] for edge in edges
          if (edge["from_tier_id"], edge["to_tier_id"]) == tuple(sys.argv[1:])))' "$@"
}

# refused COMMAND...: runs it; the reason it was refused for in $refusal.
refused() {
    refusal=$("$@" 2>&1 >/dev/null | grep -oE '[A-Z]+_[A-Z_]+' | head -n 1) || true
}

a_chain_of_shops() {
    day 2026-03-01 "A chain of shops: silver from 2,000, gold from 10,000"
    set_clock 2026-03-01T09:00:00+08:00
    loyaltyctl program publish programs/retail.yaml --effective-from 2020-01-01T00:00:00+08:00 \
        --reason "the club opens" >/dev/null
    for member in ann ben cui dan eve fay; do
        loyaltyctl member enroll "$member" >/dev/null
    done
    set_clock 2026-03-05T10:00:00+08:00
    buy ann 1500.00
    buy ben 2500.00
    buy cui 5000.00
    buy dan 12000.00
    buy eve 15000.00
    buy fay 300.00
    say office "six members have bought; nobody has a card yet"
}

what_if() {
    day 2026-03-10 "The office thinks of doubling all thresholds, and asks what if"
    set_clock 2026-03-10T09:00:00+08:00
    sed -E 's/^( +threshold: )([1-9][0-9]*)$/echo "\1$((\2 * 2))"/e' programs/retail.yaml \
        >"$work/doubled.yaml"
    loyaltyctl program diff --file "$work/doubled.yaml" || true
    loyaltyctl program whatif "$work/doubled.yaml" --live --until 2026-06-02T00:00:00+08:00 \
        --svg "$work/tiers.svg" >"$work/whatif"
    sed 's/^/  /' "$work/whatif"
    answer=$(loyaltyctl program whatif "$work/doubled.yaml" --live \
        --until 2026-06-02T00:00:00+08:00 -o json)
    check "whose tier would be lower" 3 "$(of difference.tier_at_until.lose <<<"$answer")"
    sed 's/^zone:/zine:/' "$work/doubled.yaml" >"$work/broken.yaml"
    refusal=$(loyaltyctl program publish "$work/broken.yaml" --effective-from now+1d 2>&1) || true
    say office "a slip of the pen: ${refusal#"$work/"}"
    check "versions after a broken publish" 1 "$(loyaltyctl program list -o json \
        | grep -c '"published_at"')"
}

second_thoughts() {
    day 2026-03-11 "The doubled thresholds are published for April, then withdrawn"
    set_clock 2026-03-11T09:00:00+08:00
    loyaltyctl program publish "$work/doubled.yaml" \
        --effective-from 2026-04-01T00:00:00+08:00 --reason "dearer cards" >/dev/null
    loyaltyctl program withdraw 2 --reason "after a letter from the shops" >/dev/null
    loyaltyctl program list
    check "states" "in force withdrawn" "$(loyaltyctl program list \
        | sed -nE 's/^ +[0-9]+  (in force|withdrawn|to come).*/\1/p' | paste -sd' ')"
}

planned() {
    day 2026-05-20 "The June re-scoring is planned: who will have which card, and why"
    set_clock 2026-05-20T09:00:00+08:00
    answer=$(loyaltyctl rescore plan --at 2026-06-01 --reason "June" --wait -o json)
    plan=$(of name <<<"$answer")
    loyaltyctl rescore moves "$plan"
    check "to silver" 2 "$(edge member silver <<<"$answer")"
    check "to gold" 2 "$(edge member gold <<<"$answer")"
    refused loyaltyctl rescore run --plan "$plan"
    check "run before its day" NOT_YET "$refusal"

    day 2026-05-25 "Ann buys once more, and that is enough for silver"
    set_clock 2026-05-25T15:00:00+08:00
    buy ann 800.00
}

run_in_june() {
    day 2026-06-01 "Just after midnight it is run: but the moves are not those that were planned"
    set_clock 2026-06-01T00:00:05+08:00
    refused loyaltyctl rescore run --plan "$plan" --wait
    check "the plan" PLAN_MOVED "$refusal"
    answer=$(loyaltyctl rescore run --plan "$plan" --accept-changes --wait -o json)
    check "to silver" 3 "$(edge member silver <<<"$answer")"
    check "to gold" 2 "$(edge member gold <<<"$answer")"
    check "who differ from the plan" 1 "$(of response.differ <<<"$answer")"
    answer=$(loyaltyctl rescore run --wait -o json)
    check "moves of a second run" 0 "$(of response.moves <<<"$answer" | sed 's/^$/0/')"
    tier_is ann silver
    tier_is eve gold
}

by_hand() {
    day 2026-06-10 "By hand: goodwill for Fay, a gold card for her to try, and Eve was a fraud"
    set_clock 2026-06-10T11:00:00+08:00
    loyaltyctl member adjust fay --points 500 --reason-code goodwill \
        --reason "her order was late" >/dev/null
    loyaltyctl member grant fay gold --until 2026-09-01 --reason-code goodwill \
        --reason "a summer to try it" >/dev/null
    loyaltyctl member revoke eve --reason-code fraud --reason "receipts of others" >/dev/null
    loyaltyctl member status eve suspended --reason "receipts of others" >/dev/null
    check "Fay's points" 800 "$(of standing.balance <<<"$(loyaltyctl member get fay -o json)")"
    tier_is fay gold
    tier_is eve member
    loyaltyctl audit list --month 2026-06
    check "acts in June's audit" 7 "$(loyaltyctl audit list --month 2026-06 -o json \
        | grep -c '"act"')"

    day 2026-09-01 "Fay's summer is over; what she did not earn she does not keep"
    set_clock 2026-09-01T00:00:00+08:00
    tier_is fay member
}

into_the_archive() {
    day 2026-09-02 "Long logs are compacted; what is cut off goes to the archive's files"
    set_clock 2026-09-02T09:00:00+08:00
    for ((i = 0; i < 80; i++)); do
        buy cui 1.00
    done
    loyaltyctl archive --to "$work/archive" >/dev/null
    loyaltyctl verify --archived "$work/archive" -o json >"$work/verified"
    check "faults from the first record on" 0 "$(of faults <"$work/verified")"
    check "sales in Cui's whole history" 81 "$(loyaltyctl member log cui \
        --archived "$work/archive" -o json | grep -c '"kind": "AWARDED"')"
    answer=$(loyaltyctl verify --all -o json)
    check faults 0 "$(of faults <<<"$answer")"
}

play_rules() {
    a_chain_of_shops
    what_if
    second_thoughts
    planned
    run_in_june
    by_hand
    into_the_archive
}
