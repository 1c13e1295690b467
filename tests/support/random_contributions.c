// Random commands of a partner: contributions reported, reduced and ended; of a few ids, so that
// most of what is said is of something.
#include "support/random_club.h"

enum { IDS = 6 };

static void choose_id(struct history *history, uint8_t *ret_key)
{
    const char id[] = {'P', (char)('1' + random_below(&history->random, IDS)), '\0'};
    member_contribution_key(id, ret_key);
}

// Half of the time a day near now, or near a re-scoring, or none at all.
static bool choose_day(struct history *history, int64_t earliest_ms, struct civil_date *ret_day)
{
    struct random *random = &history->random;
    int64_t at_ms = earliest_ms + random_below(random, 400 * DAY_MS);
    if (random_once_in(random, 3)) {
        int64_t rescore_ms =
            program_set_next_rescore(&history->club.programs, at_ms, at_ms + 800 * DAY_MS);
        at_ms = rescore_ms == INSTANT_NEVER ? at_ms : rescore_ms;
    }
    *ret_day = zone_date(&history->club.zone, at_ms);
    return random_once_in(random, 2);
}

static void report(struct history *history)
{
    struct contribution_command *command =
        &history_add(history, COMMAND_CONTRIBUTE)->command.contribution;
    choose_id(history, command->key);
    command->score = 1 + random_below(&history->random, 4000);
    command->has_from = choose_day(history, history->now_ms - 300 * DAY_MS, &command->from);
    command->has_until = choose_day(history, history->now_ms - 30 * DAY_MS, &command->until);
}

static void reduce(struct history *history, const struct account *account)
{
    struct reduction_command *command = &history_add(history, COMMAND_REDUCE)->command.reduction;
    choose_id(history, command->key);
    const struct reported *reported = account_reported(account, command->key);
    int64_t left = reported == NULL ? 1 : reported->score;
    command->score = 1 + random_below(&history->random, left + left / 8 + 1);
}

static void end(struct history *history)
{
    struct contribution_end_command *command =
        &history_add(history, COMMAND_END)->command.contribution_end;
    choose_id(history, command->key);
    command->has_on = choose_day(history, history->now_ms - 30 * DAY_MS, &command->on);
    command->change =
        random_once_in(&history->random, 2) ? CONTRIBUTION_MATURED : CONTRIBUTION_SURRENDERED;
}

void history_contribute(struct history *history, const struct account *account)
{
    int64_t kind = random_below(&history->random, 4);
    if (kind < 2 || account->reported.count == 0) {
        report(history);
    } else if (kind == 2) {
        reduce(history, account);
    } else {
        end(history);
    }
}
