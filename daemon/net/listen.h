// A bound TCP socket for the server.
#pragma once

#include <stdint.h>

#include "base/status.h"

// Binds a numeric address and port (0: any); close-on-exec, non-blocking, SO_REUSEADDR. STATUS_IO
// with errno kept.
MUST_CHECK enum status listen_bind(const char *host, uint16_t port, int *ret_fd,
                                   uint16_t *ret_port);
