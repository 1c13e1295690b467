// What another program would do, in figures worked out by hand: nothing changed, thresholds
// doubled, another rate, a guard; sales replayed, and a live account looked at.
#include "ctl/whatif.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/decide.h"
#include "support/club.h"

#define RETAIL "programs/retail.yaml"
#define DOUBLED                                                                                    \
    "tiers:\n"                                                                                     \
    "- {id: member, threshold: 0}\n"                                                               \
    "- {id: silver, threshold: 4000, upgrade: AT_RESCORE, validity_months: 24, "                   \
    "multiplier_bp: 11000}\n"                                                                      \
    "- {id: gold, threshold: 20000, upgrade: AT_RESCORE, validity_months: 24, "                    \
    "multiplier_bp: 12500}\n"                                                                      \
    "- {id: diamond, threshold: 100000, upgrade: IMMEDIATE, validity_months: 24, "                 \
    "multiplier_bp: 15000}\n"
#define TWO_A_YUAN "earn: {rules: [{id: base, rate: {points: 2, money_minor: 100}}]}\n"
#define MORE_FOR_FOOD                                                                              \
    "earn: {rules: [{id: base, rate: {points: 1, money_minor: 100}}, "                             \
    "{id: food, when: {categories: [food]}, bonus_points: 5}]}\n"

enum { MEMBER, SILVER, GOLD, DIAMOND };

struct world {
    struct club old;
    struct club new;
    struct whatif *whatif;
};

static struct world world;

static int64_t day(int32_t year, int32_t month, int32_t of_month)
{
    return zone_day_start(&world.old.zone, (struct civil_date){year, month, of_month});
}

static int32_t days(int32_t year, int32_t month, int32_t of_month)
{
    return civil_to_days((struct civil_date){year, month, of_month});
}

static void add(struct club *club, const char *changes, int64_t from_ms)
{
    struct program *program = NULL;
    const char *problem = club_read(club, RETAIL, span_of_text(changes), &program);
    assert_null(problem);
    assert_null(club_add(club, program, from_ms));
}

static void begin(const char *old_changes, const char *new_changes)
{
    club_init(&world.old);
    club_init(&world.new);
    add(&world.old, old_changes, 0);
    add(&world.new, new_changes, 0);
}

static void begin_whatif(int64_t begin_ms, int64_t end_ms, bool live)
{
    struct whatif_times times = {.begin_ms = begin_ms, .end_ms = end_ms};
    times.until_ms = whatif_default_until(&world.old.programs, &world.new.programs, end_ms);
    world.whatif = whatif_new(&world.old.programs, &world.new.programs, &times, live);
    assert_non_null(world.whatif);
}

static int close_world(void **state)
{
    (void)state;
    whatif_free(world.whatif);
    club_fini(&world.old);
    club_fini(&world.new);
    world = (struct world){0};
    return 0;
}

// The sales of the worked examples E1 and E2, and one member who buys too little for any tier.
static void replay_examples(const char *changes)
{
    const struct sale_row anna[] = {
        {.day = days(2026, 2, 1), .amount_minor = 123456},
        {.day = days(2026, 3, 5), .amount_minor = 90000},
        {.day = days(2026, 6, 10), .amount_minor = 10000},
    };
    const struct sale_row bert[] = {{.day = days(2026, 4, 1), .amount_minor = 9999}};
    begin("", changes);
    begin_whatif(day(2026, 2, 1), day(2026, 6, 11), false);
    assert_int_equal(whatif_replay(world.whatif, span_of_text("anna"), anna, 3), STATUS_OK);
    assert_int_equal(whatif_replay(world.whatif, span_of_text("bert"), bert, 1), STATUS_OK);
    assert_int_equal(world.whatif->members, 2);
}

// Members by tier as the month begins that is so many behind the first sale's.
static int64_t size_of(enum whatif_which which, size_t month, int tier)
{
    return world.whatif->sides[which].sizes[month - 1][tier];
}

static void nothing_changed_is_no_difference(void **state)
{
    (void)state;
    replay_examples("");
    const struct whatif_side *old = &world.whatif->sides[WHATIF_OLD];
    const struct whatif_side *new = &world.whatif->sides[WHATIF_NEW];
    assert_int_equal(old->issued, 1234 + 900 + 110 + 99);
    assert_int_equal(new->issued, old->issued);
    assert_int_equal(old->sales, 4);
    assert_int_equal(old->score_given, 1234 + 900 + 100 + 99);
    assert_memory_equal(&old->end, &new->end, sizeof(old->end));
    assert_memory_equal(&old->until, &new->until, sizeof(old->until));
    assert_memory_equal(old->sizes, new->sizes, sizeof(old->sizes));
    assert_int_equal(old->raised, 1);
    assert_int_equal(new->raised, 1);
    const struct whatif_change *points = &world.whatif->points;
    assert_true(points->gain == 0 && points->lose == 0 && points->same == 2);
    const struct whatif_change *tiers = &world.whatif->at_end.change;
    assert_true(tiers->gain == 0 && tiers->lose == 0 && tiers->same == 2);
}

static void doubled_thresholds_keep_a_member_below(void **state)
{
    (void)state;
    replay_examples(DOUBLED);
    const struct whatif *whatif = world.whatif;
    const struct whatif_side *old = &whatif->sides[WHATIF_OLD];
    const struct whatif_side *new = &whatif->sides[WHATIF_NEW];
    assert_int_equal(new->issued, 1234 + 900 + 100 + 99);
    assert_int_equal(new->score_given, old->score_given);
    assert_int_equal(old->end.tiers[SILVER], 1);
    assert_int_equal(new->end.tiers[SILVER], 0);
    assert_int_equal(new->end.tiers[MEMBER], 2);
    assert_int_equal(whatif->at_end.members[SILVER][MEMBER], 1);
    assert_int_equal(whatif->at_end.members[MEMBER][MEMBER], 1);
    assert_int_equal(whatif->at_end.change.lose, 1);
    assert_int_equal(whatif->points.lose, 1);
    assert_int_equal(whatif->points.same, 1);
    // Nothing has ended by the end of the data; all has two years later, the card too.
    assert_int_equal(old->end.expired, 0);
    assert_int_equal(old->end.outstanding, old->issued);
    assert_int_equal(old->until.expired, old->issued);
    assert_int_equal(old->until.outstanding, 0);
    assert_int_equal(old->until.tiers[MEMBER], 2);
    assert_true(old->raised == 1 && old->lowered == 1 && old->renewed == 0);
    assert_true(new->raised == 0 && new->lowered == 0);
    assert_int_equal(whatif->until_ms, day(2028, 6, 11));
}

static void sizes_are_those_of_months(void **state)
{
    (void)state;
    replay_examples(DOUBLED);
    assert_int_equal(world.whatif->months[0], day(2026, 3, 1));
    assert_int_equal(world.whatif->month_count, 28);     // to 2028-06-01
    assert_int_equal(size_of(WHATIF_OLD, 1, MEMBER), 1); // bert came in April
    assert_int_equal(size_of(WHATIF_OLD, 3, MEMBER), 2);
    assert_int_equal(size_of(WHATIF_OLD, 4, SILVER), 1); // 2026-06-01
    assert_int_equal(size_of(WHATIF_NEW, 4, SILVER), 0);
    assert_int_equal(size_of(WHATIF_OLD, 27, SILVER), 1);
    assert_int_equal(size_of(WHATIF_OLD, 28, SILVER), 0); // the card ends with that instant
}

static void another_rate_gives_other_points(void **state)
{
    (void)state;
    replay_examples(TWO_A_YUAN);
    const struct whatif_side *new = &world.whatif->sides[WHATIF_NEW];
    // 1234.56, 900 and 99.99 at two a yuan; 100 by silver's 1.10
    assert_int_equal(new->issued, 2469 + 1800 + 220 + 199);
    assert_int_equal(world.whatif->points.gain, 2);
    assert_int_equal(whatif_value(new->program, new->issued), new->issued); // a fen each
}

static void what_a_guard_refuses_is_counted(void **state)
{
    (void)state;
    replay_examples("guards: {points_a_sale: 1000}\n");
    const struct whatif_side *new = &world.whatif->sides[WHATIF_NEW];
    assert_int_equal(new->refused[REFUSAL_GUARD_SALE], 1);
    assert_int_equal(new->sales, 3);
    assert_int_equal(new->issued, 900 + 100 + 99); // and so below silver
    assert_int_equal(world.whatif->sides[WHATIF_OLD].refused[REFUSAL_GUARD_SALE], 0);
}

// --- live ---

static void assert_applied(enum status status, const struct decision *decision)
{
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(decision->outcome, OUTCOME_APPLIED);
}

static void sell(struct decide *decide, int64_t now_ms, int64_t amount_minor)
{
    struct sale_line line = {.amount_minor = amount_minor, .category = span_of_text("food")};
    struct award_command command = {
        .sale = {.lines = &line, .line_count = 1, .unit = span_of_text("store-7/till-2")},
        .currency = span_of_text("CNY"),
    };
    struct decision decision = {0};
    decide->now_ms = now_ms;
    decide->actor = span_of_text("pos/store-7/till-2");
    assert_applied(decide_award(decide, &command, &decision), &decision);
}

// An account as it is opened, and what it is decided with.
struct ledger {
    struct arena arena;
    struct account account;
    struct buffer log;
    struct ledger_writer writer;
    struct decide decide;
};

static void open_account(struct ledger *ledger, bool pool)
{
    arena_init(&ledger->arena, 1 << 20);
    buffer_init(&ledger->log, 0);
    account_init(&ledger->account);
    ledger->writer = (struct ledger_writer){
        .out = &ledger->log, .hash = club_chain_hash, .programs = &world.old.programs};
    ledger->decide = (struct decide){.account = &ledger->account,
                                     .writer = &ledger->writer,
                                     .arena = &ledger->arena,
                                     .now_ms = day(2025, 1, 10),
                                     .actor = span_of_text("admin/anna")};
    const struct enrol_command enrol = {
        .pool = pool, .member_id = span_of_text("anna"), .enrolled_ms = day(2025, 1, 10)};
    struct decision decision = {0};
    assert_applied(decide_enrol(&ledger->decide, &enrol, &decision), &decision);
}

static void look_at(struct ledger *ledger)
{
    begin_whatif(day(2026, 5, 20), day(2026, 5, 20), true);
    assert_int_equal(whatif_live(world.whatif, &ledger->account, buffer_span(&ledger->log)),
                     STATUS_OK);
    account_fini(&ledger->account);
    buffer_fini(&ledger->log);
    arena_fini(&ledger->arena);
}

// A member since 2025 with three sales, the first of them too long ago; on 2026-05-20 nothing has
// come of the others yet.
static void look_at_member(const char *before, const char *changes)
{
    struct ledger ledger;
    begin(before, before);
    add(&world.new, changes, day(2026, 5, 21));
    open_account(&ledger, false);
    sell(&ledger.decide, day(2025, 4, 1), 100000);
    sell(&ledger.decide, day(2026, 2, 1), 123456);
    sell(&ledger.decide, day(2026, 3, 5), 90000);
    look_at(&ledger);
}

static void a_live_account_goes_on_under_both(void **state)
{
    (void)state;
    look_at_member("", DOUBLED);
    const struct whatif *whatif = world.whatif;
    const struct whatif_side *old = &whatif->sides[WHATIF_OLD];
    const struct whatif_side *new = &whatif->sides[WHATIF_NEW];
    assert_int_equal(whatif->members, 1);
    assert_int_equal(whatif->at_end.members[MEMBER][MEMBER], 1);
    assert_int_equal(whatif->at_until.members[SILVER][MEMBER], 1);
    assert_int_equal(whatif->at_until.change.lose, 1);
    assert_int_equal(old->raised, 1);
    assert_int_equal(new->raised, 0);
    assert_int_equal(size_of(WHATIF_OLD, 1, SILVER), 1); // 2026-06-01
    assert_int_equal(size_of(WHATIF_NEW, 1, SILVER), 0);
    // What expired before now is nobody's doing.
    assert_int_equal(old->end.expired, 0);
    assert_int_equal(old->end.outstanding, 1234 + 900);
    assert_int_equal(new->until.expired, 1234 + 900);
}

static void sales_of_a_year_are_judged_again(void **state)
{
    (void)state;
    look_at_member("", TWO_A_YUAN);
    const struct whatif *whatif = world.whatif;
    assert_int_equal(whatif->not_judged, 0);
    assert_int_equal(whatif->sides[WHATIF_OLD].sales, 2);
    assert_int_equal(whatif->sides[WHATIF_OLD].issued, 1234 + 900);
    assert_int_equal(whatif->sides[WHATIF_NEW].issued, 2469 + 1800);
    assert_int_equal(whatif->points.gain, 1);
}

static void what_a_log_does_not_tell_is_left_as_it_was(void **state)
{
    (void)state;
    look_at_member("", MORE_FOR_FOOD);
    const struct whatif *whatif = world.whatif;
    assert_int_equal(whatif->not_judged, 2);
    assert_int_equal(whatif->not_judged_points, 1234 + 900);
    assert_int_equal(whatif->sides[WHATIF_OLD].issued, 1234 + 900);
    assert_int_equal(whatif->sides[WHATIF_NEW].issued, 1234 + 900);
    assert_int_equal(whatif->points.same, 1);
}

// What was recorded is more than the log lets be computed: five points were for food.
static void what_does_not_come_to_the_record_is_left_too(void **state)
{
    (void)state;
    look_at_member(MORE_FOR_FOOD, TWO_A_YUAN);
    const struct whatif *whatif = world.whatif;
    assert_int_equal(whatif->not_judged, 2);
    assert_int_equal(whatif->sides[WHATIF_NEW].issued, 1234 + 5 + 900 + 5);
}

static void caps_count_over_the_sales_judged(void **state)
{
    (void)state;
    look_at_member("", "earn: {rules: [{id: base, rate: {points: 1, money_minor: 100}, "
                       "cap_month: 1000}]}\n");
    assert_int_equal(world.whatif->not_judged, 0);
    assert_int_equal(world.whatif->sides[WHATIF_NEW].issued, 1000 + 900);
}

static void a_pool_has_no_tier(void **state)
{
    (void)state;
    struct ledger ledger;
    begin("", "");
    open_account(&ledger, true);
    look_at(&ledger);
    assert_int_equal(world.whatif->pools, 1);
    assert_int_equal(world.whatif->members, 0);
    assert_int_equal(world.whatif->points.same, 1);
    assert_int_equal(world.whatif->at_end.change.same, 0);
    assert_int_equal(size_of(WHATIF_NEW, 1, MEMBER), 0);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_changed_is_no_difference),
        TEST(doubled_thresholds_keep_a_member_below),
        TEST(sizes_are_those_of_months),
        TEST(another_rate_gives_other_points),
        TEST(what_a_guard_refuses_is_counted),
        TEST(a_live_account_goes_on_under_both),
        TEST(sales_of_a_year_are_judged_again),
        TEST(what_a_log_does_not_tell_is_left_as_it_was),
        TEST(what_does_not_come_to_the_record_is_left_too),
        TEST(caps_count_over_the_sales_judged),
        TEST(a_pool_has_no_tier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
