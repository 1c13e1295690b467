// Two members with random histories become one: at the moment of it, and at every instant after,
// points and score are those of both together, the higher card is there, and both logs fold to what
// they should. A merge that is given back leaves what there was.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/advance.h"
#include "core/calendar.h"
#include "support/merging.h"
#include "support/random_club.h"

enum { ROUNDS = 400, COMMANDS = 30 };

static uint64_t seed;
static size_t merged;
static size_t higher;
static size_t with_pending;
static size_t with_deficit;
static size_t refused;

struct pair {
    struct history histories[2]; // of one club: the second one's is used by both
    struct member members[2];
    int64_t now_ms;
};

// All that one of them was given is taken back, so that it owes what it has spent.
static void take_all_back(struct pair *pair, size_t index)
{
    struct history *history = &pair->histories[index];
    for (uint64_t id = 1; id <= history->count; id++) {
        struct command command = {
            .kind = COMMAND_REVERSE,
            .now_ms = history->now_ms,
            .id = 1000 + id,
            .actor = span_of_text("pos/store-1/till-1"),
            .reverse = {.original_created_ms = history->now_ms},
        };
        struct member_answer answer;
        member_request_id(id, command.reverse.original);
        if (history->commands[id - 1].command.kind == COMMAND_AWARD) {
            assert_null(member_do(&pair->members[index], &command, &answer));
        }
    }
}

// Both histories are drawn from one seed, so both clubs are the same.
static void pair_init(struct pair *pair, uint64_t round)
{
    for (size_t i = 0; i < 2; i++) {
        struct history *history = &pair->histories[i];
        history_init(history, seed, round);
        history->random.state += i * 1234567;
        const char *wrong = history_run(history, &pair->members[i], COMMANDS);
        if (wrong != NULL) {
            fail_msg("round %llu: %s", (unsigned long long)round, wrong);
        }
        if (round % 4 == i) {
            take_all_back(pair, i);
        }
    }
    memcpy(pair->members[1].account.id, "bert", sizeof("bert"));
    memcpy(pair->members[1].folded.id, "bert", sizeof("bert"));
    memcpy(pair->members[1].id, "bert", sizeof("bert"));
    int64_t a_ms = pair->histories[0].now_ms;
    int64_t b_ms = pair->histories[1].now_ms;
    pair->now_ms = a_ms > b_ms ? a_ms : b_ms;
}

static void pair_fini(struct pair *pair)
{
    for (size_t i = 0; i < 2; i++) {
        member_fini(&pair->members[i]);
        history_fini(&pair->histories[i]);
    }
}

static struct merging moment(const struct pair *pair)
{
    return (struct merging){.programs = &pair->histories[0].club.programs, .now_ms = pair->now_ms};
}

// Time alone.
static void pass_time(struct pair *pair, size_t index)
{
    struct command command = {.kind = COMMAND_JOB, .now_ms = pair->now_ms};
    struct member_answer answer;
    const char *wrong = member_do(&pair->members[index], &command, &answer);
    if (wrong != NULL) {
        fail_msg("%s", wrong);
    }
}

static int64_t points_of(const struct account *account)
{
    return account->balance + account->pending_points + account->held_points;
}

static int rank_of(const struct pair *pair, size_t index)
{
    const struct program_set *programs = &pair->histories[0].club.programs;
    const struct account *account = &pair->members[index].account;
    const struct program_version *version = program_set_at(programs, account->now_ms);
    assert_non_null(version);
    return advance_rank(version->program, programs->versions[programs->count - 1].program,
                        names_text(&account->names, account_card(account)->tier));
}

// What both had, and what either should have after.
struct before {
    int64_t points;
    int64_t rank;
    int64_t scores[8];
    int64_t instants[8];
};

// Score at an instant of contributions that a partner reported for both: one of the two counts.
static int64_t score_had_twice(const struct pair *pair, int64_t instant_ms)
{
    const struct account *gone = &pair->members[0].account;
    int64_t score = 0;
    for (uint32_t i = 0; i < gone->reported.count; i++) {
        const struct reported *brought = &gone->reported.items[i];
        const struct reported *had = account_reported(&pair->members[1].account, brought->key);
        bool latest = account_reported(gone, brought->key) == brought;
        bool counts = brought->from_ms <= instant_ms && instant_ms < brought->until_ms;
        bool twice = had != NULL && had->score > 0 && had->until_ms > pair->now_ms;
        int64_t from_ms = brought->from_ms > gone->now_ms ? brought->from_ms : gone->now_ms;
        int64_t left = account_score_left(gone, brought->seq, from_ms, brought->until_ms);
        left = left < brought->score ? left : brought->score; // the rest was taken by hand
        score += latest && counts && twice ? left : 0;
    }
    return score;
}

static struct before look(struct pair *pair)
{
    struct before before = {0};
    struct random *random = &pair->histories[0].random;
    for (size_t i = 0; i < 2; i++) {
        const struct account *account = &pair->members[i].account;
        before.points += points_of(account);
        before.rank = rank_of(pair, i) > before.rank ? rank_of(pair, i) : before.rank;
    }
    for (size_t i = 0; i < 8; i++) {
        before.instants[i] = pair->now_ms + (i == 0 ? 0 : random_below(random, 500 * DAY_MS));
        for (size_t j = 0; j < 2; j++) {
            before.scores[i] += account_score_at(&pair->members[j].account, before.instants[i]);
        }
        before.scores[i] -= score_had_twice(pair, before.instants[i]);
    }
    return before;
}

static void check_after(struct pair *pair, const struct before *before, const struct record *record)
{
    const struct account *gone = &pair->members[0].account;
    const struct account *there = &pair->members[1].account;
    assert_int_equal(points_of(gone), 0);
    int64_t expired = lot_moves_ended(record->absorbed.carried.lots,
                                      record->absorbed.carried.lot_count, record->at_ms);
    assert_int_equal(points_of(there) + expired, before->points + record->absorbed.forgiven);
    assert_int_equal(gone->moved_out, there->moved_in);
    assert_true(rank_of(pair, 1) >= before->rank);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(account_score_at(there, before->instants[i]), before->scores[i]);
    }
    if (record->card_count > 0 && record->cards[0].cause == CARD_MERGED) {
        higher++;
        assert_int_equal(record->cards[0].until_ms, account_card(gone)->until_ms);
    }
}

static bool merge(struct pair *pair, struct decision *ret_decision)
{
    struct merging at = moment(pair);
    *ret_decision = merging_give_up(&at, &pair->members[0], &pair->members[1]);
    if (ret_decision->outcome != OUTCOME_APPLIED) {
        refused++;
        return false;
    }
    return true;
}

static void two_are_one(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct pair pair;
        struct decision gone;
        pair_init(&pair, round);
        pass_time(&pair, 0);
        pass_time(&pair, 1);
        struct before before = look(&pair);
        if (merge(&pair, &gone)) {
            const struct carried *carried = &gone.record.merged.carried;
            struct merging at = moment(&pair);
            struct decision taken = merging_take(&at, &pair.members[1], &pair.members[0], carried);
            assert_int_equal(taken.outcome, OUTCOME_APPLIED);
            check_after(&pair, &before, &taken.record);
            merged++;
            with_pending += carried->pending_count > 0 ? 1 : 0;
            with_deficit += carried->deficit > 0 ? 1 : 0;
        }
        pair_fini(&pair);
    }
    printf("%zu merged, %zu refused; %zu higher cards, %zu with pending points, %zu owed\n", merged,
           refused, higher, with_pending, with_deficit);
    assert_true(merged > ROUNDS / 3 && higher > 0 && with_pending > 0 && with_deficit > 0);
}

// Given back at once it is as if nothing had been; given back later, as if time had passed over it.
static void what_is_given_back_is_as_it_was(void **state)
{
    (void)state;
    size_t back = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct pair pair;
        struct decision gone;
        pair_init(&pair, round);
        pass_time(&pair, 0);
        const struct account *account = &pair.members[0].account;
        int64_t points = points_of(account);
        int64_t score = account_score_at(account, pair.now_ms);
        if (merge(&pair, &gone)) {
            struct random *random = &pair.histories[0].random;
            bool later = random_once_in(random, 2);
            int64_t expired = account->expired;
            pair.now_ms += later ? random_below(random, 900 * DAY_MS) : 0;
            struct merging at = moment(&pair);
            assert_int_equal(
                merging_done(&at, &pair.members[0], true, &gone.record.merged.carried).outcome,
                OUTCOME_APPLIED);
            assert_int_equal(points_of(account) + account->expired - expired, points);
            assert_int_equal(account->moved_out, 0);
            assert_int_equal(account_status(account), MEMBER_ACTIVE);
            assert_true(later || account_score_at(account, pair.now_ms) == score);
            pass_time(&pair, 0);
            back++;
        }
        pair_fini(&pair);
    }
    assert_true(back > ROUNDS / 3);
}

int main(void)
{
    seed = random_seed("merge");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_are_one),
        cmocka_unit_test(what_is_given_back_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
