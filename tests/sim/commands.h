// The makers and judges that table.c puts into rows, and what they share.
#pragma once

#include "loyalty/v1/admin.pb-c.h"
#include "loyalty/v1/members.pb-c.h"
#include "loyalty/v1/points.pb-c.h"
#include "loyalty/v1/programs.pb-c.h"
#include "sim/sim.h"

// --- commands_sale.c ---
bool make_award(struct sim *sim, struct intent *intent);
bool make_award_by_card(struct sim *sim, struct intent *intent);
bool make_award_late(struct sim *sim, struct intent *intent);
bool make_award_dated(struct sim *sim, struct intent *intent);
bool make_award_ahead(struct sim *sim, struct intent *intent);
bool make_training(struct sim *sim, struct intent *intent);
bool make_backfill(struct sim *sim, struct intent *intent);
bool make_quote(struct sim *sim, struct intent *intent);
bool make_redeem(struct sim *sim, struct intent *intent);
bool make_conflict(struct sim *sim, struct intent *intent);
void judge_award(const struct answer_view *view);
void judge_backfill(const struct answer_view *view);
void judge_quote(const struct answer_view *view);
void judge_redeem(const struct answer_view *view);

Loyalty__V1__AwardRequest *command_award(struct sim *sim, struct intent *intent);

// --- commands_hold.c ---
bool make_reserve(struct sim *sim, struct intent *intent);
bool make_capture(struct sim *sim, struct intent *intent);
bool make_release(struct sim *sim, struct intent *intent);
void judge_reserve(const struct answer_view *view);
void judge_capture(const struct answer_view *view);
void judge_release(const struct answer_view *view);

// --- commands_reverse.c ---
bool make_reverse(struct sim *sim, struct intent *intent);
bool make_exchange(struct sim *sim, struct intent *intent);
void judge_reverse(const struct answer_view *view);

// --- commands_till.c ---
bool make_award_receipt(struct sim *sim, struct intent *intent);
bool make_award_store(struct sim *sim, struct intent *intent);
bool make_attached(struct sim *sim, struct intent *intent);
bool make_reconcile(struct sim *sim, struct intent *intent);
void judge_reconcile(const struct answer_view *view);
// A receipt of the first terminal, now and then; else NULL.
Loyalty__V1__ReceiptKey *command_receipt(struct sim *sim, struct intent *intent);
// Asks whether a day's book is what has landed.
void command_reconcile(struct sim *sim, struct intent *intent, struct day *day);

// --- commands_member.c ---
bool make_enroll(struct sim *sim, struct intent *intent);
bool make_enroll_with_cards(struct sim *sim, struct intent *intent);
bool make_enroll_past(struct sim *sim, struct intent *intent);
bool make_member(struct sim *sim, struct intent *intent);
bool make_activity(struct sim *sim, struct intent *intent);
bool make_tier(struct sim *sim, struct intent *intent);
bool make_outcome(struct sim *sim, struct intent *intent);
void judge_enroll(const struct answer_view *view);
void judge_member(const struct answer_view *view);
void judge_activity(const struct answer_view *view);
void judge_tier(const struct answer_view *view);
void judge_outcome(const struct answer_view *view);

// --- commands_admin.c ---
bool make_opening(struct sim *sim, struct intent *intent);
bool make_verify(struct sim *sim, struct intent *intent);
bool make_publish(struct sim *sim, struct intent *intent);
bool make_withdraw(struct sim *sim, struct intent *intent);
bool make_program(struct sim *sim, struct intent *intent);
void judge_opening(const struct answer_view *view);
void judge_verify(const struct answer_view *view);
void judge_publish(const struct answer_view *view);
void judge_withdraw(const struct answer_view *view);
void judge_program(const struct answer_view *view);

// --- commands.c: shared ---

// Zeroed memory, and a message of this type, in the episode's arena.
void *command_room(struct sim *sim, size_t bytes);
void *command_message(struct sim *sim, const ProtobufCMessageDescriptor *type);
// The same as the intent's request.
void *command_request(struct sim *sim, struct intent *intent,
                      const ProtobufCMessageDescriptor *type);
Google__Protobuf__Timestamp *command_instant(struct sim *sim, int64_t at_ms);
int64_t command_read_instant(const Google__Protobuf__Timestamp *stamp);
// Draws a member, mostly one that is there; false when there is none.
bool command_member(struct sim *sim, struct intent *intent);
Loyalty__V1__MemberRef *command_ref(struct sim *sim, const struct book *book);
// The value of a card of the pool.
char *command_card(struct sim *sim, int64_t number);

// A request id as text.
char *command_id(struct sim *sim, uint64_t number);
// Points to be spent: some of the balance, now and then more than there is.
int64_t command_points(struct sim *sim, const struct book *book);
// What the answered request did; NULL when the store may have lost it since.
const struct deed *command_deed(const struct answer_view *view);

// What an answer says against what it must be.
void command_figure(const struct answer_view *view, const char *what, int64_t said,
                    int64_t expected);
void command_lots(const struct answer_view *view, Loyalty__V1__Lot *const *lots, size_t lot_count,
                  const struct lot_move *moves, size_t move_count);
// Where a member stands right after the request was recorded.
void command_standing(const struct answer_view *view, const Loyalty__V1__Standing *standing,
                      uint64_t seq);
// Where a member stands at an instant, if the answer's state is the book's.
void command_stands(const struct answer_view *view, const Loyalty__V1__Standing *standing,
                    int64_t as_of_ms);
