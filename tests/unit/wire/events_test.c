// What a record says as events: of which types, in which parts, with which figures.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unit/core/program_sample.h"
#include "wire/events.h"

enum { SILVER = 1, GOLD = 2, UNIT = 3, PERK = 4, NOW_MS = 1000000 };

#define TYPE(name) LOYALTY__V1__EVENT_TYPE__EVENT_TYPE_##name
#define BIT(name) (UINT64_C(1) << TYPE(name))

static struct arena arena;
static struct told told;
static struct sample sample;
static const struct program *program;

static int open_names(void **state)
{
    static const char *const names[] = {"silver", "gold", "pos/store-1/till-1", "lounge"};
    (void)state;
    arena_init(&arena, 1 << 20);
    told_init(&told);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        uint32_t ref = 0;
        assert_int_equal(names_add(&told.names, span_of_text(names[i]), &ref), STATUS_OK);
    }
    told.has_card = true;
    told.card =
        (struct card){.tier = SILVER, .from_ms = 1, .until_ms = NOW_MS, .cause = CARD_RESCORE};
    sample_init(&sample);
    program = sample_compile(&sample, &arena);
    return 0;
}

static int close_names(void **state)
{
    (void)state;
    told_fini(&told);
    arena_fini(&arena);
    return 0;
}

static struct events_entry entry_for(uint64_t types)
{
    return (struct events_entry){.arena = &arena,
                                 .partition = 7,
                                 .epoch = 11,
                                 .number = 13,
                                 .member_id = span_of_text("anna"),
                                 .types = types,
                                 .program = program};
}

static size_t render(const struct record *record, uint64_t types, Loyalty__V1__Event **events)
{
    struct events_entry entry = entry_for(types);
    size_t count = SIZE_MAX;
    assert_int_equal(events_of_record(&entry, &told, record, 42, events, &count), STATUS_OK);
    return count;
}

// The record's events as "part:type:points ".
static void assert_says(const struct record *record, const char *expected)
{
    Loyalty__V1__Event *events[EVENTS_A_RECORD];
    char text[256] = "";
    size_t count = render(record, 0, events);
    for (size_t i = 0; i < count; i++) {
        const ProtobufCEnumValue *type = protobuf_c_enum_descriptor_get_value(
            &loyalty__v1__event_type__descriptor, (int)events[i]->type);
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof(text) - len, "%u:%s:%lld ", events[i]->part,
                       type->name + strlen("EVENT_TYPE_"), (long long)events[i]->points);
        assert_string_equal(events[i]->member_id, "anna");
        assert_int_equal(events[i]->seq, 42);
        assert_int_equal(events[i]->place->number, 13);
        assert_non_null(events[i]->activity);
    }
    assert_string_equal(text, expected);
}

static struct record of(enum record_type type)
{
    return (struct record){.type = type, .actor = UNIT, .at_ms = NOW_MS};
}

static struct lot_move ended[] = {{.ends_ms = NOW_MS, .points = 30},
                                  {.ends_ms = NOW_MS + 1, .points = 5}};

static void sales_and_points(void **state)
{
    (void)state;
    struct record record = of(RECORD_AWARDED);
    record.awarded.points = 9;
    record.awarded.lot_ends_ms = NOW_MS + 1;
    assert_says(&record, "0:AWARDED:0 ");
    record.awarded.lot_ends_ms = NOW_MS; // arrived too late
    assert_says(&record, "0:AWARDED:0 1:EXPIRED:9 ");
    record = of(RECORD_REDEEMED);
    assert_says(&record, "0:REDEEMED:0 ");
    record = of(RECORD_HELD);
    assert_says(&record, "0:RESERVED:0 ");
    record = of(RECORD_CAPTURED);
    record.captured.freed = (struct points_freed){ended, 2};
    assert_says(&record, "0:REDEEMED:0 1:EXPIRED:30 ");
    record = of(RECORD_RELEASED);
    assert_says(&record, "0:HOLD_ENDED:0 ");
    record = of(RECORD_LAPSED);
    record.lapsed.freed = (struct points_freed){ended, 2};
    assert_says(&record, "0:HOLD_ENDED:0 1:EXPIRED:30 ");
    record = of(RECORD_REFUSED);
    assert_says(&record, "0:OTHER:0 ");
}

static void reversals(void **state)
{
    (void)state;
    struct record record = of(RECORD_REVERSED);
    record.reversed.result = REVERSE_REVERSED;
    record.reversed.method = RECORD_AWARDED;
    record.reversed.expired = 4; // had expired before
    assert_says(&record, "0:REVERSED:0 ");
    record.reversed.method = RECORD_REDEEMED;
    assert_says(&record, "0:REVERSED:0 1:EXPIRED:4 ");
    record.reversed = (struct record_reversed){.result = REVERSE_PREVIOUSLY_REVERSED};
    assert_says(&record, "0:OTHER:0 ");
    record = of(RECORD_TOMBSTONE);
    assert_says(&record, "0:OTHER:0 ");
}

static struct record carded(enum card_cause cause, uint32_t tier)
{
    struct record record = of(RECORD_BOUNDARY);
    record.card_count = 1;
    record.cards[0] =
        (struct card){.tier = tier, .from_ms = NOW_MS, .until_ms = INSTANT_NEVER, .cause = cause};
    return record;
}

static void cards(void **state)
{
    (void)state;
    struct record record = carded(CARD_RESCORE, GOLD);
    assert_says(&record, "0:UPGRADED:0 ");
    record = carded(CARD_END, SILVER);
    assert_says(&record, "0:RENEWED:0 ");
    record = carded(CARD_END, GOLD);
    assert_says(&record, "0:UPGRADED:0 ");
    told.card.tier = GOLD;
    record = carded(CARD_END, SILVER);
    assert_says(&record, "0:LOWERED:0 ");
    record = carded(CARD_OPENING, GOLD);
    record.type = RECORD_OPENING;
    assert_says(&record, "0:OTHER:0 ");
    // At one instant lots end, the card ends and the re-scoring gives another.
    record = carded(CARD_END, SILVER);
    record.boundary.expired = ended;
    record.boundary.expired_count = 2;
    record.card_count = 2;
    record.cards[1] = (struct card){
        .tier = GOLD, .from_ms = NOW_MS, .until_ms = INSTANT_NEVER, .cause = CARD_RESCORE};
    assert_says(&record, "0:EXPIRED:35 1:LOWERED:0 2:UPGRADED:0 ");
    record = of(RECORD_BOUNDARY);
    assert_says(&record, "0:OTHER:0 ");
}

static void acts_by_hand(void **state)
{
    (void)state;
    struct record record = of(RECORD_ADJUSTED);
    record.adjusted.points = 5;
    assert_says(&record, "0:ADJUSTED:0 ");
    record = carded(CARD_IMMEDIATE, GOLD);
    record.type = RECORD_ADJUSTED;
    record.adjusted = (struct record_adjusted){.score = 5};
    assert_says(&record, "0:ADJUSTED:0 1:UPGRADED:0 ");
    record = carded(CARD_GRANTED, GOLD);
    record.type = RECORD_CARD_GRANTED;
    assert_says(&record, "0:UPGRADED:0 ");
    told.card.tier = GOLD;
    record = carded(CARD_REVOKED, SILVER);
    record.type = RECORD_CARD_REVOKED;
    assert_says(&record, "0:LOWERED:0 ");
    record = carded(CARD_RESUMED, SILVER);
    assert_says(&record, "0:LOWERED:0 ");
    record = carded(CARD_RESUMED, GOLD);
    assert_says(&record, "0:RENEWED:0 ");
    record = carded(CARD_RESCORE, GOLD); // in the place of a complimentary one
    assert_says(&record, "0:RENEWED:0 ");
    record = of(RECORD_AUDITED);
    assert_says(&record, "");
}

static void notices(void **state)
{
    (void)state;
    Loyalty__V1__Event *events[EVENTS_A_RECORD];
    struct record record = of(RECORD_NOTICED);
    record.noticed = (struct record_noticed){
        .kind = NOTICE_POINTS_EXPIRING, .due_ms = NOW_MS + 5000, .points = 12};
    assert_says(&record, "0:EXPIRING_SOON:12 ");
    assert_int_equal(render(&record, 0, events), 1);
    assert_int_equal(events[0]->due_at->seconds, 1005);
    record.noticed = (struct record_noticed){.kind = NOTICE_CARD_ENDING, .due_ms = NOW_MS + 5000};
    assert_says(&record, "0:CARD_ENDING:0 ");
    assert_int_equal(render(&record, 0, events), 1);
    assert_string_equal(events[0]->card->tier_id, "silver");
    told.has_card = false; // a stream goes on without
    assert_int_equal(render(&record, 0, events), 1);
    assert_null(events[0]->card);
}

static void memberships(void **state)
{
    (void)state;
    struct record record = carded(CARD_ENROLLED, SILVER);
    record.type = RECORD_OPENED;
    record.opened = (struct record_opened){.kind = ACCOUNT_MEMBER};
    assert_says(&record, "0:ENROLLED:0 ");
    record.opened.kind = ACCOUNT_POOL;
    assert_says(&record, "0:ENROLLED:0 ");
    record.opened.kind = ACCOUNT_TERMINAL_DAY;
    assert_says(&record, "");
    record.opened.kind = ACCOUNT_SETTLEMENT;
    assert_says(&record, "");
    record = of(RECORD_RECEIPT);
    assert_says(&record, "");
    record = of(RECORD_SETTLED);
    assert_says(&record, "");
    record = of(RECORD_STATUS_CHANGED);
    record.status_changed.forfeited = 8;
    assert_says(&record, "0:STATUS_CHANGED:0 1:EXPIRED:8 ");
    record = of(RECORD_MERGED);
    assert_says(&record, "0:MERGED:0 ");
    record = carded(CARD_MERGED, GOLD);
    record.type = RECORD_ABSORBED;
    record.absorbed = (struct record_absorbed){.from = span_of_text("bo"),
                                               .carried = {.lots = ended, .lot_count = 2}};
    assert_says(&record, "0:MERGED:0 1:EXPIRED:30 2:UPGRADED:0 ");
    record = of(RECORD_PERK_USED);
    record.perk_used.perk = PERK;
    assert_says(&record, "0:PERK_USED:0 ");
    record = of(RECORD_PERK_REVERSED);
    record.perk_reversed.result = REVERSE_REVERSED;
    assert_says(&record, "0:PERK_REVERSED:0 ");
    record.perk_reversed.result = REVERSE_ORIGINAL_NOT_FOUND;
    assert_says(&record, "0:OTHER:0 ");
    record = of(RECORD_CONTRIBUTED);
    assert_says(&record, "0:SCORE_CHANGED:0 ");
    record = of(RECORD_IDENTIFIERS_CHANGED);
    assert_says(&record, "0:IDENTIFIERS_CHANGED:0 ");
    record = of(RECORD_BONUS);
    record.bonus.points = 6;
    record.bonus.lot_ends_ms = INSTANT_NEVER;
    assert_says(&record, "0:BONUS:0 ");
}

// Parts keep their numbers whatever is asked for.
static void only_what_is_wanted(void **state)
{
    (void)state;
    Loyalty__V1__Event *events[EVENTS_A_RECORD];
    struct record record = carded(CARD_END, SILVER);
    record.boundary.expired = ended;
    record.boundary.expired_count = 2;
    assert_int_equal(render(&record, BIT(RENEWED) | BIT(AWARDED), events), 1);
    assert_int_equal(events[0]->type, TYPE(RENEWED));
    assert_int_equal(events[0]->part, 1);
    assert_int_equal(render(&record, BIT(AWARDED), events), 0);
}

static void what_cannot_be_read_is_said(void **state)
{
    (void)state;
    struct events_entry entry = entry_for(0);
    Loyalty__V1__Event *event = NULL;
    assert_int_equal(events_unreadable(&entry, 5, &event), STATUS_OK);
    assert_int_equal(event->type, TYPE(OTHER));
    assert_int_equal(event->seq, 5);
    assert_null(event->activity);
    assert_int_equal(events_birthday(&entry, 20463, NOW_MS, &event), STATUS_OK);
    assert_int_equal(event->type, TYPE(BIRTHDAY_DUE));
    assert_int_equal(event->part, 20463);
    assert_int_equal(event->seq, 0);
    assert_int_equal(event->at->seconds, 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_names, close_names)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sales_and_points),
        TEST(reversals),
        TEST(cards),
        TEST(acts_by_hand),
        TEST(notices),
        TEST(memberships),
        TEST(only_what_is_wanted),
        TEST(what_cannot_be_read_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
