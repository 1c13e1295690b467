// The member of program_use_live is decided on as the service does, without a log: every record
// that is written must fold.
#include "fuzz/program_use.h"

#include "base/check.h"
#include "core/advance.h"
#include "core/decide.h"
#include "fuzz/fuzz_club.h"
#include "wire/document.h"
#include "wire/message.h"
#include "wire/program_wire.h"
#include "wire/tree.h"
#include "wire/yaml.h"

enum { PARTITION = 3, LINES_MAX = 3 };

#define START_MS INT64_C(1767225600000) // 2026-01-01
static const int64_t year_ms = 365 * DAY_MS;

// Warm from use to use; as arena_init has it.
static struct arena arena = {.cap_bytes = WIRE_DOCUMENT_ARENA_BYTES};

// --- written and read again ---

static void must_read_the_same(struct span text, struct span bytes)
{
    struct problems problems = {.arena = &arena};
    Loyalty__V1__Program *message = NULL;
    struct program *program = NULL;
    struct span again;
    CHECK(document_read_program(text, &problems, &message, &program) == STATUS_OK);
    CHECK(problems.count == 0 && message != NULL && program != NULL);
    CHECK(message_encode(&message->base, &arena, &again) == STATUS_OK);
    CHECK(span_equal(again, bytes));
}

static void rewrite_as_text(const Loyalty__V1__Program *message, struct span bytes)
{
    json_t *tree = NULL;
    struct span text;
    CHECK(tree_from_message(&message->base, TREE_DOCUMENT, &tree) == STATUS_OK);
    CHECK(yaml_write(tree, &arena, &text) == STATUS_OK);
    must_read_the_same(text, bytes);
    json_decref(tree);
    CHECK(tree_from_message(&message->base, 0, &tree) == STATUS_OK);
    CHECK(tree_print(tree, true, &arena, &text) == STATUS_OK);
    must_read_the_same(text, bytes);
    json_decref(tree);
}

static void compile_again(const struct program *program)
{
    struct program copy = *program;
    struct program_problems problems = {.arena = &arena};
    CHECK(program_compile(&copy, &problems) == STATUS_OK && problems.count == 0);
    CHECK(copy.rate_denominator == program->rate_denominator);
    CHECK(copy.hold_seconds == program->hold_seconds);
    CHECK(copy.redeem_minimum == program->redeem_minimum);
    CHECK(copy.score_share_bp == program->score_share_bp && copy.window == program->window);
    CHECK(program_check_successor(program, &copy, &problems) == STATUS_OK && problems.count == 0);
}

void program_use_rewrite(const Loyalty__V1__Program *message, const struct program *program,
                         bool as_text)
{
    struct span bytes;
    struct message_fault fault;
    struct program again;
    ProtobufCMessage *read = NULL;
    struct program_problems problems = {.arena = &arena};
    arena_reset(&arena);
    CHECK(message_encode(&message->base, &arena, &bytes) == STATUS_OK);
    CHECK(bytes.len <= LIMIT_PROGRAM_BYTES);
    CHECK(message_decode(&loyalty__v1__program__descriptor, bytes, &arena, &read, &fault) ==
          STATUS_OK);
    CHECK(program_from_message((const Loyalty__V1__Program *)read, &arena, &again) == STATUS_OK);
    CHECK(program_compile(&again, &problems) == STATUS_OK && problems.count == 0);
    compile_again(program);
    if (as_text) {
        rewrite_as_text(message, bytes);
    }
}

// --- lived by ---

struct life {
    const struct program *program;
    struct program_version version;
    struct program_set programs;
    struct account account;
    struct account folded; // from what was written
    struct buffer out;
    struct ledger_writer writer;
    struct decide decide;
};

static void life_begin(struct life *life, const struct program *program)
{
    static const struct zone_step steps[] = {{0, 3600000}, {INT64_C(1774746000000), 7200000}};
    static const struct zone zone = {.steps = steps, .count = 2};
    *life = (struct life){.program = program};
    life->version = (struct program_version){1, 0, program, &zone};
    life->programs = (struct program_set){.versions = &life->version, .count = 1};
    life->writer = (struct ledger_writer){
        .out = &life->out, .hash = fuzz_chain_hash, .programs = &life->programs};
    life->decide = (struct decide){.account = &life->account,
                                   .writer = &life->writer,
                                   .arena = &arena,
                                   .now_ms = START_MS,
                                   .actor = span_of_text("pos/store-1/till-1")};
    account_init(&life->account);
    account_init(&life->folded);
    buffer_init(&life->out, 0);
}

static void life_end(struct life *life)
{
    account_fini(&life->account);
    account_fini(&life->folded);
    buffer_fini(&life->out);
}

// What was decided stands, or is undone; either way the account is sound and the log says the same.
static void settle(struct life *life, const struct account_savepoint *saved, enum outcome outcome)
{
    const char *what = NULL;
    struct arena scratch;
    arena_init(&scratch, LIMIT_ARENA_BYTES);
    if (outcome == OUTCOME_REFUSED || outcome == OUTCOME_NOTHING) {
        account_restore(&life->account, saved);
        buffer_clear(&life->out);
    }
    CHECK(ledger_fold(&life->folded, buffer_span(&life->out), span_of_text("anna"), PARTITION,
                      fuzz_chain_hash, &scratch, NULL) == STATUS_OK);
    CHECK(memcmp(life->account.tail, life->folded.tail, sizeof(life->account.tail)) == 0);
    CHECK(!account_exists(&life->folded) || account_check(&life->folded, &what) == STATUS_OK);
    CHECK(!account_exists(&life->account) || account_check(&life->account, &what) == STATUS_OK);
    buffer_clear(&life->out);
    arena_fini(&scratch);
}

static void enrol(struct life *life)
{
    struct decision decision;
    struct enrol_command command = {
        .member_id = span_of_text("anna"), .partition = PARTITION, .enrolled_ms = START_MS};
    CHECK(decide_enrol(&life->decide, &command, &decision) == STATUS_OK);
    CHECK(decision.outcome == OUTCOME_APPLIED);
    settle(life, NULL, decision.outcome);
}

// A sale is never refused by the machinery: past a bound it is refused by name.
static void sell(struct life *life, uint64_t choice)
{
    static const struct span categories[] = {
        {(const uint8_t *)"wine", 4}, {(const uint8_t *)"a", 1}, {NULL, 0}};
    struct sale_line lines[LINES_MAX];
    struct award_command command = {
        .currency = life->program->currency,
        .sale = {.lines = lines,
                 .line_count = 1 + choice % LINES_MAX,
                 .unit = span_of_text("store-1/till-1"),
                 .channel = span_of_text("shop")},
    };
    for (size_t i = 0; i < LINES_MAX; i++) {
        lines[i] = (struct sale_line){.amount_minor = (int64_t)((choice >> (8 * i)) % 100000000),
                                      .category = categories[(choice >> i) % 3]};
    }
    command.sale.paid_with_points_minor = choice % 5 == 0 ? lines[0].amount_minor / 2 : 0;
    struct account_savepoint *saved = NULL;
    struct decision decision;
    CHECK(account_save(&life->account, &arena, &saved) == STATUS_OK);
    CHECK(decide_award(&life->decide, &command, &decision) == STATUS_OK);
    settle(life, saved, decision.outcome);
}

static void spend(struct life *life)
{
    struct account_savepoint *saved = NULL;
    struct decision decision;
    int64_t balance = life->account.balance;
    struct redeem_command command = {.points =
                                         balance > 0 ? balance : life->program->redeem_minimum};
    command.points -= command.points % life->program->redeem_step;
    command.points = command.points > 0 ? command.points : 1;
    CHECK(account_save(&life->account, &arena, &saved) == STATUS_OK);
    CHECK(decide_redeem(&life->decide, &command, &decision) == STATUS_OK);
    settle(life, saved, decision.outcome);
}

static void grow_older(struct life *life, int64_t by_ms)
{
    life->decide.now_ms += by_ms;
    CHECK(advance(&life->account, &life->writer, &arena, life->decide.now_ms) == STATUS_OK);
    const char *what = NULL;
    CHECK(account_check(&life->account, &what) == STATUS_OK);
    CHECK(ledger_fold(&life->folded, buffer_span(&life->out), span_of_text("anna"), PARTITION,
                      fuzz_chain_hash, &arena, NULL) == STATUS_OK);
    CHECK(memcmp(life->account.tail, life->folded.tail, sizeof(life->account.tail)) == 0);
    buffer_clear(&life->out);
}

void program_use_live(const struct program *program, uint64_t choice)
{
    struct life life;
    arena_reset(&arena);
    life_begin(&life, program);
    enrol(&life);
    sell(&life, choice);
    life.decide.now_ms += 40 * DAY_MS;
    sell(&life, choice * UINT64_C(0x9e3779b97f4a7c15));
    spend(&life);
    grow_older(&life, 3 * year_ms);
    struct ledger_standing standing;
    CHECK(ledger_standing(&life.account, &life.programs, &standing) == STATUS_OK);
    (void)advance_due(&life.account, &life.programs);
    life_end(&life);
}
