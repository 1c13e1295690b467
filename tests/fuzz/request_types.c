// The table; what is new stands at its end, for the corpora say which method by its place. It is
// not read from service/method.c, for a driver of wire that links all of the service runs at half
// the speed.
#include "fuzz/request_types.h"

#include "loyalty/v1/admin.pb-c.h"
#include "loyalty/v1/clock.pb-c.h"
#include "loyalty/v1/members.pb-c.h"
#include "loyalty/v1/points.pb-c.h"
#include "loyalty/v1/programs.pb-c.h"
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
};

size_t request_type_count(void)
{
    return sizeof(types) / sizeof(types[0]);
}

const struct request_type *request_type_at(size_t index)
{
    return &types[index % request_type_count()];
}
