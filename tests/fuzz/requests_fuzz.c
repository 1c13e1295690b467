// The request of every method: bytes through message_scan, the decoder, wire/commands and the
// digest. What is accepted must be within the bounds that the contract's comments name; what is
// refused must say where and why; a request written anew must mean the same, and be no other intent
// for another created_at, deadline or min_seq.
//
// Input: which method, who asks and whether memory is short, then the request's bytes.
#include "fuzz/fuzz.h"

#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "fuzz/mutate_message.h"
#include "fuzz/request_types.h"
#include "wire/commands.h"
#include "wire/message.h"

enum { CHOICES = 2, ARENA_BYTES = 1 << 20, MEMORY_BYTES_MAX = 4 << 20 };

static const int64_t most = INT64_C(1000000000000); // points or minor units, domain.md
static const int64_t end_of_time_ms = INT64_C(4102444800000);

static struct arena arena = {.cap_bytes = ARENA_BYTES}; // as arena_init has it

// A request's arena is full: from then on everything may say so, and nothing else is expected.
static bool memory_is_short;

// --- what is refused ---

static void check_message_fault(enum status status, const struct message_fault *fault)
{
    CHECK(status == STATUS_INVALID || status == STATUS_TOO_LARGE || status == STATUS_NO_MEMORY);
    if (status != STATUS_NO_MEMORY) {
        CHECK(memchr(fault->path, '\0', sizeof(fault->path)) != NULL);
        CHECK(memchr(fault->reason, '\0', sizeof(fault->reason)) != NULL);
        CHECK(fault->reason[0] != '\0');
    }
}

// Whether it is accepted; if not there must be a reason, a place and a sentence.
static bool accepted(const struct commands *commands, enum status status)
{
    CHECK(status == STATUS_OK || status == STATUS_INVALID ||
          (memory_is_short && status == STATUS_NO_MEMORY));
    if (status == STATUS_INVALID) {
        CHECK(commands->fault.reason != NULL && commands->fault.reason[0] != '\0');
        CHECK(commands->fault.field != NULL && commands->fault.field[0] != '\0');
        CHECK(commands->fault.message != NULL && strlen(commands->fault.message) > 10);
    }
    return status == STATUS_OK;
}

// --- what is accepted ---

static void check_text(struct span text, size_t bytes_max)
{
    CHECK(text.len <= bytes_max);
    for (size_t i = 0; i < text.len; i++) {
        CHECK(text.data[i] >= ' ' && text.data[i] != 0x7f);
    }
}

// What names things in keys and logs: 1 to `bytes_max` of A-Z a-z 0-9 . _ - (and / in units).
static void check_plain(struct span text, size_t bytes_max, const char *extra)
{
    CHECK(text.len >= 1 && text.len <= bytes_max);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        CHECK(letter || (c != '\0' && strchr(extra, c) != NULL));
    }
}

static void check_unit(const struct commands *commands, struct span unit)
{
    if (span_equal(unit, commands->unit)) {
        return;
    }
    check_plain(unit, 128, "._-/");
    bool below = commands->unit.len > 0 && unit.len > commands->unit.len &&
                 memcmp(unit.data, commands->unit.data, commands->unit.len) == 0 &&
                 unit.data[commands->unit.len] == '/';
    CHECK(commands->any_unit || below);
}

static void check_instant(int64_t instant_ms)
{
    CHECK(instant_ms >= 0 && instant_ms < end_of_time_ms);
}

static void check_date(struct civil_date date)
{
    CHECK(civil_is_valid(date) && date.year >= 1970 && date.year <= 2200);
}

static void check_identifier(const struct identifier_value *identifier)
{
    CHECK(identifier->kind >= 1 && identifier->kind <= 4);
    CHECK(identifier->value.len >= 1 && identifier->value.len <= 64);
    for (size_t i = 0; i < identifier->value.len; i++) {
        CHECK(identifier->value.data[i] > ' ' && identifier->value.data[i] < 0x7f);
    }
}

static void check_member(struct commands *commands, const Loyalty__V1__MemberRef *member)
{
    struct member_ref ref;
    if (!accepted(commands, commands_member(commands, member, &ref))) {
        return;
    }
    if (ref.by_identifier) {
        check_identifier(&ref.identifier);
    } else {
        check_plain(ref.member_id, 64, "._-");
    }
}

static void check_sale(struct commands *commands, const Loyalty__V1__Sale *message)
{
    struct award_command command;
    if (!accepted(commands, commands_sale(commands, message, &command))) {
        return;
    }
    const struct sale *sale = &command.sale;
    int64_t total = 0;
    CHECK(sale->line_count <= 256);
    for (size_t i = 0; i < sale->line_count; i++) {
        CHECK(sale->lines[i].amount_minor >= 0 && sale->lines[i].amount_minor <= most);
        check_text(sale->lines[i].category, 64);
        total += sale->lines[i].amount_minor;
    }
    CHECK(total <= most);
    CHECK(sale->paid_with_points_minor >= 0 && sale->paid_with_points_minor <= total);
    CHECK(command.currency.len == 3);
    check_unit(commands, sale->unit);
    check_text(sale->channel, 64);
    CHECK(!sale->has_date || !sale->has_occurred);
    CHECK(!sale->attached || (sale->receipt.number > 0 && (sale->has_date || sale->has_occurred)));
    CHECK(!command.backfill && !command.quote);
    check_instant(sale->occurred_ms);
    if (sale->has_date) {
        check_date(sale->date);
    }
}

static void check_redeem(struct commands *commands, const Loyalty__V1__RedeemRequest *request)
{
    struct redeem_command command;
    if (accepted(commands, commands_redeem(commands, request, &command))) {
        CHECK(command.points >= 1 && command.points <= most);
        check_unit(commands, command.unit);
    }
}

static void check_reserve(struct commands *commands, const Loyalty__V1__ReserveRequest *request)
{
    struct reserve_command command;
    if (accepted(commands, commands_reserve(commands, request, &command))) {
        CHECK(command.points >= 1 && command.points <= most);
        CHECK(command.lifetime_ms == (int64_t)request->hold_seconds * 1000);
        check_unit(commands, command.unit);
    }
}

static void check_capture(struct commands *commands, const Loyalty__V1__CaptureRequest *request)
{
    struct capture_command command;
    if (accepted(commands, commands_capture(commands, request, &command))) {
        CHECK(command.points >= 0 && command.points <= most);
        check_unit(commands, command.unit);
    }
}

static void check_release(struct commands *commands, const Loyalty__V1__ReleaseRequest *request)
{
    struct release_command command;
    if (accepted(commands, commands_release(commands, request, &command))) {
        check_unit(commands, command.unit);
    }
}

static void check_reverse(struct commands *commands, const Loyalty__V1__ReverseRequest *request)
{
    struct reverse_command command;
    if (!accepted(commands, commands_reverse(commands, request, &command))) {
        return;
    }
    bool by_amount = command.part == REVERSE_AMOUNT;
    bool by_points = command.part == REVERSE_POINTS;
    bool by_lines = command.part == REVERSE_LINES;
    CHECK(by_amount ? command.amount_minor >= 1 && command.amount_minor <= most
                    : command.amount_minor == 0);
    CHECK(by_points ? command.points >= 1 && command.points <= most : command.points == 0);
    CHECK(by_lines == (command.line_count > 0) && command.line_count <= 256);
    for (size_t i = 0; i < command.line_count; i++) {
        CHECK(command.lines[i] >= 1);
    }
    check_instant(command.original_created_ms);
    check_text(command.reason, 256);
    check_unit(commands, command.unit);
}

static void check_enroll(struct commands *commands, const Loyalty__V1__EnrollRequest *request,
                         const struct request_header *header)
{
    struct enroll_request enroll;
    if (!accepted(commands, commands_enroll(commands, request, header, &enroll))) {
        return;
    }
    check_plain(enroll.member_id, 64, "._-");
    check_instant(enroll.enrolled_ms);
    CHECK(enroll.identifier_count <= 8);
    for (size_t i = 0; i < enroll.identifier_count; i++) {
        check_identifier(&enroll.identifiers[i]);
    }
}

static void check_items(const struct opening_item *items, size_t count)
{
    int64_t sum = 0;
    CHECK(count <= 256);
    for (size_t i = 0; i < count; i++) {
        CHECK(items[i].points_or_score >= 1 && items[i].points_or_score <= most);
        sum += items[i].points_or_score;
        if (items[i].has_from) {
            check_date(items[i].from);
        }
        if (items[i].has_until) {
            check_date(items[i].until);
        }
    }
    CHECK(sum <= most);
}

static void check_opening(struct commands *commands,
                          const Loyalty__V1__OpeningBalanceRequest *request)
{
    struct opening_command command;
    if (accepted(commands, commands_opening(commands, request, &command))) {
        check_items(command.lots, command.lot_count);
        check_items(command.scores, command.score_count);
        CHECK(!command.has_card || (command.card_tier.len > 0 && command.card.has_from));
    }
}

static void check_page(struct commands *commands, const Loyalty__V1__ListActivityRequest *request)
{
    struct page page;
    enum status status = commands_page(commands, request->page_size, request->page_token, &page);
    if (!accepted(commands, status)) {
        return;
    }
    CHECK(page.size >= 1 && page.size <= 200);
    const char *token = commands_page_token(&arena, page.before_seq);
    CHECK(token != NULL || memory_is_short);
    CHECK(token == NULL || request->page_token[0] == '\0' ||
          strcmp(token, request->page_token) == 0);
}

// --- by method ---

static void check_mutation(struct commands *commands, ProtobufCMessage *message,
                           struct request_header *ret_header)
{
    *ret_header = (struct request_header){.id = {1}};
    struct request_header header;
    const Loyalty__V1__Mutation *mutation = commands_find_mutation(message);
    if (accepted(commands, commands_mutation(commands, mutation, &header))) {
        static const uint8_t nil[REQUEST_ID_BYTES];
        CHECK(memcmp(header.id, nil, sizeof(nil)) != 0);
        check_instant(header.created_ms);
        check_instant(header.deadline_ms);
        *ret_header = header;
    }
}

static void check_commands(struct commands *commands, ProtobufCMessage *message)
{
    struct request_header header;
    const ProtobufCMessageDescriptor *type = message->descriptor;
    check_mutation(commands, message, &header);
    if (type == &loyalty__v1__award_request__descriptor) {
        check_member(commands, ((const Loyalty__V1__AwardRequest *)message)->member);
        check_sale(commands, ((const Loyalty__V1__AwardRequest *)message)->sale);
    } else if (type == &loyalty__v1__quote_request__descriptor) {
        check_member(commands, ((const Loyalty__V1__QuoteRequest *)message)->member);
        check_sale(commands, ((const Loyalty__V1__QuoteRequest *)message)->sale);
    } else if (type == &loyalty__v1__backfill_request__descriptor) {
        check_sale(commands, ((const Loyalty__V1__BackfillRequest *)message)->sale);
    } else if (type == &loyalty__v1__redeem_request__descriptor) {
        check_redeem(commands, (const Loyalty__V1__RedeemRequest *)message);
    } else if (type == &loyalty__v1__reserve_request__descriptor) {
        check_reserve(commands, (const Loyalty__V1__ReserveRequest *)message);
    } else if (type == &loyalty__v1__capture_request__descriptor) {
        check_capture(commands, (const Loyalty__V1__CaptureRequest *)message);
    } else if (type == &loyalty__v1__release_request__descriptor) {
        check_release(commands, (const Loyalty__V1__ReleaseRequest *)message);
    } else if (type == &loyalty__v1__reverse_request__descriptor) {
        check_reverse(commands, (const Loyalty__V1__ReverseRequest *)message);
    } else if (type == &loyalty__v1__enroll_request__descriptor) {
        check_enroll(commands, (const Loyalty__V1__EnrollRequest *)message, &header);
    } else if (type == &loyalty__v1__opening_balance_request__descriptor) {
        check_opening(commands, (const Loyalty__V1__OpeningBalanceRequest *)message);
    } else if (type == &loyalty__v1__list_activity_request__descriptor) {
        check_page(commands, (const Loyalty__V1__ListActivityRequest *)message);
    } else if (type == &loyalty__v1__get_outcome_request__descriptor) {
        uint8_t id[REQUEST_ID_BYTES];
        const char *text = ((const Loyalty__V1__GetOutcomeRequest *)message)->request_id;
        (void)accepted(commands, commands_request_id(commands, text, "request_id", id));
    }
}

// --- digests ---

static void digest_hash(struct span method, struct span payload, uint8_t *ret_digest)
{
    uint64_t digest = hash_fnv1a(method) * 31 + hash_fnv1a(payload);
    memcpy(ret_digest, &digest, REQUEST_DIGEST_BYTES);
}

static uint64_t digest_of(const char *path, ProtobufCMessage *message)
{
    uint64_t digest = 0;
    CHECK(commands_digest(&arena, span_of_text(path), message, digest_hash, (uint8_t *)&digest) ==
          STATUS_OK);
    return digest;
}

static uint64_t digest_of_canonical(const char *path, const ProtobufCMessage *message,
                                    struct span bytes)
{
    uint64_t digest = 0;
    CHECK(commands_digest_canonical(&arena, span_of_text(path), message, bytes, digest_hash,
                                    (uint8_t *)&digest) == STATUS_OK);
    return digest;
}

static void check_digest(const struct request_type *method, ProtobufCMessage *message)
{
    ProtobufCMessage *again = NULL;
    struct message_fault fault;
    struct span written;
    struct span rewritten;
    uint64_t digest = digest_of(method->path, message);
    CHECK(message_encode(message, &arena, &written) == STATUS_OK);
    CHECK(digest_of(method->path, message) == digest);
    CHECK(message_encode(message, &arena, &rewritten) == STATUS_OK);
    CHECK(span_equal(written, rewritten)); // it was left as it was
    bool canonical = false;
    CHECK(message_decode_noting(method->type, written, &arena, &again, &canonical, &fault) ==
          STATUS_OK);
    CHECK(digest_of(method->path, again) == digest);
    CHECK(!canonical || digest_of_canonical(method->path, again, written) == digest);
    Loyalty__V1__Mutation *mutation = commands_find_mutation(again);
    if (mutation != NULL) {
        mutation->min_seq++;
        mutation->deadline = mutation->created_at;
        mutation->created_at = NULL;
        CHECK(digest_of(method->path, again) == digest);
    }
    CHECK(digest_of("/other", message) != digest);
}

// --- the driver ---

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    struct fuzz_random random = fuzz_random_of(seed);
    if (len < CHOICES || fuzz_random_below(&random, 6) == 0) {
        return LLVMFuzzerMutate(data, len, len_max);
    }
    const ProtobufCMessageDescriptor *type = request_type_at(data[0])->type;
    return CHOICES +
           mutate_message(type, data + CHOICES, len - CHOICES, len_max - CHOICES, &random);
}

static void decode_and_check(const struct request_type *method, struct commands *commands,
                             struct span bytes)
{
    ProtobufCMessage *message = NULL;
    struct message_fault fault;
    memset(&fault, 0xff, sizeof(fault));
    enum status status = message_decode(method->type, bytes, &arena, &message, &fault);
    if (status != STATUS_OK) {
        check_message_fault(status, &fault);
        CHECK(status != STATUS_NO_MEMORY || memory_is_short);
        return;
    }
    check_commands(commands, message);
    if (!memory_is_short) {
        check_digest(method, message);
    }
}

static struct commands commands_of(uint8_t who)
{
    static const char *const units[] = {"", "store-1/till-1", "store-1", "head-office"};
    return (struct commands){
        .arena = &arena,
        .unit = span_of_text(units[who & 3]),
        .any_unit = (who & 4) != 0,
    };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input input = {.rest = span_of(data, len)};
    const struct request_type *method = request_type_at(fuzz_byte(&input));
    uint8_t who = fuzz_byte(&input);
    struct commands commands = commands_of(who);
    memory_is_short = (who & 8) != 0;
    arena.cap_bytes = memory_is_short ? (size_t)(who >> 4) * 64 : ARENA_BYTES;
    arena_reset(&arena);
    fuzz_memory_begin(MEMORY_BYTES_MAX);
    decode_and_check(method, &commands, input.rest);
    fuzz_memory_end();
    return 0;
}
