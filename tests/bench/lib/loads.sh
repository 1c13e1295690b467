# Sourced by tests/bench/run. Loads from nothing to nothing, so that no round inherits another's
# logs, caches or append-only file, and every answer is accounted for at its end. An award is some
# 400 bytes of that file, its enrolment and transaction counted: up to 150,000 of them stay below
# the 64 MB at which Redis would begin a new one amid the load, now in one side and now in another.

# fresh_load LOAD MEMBERS OPERATIONS CONDITION [OPTION...]: a load on a daemon that has just
# enrolled the members; afterwards its logs must be without fault, and the condition, an arithmetic
# one on what there are of `accounts` and `records`, must hold.
fresh_load() {
    local name=$1 members=$2 operations=$3 condition=$4 accounts records
    shift 4
    start_daemon
    enrol "$members"
    load "$name" "$operations" --members "$members" "$@"
    verify - -
    ((condition)) || fail "$accounts accounts and $records records, expected $condition"
    stop_daemon
}

# fresh_awards MEMBERS OPERATIONS [OPTION...]: awards, a record each behind one for each enrolment.
fresh_awards() {
    local members=$1 operations=$2
    shift 2
    fresh_load award "$members" "$operations" \
        'accounts == members && records == accounts + operations' "$@"
}

# fresh_append MEMBERS OPERATIONS [OPTION...]: append_if alone, by a generator that knows every
# account's state: the same keys, records and append-only file as fresh_awards has.
fresh_append() {
    local members=$1 operations=$2
    shift 2
    start_redis
    append "$operations" --members "$members" "$@"
    stop_redis
}
