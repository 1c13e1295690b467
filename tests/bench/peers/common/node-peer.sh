# Sourced by the peers in Node: `node_peer HERE install` and `node_peer HERE start DIR`, as
# tests/bench/run asks every peer. What npm installs is what the peer's lock file names.

node_options=(--tls-min-v1.3) # a peer may add its own

# The modules of the peer in folder $1 stand in build/bench/NAME.
node_peer_built() {
    echo "$(cd "$1/../../../.." && pwd)/build/bench/$(basename "$1")"
}

# The lock file is copied last, so a torn install is done again.
node_peer_install() {
    local here=$1 built
    built=$(node_peer_built "$here")
    if cmp -s "$here/package-lock.json" "$built/installed.json"; then
        return
    fi
    mkdir -p "$built"
    cp "$here/package.json" "$here/package-lock.json" "$built/"
    npm ci --prefix "$built" --no-audit --no-fund --ignore-scripts --loglevel error >&2
    cp "$here/package-lock.json" "$built/installed.json"
}

# Becomes the server, so that the caller's child is what serves.
node_peer_start() {
    local here=$1 dir=$2 built
    built=$(node_peer_built "$here")
    rm -f "$dir/port"
    NODE_ENV=production NODE_PATH=$built/node_modules \
        exec node "${node_options[@]}" "$here/server.js" "$dir"
}

node_peer() {
    local here=$1
    shift
    if [[ $# -eq 1 && $1 == install ]]; then
        node_peer_install "$here"
    elif [[ $# -eq 2 && $1 == start ]]; then
        node_peer_start "$here" "$2"
    else
        echo "usage: peer install | peer start DIR" >&2
        exit 2
    fi
}
