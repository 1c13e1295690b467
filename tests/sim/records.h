// What the rules of single records share, and the rules that records.c puts into rows.
#pragma once

#include "sim/sim.h"

// --- records.c ---
void record_differ(const struct record_view *view, const char *invariant, const char *what,
                   int64_t said, int64_t expected);
// The version in force at an instant; there must be one.
const struct rules *record_rules(const struct record_view *view, int64_t at_ms);
// Moves must be those that the book's purse has made.
void record_moves(const struct record_view *view, const char *what, const struct lot_move *moves,
                  size_t count, const struct move_list *expected);
// Whether a record names the receipt that was asked for.
bool record_has_receipt(const struct receipt_ref *receipt, const struct intent *intent);
// What the score given now brings at once; a card for late score is judged by what is sure of it.
void record_cards(const struct record_view *view, int64_t from_ms, int64_t gained, bool granted);

// --- records_points.c: sales and redemptions ---
void take_awarded(const struct record_view *view);
void take_redeemed(const struct record_view *view);
void take_refused(const struct record_view *view);
bool awarded_is_of(const struct record_view *view, const struct intent *intent);
bool redeemed_is_of(const struct record_view *view, const struct intent *intent);
bool refused_is_of(const struct record_view *view, const struct intent *intent);
// What a redemption and a reservation must both be.
void record_spending(const struct record_view *view, const struct record_redeemed *taken);

// --- records_hold.c: reservations ---
void take_held(const struct record_view *view);
void take_captured(const struct record_view *view);
void take_released(const struct record_view *view);
void take_lapsed(const struct record_view *view);
bool held_is_of(const struct record_view *view, const struct intent *intent);
bool captured_is_of(const struct record_view *view, const struct intent *intent);
bool released_is_of(const struct record_view *view, const struct intent *intent);
// Ends the book's hold of a reservation and compares what was freed.
void record_end_hold(const struct record_view *view, const uint8_t *reservation, int64_t points,
                     enum hold_end end, const struct points_freed *freed);

// --- records_reverse.c ---
void take_reversed(const struct record_view *view);
void take_tombstone(const struct record_view *view);
bool reversed_is_of(const struct record_view *view, const struct intent *intent);
bool tombstone_is_of(const struct record_view *view, const struct intent *intent);
