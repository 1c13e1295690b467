// What reads show: the member as of now, whoever asks first; the account's records page by page,
// also those that time has made and nobody has written; why this tier. The story is E1 to E3 of
// domain.md.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/log.h"
#include "loyalty/v1/programs.pb-c.h"
#include "support/service_world.h"

#define TILL "pos/store-1/till-1"
#define APP "backend/app"
#define DAY_MS INT64_C(86400000)

// 2026-06-01 00:00 in Shanghai, the re-scoring.
#define RESCORE_MS INT64_C(1780243200000)

static struct service_world world;
static struct world_daemon *daemon_a;

static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 1);
    daemon_a = &world.daemons[0];
    world_enroll(&world, "anna");
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

// Straight to an instant; the lease is read there.
static void leap(int64_t now_ms)
{
    world.now_ms = now_ms - LIMIT_LEASE_READ_MS;
    world_pass(&world, LIMIT_LEASE_READ_MS);
}

// E1: 1,234.56 on 1 February, 900.00 on 5 March.
static void story_until_march(void)
{
    leap(WORLD_START_MS + 22 * DAY_MS);
    assert_int_equal(world_award(&world, "anna", 123456)->points, 1234);
    leap(WORLD_START_MS + 54 * DAY_MS);
    assert_int_equal(world_award(&world, "anna", 90000)->standing->score, 2134);
}

static int64_t at_ms(const Google__Protobuf__Timestamp *timestamp)
{
    return timestamp->seconds * 1000 + timestamp->nanos / 1000000;
}

static const Loyalty__V1__ListActivityResponse *list(const char *member, uint32_t size,
                                                     const char *token)
{
    struct world_answer answer;
    world_call(daemon_a, APP, "MembersService/ListActivity",
               world_text(&world,
                          "{\"member\": {\"member_id\": \"%s\"}, \"page_size\": %u, "
                          "\"page_token\": \"%s\"}",
                          member, size, token),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
    return (const Loyalty__V1__ListActivityResponse *)answer.reply;
}

static const Loyalty__V1__ExplainTierResponse *explain(const char *member)
{
    struct world_answer answer;
    world_call(daemon_a, APP, "MembersService/ExplainTier", world_member_text(&world, member),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
    return (const Loyalty__V1__ExplainTierResponse *)answer.reply;
}

// --- GetMember ---

// E6: a reader after the re-scoring sees silver, though nothing has been written.
static void a_reader_sees_what_time_has_made(void **state)
{
    (void)state;
    story_until_march();
    leap(RESCORE_MS - 1);
    const Loyalty__V1__GetMemberResponse *member = world_member(daemon_a, "anna");
    assert_string_equal(member->card->tier_id, "member");
    assert_int_equal(at_ms(member->next_change_at), RESCORE_MS);
    leap(RESCORE_MS + DAY_MS);
    member = world_member(daemon_a, "anna");
    assert_string_equal(member->standing->tier_id, "silver");
    assert_string_equal(member->card->tier_id, "silver");
    assert_int_equal(at_ms(member->card->from), RESCORE_MS);
    assert_int_equal(at_ms(member->as_of), world.now_ms);
    assert_int_equal(member->seq, 3);
    assert_int_equal(member->lots[0]->points, 1234);
    int64_t balance = 0;
    assert_int_equal(world_verify(&world, "anna", &balance), 3);
    assert_int_equal(balance, 2134);
}

static void an_unknown_member_is_not_found(void **state)
{
    (void)state;
    static const char *const methods[] = {"MembersService/GetMember", "MembersService/ListActivity",
                                          "MembersService/ExplainTier"};
    for (size_t i = 0; i < 3; i++) {
        struct world_answer answer;
        world_call(daemon_a, APP, methods[i], world_member_text(&world, "nobody"), &answer);
        assert_string_equal(world_end(&answer), "UNKNOWN_MEMBER");
        assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_NOT_FOUND);
        world_call(daemon_a, APP, methods[i], world_member_text(&world, "no body"), &answer);
        assert_string_equal(world_end(&answer), "BAD_MEMBER_ID");
    }
}

// A quote is what the award will be, and leaves nothing.
static void a_quote_is_what_the_award_will_be(void **state)
{
    (void)state;
    struct world_answer quote;
    world_call(daemon_a, TILL, "PointsService/Quote",
               "{\"member\": {\"member_id\": \"anna\"}, \"sale\": {\"currency\": \"CNY\", "
               "\"lines\": [{\"amount_minor\": 6000000}]}}",
               &quote);
    assert_string_equal(world_end(&quote), "OK");
    const Loyalty__V1__AwardResponse *quoted = ((Loyalty__V1__QuoteResponse *)quote.reply)->award;
    assert_int_equal(world_member(daemon_a, "anna")->seq, 1);
    const Loyalty__V1__AwardResponse *award = world_award(&world, "anna", 6000000);
    assert_int_equal(quoted->seq, 0);
    assert_int_equal(quoted->points, award->points);
    assert_string_equal(quoted->new_card->tier_id, "diamond");
    assert_string_equal(award->new_card->tier_id, "diamond");
    assert_int_equal(quoted->standing->balance, award->standing->balance);
}

static void training_posts_nothing(void **state)
{
    (void)state;
    struct world_answer answer;
    const char *text = world_text(&world,
                                  "{%s, \"member\": {\"member_id\": \"anna\"}, \"sale\": "
                                  "{\"currency\": \"CNY\", \"training\": true, \"lines\": "
                                  "[{\"amount_minor\": 10000}]}}",
                                  world_mutation(&world, world_id(&world)));
    for (int i = 0; i < 2; i++) {
        world_call(daemon_a, TILL, "PointsService/Award", text, &answer);
        assert_string_equal(world_end(&answer), "OK");
        const Loyalty__V1__AwardResponse *award = (Loyalty__V1__AwardResponse *)answer.reply;
        assert_int_equal(award->points, 100);
        assert_int_equal(award->standing->balance, 100);
        assert_int_equal(award->seq, 0);
    }
    assert_int_equal(world_member(daemon_a, "anna")->standing->balance, 0);
}

// --- ListActivity ---

// Newest first; what is unwritten shows where it will stand, and later reads say the same of it.
static void unwritten_boundaries_are_listed(void **state)
{
    (void)state;
    story_until_march();
    leap(RESCORE_MS + 400 * DAY_MS); // silver, then both lots ended
    const Loyalty__V1__ListActivityResponse *all = list("anna", 0, "");
    assert_int_equal(all->n_activities, 6);
    assert_string_equal(all->next_page_token, "");
    for (size_t i = 0; i < 6; i++) {
        const Loyalty__V1__Activity *activity = all->activities[i];
        assert_int_equal(activity->seq, 6 - i);
        assert_int_equal(activity->unwritten, i < 3);
        assert_int_equal(activity->kind,
                         i < 3   ? LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_TIME_PASSED
                         : i < 5 ? LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_AWARDED
                                 : LOYALTY__V1__ACTIVITY_KIND__ACTIVITY_KIND_ENROLLED);
    }
    assert_string_equal(all->activities[2]->new_card->tier_id, "silver");
    assert_int_equal(at_ms(all->activities[2]->at), RESCORE_MS);
    assert_int_equal(all->activities[1]->points, -1234);
    assert_int_equal(all->activities[0]->points, -900);
    assert_string_equal(all->activities[3]->unit, "store-1/till-1");
    (void)world_award(&world, "anna", 10000);
    const Loyalty__V1__ListActivityResponse *written = list("anna", 0, "");
    assert_int_equal(written->n_activities, 7);
    for (size_t i = 0; i < 3; i++) {
        Loyalty__V1__Activity *activity = written->activities[i + 1];
        assert_false(activity->unwritten);
        activity->unwritten = true;
        uint8_t before[512];
        uint8_t after[512];
        size_t len = protobuf_c_message_pack(&all->activities[i]->base, before);
        assert_int_equal(protobuf_c_message_pack(&activity->base, after), len);
        assert_memory_equal(before, after, len);
    }
}

// Pages of every size meet without a gap or an overlap, also across what is unwritten.
static void pages_meet(void **state)
{
    (void)state;
    for (int i = 0; i < 9; i++) {
        (void)world_award(&world, "anna", 100000);
    }
    leap(RESCORE_MS + 400 * DAY_MS);
    for (uint32_t size = 1; size <= 14; size++) {
        uint64_t expected = 12;
        const char *token = "";
        do {
            const Loyalty__V1__ListActivityResponse *page = list("anna", size, token);
            for (size_t i = 0; i < page->n_activities; i++) {
                assert_int_equal(page->activities[i]->seq, expected);
                assert_int_equal(page->activities[i]->unwritten, expected > 10);
                expected--;
            }
            token = page->next_page_token;
            assert_true(page->n_activities == size || expected == 0);
        } while (token[0] != '\0');
        assert_int_equal(expected, 0);
    }
    assert_int_equal(list("anna", 5, "p1")->n_activities, 0);
}

// New records at the top do not move what a token goes on from.
static void a_token_stands_while_records_come(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        (void)world_award(&world, "anna", 100);
    }
    const Loyalty__V1__ListActivityResponse *first = list("anna", 2, "");
    assert_int_equal(first->activities[1]->seq, 5);
    (void)world_award(&world, "anna", 100);
    world_compact_now(&world, "anna", 0);
    assert_int_equal(list("anna", 2, first->next_page_token)->activities[0]->seq, 4);
}

static void bad_pages_are_refused(void **state)
{
    (void)state;
    struct world_answer answer;
    static const char *const pages[] = {"\"page_size\": 201", "\"page_token\": \"0\"",
                                        "\"page_token\": \"p01\"", "\"page_token\": \"q1\""};
    for (size_t i = 0; i < 4; i++) {
        world_call(daemon_a, APP, "MembersService/ListActivity",
                   world_text(&world, "{\"member\": {\"member_id\": \"anna\"}, %s}", pages[i]),
                   &answer);
        assert_int_equal(answer.code, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT);
    }
}

// --- very many lots ---

static void open_with_many_lots(const char *member, int lots)
{
    for (int first = 0; first < lots; first += LIMIT_OPENING_ITEMS) {
        char *text = arena_alloc(&world.arena, (size_t)64 * LIMIT_OPENING_ITEMS);
        size_t used = 0;
        for (int i = first; i < first + LIMIT_OPENING_ITEMS; i++) {
            int day = i % 28 + 1;
            int month = i / 28 % 12 + 1;
            int year = 2027 + i / 336;
            used +=
                (size_t)sprintf(text + used, "%s{\"points\": 3, \"expires_on\": \"%d-%02d-%02d\"}",
                                i == first ? "" : ", ", year, month, day);
        }
        struct world_answer answer;
        world_call(daemon_a, "admin/hq", "AdminService/OpeningBalance",
                   world_text(&world, "{%s, \"member\": {\"member_id\": \"%s\"}, \"lots\": [%s]}",
                              world_mutation(&world, world_id(&world)), member, text),
                   &answer);
        assert_string_equal(world_end(&answer), "OK");
    }
}

// As many lots as there may be: whatever was written can be answered, and answered again.
static void very_many_lots_fit_every_answer(void **state)
{
    (void)state;
    enum { LOTS = 15 * LIMIT_OPENING_ITEMS };
    open_with_many_lots("anna", LOTS);
    const Loyalty__V1__GetMemberResponse *member = world_member(daemon_a, "anna");
    assert_int_equal(member->standing->balance, 3 * LOTS);
    assert_int_equal(member->n_lots, LIMIT_LOTS_SHOWN);
    struct world_answer first;
    struct world_answer again;
    const char *text = world_redeem_text(&world, world_id(&world), "anna", 9000);
    world_call(daemon_a, TILL, "PointsService/Redeem", text, &first);
    assert_string_equal(world_end(&first), "OK");
    const Loyalty__V1__RedeemResponse *redeem = (Loyalty__V1__RedeemResponse *)first.reply;
    assert_int_equal(redeem->points, 9000);
    assert_int_equal(redeem->n_taken, LIMIT_LOTS_SHOWN);
    world_call(daemon_a, TILL, "PointsService/Redeem", text, &again);
    assert_string_equal(world_end(&again), "REPLAYED");
    assert_memory_equal(first.payload.data, again.payload.data, first.payload.len);
    uint64_t expected = world_member(daemon_a, "anna")->seq;
    const char *token = "";
    do {
        const Loyalty__V1__ListActivityResponse *page = list("anna", LIMIT_PAGE_SIZE, token);
        for (size_t i = 0; i < page->n_activities; i++) {
            assert_int_equal(page->activities[i]->seq, expected--);
        }
        token = page->next_page_token;
    } while (token[0] != '\0');
    assert_int_equal(expected, 0);
}

// The fullest page there can be: two hundred sales by every rule there may be.
static void a_page_of_many_rules_fits(void **state)
{
    (void)state;
    char *rules = arena_alloc(&world.arena, (size_t)256 * LIMIT_EARN_RULES);
    size_t used = 0;
    for (int i = 1; i < LIMIT_EARN_RULES; i++) {
        used += (size_t)sprintf(rules + used,
                                ", {\"id\": \"a-rule-with-quite-a-long-name-to-fill-the-page-%d\", "
                                "\"rate\": {\"points\": 1, \"money_minor\": 100}}",
                                i);
    }
    const char *program = service_world_program(&world, "");
    const char *at = strstr(program, "]}, \"score\"");
    assert_non_null(at);
    struct world_answer answer;
    world_call(daemon_a, "admin/hq", "ProgramsService/GetProgram", "{}", &answer);
    world_call(daemon_a, "admin/hq", "ProgramsService/PublishProgram",
               world_text(&world,
                          "{%s, \"program\": %.*s%s%s, \"etag\": \"%s\", \"effective_from\": "
                          "\"%s\"}",
                          world_mutation(&world, world_id(&world)), (int)(at - program), program,
                          rules, at, ((Loyalty__V1__GetProgramResponse *)answer.reply)->etag,
                          world_instant(&world, world.now_ms + 60000)),
               &answer);
    assert_string_equal(world_end(&answer), "OK");
    leap(world.now_ms + 65000);
    for (int i = 0; i < LIMIT_PAGE_SIZE; i++) {
        assert_int_equal(world_award(&world, "anna", 100)->n_by_rule, LIMIT_EARN_RULES);
    }
    uint64_t expected = LIMIT_PAGE_SIZE + 1;
    const char *token = "";
    do {
        const Loyalty__V1__ListActivityResponse *page = list("anna", LIMIT_PAGE_SIZE, token);
        for (size_t i = 0; i < page->n_activities; i++) {
            assert_int_equal(page->activities[i]->seq, expected--);
        }
        token = page->next_page_token;
    } while (token[0] != '\0');
    assert_int_equal(expected, 0);
}

// --- ExplainTier ---

static void the_tier_is_explained(void **state)
{
    (void)state;
    story_until_march();
    const Loyalty__V1__ExplainTierResponse *tier = explain("anna");
    assert_string_equal(tier->card->tier_id, "member");
    assert_int_equal(tier->standing->score, 2134);
    assert_int_equal(tier->n_parts, 2);
    assert_int_equal(tier->parts[0]->score, 900);
    assert_int_equal(tier->parts[1]->score, 1234);
    assert_true(tier->parts[0]->counts_now);
    assert_int_equal(at_ms(tier->next_rescore_at), RESCORE_MS);
    assert_int_equal(tier->next_rescore_score, 2134);
    assert_string_equal(tier->next_rescore_tier_id, "silver");
    assert_int_equal(tier->n_tiers, 4);
    assert_int_equal(tier->tiers[1]->missing, 0);
    assert_int_equal(tier->tiers[2]->missing, 7866);
    assert_string_equal(tier->tiers[3]->given, "IMMEDIATE");
    leap(RESCORE_MS + DAY_MS);
    tier = explain("anna");
    assert_string_equal(tier->card->tier_id, "silver");
    assert_int_equal(tier->card->cause, LOYALTY__V1__CARD_CAUSE__CARD_CAUSE_RESCORE);
    leap(RESCORE_MS + 45 * DAY_MS);
    const Loyalty__V1__AwardResponse *award = world_award(&world, "anna", 6000000);
    assert_int_equal(award->points, 66000); // E3
    tier = explain("anna");
    assert_string_equal(tier->card->tier_id, "diamond");
    assert_int_equal(tier->standing->score, 62134);
    assert_string_equal(tier->standing->next_tier_id, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(a_reader_sees_what_time_has_made),
        TEST(an_unknown_member_is_not_found),
        TEST(a_quote_is_what_the_award_will_be),
        TEST(training_posts_nothing),
        TEST(unwritten_boundaries_are_listed),
        TEST(pages_meet),
        TEST(a_token_stands_while_records_come),
        TEST(bad_pages_are_refused),
        TEST(very_many_lots_fit_every_answer),
        TEST(a_page_of_many_rules_fits),
        TEST(the_tier_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
