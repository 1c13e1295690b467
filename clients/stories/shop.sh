# The first story of clients/quickstart: half a year of a shop.
# shellcheck shell=bash
# sell MEMBER AMOUNT [OPTION...]: a sale at till 2; the answer in $answer, told as the till sees it.
sell() {
    local member=$1 amount=$2 points balance tier missing
    shift 2
    answer=$(loyaltyctl --as till-02 award "$member" --amount "$amount" -o json "$@")
    points=$(grouped "$(of points <<<"$answer")")
    balance=$(grouped "$(of standing.balance <<<"$answer")")
    tier=$(of standing.tier_id <<<"$answer")
    missing=$(of standing.missing_to_next <<<"$answer")
    if [[ $missing != 0 ]]; then
        tier="$tier, $(grouped "$missing") to $(of standing.next_tier_id <<<"$answer")"
    fi
    say till "+$points points for $amount yuan; balance $balance, $tier"
}

# look MEMBER: what the member's app shows; the answer in $answer.
look() {
    answer=$(loyaltyctl member get "$1" -o json)
    local from until
    from=$(of card.from <<<"$answer")
    until=$(of card.until <<<"$answer")
    say member "$(of standing.tier_id <<<"$answer") card from $(shop_time "$from")$(
        [[ -z $until ]] || echo " until $(shop_time "$until")"
    ); $(grouped "$(of standing.balance <<<"$answer")") points"
}

open_shop() {
    day 2026-01-10 "The club opens: silver from 2,000, gold from 10,000, diamond from 50,000"
    set_clock 2026-01-10T09:00:00+08:00
    loyaltyctl program publish programs/retail.yaml --effective-from 2020-01-01T00:00:00+08:00 \
        --reason "the club opens" >/dev/null
    for member in lin wang zhao; do
        loyaltyctl member enroll "$member" >/dev/null
    done
    say office "programs/retail.yaml is in force; Lin, Wang and Zhao enrol"
}

first_sales() {
    day 2026-02-01 "Lin buys for 1,234.56: a point for every whole yuan"
    set_clock 2026-02-01T10:00:00+08:00
    sell lin 1234.56
    check points 1234 "$(of points <<<"$answer")"
    check score 1234 "$(of standing.score <<<"$answer")"
    check tier member "$(of standing.tier_id <<<"$answer")"

    day 2026-03-05 "Lin buys for 900.00: enough for silver, but silver waits for 1 June"
    set_clock 2026-03-05T10:00:00+08:00
    sell lin 900.00
    check points 900 "$(of points <<<"$answer")"
    check score 2134 "$(of standing.score <<<"$answer")"
    check tier member "$(of standing.tier_id <<<"$answer")"
}

rescoring() {
    day 2026-06-02 "Nobody has run a job, but 1 June is past: whoever looks sees silver"
    set_clock 2026-06-02T08:00:00+08:00
    look lin
    check tier silver "$(of standing.tier_id <<<"$answer")"
    check "card from" "2026-06-01 00:00" "$(shop_time "$(of card.from <<<"$answer")")"
    check "card until" "2028-06-01 00:00" "$(shop_time "$(of card.until <<<"$answer")")"

    day 2026-06-04 "A sale that Wang made at an offline till on 30 May arrives: 2,500.00"
    set_clock 2026-06-04T09:00:00+08:00
    sell wang 2500.00 --at 2026-05-30T15:00:00+08:00
    look wang
    check tier silver "$(of standing.tier_id <<<"$answer")"
    check "card from" "2026-06-01 00:00" "$(shop_time "$(of card.from <<<"$answer")")"
    check balance 2500 "$(of standing.balance <<<"$answer")"
}

silver_and_diamond() {
    day 2026-06-10 "Lin buys for 100.00: silver earns 1.10 a yuan, score counts yuan"
    set_clock 2026-06-10T10:00:00+08:00
    sell lin 100.00
    check points 110 "$(of points <<<"$answer")"
    check "score given" 100 "$(of score <<<"$answer")"

    day 2026-07-15 "Lin buys for 60,000.00: diamond does not wait"
    set_clock 2026-07-15T10:00:00+08:00
    sell lin 60000.00
    check points 66000 "$(of points <<<"$answer")"
    check score 62234 "$(of standing.score <<<"$answer")"
    look lin
    check tier diamond "$(of standing.tier_id <<<"$answer")"
    check "card from" "2026-07-15 10:00" "$(shop_time "$(of card.from <<<"$answer")")"
    check "card until" "2028-07-15 10:00" "$(shop_time "$(of card.until <<<"$answer")")"
}

# The same answer, but for whether it is a repeat.
without_outcome() {
    sed '/"outcome":/d' "$1"
}

pressed_twice() {
    day 2026-07-15 "Zhao buys for 88.00, and two tills press at once, with one request id"
    local id one two
    id=$(</proc/sys/kernel/random/uuid)
    loyaltyctl --as till-01 award zhao --amount 88.00 --request-id "$id" -o json >"$work/1.json" &
    one=$!
    loyaltyctl --as till-02 award zhao --amount 88.00 --request-id "$id" -o json >"$work/2.json" &
    two=$!
    wait "$one" "$two"
    say tills "$(of outcome <"$work/1.json") and $(of outcome <"$work/2.json")"
    check "outcomes, in no order" "APPLIED DUPLICATE" \
        "$(for till in 1 2; do of outcome <"$work/$till.json"; done | sort | xargs)"
    check "the two answers" same "$(cmp -s <(without_outcome "$work/1.json") \
        <(without_outcome "$work/2.json") && echo same || echo different)"
    check "awards in the ledger" 1 "$(loyaltyctl member log zhao | grep -c ' awarded ')"
    look zhao
    check balance 88 "$(of standing.balance <<<"$answer")"
}

# --- past sales ---

# 400 sales of 80 customers, the same on every machine.
generate_sales() {
    awk 'function next_number(below) { seed = seed * 16807 % 2147483647; return seed % below }
        BEGIN {
            seed = 20260715
            printf "customer_id date number_of_items yuan\r\n"
            for (i = 0; i < 400; i++) {
                printf " %05d 2025%02d%02d %2d %4d.%02d\r\n", 1 + int(i / 5),
                    1 + next_number(12), 1 + next_number(28), 1 + next_number(4),
                    next_number(900), next_number(100)
            }
        }'
}

import_twice() {
    day 2026-07-15 "400 sales of last year come from another system, then by mistake again"
    local file=$work/sales.txt first second score records
    generate_sales >"$file"
    score=$(awk 'NR > 1 { total += int($4) } END { print total }' "$file")
    say office "$(loyaltyctl import sales "$file" --format cdnow --enrol-prefix old- \
        | tee "$work/first.txt")"
    records=$(loyaltyctl verify --all -o json | of records)
    second=$(loyaltyctl import sales "$file" --format cdnow --enrol-prefix old- -o json)
    say office "again: $(of replayed <<<"$second") of 480 requests had been done before"
    first=$(grep -o '[0-9,]* score' "$work/first.txt")
    check "score given, as awk adds it up from the file" "$(grouped "$score") score" "$first"
    check "requests done before" 480 "$(of replayed <<<"$second")"
    check "records in the ledger" "$records" "$(loyaltyctl verify --all -o json | of records)"
}

verify_all() {
    day 2026-07-15 "Every ledger is read again: chain, contents, figures"
    local totals
    totals=$(loyaltyctl verify --all -o json)
    say office "$(of accounts <<<"$totals") accounts, $(of records <<<"$totals") records, $(
        of log_bytes <<<"$totals") bytes"
    check accounts 83 "$(of accounts <<<"$totals")"
    check faults 0 "$(of faults <<<"$totals")"
}

play_shop() {
    open_shop
    first_sales
    rescoring
    silver_and_diamond
    pressed_twice
    import_twice
    verify_all
}
