// Programs: those of this repository, small ones with something of everything, as YAML, as JSON and
// as protobuf, and what is wrong in every part.
#include "fuzz/seeds.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/varint.h"
#include "wire/document.h"
#include "wire/message.h"

enum { ARENA_BYTES = 32 << 20, FILE_BYTES_MAX = 64 * 1024 };

#define HEAD "id: club\nzone: Asia/Shanghai\ncurrency: CNY\n"
#define TIERS                                                                                      \
    "tiers:\n  - id: member\n  - {id: gold, threshold: 100, upgrade: IMMEDIATE, "                  \
    "validity_months: 12, multiplier_bp: 12500}\n"

static const struct {
    const char *name;
    const char *text;
} documents[] = {
    {"small", HEAD TIERS "earn: {rules: [{id: base, rate: {points: 1, money_minor: 100}}]}\n"
                         "score: {rolling_months: 12}\n"},
    {"caps", HEAD TIERS
     "rescore: [\"06-01\", \"12-01\"]\n"
     "earn:\n  rules:\n    - id: base\n      rate: {points: 1, money_minor: 7}\n"
     "      cap_sale: 1000\n      cap_day: 2000\n      cap_month: 9000\n"
     "    - id: wine\n      bonus_points: 50\n      when: {categories: [wine], tiers: [gold]}\n"
     "    - id: weekend\n      multiplier_bp: 15000\n"
     "      when: {weekdays: [SATURDAY, SUNDAY], from_hour: 8, until_hour: 20}\n"
     "  stacking: BEST\n  rounding: HALF_UP\n  score_share_bp: 5000\n"
     "score: {calendar: HALF_YEAR}\n"},
    {"points",
     HEAD TIERS "earn: {rules: [{id: base, rate: {points: 3, money_minor: 100}}], no_score: true}\n"
                "points: {expiry_months: 6, expiry_to_end_of: YEAR, pending_days: 3}\n"
                "redeem: {minimum_points: 10, step_points: 5, maximum_a_day: 500, "
                "value: {points: 1, money_minor: 1}, hold_seconds: 60}\n"
                "negative_balance: CLAMP\nlate_days: {days: 0}\nguards: {points_a_sale: 5000, "
                "points_a_member_day: 6000, points_a_terminal_day: 7000}\n"},
    {"perks",
     HEAD TIERS "validity_on_upgrade: KEEP\non_card_end: ONE_DOWN\nscore: {in_force: {}}\n"
                "perks:\n  - id: lounge\n    names: {en: Lounge, zh: 贵宾厅}\n"
                "    tiers: [{tier_id: gold, count: 2, per: CARD}]\n    partners: [airport]\n"},
    {"json", "{\"id\":\"club\",\"zone\":\"UTC\",\"currency\":\"EUR\",\"tiers\":[{\"id\":\"a\"},"
             "{\"id\":\"b\",\"threshold\":\"5\",\"upgrade\":\"UPGRADE_TIMING_AT_RESCORE\","
             "\"validityMonths\":1}],\"score\":{\"inForce\":{}},\"earn\":{\"rules\":[{\"id\":"
             "\"r\",\"bonusPoints\":1,\"when\":{\"from\":\"2026-01-01\",\"until\":null}}]}}"},
    {"anchors", "id: &a club\nzone: *a\n<<: {x: 1}\n!!int currency: 1\n---\nid: two\n"},
    {"styles", "id: 'club'\nzone: \"Asia\\/Sh\\u0061nghai\"\ncurrency: |\n  CNY\nrescore: "
               "[06-01, ~, null, 0x1, 1e3, -7, .5]\n? tiers\n: >-\n  a\n  b\n\"id\": again\n"},
    {"wrong", "id: Club!\nzone: \ncurrency: yuan\nrescore: [02-29, 13-01, 06-01, 06-01]\ntiers:\n"
              "  - {id: a, threshold: 5}\n  - {id: a, threshold: 1, upgrade: SOON}\nearn:\n"
              "  rules:\n    - {id: x}\n    - {id: x, rate: {points: 0, money_minor: -1}}\n"
              "perks: [{id: p, tiers: [{tier_id: none, count: 1}]}]\nunknown: 1\n"},
    {"json-broken", "{\"id\": \"club\", \"id\": \"twice\", \"zone\": 1.5, \"tiers\": {}, "
                    "\"earn\": [1, 2}"},
};

// Two versions, the second one withdrawn, and a third.
static void write_versions(const char *name, struct span bytes)
{
    struct buffer item;
    struct buffer seed;
    buffer_init(&item, 0);
    buffer_init(&seed, 0);
    CHECK(buffer_append(&item, span_of("\x00\x1e", 2)) == STATUS_OK);
    CHECK(buffer_append(&item, bytes) == STATUS_OK);
    CHECK(buffer_put_sized(&seed, buffer_span(&item)) == STATUS_OK);
    CHECK(buffer_put_sized(&seed, buffer_span(&item)) == STATUS_OK);
    CHECK(buffer_put_sized(&seed, span_of("\x08\x02", 2)) == STATUS_OK);
    CHECK(buffer_put_sized(&seed, buffer_span(&item)) == STATUS_OK);
    seed_write("program_log", name, buffer_span(&seed));
    buffer_fini(&item);
    buffer_fini(&seed);
}

static void write_message(struct arena *arena, const char *name, struct span text)
{
    struct problems problems = {.arena = arena};
    Loyalty__V1__Program *message = NULL;
    struct program *program = NULL;
    struct span bytes;
    struct buffer seed;
    CHECK(document_read_program(text, &problems, &message, &program) == STATUS_OK);
    if (message == NULL) {
        return;
    }
    buffer_init(&seed, 0);
    CHECK(message_encode(&message->base, arena, &bytes) == STATUS_OK);
    CHECK(buffer_append_byte(&seed, 0) == STATUS_OK);
    CHECK(buffer_append(&seed, bytes) == STATUS_OK);
    seed_write("programs", name, buffer_span(&seed));
    write_versions(name, bytes);
    buffer_fini(&seed);
}

static void write_file(struct arena *arena, const char *name, const char *path)
{
    static uint8_t text[FILE_BYTES_MAX];
    FILE *file = fopen(path, "re");
    CHECK(file != NULL);
    size_t len = fread(text, 1, sizeof(text), file);
    CHECK(fclose(file) == 0);
    seed_write("documents", name, span_of(text, len));
    write_message(arena, name, span_of(text, len));
}

// One language more than a name may have.
static void write_many_names(void)
{
    enum { NAMES = 65, NAME_BYTES = 5 };
    struct buffer seed;
    buffer_init(&seed, 0);
    CHECK(buffer_append_byte(&seed, 0) == STATUS_OK);
    CHECK(buffer_append_byte(&seed, 0x2a) == STATUS_OK);
    CHECK(buffer_put_u64(&seed, (uint64_t)NAMES * NAME_BYTES) == STATUS_OK);
    for (uint8_t i = 0; i < NAMES; i++) {
        const uint8_t name[NAME_BYTES] = {0x12, 3, 0x0a, 1, (uint8_t)(i + 1)};
        CHECK(buffer_append(&seed, span_of(name, sizeof(name))) == STATUS_OK);
    }
    seed_write("programs", "too-many-names", buffer_span(&seed));
    buffer_fini(&seed);
}

void seeds_programs(void)
{
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        seed_write_text("documents", documents[i].name, documents[i].text);
        write_message(&arena, documents[i].name, span_of_text(documents[i].text));
    }
    write_many_names();
    write_file(&arena, "vip-club", "programs/vip-club.yaml");
    write_file(&arena, "retail", "programs/retail.yaml");
    arena_fini(&arena);
}
