// Layouts of what a member does besides buying: perks, contributions, notices, life and death of a
// membership, merges, bonuses, pools.
#include "core/record_layout.h"

static enum status layout_enum(struct codec *codec, uint32_t *value, uint32_t least, uint32_t most)
{
    TRY(codec_u32(codec, value));
    return *value >= least && *value <= most ? STATUS_OK : STATUS_CORRUPT;
}

static enum status layout_bool(struct codec *codec, bool *value)
{
    uint32_t number = *value ? 1 : 0;
    TRY(layout_enum(codec, &number, 0, 1));
    *value = number == 1;
    return STATUS_OK;
}

static enum status layout_count(struct codec *codec, uint32_t *value)
{
    return layout_enum(codec, value, 1, LIMIT_CONTRIBUTIONS);
}

// --- perks ---

enum status record_layout_perk_used(struct codec *codec, struct record_perk_used *used)
{
    TRY(codec_u32(codec, &used->perk));
    TRY(codec_u32(codec, &used->unit));
    TRY(codec_i32(codec, &used->day));
    TRY(layout_bool(codec, &used->settled));
    TRY(layout_bool(codec, &used->coded));
    if (used->coded) {
        TRY(codec_raw(codec, used->code, sizeof used->code));
    }
    TRY(layout_bool(codec, &used->limited));
    return used->limited ? codec_u32(codec, &used->left) : STATUS_OK;
}

enum status record_layout_perk_reversed(struct codec *codec, struct record_perk_reversed *reversed)
{
    uint32_t result = (uint32_t)reversed->result;
    TRY(codec_raw(codec, reversed->original, sizeof reversed->original));
    TRY(layout_enum(codec, &result, REVERSE_REVERSED, REVERSE_ORIGINAL_NOT_FOUND));
    reversed->result = (enum reverse_result)result;
    if (reversed->result != REVERSE_ORIGINAL_NOT_FOUND) {
        TRY(codec_u64(codec, &reversed->original_seq));
        TRY(codec_u32(codec, &reversed->perk));
        TRY(codec_u32(codec, &reversed->used_by));
        TRY(codec_u32(codec, &reversed->unit));
        TRY(codec_i32(codec, &reversed->day));
        TRY(layout_bool(codec, &reversed->settled));
    }
    return codec_text(codec, &reversed->reason, LIMIT_TEXT_BYTES);
}

enum status record_layout_settled(struct codec *codec, struct record_settled *settled)
{
    TRY(codec_u32(codec, &settled->perk));
    TRY(codec_u32(codec, &settled->unit));
    TRY(codec_raw(codec, settled->request, sizeof settled->request));
    TRY(codec_instant(codec, &settled->used_at_ms));
    return layout_bool(codec, &settled->reversal);
}

enum status record_layout_birthdays(struct codec *codec, struct record_birthdays *birthdays)
{
    TRY(codec_i32(codec, &birthdays->day));
    TRY(codec_u64(codec, &birthdays->through));
    return layout_bool(codec, &birthdays->last);
}

// --- contributions ---

enum status record_layout_contributed(struct codec *codec, struct record_contributed *contributed)
{
    TRY(codec_raw(codec, contributed->key, sizeof contributed->key));
    TRY(codec_instant(codec, &contributed->from_ms));
    TRY(codec_instant(codec, &contributed->until_ms));
    return codec_amount(codec, &contributed->score);
}

enum status record_layout_contribution_reduced(struct codec *codec,
                                               struct record_contribution_reduced *reduced)
{
    uint32_t change = (uint32_t)reduced->change;
    TRY(codec_raw(codec, reduced->key, sizeof reduced->key));
    TRY(layout_enum(codec, &change, CONTRIBUTION_SURRENDERED, CONTRIBUTION_CUT));
    reduced->change = (enum contribution_change)change;
    TRY(codec_amount(codec, &reduced->score));
    TRY(codec_instant(codec, &reduced->from_ms));
    TRY(codec_instant(codec, &reduced->until_ms));
    TRY(codec_amount(codec, &reduced->left_score));
    TRY(codec_instant(codec, &reduced->left_from_ms));
    return codec_instant(codec, &reduced->left_until_ms);
}

// --- the membership ---

enum status record_layout_noticed(struct codec *codec, struct record_noticed *noticed)
{
    uint32_t kind = (uint32_t)noticed->kind;
    TRY(layout_enum(codec, &kind, NOTICE_POINTS_EXPIRING, NOTICE_CARD_ENDING));
    noticed->kind = (enum notice_kind)kind;
    TRY(codec_instant(codec, &noticed->due_ms));
    return codec_amount(codec, &noticed->points);
}

enum status record_layout_status_changed(struct codec *codec, struct record_status_changed *changed,
                                         uint32_t flags)
{
    changed->listed = (flags & STATUS_LISTED) != 0;
    uint32_t status = (uint32_t)changed->status;
    TRY(layout_enum(codec, &status, MEMBER_ACTIVE, MEMBER_ERASED));
    changed->status = (enum member_status)status;
    TRY(codec_text(codec, &changed->reason, LIMIT_TEXT_BYTES));
    TRY(codec_amount(codec, &changed->forfeited));
    return codec_amount(codec, &changed->forgiven);
}

enum status record_layout_identifiers_changed(struct codec *codec,
                                              struct record_identifiers_changed *changed)
{
    TRY(layout_bool(codec, &changed->has_new));
    TRY(layout_bool(codec, &changed->has_old));
    TRY(layout_bool(codec, &changed->replaced));
    if (changed->has_new) {
        TRY(record_layout_identifier(codec, &changed->added));
    }
    if (changed->has_old) {
        TRY(record_layout_identifier(codec, &changed->old));
    }
    return codec_text(codec, &changed->reason, LIMIT_TEXT_BYTES);
}

// --- merges ---

static enum status layout_carried_pending(struct codec *codec, struct carried *carried)
{
    TRY(codec_list(codec, (void **)&carried->pending, &carried->pending_count,
                   sizeof *carried->pending, LIMIT_LOTS));
    for (size_t i = 0; i < carried->pending_count; i++) {
        TRY(codec_instant(codec, &carried->pending[i].spendable_ms));
        TRY(codec_instant(codec, &carried->pending[i].ends_ms));
        TRY(codec_amount(codec, &carried->pending[i].points));
    }
    return STATUS_OK;
}

static enum status layout_carried_scores(struct codec *codec, struct carried *carried)
{
    TRY(codec_list(codec, (void **)&carried->scores, &carried->score_count, sizeof *carried->scores,
                   LIMIT_LOTS));
    for (size_t i = 0; i < carried->score_count; i++) {
        struct carried_score *score = &carried->scores[i];
        TRY(layout_bool(codec, &score->named));
        if (score->named) {
            TRY(codec_raw(codec, score->key, sizeof score->key));
        }
        TRY(codec_instant(codec, &score->from_ms));
        TRY(codec_instant(codec, &score->until_ms));
        TRY(codec_i64(codec, &score->score));
    }
    return STATUS_OK;
}

static enum status layout_carried(struct codec *codec, struct carried *carried)
{
    TRY(record_layout_lots(codec, &carried->lots, &carried->lot_count));
    TRY(layout_carried_pending(codec, carried));
    TRY(layout_carried_scores(codec, carried));
    TRY(codec_list(codec, (void **)&carried->uses, &carried->use_count, sizeof *carried->uses,
                   LIMIT_LOTS));
    for (size_t i = 0; i < carried->use_count; i++) {
        TRY(codec_u32(codec, &carried->uses[i].perk));
        TRY(codec_i32(codec, &carried->uses[i].day));
        TRY(layout_bool(codec, &carried->uses[i].this_card));
        TRY(layout_count(codec, &carried->uses[i].count));
    }
    TRY(codec_amount(codec, &carried->deficit));
    TRY(codec_u32(codec, &carried->tier));
    TRY(codec_instant(codec, &carried->card_from_ms));
    TRY(codec_instant(codec, &carried->card_until_ms));
    return layout_bool(codec, &carried->suspended);
}

enum status record_layout_merged(struct codec *codec, struct record_merged *merged)
{
    TRY(codec_text(codec, &merged->into, LIMIT_MEMBER_ID_BYTES));
    TRY(codec_text(codec, &merged->reason, LIMIT_TEXT_BYTES));
    return layout_carried(codec, &merged->carried);
}

enum status record_layout_absorbed(struct codec *codec, struct record_absorbed *absorbed)
{
    TRY(codec_text(codec, &absorbed->from, LIMIT_MEMBER_ID_BYTES));
    TRY(codec_amount(codec, &absorbed->forgiven));
    return layout_carried(codec, &absorbed->carried);
}

enum status record_layout_done(struct codec *codec, struct record_done *done)
{
    TRY(codec_u64(codec, &done->seq));
    TRY(layout_bool(codec, &done->failed));
    TRY(layout_bool(codec, &done->given_back));
    return done->given_back ? layout_carried(codec, &done->carried) : STATUS_OK;
}

// --- bonuses and pools ---

enum status record_layout_bonus(struct codec *codec, struct record_bonus *bonus)
{
    uint32_t reason = (uint32_t)bonus->reason;
    TRY(layout_enum(codec, &reason, BONUS_REFERRED, BONUS_REFERRER));
    bonus->reason = (enum bonus_reason)reason;
    TRY(codec_text(codec, &bonus->other, LIMIT_MEMBER_ID_BYTES));
    TRY(codec_u32(codec, &bonus->version));
    TRY(codec_amount(codec, &bonus->points));
    TRY(codec_amount(codec, &bonus->other_points));
    TRY(codec_instant(codec, &bonus->lot_ends_ms));
    return codec_instant(codec, &bonus->spendable_ms);
}

enum status record_layout_pool_member(struct codec *codec, struct record_pool_member *member)
{
    TRY(codec_text(codec, &member->member_id, LIMIT_MEMBER_ID_BYTES));
    TRY(layout_bool(codec, &member->may_award));
    TRY(layout_bool(codec, &member->may_redeem));
    return codec_amount(codec, &member->redeem_a_month);
}

enum status record_layout_pool_spent(struct codec *codec, struct record_pool_spent *spent)
{
    TRY(codec_text(codec, &spent->member_id, LIMIT_MEMBER_ID_BYTES));
    TRY(codec_amount(codec, &spent->points));
    return codec_i32(codec, &spent->day);
}
