// A bound TCP socket for the server: our own, or one that somebody else has bound and handed over.
#pragma once

#include <stdint.h>

#include "base/status.h"

// Binds a numeric address and port (0: any); close-on-exec, non-blocking, SO_REUSEADDR. STATUS_IO
// with errno kept.
MUST_CHECK enum status listen_bind(const char *host, uint16_t port, int *ret_fd,
                                   uint16_t *ret_port);

// Takes a socket that is bound already: makes it close-on-exec and non-blocking. STATUS_INVALID
// when it is no TCP socket, STATUS_IO with errno kept; it stays the caller's then.
MUST_CHECK enum status listen_take(int fd, uint16_t *ret_port);
