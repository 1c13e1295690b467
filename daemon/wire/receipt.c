// What a receipt says after a sale:            and after spending points:
//     Points earned: 1,234                         Points redeemed: 500
//     Welcome to silver         (a new card)       Points balance: 1,634
//     Points balance: 2,134                        Tier: silver
//     Points pending: 1,234     (if there are)
//     Tier: silver
//     To gold: 7,866            (not at the top)
// The sentences never change: a retry prints what the first answer printed.
#include "wire/receipt.h"

#include <stdbool.h>

#include "base/check.h"

enum { GROUPED_BYTES = 32 };

struct lines {
    struct arena *arena;
    char **items;
    size_t count;
};

// "-1,234,567", right-justified in `out`; returns where it begins.
static const char *group(int64_t figure, char out[GROUPED_BYTES])
{
    uint64_t rest = figure < 0 ? 0 - (uint64_t)figure : (uint64_t)figure;
    char *at = out + GROUPED_BYTES - 1;
    *at = '\0';
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
    return at;
}

static enum status add(struct lines *lines, char *line)
{
    CHECK(lines->count < RECEIPT_LINES_MAX);
    if (line == NULL) {
        return STATUS_NO_MEMORY;
    }
    lines->items[lines->count] = line;
    lines->count++;
    return STATUS_OK;
}

static enum status add_figure(struct lines *lines, const char *what, int64_t figure)
{
    char grouped[GROUPED_BYTES];
    return add(lines, arena_printf(lines->arena, "%s: %s", what, group(figure, grouped)));
}

static enum status add_name(struct lines *lines, const char *what, struct span name)
{
    return add(lines, arena_printf(lines->arena, "%s%.*s", what, (int)name.len,
                                   name.len == 0 ? "" : (const char *)name.data));
}

static enum status add_missing(struct lines *lines, const struct replies *replies,
                               const struct record *record)
{
    struct span next = replies_name(replies, record, record->figures.next_tier);
    if (next.len == 0) {
        return STATUS_OK;
    }
    char grouped[GROUPED_BYTES];
    return add(lines,
               arena_printf(lines->arena, "To %.*s: %s", (int)next.len, (const char *)next.data,
                            group(record->figures.missing, grouped)));
}

enum status receipt_lines(const struct replies *replies, const struct record *record,
                          size_t *ret_count, char ***ret_lines)
{
    CHECK(record->type == RECORD_AWARDED || record->type == RECORD_REDEEMED);
    struct lines lines = {.arena = replies->arena};
    lines.items = arena_alloc_array(replies->arena, RECEIPT_LINES_MAX, sizeof(*lines.items));
    if (lines.items == NULL) {
        return STATUS_NO_MEMORY;
    }
    bool sale = record->type == RECORD_AWARDED;
    TRY(add_figure(&lines, sale ? "Points earned" : "Points redeemed",
                   sale ? record->awarded.points : record->redeemed.points));
    if (record->card_count > 0) {
        const struct card *card = &record->cards[record->card_count - 1];
        TRY(add_name(&lines, "Welcome to ", replies_name(replies, record, card->tier)));
    }
    TRY(add_figure(&lines, "Points balance", record->figures.balance));
    if (sale && record->figures.pending > 0) {
        TRY(add_figure(&lines, "Points pending", record->figures.pending));
    }
    TRY(add_name(&lines, "Tier: ", replies_name(replies, record, record->figures.tier)));
    if (sale) {
        TRY(add_missing(&lines, replies, record));
    }
    *ret_count = lines.count;
    *ret_lines = lines.items;
    return STATUS_OK;
}
