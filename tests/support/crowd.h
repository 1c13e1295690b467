// A crowd at one account: an append of it is under way, and what is asked waits behind it. For the
// tests of what is decided together.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "support/service_world.h"

enum { CROWD = 8 };

// Anna has 100 points. `ahead` is a sale of 100 points whose append is under way at daemon a; what
// is asked from then on waits behind it, unless the test lets the store answer.
struct crowd {
    struct service_world world;
    struct world_daemon *a;
    struct world_daemon *b;
    struct world_answer ahead;
    struct world_answer answers[CROWD];
};

void crowd_open(struct crowd *crowd);
// Checks the stored account, and ends the world.
void crowd_closes(struct crowd *crowd, uint64_t records, int64_t balance);

// A new sale of so many points.
const char *crowd_sale(struct crowd *crowd, int64_t points);
// Asks at daemon a; the answer will be the i-th.
void crowd_ask(struct crowd *crowd, size_t i, const char *method, const char *text);
void crowd_award(struct crowd *crowd, size_t i, int64_t points);
void crowd_award_until(struct crowd *crowd, size_t i, int64_t points, int64_t deadline_ms);
void crowd_redeem(struct crowd *crowd, size_t i, int64_t points);

// The sale ahead lands; those behind it are decided and their append is under way.
void crowd_let_ahead_land(struct crowd *crowd);
void crowd_other_daemon_awards(struct crowd *crowd, int64_t points);
// Appends to anna's partition, ever.
uint64_t crowd_appends(const struct crowd *crowd);

// How the i-th was answered; of a sale, what balance it was told.
void crowd_ended(const struct crowd *crowd, size_t i, const char *end);
void crowd_told(const struct crowd *crowd, size_t i, int64_t balance);
void crowd_same_payload(const struct world_answer *a, const struct world_answer *b);
