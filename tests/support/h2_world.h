// A server_world that speaks HTTP/2 too, with a handler that keeps all it is told of each exchange.
// Requests to "/echo" are answered with their body and trailers; those to "/open..." are no calls;
// all others wait for the test. h2_world_free sees that each exchange was gone exactly once.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "net/http.h"
#include "support/h2_client.h"
#include "support/server_world.h"

enum { H2_WORLD_SEEN_MAX = 8192, H2_WORLD_CLIENTS_MAX = 64 };

struct h2_seen {
    struct http_exchange *exchange; // NULL: gone
    uint64_t connection;
    int32_t stream;
    char method[16];
    char path[128];
    char fields[256]; // "name: value\n" each
    struct buffer body;
    unsigned requests;
    unsigned wholes;
    unsigned rooms;
    unsigned gones;
};

struct h2_world {
    struct world *world;
    struct h2_seen *seen; // owned array, in order of arrival
    size_t seen_count;
    struct h2_client *clients[H2_WORLD_CLIENTS_MAX]; // owned
    size_t client_count;
    void (*on_room)(struct h2_world *h2, struct h2_seen *seen); // NULL: nothing
    void (*on_gone)(struct h2_world *h2, struct h2_seen *seen); // NULL: nothing
};

// No server yet: h2_world_start.
struct h2_world *h2_world_new(void);
void h2_world_start(struct h2_world *h2, const struct server_limits *limits);
// Ends the server; nothing that it was given is left to see.
void h2_world_stop(struct h2_world *h2);
void h2_world_free(struct h2_world *h2);

// A till that speaks h2.
struct h2_client *h2_world_client(struct h2_world *h2, const struct h2_client_spec *spec);
// The same without a session: the test sends and takes frames itself.
struct tls_client *h2_world_raw(struct h2_world *h2);
// The same, settings exchanged.
struct tls_client *h2_world_greet(struct h2_world *h2);
void h2_world_drop(struct h2_world *h2, struct h2_client *client);

// The next frame of that type, waited for; frames before it are passed over. The test fails when
// the connection ends first.
struct h2_raw_frame h2_world_expect(struct h2_world *h2, struct tls_client *tls, uint8_t type);

// Whole answers: a head of status 200, the body, and `trailers`, name and value, or NULL.
void h2_world_answer(struct h2_world *h2, struct h2_seen *seen, struct span body,
                     const char *const *trailers);

// Turns for so long: only to see that nothing happens, or that a timer runs out.
void h2_world_turn_for(struct h2_world *h2, int64_t ms);

#define H2_UNTIL(h2, condition) WORLD_UNTIL((h2)->world, condition)
