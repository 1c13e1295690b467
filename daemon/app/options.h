// What the daemon is told when it starts. One table in options.c is the command line and its help;
// an unknown option or a value out of its bounds ends the process with what would be right.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/profile_keys.h"
#include "base/log.h"
#include "service/codes.h"

enum { OPTIONS_HOST_BYTES = 64 };

struct options {
    char listen_host[OPTIONS_HOST_BYTES];
    uint16_t listen_port; // 0: any
    const char *port_file;
    const char *tls_certificate;
    const char *tls_key;
    const char *tls_ca;
    const char *tls_crl;
    const char *trust_domain;
    const char *redis_path; // either a unix socket
    char redis_host[OPTIONS_HOST_BYTES];
    uint16_t redis_port;
    const char *redis_user;
    const char *redis_password_file;
    const char *embedded; // or a directory of its own
    const char *identifier_key_file;
    const char *code_key_files[CODE_KEYS_MAX];
    size_t code_keys;
    const char *profile_key_files[PROFILE_KEYS_MAX];
    size_t profile_keys;
    uint32_t partitions;
    uint32_t cache_mib;       // 0: the service's default
    uint32_t cache_accounts;  // 0: as many as fit that
    uint32_t compact_bytes;   // 0: never
    uint32_t event_retention; // entries a partition; 0: the service's default
    uint32_t sweep_pace;      // accounts a second; 0: none
    bool sweep_off;
    uint32_t jobs_pace; // accounts a second; 0: as fast as it goes
    bool jobs_off;
    int64_t clock_offset_ms; // for tests of the clock fence
    bool sandbox;
    const char *config;                    // the option file; NULL: none
    char monitor_host[OPTIONS_HOST_BYTES]; // loopback; empty: no /metrics
    uint16_t monitor_port;
    const char *monitor_port_file;
    uint32_t max_connections; // the next five 0: the server's default
    uint32_t max_handshakes;
    uint32_t max_in_flight; // of a connection
    uint32_t handshake_ms;
    uint32_t frame_ms;
    uint32_t drain_ms;     // how long the end waits for what is in hand
    uint32_t slow_ms;      // a request that took longer is logged; 0: none
    uint32_t log_rate;     // lines a second of one event; 0: no bound
    uint32_t census_hours; // between censuses; 0: none
    bool relaxed;
    enum log_level log_level;
};

// Reads the command line; exits with status 2 and a message when it does not check.
void options_parse(int argc, char **argv, struct options *ret_options);
