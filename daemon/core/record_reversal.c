// Stored forms of reversals and tombstones.
#include "core/record_layout.h"

#include "base/limits.h"

uint32_t record_flags_advice(const struct advice *advice)
{
    uint32_t flags = advice->reason.len > 0 ? ADVICE_REASON : 0;
    flags |= advice->unit != 0 || advice->receipt.number != 0 ? ADVICE_RECEIPT : 0;
    return flags;
}

static enum status layout_advice(struct codec *codec, struct advice *advice, uint32_t flags)
{
    TRY(codec_raw(codec, advice->original, sizeof advice->original));
    if ((flags & ADVICE_REASON) != 0) {
        TRY(codec_text(codec, &advice->reason, LIMIT_TEXT_BYTES));
    }
    if ((flags & ADVICE_RECEIPT) != 0) {
        TRY(record_layout_receipt(codec, &advice->unit, &advice->receipt));
    }
    return STATUS_OK;
}

static enum status layout_lines(struct codec *codec, struct reversed_sale *sale)
{
    TRY(codec_list(codec, (void **)&sale->lines, &sale->line_count, sizeof *sale->lines,
                   LIMIT_SALE_LINES));
    for (size_t i = 0; i < sale->line_count; i++) {
        TRY(codec_u32(codec, &sale->lines[i]));
    }
    return STATUS_OK;
}

static enum status layout_uses(struct codec *codec, struct reversed_sale *sale)
{
    TRY(codec_list(codec, (void **)&sale->uses, &sale->use_count, sizeof *sale->uses,
                   LIMIT_EARN_RULES + 1));
    if (sale->use_count == 0) {
        return STATUS_OK;
    }
    TRY(codec_i32(codec, &sale->day));
    for (size_t i = 0; i < sale->use_count; i++) {
        TRY(codec_u32(codec, &sale->uses[i].rule));
        TRY(codec_amount(codec, &sale->uses[i].points));
    }
    return STATUS_OK;
}

static enum status layout_sale(struct codec *codec, struct reversed_sale *sale)
{
    int64_t *figures[] = {&sale->amount_minor, &sale->refund_points_minor, &sale->score,
                          &sale->pending, &sale->deficit};
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        TRY(codec_amount(codec, figures[i]));
    }
    TRY(codec_instant(codec, &sale->lot_ends_ms));
    TRY(codec_instant(codec, &sale->score_until_ms));
    TRY(layout_lines(codec, sale));
    return layout_uses(codec, sale);
}

static enum status layout_done(struct codec *codec, struct record_reversed *reversed)
{
    TRY(codec_amount(codec, &reversed->points));
    TRY(record_layout_lots(codec, &reversed->lots, &reversed->lot_count));
    TRY(codec_amount(codec, &reversed->expired));
    TRY(codec_amount(codec, &reversed->forgiven));
    if (reversed->method == RECORD_AWARDED) {
        return layout_sale(codec, &reversed->sale);
    }
    TRY(codec_amount(codec, &reversed->value_minor));
    return codec_amount(codec, &reversed->uncounted);
}

enum status record_layout_reversed(struct codec *codec, struct record_reversed *reversed,
                                   uint32_t flags)
{
    TRY(layout_advice(codec, &reversed->advice, flags));
    uint32_t result = (uint32_t)reversed->result;
    TRY(codec_u32(codec, &result));
    if (result < REVERSE_REVERSED || result > REVERSE_NOTHING_TO_REVERSE ||
        result == REVERSE_ORIGINAL_NOT_FOUND) {
        return STATUS_CORRUPT;
    }
    reversed->result = (enum reverse_result)result;
    TRY(codec_u32(codec, &reversed->method));
    TRY(codec_u64(codec, &reversed->original_seq));
    return result <= REVERSE_FURTHER_ACTIVITY ? layout_done(codec, reversed) : STATUS_OK;
}

enum status record_layout_tombstone(struct codec *codec, struct record_tombstone *tombstone,
                                    uint32_t flags)
{
    return layout_advice(codec, &tombstone->advice, flags);
}
