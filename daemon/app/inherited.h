// The listening socket that whoever started us has bound: systemd's socket activation, or a parent
// that keeps the socket over restarts. Source: sd_listen_fds(3).
#pragma once

#include "base/status.h"

// -1 when none was handed over. STATUS_INVALID when there are several. Once a process: children
// inherit nothing of it.
MUST_CHECK enum status inherited_socket(int *ret_fd);
