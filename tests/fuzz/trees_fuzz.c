// JSON text as messages of every request, and back (wire/tree): what is accepted is written as
// canonical JSON, read again and is the same; so it is as YAML. What is refused says where and why.
//
// Input: which type, then the text.
#include "base/check.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate_text.h"
#include "fuzz/request_types.h"
#include "loyalty/v1/frame.pb-c.h"
#include "loyalty/v1/members.pb-c.h"
#include "wire/document.h"
#include "wire/message.h"
#include "wire/tree.h"
#include "wire/yaml.h"

enum { CHOICES = 1, MEMORY_BYTES_MAX = 2 * WIRE_DOCUMENT_ARENA_BYTES };

static const char *const words[] = {
    "mutation",
    "request_id",
    "requestId",
    "created_at",
    "member",
    "member_id",
    "identifier",
    "kind",
    "value",
    "PHONE",
    "sale",
    "occurred_at",
    "occurred_date",
    "lines",
    "amount_minor",
    "category",
    "training",
    "receipt",
    "number",
    "payload",
    "correlation_id",
    "figures",
    "key",
    "null",
    "true",
    "false",
    "1.5",
    "1e3",
    "-0",
    "\"9223372036854775807\"",
    "\"-9223372036854775808\"",
    "18446744073709551615",
    "\"2026-01-10T00:00:00.123456789Z\"",
    "\"1969-12-31T23:59:59Z\"",
    "\"2026-02-29T00:00:00Z\"",
    "\"2026-01-10T00:00:00+24:00\"",
    "\"AA==\"",
    "\"-_8\"",
    "\"AAA\"",
    "\\u0000",
    "\\ud800",
    "{}",
    "[]",
    "[null]",
    "\"\"",
};

static struct arena arena = {.cap_bytes = WIRE_DOCUMENT_ARENA_BYTES}; // as arena_init has it

static const ProtobufCMessageDescriptor *type_of(uint8_t choice)
{
    size_t count = request_type_count() + 3;
    switch (choice % count) {
    case 0:
        return &loyalty__v1__request_envelope__descriptor;
    case 1:
        return &loyalty__v1__reply_envelope__descriptor;
    case 2:
        return &loyalty__v1__explain_tier_response__descriptor;
    default:
        return request_type_at(choice % count - 3)->type;
    }
}

static void must_read_the_same(const ProtobufCMessageDescriptor *type, struct span text,
                               struct span bytes)
{
    struct problems problems = {.arena = &arena};
    ProtobufCMessage *message = NULL;
    struct span again;
    CHECK(document_read(text, type, &problems, &message) == STATUS_OK);
    CHECK(problems.count == 0 && message != NULL);
    CHECK(message_encode(message, &arena, &again) == STATUS_OK);
    CHECK(span_equal(again, bytes));
}

static void write_and_read(const ProtobufCMessage *message, unsigned options, bool as_yaml)
{
    json_t *tree = NULL;
    struct span text;
    struct span bytes;
    CHECK(message_encode(message, &arena, &bytes) == STATUS_OK);
    CHECK(tree_from_message(message, options, &tree) == STATUS_OK);
    if (as_yaml) {
        CHECK(yaml_write(tree, &arena, &text) == STATUS_OK);
    } else {
        CHECK(tree_print(tree, (options & TREE_WITH_DEFAULTS) != 0, &arena, &text) == STATUS_OK);
    }
    json_decref(tree);
    must_read_the_same(message->descriptor, text, bytes);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    struct fuzz_random random = fuzz_random_of(seed);
    if (len < CHOICES) {
        return LLVMFuzzerMutate(data, len, len_max);
    }
    return CHOICES + mutate_text(words, sizeof(words) / sizeof(words[0]), data + CHOICES,
                                 len - CHOICES, len_max - CHOICES, &random);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input input = {.rest = span_of(data, len)};
    const ProtobufCMessageDescriptor *type = type_of(fuzz_byte(&input));
    struct problems problems = {.arena = &arena};
    ProtobufCMessage *message = NULL;
    arena_reset(&arena);
    fuzz_memory_begin(MEMORY_BYTES_MAX);
    CHECK(document_read(input.rest, type, &problems, &message) == STATUS_OK);
    CHECK((message != NULL) == (problems.count == 0));
    for (size_t i = 0; i < problems.count; i++) {
        CHECK(problems.items[i].reason.len > 5 && problems.items[i].path.len < PATH_BYTES);
    }
    if (message != NULL) {
        write_and_read(message, 0, false);
        write_and_read(message, TREE_PROTO_NAMES | TREE_WITH_DEFAULTS, false);
        write_and_read(message, TREE_DOCUMENT, true);
    }
    fuzz_memory_end();
    return 0;
}
