# Awards and lookups beside the same service as others would write it (tests/bench/peers: Fastify,
# grpc-js, Go, PostgreSQL), as durable and with the same checks. In each round (in quick form: once)
# all are started anew and have the same members; each must pass its exactly-once check, or is said
# to be out. Then they take turns, load by load, while the others idle. Afterwards their books must
# agree.
#
# Ratios are of loyaltyd over frames, or over gRPC where they say so: `award` and `lookup` with 16
# in flight a connection to the peer at its best, `award1` and `lookup1` with one a connection to
# the peer with the same 50 connections. A peer's daemon_cpu is of its server processes, without
# Redis; PostgreSQL's is of all its processes, for its store is in them.

# server, load, connections x depth, face, operations of a round, in quick form. A server's awards
# of a round stay below a rewrite of its append-only file (lib/loads.sh).
peers_plan() {
    cat <<'END'
loyaltyd award 50x16 frames 50000 20000
fastify award 50x1 http 25000 5000
fastify award 200x1 http 25000 5000
grpc_js award 50x16 grpc 20000 4000
go award 50x16 grpc 40000 8000
postgres award 50x1 pgbench 12000 3000
loyaltyd award 50x16 grpc 30000 10000
loyaltyd award 50x1 frames 30000 8000
grpc_js award 50x1 grpc 20000 4000
go award 50x1 grpc 25000 5000
loyaltyd award 50x1 grpc 20000 6000
loyaltyd lookup 50x16 frames 200000 40000
fastify lookup 50x1 http 50000 8000
grpc_js lookup 50x16 grpc 25000 5000
go lookup 50x16 grpc 50000 10000
postgres lookup 50x1 pgbench 30000 6000
loyaltyd lookup 50x16 grpc 100000 20000
loyaltyd lookup 50x1 frames 50000 10000
grpc_js lookup 50x1 grpc 20000 4000
go lookup 50x1 grpc 40000 8000
loyaltyd lookup 50x1 grpc 40000 8000
END
}

side_loyaltyd() { turn loyaltyd "$@"; }
side_fastify() { turn fastify "$@"; }
side_grpc_js() { turn grpc_js "$@"; }
side_go() { turn go "$@"; }
side_postgres() { turn postgres "$@"; }

# peer_script NAME: the peer's folder has a dash where a figure's name cannot.
peer_script() {
    echo "tests/bench/peers/${1//_/-}/peer"
}

by_pgbench() {
    tests/bench/peers/postgres/load "$@"
}

# at SERVER COMMAND...: the command with the library's words for that server.
at() {
    local name=$1
    shift
    server=${servers[$name]} daemon=${pids[$name]} redis=${redises[$name]} "$@"
}

# face_of SERVER: the one it has.
face_of() {
    peers_plan | awk -v name="$1" '$1 == name {print $4; exit}'
}

takes_part() {
    [[ " ${taking_part[*]} " == *" $1 "* ]]
}

# counts_once FACE: enrols the members and has awards sent again and again.
counts_once() {
    enrol "$members" --face "$1" &&
        "$bin/loyalty-bench" once --server "$server" --tls "$tls" --as till --face "$1" \
            --members "$members" --operations "$once" >&2
}

start_loyaltyd() {
    start_daemon
    servers[loyaltyd]=$server
    pids[loyaltyd]=$daemon
    redises[loyaltyd]=$redis
}

# start_peer NAME
start_peer() {
    local dir=$work/$1
    rm -rf "$dir"
    mkdir "$dir"
    cp -r "$tls" "$dir/tls"
    start_process "$(peer_script "$1")" start "$dir"
    pids[$1]=$started
    (wait_for "$1" test -s "$dir/port") || return 1
    servers[$1]=127.0.0.1:$(<"$dir/port")
    if [[ $1 == postgres ]]; then
        redises[$1]=$(head -n 1 "$dir/state/data/postmaster.pid")
    else
        redises[$1]=$(<"$dir/redis/redis.pid")
    fi
}

# bring_up SERVER: started, its members enrolled, and found to count each award once.
bring_up() {
    awards[$1]=$once
    case $1 in
        loyaltyd) start_loyaltyd && at "$1" counts_once frames ;;
        postgres) start_peer "$1" && by_pgbench once "$work/$1" "$members" "$once" >&2 ;;
        *) start_peer "$1" && at "$1" counts_once "$(face_of "$1")" ;;
    esac
}

# begin_round: a peer that does not come up, or does not count once, is out from here on.
begin_round() {
    local name
    local -a still=()
    for name in "${taking_part[@]}"; do
        if bring_up "$name"; then
            still+=("$name")
        else
            echo "peers: $name is out, for it does not come up and count each award once" >&2
            end_process "${pids[$name]}" || true
        fi
    done
    taking_part=("${still[@]}")
    begun=$round
}

# end_round: the books are compared, and all ends well.
end_round() {
    local name
    for name in "${taking_part[@]}"; do
        case $name in
            loyaltyd) at "$name" verify "$members" $((members + awards[loyaltyd])) ;;
            postgres) by_pgbench books "$work/$name" "${awards[postgres]}" ;;
        esac
        end_process "${pids[$name]}" || fail "$name ended with code $?"
    done
}

# cluster_ticks POSTMASTER: clock ticks of it, of its children and of those that have ended.
cluster_ticks() {
    local pid
    for pid in $(<"/proc/$1/task/$1/children"); do
        cpu_ticks "$pid" 2>/dev/null || true # ended since: the postmaster has its ticks
    done | cat - <(sed 's/.*) //' "/proc/$1/stat" | awk '{print $12 + $13 + $14 + $15}') |
        awk '{sum += $1} END {print sum}'
}

# postgres_turn LOAD OPERATIONS CONNECTIONS
postgres_turn() {
    local ticks
    ticks=$(cluster_ticks "$redis")
    by_pgbench "$1" "$work/postgres" "$members" "$2" "$3"
    awk -v ticks=$(($(cluster_ticks "$redis") - ticks)) -v hz="$(getconf CLK_TCK)" -v n="$2" \
        'BEGIN {printf "daemon_cpu %.2f\n", ticks / hz * 1000000 / n}'
}

# turn SERVER LOAD SHAPE FACE: one side; the first of a round starts that round's servers.
turn() {
    local name=$1 load=$2 connections=${3%x*} depth=${3#*x} face=$4 operations
    if [[ $begun == 0 ]]; then
        begin_round
    elif [[ $begun != "$round" && $quick == no ]]; then
        end_round
        begin_round
    fi
    takes_part "$name" || return 0
    operations=$(peers_plan | awk -v side="$*" -v at="$(size 5 6)" \
        '$1 " " $2 " " $3 " " $4 == side {print $at}')
    if [[ $face == pgbench ]]; then
        at "$name" postgres_turn "$load" "$operations" "$connections"
    else
        at "$name" load "$load" "$operations" --members "$members" --face "$face" \
            --connections "$connections" --depth "$depth"
    fi
    [[ $load != award ]] || awards[$name]=$((awards[$name] + operations))
}

# sides_of SERVER [LOAD [SHAPE]]
sides_of() {
    peers_plan | awk -v name="$1" -v load="${2:-}" -v shape="${3:-}" \
        '$1 == name && (load == "" || $2 == load) && (shape == "" || $3 == shape) {
            print $1 "_" $2 "_" $3 "_" $4}'
}

# best SERVER LOAD: of its sides the one with the highest rate.
best() {
    local side
    for side in $(sides_of "$1" "$2"); do
        echo "$(of "$side" rate) $side"
    done | sort -g | tail -n 1 | cut -d ' ' -f 2
}

# ratios_to PEER
ratios_to() {
    local load alone
    for load in award lookup; do
        alone=$(sides_of "$1" "$load" 50x1)
        ratio "${load}_to_$1" "loyaltyd_${load}_50x16_frames" "$(best "$1" "$load")" rate
        ratio "${load}1_to_$1" "loyaltyd_${load}_50x1_frames" "$alone" rate
        if [[ $(face_of "$1") == grpc ]]; then
            ratio "${load}_grpc_to_$1" "loyaltyd_${load}_50x16_grpc" "$(best "$1" "$load")" rate
            ratio "${load}1_grpc_to_$1" "loyaltyd_${load}_50x1_grpc" "$alone" rate
        fi
    done
    ratio "daemon_cpu_to_$1" loyaltyd_award_50x16_frames "$(best "$1" award)" daemon_cpu
    ratio "daemon_cpu1_to_$1" loyaltyd_award_50x1_frames "$(sides_of "$1" award 50x1)" daemon_cpu
}

bench_peers() {
    local members once begun=0 name
    local -a taking_part=(loyaltyd) sides=()
    local -A servers=() pids=() redises=() awards=()
    members=$(size 5000 1000)
    once=$(size 1000 400)
    for name in fastify grpc_js go postgres; do
        if "$(peer_script "$name")" install >&2; then
            taking_part+=("$name")
        else
            echo "peers: $name is out, for it cannot be installed" >&2
        fi
    done
    mapfile -t sides < <(peers_plan | cut -d ' ' -f 1-4)
    interleave "${sides[@]}"
    end_round
    for name in "${taking_part[@]}"; do
        mapfile -t sides < <(sides_of "$name")
        all_figures "${sides[@]}"
    done
    for name in "${taking_part[@]:1}"; do
        ratios_to "$name"
    done
}
