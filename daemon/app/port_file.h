// The file by which a daemon tells whoever started it which port it got.
#pragma once

#include <stdint.h>

#include "base/status.h"

// The port in decimal and a newline, there whole or not at all. STATUS_IO with errno kept.
MUST_CHECK enum status port_file_write(const char *path, uint16_t port);
