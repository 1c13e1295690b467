// A server of net/, its certificates in a folder of their own, and a handler that answers each
// frame with itself or keeps it until the test answers. Server and clients run in one thread: a
// turn is one pass of the loop and one step of every client, so that nothing has to be waited for
// by guess.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <event2/event.h>

#include "net/server.h"
#include "support/certificates.h"
#include "support/tls_client.h"

enum { WORLD_CLIENTS_MAX = 1024, WORLD_KEPT_MAX = 4096, WORLD_ERROR_BYTES = 256 };

#define WORLD_DOMAIN "vip.example"
#define WORLD_TILL "spiffe://vip.example/pos/store-0007/till-02"

struct world_kept {
    uint64_t connection;
    uint8_t *bytes; // owned
    size_t len;
};

struct world {
    char folder[64];
    struct certificate *authority, *server_certificate, *till;
    struct server_tls_options tls;
    char certificate_path[128], key_path[128], ca_path[128], crl_path[128];
    struct event_base *base;
    struct server *server;
    uint16_t port;
    struct tls_client *clients[WORLD_CLIENTS_MAX];
    size_t client_count;

    void (*on_turn)(void *context); // after each turn's steps; NULL: nothing
    void *turn_context;

    bool keep;                              // frames, instead of echoing them
    struct world_kept kept[WORLD_KEPT_MAX]; // in order of arrival
    size_t kept_count;
    size_t kept_answered;
    struct identity last_peer;
    size_t frames; // handed to the handler in all
};

// Authority, server certificate and a good till's certificate, on disk; no server yet.
struct world *world_new(void);
void world_free(struct world *world);

// Lists in crl.pem from now on; read by the next world_start or server_reload.
void world_write_lists(struct world *world, const struct certificate_list *lists, size_t count);
void world_start(struct world *world, const struct server_limits *limits);

// A client with the till's certificate and the right ALPN id, not yet connected through.
struct tls_client *world_till(struct world *world);
struct tls_client *world_client(struct world *world, const struct tls_client_spec *spec);
// Closes its socket, ready or not.
void world_drop(struct world *world, struct tls_client *client);

// Answers the oldest kept frame, or the one at `index`, with itself.
void world_answer(struct world *world, size_t index);

// One pass of the loop, one step of each client. Returns whether a client moved.
bool world_turn(struct world *world);
// Turns until nothing has moved for some: on the loopback nothing is under way then.
void world_settle(struct world *world);

// Turns until `condition` holds; the test fails after a minute.
#define WORLD_UNTIL(world, condition)                                                              \
    for (time_t world_since_ = time(NULL); !(condition);                                           \
         world_wait((world), world_since_, #condition)) {                                          \
    }

// One turn; fails the test when `since` is too long ago.
void world_wait(struct world *world, time_t since, const char *condition);
