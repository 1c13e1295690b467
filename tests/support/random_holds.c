// Random commands that hold points, and that take back what was done.
#include "support/random_club.h"

#include "base/check.h"

static bool is_of_interest(enum command_kind kind)
{
    return kind == COMMAND_AWARD || kind == COMMAND_REDEEM || kind == COMMAND_RESERVE ||
           kind == COMMAND_CAPTURE;
}

// The id of an earlier request, mostly one of `wanted` (or any that moved points, for COMMAND_JOB);
// sometimes of any kind, sometimes of one that has yet to come.
static uint64_t some_id(struct history *history, enum command_kind wanted)
{
    struct random *random = &history->random;
    if (random_once_in(random, 20)) {
        return history->count + 1 + (uint64_t)random_below(random, 3);
    }
    uint64_t id = 1;
    for (int tries = 0; tries < 16; tries++) {
        // Late ones more often: they are the ones that are not done with.
        int64_t back = random_below(random, 1 + random_below(random, (int64_t)history->count));
        id = history->count - (uint64_t)back;
        enum command_kind kind = history->commands[id - 1].command.kind;
        if (kind == wanted || (wanted == COMMAND_JOB && is_of_interest(kind))) {
            break;
        }
    }
    return id;
}

void history_hold(struct history *history, const struct account *account)
{
    struct random *random = &history->random;
    struct reserve_command *reserve = &history_add(history, COMMAND_RESERVE)->command.reserve;
    int64_t most = account->balance > 0 ? account->balance + account->balance / 8 : 20;
    reserve->points = 1 + random_below(random, most);
    if (random_once_in(random, 2)) {
        reserve->points = (reserve->points + 9) / 10 * 10;
    }
    reserve->unit = span_of_text("store-1/till-1");
    reserve->lifetime_ms = random_once_in(random, 3) ? 1 + random_below(random, 2 * DAY_MS) : 0;
}

void history_close(struct history *history)
{
    struct random *random = &history->random;
    uint64_t id = some_id(history, COMMAND_RESERVE);
    if (random_once_in(random, 3)) {
        struct release_command *release = &history_add(history, COMMAND_RELEASE)->command.release;
        member_request_id(id, release->reservation);
        release->unit = span_of_text("store-2/till-1");
        return;
    }
    int64_t held = 50;
    if (id <= history->count && history->commands[id - 1].command.kind == COMMAND_RESERVE) {
        held = history->commands[id - 1].command.reserve.points;
    }
    struct capture_command *capture = &history_add(history, COMMAND_CAPTURE)->command.capture;
    member_request_id(id, capture->reservation);
    capture->unit = span_of_text("store-1/till-1");
    capture->points = random_once_in(random, 2) ? 0 : 1 + random_below(random, held + held / 8 + 1);
}

// The part of what it was, so much as a customer may return, and sometimes more.
static void choose_part(struct history *history, const struct command *original,
                        struct history_command *next)
{
    struct random *random = &history->random;
    struct reverse_command *reverse = &next->command.reverse;
    bool sale = original != NULL && original->kind == COMMAND_AWARD;
    if (random_once_in(random, 20)) {
        sale = !sale;
    }
    if (!sale) {
        reverse->part = REVERSE_POINTS;
        reverse->points = 1 + random_below(random, 300);
    } else if (random_once_in(random, 2)) {
        reverse->part = REVERSE_AMOUNT;
        reverse->amount_minor = 1 + random_below(random, random_once_in(random, 3) ? 9000 : 60000);
    } else {
        reverse->part = REVERSE_LINES;
        reverse->lines = next->numbers;
        reverse->line_count = 1 + (size_t)random_below(random, HISTORY_LINES_MAX);
        for (size_t i = 0; i < reverse->line_count; i++) {
            next->numbers[i] = random_once_in(random, 30) ? 0 : 1;
            next->numbers[i] += (uint32_t)random_below(random, 2);
        }
    }
}

void history_reverse(struct history *history)
{
    struct random *random = &history->random;
    uint64_t id = some_id(history, COMMAND_JOB);
    const struct command *original =
        id <= history->count ? &history->commands[id - 1].command : NULL;
    struct history_command *next = history_add(history, COMMAND_REVERSE);
    struct reverse_command *reverse = &next->command.reverse;
    member_request_id(id, reverse->original);
    reverse->unit = span_of_text("store-1/till-2");
    reverse->original_created_ms = history->now_ms;
    if (random_once_in(random, 30)) {
        reverse->original_created_ms -= 401 * DAY_MS;
    }
    if (random_once_in(random, 3)) {
        reverse->reason = span_of_text("returned");
        reverse->receipt = (struct receipt_key){.number = 77, .business_day = 20001};
    }
    if (!random_once_in(random, 3)) {
        choose_part(history, original, next);
    }
}
