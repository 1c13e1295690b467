// What the daemon is told when it starts, and again by SIGHUP: a file, the command line, systemd's
// credentials. One table (option_table.c) names every option; all else is derived from it.
//
//     credentials, then the file (--config), then the command line: who comes later wins
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/option_table.h"
#include "base/arena.h"
#include "service/monitor.h"

enum { OPTION_ERRORS = 20, OPTIONS_ARENA_BYTES = 1 << 20 };

// What one option was given as, and by whom.
struct option_given {
    const char *texts[OPTION_LIST];
    uint32_t count;
    const char *source; // "default", "command line", "FILE:LINE", "credential redis-password"
};

// In the order of the file, not of sizes. NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct options {
    // [listen]
    struct option_address listen;
    const char *port_file;
    const char *tls_certificate;
    const char *tls_key;
    const char *tls_ca;
    const char *tls_crl;
    const char *trust_domain;
    uint32_t max_connections;
    uint32_t max_handshakes;
    uint32_t max_in_flight;
    uint32_t handshake_ms;
    uint32_t frame_ms;
    // [ledger]
    struct option_store redis; // either this ...
    const char *redis_user;
    const char *redis_password_file;
    const char *embedded; // ... or a directory of its own
    uint32_t durability;  // of enum option_durability
    uint32_t partitions;
    const char *identifier_key_file;
    struct option_list code_keys;
    struct option_list profile_keys;
    // [work]
    uint32_t cache_mib;
    uint32_t cache_accounts;  // 0: as many as fit that
    uint32_t compact_bytes;   // 0: never
    uint32_t event_retention; // entries a partition
    bool sweep;
    uint32_t sweep_pace; // accounts a second
    bool jobs;
    uint32_t jobs_pace; // accounts a second; 0: as fast as it goes
    uint32_t census_hours;
    uint32_t drain_ms;
    bool sandbox;
    int64_t clock_offset_ms; // for tests of the clock fence
    // [monitor]
    struct option_address monitor; // host empty: none
    const char *monitor_port_file;
    // [log]
    uint32_t log_level;  // of enum log_level
    uint32_t log_target; // of enum option_log_target
    uint32_t log_rate;
    uint32_t slow_ms;
    // what is done instead of serving
    const char *config;
    bool check_config;
    bool dump_config;
    const char *dump_reference;

    struct option_given given[OPTION_ROWS_MAX]; // by the table's rows
    struct arena arena;                         // of the texts
};

enum option_durability { OPTION_STRICT, OPTION_RELAXED };
enum option_log_target { OPTION_LOG_AUTO, OPTION_LOG_JOURNAL, OPTION_LOG_STDERR };

// All that is wrong, each a line that says where and what would be right.
struct option_errors {
    const char *lines[OPTION_ERRORS]; // in the options' arena
    uint32_t count;
    uint32_t more; // that were not kept
};

// Reads everything and checks it, but for the contents of the files it names (app/config_check.h).
// False with at least one error. A word argp does not know, or --help, ends the process. Always
// freed by options_fini.
bool options_load(int argc, char **argv, struct options *ret_options,
                  struct option_errors *ret_errors);
void options_fini(struct options *options);
void options_errors_print(const struct option_errors *errors);

// Every option but those that are commands, with its value in force (a list's joined by spaces).
void options_each(const struct options *options, monitor_option_fn *each, void *context);
// The same as a file that --config takes, to stdout.
void options_dump(const struct options *options);
// The names of options whose values differ and which only a restart changes, one error each. True
// when there is none.
bool options_may_replace(const struct options *old, struct options *fresh,
                         struct option_errors *ret_errors);
