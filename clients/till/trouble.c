// Each kind has so many events to come, at random times of even slices of the run.
#include "till/trouble.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    TIMES_MIN = 3,
    KILLS = 3,
    DARK_MS_MIN = 100,
    DARK_MS_MAX = 3000,
    DOWN_MS_MIN = 300,
    DOWN_MS_MAX = 6000,
    RESTART_MS_MIN = 50,
    RESTART_MS_MAX = 800,
    CUT_BYTES_MAX = 2000,
    CLOCK_JUMP_MS = 120000, // together under the five minutes that a sale may be ahead
};

static uint32_t times_of(const struct plan *plan, enum chaos kind)
{
    uint32_t times = 0;
    if ((plan->chaos & (unsigned)kind) == 0 || kind == CHAOS_DUPLICATES) {
        return 0; // of duplicates the cashiers see to themselves
    }
    if (kind == CHAOS_KILLS) {
        return KILLS;
    }
    times = kind == CHAOS_OFFLINE ? plan->shops * 2 : plan->tills / 2;
    return times < TIMES_MIN ? TIMES_MIN : times;
}

// The next event of a kind falls into an even slice of the time there is.
static void plan_next(struct trouble *trouble, const struct world *world, unsigned index)
{
    const struct plan *plan = world->plan;
    uint32_t times = times_of(plan, (enum chaos)(1U << index));
    struct trouble_kind *kind = &trouble->kinds[index];
    int64_t slice_ms = times == 0 ? 0 : plan->run_ms / times;
    kind->next_ms = trouble->began_ms + (int64_t)(times - kind->left) * slice_ms +
                    chance_between(&trouble->chance, slice_ms / 10, slice_ms * 9 / 10);
}

bool trouble_begin(struct trouble *trouble, struct world *world)
{
    const struct plan *plan = world->plan;
    *trouble = (struct trouble){.chance = chance_new(plan->seed, UINT64_C(1) << 41),
                                .began_ms = world_now_ms()};
    trouble->line_until_ms = calloc(plan->shops, sizeof(*trouble->line_until_ms));
    for (unsigned i = 0; i < CHAOS_KINDS; i++) {
        trouble->kinds[i].left = times_of(plan, (enum chaos)(1U << i));
        plan_next(trouble, world, i);
    }
    return trouble->line_until_ms != NULL;
}

static void tell(struct world *world, const char *what, const char *whom)
{
    (void)snprintf(world->news, sizeof(world->news), "%s: %s", whom, what);
}

static struct counter *pick_counter(struct trouble *trouble, const struct world *world)
{
    return &world->counters[chance_below(&trouble->chance, world->counter_count)];
}

static void cut_power(struct trouble *trouble, struct world *world, int64_t now_ms)
{
    struct counter *counter = pick_counter(trouble, world);
    if (counter->till != NULL) {
        counter_cut_power(counter,
                          now_ms + chance_between(&trouble->chance, DARK_MS_MIN, DARK_MS_MAX));
        tell(world, "power cut", counter->unit);
    }
}

// The till's own socket, or the shop's line after some more bytes.
static void cut_network(struct trouble *trouble, struct world *world)
{
    struct counter *counter = pick_counter(trouble, world);
    int fd = -1;
    short events = 0;
    int timeout_ms = 0;
    if (chance_percent(&trouble->chance, 50)) {
        (void)lines_cut(world->lines, counter->shop, (uint32_t)chance_next(&trouble->chance),
                        (uint32_t)chance_between(&trouble->chance, 1, CUT_BYTES_MAX));
    } else if (counter->till != NULL) {
        loyalty_till_interest(counter->till, &fd, &events, &timeout_ms);
        if (fd >= 0) {
            (void)shutdown(fd, SHUT_RDWR);
        }
    }
    tell(world, "cable cut", counter->unit);
}

static void take_line(struct trouble *trouble, struct world *world, int64_t now_ms)
{
    uint32_t shop = (uint32_t)chance_below(&trouble->chance, world->plan->shops);
    static const enum line_state states[] = {LINE_DOWN, LINE_STALLED, LINE_MUTE, LINE_MUTE};
    static const char *const words[] = {"line down", "line stalled", "line mute", "line mute"};
    uint64_t pick = chance_below(&trouble->chance, 4);
    lines_set(world->lines, shop, states[pick]);
    int64_t most_ms = world->plan->run_ms / 4 < DOWN_MS_MAX ? world->plan->run_ms / 4 : DOWN_MS_MAX;
    trouble->line_until_ms[shop] =
        now_ms + chance_between(&trouble->chance, DOWN_MS_MIN,
                                most_ms < DOWN_MS_MIN ? DOWN_MS_MIN : most_ms);
    tell(world, words[pick], world_desk(world, shop)->unit);
}

static void shift_clock(struct trouble *trouble, struct world *world)
{
    struct counter *counter = pick_counter(trouble, world);
    counter->wall_off_ms =
        counter->wall_base_ms + chance_between(&trouble->chance, -CLOCK_JUMP_MS, CLOCK_JUMP_MS);
    tell(world, "clock set", counter->unit);
}

static void kill_service(struct trouble *trouble, struct world *world, int64_t now_ms)
{
    if (trouble->restart_ms == 0 && world->service.daemon > 0) {
        service_kill(&world->service);
        trouble->restart_ms =
            now_ms + chance_between(&trouble->chance, RESTART_MS_MIN, RESTART_MS_MAX);
        tell(world, "killed, with its Redis", "loyaltyd");
    }
}

static void happen(struct trouble *trouble, struct world *world, enum chaos kind, int64_t now_ms)
{
    switch (kind) {
    case CHAOS_POWER:
        cut_power(trouble, world, now_ms);
        return;
    case CHAOS_NETWORK:
        cut_network(trouble, world);
        return;
    case CHAOS_OFFLINE:
        take_line(trouble, world, now_ms);
        return;
    case CHAOS_CLOCK:
        shift_clock(trouble, world);
        return;
    case CHAOS_KILLS:
        kill_service(trouble, world, now_ms);
        return;
    case CHAOS_DUPLICATES:
        return;
    }
}

// What comes back by itself: lines, power, the service. `now_ms` INT64_MAX: all of it.
static void put_right(struct trouble *trouble, struct world *world, int64_t now_ms)
{
    for (uint32_t i = 0; i < world->plan->shops; i++) {
        if (trouble->line_until_ms[i] != 0 && now_ms >= trouble->line_until_ms[i]) {
            trouble->line_until_ms[i] = 0;
            lines_set(world->lines, i, LINE_UP);
        }
    }
    for (uint32_t i = 0; i < world->counter_count; i++) {
        struct counter *counter = &world->counters[i];
        if (counter->dark_until_ms != 0 && now_ms >= counter->dark_until_ms) {
            counter->dark_until_ms = 0;
            if (counter_open(counter, world_line(world, counter->shop))) {
                counter_read_file(counter);
            }
        }
    }
    if (trouble->restart_ms != 0 && now_ms >= trouble->restart_ms) {
        trouble->restart_ms = 0;
        if (!service_restart(&world->service)) {
            book_fault(world->book, "loyaltyd does not start again");
        }
    }
}

void trouble_step(struct trouble *trouble, struct world *world, int64_t now_ms)
{
    for (unsigned i = 0; i < CHAOS_KINDS; i++) {
        struct trouble_kind *kind = &trouble->kinds[i];
        if (kind->left > 0 && now_ms >= kind->next_ms) {
            kind->left--;
            trouble->done[i]++;
            happen(trouble, world, (enum chaos)(1U << i), now_ms);
            plan_next(trouble, world, i);
        }
    }
    put_right(trouble, world, now_ms);
}

void trouble_end(struct trouble *trouble, struct world *world)
{
    put_right(trouble, world, INT64_MAX);
    free(trouble->line_until_ms);
    trouble->line_until_ms = NULL;
}
