// Layouts of what an admin does by hand, and of the list that is kept of it.
#include "core/record_layout.h"

static enum status layout_reason(struct codec *codec, uint32_t least, enum act_reason *code,
                                 struct span *reason)
{
    uint32_t number = (uint32_t)*code;
    TRY(codec_u32(codec, &number));
    if (number < least || number > ACT_OTHER) {
        return STATUS_CORRUPT;
    }
    *code = (enum act_reason)number;
    return codec_text(codec, reason, LIMIT_TEXT_BYTES);
}

enum status record_layout_adjusted(struct codec *codec, struct record_adjusted *adjusted)
{
    TRY(codec_i64(codec, &adjusted->points));
    if (adjusted->points > 0) {
        TRY(codec_instant(codec, &adjusted->lot_ends_ms));
    } else {
        TRY(record_layout_lots(codec, &adjusted->lots, &adjusted->lot_count));
        TRY(codec_amount(codec, &adjusted->deficit));
    }
    TRY(codec_i64(codec, &adjusted->score));
    TRY(codec_list(codec, (void **)&adjusted->scores, &adjusted->score_count,
                   sizeof *adjusted->scores, ADJUSTED_SCORES_MAX));
    for (size_t i = 0; i < adjusted->score_count; i++) {
        TRY(codec_u64(codec, &adjusted->scores[i].seq));
        TRY(codec_instant(codec, &adjusted->scores[i].until_ms));
        TRY(codec_i64(codec, &adjusted->scores[i].score));
    }
    return layout_reason(codec, ACT_GOODWILL, &adjusted->reason_code, &adjusted->reason);
}

enum status record_layout_by_hand(struct codec *codec, struct record_by_hand *by_hand)
{
    return layout_reason(codec, ACT_GOODWILL, &by_hand->reason_code, &by_hand->reason);
}

enum status record_layout_audited(struct codec *codec, struct record_audited *audited)
{
    uint32_t act = (uint32_t)audited->act;
    TRY(codec_u32(codec, &act));
    if (act < AUDIT_POINTS_ADJUSTED || act > AUDIT_RESCORING_RUN) {
        return STATUS_CORRUPT;
    }
    audited->act = (enum audit_act)act;
    TRY(codec_instant(codec, &audited->acted_ms));
    TRY(codec_text(codec, &audited->subject, LIMIT_MEMBER_ID_BYTES));
    TRY(codec_text(codec, &audited->actor, LIMIT_UNIT_BYTES + LIMIT_NAME_BYTES));
    TRY(codec_raw(codec, audited->request, sizeof audited->request));
    TRY(codec_u64(codec, &audited->seq));
    return layout_reason(codec, 0, &audited->reason_code, &audited->reason);
}
