# The second story of clients/quickstart: three years of a life insurer's VIP club
# (programs/vip-club.yaml). Partners: the insurer, an airport lounge, a health centre.
# shellcheck shell=bash

# policy VERB MEMBER ID [ARGUMENT...]: what the insurer reports.
policy() {
    loyaltyctl --as life-insurance contribution "$@" >/dev/null
}

# card MEMBER: what the member's app shows; the answer in $answer.
card() {
    answer=$(loyaltyctl --as app member get "$1" -o json)
    local until name
    until=$(of card.until <<<"$answer")
    name=$(of tier_names.zh <<<"$answer")
    say app "$name ($(of standing.tier_id <<<"$answer")), score $(
        grouped "$(of standing.score <<<"$answer")"
    )$([[ -z $until ]] || echo ", until $(shop_time "$until")")"
    check tier "$2" "$(of standing.tier_id <<<"$answer")"
}

# use PARTNER MEMBER-OR-CODE PERK: whether it is granted; the answer in $answer.
use() {
    local partner=$1
    shift
    if answer=$(loyaltyctl --as "$partner" perk use "$@" -o json 2>"$work/refusal"); then
        answer_is=granted
    else
        answer_is=$(grep -oE '\([A-Z_]+' "$work/refusal" | tr -d '(') ||
            answer_is=$(<"$work/refusal")
    fi
}

# left MEMBER PERK: how often it may still be used in this period.
left() {
    loyaltyctl --as app perk list "$1" -o json | /usr/bin/python3 -c '
import json, sys
perk = [perk for perk in json.load(sys.stdin)["perks"] if perk["perk_id"] == sys.argv[1]][0]
print(perk.get("left", 0) if perk.get("limited") else "as often as wished")' "$2"
}

found_club() {
    day 2025-02-01 "A life insurer founds its VIP club: cards by the policies in force"
    set_clock 2025-02-01T09:00:00+08:00
    loyaltyctl program publish programs/vip-club.yaml \
        --effective-from 2020-01-01T00:00:00+08:00 --reason "the club is founded" >/dev/null
    loyaltyctl --as app member enroll chen --card 8800000000000013 \
        --phone +8613800000001 --app chen-app >/dev/null
    loyaltyctl --as app member enroll bo --phone +8613800000002 >/dev/null
    say office "programs/vip-club.yaml is in force; Mrs Chen and Mr Bo enrol"
}

policies_sold() {
    day 2025-02-03 "The insurer reports Mrs Chen's policy: 12,000 from May 2024 to June 2026"
    set_clock 2025-02-03T10:00:00+08:00
    policy report phone:+8613800000001 P-1001 --score 12000 --from 2024-05-01 --until 2026-06-01
    policy report phone:+8613800000002 P-2001 --score 12000 --from 2024-05-01 --until 2026-06-01
    card chen member
    check score 12000 "$(of standing.score <<<"$answer")"

    day 2025-06-02 "The June re-scoring has passed: gold for two years"
    set_clock 2025-06-02T08:00:00+08:00
    card chen gold
    check "card from" "2025-06-01 00:00" "$(shop_time "$(of card.from <<<"$answer")")"
    check "card until" "2027-06-01 00:00" "$(shop_time "$(of card.until <<<"$answer")")"
}

diamond_at_once() {
    day 2025-09-10 "She buys a big policy: 45,000 more, and diamond does not wait"
    set_clock 2025-09-10T10:00:00+08:00
    policy report phone:+8613800000001 P-1002 --score 45000
    card chen diamond
    check score 57000 "$(of standing.score <<<"$answer")"
    check "card until" "2027-09-10 10:00" "$(shop_time "$(of card.until <<<"$answer")")"
    loyaltyctl --as app perk list chen
    check "perks of a diamond card" 9 "$(loyaltyctl --as app perk list chen -o json \
        | grep -c '"perk_id"')"
}

lounge_visit() {
    day 2025-10-03 "At the airport: her app shows a code, the lounge scans it"
    set_clock 2025-10-03T07:30:00+08:00
    local code
    code=$(loyaltyctl --as app perk code chen -o json | of code)
    say app "shows ${code:0:24}... (${#code} characters)"
    use airport-lounge "$code" airport-lounge
    say lounge "$answer_is"
    check "the code" granted "$answer_is"
    check "what the lounge learned of her" nothing \
        "$(grep -E 'chen|diamond|member_id": "[^"]' <<<"$answer" || echo nothing)"
    use airport-lounge "$code" airport-lounge
    say lounge "the same code once more: $answer_is"
    check "the code again" CODE_USED "$answer_is"
    use airport-lounge phone:+8613800000002 airport-lounge
    check "Mr Bo's gold card" PERK_NOT_GRANTED "$answer_is"
}

health_check() {
    day 2025-12-31 "The health check is one a calendar year: on the last day of this one"
    set_clock 2025-12-31T23:50:00+08:00
    use health-centre phone:+8613800000001 health-check
    check "on 31 December" granted "$answer_is"
    use health-centre phone:+8613800000001 health-check
    check "once more" PERK_NOT_GRANTED "$answer_is"
    check "left" 0 "$(left chen health-check)"
    day 2026-01-01 "Ten minutes later it is another year, in Shanghai"
    set_clock 2026-01-01T00:00:00+08:00
    check "left" 1 "$(left chen health-check)"
    use health-centre phone:+8613800000001 health-check
    check "on 1 January" granted "$answer_is"
}

surrendered() {
    day 2026-03-02 "She gives the big policy up: the score falls, the card stays"
    set_clock 2026-03-02T10:00:00+08:00
    policy end phone:+8613800000001 P-1002
    card chen diamond
    check score 12000 "$(of standing.score <<<"$answer")"
    check "what the card's end will give" member "$(of forecast.card_end_tier_id <<<"$answer")"
    check "missing to keep it" 50000 "$(of forecast.missing_to_keep <<<"$answer")"

    day 2026-06-02 "The first policy has matured; the June re-scoring lowers nobody"
    set_clock 2026-06-02T08:00:00+08:00
    card chen diamond
    check score 0 "$(of standing.score <<<"$answer")"
    card bo gold

    day 2026-08-01 "She begins anew with a policy of 5,000"
    set_clock 2026-08-01T10:00:00+08:00
    policy report phone:+8613800000001 P-1003 --score 5000
    card chen diamond
    check "what the card's end will give" silver "$(of forecast.card_end_tier_id <<<"$answer")"
}

last_day() {
    day 2027-09-10 "Her card's last second: still diamond. At ten: what the score gives"
    set_clock 2027-09-10T09:59:59+08:00
    card chen diamond
    set_clock 2027-09-10T10:00:00+08:00
    card chen silver
    check "card until" "2029-09-10 10:00" "$(shop_time "$(of card.until <<<"$answer")")"
}

# follow FILE PATTERN COUNT: the consumer's events, until so many lines have the pattern.
follow() {
    local file=$1 tries=0
    : >"$file"
    while [[ $(grep -c "$2" "$file" || true) -lt $3 && $tries -lt 10 ]]; do
        timeout --signal=INT 3 loyaltyctl --as app events tail --consumer letters \
            --type upgraded --type perk-used --type lowered --type card-ending >>"$file" || true
        tries=$((tries + 1))
    done
}

# The club's letters follow the event stream; what time made is in it with nobody asking.
letters() {
    day 2027-09-11 "The club's letters, from the events: what time made, with nobody asking"
    follow "$work/letters" lowered 2
    sed 's/^/  /' "$work/letters"
    check "cards given" 3 "$(grep -c upgraded "$work/letters")"
    check "perks used" 3 "$(grep -c perk-used "$work/letters")"
    check "cards said to end soon" 2 "$(grep -c card-ending "$work/letters")"
    check "cards lowered" 2 "$(grep -c lowered "$work/letters")"
}

settle_accounts() {
    day 2027-09-11 "The lounge looks up what it is paid for, October 2025"
    answer=$(loyaltyctl --as airport-lounge perk settlement 2025-10 -o json)
    check "visits" 1 "$(grep -c '"request_id"' <<<"$answer")"
    answer=$(loyaltyctl verify --all -o json)
    check faults 0 "$(of faults <<<"$answer")"
}

play_club() {
    found_club
    policies_sold
    diamond_at_once
    lounge_visit
    health_check
    surrendered
    last_day
    letters
    settle_accounts
}
