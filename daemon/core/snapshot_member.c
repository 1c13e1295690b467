// The membership's part of a snapshot.
#include "core/snapshot_layout.h"

#include <string.h>

static enum status layout_id(struct codec *codec, char *id)
{
    struct span text = span_of_text(id);
    TRY(codec_text(codec, &text, LIMIT_MEMBER_ID_BYTES));
    if (codec->writing) {
        return STATUS_OK;
    }
    if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL) {
        return STATUS_CORRUPT;
    }
    if (text.len > 0) {
        memcpy(id, text.data, text.len);
    }
    id[text.len] = '\0';
    return STATUS_OK;
}

static enum status layout_bool(struct codec *codec, bool *value)
{
    uint32_t number = *value ? 1 : 0;
    TRY(codec_u32(codec, &number));
    *value = number == 1;
    return number <= 1 ? STATUS_OK : STATUS_CORRUPT;
}

static enum status layout_life(struct codec *codec, struct account *account)
{
    uint32_t status = (uint32_t)account->status;
    TRY(codec_u32(codec, &status));
    if (status > MEMBER_ERASED) {
        return STATUS_CORRUPT;
    }
    account->status = (enum member_status)status;
    TRY(layout_id(codec, account->merged_into));
    TRY(layout_id(codec, account->referrer));
    TRY(codec_i64(codec, &account->moved_in));
    TRY(codec_i64(codec, &account->moved_out));
    TRY(codec_instant(codec, &account->points_noticed_ms));
    TRY(codec_instant(codec, &account->card_noticed_ms));
    LAYOUT_COUNT(codec, &account->obligations, LIMIT_OBLIGATIONS);
    for (uint32_t i = 0; i < account->obligations.count; i++) {
        struct obligation *obligation = &account->obligations.items[i];
        uint32_t type = (uint32_t)obligation->type;
        TRY(codec_u64(codec, &obligation->seq));
        TRY(codec_u32(codec, &type));
        obligation->type = (enum record_type)type;
        bool ordered = i == 0 || obligation[-1].seq < obligation->seq;
        if (!ordered || obligation->seq > account->seq || type > UINT8_MAX) {
            return STATUS_CORRUPT;
        }
    }
    return STATUS_OK;
}

static enum status layout_perk_uses(struct codec *codec, struct account *account)
{
    static const uint8_t none[PERK_CODE_BYTES];
    LAYOUT_COUNT(codec, &account->perk_uses, LIMIT_PERK_USES);
    for (uint32_t i = 0; i < account->perk_uses.count; i++) {
        struct perk_use *use = &account->perk_uses.items[i];
        bool coded = memcmp(use->code, none, sizeof none) != 0;
        TRY(codec_u32(codec, &use->perk));
        TRY(codec_i32(codec, &use->day));
        TRY(codec_u32(codec, &use->card));
        TRY(codec_i32(codec, &use->count));
        TRY(codec_u64(codec, &use->seq));
        TRY(layout_bool(codec, &coded));
        if (coded) {
            TRY(codec_raw(codec, use->code, sizeof use->code));
        }
        if (use->perk == 0 || use->perk > account->names.places.count || use->count == 0 ||
            use->seq > account->seq) {
            return STATUS_CORRUPT;
        }
    }
    return STATUS_OK;
}

static enum status layout_reported(struct codec *codec, struct account *account)
{
    LAYOUT_COUNT(codec, &account->reported, LIMIT_REPORTED);
    for (uint32_t i = 0; i < account->reported.count; i++) {
        struct reported *reported = &account->reported.items[i];
        TRY(codec_raw(codec, reported->key, sizeof reported->key));
        TRY(codec_instant(codec, &reported->from_ms));
        TRY(codec_instant(codec, &reported->until_ms));
        TRY(codec_amount(codec, &reported->score));
        TRY(codec_u64(codec, &reported->seq));
        if (reported->until_ms < reported->from_ms || reported->seq == 0 ||
            reported->seq > account->seq) {
            return STATUS_CORRUPT;
        }
    }
    return STATUS_OK;
}

static enum status layout_pool(struct codec *codec, struct account *account)
{
    LAYOUT_COUNT(codec, &account->pool_members, LIMIT_POOL_MEMBERS);
    for (uint32_t i = 0; i < account->pool_members.count; i++) {
        struct pool_member *member = &account->pool_members.items[i];
        TRY(layout_id(codec, member->member_id));
        TRY(layout_bool(codec, &member->may_award));
        TRY(layout_bool(codec, &member->may_redeem));
        TRY(codec_amount(codec, &member->redeem_a_month));
    }
    LAYOUT_COUNT(codec, &account->pool_uses, LIMIT_POOL_USES);
    for (uint32_t i = 0; i < account->pool_uses.count; i++) {
        struct pool_use *use = &account->pool_uses.items[i];
        TRY(codec_u32(codec, &use->member));
        TRY(codec_i32(codec, &use->day));
        TRY(codec_i64(codec, &use->points));
        if (use->member >= account->pool_members.count) {
            return STATUS_CORRUPT;
        }
    }
    return STATUS_OK;
}

static enum status layout_absorbed(struct codec *codec, struct account *account)
{
    LAYOUT_COUNT(codec, &account->absorbed, LIMIT_ABSORBED);
    for (uint32_t i = 0; i < account->absorbed.count; i++) {
        TRY(layout_id(codec, account->absorbed.items[i].member_id));
    }
    return STATUS_OK;
}

enum status snapshot_layout_member(struct codec *codec, struct account *account)
{
    TRY(layout_life(codec, account));
    TRY(layout_perk_uses(codec, account));
    TRY(layout_reported(codec, account));
    TRY(layout_absorbed(codec, account));
    return layout_pool(codec, account);
}
