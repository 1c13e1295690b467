#!/usr/bin/env bash
# Enrols a member, awards a sale twice with one request id, looks the member up and is refused once:
# JSON over HTTP/2 (the Connect protocol) with curl 7.82 or later and nothing else.
#     LOYALTY_SERVER=127.0.0.1:7411 LOYALTY_TLS=tls award.sh MEMBER AMOUNT_MINOR
# As `admin` for enrolment and `till` for the rest, as `loyaltyctl cert` made them.
set -euo pipefail

if [[ $# -ne 2 ]]; then
    echo "usage: award.sh MEMBER AMOUNT_MINOR" >&2
    exit 2
fi
member=$1
amount=$2

# call NAME METHOD JSON: prints the status, the header that matters and the body, whatever they are.
call() {
    curl --silent --show-error --http2 --include --cacert "$LOYALTY_TLS/ca.pem" \
        --cert "$LOYALTY_TLS/$1.pem" --key "$LOYALTY_TLS/$1.key" --json "$3" \
        "https://$LOYALTY_SERVER/loyalty.v1.$2" |
        tr -d '\r' | grep -iE '^(HTTP|loyalty-replayed|\{)'
}

# One an intent: made once, and the same in every retry. int64 amounts are strings in JSON.
intent() {
    printf '{"requestId": "%s", "createdAt": "%s"}' "$(cat /proc/sys/kernel/random/uuid)" \
        "$(date --utc +%Y-%m-%dT%H:%M:%S.%3NZ)"
}

echo "-- enrol"
call admin MembersService/Enroll "{\"mutation\": $(intent), \"memberId\": \"$member\"}"

award="{\"mutation\": $(intent), \"member\": {\"memberId\": \"$member\"},
        \"sale\": {\"currency\": \"CNY\", \"lines\": [{\"amountMinor\": \"$amount\"}]}}"
echo "-- award"
call till PointsService/Award "$award"
echo "-- the same award again: the same answer, with loyalty-replayed: true"
call till PointsService/Award "$award"

echo "-- look up"
call till MembersService/GetMember "{\"member\": {\"memberId\": \"$member\"}}"

echo "-- more points than there are: refused, with a code, a reason and the figures"
call till PointsService/Redeem \
    "{\"mutation\": $(intent), \"member\": {\"memberId\": \"$member\"}, \"points\": \"999999999\"}"
