// Layouts of records that have a file of their own, and what layouts share; private to
// core/record*.c and core/receipts.c. A layout writes or reads, as its codec says.
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "core/codec.h"
#include "core/record.h"

enum {
    FLAG_MARK = 1 << 0,
    FLAG_ACTOR = 1 << 1,
    FLAG_FIGURES = 1 << 2,
    FLAG_NAMES = 1 << 3,
    FLAG_CARDS = 1 << 4,
    FLAG_SYSTEM = 1 << 5,
    FLAG_TYPE_0 = 1 << 6, // awarded: the score ends with the lot; others: see their layout
    FLAG_TYPE_1 = 1 << 7,
    FLAG_TYPE_2 = 1 << 8,
    FLAG_TYPE_3 = 1 << 9,
    FLAG_TYPE_4 = 1 << 10,
    FLAG_TYPE_5 = 1 << 11,
    FLAG_TYPE_6 = 1 << 12,
    FLAG_TYPE_7 = 1 << 13,
    FLAG_HELD = 1 << 14, // figures have pending or held points
    FLAG_TYPE_8 = 1 << 15,
    FLAG_TYPE_9 = 1 << 16,
    FLAG_ALL = (1 << 17) - 1,
};

enum {
    AWARDED_SAME_END = FLAG_TYPE_0,
    AWARDED_LATE = FLAG_TYPE_1, // occurred before the record's instant
    AWARDED_PENDING = FLAG_TYPE_2,
    AWARDED_LINES = FLAG_TYPE_3,
    AWARDED_RECEIPT = FLAG_TYPE_4, // receipt or unit
    AWARDED_COUNTED = FLAG_TYPE_5,
    AWARDED_PAID = FLAG_TYPE_6,
    AWARDED_BACKFILL = FLAG_TYPE_7,
    AWARDED_EXCHANGED = FLAG_TYPE_8,
    AWARDED_ATTACHED = FLAG_TYPE_9,
    REDEEMED_COUNTED = FLAG_TYPE_0,
    REDEEMED_RECEIPT = FLAG_TYPE_1,
    ADVICE_REASON = FLAG_TYPE_0,
    ADVICE_RECEIPT = FLAG_TYPE_1,
    BOUND_LOST = FLAG_TYPE_0,
    STATUS_LISTED = FLAG_TYPE_0,
};

MUST_CHECK enum status record_layout_lots(struct codec *codec, struct lot_move **lots,
                                          size_t *count);
MUST_CHECK enum status record_layout_receipt(struct codec *codec, uint32_t *unit,
                                             struct receipt_ref *receipt);

// --- record_points.c ---
uint32_t record_flags_awarded(const struct record_awarded *awarded, int64_t at_ms);
MUST_CHECK enum status record_layout_awarded(struct codec *codec, struct record_awarded *awarded,
                                             int64_t at_ms, uint32_t flags);
uint32_t record_flags_redeemed(const struct record_redeemed *redeemed);
MUST_CHECK enum status record_layout_redeemed(struct codec *codec, struct record_redeemed *redeemed,
                                              uint32_t flags);
MUST_CHECK enum status record_layout_held(struct codec *codec, struct record_held *held,
                                          uint32_t flags);
MUST_CHECK enum status record_layout_captured(struct codec *codec, struct record_captured *captured,
                                              uint32_t flags);
MUST_CHECK enum status record_layout_released(struct codec *codec,
                                              struct record_released *released);
MUST_CHECK enum status record_layout_lapsed(struct codec *codec, struct record_lapsed *lapsed);

// --- record.c ---
MUST_CHECK enum status record_layout_identifier(struct codec *codec, struct identifier *identifier);

// --- record_member.c ---
MUST_CHECK enum status record_layout_perk_used(struct codec *codec, struct record_perk_used *used);
MUST_CHECK enum status record_layout_perk_reversed(struct codec *codec,
                                                   struct record_perk_reversed *reversed);
MUST_CHECK enum status record_layout_settled(struct codec *codec, struct record_settled *settled);
MUST_CHECK enum status record_layout_birthdays(struct codec *codec,
                                               struct record_birthdays *birthdays);
MUST_CHECK enum status record_layout_contributed(struct codec *codec,
                                                 struct record_contributed *contributed);
MUST_CHECK enum status
record_layout_contribution_reduced(struct codec *codec,
                                   struct record_contribution_reduced *reduced);
MUST_CHECK enum status record_layout_noticed(struct codec *codec, struct record_noticed *noticed);
MUST_CHECK enum status record_layout_status_changed(struct codec *codec,
                                                    struct record_status_changed *changed,
                                                    uint32_t flags);
MUST_CHECK enum status
record_layout_identifiers_changed(struct codec *codec, struct record_identifiers_changed *changed);
MUST_CHECK enum status record_layout_done(struct codec *codec, struct record_done *done);
MUST_CHECK enum status record_layout_merged(struct codec *codec, struct record_merged *merged);
MUST_CHECK enum status record_layout_absorbed(struct codec *codec,
                                              struct record_absorbed *absorbed);
MUST_CHECK enum status record_layout_bonus(struct codec *codec, struct record_bonus *bonus);
MUST_CHECK enum status record_layout_pool_member(struct codec *codec,
                                                 struct record_pool_member *member);
MUST_CHECK enum status record_layout_pool_spent(struct codec *codec,
                                                struct record_pool_spent *spent);

// --- record_admin.c ---
MUST_CHECK enum status record_layout_adjusted(struct codec *codec,
                                              struct record_adjusted *adjusted);
MUST_CHECK enum status record_layout_by_hand(struct codec *codec, struct record_by_hand *by_hand);
MUST_CHECK enum status record_layout_audited(struct codec *codec, struct record_audited *audited);

// --- receipts.c ---
MUST_CHECK enum status record_layout_day(struct codec *codec, struct record_receipt *receipt);

// --- record_reversal.c ---
uint32_t record_flags_advice(const struct advice *advice);
MUST_CHECK enum status record_layout_reversed(struct codec *codec, struct record_reversed *reversed,
                                              uint32_t flags);
MUST_CHECK enum status record_layout_tombstone(struct codec *codec,
                                               struct record_tombstone *tombstone, uint32_t flags);
