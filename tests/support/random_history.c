// Random commands for an account, drawn towards what is at the edge of being allowed.
#include "support/random_club.h"

#include "base/check.h"
#include "core/advance.h"

struct history_command *history_add(struct history *history, enum command_kind kind)
{
    CHECK(history->count < HISTORY_COMMANDS_MAX);
    struct history_command *next = &history->commands[history->count++];
    *next = (struct history_command){0};
    next->command = (struct command){
        .kind = kind,
        .now_ms = history->now_ms,
        .id = kind == COMMAND_JOB || kind == COMMAND_DONE ? 0 : history->count,
        .actor = span_of_text(random_once_in(&history->random, 4) ? "pos/store-2/till-1"
                                                                  : "pos/store-1/till-1"),
    };
    return next;
}

struct history_command *history_enrol(struct history *history, const char *member_id)
{
    struct history_command *next = history_add(history, COMMAND_ENROL);
    int64_t back_ms = 0;
    if (random_once_in(&history->random, 3)) {
        back_ms = random_below(&history->random, history->now_ms - history->start_ms + 1);
    }
    next->command.enrol = (struct enrol_command){
        .member_id = span_of_text(member_id),
        .partition = MEMBER_PARTITION,
        .enrolled_ms = history->now_ms - back_ms,
    };
    return next;
}

static int64_t rescore_after(struct history *history, int64_t from_ms)
{
    return program_set_next_rescore(&history->club.programs, from_ms, from_ms + 800 * DAY_MS);
}

int64_t history_instant(struct history *history, const struct account *account, int64_t from_ms)
{
    struct random *random = &history->random;
    const struct zone *zone = &history->club.zone;
    int64_t at_ms = from_ms;
    switch (random_below(random, 9)) {
    case 0:
        return from_ms;
    case 1:
        return from_ms + 1 + random_below(random, 60000);
    case 2:
        at_ms = from_ms + random_below(random, 5 * DAY_MS);
        break;
    case 3:
        at_ms = from_ms + random_below(random, 200 * DAY_MS);
        break;
    case 4:
        at_ms = zone_day_start(zone, zone_date(zone, from_ms + 3 * DAY_MS));
        break;
    case 5:
        at_ms = zone_add_months(zone, from_ms, 1 + (int32_t)random_below(random, 12));
        break;
    case 6:
        at_ms = rescore_after(history, from_ms);
        break;
    case 7:
        at_ms = history->club.versions[random_below(random, (int64_t)history->club.programs.count)]
                    .effective_from_ms;
        break;
    default:
        at_ms = account_exists(account) ? advance_due(account, &history->club.programs) : from_ms;
        break;
    }
    bool sensible = at_ms > from_ms && at_ms < from_ms + 900 * DAY_MS;
    at_ms = sensible ? at_ms + random_below(random, 3) - 1 : at_ms;
    return sensible ? at_ms : from_ms + random_below(random, DAY_MS);
}

// When a sale occurred: now, some instant of the past, or one near a past re-scoring.
static void choose_occurred(struct history *history, const struct account *account,
                            struct sale *sale)
{
    struct random *random = &history->random;
    int64_t now_ms = history->now_ms;
    switch (random_below(random, 8)) {
    case 0:
    case 1:
        sale->has_occurred = true;
        sale->occurred_ms = now_ms - random_below(random, 60 * DAY_MS);
        break;
    case 2: {
        int64_t back_ms = now_ms - random_below(random, 300 * DAY_MS);
        int64_t rescore_ms = rescore_after(history, back_ms);
        sale->has_occurred = true;
        sale->occurred_ms =
            rescore_ms <= now_ms ? rescore_ms + random_below(random, 3) - 1 : back_ms;
        break;
    }
    case 3:
        sale->has_date = true;
        sale->date = zone_date(&history->club.zone, now_ms - random_below(random, 50 * DAY_MS));
        break;
    case 4: {
        int64_t card_ms = account_exists(account) ? account_card(account)->from_ms : now_ms;
        sale->has_occurred = true;
        sale->occurred_ms = card_ms + random_below(random, 3) - 1;
        break;
    }
    default:
        break;
    }
}

static void sale(struct history *history, const struct account *account)
{
    struct random *random = &history->random;
    struct history_command *next = history_add(history, COMMAND_AWARD);
    struct award_command *award = &next->command.award;
    award->currency = span_of_text("CNY");
    award->sale.unit = span_of_text("store-1/till-1");
    award->sale.line_count = random_once_in(random, 3) ? 2 : 1;
    award->sale.line_count += random_once_in(random, 6) ? 1 : 0;
    award->sale.lines = next->lines;
    int64_t total = 0;
    for (size_t i = 0; i < award->sale.line_count; i++) {
        int64_t most = random_once_in(random, 4) ? 1000000 : 90000;
        next->lines[i].amount_minor = random_once_in(random, 15) ? 0 : random_below(random, most);
        if (random_once_in(random, 2)) {
            next->lines[i].category = span_of_text(random_once_in(random, 2) ? "wine" : "bread");
        }
        total += next->lines[i].amount_minor;
    }
    if (random_once_in(random, 5)) {
        award->sale.paid_with_points_minor = random_below(random, total + 1);
    }
    if (random_once_in(random, 5)) {
        award->sale.receipt =
            (struct receipt_key){.number = 1 + random_u64(random) % 100000, .business_day = 20000};
    }
    award->sale.attached = random_once_in(random, 8);
    award->sale.training = random_once_in(random, 30);
    award->quote = random_once_in(random, 20);
    choose_occurred(history, account, &award->sale);
}

static void redeem(struct history *history, const struct account *account)
{
    struct random *random = &history->random;
    struct history_command *next = history_add(history, COMMAND_REDEEM);
    int64_t most = account->balance > 0 ? account->balance + account->balance / 4 : 20;
    next->command.redeem.points = 1 + random_below(random, most);
    if (random_once_in(random, 4) && account->balance > 0) {
        next->command.redeem.points = account->balance;
    } else if (random_once_in(random, 2)) {
        next->command.redeem.points = (next->command.redeem.points + 9) / 10 * 10;
    }
    next->command.redeem.unit = span_of_text("store-1/till-1");
}

static struct opening_item item(struct history *history, int64_t most, int64_t earliest_ms)
{
    struct random *random = &history->random;
    const struct zone *zone = &history->club.zone;
    int64_t from_ms = earliest_ms + random_below(random, 500 * DAY_MS);
    return (struct opening_item){
        .points_or_score = 1 + random_below(random, most),
        .has_from = random_once_in(random, 2),
        .from = zone_date(zone, from_ms),
        .has_until = !random_once_in(random, 3),
        .until = zone_date(zone, from_ms + DAY_MS + random_below(random, 500 * DAY_MS)),
    };
}

static void opening(struct history *history)
{
    struct random *random = &history->random;
    struct history_command *next = history_add(history, COMMAND_OPENING);
    struct opening_command *given = &next->command.opening;
    given->lots = next->lots;
    given->scores = next->scores;
    given->lot_count = (size_t)random_below(random, 3);
    given->score_count = (size_t)random_below(random, 3);
    for (size_t i = 0; i < given->lot_count; i++) {
        next->lots[i] = item(history, 1000, history->now_ms);
    }
    for (size_t i = 0; i < given->score_count; i++) {
        next->scores[i] = item(history, 4000, history->now_ms - 450 * DAY_MS);
    }
    if (random_once_in(random, 2)) {
        const struct program_version *version =
            program_set_at(&history->club.programs, history->now_ms);
        const struct program *program = version->program;
        int64_t rank = random_below(random, (int64_t)program->tier_count);
        given->has_card = true;
        given->card_tier = program->tiers[rank].id;
        given->card = item(history, 1, history->now_ms - 500 * DAY_MS);
        given->card.has_until = rank > 0;
    }
}

// Makes the sale just chosen one of the past, mostly such as fits the order.
static void backfill(struct history *history, const struct account *account)
{
    struct award_command *award = &history->commands[history->count - 1].command.award;
    award->backfill = true;
    int64_t back_ms = history->now_ms - account->now_ms;
    if (back_ms > 0 && !random_once_in(&history->random, 4)) {
        award->sale.has_date = false;
        award->sale.has_occurred = true;
        award->sale.occurred_ms = account->now_ms + random_below(&history->random, back_ms + 1);
    }
}

struct history_command *history_next(struct history *history, const struct account *account)
{
    struct random *random = &history->random;
    if (history->count > 0 && random_once_in(random, 2) &&
        history->commands[history->count - 1].command.kind == COMMAND_RESERVE) {
        // At once, or it lapses: instants are far apart.
        history->now_ms += random_below(random, random_once_in(random, 2) ? 999 : DAY_MS);
        history_close(history);
        return &history->commands[history->count - 1];
    }
    history->now_ms = history_instant(history, account, history->now_ms);
    int64_t kind = random_below(random, 42);
    if (kind < 11) {
        sale(history, account);
    } else if (kind < 14) {
        redeem(history, account);
    } else if (kind < 16) {
        opening(history);
    } else if (kind < 17) {
        sale(history, account);
        if (!history->no_backfill) {
            backfill(history, account);
        }
    } else if (kind < 20) {
        history_hold(history, account);
    } else if (kind < 23) {
        history_close(history);
    } else if (kind < 30) {
        history_reverse(history);
    } else if (kind < 34) {
        history_contribute(history, account);
    } else if (kind < 40) {
        history_act(history, account);
    } else {
        history_add(history, COMMAND_JOB);
    }
    return &history->commands[history->count - 1];
}

const char *history_run(struct history *history, struct member *member, size_t commands)
{
    member_init(member, &history->club, "anna");
    struct member_answer answer;
    const char *wrong = member_do(member, &history_enrol(history, "anna")->command, &answer);
    while (wrong == NULL && history->count < commands) {
        wrong = member_do(member, &history_next(history, &member->account)->command, &answer);
    }
    return wrong == NULL ? history_settle(history, member) : wrong;
}
