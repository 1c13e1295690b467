// Plain ANSI: up so many lines, and each line cleared to its end.
#include "till/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    DRAW_MS = 200,
    LINE_MS = 2000, // without a terminal
    ROWS_DEFAULT = 24,
    HEAD_ROWS = 8,
    BAR_WIDTH = 24,
};

void view_begin(struct view *view, bool json)
{
    *view = (struct view){
        .silent = json, .terminal = isatty(STDOUT_FILENO) == 1, .began_ms = world_now_ms()};
}

struct shop_row {
    uint32_t tills;
    uint32_t online;
    uint32_t dark;
    uint64_t open;
    uint64_t most;
    uint64_t exceptions;
    uint64_t served;
};

static void sum_shop(const struct world *world, uint32_t shop, struct shop_row *ret_row)
{
    *ret_row = (struct shop_row){0};
    for (uint32_t i = 0; i < world->counter_count; i++) {
        const struct counter *counter = &world->counters[i];
        struct loyalty_till_state state = {0};
        if (counter->shop != shop) {
            continue;
        }
        if (counter->till != NULL) {
            loyalty_till_look(counter->till, &state);
        }
        ret_row->tills++;
        ret_row->online += state.online;
        ret_row->dark += counter->till == NULL;
        ret_row->open += state.open;
        ret_row->most = state.open > ret_row->most ? state.open : ret_row->most;
        ret_row->exceptions += state.exceptions;
        ret_row->served += counter->served;
    }
}

static void draw_head(struct view *view, const struct world *world, int64_t now_ms)
{
    const struct meter *meter = &world->meter;
    const struct book_counts *counts = book_counts(world->book);
    (void)printf("loyalty-till  %" PRIu32 " tills in %" PRIu32 " shops, seed %" PRIu64
                 "   %.1f s %s\033[K\n\033[K\n",
                 world->plan->tills, world->plan->shops, world->plan->seed,
                 (double)(now_ms - view->began_ms) / 1000, world->selling ? "selling" : "closing");
    (void)printf("  %8.0f answers a second   p50 %.1f ms   p99 %.1f ms   looked up %" PRIu64
                 "\033[K\n",
                 meter->rate, (double)meter_quantile_us(meter, 500) / 1000,
                 (double)meter_quantile_us(meter, 990) / 1000, meter->looks);
    (void)printf("  applied %" PRIu64 "  duplicate %" PRIu64 "  refused %" PRIu64
                 "  accepted offline %" PRIu64 "  refused offline %" PRIu64
                 "  settled later %" PRIu64 "\033[K\n",
                 meter->statuses[LOYALTY_TILL_APPLIED], meter->statuses[LOYALTY_TILL_DUPLICATE],
                 meter->statuses[LOYALTY_TILL_REFUSED],
                 meter->statuses[LOYALTY_TILL_ACCEPTED_OFFLINE],
                 meter->statuses[LOYALTY_TILL_OFFLINE_REFUSED], meter->settled);
    (void)printf("  service killed %" PRIu32 "   connections cut %" PRIu64 "   exceptions %" PRIu64
                 "   \033[1mfaults %" PRIu64 "\033[0m\033[K\n",
                 world->service.kills, lines_ended(world->lines), counts->exceptions,
                 counts->faults);
    (void)printf("  %s\033[K\n\033[K\n", world->news);
    (void)printf("  %-12s %6s %6s %6s  %-*s %9s\033[K\n", "shop", "online", "dark", "queue",
                 BAR_WIDTH, "", "customers");
}

static void draw_shop(const struct world *world, uint32_t shop)
{
    static const char *const states[] = {"", "line down", "line stalled", "line mute"};
    struct shop_row row;
    sum_shop(world, shop, &row);
    char bar[BAR_WIDTH + 1];
    unsigned full = row.open > BAR_WIDTH ? BAR_WIDTH : (unsigned)row.open;
    for (unsigned i = 0; i < BAR_WIDTH; i++) {
        bar[i] = i < full ? '#' : ' ';
    }
    bar[BAR_WIDTH] = '\0';
    (void)printf("  %-12s %3" PRIu32 "/%-2" PRIu32 " %6" PRIu32 " %6" PRIu64 "  %s %9" PRIu64
                 "  %s\033[K\n",
                 world_desk(world, shop)->unit, row.online, row.tills, row.dark, row.open, bar,
                 row.served, states[lines_state(world->lines, shop)]);
}

static void draw_table(struct view *view, const struct world *world, int64_t now_ms)
{
    struct winsize size = {0};
    unsigned rows = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > HEAD_ROWS + 2
                        ? size.ws_row
                        : ROWS_DEFAULT;
    uint32_t shops = world->plan->shops;
    uint32_t shown = shops < rows - HEAD_ROWS - 2 ? shops : rows - HEAD_ROWS - 2;
    if (view->lines > 0) {
        (void)printf("\033[%uA", view->lines);
    }
    draw_head(view, world, now_ms);
    for (uint32_t i = 0; i < shown; i++) {
        draw_shop(world, i);
    }
    view->lines = HEAD_ROWS + shown;
}

static void draw_line(const struct view *view, const struct world *world, int64_t now_ms)
{
    struct shop_row all = {0};
    for (uint32_t i = 0; i < world->plan->shops; i++) {
        struct shop_row row;
        sum_shop(world, i, &row);
        all.open += row.open;
        all.online += row.online;
        all.tills += row.tills;
    }
    const struct meter *meter = &world->meter;
    (void)printf("%6.1f s  %6.0f/s  p50 %6.1f ms  p99 %6.1f ms  online %" PRIu32 "/%" PRIu32
                 "  queued %" PRIu64 "  %s\n",
                 (double)(now_ms - view->began_ms) / 1000, meter->rate,
                 (double)meter_quantile_us(meter, 500) / 1000,
                 (double)meter_quantile_us(meter, 990) / 1000, all.online, all.tills, all.open,
                 world->news);
}

void view_draw(struct view *view, const struct world *world, bool now)
{
    int64_t now_ms = world_now_ms();
    int64_t every_ms = view->terminal ? DRAW_MS : LINE_MS;
    if (view->silent || (!now && now_ms - view->drawn_ms < every_ms)) {
        return;
    }
    view->drawn_ms = now_ms;
    if (view->terminal) {
        draw_table(view, world, now_ms);
    } else {
        draw_line(view, world, now_ms);
    }
    (void)fflush(stdout);
}
