// Replaying sales. An account is built anew for each side and forgotten with the member: nothing
// has ids, for nothing is asked twice.
#include "core/decide.h"
#include "ctl/whatif_parts.h"

static enum status enrol(const struct decide *decide, struct span id, int64_t enrolled_ms)
{
    const struct enrol_command command = {.member_id = id, .enrolled_ms = enrolled_ms};
    struct decision decision = {0};
    TRY(decide_enrol(decide, &command, &decision));
    return decision.outcome == OUTCOME_APPLIED ? STATUS_OK : STATUS_NOT_FOUND;
}

// A refused sale leaves the account where time has brought it, which is as good.
static enum status sell(const struct decide *decide, const struct sale_row *row,
                        struct span currency, struct whatif_side *side,
                        struct whatif_outcome *outcome)
{
    struct sale_line line = {.amount_minor = row->amount_minor};
    struct award_command command = {
        .sale = {.lines = &line,
                 .line_count = 1,
                 .has_date = true,
                 .date = civil_from_days(row->day)},
        .currency = currency,
        .backfill = true,
    };
    struct decision decision = {0};
    TRY(decide_award(decide, &command, &decision));
    if (decision.outcome != OUTCOME_APPLIED) {
        side->refused[decision.refusal.reason]++;
        return STATUS_OK;
    }
    side->sales++;
    side->issued += decision.record.awarded.points;
    side->score_given += decision.record.awarded.score;
    outcome->points += decision.record.awarded.points;
    return STATUS_OK;
}

static enum status replay(struct whatif *whatif, enum whatif_which which, struct account *account,
                          struct span id, const struct sale_row *rows, size_t count,
                          struct whatif_outcome *outcome)
{
    struct ledger_writer writer = whatif_writer(whatif, which);
    struct decide decide = {.account = account,
                            .writer = &writer,
                            .arena = &whatif->arena,
                            .now_ms = whatif->end_ms,
                            .actor = span_of_text("job/whatif")};
    arena_reset(&whatif->arena);
    TRY(enrol(&decide, id, zone_day_start(whatif->zone, civil_from_days(rows[0].day))));
    for (size_t i = 0; i < count; i++) {
        arena_reset(&whatif->arena);
        buffer_clear(&whatif->out);
        TRY(sell(&decide, &rows[i], whatif->ranks->currency, &whatif->sides[which], outcome));
    }
    return whatif_finish(whatif, which, account, 0, 0, outcome);
}

enum status whatif_replay(struct whatif *whatif, struct span id, const struct sale_row *rows,
                          size_t count)
{
    struct whatif_outcome outcomes[WHATIF_SIDES] = {0};
    for (int which = 0; which < WHATIF_SIDES; which++) {
        struct account account;
        account_init(&account);
        enum status status =
            replay(whatif, (enum whatif_which)which, &account, id, rows, count, &outcomes[which]);
        account_fini(&account);
        TRY(status);
    }
    whatif->members++;
    whatif_compare(whatif, id, outcomes);
    return STATUS_OK;
}
