// Random histories over random programs: after every command the fold of the log is the account,
// and its invariants hold (support/member.c compares); an attempt undone leaves nothing; a request
// given again changes nothing and is answered by its record; an ordinary award takes 100 bytes.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/advance.h"
#include "support/random_club.h"

enum { ROUNDS = 400, COMMANDS = 48, AWARD_BYTES_MAX = 100 };

static uint64_t seed;

static void expect_good(const char *wrong, uint64_t round, size_t command)
{
    if (wrong != NULL) {
        fail_msg("round %" PRIu64 ", command %zu: %s", round, command, wrong);
    }
}

// Looks far ahead, undoes it, and finds everything as it was.
static void look_and_undo(struct history *history, struct member *member, uint64_t round)
{
    uint64_t unwritten;
    int64_t at_ms = history_instant(history, &member->account, history->now_ms);
    expect_good(member_look(member, at_ms, &unwritten), round, history->count);
    member_look_end(member);
    expect_good(member_difference(&member->account, &member->folded), round, history->count);
}

// On time, one line, one rule, no card with it, nothing new to name, not paid with points.
static bool is_ordinary(const struct member_answer *answer)
{
    const struct record *record = &answer->record;
    return answer->outcome == OUTCOME_APPLIED && record->type == RECORD_AWARDED &&
           record->card_count == 0 && record->name_count == 0 && record->awarded.rule_count == 1 &&
           record->awarded.line_count == 0 && record->awarded.occurred_ms == record->at_ms &&
           record->awarded.paid_with_points_minor == 0;
}

// Bytes of the last record written, hash included.
static size_t last_record_bytes(const struct member *member)
{
    struct record_cursor cursor = {.rest = buffer_span(&member->out)};
    struct record_place place;
    size_t bytes = 0;
    while (record_next(&cursor, &place) == STATUS_OK) {
        bytes = place.stored.len + CHAIN_HASH_BYTES;
    }
    return bytes;
}

static void same_record(const struct record *a, const struct record *b)
{
    struct buffer x;
    struct buffer y;
    buffer_init(&x, 0);
    buffer_init(&y, 0);
    assert_int_equal(record_encode(a, &x), STATUS_OK);
    assert_int_equal(record_encode(b, &y), STATUS_OK);
    assert_int_equal(x.len, y.len);
    assert_memory_equal(x.data, y.data, x.len);
    buffer_fini(&x);
    buffer_fini(&y);
}

static void repeat_all(struct history *history, struct member *member, uint64_t round)
{
    size_t log_bytes = member->log.len;
    for (size_t i = 0; i < history->count; i++) {
        struct command again = history->commands[i].command;
        struct mark mark = {.present = true};
        memcpy(mark.id, &again.id, sizeof again.id);
        struct record stored;
        uint64_t seq;
        enum status known =
            ledger_find(buffer_span(&member->log), &mark, &member->fold_arena, &stored, &seq);
        if (again.id == 0 || known != STATUS_OK) {
            continue; // a job, or refused without a trace
        }
        again.now_ms = history->now_ms;
        struct member_answer answer;
        expect_good(member_do(member, &again, &answer), round, i);
        if (record_buries(&stored, &mark)) {
            assert_int_equal(answer.refusal.reason, REFUSAL_REVERSED_BEFORE);
            assert_int_equal(member->log.len, log_bytes);
            continue;
        }
        assert_true(answer.replayed);
        assert_int_equal(answer.seq, seq);
        same_record(&answer.record, &stored);
        assert_int_equal(member->log.len, log_bytes);
        expect_good(member_difference(&member->account, &member->folded), round, i);
    }
}

struct counts {
    size_t applied;
    size_t refused;
    size_t boundaries;
    size_t late_cards;
    size_t award_bytes_max;
    size_t types[UINT8_MAX + 1];
};

static void count_answer(const struct member *member, const struct member_answer *answer,
                         struct counts *counts)
{
    counts->applied += answer->outcome == OUTCOME_APPLIED ? 1 : 0;
    counts->refused += answer->outcome == OUTCOME_REFUSED ? 1 : 0;
    if (is_ordinary(answer)) {
        size_t bytes = last_record_bytes(member);
        counts->award_bytes_max = bytes > counts->award_bytes_max ? bytes : counts->award_bytes_max;
    }
    for (size_t i = 0; answer->outcome == OUTCOME_APPLIED && i < answer->record.card_count; i++) {
        counts->late_cards += answer->record.cards[i].cause == CARD_LATE_SCORE ? 1 : 0;
    }
}

static enum status count_type(void *context, uint64_t seq, const struct record *record)
{
    (void)seq;
    struct counts *counts = context;
    counts->types[record->type]++;
    return STATUS_OK;
}

static void one_history(uint64_t round, struct counts *counts)
{
    static struct history history;
    struct member member;
    history_init(&history, seed, round);
    member_init(&member, &history.club, "anna");
    struct member_answer answer;
    struct history_command *next = history_enrol(&history, "anna");
    expect_good(member_do(&member, &next->command, &answer), round, 0);
    while (history.count < COMMANDS) {
        next = history_next(&history, &member.account);
        expect_good(member_do(&member, &next->command, &answer), round, history.count);
        count_answer(&member, &answer, counts);
        look_and_undo(&history, &member, round);
    }
    counts->boundaries += member.account.seq - 1;
    assert_int_equal(ledger_walk(buffer_span(&member.log), &member.fold_arena, count_type, counts),
                     STATUS_OK);
    repeat_all(&history, &member, round);
    struct account anew;
    account_init(&anew);
    assert_int_equal(member_fold(&member, buffer_span(&member.log), &anew), STATUS_OK);
    expect_good(member_difference(&anew, &member.account), round, history.count);
    account_fini(&anew);
    member_fini(&member);
    history_fini(&history);
}

static void histories_fold_to_their_state(void **state)
{
    (void)state;
    struct counts counts = {0};
    for (uint64_t round = 0; round < ROUNDS; round++) {
        one_history(round, &counts);
    }
    printf("%d histories: %zu commands applied, %zu refused, %zu records, %zu late cards; an award "
           "takes at most %zu bytes\n",
           ROUNDS, counts.applied, counts.refused, counts.boundaries, counts.late_cards,
           counts.award_bytes_max);
    // The generator reaches what it is for.
    assert_true(counts.applied > ROUNDS * COMMANDS / 4);
    assert_true(counts.refused > ROUNDS);
    assert_true(counts.late_cards > 10);
    assert_in_range(counts.award_bytes_max, 40, AWARD_BYTES_MAX);
    static const enum record_type LATER[] = {
        RECORD_HELD,      RECORD_CAPTURED,     RECORD_RELEASED,    RECORD_REVERSED,
        RECORD_TOMBSTONE, RECORD_LAPSED,       RECORD_CONTRIBUTED, RECORD_CONTRIBUTION_REDUCED,
        RECORD_ADJUSTED,  RECORD_CARD_GRANTED, RECORD_CARD_REVOKED};
    for (size_t i = 0; i < sizeof LATER / sizeof LATER[0]; i++) {
        printf("records of type %d: %zu\n", (int)LATER[i], counts.types[LATER[i]]);
        assert_true(counts.types[LATER[i]] > ROUNDS / 20);
    }
}

int main(void)
{
    seed = random_seed("history");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histories_fold_to_their_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
