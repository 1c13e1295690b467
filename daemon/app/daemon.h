// The daemon put together: event loop, store (and the embedded Redis behind it), service, faces and
// listener, with the signals that reload and end it.
//
//     starting -> serving --SIGTERM, SIGINT--> draining --all answered, or 5 s--> ended
#pragma once

#include "app/options.h"
#include "base/status.h"

// Runs until a signal ends it; logs why it could not start. Returns the process's exit code.
int daemon_run(int argc, char **argv, const struct options *options);
