// Random acts by hand: points and score adjusted, cards granted and revoked, and the ends of what
// they oblige to.
#include "support/random_club.h"

#include "base/check.h"

static struct span some_tier(struct history *history)
{
    const struct program_version *version =
        program_set_at(&history->club.programs, history->now_ms);
    int64_t rank = random_below(&history->random, (int64_t)version->program->tier_count);
    return version->program->tiers[rank].id;
}

static struct civil_date some_day(struct history *history)
{
    int64_t ahead_ms = random_below(&history->random, 700 * DAY_MS);
    return zone_date(&history->club.zone, history->now_ms - 5 * DAY_MS + ahead_ms);
}

// Mostly as much as there is, or less.
static int64_t part_of(struct random *random, int64_t there)
{
    int64_t most = there > 0 ? there + there / 8 + 1 : 50;
    return random_once_in(random, 4) && there > 0 ? there : 1 + random_below(random, most);
}

static void adjust(struct history *history, const struct account *account)
{
    struct random *random = &history->random;
    struct adjust_command *command = &history_add(history, COMMAND_ADJUST)->command.adjust;
    bool points = random_once_in(random, 2);
    bool taken = random_once_in(random, 2);
    command->reason_code = ACT_CORRECTION;
    command->reason = span_of_text("counted again");
    command->may_owe = random_once_in(random, 2);
    command->end = random_once_in(random, 2) ? ACT_END_ON : ACT_END_AS_EARNED;
    command->ends_on = some_day(history);
    if (points) {
        command->end = random_once_in(random, 4) ? ACT_END_NEVER : command->end;
        command->points =
            taken ? -part_of(random, account->balance) : 1 + random_below(random, 2000);
    } else {
        command->score = taken ? -part_of(random, account->score) : 1 + random_below(random, 4000);
    }
}

void history_act(struct history *history, const struct account *account)
{
    struct random *random = &history->random;
    if (account->obligations.count > 0 && !random_once_in(random, 4)) {
        history_add(history, COMMAND_DONE)->command.done.seq = account->obligations.items[0].seq;
        return;
    }
    int64_t kind = random_below(random, 5);
    if (kind < 2) {
        adjust(history, account);
    } else if (kind < 4) {
        struct grant_command *grant = &history_add(history, COMMAND_GRANT)->command.grant;
        grant->tier = some_tier(history);
        grant->until = some_day(history);
        grant->reason_code = ACT_GOODWILL;
    } else {
        struct revoke_command *revoke = &history_add(history, COMMAND_REVOKE)->command.revoke;
        revoke->tier = random_once_in(random, 2) ? some_tier(history) : (struct span){0};
        revoke->reason_code = ACT_FRAUD;
    }
}

const char *history_settle(struct history *history, struct member *member)
{
    const char *wrong = NULL;
    while (wrong == NULL && member->account.obligations.count > 0) {
        struct history_command *end = history_add(history, COMMAND_DONE);
        struct member_answer answer;
        end->command.done.seq = member->account.obligations.items[0].seq;
        wrong = member_do(member, &end->command, &answer);
    }
    return wrong;
}
