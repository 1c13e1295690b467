// Documents from text to message and program: the programs that are shipped, and what a person gets
// to read who made mistakes in one.
#include "wire/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "unit/wire/long_text.h"
#include "wire/message.h"
#include "wire/tree.h"
#include "wire/yaml.h"

struct reading {
    struct arena arena;
    struct problems problems;
    Loyalty__V1__Program *message;
    struct program *program;
};

static void read_program(struct reading *reading, const char *text)
{
    *reading = (struct reading){0};
    arena_init(&reading->arena, WIRE_DOCUMENT_ARENA_BYTES);
    reading->problems.arena = &reading->arena;
    assert_int_equal(document_read_program(span_of_text(text), &reading->problems,
                                           &reading->message, &reading->program),
                     STATUS_OK);
    assert_true((reading->message == NULL) == (reading->problems.count > 0));
    assert_true((reading->program == NULL) == (reading->problems.count > 0));
}

static char *file_text(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = calloc(1, WIRE_DOCUMENT_BYTES + 1);
    assert_non_null(text);
    assert_true(fread(text, 1, WIRE_DOCUMENT_BYTES, file) > 0);
    fclose(file);
    return text;
}

// "line path: reason" of each problem, one a line.
static const char *listed(struct reading *reading)
{
    const char *found = "";
    for (size_t i = 0; i < reading->problems.count; i++) {
        const struct problem *problem = &reading->problems.items[i];
        found = arena_printf(&reading->arena, "%s%u %s: %s\n", found, (unsigned)problem->line,
                             (const char *)problem->path.data, (const char *)problem->reason.data);
    }
    return found;
}

static void check_problems(const char *text, const char *expected)
{
    struct reading reading;
    read_program(&reading, text);
    assert_string_equal(listed(&reading), expected);
    arena_fini(&reading.arena);
}

static void read_shipped(struct reading *reading, const char *path)
{
    char *text = file_text(path);
    read_program(reading, text);
    free(text);
    assert_string_equal(listed(reading), "");
}

static void the_retail_program_is_that_of_the_examples(void **state)
{
    (void)state;
    struct reading reading;
    read_shipped(&reading, "programs/retail.yaml");
    const struct program *program = reading.program;
    assert_true(span_is_text(program->zone_name, "Asia/Shanghai"));
    assert_true(span_is_text(program->currency, "CNY"));
    assert_int_equal(program->rescore_count, 2);
    assert_int_equal(program->rescores[0].month, 6);
    assert_int_equal(program->rescores[1].month, 12);
    static const struct {
        const char *id;
        int64_t threshold;
        enum upgrade upgrade;
        uint32_t months;
        uint32_t multiplier_bp;
    } tiers[] = {
        {"member", 0, UPGRADE_UNSPECIFIED, 0, 10000},
        {"silver", 2000, UPGRADE_AT_RESCORE, 24, 11000},
        {"gold", 10000, UPGRADE_AT_RESCORE, 24, 12500},
        {"diamond", 50000, UPGRADE_IMMEDIATE, 24, 15000},
    };
    assert_int_equal(program->tier_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(span_is_text(program->tiers[i].id, tiers[i].id));
        assert_int_equal(program->tiers[i].threshold, tiers[i].threshold);
        assert_int_equal(program->tiers[i].upgrade, tiers[i].upgrade);
        assert_int_equal(program->tiers[i].validity_months, tiers[i].months);
        assert_int_equal(program->tiers[i].multiplier_bp, tiers[i].multiplier_bp);
    }
    assert_false(program->keep_validity_on_upgrade || program->one_down_on_card_end);
    assert_int_equal(program->rule_count, 1);
    assert_int_equal(program->rules[0].rate.points, 1);
    assert_int_equal(program->rules[0].rate.money_minor, 100);
    assert_int_equal(program->rounding, ROUNDING_FLOOR);
    assert_int_equal(program->score_share_bp, 10000);
    assert_int_equal(program->window, SCORE_ROLLING);
    assert_int_equal(program->rolling_months, 12);
    assert_int_equal(program->expiry_months, 12);
    assert_int_equal(program->expiry_period, PERIOD_MONTH);
    assert_int_equal(program->late_days, 45);
    assert_false(program->clamp_negative || program->points_paid_earns || program->no_score);
    arena_fini(&reading.arena);
}

static bool has_tier(const struct perk *perk, const char *tier_id)
{
    for (size_t i = 0; i < perk->quota_count; i++) {
        if (span_is_text(perk->quotas[i].tier_id, tier_id)) {
            return true;
        }
    }
    return false;
}

static void the_vip_club_has_nine_perks_for_diamond(void **state)
{
    (void)state;
    struct reading reading;
    read_shipped(&reading, "programs/vip-club.yaml");
    const struct program *program = reading.program;
    assert_int_equal(program->window, SCORE_IN_FORCE);
    assert_true(program->no_score);
    assert_int_equal(program->tier_count, 4);
    assert_int_equal(program->tiers[3].upgrade, UPGRADE_IMMEDIATE);
    assert_int_equal(program->perk_count, 9);
    for (size_t i = 0; i < program->perk_count; i++) {
        assert_true(has_tier(&program->perks[i], "diamond"));
        assert_false(has_tier(&program->perks[i], "member"));
        assert_int_equal(reading.message->perks[i]->n_names, 2);
    }
    for (size_t i = 0; i < program->tier_count; i++) {
        assert_int_equal(reading.message->tiers[i]->n_names, 2);
    }
    assert_int_equal(program->perks[2].quotas[0].count, 1);
    assert_int_equal(program->perks[2].quotas[0].per, PERK_CALENDAR_YEAR);
    arena_fini(&reading.arena);
}

// As YAML and as canonical JSON a shipped program says the same again.
static void shipped_programs_come_back_from_text(void **state)
{
    (void)state;
    static const char *const paths[] = {"programs/retail.yaml", "programs/vip-club.yaml"};
    for (size_t i = 0; i < 4; i++) {
        struct reading first;
        struct reading second;
        read_shipped(&first, paths[i / 2]);
        json_t *tree = NULL;
        struct span text = {0};
        bool yaml = i % 2 == 0;
        assert_int_equal(tree_from_message(&first.message->base, yaml ? TREE_DOCUMENT : 0, &tree),
                         STATUS_OK);
        assert_int_equal(yaml ? yaml_write(tree, &first.arena, &text)
                              : tree_print(tree, true, &first.arena, &text),
                         STATUS_OK);
        json_decref(tree);
        read_program(&second, (const char *)text.data);
        assert_string_equal(listed(&second), "");
        struct span one = {0};
        struct span two = {0};
        assert_int_equal(message_encode(&first.message->base, &first.arena, &one), STATUS_OK);
        assert_int_equal(message_encode(&second.message->base, &second.arena, &two), STATUS_OK);
        assert_true(span_equal(one, two));
        arena_fini(&first.arena);
        arena_fini(&second.arena);
    }
}

#define HEAD "id: club\nzone: Asia/Shanghai\ncurrency: CNY\nscore: {in_force: {}}\n"
#define TIERS "tiers:\n  - id: member\n  - id: silver\n    threshold: 2000\n"

static void problems_of_every_step_come_in_order(void **state)
{
    (void)state;
    // Of reading, of the shape and of the rules; lines are those of the keys.
    check_problems(HEAD TIERS "    upgrade: AT_RESCORE\n"
                              "    validity_months: 2000\n"
                              "    threshold: 1\n"
                              "pionts: {}\n"
                              "rescore: [06-01, 13-01]\n"
                              "late_days: {days: 1.5}\n",
                   "10 tiers[1].validity_months: is 2000; must be 1 to 1200\n"
                   "11 tiers[1].threshold: given twice; a key may stand only once\n"
                   "12 pionts: unknown field; known are: id, zone, currency, rescore, tiers, "
                   "validity_on_upgrade, on_card_end, earn, score, points, redeem, "
                   "negative_balance, late_days, guards, perks, attach_days, identifiers, "
                   "notices, referral\n"
                   "13 rescore[1]: is not a day of every year; must be MM-DD, and not 02-29\n"
                   "14 late_days.days: expected a whole number in plain decimal digits, found "
                   "text \"1.5\"\n");
}

static void what_follows_from_a_shape_is_not_said_twice(void **state)
{
    (void)state;
    // Without an effect by the misspelling alone; the other rule really has none.
    check_problems(HEAD TIERS "    upgrade: AT_RESCORE\n"
                              "    validity_months: 24\n"
                              "earn:\n"
                              "  rules:\n"
                              "    - id: base\n"
                              "      raet: {points: 1, money_minor: 100}\n"
                              "    - id: other\n",
                   "14 earn.rules[0].raet: unknown field; known are: id, when, rate, "
                   "multiplier_bp, bonus_points, cap_sale, cap_day, cap_month\n"
                   "15 earn.rules[1]: has no effect; must have rate, multiplier_bp or "
                   "bonus_points\n");
    check_problems(HEAD TIERS "    upgrade: SOON\n"
                              "    validity_months: 24\n",
                   "9 tiers[1].upgrade: expected one of IMMEDIATE, AT_RESCORE, found text "
                   "\"SOON\"\n");
    // What is missing beside a value that is none is missing all the same.
    check_problems(HEAD TIERS "    upgrade: SOON\n",
                   "7 tiers[1].validity_months: is 0; must be 1 to 1200\n"
                   "9 tiers[1].upgrade: expected one of IMMEDIATE, AT_RESCORE, found text "
                   "\"SOON\"\n");
    // What stands beside a misspelt field is still judged, what is missing there is not.
    check_problems(HEAD
                   "tiers:\n"
                   "  - id: member\n"
                   "  - {id: silver, treshold: 2000, upgrade: IMMEDIATE, validity_months: 0}\n",
                   "7 tiers[1].treshold: unknown field; known are: id, names, threshold, upgrade, "
                   "validity_months, multiplier_bp\n"
                   "7 tiers[1].validity_months: is 0; must be 1 to 1200\n");
    check_problems(HEAD "tiers: 4\n", "5 tiers: expected a list, found the number 4\n");
}

static void json_is_read_too(void **state)
{
    (void)state;
    check_problems(" \n{\"id\": \"club\", \"zone\": \"Asia/Shanghai\", \"currency\": \"cny\","
                   "\"score\": {\"inForce\": {}}, \"tiers\": [{\"id\": \"member\"}]}",
                   "0 currency: is not a code of ISO 4217; must be three capital letters\n");
    check_problems("{\"id\": ", "1 : not JSON: unexpected token near end of file\n");
    check_problems("", "1 : the document is empty\n");
    check_problems("# only this\n", "2 : the document is empty\n");
    check_problems("retail\n", "1 : expected an object with fields, found text \"retail\"\n");
}

static void what_is_missing_is_said_at_the_first_line(void **state)
{
    (void)state;
    check_problems("# empty but for this\nid: club\n",
                   "2 zone: is not a zone's name; must be one like Asia/Shanghai\n"
                   "2 currency: is not a code of ISO 4217; must be three capital letters\n"
                   "2 tiers: there is none; must have a base tier\n"
                   "2 score: has no window; must have in_force, rolling_months or calendar\n");
}

static void at_most_a_hundred_problems(void **state)
{
    (void)state;
    char *text = long_text(HEAD "tiers:\n", "  - x\n", 300, "");
    struct reading reading;
    read_program(&reading, text);
    free(text);
    assert_int_equal(reading.problems.count, LIMIT_PROGRAM_PROBLEMS);
    assert_int_equal(reading.problems.items[0].line, 6);
    assert_int_equal(reading.problems.items[98].line, 104);
    assert_string_equal((const char *)reading.problems.items[99].reason.data,
                        "there are more problems than are listed here");
    arena_fini(&reading.arena);
}

// Documents made to take the most memory for their length.
static void any_document_fits_its_arena(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        const char *piece;
        const char *tail;
    } documents[] = {
        {"{\"earn\":{\"rules\":[{}", ",{}", "]}}"},
        {"{\"earn\":{\"rules\":[{\"when\":{}}", ",{\"when\":{}}", "]}}"},
        {"{\"tiers\":[{\"names\":{\"a\":\"\"}}", ",{\"names\":{\"a\":\"\"}}", "]}"},
        {"{\"perks\":[{\"tiers\":[{}", ",{}", "]}]}"},
        {"{\"rescore\":[\"\"", ",\"\"", "]}"},
        {"{\"earn\":{\"rules\":[{\"when\":{\"weekdays\":[1", ",1", "]}}]}}"},
        {"earn:\n rules:\n", " -\n", ""},
        {"earn:\n rules:\n", " - {}\n", ""},
        {"earn: {rules: [{}", ",{}", "]}"},
        {"", "?\n", ""},
    };
    for (size_t i = 0; i < 2 * sizeof(documents) / sizeof(documents[0]); i++) {
        // At the bound of the text, and so that the message stays within its own.
        size_t bytes = i % 2 == 0 ? WIRE_DOCUMENT_BYTES : WIRE_DOCUMENT_BYTES / 3;
        char *text = text_of_bytes(documents[i / 2].head, documents[i / 2].piece, bytes,
                                   documents[i / 2].tail);
        struct reading reading;
        read_program(&reading, text);
        assert_true(reading.problems.count > 0);
        print_message("document %zu: %zu kB of arena\n", i, reading.arena.used_bytes >> 10);
        arena_fini(&reading.arena);
        free(text);
    }
}

static bool is_shanghai(const char *name)
{
    return strcmp(name, "Asia/Shanghai") == 0;
}

// What only shows in its context is told beside all the rest, with its line.
static void a_document_in_its_context(void **state)
{
    (void)state;
    static const char text[] = "id: club\nzone: Asia/Tokyo\ncurrency: yen\ntiers:\n"
                               "- id: member\n- id: gold\n  threshold: many\n";
    struct reading before;
    struct reading reading = {0};
    char *published = file_text("programs/retail.yaml");
    read_program(&before, published);
    arena_init(&reading.arena, WIRE_DOCUMENT_ARENA_BYTES);
    reading.problems.arena = &reading.arena;
    struct document_context context = {.before = before.program, .is_zone = is_shanghai};
    assert_int_equal(document_read_version(span_of_text(text), &context, &reading.problems,
                                           &reading.message, &reading.program),
                     STATUS_OK);
    assert_null(reading.message);
    const char *found = listed(&reading);
    static const char *const told[] = {
        "1 id: ",
        "2 zone: is not a time zone this machine knows",
        "3 currency: ",
        "4 tiers: 'silver' is missing; must stay in every version",
        "7 tiers[1].threshold: ",
    };
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        assert_non_null(strstr(found, told[i]));
    }
    arena_fini(&reading.arena);
    arena_fini(&before.arena);
    free(published);
}

static void a_small_arena_is_no_memory(void **state)
{
    (void)state;
    char *text = file_text("programs/retail.yaml");
    enum status status = STATUS_NO_MEMORY;
    for (size_t cap = 0; status != STATUS_OK; cap += 64) {
        assert_int_equal(status, STATUS_NO_MEMORY);
        struct arena arena;
        arena_init(&arena, cap);
        struct problems problems = {.arena = &arena};
        Loyalty__V1__Program *message = NULL;
        status = document_read_program(span_of_text(text), &problems, &message, NULL);
        arena_fini(&arena);
    }
    free(text);
}

static void other_messages_are_documents_too(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, WIRE_DOCUMENT_ARENA_BYTES);
    struct problems problems = {.arena = &arena};
    ProtobufCMessage *message = NULL;
    assert_int_equal(document_read(span_of_text("points: 5\nmoneyMinor: '7'\n"),
                                   &loyalty__v1__rate__descriptor, &problems, &message),
                     STATUS_OK);
    assert_int_equal(((Loyalty__V1__Rate *)message)->money_minor, 7);
    assert_int_equal(document_read(span_of_text("points: x\n"), &loyalty__v1__rate__descriptor,
                                   &problems, &message),
                     STATUS_OK);
    assert_null(message);
    assert_int_equal(problems.count, 1);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_retail_program_is_that_of_the_examples),
        cmocka_unit_test(the_vip_club_has_nine_perks_for_diamond),
        cmocka_unit_test(shipped_programs_come_back_from_text),
        cmocka_unit_test(problems_of_every_step_come_in_order),
        cmocka_unit_test(what_follows_from_a_shape_is_not_said_twice),
        cmocka_unit_test(json_is_read_too),
        cmocka_unit_test(what_is_missing_is_said_at_the_first_line),
        cmocka_unit_test(at_most_a_hundred_problems),
        cmocka_unit_test(any_document_fits_its_arena),
        cmocka_unit_test(a_document_in_its_context),
        cmocka_unit_test(a_small_arena_is_no_memory),
        cmocka_unit_test(other_messages_are_documents_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
