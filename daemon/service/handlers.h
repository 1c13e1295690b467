// The handlers of all methods, one file a service. Each takes its request over (service/method.h).
#pragma once

struct request;

// points.c
void points_quote(struct request *request);
void points_award(struct request *request);
void points_redeem(struct request *request);
void points_get_outcome(struct request *request);
// holds.c, reversals.c
void points_reserve(struct request *request);
void points_capture(struct request *request);
void points_release(struct request *request);
void points_reverse(struct request *request);
// enroll.c
void members_enroll(struct request *request);
// members.c
void members_get(struct request *request);
void members_list_activity(struct request *request);
void members_explain_tier(struct request *request);
// programs.c, publish.c
void programs_check(struct request *request);
void programs_get(struct request *request);
void programs_publish(struct request *request);
// admin.c, verify.c
void admin_opening_balance(struct request *request);
void admin_backfill(struct request *request);
void admin_verify_accounts(struct request *request);
// terms.c, reconcile.c
void tills_get_terms(struct request *request);
void tills_reconcile(struct request *request);
// clock.c
void clock_get(struct request *request);
void clock_set(struct request *request);
