// Whatever was done, in whatever parts it was taken back already: when every request is reversed in
// whole, in any order, all points ever awarded are taken back, all that were spent are given back,
// no hold is open, no cap and no day is used. Once more changes nothing.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/random_club.h"

enum { ROUNDS = 300, COMMANDS = 40, FIRST_ID = 1000 };

static uint64_t seed;

// What the reversals of all histories found; so it is known that the generator reaches it.
static size_t found[REVERSE_NOTHING_TO_REVERSE + 1];
static size_t forgiving;
static size_t ended;

static void count_result(const struct record *record)
{
    if (record->type == RECORD_TOMBSTONE) {
        found[REVERSE_ORIGINAL_NOT_FOUND]++;
        return;
    }
    found[record->reversed.result]++;
    forgiving += record->reversed.forgiven > 0 ? 1 : 0;
    ended += record->reversed.expired > 0 ? 1 : 0;
}

static struct member_answer reverse(struct history *history, struct member *member, uint64_t id,
                                    uint64_t own_id)
{
    struct command command = {
        .kind = COMMAND_REVERSE,
        .now_ms = history->now_ms,
        .id = own_id,
        .actor = span_of_text("pos/store-1/till-1"),
        .reverse = {.original_created_ms = history->now_ms},
    };
    member_request_id(id, command.reverse.original);
    struct member_answer answer;
    const char *wrong = member_do(member, &command, &answer);
    if (wrong != NULL) {
        fail_msg("request %" PRIu64 ": %s", id, wrong);
    }
    assert_int_equal(answer.outcome, OUTCOME_APPLIED);
    count_result(&answer.record);
    return answer;
}

// In an order of its own: `factor` has no divisor in common with the count.
static void reverse_all(struct history *history, struct member *member)
{
    size_t count = history->count;
    uint64_t factor = count % 7 == 0 ? 11 : 7;
    factor = random_once_in(&history->random, 3) ? 1 : factor;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t id = 1 + i * factor % count;
        (void)reverse(history, member, id, FIRST_ID + i);
        if (random_once_in(&history->random, 8)) {
            history->now_ms = history_instant(history, &member->account, history->now_ms);
        }
    }
}

// What is taken by hand may leave a deficit under any policy.
static bool owes_by_hand(const struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        const struct command *command = &history->commands[i].command;
        if (command->kind == COMMAND_ADJUST && command->adjust.points < 0 &&
            command->adjust.may_owe) {
            return true;
        }
    }
    return false;
}

static void nothing_is_left(const struct history *history, const struct account *account,
                            uint64_t round)
{
    if (account->taken_back != account->awarded || account->given_back != account->redeemed) {
        fail_msg("round %" PRIu64 ": of %" PRId64 " awarded %" PRId64 " are taken back, of %" PRId64
                 " redeemed %" PRId64 " given back",
                 round, account->awarded, account->taken_back, account->redeemed,
                 account->given_back);
    }
    assert_int_equal(account->held_points, 0);
    assert_int_equal(account->redeem_day_points, 0);
    assert_true(account->forgiven == 0 || account->balance >= 0 || owes_by_hand(history));
    for (uint32_t i = 0; i < account->uses.count; i++) {
        const struct use *use = &account->uses.items[i];
        assert_int_equal(account_used_day(account, use->rule, use->day), 0);
    }
}

static void everything_can_be_taken_back(void **state)
{
    (void)state;
    static struct history history;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct member member;
        history_init(&history, seed, round);
        assert_null(history_run(&history, &member, COMMANDS));
        reverse_all(&history, &member);
        nothing_is_left(&history, &member.account, round);
        for (uint64_t id = 1; id <= history.count; id++) {
            struct member_answer answer =
                reverse(&history, &member, id, (uint64_t)2 * FIRST_ID + id);
            assert_true(answer.record.type == RECORD_TOMBSTONE ||
                        answer.record.reversed.result >= REVERSE_PREVIOUSLY_REVERSED);
        }
        nothing_is_left(&history, &member.account, round);
        member_fini(&member);
        history_fini(&history);
    }
    for (size_t result = REVERSE_REVERSED; result <= REVERSE_NOTHING_TO_REVERSE; result++) {
        printf("result %zu: %zu\n", result, found[result]);
        assert_true(found[result] > ROUNDS / 10);
    }
    printf("%zu with points forgiven, %zu with points that had ended\n", forgiving, ended);
    assert_true(forgiving > ROUNDS / 10 && ended > ROUNDS / 10);
}

int main(void)
{
    seed = random_seed("reversal");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_can_be_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
