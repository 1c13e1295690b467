// Stored forms of records that earn, spend and hold points.
#include "core/record_layout.h"

#include "base/limits.h"

enum status record_layout_lots(struct codec *codec, struct lot_move **lots, size_t *count)
{
    TRY(codec_list(codec, (void **)lots, count, sizeof **lots, LIMIT_LOTS));
    for (size_t i = 0; i < *count; i++) {
        TRY(codec_instant(codec, &(*lots)[i].ends_ms));
        TRY(codec_amount(codec, &(*lots)[i].points));
    }
    return STATUS_OK;
}

enum status record_layout_receipt(struct codec *codec, uint32_t *unit, struct receipt_ref *receipt)
{
    TRY(codec_u32(codec, unit));
    TRY(codec_u64(codec, &receipt->number));
    return codec_i32(codec, &receipt->business_day);
}

uint32_t record_flags_awarded(const struct record_awarded *awarded, int64_t at_ms)
{
    uint32_t flags = 0;
    flags |= awarded->score_until_ms == awarded->lot_ends_ms ? AWARDED_SAME_END : 0;
    flags |= awarded->occurred_ms != at_ms ? AWARDED_LATE : 0;
    flags |= awarded->spendable_ms != awarded->occurred_ms ? AWARDED_PENDING : 0;
    flags |= awarded->line_count > 0 ? AWARDED_LINES : 0;
    flags |= awarded->unit != 0 || awarded->receipt.number != 0 ? AWARDED_RECEIPT : 0;
    flags |= awarded->counted ? AWARDED_COUNTED : 0;
    flags |= awarded->paid_with_points_minor != 0 ? AWARDED_PAID : 0;
    flags |= awarded->backfill ? AWARDED_BACKFILL : 0;
    flags |= awarded->exchanged ? AWARDED_EXCHANGED : 0;
    flags |= awarded->attached ? AWARDED_ATTACHED : 0;
    return flags;
}

// A single rule that gave everything needs no figure of its own: the bit says so.
static enum status layout_rules(struct codec *codec, struct record_awarded *awarded)
{
    TRY(codec_list(codec, (void **)&awarded->rules, &awarded->rule_count, sizeof *awarded->rules,
                   LIMIT_EARN_RULES));
    for (size_t i = 0; i < awarded->rule_count; i++) {
        struct rule_points *rule = &awarded->rules[i];
        bool whole = rule->points == awarded->points;
        uint64_t coded =
            ((uint64_t)rule->rule << 2) | (rule->counted ? 2U : 0U) | (whole ? 1U : 0U);
        TRY(codec_u64(codec, &coded));
        if (coded >> 2 > UINT32_MAX) {
            return STATUS_CORRUPT;
        }
        rule->rule = (uint32_t)(coded >> 2);
        rule->counted = (coded & 2) != 0;
        if ((coded & 1) != 0) {
            rule->points = awarded->points;
        } else {
            TRY(codec_amount(codec, &rule->points));
        }
    }
    return STATUS_OK;
}

static enum status layout_lines(struct codec *codec, struct record_awarded *awarded)
{
    TRY(codec_list(codec, (void **)&awarded->lines, &awarded->line_count, sizeof *awarded->lines,
                   LIMIT_SALE_LINES));
    for (size_t i = 0; i < awarded->line_count; i++) {
        TRY(codec_amount(codec, &awarded->lines[i].amount_minor));
        TRY(codec_amount(codec, &awarded->lines[i].points));
        TRY(codec_amount(codec, &awarded->lines[i].score));
    }
    return STATUS_OK;
}

// The instants of a sale: when it occurred, and the ends of what it gave.
static enum status layout_awarded_times(struct codec *codec, struct record_awarded *awarded,
                                        int64_t at_ms, uint32_t flags)
{
    if ((flags & AWARDED_LATE) != 0) {
        TRY(codec_instant(codec, &awarded->occurred_ms));
    } else {
        awarded->occurred_ms = at_ms;
    }
    awarded->spendable_ms = codec->writing ? awarded->spendable_ms : awarded->occurred_ms;
    if ((flags & AWARDED_PENDING) != 0) {
        TRY(codec_instant(codec, &awarded->spendable_ms));
    }
    TRY(codec_instant(codec, &awarded->lot_ends_ms));
    if ((flags & AWARDED_SAME_END) == 0) {
        TRY(codec_instant(codec, &awarded->score_until_ms));
    } else {
        awarded->score_until_ms = awarded->lot_ends_ms;
    }
    return STATUS_OK;
}

enum status record_layout_awarded(struct codec *codec, struct record_awarded *awarded,
                                  int64_t at_ms, uint32_t flags)
{
    TRY(codec_u32(codec, &awarded->version));
    TRY(layout_awarded_times(codec, awarded, at_ms, flags));
    TRY(codec_amount(codec, &awarded->amount_minor));
    TRY(codec_amount(codec, &awarded->points));
    TRY(codec_amount(codec, &awarded->score));
    TRY(layout_rules(codec, awarded));
    if ((flags & AWARDED_LINES) != 0) {
        TRY(layout_lines(codec, awarded));
    }
    if ((flags & AWARDED_RECEIPT) != 0) {
        TRY(record_layout_receipt(codec, &awarded->unit, &awarded->receipt));
    }
    if ((flags & AWARDED_PAID) != 0) {
        TRY(codec_amount(codec, &awarded->paid_with_points_minor));
    }
    awarded->exchanged = (flags & AWARDED_EXCHANGED) != 0;
    if (awarded->exchanged) {
        TRY(codec_raw(codec, awarded->exchange_of, sizeof awarded->exchange_of));
    }
    awarded->attached = (flags & AWARDED_ATTACHED) != 0;
    awarded->backfill = (flags & AWARDED_BACKFILL) != 0;
    awarded->counted = (flags & AWARDED_COUNTED) != 0;
    if (awarded->counted) {
        uint32_t day_counted = awarded->day_counted ? 1 : 0;
        TRY(codec_u32(codec, &day_counted));
        awarded->day_counted = day_counted != 0;
        TRY(codec_i32(codec, &awarded->day));
    }
    return STATUS_OK;
}

uint32_t record_flags_redeemed(const struct record_redeemed *redeemed)
{
    uint32_t flags = redeemed->counted ? REDEEMED_COUNTED : 0;
    flags |= redeemed->unit != 0 || redeemed->receipt.number != 0 ? REDEEMED_RECEIPT : 0;
    return flags;
}

enum status record_layout_redeemed(struct codec *codec, struct record_redeemed *redeemed,
                                   uint32_t flags)
{
    TRY(codec_u32(codec, &redeemed->version));
    TRY(codec_amount(codec, &redeemed->points));
    TRY(codec_amount(codec, &redeemed->value_minor));
    TRY(record_layout_lots(codec, &redeemed->lots, &redeemed->lot_count));
    redeemed->counted = (flags & REDEEMED_COUNTED) != 0;
    if (redeemed->counted) {
        TRY(codec_i32(codec, &redeemed->day));
    }
    if ((flags & REDEEMED_RECEIPT) != 0) {
        TRY(record_layout_receipt(codec, &redeemed->unit, &redeemed->receipt));
    }
    return STATUS_OK;
}

enum status record_layout_held(struct codec *codec, struct record_held *held, uint32_t flags)
{
    TRY(record_layout_redeemed(codec, &held->taken, flags));
    return codec_instant(codec, &held->lapses_ms);
}

static enum status layout_freed(struct codec *codec, uint8_t *reservation,
                                struct points_freed *freed)
{
    TRY(codec_raw(codec, reservation, REQUEST_ID_BYTES));
    return record_layout_lots(codec, &freed->lots, &freed->lot_count);
}

enum status record_layout_captured(struct codec *codec, struct record_captured *captured,
                                   uint32_t flags)
{
    TRY(layout_freed(codec, captured->reservation, &captured->freed));
    return record_layout_redeemed(codec, &captured->taken, flags);
}

enum status record_layout_released(struct codec *codec, struct record_released *released)
{
    TRY(layout_freed(codec, released->reservation, &released->freed));
    return codec_u32(codec, &released->unit);
}

enum status record_layout_lapsed(struct codec *codec, struct record_lapsed *lapsed)
{
    return layout_freed(codec, lapsed->reservation, &lapsed->freed);
}
