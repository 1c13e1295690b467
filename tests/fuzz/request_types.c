// The table; what is new stands at its end, for the corpora say which method by its place. It is
// not read from service/method.c, for a driver of wire that links all of the service runs at half
// the speed.
#include "fuzz/request_types.h"

#include "google/longrunning/operations.pb-c.h"
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

#define TYPE(service, name, type)                                                                  \
    {                                                                                              \
        "/loyalty.v1." service "/" name, &loyalty__v1__##type##_request__descriptor                \
    }

static const struct request_type types[] = {
    TYPE("PointsService", "Award", award),
    TYPE("PointsService", "Redeem", redeem),
    TYPE("PointsService", "Quote", quote),
    TYPE("PointsService", "GetOutcome", get_outcome),
    TYPE("MembersService", "GetMember", get_member),
    TYPE("MembersService", "Enroll", enroll),
    TYPE("MembersService", "ListActivity", list_activity),
    TYPE("MembersService", "ExplainTier", explain_tier),
    TYPE("ProgramsService", "CheckProgram", check_program),
    TYPE("ProgramsService", "PublishProgram", publish_program),
    TYPE("ProgramsService", "GetProgram", get_program),
    TYPE("AdminService", "OpeningBalance", opening_balance),
    TYPE("AdminService", "Backfill", backfill),
    TYPE("AdminService", "VerifyAccounts", verify_accounts),
    TYPE("ClockService", "GetClock", get_clock),
    TYPE("ClockService", "SetClock", set_clock),
    TYPE("PointsService", "Reserve", reserve),
    TYPE("PointsService", "Capture", capture),
    TYPE("PointsService", "Release", release),
    TYPE("PointsService", "Reverse", reverse),
    TYPE("TillsService", "GetTerms", get_terms),
    TYPE("TillsService", "Reconcile", reconcile),
    TYPE("MembersService", "SetStatus", set_status),
    TYPE("MembersService", "Merge", merge),
    TYPE("MembersService", "Erase", erase),
    TYPE("MembersService", "AddIdentifier", add_identifier),
    TYPE("MembersService", "ReplaceIdentifier", replace_identifier),
    TYPE("MembersService", "RemoveIdentifier", remove_identifier),
    TYPE("MembersService", "GetProfile", get_profile),
    TYPE("MembersService", "UpdateProfile", update_profile),
    TYPE("PerksService", "ListPerks", list_perks),
    TYPE("PerksService", "IssueCode", issue_code),
    TYPE("PerksService", "GetCodeKeys", get_code_keys),
    TYPE("PerksService", "UsePerk", use_perk),
    TYPE("PerksService", "ReversePerk", reverse_perk),
    TYPE("PerksService", "ListServedPerks", list_served_perks),
    TYPE("PerksService", "ListSettlement", list_settlement),
    TYPE("ContributionsService", "ReportContribution", report_contribution),
    TYPE("ContributionsService", "ReduceContribution", reduce_contribution),
    TYPE("ContributionsService", "EndContribution", end_contribution),
    TYPE("PoolsService", "CreatePool", create_pool),
    TYPE("PoolsService", "SetPoolMember", set_pool_member),
    TYPE("PoolsService", "ListPoolMembers", list_pool_members),
    TYPE("EventsService", "Acknowledge", acknowledge),
    TYPE("EventsService", "ListConsumers", list_consumers),
    TYPE("EventsService", "DeleteConsumer", delete_consumer),
    TYPE("EventsService", "Subscribe", subscribe),
    TYPE("ProgramsService", "WithdrawProgram", withdraw_program),
    TYPE("AdminService", "AdjustPoints", adjust_points),
    TYPE("AdminService", "AdjustScore", adjust_score),
    TYPE("AdminService", "GrantTier", grant_tier),
    TYPE("AdminService", "RevokeTier", revoke_tier),
    TYPE("AdminService", "ListAudit", list_audit),
    TYPE("AdminService", "ExportAccounts", export_accounts),
    TYPE("AdminService", "ReadLog", read_log),
    TYPE("RescoringService", "PlanRescoring", plan_rescoring),
    TYPE("RescoringService", "RunRescoring", run_rescoring),
    TYPE("RescoringService", "ListMoves", list_moves),
    TYPE("ArchiveService", "OpenArchive", open_archive),
    TYPE("ArchiveService", "ReadArchive", read_archive),
    TYPE("ArchiveService", "DropArchived", drop_archived),
    TYPE("MonitorService", "GetStatus", get_status),
    TYPE("MonitorService", "GetMetrics", get_metrics),
    TYPE("MonitorService", "ListSlowRequests", list_slow_requests),
    TYPE("MonitorService", "ListConnections", list_connections),
    TYPE("MonitorService", "ListPartitions", list_partitions),
    TYPE("MonitorService", "GetConfig", get_config),
    TYPE("MonitorService", "Diagnose", diagnose),
    {"/google.longrunning.Operations/ListOperations",
     &google__longrunning__list_operations_request__descriptor},
    {"/google.longrunning.Operations/GetOperation",
     &google__longrunning__get_operation_request__descriptor},
    {"/google.longrunning.Operations/WaitOperation",
     &google__longrunning__wait_operation_request__descriptor},
    {"/google.longrunning.Operations/CancelOperation",
     &google__longrunning__cancel_operation_request__descriptor},
    {"/google.longrunning.Operations/DeleteOperation",
     &google__longrunning__delete_operation_request__descriptor},
};

size_t request_type_count(void)
{
    return sizeof(types) / sizeof(types[0]);
}

const struct request_type *request_type_at(size_t index)
{
    return &types[index % request_type_count()];
}
