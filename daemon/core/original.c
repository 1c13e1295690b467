// An original and what has become of it, in one walk over the log: all that is made of a record
// stands behind it.
#include "core/original.h"

#include <string.h>

#include "base/limits.h"
#include "core/ledger.h"

struct search {
    struct mark mark;
    struct arena *arena;
    struct original original;
};

// A copy in the search's arena, for the walk keeps nothing of a record.
static enum status keep(struct search *search, const void *items, size_t count, size_t bytes,
                        void **ret_copy)
{
    void *copy = arena_alloc_array(search->arena, count, bytes);
    if (copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (count > 0) {
        memcpy(copy, items, count * bytes);
    }
    *ret_copy = copy;
    return STATUS_OK;
}

static enum status keep_awarded(struct search *search, const struct record_awarded *from)
{
    struct record_awarded *awarded = &search->original.awarded;
    *awarded = *from;
    TRY(keep(search, from->rules, from->rule_count, sizeof *from->rules, (void **)&awarded->rules));
    TRY(keep(search, from->lines, from->line_count, sizeof *from->lines, (void **)&awarded->lines));
    bool *returned = arena_alloc_array(search->arena, from->line_count + 1, sizeof *returned);
    search->original.lines_returned = returned;
    return returned == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

static enum status keep_spent(struct search *search, const struct record_redeemed *from)
{
    search->original.spent = *from;
    return keep(search, from->lots, from->lot_count, sizeof *from->lots,
                (void **)&search->original.spent.lots);
}

static enum status take_original(struct search *search, uint64_t seq, const struct record *record)
{
    search->original = (struct original){.type = record->type, .seq = seq};
    switch (record->type) {
    case RECORD_AWARDED:
        return keep_awarded(search, &record->awarded);
    case RECORD_REDEEMED:
        return keep_spent(search, &record->redeemed);
    case RECORD_CAPTURED:
        return keep_spent(search, &record->captured.taken);
    default:
        return STATUS_OK;
    }
}

// Amounts of records that belong together only if is_in_bounds: the sum stops at the top.
static void add(int64_t *sum, int64_t amount)
{
    *sum = amount > INT64_MAX - *sum ? INT64_MAX : *sum + amount;
}

static void add_reversal(struct original *original, const struct record_reversed *reversed)
{
    if (reversed->original_seq != original->seq || reversed->result > REVERSE_FURTHER_ACTIVITY) {
        return;
    }
    original->reversals++;
    add(&original->points, reversed->points);
    if (original->type != RECORD_AWARDED) {
        return;
    }
    add(&original->amount_minor, reversed->sale.amount_minor);
    add(&original->score, reversed->sale.score);
    for (size_t i = 0; i < reversed->sale.line_count; i++) {
        uint32_t line = reversed->sale.lines[i];
        if (line >= 1 && line <= original->awarded.line_count) {
            original->lines_returned[line - 1] = true;
        }
    }
}

static bool is_of(const struct search *search, const uint8_t *reservation)
{
    return search->original.type == RECORD_HELD &&
           memcmp(reservation, search->mark.id, sizeof search->mark.id) == 0;
}

static enum status visit(void *context, uint64_t seq, const struct record *record)
{
    struct search *search = context;
    if (record_answers(record, &search->mark)) {
        return take_original(search, seq, record);
    }
    if (search->original.type == RECORD_NONE) {
        return STATUS_OK;
    }
    if (record->type == RECORD_CAPTURED && is_of(search, record->captured.reservation)) {
        enum status status = take_original(search, seq, record);
        search->original.by_reservation = true;
        return status;
    }
    if (record->type == RECORD_RELEASED && is_of(search, record->released.reservation)) {
        search->original.released = true;
    } else if (record->type == RECORD_REVERSED) {
        add_reversal(&search->original, &record->reversed);
    }
    return STATUS_OK;
}

// No more was taken back than there was; the fold checks that of all originals together only.
static bool is_in_bounds(const struct original *original)
{
    if (original->type == RECORD_AWARDED) {
        const struct record_awarded *awarded = &original->awarded;
        return original->amount_minor <= awarded->amount_minor &&
               original->points <= awarded->points && original->score <= awarded->score;
    }
    bool spent = original->type == RECORD_REDEEMED || original->type == RECORD_CAPTURED;
    return !spent || original->points <= original->spent.points;
}

enum status original_find(struct span log, const uint8_t *request, struct arena *arena,
                          struct original *ret_original)
{
    struct search search = {.mark = {.present = true}, .arena = arena};
    memcpy(search.mark.id, request, sizeof search.mark.id);
    struct arena walking; // is reset between records
    arena_init(&walking, LIMIT_ARENA_BYTES);
    enum status status = ledger_walk(log, &walking, visit, &search);
    arena_fini(&walking);
    TRY(status);
    *ret_original = search.original;
    return is_in_bounds(ret_original) ? STATUS_OK : STATUS_CORRUPT;
}
