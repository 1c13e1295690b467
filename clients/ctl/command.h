// The commands. Each takes its own part of the command line, argv[0] being all that led to it
// ("loyaltyctl member get"), and returns an exit code (enum ctl_exit).
#pragma once

#include "ctl/globals.h"

typedef int command_fn(int argc, char **argv, const struct globals *globals);

struct command {
    const char *words; // "member get"
    const char *summary;
    command_fn *run;
};

command_fn cert_ca;
command_fn cert_issue;
command_fn program_check;
command_fn program_publish;
command_fn program_list;
command_fn program_show;
command_fn program_diff;
command_fn program_withdraw;
command_fn program_whatif;
command_fn member_enroll;
command_fn member_get;
command_fn member_log;
command_fn member_explain;
command_fn member_status;
command_fn member_merge;
command_fn member_erase;
command_fn member_adjust;
command_fn member_grant;
command_fn member_revoke;
command_fn member_identifier_add;
command_fn member_identifier_replace;
command_fn member_identifier_remove;
command_fn member_profile_get;
command_fn member_profile_set;
command_fn points_quote;
command_fn points_award;
command_fn points_redeem;
command_fn points_reserve;
command_fn points_capture;
command_fn points_release;
command_fn points_reverse;
command_fn points_outcome;
command_fn opening_balance;
command_fn contribution_report;
command_fn contribution_reduce;
command_fn contribution_end;
command_fn perk_list;
command_fn perk_use;
command_fn perk_reverse;
command_fn perk_code;
command_fn perk_settlement;
command_fn events_tail;
command_fn events_consumers;
command_fn events_delete;
command_fn import_sales;
command_fn import_members;
command_fn pool_create;
command_fn pool_member;
command_fn pool_list;
command_fn rescore_plan;
command_fn rescore_moves;
command_fn rescore_run;
command_fn rescore_calendar;
command_fn operations_list_all;
command_fn operations_show;
command_fn operations_wait_for;
command_fn operations_cancel_one;
command_fn operations_delete_one;
command_fn audit_list;
command_fn audit_verify;
command_fn verify_accounts;
command_fn archive_run;
command_fn archive_check_folder;
command_fn archive_rebuild_index;
command_fn till_terms;
command_fn till_reconcile;
command_fn clock_show;
command_fn clock_set;
command_fn daemon_status;
command_fn daemon_top;
command_fn show_connections;
command_fn show_partitions;
command_fn show_jobs;
command_fn show_consumers;
command_fn show_config;
command_fn doctor;
command_fn backup_make;
command_fn backup_check;
command_fn backup_restore;
command_fn context_list;
command_fn context_show;
command_fn context_set;
command_fn context_use;
command_fn context_delete;
command_fn completion_bash;
