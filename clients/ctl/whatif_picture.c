// The picture: a panel for each program, with the same scales, in which the tiers above the base
// one lie on each other, month by month. The base tier, nearly everybody, is in the legend alone:
// it would press the others flat.
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/print.h"
#include "ctl/svg.h"
#include "ctl/whatif_report.h"

enum {
    WIDTH = 980,
    MARGIN = 70,
    GAP = 70,
    PANEL_WIDTH = (WIDTH - 2 * MARGIN - GAP + 30) / 2,
    PANEL_TOP = 96,
    PANEL_HEIGHT = 300,
    LEGEND_TOP = PANEL_TOP + PANEL_HEIGHT + 82,
    LEGEND_ROW = 22,
    SWATCH = 12,
    TICKS_MAX = 5,
    DATE_LABELS_MAX = 6,
    YEAR_CHARACTERS = 4,
    TEXT_BYTES = 256,
    POINTS_A_MONTH = 4, // a step there and one back
    TITLE_BYTES = 48,   // of a panel, which it must not outgrow
};

// By rank; told apart on light and dark ground.
static const char *const colours[] = {
    "#8c959f", "#5b8def", "#e0a100", "#9a6dd7", "#2da44e", "#e5534b", "#17a2b8", "#d6608f",
    "#7d8b2a", "#b35c1e", "#4d6bb0", "#c98bd9", "#3f9d8a", "#a8703c", "#6f7ae0", "#b8436b",
};

static_assert(sizeof(colours) / sizeof(colours[0]) >= LIMIT_TIERS, "a colour for each tier");

struct panel {
    const struct whatif *whatif;
    FILE *out;
    enum whatif_which which;
    int left;
    int64_t top_members; // at the panel's upper edge
};

static size_t first_rank(const struct whatif *whatif)
{
    return whatif->ranks->tier_count > 1 ? 1 : 0;
}

// Members of the tiers from the lowest drawn up to `rank`.
static int64_t members_up_to(const struct panel *panel, size_t month, size_t rank)
{
    int64_t members = 0;
    for (size_t i = first_rank(panel->whatif); i <= rank; i++) {
        members += panel->whatif->sides[panel->which].sizes[month][i];
    }
    return members;
}

static int x_of(const struct panel *panel, int64_t at_ms)
{
    const struct whatif *whatif = panel->whatif;
    int64_t span_ms = whatif->until_ms - whatif->begin_ms;
    int64_t passed_ms = at_ms - whatif->begin_ms;
    return panel->left + (span_ms <= 0 ? 0 : (int)(passed_ms * PANEL_WIDTH / span_ms));
}

static int y_of(const struct panel *panel, int64_t members)
{
    return PANEL_TOP + PANEL_HEIGHT - (int)(members * PANEL_HEIGHT / panel->top_members);
}

// 1, 2 or 5 times a power of ten, so that at most TICKS_MAX steps reach the most members.
static int64_t tick_step(int64_t most)
{
    static const int64_t factors[] = {1, 2, 5};
    for (int64_t power = 1;; power *= 10) {
        for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
            if (power * factors[i] * TICKS_MAX >= most) {
                return power * factors[i];
            }
        }
    }
}

static int64_t most_members(const struct whatif *whatif)
{
    int64_t most = 1;
    for (int which = 0; which < WHATIF_SIDES; which++) {
        const struct panel panel = {.whatif = whatif, .which = (enum whatif_which)which};
        for (size_t month = 0; month < whatif->month_count; month++) {
            int64_t members = members_up_to(&panel, month, whatif->ranks->tier_count - 1);
            most = members > most ? members : most;
        }
    }
    return most;
}

static void draw_grid(const struct panel *panel, int64_t step)
{
    for (int64_t members = 0; members <= panel->top_members; members += step) {
        char text[PRINT_TEXT_BYTES];
        int y = y_of(panel, members);
        svg_line(panel->out, members == 0 ? "axis" : "grid", (struct svg_point){panel->left, y},
                 (struct svg_point){panel->left + PANEL_WIDTH, y});
        svg_text(panel->out, "faint", (struct svg_point){panel->left - 8, y + 4}, SVG_END,
                 print_number(members, text));
    }
}

// A month's sizes stand until the next one's: cards change at instants, most of them at a
// re-scoring's.
static size_t add_step(const struct panel *panel, size_t month, int64_t members, bool back,
                       struct svg_point *points)
{
    const struct whatif *whatif = panel->whatif;
    bool last = month + 1 == whatif->month_count;
    int begin = x_of(panel, whatif->months[month]);
    int end = x_of(panel, last ? whatif->until_ms : whatif->months[month + 1]);
    int y = y_of(panel, members);
    points[0] = (struct svg_point){back ? end : begin, y};
    points[1] = (struct svg_point){back ? begin : end, y};
    return 2;
}

static void draw_area(const struct panel *panel, size_t rank, struct svg_point *points)
{
    const struct whatif *whatif = panel->whatif;
    bool lowest = rank == first_rank(whatif);
    size_t count = 0;
    for (size_t month = 0; month < whatif->month_count; month++) {
        int64_t members = members_up_to(panel, month, rank);
        count += add_step(panel, month, members, false, points + count);
    }
    for (size_t month = whatif->month_count; month > 0; month--) {
        int64_t below = lowest ? 0 : members_up_to(panel, month - 1, rank - 1);
        count += add_step(panel, month - 1, below, true, points + count);
    }
    svg_polygon(panel->out, colours[rank], points, count);
}

static void draw_months(const struct panel *panel)
{
    const struct whatif *whatif = panel->whatif;
    size_t every = whatif->month_count / DATE_LABELS_MAX + 1;
    for (size_t month = 0; month < whatif->month_count; month += every) {
        char date[WHATIF_DATE_BYTES];
        int x = x_of(panel, whatif->months[month]);
        int y = PANEL_TOP + PANEL_HEIGHT;
        (void)whatif_date(whatif, whatif->months[month], date);
        date[YEAR_CHARACTERS + 3] = '\0';
        svg_line(panel->out, "axis", (struct svg_point){x, y}, (struct svg_point){x, y + 5});
        svg_text(panel->out, "faint", (struct svg_point){x, y + 20}, SVG_MIDDLE, date);
    }
    svg_text(panel->out, "faint",
             (struct svg_point){panel->left + PANEL_WIDTH / 2, PANEL_TOP + PANEL_HEIGHT + 42},
             SVG_MIDDLE, "month");
}

// Where the data ends and the time without sales begins.
static void draw_end(const struct panel *panel)
{
    int x = x_of(panel, panel->whatif->end_ms);
    if (panel->whatif->end_ms <= panel->whatif->begin_ms) {
        return;
    }
    svg_line(panel->out, "mark", (struct svg_point){x, PANEL_TOP},
             (struct svg_point){x, PANEL_TOP + PANEL_HEIGHT});
    svg_text(panel->out, "faint", (struct svg_point){x + 4, PANEL_TOP + 12}, SVG_START,
             "no more sales");
}

static void draw_panel(const struct panel *panel, int64_t step, const char *title,
                       struct svg_point *points)
{
    char text[TEXT_BYTES];
    const char *slash = strrchr(title, '/');
    (void)snprintf(text, sizeof(text), "%s: %.*s", panel->which == WHATIF_OLD ? "old" : "new",
                   TITLE_BYTES, slash == NULL ? title : slash + 1);
    svg_text(panel->out, "text", (struct svg_point){panel->left, PANEL_TOP - 34}, SVG_START, text);
    svg_text(panel->out, "faint", (struct svg_point){panel->left, PANEL_TOP - 14}, SVG_START,
             "members");
    draw_grid(panel, step);
    for (size_t rank = first_rank(panel->whatif); rank < panel->whatif->ranks->tier_count; rank++) {
        draw_area(panel, rank, points);
    }
    draw_months(panel);
    draw_end(panel);
}

// The highest tier first, as they lie; how many are in it at the end of the data and of the time.
static void draw_legend(const struct whatif *whatif, FILE *out)
{
    size_t count = whatif->ranks->tier_count;
    for (size_t row = 0; row < count; row++) {
        size_t rank = count - 1 - row;
        struct span tier = whatif_tier(whatif, rank);
        const struct whatif_side *old = &whatif->sides[WHATIF_OLD];
        const struct whatif_side *new = &whatif->sides[WHATIF_NEW];
        char text[TEXT_BYTES];
        char dates[2][WHATIF_DATE_BYTES];
        int y = LEGEND_TOP + (int)row * LEGEND_ROW;
        (void)snprintf(
            text, sizeof(text),
            "%.*s%s: %s old %" PRId64 ", new %" PRId64 "; %s old %" PRId64 ", new %" PRId64,
            (int)tier.len, (const char *)tier.data, rank < first_rank(whatif) ? " (not drawn)" : "",
            whatif_date(whatif, whatif->end_ms, dates[0]), old->end.tiers[rank],
            new->end.tiers[rank], whatif_date(whatif, whatif->until_ms, dates[1]),
            old->until.tiers[rank], new->until.tiers[rank]);
        if (rank >= first_rank(whatif)) {
            svg_rectangle(out, colours[rank], (struct svg_point){MARGIN, y - SWATCH}, SWATCH,
                          SWATCH);
        }
        svg_text(out, "text", (struct svg_point){MARGIN + SWATCH + 8, y - 1}, SVG_START, text);
    }
}

bool whatif_draw(const struct whatif *whatif, const struct whatif_titles *titles, FILE *out)
{
    static const char title[] = "Members by tier over time";
    struct svg_point *points = calloc(POINTS_A_MONTH * whatif->month_count + 1, sizeof(*points));
    if (points == NULL) {
        return false;
    }
    int64_t step = tick_step(most_members(whatif));
    int64_t top = (most_members(whatif) + step - 1) / step * step;
    svg_begin(out, WIDTH, LEGEND_TOP + (int)whatif->ranks->tier_count * LEGEND_ROW, title);
    svg_text(out, "title", (struct svg_point){MARGIN, 32}, SVG_START, title);
    for (int which = 0; which < WHATIF_SIDES; which++) {
        const struct panel panel = {
            .whatif = whatif,
            .out = out,
            .which = (enum whatif_which)which,
            .left = MARGIN + which * (PANEL_WIDTH + GAP),
            .top_members = top,
        };
        draw_panel(&panel, step, which == WHATIF_OLD ? titles->old : titles->new, points);
    }
    draw_legend(whatif, out);
    free(points);
    return svg_end(out);
}
