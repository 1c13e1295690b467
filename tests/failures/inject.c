// The counters and the decision. One process, one thread; nothing here allocates.
#include "failures/inject.h"

#include <stdio.h>
#include <string.h>

#include "failures/excluded.h"

#if defined(FAILURES_OVER_ASAN)
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern void __sanitizer_print_stack_trace(void);
#endif

static struct {
    bool armed;
    bool held;
    bool shows_place;
    unsigned depth; // of inject_enter
    struct inject_plan plan;
    struct inject_report *report;
    uint8_t (*trace)[INJECT_TRACE_MAX]; // NULL: none is kept
} state;

const char *inject_kind_name(enum inject_kind kind)
{
    static const char *const names[] = {
        [INJECT_MEMORY] = "memory",     [INJECT_MEMORY_ON] = "memory-on", [INJECT_ARENA] = "arena",
        [INJECT_ARENA_ON] = "arena-on", [INJECT_SOCKET] = "socket",       [INJECT_FILE] = "file",
        [INJECT_STORE] = "store",       [INJECT_NOTHING] = "nothing",
    };
    return names[kind];
}

void inject_arm(const struct inject_plan *plan, struct inject_report *report)
{
    memset(report, 0, sizeof(*report));
    state.plan = *plan;
    state.report = report;
    state.depth = 0;
    state.armed = true;
}

void inject_trace(uint8_t ways[INJECT_KINDS][INJECT_TRACE_MAX])
{
    state.trace = ways;
}

void inject_hold(bool held)
{
    state.held = held;
}

void inject_show_place(void)
{
    state.shows_place = true;
}

void inject_disarm(void)
{
    state.armed = false;
}

bool inject_is_armed(void)
{
    return state.armed;
}

void inject_enter(void)
{
    state.depth++;
}

void inject_leave(void)
{
    state.depth--;
}

unsigned inject_pause(void)
{
    unsigned depth = state.depth;
    state.depth = 0;
    return depth;
}

void inject_resume(unsigned depth)
{
    state.depth = depth;
}

static int planned_way(const struct inject_point *point, uint32_t count, uint32_t *ret_ways,
                       uint32_t ways)
{
    if (point->nth != count) {
        return -1;
    }
    unsigned depth = inject_pause();
    state.report->excluded = excluded_here();
    inject_resume(depth);
    *ret_ways = ways;
    return state.report->excluded == NULL ? (int)(point->way % ways) : -1;
}

enum inject_kind inject_counted(enum inject_kind kind)
{
    if (kind == INJECT_MEMORY_ON) {
        return INJECT_MEMORY;
    }
    return kind == INJECT_ARENA_ON ? INJECT_ARENA : kind;
}

int inject_way(enum inject_kind kind, uint32_t ways)
{
    if (!state.armed || state.held || state.depth == 0) {
        return -1;
    }
    struct inject_report *report = state.report;
    uint32_t count = ++report->counts[kind];
    if (state.trace != NULL && count < INJECT_TRACE_MAX) {
        state.trace[kind][count] = (uint8_t)ways;
    }
    const struct inject_plan *plan = &state.plan;
    if (inject_counted(plan->kind) != kind) {
        return -1;
    }
    if (plan->kind != kind && count > plan->first.nth) { // _ON
        unsigned depth = inject_pause();
        bool passes = excluded_here() != NULL;
        inject_resume(depth);
        return passes ? -1 : 0;
    }
    int way = planned_way(&plan->first, count, &report->ways[0], ways);
    return way >= 0 ? way : planned_way(&plan->second, count, &report->ways[1], ways);
}

void inject_note(const char *what, const char *how)
{
    char *text = state.report->what;
    size_t len = strlen(text);
    (void)snprintf(text + len, INJECT_WHAT_BYTES - len, "%s%s %s", len == 0 ? "" : ", ", what, how);
#if defined(FAILURES_OVER_ASAN)
    if (state.shows_place) {
        unsigned depth = inject_pause();
        (void)fprintf(stderr, "--- %s %s here:\n", what, how);
        __sanitizer_print_stack_trace();
        inject_resume(depth);
    }
#endif
}
