// What a receipt says after a sale:            and after spending points:
//     Points earned: 1,234                         Points redeemed: 500
//     Welcome to silver         (a new card)       Points balance: 1,634
//     Points balance: 2,134                        Points held: 200          (if there are)
//     Points pending: 1,234     (if there are)     Tier: silver
//     Points held: 200          (if there are)
//     Tier: silver
//     To gold: 7,866            (not at the top)
// A return says "Points taken back" or "Points given back" where there were any, and goes on as
// after spending. The sentences never change: a retry prints what the first answer printed.
#include "wire/receipt.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"

enum { GROUPED_BYTES = 32, PARTS = 4 };

struct lines {
    struct arena *arena;
    char **items;
    size_t count;
};

// "-1,234,567", right-justified in `out`.
static struct span group(int64_t figure, char out[GROUPED_BYTES])
{
    uint64_t rest = figure < 0 ? 0 - (uint64_t)figure : (uint64_t)figure;
    char *at = out + GROUPED_BYTES;
    size_t digits = 0;
    do {
        if (digits > 0 && digits % 3 == 0) {
            *--at = ',';
        }
        *--at = (char)('0' + rest % 10);
        rest /= 10;
        digits++;
    } while (rest > 0);
    if (figure < 0) {
        *--at = '-';
    }
    return span_of(at, (size_t)(out + GROUPED_BYTES - at));
}

static char *put(char *at, struct span part)
{
    if (part.len > 0) {
        memcpy(at, part.data, part.len);
    }
    return at + part.len;
}

// By hand: every sale prints five lines.
static enum status add(struct lines *lines, const struct span parts[PARTS])
{
    CHECK(lines->count < RECEIPT_LINES_MAX);
    size_t len = 0;
    for (size_t i = 0; i < PARTS; i++) {
        len += parts[i].len;
    }
    char *line = arena_alloc_raw(lines->arena, len + 1);
    if (line == NULL) {
        return STATUS_NO_MEMORY;
    }
    char *at = line;
    for (size_t i = 0; i < PARTS; i++) {
        at = put(at, parts[i]);
    }
    *at = '\0';
    lines->items[lines->count] = line;
    lines->count++;
    return STATUS_OK;
}

static enum status add_figure(struct lines *lines, const char *what, int64_t figure)
{
    char grouped[GROUPED_BYTES];
    return add(lines, (const struct span[PARTS]){span_of_text(what), span_of_text(": "),
                                                 group(figure, grouped)});
}

static enum status add_name(struct lines *lines, const char *what, struct span name)
{
    return add(lines, (const struct span[PARTS]){span_of_text(what), name});
}

static enum status add_missing(struct lines *lines, const struct replies *replies,
                               const struct record *record)
{
    struct span next = replies_name(replies, record, record->figures.next_tier);
    if (next.len == 0) {
        return STATUS_OK;
    }
    char grouped[GROUPED_BYTES];
    return add(lines, (const struct span[PARTS]){span_of_text("To "), next, span_of_text(": "),
                                                 group(record->figures.missing, grouped)});
}

// The line of what the record did; false of one that prints nothing. NULL: it did nothing.
static bool deed_of(const struct record *record, const char **ret_what, int64_t *ret_points)
{
    switch (record->type) {
    case RECORD_AWARDED:
        *ret_what = "Points earned";
        *ret_points = record->awarded.points;
        return true;
    case RECORD_REDEEMED:
        *ret_what = "Points redeemed";
        *ret_points = record->redeemed.points;
        return true;
    case RECORD_CAPTURED:
        *ret_what = "Points redeemed";
        *ret_points = record->captured.taken.points;
        return true;
    case RECORD_REVERSED:
        *ret_what =
            record->reversed.method == RECORD_AWARDED ? "Points taken back" : "Points given back";
        *ret_points = record->reversed.points;
        *ret_what = *ret_points == 0 ? NULL : *ret_what;
        return true;
    case RECORD_TOMBSTONE:
        *ret_what = NULL;
        return true;
    default:
        return false;
    }
}

static enum status add_standing(struct lines *lines, const struct replies *replies,
                                const struct record *record)
{
    const struct figures *figures = &record->figures;
    bool sale = record->type == RECORD_AWARDED;
    TRY(add_figure(lines, "Points balance", figures->balance));
    if (sale && figures->pending > 0) {
        TRY(add_figure(lines, "Points pending", figures->pending));
    }
    if (figures->held > 0) {
        TRY(add_figure(lines, "Points held", figures->held));
    }
    TRY(add_name(lines, "Tier: ", replies_name(replies, record, figures->tier)));
    return sale ? add_missing(lines, replies, record) : STATUS_OK;
}

enum status receipt_lines(const struct replies *replies, const struct record *record,
                          size_t *ret_count, char ***ret_lines)
{
    CHECK(record->has_figures);
    const char *what = NULL;
    int64_t points = 0;
    struct lines lines = {.arena = replies->arena};
    if (!deed_of(record, &what, &points)) {
        *ret_count = 0;
        *ret_lines = NULL;
        return STATUS_OK;
    }
    lines.items = arena_alloc_array(replies->arena, RECEIPT_LINES_MAX, sizeof(*lines.items));
    if (lines.items == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (what != NULL) {
        TRY(add_figure(&lines, what, points));
    }
    if (record->card_count > 0) {
        const struct card *card = &record->cards[record->card_count - 1];
        TRY(add_name(&lines, "Welcome to ", replies_name(replies, record, card->tier)));
    }
    TRY(add_standing(&lines, replies, record));
    *ret_count = lines.count;
    *ret_lines = lines.items;
    return STATUS_OK;
}
