// The table of methods.
#include "service/method.h"

#include "base/check.h"
#include "google/longrunning/operations.pb-c.h"
#include "google/protobuf/empty.pb-c.h"
#include "loyalty/v1/admin.pb-c.h"
#include "loyalty/v1/archive.pb-c.h"
#include "loyalty/v1/clock.pb-c.h"
#include "loyalty/v1/contributions.pb-c.h"
#include "loyalty/v1/events.pb-c.h"
#include "loyalty/v1/members.pb-c.h"
#include "loyalty/v1/monitor.pb-c.h"
#include "loyalty/v1/perks.pb-c.h"
#include "loyalty/v1/points.pb-c.h"
#include "loyalty/v1/pools.pb-c.h"
#include "loyalty/v1/programs.pb-c.h"
#include "loyalty/v1/rescoring.pb-c.h"
#include "loyalty/v1/tills.pb-c.h"
#include "service/handlers.h"

enum {
    EVERYBODY = ROLE_POS | ROLE_PARTNER | ROLE_BACKEND | ROLE_ADMIN | ROLE_JOB,
};

#define ROW_TO(service, name, from, to, may, mutates, handler)                                     \
    {                                                                                              \
        .path = "/loyalty.v1." service "/" name, .request = &(from), .response = &(to),            \
        .roles = (may), .mutating = (mutates), .handle = (handler)                                 \
    }

#define ROW(service, name, type, may, mutates, handler)                                            \
    ROW_TO(service, name, loyalty__v1__##type##_request__descriptor,                               \
           loyalty__v1__##type##_response__descriptor, may, mutates, handler)

// What is asked of the daemon that answers.
#define MONITOR(name, type, handler)                                                               \
    {                                                                                              \
        .path = "/loyalty.v1.MonitorService/" name,                                                \
        .request = &loyalty__v1__##type##_request__descriptor,                                     \
        .response = &loyalty__v1__##type##_response__descriptor, .roles = ROLE_ADMIN,              \
        .of_daemon = true, .handle = (handler)                                                     \
    }

#define OPERATION(name, from, to, may, handler)                                                    \
    {                                                                                              \
        .path = "/google.longrunning.Operations/" name,                                            \
        .request = &google__longrunning__##from##__descriptor, .response = &to##__descriptor,      \
        .roles = (may), .handle = (handler)                                                        \
    }

static const struct method methods[] = {
    // An admin does not sell: what moves points is the tills' alone.
    ROW("PointsService", "Award", award, ROLE_POS, true, points_award),
    ROW("PointsService", "Redeem", redeem, ROLE_POS, true, points_redeem),
    ROW("PointsService", "Reserve", reserve, ROLE_POS, true, points_reserve),
    ROW("PointsService", "Capture", capture, ROLE_POS, true, points_capture),
    ROW("PointsService", "Release", release, ROLE_POS, true, points_release),
    ROW("PointsService", "Reverse", reverse, ROLE_POS, true, points_reverse),
    ROW("PointsService", "Quote", quote, ROLE_POS | ROLE_BACKEND | ROLE_ADMIN, false, points_quote),
    ROW("PointsService", "GetOutcome", get_outcome, ROLE_POS | ROLE_BACKEND | ROLE_ADMIN, false,
        points_get_outcome),
    ROW("MembersService", "GetMember", get_member, ROLE_POS | ROLE_BACKEND | ROLE_ADMIN, false,
        members_get),
    ROW("MembersService", "Enroll", enroll, ROLE_BACKEND | ROLE_ADMIN, true, members_enroll),
    ROW("MembersService", "ListActivity", list_activity, ROLE_BACKEND | ROLE_ADMIN, false,
        members_list_activity),
    ROW("MembersService", "ExplainTier", explain_tier, ROLE_BACKEND | ROLE_ADMIN, false,
        members_explain_tier),
    ROW("ProgramsService", "CheckProgram", check_program, ROLE_ADMIN, false, programs_check),
    ROW("ProgramsService", "PublishProgram", publish_program, ROLE_ADMIN, true, programs_publish),
    ROW("ProgramsService", "GetProgram", get_program, ROLE_BACKEND | ROLE_ADMIN, false,
        programs_get),
    ROW("AdminService", "OpeningBalance", opening_balance, ROLE_ADMIN, true, admin_opening_balance),
    ROW("AdminService", "Backfill", backfill, ROLE_ADMIN, true, admin_backfill),
    ROW("AdminService", "VerifyAccounts", verify_accounts, ROLE_ADMIN | ROLE_JOB, false,
        admin_verify_accounts),
    ROW("TillsService", "GetTerms", get_terms, ROLE_POS | ROLE_ADMIN, false, tills_get_terms),
    ROW("TillsService", "Reconcile", reconcile, ROLE_POS | ROLE_ADMIN, true, tills_reconcile),
    ROW_TO("MembersService", "SetStatus", loyalty__v1__set_status_request__descriptor,
           loyalty__v1__set_status_response__descriptor, ROLE_ADMIN, true, membership_set_status),
    ROW_TO("MembersService", "Merge", loyalty__v1__merge_request__descriptor,
           loyalty__v1__merge_response__descriptor, ROLE_ADMIN, true, membership_merge),
    ROW_TO("MembersService", "Erase", loyalty__v1__erase_request__descriptor,
           loyalty__v1__erase_response__descriptor, ROLE_ADMIN, true, membership_erase),
    ROW_TO("MembersService", "AddIdentifier", loyalty__v1__add_identifier_request__descriptor,
           loyalty__v1__change_identifiers_response__descriptor, ROLE_BACKEND | ROLE_ADMIN, true,
           identify_add),
    ROW_TO("MembersService", "ReplaceIdentifier",
           loyalty__v1__replace_identifier_request__descriptor,
           loyalty__v1__change_identifiers_response__descriptor, ROLE_BACKEND | ROLE_ADMIN, true,
           identify_replace),
    ROW_TO("MembersService", "RemoveIdentifier", loyalty__v1__remove_identifier_request__descriptor,
           loyalty__v1__change_identifiers_response__descriptor, ROLE_BACKEND | ROLE_ADMIN, true,
           identify_remove),
    ROW_TO("MembersService", "GetProfile", loyalty__v1__get_profile_request__descriptor,
           loyalty__v1__profile__descriptor, ROLE_BACKEND | ROLE_ADMIN, false, profile_get),
    ROW_TO("MembersService", "UpdateProfile", loyalty__v1__update_profile_request__descriptor,
           loyalty__v1__profile__descriptor, ROLE_BACKEND | ROLE_ADMIN, false, profile_update),
    ROW_TO("PerksService", "ListPerks", loyalty__v1__list_perks_request__descriptor,
           loyalty__v1__list_perks_response__descriptor, ROLE_POS | ROLE_BACKEND | ROLE_ADMIN,
           false, perks_list),
    ROW_TO("PerksService", "IssueCode", loyalty__v1__issue_code_request__descriptor,
           loyalty__v1__issue_code_response__descriptor, ROLE_BACKEND, false, perks_issue_code),
    ROW_TO("PerksService", "GetCodeKeys", loyalty__v1__get_code_keys_request__descriptor,
           loyalty__v1__get_code_keys_response__descriptor, EVERYBODY, false, perks_code_keys),
    ROW_TO("PerksService", "UsePerk", loyalty__v1__use_perk_request__descriptor,
           loyalty__v1__use_perk_response__descriptor, ROLE_POS | ROLE_PARTNER, true, perks_use),
    ROW_TO("PerksService", "ReversePerk", loyalty__v1__reverse_perk_request__descriptor,
           loyalty__v1__reverse_perk_response__descriptor, ROLE_POS | ROLE_PARTNER, true,
           perks_reverse),
    ROW_TO("PerksService", "ListServedPerks", loyalty__v1__list_served_perks_request__descriptor,
           loyalty__v1__list_served_perks_response__descriptor, ROLE_PARTNER, false, perks_served),
    ROW_TO("PerksService", "ListSettlement", loyalty__v1__list_settlement_request__descriptor,
           loyalty__v1__list_settlement_response__descriptor, ROLE_PARTNER | ROLE_ADMIN, false,
           perks_settlement),
    ROW_TO("ContributionsService", "ReportContribution",
           loyalty__v1__report_contribution_request__descriptor,
           loyalty__v1__contribution_response__descriptor, ROLE_PARTNER | ROLE_ADMIN, true,
           contributions_report),
    ROW_TO("ContributionsService", "ReduceContribution",
           loyalty__v1__reduce_contribution_request__descriptor,
           loyalty__v1__contribution_response__descriptor, ROLE_PARTNER | ROLE_ADMIN, true,
           contributions_reduce),
    ROW_TO("ContributionsService", "EndContribution",
           loyalty__v1__end_contribution_request__descriptor,
           loyalty__v1__contribution_response__descriptor, ROLE_PARTNER | ROLE_ADMIN, true,
           contributions_end),
    ROW_TO("PoolsService", "CreatePool", loyalty__v1__create_pool_request__descriptor,
           loyalty__v1__create_pool_response__descriptor, ROLE_BACKEND | ROLE_ADMIN, true,
           pools_create),
    ROW_TO("PoolsService", "SetPoolMember", loyalty__v1__set_pool_member_request__descriptor,
           loyalty__v1__set_pool_member_response__descriptor, ROLE_BACKEND | ROLE_ADMIN, true,
           pools_set_member),
    ROW_TO("PoolsService", "ListPoolMembers", loyalty__v1__list_pool_members_request__descriptor,
           loyalty__v1__list_pool_members_response__descriptor, ROLE_BACKEND | ROLE_ADMIN, false,
           pools_list_members),
    {.path = "/loyalty.v1.EventsService/Subscribe",
     .request = &loyalty__v1__subscribe_request__descriptor,
     .response = &loyalty__v1__subscribe_response__descriptor,
     .roles = ROLE_BACKEND | ROLE_ADMIN,
     .streams = true,
     .handle = events_subscribe},
    ROW_TO("EventsService", "Acknowledge", loyalty__v1__acknowledge_request__descriptor,
           loyalty__v1__acknowledge_response__descriptor, ROLE_BACKEND | ROLE_ADMIN, false,
           events_acknowledge),
    ROW_TO("EventsService", "ListConsumers", loyalty__v1__list_consumers_request__descriptor,
           loyalty__v1__list_consumers_response__descriptor, ROLE_BACKEND | ROLE_ADMIN, false,
           events_list_consumers),
    ROW_TO("EventsService", "DeleteConsumer", loyalty__v1__delete_consumer_request__descriptor,
           loyalty__v1__delete_consumer_response__descriptor, ROLE_BACKEND | ROLE_ADMIN, false,
           events_delete_consumer),
    ROW("ProgramsService", "WithdrawProgram", withdraw_program, ROLE_ADMIN, true,
        programs_withdraw),
    ROW_TO("AdminService", "AdjustPoints", loyalty__v1__adjust_points_request__descriptor,
           loyalty__v1__adjustment_response__descriptor, ROLE_ADMIN, true, admin_adjust_points),
    ROW_TO("AdminService", "AdjustScore", loyalty__v1__adjust_score_request__descriptor,
           loyalty__v1__adjustment_response__descriptor, ROLE_ADMIN, true, admin_adjust_score),
    ROW_TO("AdminService", "GrantTier", loyalty__v1__grant_tier_request__descriptor,
           loyalty__v1__tier_response__descriptor, ROLE_ADMIN, true, admin_grant_tier),
    ROW_TO("AdminService", "RevokeTier", loyalty__v1__revoke_tier_request__descriptor,
           loyalty__v1__tier_response__descriptor, ROLE_ADMIN, true, admin_revoke_tier),
    ROW("AdminService", "ListAudit", list_audit, ROLE_ADMIN, false, admin_list_audit),
    ROW("AdminService", "ExportAccounts", export_accounts, ROLE_ADMIN, false,
        admin_export_accounts),
    ROW("AdminService", "ReadLog", read_log, ROLE_ADMIN | ROLE_JOB, false, admin_read_log),
    ROW_TO("RescoringService", "PlanRescoring", loyalty__v1__plan_rescoring_request__descriptor,
           google__longrunning__operation__descriptor, ROLE_ADMIN | ROLE_JOB, true, rescoring_plan),
    ROW_TO("RescoringService", "RunRescoring", loyalty__v1__run_rescoring_request__descriptor,
           google__longrunning__operation__descriptor, ROLE_ADMIN | ROLE_JOB, true, rescoring_run),
    ROW("RescoringService", "ListMoves", list_moves, ROLE_ADMIN, false, rescoring_list_moves),
    ROW("ArchiveService", "OpenArchive", open_archive, ROLE_ADMIN | ROLE_JOB, false, archive_open),
    ROW("ArchiveService", "ReadArchive", read_archive, ROLE_ADMIN | ROLE_JOB, false, archive_read),
    ROW("ArchiveService", "DropArchived", drop_archived, ROLE_ADMIN | ROLE_JOB, false,
        archive_drop),
    OPERATION("ListOperations", list_operations_request,
              google__longrunning__list_operations_response, ROLE_ADMIN, operations_list),
    OPERATION("GetOperation", get_operation_request, google__longrunning__operation,
              ROLE_ADMIN | ROLE_JOB, operations_get),
    OPERATION("WaitOperation", wait_operation_request, google__longrunning__operation,
              ROLE_ADMIN | ROLE_JOB, operations_wait),
    OPERATION("CancelOperation", cancel_operation_request, google__protobuf__empty,
              ROLE_ADMIN | ROLE_JOB, operations_cancel),
    OPERATION("DeleteOperation", delete_operation_request, google__protobuf__empty, ROLE_ADMIN,
              operations_delete),
    MONITOR("GetStatus", get_status, monitor_get_status),
    MONITOR("GetMetrics", get_metrics, monitor_get_metrics),
    MONITOR("ListSlowRequests", list_slow_requests, monitor_list_slow),
    MONITOR("ListConnections", list_connections, monitor_list_connections),
    MONITOR("ListPartitions", list_partitions, monitor_list_partitions),
    MONITOR("GetConfig", get_config, monitor_get_config),
    MONITOR("Diagnose", diagnose, monitor_diagnose),
    ROW("ClockService", "GetClock", get_clock, EVERYBODY, false, clock_get),
    ROW("ClockService", "SetClock", set_clock, ROLE_ADMIN, false, clock_set),
};

const struct method *method_find(struct span path)
{
    for (size_t i = 0; i < method_count(); i++) {
        if (span_is_text(path, methods[i].path)) {
            return &methods[i];
        }
    }
    return NULL;
}

size_t method_count(void)
{
    return sizeof(methods) / sizeof(methods[0]);
}

size_t method_index(const struct method *method)
{
    CHECK(method >= methods && method < methods + method_count());
    return (size_t)(method - methods);
}

const struct method *method_at(size_t index)
{
    CHECK(index < method_count());
    return &methods[index];
}

enum role role_of_name(const char *name)
{
    static const struct {
        const char *name;
        enum role role;
    } roles[] = {
        {"pos", ROLE_POS},     {"partner", ROLE_PARTNER}, {"backend", ROLE_BACKEND},
        {"admin", ROLE_ADMIN}, {"job", ROLE_JOB},
    };
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(roles[i].name, name) == 0) {
            return roles[i].role;
        }
    }
    return ROLE_NONE;
}
