# How clients/quickstart and its stories talk: days, what somebody sees, figures that are checked.
# shellcheck shell=bash
if [[ -t 1 ]]; then
    bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
    good=$(printf '\033[32m') bad=$(printf '\033[31m')
else
    bold= dim= plain= good= bad=
fi

day() {
    printf '\n%s%s%s  %s\n' "$bold" "$1" "$plain" "$2"
}

# say WHO TEXT: what that one sees.
say() {
    printf '  %-7s %s\n' "$1" "$2"
}

# check WHAT EXPECTED FOUND
check() {
    if [[ $2 == "$3" ]]; then
        printf '  %s✓%s %s%s: %s%s\n' "$good" "$plain" "$dim" "$1" "$3" "$plain"
    else
        printf '  %s✗ %s: %s, but it must be %s%s\n' "$bad" "$1" "$3" "$2" "$plain"
        failures=$((failures + 1))
    fi
}

# grouped 1234567 -> 1,234,567
grouped() {
    sed -E ':a; s/^(-?[0-9]+)([0-9]{3})/\1,\2/; ta' <<<"$1"
}

# of PATH <<<JSON: one field of an answer; nothing when it is absent.
of() {
    /usr/bin/python3 -c '
import json, sys
value = json.load(sys.stdin)
for step in sys.argv[1].split("."):
    value = (value or {}).get(step)
print("" if value is None else value)' "$1"
}

# shop_time INSTANT: an RFC 3339 instant on the clock in Shanghai.
shop_time() {
    TZ=Asia/Shanghai date -d "$1" '+%Y-%m-%d %H:%M'
}

set_clock() {
    loyaltyctl clock set "$1" >/dev/null
}
