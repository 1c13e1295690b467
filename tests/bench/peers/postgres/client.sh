# Sourced: how a client of the cluster in DIR is told who it is and whom to believe.

# Debian keeps each major version apart; the wrappers in /usr/bin would cost a Perl a call.
pg_bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)

# client_of DIR PORT NAME: sets libpq's environment.
client_of() {
    export PGHOST=127.0.0.1 PGPORT=$2 PGUSER=$3 PGSSLMODE=verify-ca
    export PGSSLROOTCERT=$1/tls/ca.pem PGSSLCERT=$1/tls/$3.pem PGSSLKEY=$1/tls/$3.key
}

# query DATABASE ARGUMENT...: psql that stops at the first error.
query() {
    local database=$1
    shift
    "$pg_bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d "$database" "$@"
}
