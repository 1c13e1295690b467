// What time it is at the service, as a till knows it without asking: learned at each connect, kept
// in the file. While this machine stays up, the time since its start goes on from there, whatever
// is done to its civil clock; after a restart the civil clock does, with the error it had. Never
// before what was learned.
#pragma once

#include "lib/till_queue.h"

struct ly_clock {
    struct ly_learned_clock learned;
    char boot_id[LOYALTY_UUID_BYTES]; // of this start of the machine; "": not to be known
    int64_t (*wall_ms)(void *user);   // NULL: the system's
    void *user;
};

// With what the file knows. `learned` is zero when it knows nothing.
void ly_clock_init(struct ly_clock *clock, const struct loyalty_till_options *options,
                   const struct ly_learned_clock *learned);
// The service has said its time, now.
void ly_clock_learn(struct ly_clock *clock, int64_t server_ms, bool stands);
int64_t ly_clock_now(const struct ly_clock *clock);
