# Sourced by tests/bench/run. Rounds, what they gave, and how it is said. A side is one of the
# things that a bench compares; the function side_NAME runs it once and prints lines `figure value`,
# which are kept in $work/rounds/NAME.ROUND.

# size FULL QUICK: the one that this run wants.
size() {
    [[ $quick == yes ]] && echo "$2" || echo "$1"
}

# interleave SIDE...: in each of $rounds rounds runs every side once, in every second round the last
# side first, so that neither a drift of the machine nor the order is a side's own. A side 'log 10'
# is side_log called with 10, and what it gives is log_10's.
interleave() {
    local round i at
    local -a sides=("$@") command
    mkdir -p "$work/rounds"
    for ((round = 1; round <= rounds; round++)); do
        for ((i = 0; i < $#; i++)); do
            at=$((round % 2 ? i : $# - 1 - i))
            read -ra command <<<"${sides[at]}"
            "side_${command[0]}" "${command[@]:1}" >"$work/rounds/${sides[at]// /_}.$round"
        done
    done
}

# value FIGURE: its value among the lines of stdin.
value() {
    awk -v name="$1" '$1 == name {print $2}'
}

# median: of the numbers of stdin.
median() {
    sort -g | awk '{v[NR] = $1}
        END {if (NR) printf "%.10g\n", (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2}'
}

# of SIDE FIGURE: its median over the rounds.
of() {
    cat "$work/rounds/$1".* | value "$2" | median
}

# unit FIGURE: what it is counted in.
unit() {
    case $1 in
        *rate) echo per_second ;;
        *_us | *_cpu) echo us ;;
        *_bytes) echo bytes ;;
        *) echo count ;;
    esac
}

# figure NAME VALUE UNIT: said with four digits or more.
figure() {
    [[ -n $2 ]] || fail "no figure $1"
    awk -v name="$1" -v value="$2" -v unit="$3" \
        'BEGIN {printf "FIGURE %s " (value < 1000 ? "%.4g" : "%.0f") " %s\n", name, value, unit}'
}

# figures SIDE FIGURE...: the medians of these, as SIDE_FIGURE.
figures() {
    local side=$1 name
    shift
    for name in "$@"; do
        figure "${side}_$name" "$(of "$side" "$name")" "$(unit "$name")"
    done
}

# all_figures SIDE...: of each side whatever of the usual figures it has printed.
all_figures() {
    local side name
    for side in "$@"; do
        for name in rate p50_us p99_us daemon_cpu redis_cpu client_cpu_us; do
            [[ -z $(of "$side" "$name") ]] || figures "$side" "$name"
        done
    done
}

# ratio NAME A B FIGURE: the median of the rounds' ratios of A's to B's; on stderr each round's.
ratio() {
    local round each
    each=$(for ((round = 1; round <= rounds; round++)); do
        echo "$(value "$4" <"$work/rounds/$2.$round") $(value "$4" <"$work/rounds/$3.$round")"
    done | awk '$2 > 0 {printf "%.4g\n", $1 / $2}')
    [[ -n $each ]] || fail "no ratio $1"
    echo "$1 by round: ${each//$'\n'/ }" >&2
    printf 'RATIO %s %.3f\n' "$1" "$(median <<<"$each")"
}
