// From messages of the contract to the public structs. Texts point into the message, arrays are
// made in the reply's memory.
#pragma once

#include "lib/loyalty.h"
#include "loyalty/v1/members.pb-c.h"
#include "loyalty/v1/points.pb-c.h"
#include "loyalty/v1/tills.pb-c.h"

// 0 for an absent one, and for one that no Timestamp may be: the server is not trusted.
int64_t ly_decode_instant(const Google__Protobuf__Timestamp *instant);
struct loyalty_standing ly_decode_standing(const Loyalty__V1__Standing *standing);
void ly_decode_award(const Loyalty__V1__AwardResponse *message, struct loyalty_awarded *ret_award);
void ly_decode_redeem(const Loyalty__V1__RedeemResponse *message,
                      struct loyalty_redemption *ret_redemption);
void ly_decode_reserve(const Loyalty__V1__ReserveResponse *message,
                       struct loyalty_redemption *ret_hold);
void ly_decode_capture(const Loyalty__V1__CaptureResponse *message,
                       struct loyalty_redemption *ret_redemption);
void ly_decode_release(const Loyalty__V1__ReleaseResponse *message,
                       struct loyalty_redemption *ret_release);
void ly_decode_reverse(const Loyalty__V1__ReverseResponse *message,
                       struct loyalty_reversed *ret_reversed);
void ly_decode_terms(const Loyalty__V1__GetTermsResponse *message, struct loyalty_terms *ret_terms);
void ly_decode_enrolment(const Loyalty__V1__EnrollResponse *message,
                         struct loyalty_enrolment *ret_enrolment);
// False when memory is short.
bool ly_decode_account(struct loyalty_reply *reply, const Loyalty__V1__GetMemberResponse *message,
                       struct loyalty_account *ret_account);
bool ly_decode_reconciled(struct loyalty_reply *reply,
                          const Loyalty__V1__ReconcileResponse *message,
                          struct loyalty_reconciled *ret_reconciled);
