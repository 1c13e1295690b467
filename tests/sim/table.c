// The rows of commands. Weights are against each other; the rows of records are in records.c.
#include "sim/table.h"

#include "sim/commands.h"

#define TILL "pos/store-1/till-1"
#define STORE "pos/store-1"
#define CRM "backend/crm"
#define OFFICE "admin/head-office"
#define POINTS(name) "/loyalty.v1.PointsService/" name
#define MEMBERS(name) "/loyalty.v1.MembersService/" name
#define TILLS(name) "/loyalty.v1.TillsService/" name
#define ADMIN(name) "/loyalty.v1.AdminService/" name
#define PROGRAMS(name) "/loyalty.v1.ProgramsService/" name

const struct command_row commands[] = {
    {"enroll", 40, MEMBERS("Enroll"), CRM, make_enroll, judge_enroll},
    {"enroll with cards", 200, MEMBERS("Enroll"), CRM, make_enroll_with_cards, judge_enroll},
    {"enroll in the past", 40, MEMBERS("Enroll"), OFFICE, make_enroll_past, judge_enroll},
    {"award", 300, POINTS("Award"), TILL, make_award, judge_award},
    {"award by card", 60, POINTS("Award"), TILL, make_award_by_card, judge_award},
    {"award late", 40, POINTS("Award"), TILL, make_award_late, judge_award},
    {"award dated", 20, POINTS("Award"), TILL, make_award_dated, judge_award},
    {"award ahead", 12, POINTS("Award"), TILL, make_award_ahead, judge_award},
    {"award with receipt", 120, POINTS("Award"), TILL, make_award_receipt, judge_award},
    {"award for a till", 50, POINTS("Award"), STORE, make_award_store, judge_award},
    {"award attached", 25, POINTS("Award"), TILL, make_attached, judge_award},
    {"reconcile", 20, TILLS("Reconcile"), STORE, make_reconcile, judge_reconcile},
    {"training", 8, POINTS("Award"), TILL, make_training, judge_award},
    {"redeem", 160, POINTS("Redeem"), TILL, make_redeem, judge_redeem},
    {"reserve", 180, POINTS("Reserve"), TILL, make_reserve, judge_reserve},
    {"capture", 120, POINTS("Capture"), TILL, make_capture, judge_capture},
    {"release", 40, POINTS("Release"), TILL, make_release, judge_release},
    {"reverse", 150, POINTS("Reverse"), TILL, make_reverse, judge_reverse},
    {"exchange", 15, POINTS("Award"), TILL, make_exchange, judge_award},
    {"one id, two bodies", 12, POINTS("Award"), TILL, make_conflict, NULL},
    {"backfill", 15, ADMIN("Backfill"), OFFICE, make_backfill, judge_backfill},
    {"opening balance", 15, ADMIN("OpeningBalance"), OFFICE, make_opening, judge_opening},
    {"publish", 14, PROGRAMS("PublishProgram"), OFFICE, make_publish, judge_publish},
    {"withdraw", 12, PROGRAMS("WithdrawProgram"), OFFICE, make_withdraw, judge_withdraw},
    {"quote", 40, POINTS("Quote"), TILL, make_quote, judge_quote},
    {"get outcome", 25, POINTS("GetOutcome"), TILL, make_outcome, judge_outcome},
    {"get member", 90, MEMBERS("GetMember"), CRM, make_member, judge_member},
    {"list activity", 12, MEMBERS("ListActivity"), CRM, make_activity, judge_activity},
    {"explain tier", 20, MEMBERS("ExplainTier"), CRM, make_tier, judge_tier},
    {"get program", 6, PROGRAMS("GetProgram"), CRM, make_program, judge_program},
    {"verify accounts", 6, ADMIN("VerifyAccounts"), OFFICE, make_verify, judge_verify},
};

const size_t command_count = sizeof(commands) / sizeof(commands[0]);

const struct command_row *table_draw(struct sim *sim)
{
    int64_t sum = 0;
    for (size_t i = 0; i < command_count; i++) {
        sum += commands[i].weight;
    }
    int64_t drawn = sim_below(sim, sum);
    size_t row = 0;
    while (drawn >= commands[row].weight) {
        drawn -= commands[row].weight;
        row++;
    }
    return &commands[row];
}
