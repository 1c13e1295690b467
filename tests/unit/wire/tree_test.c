// The mapping of trees to messages: what it takes, what it writes, and every problem with its exact
// path and reason.
#include "wire/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "loyalty/v1/common.pb-c.h"
#include "loyalty/v1/frame.pb-c.h"
#include "loyalty/v1/points.pb-c.h"
#include "loyalty/v1/program.pb-c.h"
#include "unit/wire/long_text.h"
#include "wire/message.h"

#define PROGRAM &loyalty__v1__program__descriptor
#define SALE &loyalty__v1__sale__descriptor
#define RULE &loyalty__v1__earn_rule__descriptor
#define MUTATION &loyalty__v1__mutation__descriptor
#define ENVELOPE &loyalty__v1__request_envelope__descriptor

struct reading {
    struct arena arena;
    struct problems problems;
    ProtobufCMessage *message; // NULL when there was no tree
};

static void read_begin(struct reading *reading, const ProtobufCMessageDescriptor *type,
                       const char *json)
{
    *reading = (struct reading){0};
    arena_init(&reading->arena, 1 << 20);
    reading->problems.arena = &reading->arena;
    json_t *tree = NULL;
    enum status status = tree_parse(span_of_text(json), &reading->problems, &tree);
    if (status != STATUS_OK) {
        assert_int_equal(status, STATUS_INVALID);
        return;
    }
    assert_int_equal(tree_to_message(tree, type, &reading->problems, &reading->message), STATUS_OK);
    json_decref(tree);
}

static void read_end(struct reading *reading)
{
    arena_fini(&reading->arena);
}

// `expected`: "path: reason" of each problem, one a line.
static void check_problems(const ProtobufCMessageDescriptor *type, const char *json,
                           const char *expected)
{
    struct reading reading;
    read_begin(&reading, type, json);
    const char *found = "";
    for (size_t i = 0; i < reading.problems.count; i++) {
        const struct problem *problem = &reading.problems.items[i];
        found = arena_printf(&reading.arena, "%s%s: %s\n", found, (const char *)problem->path.data,
                             (const char *)problem->reason.data);
    }
    assert_string_equal(found, expected);
    read_end(&reading);
}

static void check_good(const ProtobufCMessageDescriptor *type, const char *json, unsigned options,
                       const char *expected)
{
    struct reading reading;
    check_problems(type, json, "");
    read_begin(&reading, type, json);
    json_t *tree = NULL;
    struct span text = {0};
    assert_int_equal(tree_from_message(reading.message, options, &tree), STATUS_OK);
    assert_int_equal(tree_print(tree, false, &reading.arena, &text), STATUS_OK);
    assert_string_equal((const char *)text.data, expected);
    json_decref(tree);
    read_end(&reading);
}

static void both_names_and_forms_are_taken(void **state)
{
    (void)state;
    check_good(SALE, "{\"paid_with_points_minor\": 5}", 0, "{\"paidWithPointsMinor\":\"5\"}");
    check_good(SALE, "{\"paidWithPointsMinor\": \"5\"}", TREE_PROTO_NAMES | TREE_PLAIN_INTEGERS,
               "{\"paid_with_points_minor\":5}");
    check_good(PROGRAM, "{\"on_card_end\": \"ONE_DOWN\"}", 0,
               "{\"onCardEnd\":\"ON_CARD_END_ONE_DOWN\"}");
    check_good(PROGRAM, "{\"on_card_end\": \"ON_CARD_END_ONE_DOWN\"}", TREE_DOCUMENT,
               "{\"on_card_end\":\"ONE_DOWN\"}");
    check_good(PROGRAM, "{\"onCardEnd\": 2}", 0, "{\"onCardEnd\":\"ON_CARD_END_ONE_DOWN\"}");
    check_good(PROGRAM, "{\"onCardEnd\": 0}", 0, "{}");
    check_good(SALE, "{\"occurredAt\": \"2026-06-01T00:00:00.25+08:00\"}", 0,
               "{\"occurredAt\":\"2026-05-31T16:00:00.250Z\"}");
    check_good(ENVELOPE, "{\"payload\": \"-_8\", \"method\": \"\\u91d1\"}", 0,
               "{\"method\":\"金\",\"payload\":\"+/8=\"}");
    check_good(PROGRAM, "{\"tiers\": [{\"names\": {\"en\": \"Gold\", \"zh-CN\": \"\"}}, {}]}", 0,
               "{\"tiers\":[{\"names\":{\"en\":\"Gold\",\"zh-CN\":\"\"}},{}]}");
}

static void numbers_reach_their_ends(void **state)
{
    (void)state;
    check_good(MUTATION, "{\"minSeq\": \"18446744073709551615\"}", 0,
               "{\"minSeq\":\"18446744073709551615\"}");
    check_good(MUTATION, "{\"minSeq\": \"18446744073709551615\"}", TREE_PLAIN_INTEGERS,
               "{\"minSeq\":\"18446744073709551615\"}");
    check_good(MUTATION, "{\"minSeq\": 9223372036854775807}", TREE_PLAIN_INTEGERS,
               "{\"minSeq\":9223372036854775807}");
    check_good(SALE, "{\"paidWithPointsMinor\": -9223372036854775808}", 0,
               "{\"paidWithPointsMinor\":\"-9223372036854775808\"}");
    check_good(ENVELOPE, "{\"timeoutMs\": \"4294967295\"}", 0, "{\"timeoutMs\":4294967295}");
    check_good(ENVELOPE, "{\"timeoutMs\": 0}", 0, "{}");
}

static void absence_and_presence_are_kept_apart(void **state)
{
    (void)state;
    check_good(RULE, "{\"bonusPoints\": 0}", 0, "{\"bonusPoints\":\"0\"}");
    check_good(RULE, "{\"rate\": {}}", 0, "{\"rate\":{}}");
    check_good(RULE, "{\"rate\": null, \"bonus_points\": 1, \"id\": null}", 0,
               "{\"bonusPoints\":\"1\"}");
    check_good(PROGRAM, "{\"late_days\": {}}", 0, "{\"lateDays\":{}}");
    check_good(SALE, "{\"lines\": [], \"training\": false, \"unit\": \"\"}", 0, "{}");
    check_good(&loyalty__v1__redemption__descriptor, "{}", TREE_WITH_DEFAULTS | TREE_PROTO_NAMES,
               "{\"minimum_points\":\"0\",\"step_points\":\"0\",\"maximum_a_day\":\"0\","
               "\"hold_seconds\":0,\"offline_floor_points\":\"0\"}");
    check_good(&loyalty__v1__perk__descriptor, "{}", TREE_WITH_DEFAULTS,
               "{\"id\":\"\",\"names\":{},\"tiers\":[],\"partners\":[]}");
    check_good(SALE, "{}", TREE_WITH_DEFAULTS,
               "{\"currency\":\"\",\"lines\":[],\"paidWithPointsMinor\":\"0\",\"unit\":\"\","
               "\"channel\":\"\",\"training\":false,\"exchangeOf\":\"\",\"attached\":false}");
}

static void unknown_fields_are_named_with_the_known_ones(void **state)
{
    (void)state;
    check_problems(PROGRAM, "{\"earn\": {\"rules\": [{\"raet\": {\"points\": 1}}]}}",
                   "earn.rules[0].raet: unknown field; known are: id, when, rate, multiplier_bp, "
                   "bonus_points, cap_sale, cap_day, cap_month\n");
    check_problems(PROGRAM, "{\"score\": {\"in_force\": {\"x\": 1}}}",
                   "score.in_force.x: unknown field; there are none here\n");
    check_problems(PROGRAM, "{\"lateDays\": {\"Days\": 1}}",
                   "lateDays.Days: unknown field; known are: days\n");
    check_problems(PROGRAM, "{\"tiers\": [{}, {\"a\\u001b[1m\\n\": null}]}",
                   "tiers[1].a?[1m?: unknown field; known are: id, names, threshold, upgrade, "
                   "validity_months, multiplier_bp\n");
}

static void wrong_types_say_what_was_expected(void **state)
{
    (void)state;
    check_problems(PROGRAM, "[]", ": expected an object with fields, found a list\n");
    check_problems(PROGRAM, "null", ": expected an object with fields, found nothing\n");
    check_problems(PROGRAM, "{\"tiers\": {}}", "tiers: expected a list, found an object\n");
    check_problems(PROGRAM, "{\"tiers\": [null, 5]}",
                   "tiers[0]: expected an object with fields, found nothing\n"
                   "tiers[1]: expected an object with fields, found the number 5\n");
    check_problems(PROGRAM, "{\"tiers\": [{\"names\": [\"Gold\"]}]}",
                   "tiers[0].names: expected an object of keys and values, found a list\n");
    check_problems(PROGRAM, "{\"tiers\": [{\"names\": {\"en\": null, \"zh\": 1}}]}",
                   "tiers[0].names.en: expected text, found nothing\n"
                   "tiers[0].names.zh: expected text in quotes, found the number 1\n");
    check_problems(PROGRAM, "{\"id\": 42}", "id: expected text in quotes, found the number 42\n");
    check_problems(PROGRAM, "{\"id\": true}", "id: expected text in quotes, found true\n");
    check_problems(PROGRAM, "{\"rescore\": [\"06-01\", {}]}",
                   "rescore[1]: expected text, found an object\n");
    check_problems(SALE, "{\"training\": \"no\"}",
                   "training: expected true or false, found text \"no\"\n");
    check_problems(PROGRAM, "{\"id\": false, \"tiers\": true}",
                   "id: expected text in quotes, found false\n"
                   "tiers: expected a list, found true\n");
    check_problems(SALE, "{\"training\": 1}",
                   "training: expected true or false, found the number 1\n");
    check_problems(ENVELOPE, "{\"payload\": \"Zg=\"}",
                   "payload: expected bytes as base64, found text \"Zg=\"\n");
    check_problems(ENVELOPE, "{\"payload\": 1}",
                   "payload: expected bytes as base64, found the number 1\n");
}

#define WHOLE "expected a whole number in plain decimal digits, found "

static void only_whole_numbers_are_numbers(void **state)
{
    (void)state;
    static const char *const texts[] = {"1.0",   "1e3", "",   "-",    "010", "0x1F",
                                        "1_000", "+5",  " 1", "1 ",   "--1", "1,5",
                                        "٣",     "-01", "00", "12:30"};
    struct arena arena;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        check_problems(
            SALE, arena_printf(&arena, "{\"paid_with_points_minor\": \"%s\"}", texts[i]),
            arena_printf(&arena, "paid_with_points_minor: " WHOLE "text \"%s\"\n", texts[i]));
    }
    check_problems(SALE, "{\"lines\": [{\"amount_minor\": 1.5}]}",
                   "lines[0].amount_minor: " WHOLE "the number 1.5\n");
    check_problems(SALE, "{\"lines\": [{\"amount_minor\": 1e3}, {\"amount_minor\": true}]}",
                   "lines[0].amount_minor: " WHOLE "the number 1000\n"
                   "lines[1].amount_minor: " WHOLE "true\n");
    arena_fini(&arena);
}

static void numbers_out_of_range_say_the_range(void **state)
{
    (void)state;
    check_problems(ENVELOPE, "{\"timeout_ms\": 4294967296}",
                   "timeout_ms: out of range, 0 to 4294967295: the number 4294967296\n");
    check_problems(ENVELOPE, "{\"timeout_ms\": -1}",
                   "timeout_ms: out of range, 0 to 4294967295: the number -1\n");
    check_problems(MUTATION, "{\"min_seq\": -1}",
                   "min_seq: out of range, 0 to 18446744073709551615: the number -1\n");
    check_problems(MUTATION, "{\"min_seq\": \"18446744073709551616\"}",
                   "min_seq: out of range, 0 to 18446744073709551615: text "
                   "\"18446744073709551616\"\n");
    check_problems(SALE, "{\"paid_with_points_minor\": \"9223372036854775808\"}",
                   "paid_with_points_minor: out of range, -9223372036854775808 to "
                   "9223372036854775807: text \"9223372036854775808\"\n");
    check_problems(SALE, "{\"paid_with_points_minor\": \"-9223372036854775809\"}",
                   "paid_with_points_minor: out of range, -9223372036854775808 to "
                   "9223372036854775807: text \"-9223372036854775809\"\n");
    check_problems(SALE, "{\"paid_with_points_minor\": \"99999999999999999999999\"}",
                   "paid_with_points_minor: out of range, -9223372036854775808 to "
                   "9223372036854775807: text \"99999999999999999999999\"\n");
    check_problems(&google__protobuf__timestamp__descriptor, "{\"nanos\": -2147483649}",
                   "nanos: out of range, -2147483648 to 2147483647: the number -2147483649\n");
}

static void enum_values_are_listed(void **state)
{
    (void)state;
    check_problems(PROGRAM, "{\"tiers\": [{\"upgrade\": \"AT_RESCORES\"}]}",
                   "tiers[0].upgrade: expected one of IMMEDIATE, AT_RESCORE, found text "
                   "\"AT_RESCORES\"\n");
    check_problems(PROGRAM, "{\"tiers\": [{\"upgrade\": 3}, {\"upgrade\": 1.0}]}",
                   "tiers[0].upgrade: expected one of IMMEDIATE, AT_RESCORE, found the number 3\n"
                   "tiers[1].upgrade: expected one of IMMEDIATE, AT_RESCORE, found the number "
                   "1\n");
    check_problems(PROGRAM, "{\"tiers\": [{\"upgrade\": 4294967297}, {\"upgrade\": \"1\"}]}",
                   "tiers[0].upgrade: expected one of IMMEDIATE, AT_RESCORE, found the number "
                   "4294967297\n"
                   "tiers[1].upgrade: expected one of IMMEDIATE, AT_RESCORE, found text \"1\"\n");
}

static void timestamps_are_shown_by_example(void **state)
{
    (void)state;
    check_problems(SALE, "{\"occurredAt\": \"2026-06-01\"}",
                   "occurredAt: expected an instant of 1970 or later such as "
                   "\"2026-06-01T00:00:00Z\", found text \"2026-06-01\"\n");
    check_problems(SALE, "{\"occurredAt\": {\"seconds\": 1}}",
                   "occurredAt: expected an instant of 1970 or later such as "
                   "\"2026-06-01T00:00:00Z\", found an object\n");
}

static void what_is_given_twice_is_refused(void **state)
{
    (void)state;
    check_problems(SALE, "{\"occurred_at\": \"2026-06-01T00:00:00Z\", \"occurredAt\": null}",
                   "occurredAt: given twice, as \"occurred_at\" too\n");
    check_problems(RULE, "{\"rate\": {}, \"bonus_points\": 1, \"multiplierBp\": 1}",
                   "bonus_points: only one of these may be given: rate, multiplier_bp, "
                   "bonus_points\n"
                   "multiplierBp: only one of these may be given: rate, multiplier_bp, "
                   "bonus_points\n");
    check_problems(RULE, "{\"id\": \"a\", \"id\": \"b\"}",
                   ": not JSON: duplicate object key near '\"id\"'\n");
}

static void text_that_is_no_json(void **state)
{
    (void)state;
    check_problems(RULE, "", ": not JSON: unexpected token near end of file\n");
    check_problems(RULE, "{\"id\": \"a\"} x", ": not JSON: end of file expected near 'x'\n");
    check_problems(RULE, "{\"id\": \"\\u0000\"}",
                   ": not JSON: \\u0000 is not allowed without JSON_ALLOW_NUL near "
                   "'\"\\u0000\"'\n");
    check_problems(RULE, "{\"cap_day\": 9223372036854775808}",
                   ": not JSON: too big integer near '9223372036854775808'\n");
    struct reading reading;
    read_begin(&reading, RULE, "{\n  \"id\": \"a\",\n  oops\n}");
    assert_int_equal(reading.problems.count, 1);
    assert_int_equal(reading.problems.items[0].line, 3);
    read_end(&reading);
}

static void all_problems_are_found_up_to_a_cap(void **state)
{
    (void)state;
    check_problems(PROGRAM,
                   "{\"id\": 1, \"x\": 2, \"tiers\": [{\"threshold\": \"a\", \"y\": 1},"
                   "{\"names\": 1}], \"earn\": []}",
                   "id: expected text in quotes, found the number 1\n"
                   "x: unknown field; known are: id, zone, currency, rescore, tiers, "
                   "validity_on_upgrade, on_card_end, earn, score, points, redeem, "
                   "negative_balance, late_days, guards, perks, attach_days, identifiers, "
                   "notices, referral\n"
                   "tiers[0].threshold: " WHOLE "text \"a\"\n"
                   "tiers[0].y: unknown field; known are: id, names, threshold, upgrade, "
                   "validity_months, multiplier_bp\n"
                   "tiers[1].names: expected an object of keys and values, found the number 1\n"
                   "earn: expected an object with fields, found a list\n");
    struct reading reading;
    char *json = long_text("{\"rescore\": [1", ",1", 500, "]}");
    read_begin(&reading, PROGRAM, json);
    free(json);
    assert_int_equal(reading.problems.count, LIMIT_PROGRAM_PROBLEMS);
    assert_string_equal((const char *)reading.problems.items[98].path.data, "rescore[98]");
    assert_string_equal((const char *)reading.problems.items[99].reason.data,
                        "there are more problems than are listed here");
    read_end(&reading);
}

// A list keeps its places, and the whole can be encoded.
static void what_was_good_is_kept(void **state)
{
    (void)state;
    struct reading reading;
    read_begin(&reading, PROGRAM,
               "{\"rescore\": [1, \"12-01\"], \"tiers\": [5, {\"id\": \"gold\"}]}");
    assert_int_equal(reading.problems.count, 2);
    const Loyalty__V1__Program *program = (const Loyalty__V1__Program *)reading.message;
    assert_int_equal(program->n_rescore, 2);
    assert_string_equal(program->rescore[0], "");
    assert_string_equal(program->rescore[1], "12-01");
    assert_int_equal(program->n_tiers, 2);
    assert_string_equal(program->tiers[0]->id, "");
    assert_string_equal(program->tiers[1]->id, "gold");
    struct span bytes;
    assert_int_equal(message_encode(reading.message, &reading.arena, &bytes), STATUS_OK);
    read_end(&reading);
}

static void what_json_cannot_hold_is_not_written(void **state)
{
    (void)state;
    Loyalty__V1__Sale sale = LOYALTY__V1__SALE__INIT;
    Google__Protobuf__Timestamp timestamp = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    json_t *tree = NULL;
    sale.unit = (char *)"\xff";
    assert_int_equal(tree_from_message(&sale.base, 0, &tree), STATUS_INVALID);
    sale.unit = NULL;
    sale.occurred_case = LOYALTY__V1__SALE__OCCURRED_OCCURRED_AT;
    sale.occurred_at = &timestamp;
    timestamp.seconds = -1;
    assert_int_equal(tree_from_message(&sale.base, 0, &tree), STATUS_INVALID);
    Loyalty__V1__Tier__NamesEntry entry = LOYALTY__V1__TIER__NAMES_ENTRY__INIT;
    Loyalty__V1__Tier__NamesEntry *entries[] = {&entry};
    Loyalty__V1__Tier tier = LOYALTY__V1__TIER__INIT;
    entry.key = (char *)"\xff";
    tier.names = entries;
    tier.n_names = 1;
    assert_int_equal(tree_from_message(&tier.base, 0, &tree), STATUS_INVALID);
    assert_null(tree);
}

// As many as the decoder of messages takes, for what is read here is sent.
static void maps_have_a_bound(void **state)
{
    (void)state;
    char json[1024];
    for (int count = WIRE_MAP_KEYS; count <= WIRE_MAP_KEYS + 1; count++) {
        size_t len = (size_t)snprintf(json, sizeof(json), "{\"tiers\": [{\"names\": {");
        for (int i = 0; i < count; i++) {
            len += (size_t)snprintf(json + len, sizeof(json) - len, "%s\"%d\": \"\"",
                                    i == 0 ? "" : ",", i);
        }
        (void)snprintf(json + len, sizeof(json) - len, "}}]}");
        check_problems(PROGRAM, json,
                       count > WIRE_MAP_KEYS ? "tiers[0].names: 65 entries; at most 64\n" : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_have_a_bound),
        cmocka_unit_test(both_names_and_forms_are_taken),
        cmocka_unit_test(numbers_reach_their_ends),
        cmocka_unit_test(absence_and_presence_are_kept_apart),
        cmocka_unit_test(unknown_fields_are_named_with_the_known_ones),
        cmocka_unit_test(wrong_types_say_what_was_expected),
        cmocka_unit_test(only_whole_numbers_are_numbers),
        cmocka_unit_test(numbers_out_of_range_say_the_range),
        cmocka_unit_test(enum_values_are_listed),
        cmocka_unit_test(timestamps_are_shown_by_example),
        cmocka_unit_test(what_is_given_twice_is_refused),
        cmocka_unit_test(text_that_is_no_json),
        cmocka_unit_test(all_problems_are_found_up_to_a_cap),
        cmocka_unit_test(what_was_good_is_kept),
        cmocka_unit_test(what_json_cannot_hold_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
