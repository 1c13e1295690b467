// A server of net/ that echoes frames, and TLS clients of the test's in the same thread. Only the
// server's part of a turn counts. Its waits are short, so that a client that gets nowhere is gone
// soon.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "net/server.h"
#include "support/certificates.h"
#include "support/tls_client.h"

enum { NET_CLIENTS = 8, NET_KEPT = 64 };

struct net_stage {
    char folder[64];
    char certificate_path[96], key_path[96], ca_path[96], crl_path[96];
    struct certificate *authority, *own, *till, *revoked, *stranger;
    struct server_tls_options tls;
    struct server_limits limits;
    // of one case
    struct event_base *base;
    struct server *server;
    uint16_t port;
    struct tls_client *clients[NET_CLIENTS];
    size_t client_count;
    bool keeps; // frames, instead of echoing them
    uint64_t kept[NET_KEPT];
    size_t kept_count;
};

extern struct net_stage net_stage;

// Certificates and their files, in the scenario's process.
void net_stage_prepare(void);
// And one client is served, so that OpenSSL has made what it makes once.
void net_stage_prepare_warm(void);
void net_stage_finish(void);

// The server, with nothing of it failing. Ends the case when it cannot be.
void net_stage_open(void);
// The same with everything that is failing allowed to; false: it said why it could not start.
bool net_stage_try_open(void);
// Ends everything, when all connections are gone.
void net_stage_close(void);

// One pass of the loop, one step of each client.
void net_stage_turn(void);
// Turns until it is so; the case fails after a while.
#define NET_UNTIL(condition)                                                                       \
    for (int64_t since_ = net_stage_ms(); !(condition); net_stage_wait(since_, #condition)) {      \
    }
void net_stage_wait(int64_t since_ms, const char *condition);
int64_t net_stage_ms(void);

struct tls_client *net_stage_client(const struct certificate *certificate);
struct tls_client *net_stage_till(void);
// A till that speaks HTTP/2.
struct tls_client *net_stage_h2(void);
void net_stage_drop(struct tls_client *client);

// Frame `number` of `len` bytes; whether the next received one is it.
void net_stage_send(struct tls_client *client, uint32_t number, size_t len);
bool net_stage_takes(struct tls_client *client, uint32_t number, size_t len);

// The failures are over: a new client is served, then everything is closed.
void net_stage_serves(void);
