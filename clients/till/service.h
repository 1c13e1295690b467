// The service that is sold against: one that runs, or a loyaltyd --embedded of our own in a folder,
// which may be killed with its Redis and comes back at the same port.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "till/plan.h"

enum { SERVICE_PATH_BYTES = 512, SERVICE_ADDRESS_BYTES = 288 };

struct service {
    char folder[SERVICE_PATH_BYTES];     // of the simulation
    char tls[SERVICE_PATH_BYTES];        // where all certificates of the simulation stand
    char address[SERVICE_ADDRESS_BYTES]; // HOST:PORT
    pid_t daemon;                        // 0: it is not ours, or does not run
    bool embedded;                       // it is ours
    uint32_t kills;
};

// Starts it, has the program published and waits until it serves; certificates "server" and "admin"
// must be there. With plan->server it only takes the address. False with the reason on stderr.
bool service_begin(struct service *service, const struct plan *plan);
// SIGKILL of both, one right after the other.
void service_kill(struct service *service);
// Starts it again at the same port; does not wait until it serves.
bool service_restart(struct service *service);
// False when our own has ended though nobody killed it.
bool service_lives(const struct service *service);
// True when it ended well, or is not ours.
bool service_end(struct service *service);
// PATH = FOLDER/NAME; false when that is too long.
bool service_path(const char *folder, const char *name, char ret_path[SERVICE_PATH_BYTES]);
