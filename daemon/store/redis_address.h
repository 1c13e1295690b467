// Where Redis listens, and sockets that connect there without blocking.
#pragma once

#include <stdint.h>
#include <sys/socket.h>

#include "base/status.h"

struct bufferevent;
struct event_base;
struct redis_options;

struct redis_address {
    struct sockaddr_storage storage;
    socklen_t len;
    char text[128]; // for the operator
};

// From the options' unix_path, or host and port. STATUS_INVALID when there is neither or the host
// is no numeric address, STATUS_TOO_LARGE for a path that a unix socket cannot have.
MUST_CHECK enum status redis_address_init(struct redis_address *address,
                                          const struct redis_options *options);

// A bufferevent whose connecting has begun, owned by the caller; NULL and errno otherwise. No
// callback comes from inside the call.
struct bufferevent *redis_address_connect(const struct redis_address *address,
                                          struct event_base *base);
