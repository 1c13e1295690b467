// The loop: what the lines and the tills wait for goes into one poll(2).
#include "till/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "till/cashier.h"

int64_t world_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t world_now_ms(void)
{
    return world_now_us() / 1000;
}

const char *world_line(struct world *world, uint32_t shop)
{
    (void)snprintf(world->line_address, sizeof(world->line_address), "127.0.0.1:%u",
                   (unsigned)lines_port(world->lines, shop));
    return world->line_address;
}

struct counter *world_desk(const struct world *world, uint32_t shop)
{
    return &world->counters[world->plan->tills + shop];
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// Customers come to who has nobody; gives when the next one comes.
static int64_t serve(struct world *world, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;
    for (uint32_t i = 0; world->selling && i < world->counter_count; i++) {
        struct counter *counter = &world->counters[i];
        if (counter->till == NULL || counter->visit.errand != ERRAND_NONE) {
            continue;
        }
        if (now_ms >= counter->next_ms) {
            cashier_serve(counter);
            counter->due_ms = 0;
        }
        if (counter->visit.errand == ERRAND_NONE) {
            next_ms = least(next_ms, counter->next_ms);
        }
    }
    return next_ms;
}

// Asks the tills what they wait for, behind what the lines wait for; gives the first due time. A
// time that was said before stands until the till was polled: what it waited for may be past now.
static int64_t wish(struct world *world, size_t *count, int64_t now_ms)
{
    int64_t first_ms = INT64_MAX;
    for (uint32_t i = 0; i < world->counter_count; i++) {
        struct counter *counter = &world->counters[i];
        struct pollfd *slot = &world->polls[(*count)++];
        *slot = (struct pollfd){.fd = -1};
        if (counter->till == NULL) {
            continue;
        }
        int timeout_ms = 0;
        loyalty_till_interest(counter->till, &slot->fd, &slot->events, &timeout_ms);
        if (timeout_ms >= 0) {
            counter->due_ms = least(counter->due_ms, now_ms + timeout_ms);
        }
        first_ms = least(first_ms, counter->due_ms);
    }
    return first_ms;
}

static void poll_counters(struct world *world, const struct pollfd *polls, int64_t now_ms)
{
    for (uint32_t i = 0; i < world->counter_count; i++) {
        struct counter *counter = &world->counters[i];
        if (counter->till != NULL && (polls[i].revents != 0 || now_ms >= counter->due_ms)) {
            counter->due_ms = INT64_MAX;
            (void)loyalty_till_poll(counter->till, 0);
        }
    }
}

void world_turn(struct world *world, int64_t wait_ms)
{
    int64_t now_ms = world_now_ms();
    int64_t until_ms = least(now_ms + wait_ms, serve(world, now_ms));
    size_t lines = lines_wish(world->lines, world->polls, world->poll_max - world->counter_count);
    size_t count = lines;
    until_ms = least(until_ms, wish(world, &count, now_ms));
    int64_t left_ms = until_ms - world_now_ms();
    (void)poll(world->polls, count, left_ms < 0 ? 0 : (int)left_ms);
    lines_poll(world->lines, world->polls, lines);
    poll_counters(world, world->polls + lines, world_now_ms());
    meter_mark(&world->meter, world_now_ms());
}
