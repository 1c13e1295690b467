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
// membership.c
void membership_set_status(struct request *request);
void membership_merge(struct request *request);
void membership_erase(struct request *request);
// identify.c
void identify_add(struct request *request);
void identify_replace(struct request *request);
void identify_remove(struct request *request);
// profile.c
void profile_get(struct request *request);
void profile_update(struct request *request);
// perks.c
void perks_list(struct request *request);
void perks_issue_code(struct request *request);
void perks_code_keys(struct request *request);
void perks_use(struct request *request);
void perks_reverse(struct request *request);
void perks_served(struct request *request);
void perks_settlement(struct request *request);
// contributions.c
void contributions_report(struct request *request);
void contributions_reduce(struct request *request);
void contributions_end(struct request *request);
// pools.c
void pools_create(struct request *request);
void pools_set_member(struct request *request);
void pools_list_members(struct request *request);
// acts.c, audit.c, export.c
void admin_adjust_points(struct request *request);
void admin_adjust_score(struct request *request);
void admin_grant_tier(struct request *request);
void admin_revoke_tier(struct request *request);
void admin_list_audit(struct request *request);
void admin_export_accounts(struct request *request);
void admin_read_log(struct request *request);
// withdraw.c
void programs_withdraw(struct request *request);
// rescoring.c
void rescoring_plan(struct request *request);
void rescoring_run(struct request *request);
void rescoring_list_moves(struct request *request);
// operations.c
void operations_list(struct request *request);
void operations_get(struct request *request);
void operations_wait(struct request *request);
void operations_cancel(struct request *request);
void operations_delete(struct request *request);
// archive.c
void archive_open(struct request *request);
void archive_read(struct request *request);
void archive_drop(struct request *request);
// monitor.c, diagnose.c
void monitor_get_status(struct request *request);
void monitor_get_metrics(struct request *request);
void monitor_list_slow(struct request *request);
void monitor_list_connections(struct request *request);
void monitor_list_partitions(struct request *request);
void monitor_get_config(struct request *request);
void monitor_diagnose(struct request *request);
// events.c
void events_subscribe(struct request *request);
void events_acknowledge(struct request *request);
void events_list_consumers(struct request *request);
void events_delete_consumer(struct request *request);
// clock.c
void clock_get(struct request *request);
void clock_set(struct request *request);
