// The command line.
#include "app/options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "jobs/compact.h"
#include "jobs/runner.h"
#include "jobs/sweep.h"

const char *argp_program_version = "loyaltyd 0.1.0";

enum {
    OPTION_LISTEN = 256,
    OPTION_PORT_FILE,
    OPTION_TLS_CERT,
    OPTION_TLS_KEY,
    OPTION_TLS_CA,
    OPTION_TLS_CRL,
    OPTION_TRUST_DOMAIN,
    OPTION_REDIS,
    OPTION_REDIS_USER,
    OPTION_REDIS_PASSWORD_FILE,
    OPTION_EMBEDDED,
    OPTION_IDENTIFIER_KEY_FILE,
    OPTION_CODE_KEY,
    OPTION_PROFILE_KEY,
    OPTION_PARTITIONS,
    OPTION_CACHE_MIB,
    OPTION_CACHE_ACCOUNTS,
    OPTION_COMPACT_BYTES,
    OPTION_EVENT_RETENTION,
    OPTION_SWEEP,
    OPTION_SWEEP_PACE,
    OPTION_JOBS,
    OPTION_JOBS_PACE,
    OPTION_CLOCK_OFFSET_MS,
    OPTION_SANDBOX,
    OPTION_DURABILITY,
    OPTION_LOG_LEVEL,
};

enum {
    CACHE_MIB_MAX = 1 << 20,
    CACHE_ACCOUNTS_MAX = 100000000,
    EVENT_RETENTION_MIN = 1000,
    EVENT_RETENTION_MAX = 100000000,
    CLOCK_OFFSET_MAX_MS = 86400000,
};

static const struct argp_option table[] = {
    {NULL, 0, NULL, 0, "Who may connect, and where:", 1},
    {"listen", OPTION_LISTEN, "HOST:PORT", 0,
     "numeric address; port 0 takes any (default 127.0.0.1:7411)", 1},
    {"port-file", OPTION_PORT_FILE, "FILE", 0, "write the port there once listening", 1},
    {"tls-cert", OPTION_TLS_CERT, "FILE", 0, "certificate chain, PEM (required)", 1},
    {"tls-key", OPTION_TLS_KEY, "FILE", 0, "its private key, PEM (required)", 1},
    {"tls-ca", OPTION_TLS_CA, "FILE", 0, "who issues clients' certificates, PEM (required)", 1},
    {"tls-crl", OPTION_TLS_CRL, "FILE", 0, "revoked certificates, PEM; SIGHUP reads it again", 1},
    {"trust-domain", OPTION_TRUST_DOMAIN, "NAME", 0,
     "of clients' spiffe:// URIs (default vip.example)", 1},
    {NULL, 0, NULL, 0, "Where the ledger is (one of --redis and --embedded):", 2},
    {"redis", OPTION_REDIS, "ADDRESS", 0, "unix:PATH or numeric HOST:PORT", 2},
    {"redis-user", OPTION_REDIS_USER, "NAME", 0, "ACL user", 2},
    {"redis-password-file", OPTION_REDIS_PASSWORD_FILE, "FILE", 0, "its first line", 2},
    {"embedded", OPTION_EMBEDDED, "DIR", 0, "start and supervise a private redis-server there", 2},
    {"durability", OPTION_DURABILITY, "HOW", 0,
     "strict: acknowledged means fsynced (default); relaxed: whatever Redis is set to", 2},
    {"partitions", OPTION_PARTITIONS, "N", 0,
     "of a new ledger, 1 to 16384, fixed from then on (default 1024)", 2},
    {"identifier-key-file", OPTION_IDENTIFIER_KEY_FILE, "FILE", 0,
     "64 hex digits under which identifiers are hashed; with --embedded made when missing", 2},
    {"code-key", OPTION_CODE_KEY, "FILE", 0,
     "Ed25519 private key, PEM, that signs the codes members show; given again: an older one that "
     "is still honoured (with --embedded made when missing)",
     2},
    {"profile-key", OPTION_PROFILE_KEY, "FILE", 0,
     "64 hex digits under which profiles are encrypted; given again: an older one that is still "
     "read (with --embedded made when missing)",
     2},
    {NULL, 0, NULL, 0, "How it works:", 3},
    {"cache-mib", OPTION_CACHE_MIB, "N", 0,
     "memory for accounts kept folded, MiB, 1 to 1048576 (default 256)", 3},
    {"cache-accounts", OPTION_CACHE_ACCOUNTS, "N", 0,
     "and no more than so many (default as many as fit)", 3},
    {"compact-bytes", OPTION_COMPACT_BYTES, "N", 0,
     "compact a member's log above this many bytes; 0 never (default 262144). "
     "What is cut off waits in the store for `loyaltyctl archive`",
     3},
    {"event-retention", OPTION_EVENT_RETENTION, "N", 0,
     "events a partition keeps for those who subscribe, 1000 to 100000000 (default 100000)", 3},
    {"sweep", OPTION_SWEEP, "on|off", 0,
     "write down near its time what time makes of members, so that it is told (default on)", 3},
    {"sweep-pace", OPTION_SWEEP_PACE, "N", 0,
     "and so many members a second at most, 1 to 100000 (default 500)", 3},
    {"jobs", OPTION_JOBS, "on|off", 0,
     "work on operations that were asked for: plans, re-scorings (default on)", 3},
    {"jobs-pace", OPTION_JOBS_PACE, "N", 0,
     "and so many members a second at most, 0 to 1000000 (default 0: as fast as requests allow)",
     3},
    {"sandbox", OPTION_SANDBOX, NULL, 0, "a test clock stands in the ledger and may be set", 3},
    {"log-level", OPTION_LOG_LEVEL, "LEVEL", 0, "debug, info (default), warning or error", 3},
    {"clock-offset-ms", OPTION_CLOCK_OFFSET_MS, "N", OPTION_HIDDEN, "for tests", 3},
    {0},
};

static int64_t parse_number(struct argp_state *state, const char *name, const char *text,
                            int64_t least, int64_t most)
{
    char *end;
    long long value = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < least || value > most) {
        argp_error(state, "--%s: '%s' is not a whole number from %lld to %lld", name, text,
                   (long long)least, (long long)most);
    }
    return value;
}

// "127.0.0.1:7411" or "[::1]:7411".
static void parse_address(struct argp_state *state, const char *name, const char *text,
                          char *ret_host, uint16_t *ret_port)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon == text) {
        argp_error(state, "--%s: '%s' is not HOST:PORT, such as 127.0.0.1:7411", name, text);
        return;
    }
    *ret_port = (uint16_t)parse_number(state, name, colon + 1, 0, UINT16_MAX);
    size_t len = (size_t)(colon - text);
    if (text[0] == '[' && colon[-1] == ']' && len > 2) {
        text++;
        len -= 2;
    }
    if (len >= OPTIONS_HOST_BYTES) {
        argp_error(state, "--%s: the address is longer than %d characters", name,
                   OPTIONS_HOST_BYTES - 1);
        return;
    }
    memcpy(ret_host, text, len);
    ret_host[len] = '\0';
}

static void parse_redis(struct argp_state *state, const char *text, struct options *options)
{
    static const char unix_prefix[] = "unix:";
    if (strncmp(text, unix_prefix, sizeof(unix_prefix) - 1) == 0) {
        options->redis_path = text + sizeof(unix_prefix) - 1;
    } else {
        parse_address(state, "redis", text, options->redis_host, &options->redis_port);
    }
}

// The index of `text` among `words`; ends the process when it is none of them.
static int parse_word(struct argp_state *state, const char *name, const char *text,
                      const char *const *words, const char *all)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0) {
            return i;
        }
    }
    argp_error(state, "--%s: '%s' is none of %s", name, text, all);
    return 0;
}

static void check_options(struct argp_state *state, const struct options *options)
{
    if (options->tls_certificate == NULL || options->tls_key == NULL || options->tls_ca == NULL) {
        argp_error(state, "--tls-cert, --tls-key and --tls-ca are required");
    }
    bool redis = options->redis_path != NULL || options->redis_host[0] != '\0';
    if (redis == (options->embedded != NULL)) {
        argp_error(state, "give either --redis or --embedded");
    }
    if (options->redis_user != NULL && options->redis_password_file == NULL) {
        argp_error(state, "--redis-user needs --redis-password-file");
    }
}

static error_t parse_ledger(int key, char *text, struct argp_state *state)
{
    static const char *const durabilities[] = {"strict", "relaxed", NULL};
    struct options *options = state->input;
    switch (key) {
    case OPTION_REDIS:
        parse_redis(state, text, options);
        return 0;
    case OPTION_REDIS_USER:
        options->redis_user = text;
        return 0;
    case OPTION_REDIS_PASSWORD_FILE:
        options->redis_password_file = text;
        return 0;
    case OPTION_EMBEDDED:
        options->embedded = text;
        return 0;
    case OPTION_IDENTIFIER_KEY_FILE:
        options->identifier_key_file = text;
        return 0;
    case OPTION_CODE_KEY:
        if (options->code_keys == CODE_KEYS_MAX) {
            argp_error(state, "--code-key: more than %d keys", CODE_KEYS_MAX);
            return EINVAL;
        }
        options->code_key_files[options->code_keys++] = text;
        return 0;
    case OPTION_PROFILE_KEY:
        if (options->profile_keys == PROFILE_KEYS_MAX) {
            argp_error(state, "--profile-key: more than %d keys", PROFILE_KEYS_MAX);
            return EINVAL;
        }
        options->profile_key_files[options->profile_keys++] = text;
        return 0;
    case OPTION_PARTITIONS:
        options->partitions =
            (uint32_t)parse_number(state, "partitions", text, 1, LIMIT_PARTITIONS);
        return 0;
    case OPTION_DURABILITY:
        options->relaxed =
            parse_word(state, "durability", text, durabilities, "strict, relaxed") == 1;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_working(int key, char *text, struct argp_state *state)
{
    static const char *const levels[] = {"debug", "info", "warning", "error", NULL};
    static const char *const switches[] = {"on", "off", NULL};
    struct options *options = state->input;
    switch (key) {
    case OPTION_CACHE_MIB:
        options->cache_mib = (uint32_t)parse_number(state, "cache-mib", text, 1, CACHE_MIB_MAX);
        return 0;
    case OPTION_CACHE_ACCOUNTS:
        options->cache_accounts =
            (uint32_t)parse_number(state, "cache-accounts", text, 1, CACHE_ACCOUNTS_MAX);
        return 0;
    case OPTION_COMPACT_BYTES:
        options->compact_bytes =
            (uint32_t)parse_number(state, "compact-bytes", text, 0, LIMIT_LOG_BYTES);
        return 0;
    case OPTION_EVENT_RETENTION:
        options->event_retention = (uint32_t)parse_number(state, "event-retention", text,
                                                          EVENT_RETENTION_MIN, EVENT_RETENTION_MAX);
        return 0;
    case OPTION_SWEEP:
        options->sweep_off = parse_word(state, "sweep", text, switches, "on, off") == 1;
        return 0;
    case OPTION_SWEEP_PACE:
        options->sweep_pace = (uint32_t)parse_number(state, "sweep-pace", text, 1, SWEEP_PACE_MAX);
        return 0;
    case OPTION_JOBS:
        options->jobs_off = parse_word(state, "jobs", text, switches, "on, off") == 1;
        return 0;
    case OPTION_JOBS_PACE:
        options->jobs_pace = (uint32_t)parse_number(state, "jobs-pace", text, 0, RUNNER_PACE_MAX);
        return 0;
    case OPTION_CLOCK_OFFSET_MS:
        options->clock_offset_ms =
            parse_number(state, "clock-offset-ms", text, -CLOCK_OFFSET_MAX_MS, CLOCK_OFFSET_MAX_MS);
        return 0;
    case OPTION_SANDBOX:
        options->sandbox = true;
        return 0;
    case OPTION_LOG_LEVEL:
        options->log_level = (enum log_level)parse_word(state, "log-level", text, levels,
                                                        "debug, info, warning, error");
        return 0;
    case ARGP_KEY_END:
        check_options(state, options);
        return 0;
    default:
        return parse_ledger(key, text, state);
    }
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case OPTION_LISTEN:
        parse_address(state, "listen", text, options->listen_host, &options->listen_port);
        return 0;
    case OPTION_PORT_FILE:
        options->port_file = text;
        return 0;
    case OPTION_TLS_CERT:
        options->tls_certificate = text;
        return 0;
    case OPTION_TLS_KEY:
        options->tls_key = text;
        return 0;
    case OPTION_TLS_CA:
        options->tls_ca = text;
        return 0;
    case OPTION_TLS_CRL:
        options->tls_crl = text;
        return 0;
    case OPTION_TRUST_DOMAIN:
        options->trust_domain = text;
        return 0;
    default:
        return parse_working(key, text, state);
    }
}

void options_parse(int argc, char **argv, struct options *ret_options)
{
    static const struct argp argp = {
        .options = table,
        .parser = parse_option,
        .doc = "loyaltyd keeps loyalty points and VIP membership: requests over TLS, the ledger in "
               "Redis.\vSIGTERM ends it after the requests in hand, SIGHUP reads certificates and "
               "the revocation list again.",
    };
    *ret_options = (struct options){
        .listen_host = "127.0.0.1",
        .listen_port = 7411,
        .trust_domain = "vip.example",
        .partitions = 1024,
        .compact_bytes = COMPACT_BYTES,
        .sweep_pace = 500,
        .log_level = LOG_INFO,
        .drain_ms = LIMIT_REQUEST_MS + LIMIT_STORE_COMMAND_MS,
        .slow_ms = 500,
        .log_rate = 20,
        .census_hours = 6,
    };
    argp_err_exit_status = 2;
    argp_parse(&argp, argc, argv, 0, NULL, ret_options);
}
