// What changes an account; private to core/account*.c and core/snapshot*.c. All of it keeps the
// sums beside the arrays it changes. STATUS_CORRUPT: what is to be taken is not there.
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "core/account.h"

// Takes the id; STATUS_CORRUPT for one that is too long or has a NUL.
MUST_CHECK enum status account_name(struct account *account, struct span id);

// A reference to a name there is, or to none.
bool account_has_name(const struct account *account, uint32_t ref);

// The ids that a record makes known: its own, and the one a tombstone stands for.
MUST_CHECK enum status account_know(struct account *account, const struct record *record);

// --- points (account_points.c) ---
// Into their lot, after paying a deficit.
MUST_CHECK enum status account_add_spendable(struct account *account, int64_t ends_ms,
                                             int64_t points);
// The same, or expired at once when the lot, or the membership, has ended by now; says how many.
MUST_CHECK enum status account_put_back(struct account *account, const struct lot_move *move,
                                        int64_t *ret_expired);
MUST_CHECK enum status account_take_from_lot(struct account *account, const struct lot_move *move);
// Points of a lot that expired; and such points taken back.
MUST_CHECK enum status account_expire(struct account *account, int64_t ends_ms, int64_t points);
MUST_CHECK enum status account_take_ended(struct account *account, int64_t ends_ms, int64_t points);
MUST_CHECK enum status account_add_pending(struct account *account, const struct pending_lot *lot);
// Points of the record being applied go where their instants say: gone on arrival, pending, or
// spendable. Counted in awarded; `lot` has no seq yet.
MUST_CHECK enum status account_earn(struct account *account, const struct pending_lot *lot);
// Of what is pending of an award, which ends then.
MUST_CHECK enum status account_take_pending(struct account *account, uint64_t seq, int64_t ends_ms,
                                            int64_t points);
// Passes what becomes spendable up to and including `now_ms`.
MUST_CHECK enum status account_settle_pending(struct account *account, int64_t now_ms);
// Redemptions counted against the limit of a civil day; and points that leave its count, if it is
// still the one counted.
void account_count_redeemed(struct account *account, int32_t day, int64_t points);
MUST_CHECK enum status account_uncount_redeemed(struct account *account, int32_t day,
                                                int64_t points);

// New points within the bounds of a balance, with room for their lot. STATUS_RANGE.
MUST_CHECK enum status account_make_room(const struct account *account, int64_t points);

// --- score and caps (account_score.c) ---
// Score given, as a contribution of the record being applied; counted in score_given.
MUST_CHECK enum status account_give_score(struct account *account,
                                          const struct opening_score *score);
MUST_CHECK enum status account_add_contribution(struct account *account,
                                                const struct contribution *contribution);
void account_settle_score(struct account *account, int64_t now_ms);
MUST_CHECK enum status account_add_use(struct account *account, const struct use *use);

// --- records (account_holds.c, account_reversal.c) ---
// Takes what a redemption or reservation takes out of the lots, and counts it.
MUST_CHECK enum status account_take_redeemed(struct account *account,
                                             const struct record_redeemed *redeemed);
MUST_CHECK enum status account_apply_held(struct account *account, const struct record *record);
MUST_CHECK enum status account_apply_captured(struct account *account, const struct record *record);
MUST_CHECK enum status account_apply_released(struct account *account, const struct record *record);
MUST_CHECK enum status account_apply_lapsed(struct account *account, const struct record *record);
MUST_CHECK enum status account_apply_reversed(struct account *account, const struct record *record);
// --- a membership's life (account_member.c, account_merge.c) ---
MUST_CHECK enum status account_apply_status(struct account *account, const struct record *record);
// account_identifiers.c
MUST_CHECK enum status account_apply_identifiers(struct account *account,
                                                 const struct record *record);
MUST_CHECK enum status account_apply_bound(struct account *account, const struct record *record);
MUST_CHECK enum status account_apply_done(struct account *account, const struct record *record);
MUST_CHECK enum status account_apply_noticed(struct account *account, const struct record *record);
MUST_CHECK enum status account_apply_merged(struct account *account, const struct record *record);
MUST_CHECK enum status account_apply_absorbed(struct account *account, const struct record *record);
// Nothing is left of spendable and pending points, nor of a deficit: where they went is the
// caller's to count.
void account_empty(struct account *account);
// What a reversal has done to a merged member goes on to the other.
MUST_CHECK enum status account_pass_on(struct account *account, const struct record *record);
// A merge has failed: what it had carried away is there again.
MUST_CHECK enum status account_take_back_merge(struct account *account,
                                               const struct carried *carried);
// The record being applied obliges this account to something elsewhere.
MUST_CHECK enum status account_oblige(struct account *account, enum record_type type);
// --- perks (account_perks.c) ---
MUST_CHECK enum status account_apply_perk_used(struct account *account,
                                               const struct record *record);
MUST_CHECK enum status account_apply_perk_reversed(struct account *account,
                                                   const struct record *record);
MUST_CHECK enum status account_apply_settled(struct account *account, const struct record *record);
// --- contributions (account_contributions.c) ---
// What is left of one, beside the score, which is the caller's to give.
MUST_CHECK enum status account_add_reported(struct account *account,
                                            const struct reported *reported);
MUST_CHECK enum status account_apply_contributed(struct account *account,
                                                 const struct record *record);
MUST_CHECK enum status account_apply_contribution_reduced(struct account *account,
                                                          const struct record *record);
// --- by hand (account_admin.c) ---
MUST_CHECK enum status account_apply_adjusted(struct account *account, const struct record *record);
MUST_CHECK enum status account_apply_card_by_hand(struct account *account,
                                                  const struct record *record);
MUST_CHECK enum status account_apply_audited(struct account *account, const struct record *record);
// --- bonuses and pools (account_pools.c) ---
MUST_CHECK enum status account_apply_bonus(struct account *account, const struct record *record);
MUST_CHECK enum status account_apply_referred(struct account *account, const struct record *record);
MUST_CHECK enum status account_apply_pool_member(struct account *account,
                                                 const struct record *record);
MUST_CHECK enum status account_apply_pool_spent(struct account *account,
                                                const struct record *record);

// Gives all that an open hold has back. STATUS_CORRUPT when `freed` is not just that.
MUST_CHECK enum status account_free_hold(struct account *account, const uint8_t *reservation,
                                         const struct points_freed *freed, int64_t *ret_expired);
