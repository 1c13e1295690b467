// What is told along with records: exactly what they refer to, and the card held before where one
// is told of.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/told.h"

enum { NAMES = 130, DAY_MS = 86400000 }; // references of more than one word of bits, and two bytes

struct world {
    struct account account;
    struct told_marks marks;
    struct buffer bytes;
    struct told told;
};

static struct world world;

static struct span name_of(uint32_t ref)
{
    static char text[16];
    return span_of(text, (size_t)snprintf(text, sizeof(text), "name-%u", ref));
}

static int open_world(void **state)
{
    (void)state;
    world = (struct world){0};
    account_init(&world.account);
    buffer_init(&world.bytes, 0);
    told_init(&world.told);
    for (uint32_t ref = 1; ref <= NAMES; ref++) {
        uint32_t found = 0;
        assert_int_equal(names_add(&world.account.names, name_of(ref), &found), STATUS_OK);
        assert_int_equal(found, ref);
    }
    assert_int_equal(vec_reserve_one(&world.account.cards, LIMIT_CARDS), STATUS_OK);
    world.account.cards.items[0] = (struct card){
        .tier = 70, .from_ms = 5 * DAY_MS, .until_ms = INSTANT_NEVER, .cause = CARD_ENROLLED};
    world.account.cards.count = 1;
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    account_fini(&world.account);
    buffer_fini(&world.bytes);
    told_fini(&world.told);
    return 0;
}

static void write(void)
{
    struct told_before before = told_before(&world.account);
    buffer_clear(&world.bytes);
    assert_int_equal(told_write(&world.marks, &before, &world.account.names, &world.bytes),
                     STATUS_OK);
}

static void read_back(void)
{
    write();
    assert_int_equal(told_read(&world.told, buffer_span(&world.bytes)), STATUS_OK);
    assert_int_equal(world.told.names.places.count, NAMES);
}

static void assert_named(uint32_t ref, bool named)
{
    struct span text = names_text(&world.told.names, ref);
    assert_int_equal(text.len > 0, named);
    assert_true(!named || span_equal(text, name_of(ref)));
}

static void names_of_an_award(void **state)
{
    (void)state;
    struct rule_points rules[] = {{.rule = 64, .points = 1}, {.rule = 130, .points = 2}};
    struct record award = {.type = RECORD_AWARDED, .actor = 3};
    award.awarded.rules = rules;
    award.awarded.rule_count = 2;
    award.figures.tier = 70; // is not told: no event has it
    told_mark(&world.marks, &award);
    read_back();
    for (uint32_t ref = 1; ref <= NAMES; ref++) {
        assert_named(ref, ref == 3 || ref == 64 || ref == 130);
    }
    assert_false(world.told.has_card);
}

static void the_card_before_a_card(void **state)
{
    (void)state;
    struct record boundary = {.type = RECORD_BOUNDARY, .card_count = 1};
    boundary.cards[0] = (struct card){
        .tier = 71, .from_ms = 9 * DAY_MS, .until_ms = 10 * DAY_MS, .cause = CARD_RESCORE};
    told_mark(&world.marks, &boundary);
    read_back();
    assert_named(70, true);
    assert_named(71, true);
    assert_named(72, false);
    assert_true(world.told.has_card);
    assert_int_equal(world.told.card.tier, 70);
    assert_int_equal(world.told.card.from_ms, 5 * DAY_MS);
    assert_int_equal(world.told.card.until_ms, INSTANT_NEVER);
    assert_int_equal(told_follow(&world.told, &boundary), STATUS_OK);
    assert_int_equal(world.told.card.tier, 71);
}

static void names_that_records_add_follow(void **state)
{
    (void)state;
    struct span added[] = {span_of_text("one"), span_of_text("two")};
    struct record record = {.type = RECORD_REFERRED, .names = added, .name_count = 2};
    read_back();
    assert_int_equal(told_follow(&world.told, &record), STATUS_OK);
    assert_true(span_is_text(names_text(&world.told.names, NAMES + 1), "one"));
    assert_true(span_is_text(names_text(&world.told.names, NAMES + 2), "two"));
}

// Marks of an attempt that was given up may name what is not there any more.
static void what_is_not_there_is_passed_over(void **state)
{
    (void)state;
    struct record record = {.type = RECORD_REFERRED, .actor = NAMES};
    told_mark(&world.marks, &record);
    record.actor = NAMES + 1;
    told_mark(&world.marks, &record);
    record.actor = UINT32_MAX;
    told_mark(&world.marks, &record);
    read_back();
    assert_named(NAMES, true);
}

static void the_first_records_need_nothing(void **state)
{
    (void)state;
    struct told_before before = {0};
    assert_int_equal(told_write(&world.marks, &before, &world.account.names, &world.bytes),
                     STATUS_OK);
    assert_int_equal(world.bytes.len, 0);
    assert_int_equal(told_read(&world.told, buffer_span(&world.bytes)), STATUS_OK);
    assert_int_equal(world.told.names.places.count, 0);
}

// Cut anywhere, or with a byte changed, it is refused or says something else, and nothing breaks.
static void broken_bytes_break_nothing(void **state)
{
    (void)state;
    struct record boundary = {.type = RECORD_BOUNDARY, .card_count = 1, .actor = 3};
    boundary.cards[0].tier = 71;
    told_mark(&world.marks, &boundary);
    write();
    for (size_t i = 0; i < world.bytes.len; i++) {
        enum status cut = told_read(&world.told, span_of(world.bytes.data, i));
        assert_true(cut == STATUS_OK || cut == STATUS_CORRUPT);
        for (int flip = 1; flip < 256; flip++) {
            world.bytes.data[i] ^= (uint8_t)flip;
            enum status status = told_read(&world.told, buffer_span(&world.bytes));
            assert_true(status == STATUS_OK || status == STATUS_CORRUPT);
            world.bytes.data[i] ^= (uint8_t)flip;
        }
    }
    static const uint8_t twice[] = {9, 0, 3, 1, 'a', 3, 1, 'b'};
    assert_int_equal(told_read(&world.told, span_of(twice, sizeof(twice))), STATUS_CORRUPT);
    static const uint8_t beyond[] = {9, 0, 10, 1, 'a'};
    assert_int_equal(told_read(&world.told, span_of(beyond, sizeof(beyond))), STATUS_CORRUPT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_of_an_award),
        TEST(the_card_before_a_card),
        TEST(names_that_records_add_follow),
        TEST(what_is_not_there_is_passed_over),
        TEST(the_first_records_need_nothing),
        TEST(broken_bytes_break_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
