// The table of methods.
#include "service/method.h"

#include "base/check.h"
#include "loyalty/v1/admin.pb-c.h"
#include "loyalty/v1/clock.pb-c.h"
#include "loyalty/v1/members.pb-c.h"
#include "loyalty/v1/points.pb-c.h"
#include "loyalty/v1/programs.pb-c.h"
#include "loyalty/v1/tills.pb-c.h"
#include "service/handlers.h"

enum {
    EVERYBODY = ROLE_POS | ROLE_PARTNER | ROLE_BACKEND | ROLE_ADMIN | ROLE_JOB,
};

#define ROW(service, name, type, may, mutates, handler)                                            \
    {                                                                                              \
        .path = "/loyalty.v1." service "/" name,                                                   \
        .request = &loyalty__v1__##type##_request__descriptor,                                     \
        .response = &loyalty__v1__##type##_response__descriptor, .roles = (may),                   \
        .mutating = (mutates), .handle = (handler)                                                 \
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
