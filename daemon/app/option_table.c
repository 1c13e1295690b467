// The table of options.
#include "app/option_table.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "app/options.h"
#include "app/profile_keys.h"
#include "base/limits.h"
#include "jobs/compact.h"
#include "jobs/runner.h"
#include "jobs/sweep.h"
#include "service/codes.h"

enum {
    CACHE_MIB_MAX = 1 << 20,
    CACHE_ACCOUNTS_MAX = 100000000,
    EVENT_RETENTION_MIN = 1000,
    EVENT_RETENTION_MAX = 100000000,
    CLOCK_OFFSET_MAX_MS = 86400000,
    CENSUS_HOURS_MAX = 24 * 31,
    WAIT_MAX_MS = 60000,
    LOG_RATE_MAX = 100000,
};

const struct option_section option_sections[] = {
    {"listen", "Who may connect, and where"},
    {"ledger", "Where the ledger is (one of redis and embedded)"},
    {"work", "How it works"},
    {"monitor", "Who watches it"},
    {"log", "What it says"},
    {"", "Instead of serving"},
};

static const char *const durabilities[] = {"strict", "relaxed", NULL};
static const char *const levels[] = {"debug", "info", "warning", "error", NULL};
static const char *const targets[] = {"auto", "journal", "stderr", NULL};

#define AT(field) .offset = offsetof(struct options, field)
#define NUMBER(from, to) .kind = OPTION_NUMBER, .least = (from), .most = (to), .value = "N"

// clang-format off: a row a paragraph
const struct option_row option_rows[] = {
    {"listen", "listen", OPTION_ADDRESS, AT(listen), .value = "HOST:PORT",
     .fallback = "127.0.0.1:7411",
     .help = "numeric address and port; port 0 takes any. Not asked when systemd hands over the "
             "socket"},
    {"port-file", "listen", OPTION_FILE, AT(port_file), .value = "FILE",
     .help = "write the port there once listening"},
    {"tls-cert", "listen", OPTION_FILE, OPTION_REQUIRED | OPTION_RELOADABLE, AT(tls_certificate),
     .value = "FILE", .help = "certificate chain, PEM"},
    {"tls-key", "listen", OPTION_FILE, OPTION_REQUIRED | OPTION_RELOADABLE, AT(tls_key),
     .value = "FILE", .credential = "tls-key", .help = "its private key, PEM"},
    {"tls-ca", "listen", OPTION_FILE, OPTION_REQUIRED | OPTION_RELOADABLE, AT(tls_ca),
     .value = "FILE", .help = "who issues clients' certificates, PEM"},
    {"tls-crl", "listen", OPTION_FILE, OPTION_RELOADABLE, AT(tls_crl), .value = "FILE",
     .help = "revoked certificates, PEM; one list for each issuer"},
    {"trust-domain", "listen", OPTION_TEXT, AT(trust_domain), .value = "NAME",
     .fallback = "vip.example", .help = "of clients' spiffe:// URIs"},
    {"max-connections", "listen", .flags = OPTION_RELOADABLE, AT(max_connections),
     NUMBER(1, LIMIT_CONNECTIONS), .fallback = "10000",
     .help = "at a time; above it clients wait unaccepted"},
    {"max-handshakes", "listen", .flags = OPTION_RELOADABLE, AT(max_handshakes),
     NUMBER(1, LIMIT_CONNECTIONS), .fallback = "1024",
     .help = "under way at a time; above it clients wait unaccepted"},
    {"max-in-flight", "listen", .flags = OPTION_RELOADABLE, AT(max_in_flight),
     NUMBER(1, LIMIT_CONNECTION_IN_FLIGHT), .fallback = "256",
     .help = "requests of one connection; above it reading pauses"},
    {"handshake-ms", "listen", .flags = OPTION_RELOADABLE, AT(handshake_ms),
     NUMBER(100, WAIT_MAX_MS), .unit = "ms", .fallback = "5000",
     .help = "for a handshake, from the first byte to the last"},
    {"frame-ms", "listen", .flags = OPTION_RELOADABLE, AT(frame_ms), NUMBER(100, WAIT_MAX_MS),
     .unit = "ms", .fallback = "10000", .help = "for a frame, from the first byte to the last"},

    {"redis", "ledger", OPTION_STORE, AT(redis), .value = "ADDRESS",
     .help = "unix:PATH or numeric HOST:PORT"},
    {"redis-user", "ledger", OPTION_TEXT, AT(redis_user), .value = "NAME", .help = "ACL user"},
    {"redis-password-file", "ledger", OPTION_FILE, AT(redis_password_file), .value = "FILE",
     .credential = "redis-password", .help = "its first line"},
    {"embedded", "ledger", OPTION_FOLDER, AT(embedded), .value = "DIR",
     .help = "start and supervise a private redis-server there"},
    {"durability", "ledger", OPTION_WORD, AT(durability), .words = durabilities, .value = "HOW",
     .fallback = "strict",
     .help = "strict: acknowledged means fsynced; relaxed: whatever Redis is set to"},
    {"partitions", "ledger", AT(partitions), NUMBER(1, LIMIT_PARTITIONS), .fallback = "1024",
     .help = "of a new ledger, fixed from then on"},
    {"identifier-key-file", "ledger", OPTION_FILE, AT(identifier_key_file), .value = "FILE",
     .credential = "identifier-key",
     .help = "64 hex digits under which identifiers are hashed; with embedded made when missing"},
    {"code-key", "ledger", OPTION_FILES, AT(code_keys), .most = CODE_KEYS_MAX, .value = "FILE",
     .credential = "code-key",
     .help = "Ed25519 private key, PEM, that signs the codes members show; given again: an older "
             "one that is still honoured. With embedded made when missing"},
    {"profile-key", "ledger", OPTION_FILES, AT(profile_keys), .most = PROFILE_KEYS_MAX,
     .value = "FILE", .credential = "profile-key",
     .help = "64 hex digits under which profiles are encrypted; given again: an older one that is "
             "still read. With embedded made when missing"},

    {"cache-mib", "work", AT(cache_mib), NUMBER(1, CACHE_MIB_MAX), .unit = "MiB", .fallback = "256",
     .help = "memory for accounts kept folded"},
    {"cache-accounts", "work", AT(cache_accounts), NUMBER(0, CACHE_ACCOUNTS_MAX), .fallback = "0",
     .help = "and no more than so many; 0: as many as fit"},
    {"compact-bytes", "work", AT(compact_bytes), NUMBER(0, LIMIT_LOG_BYTES), .unit = "bytes",
     .fallback = "262144",
     .help = "compact a member's log above this many; 0: never. What is cut off waits in the store "
             "for loyaltyctl archive"},
    {"event-retention", "work", AT(event_retention),
     NUMBER(EVENT_RETENTION_MIN, EVENT_RETENTION_MAX), .fallback = "100000",
     .help = "events a partition keeps for those who subscribe"},
    {"sweep", "work", OPTION_SWITCH, AT(sweep), .value = "on|off", .fallback = "on",
     .help = "write down near its time what time makes of members, so that it is told"},
    {"sweep-pace", "work", AT(sweep_pace), NUMBER(1, SWEEP_PACE_MAX), .unit = "members/s",
     .fallback = "500", .help = "and so many at most"},
    {"jobs", "work", OPTION_SWITCH, AT(jobs), .value = "on|off", .fallback = "on",
     .help = "work on operations that were asked for: plans, re-scorings"},
    {"jobs-pace", "work", AT(jobs_pace), NUMBER(0, RUNNER_PACE_MAX), .unit = "members/s",
     .fallback = "0", .help = "and so many at most; 0: as fast as requests allow"},
    {"census-hours", "work", AT(census_hours), NUMBER(0, CENSUS_HOURS_MAX), .unit = "hours",
     .fallback = "6", .help = "between counts of members, tiers and points; 0: none"},
    {"drain-ms", "work", .flags = OPTION_RELOADABLE, AT(drain_ms), NUMBER(0, WAIT_MAX_MS),
     .unit = "ms", .fallback = "12000", .help = "at the end for what is in hand, at most"},
    {"sandbox", "work", OPTION_FLAG, AT(sandbox), .fallback = "no",
     .help = "a test clock stands in the ledger and may be set"},
    {"clock-offset-ms", "work", OPTION_OFFSET, OPTION_UNLISTED, AT(clock_offset_ms),
     .least = -CLOCK_OFFSET_MAX_MS, .most = CLOCK_OFFSET_MAX_MS, .value = "N", .unit = "ms",
     .fallback = "0", .help = "for tests: this daemon's clock is so much ahead"},

    {"monitor-listen", "monitor", OPTION_LOOPBACK, AT(monitor), .value = "HOST:PORT",
     .help = "serve /metrics, /livez and /readyz there over HTTP, to this machine alone"},
    {"monitor-port-file", "monitor", OPTION_FILE, AT(monitor_port_file), .value = "FILE",
     .help = "write that port there once listening"},

    {"log-level", "log", OPTION_WORD, OPTION_RELOADABLE, AT(log_level), .words = levels,
     .value = "LEVEL", .fallback = "info", .help = "the least that is said"},
    {"log-target", "log", OPTION_WORD, AT(log_target), .words = targets, .value = "WHERE",
     .fallback = "auto", .help = "auto: the journal when stderr is its"},
    {"log-rate", "log", .flags = OPTION_RELOADABLE, AT(log_rate), NUMBER(0, LOG_RATE_MAX),
     .unit = "lines/s", .fallback = "20",
     .help = "of one kind of event, at most; 0: no bound. What is left out is counted and said"},
    {"slow-ms", "log", .flags = OPTION_RELOADABLE, AT(slow_ms), NUMBER(0, WAIT_MAX_MS),
     .unit = "ms", .fallback = "500", .help = "a request that took longer is logged; 0: none is"},

    {"config", "", OPTION_FILE, OPTION_COMMAND, AT(config), .value = "FILE",
     .help = "options as name = value in [sections]; the command line wins"},
    {"check-config", "", OPTION_FLAG, OPTION_COMMAND, AT(check_config),
     .help = "check all options and the files they name, say what is wrong, and end"},
    {"dump-config", "", OPTION_FLAG, OPTION_COMMAND, AT(dump_config),
     .help = "write all options with where they come from, as a file, and end"},
    {"dump-reference", "", OPTION_TEXT, OPTION_COMMAND | OPTION_UNLISTED, AT(dump_reference),
     .value = "FORM", .help = "write what every option means as markdown or scdoc, and end"},
};
// clang-format on

static_assert((int)CODE_KEYS_MAX <= (int)OPTION_LIST && (int)PROFILE_KEYS_MAX <= (int)OPTION_LIST,
              "all keys fit a list");
static_assert(sizeof option_rows / sizeof option_rows[0] <= OPTION_ROWS_MAX, "a text a row");

size_t option_row_count(void)
{
    return sizeof option_rows / sizeof option_rows[0];
}

size_t option_section_count(void)
{
    return sizeof option_sections / sizeof option_sections[0];
}

size_t option_find(const char *name)
{
    size_t i = 0;
    while (i < option_row_count() && strcmp(option_rows[i].name, name) != 0) {
        i++;
    }
    return i;
}

static void list_words(const struct option_row *row, char *text, size_t size)
{
    size_t len = (size_t)snprintf(text, size, "one of");
    for (size_t i = 0; row->words[i] != NULL && len < size; i++) {
        len += (size_t)snprintf(text + len, size - len, "%s %s", i == 0 ? "" : ",", row->words[i]);
    }
}

void option_bounds(const struct option_row *row, char ret_text[OPTION_BOUNDS_BYTES])
{
    static const char *const texts[] = {
        [OPTION_TEXT] = "a text",
        [OPTION_FILE] = "a path",
        [OPTION_FOLDER] = "a path",
        [OPTION_ADDRESS] = "HOST:PORT with a numeric host, such as 127.0.0.1:7411 or [::1]:7411",
        [OPTION_LOOPBACK] = "HOST:PORT of this machine alone, such as 127.0.0.1:9411",
        [OPTION_STORE] = "unix:PATH or numeric HOST:PORT, such as unix:/run/redis/redis.sock",
        [OPTION_SWITCH] = "one of on, off",
        [OPTION_FLAG] = "one of yes, no",
    };
    if (row->kind == OPTION_NUMBER || row->kind == OPTION_OFFSET) {
        (void)snprintf(ret_text, OPTION_BOUNDS_BYTES, "a whole number from %lld to %lld",
                       (long long)row->least, (long long)row->most);
    } else if (row->kind == OPTION_WORD) {
        list_words(row, ret_text, OPTION_BOUNDS_BYTES);
    } else if (row->kind == OPTION_FILES) {
        (void)snprintf(ret_text, OPTION_BOUNDS_BYTES, "a path, given at most %lld times",
                       (long long)row->most);
    } else {
        (void)snprintf(ret_text, OPTION_BOUNDS_BYTES, "%s", texts[row->kind]);
    }
}
