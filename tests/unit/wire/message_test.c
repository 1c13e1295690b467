// Decoding and encoding of every type with random contents; what the look at the bytes accepts
// protobuf-c reads in the same way; bombs stay small.
#include "wire/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/wire/contract_types.h"
#include "unit/wire/random_message.h"

enum { ROUNDS = 60, ARENA_BYTES = 16 << 20 };

static struct span encoded(const ProtobufCMessage *message, struct arena *arena)
{
    struct span bytes = {0};
    assert_int_equal(message_encode(message, arena, &bytes), STATUS_OK);
    return bytes;
}

static void every_type_comes_back(void **state)
{
    (void)state;
    struct dice dice = dice_from_environment();
    struct contract_types types = contract_types();
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    for (size_t i = 0; i < types.count * ROUNDS; i++) {
        arena_reset(&arena);
        const ProtobufCMessageDescriptor *type = types.items[i % types.count];
        struct span bytes = encoded(random_message(&dice, &arena, type), &arena);
        ProtobufCMessage *back = NULL;
        struct message_fault fault = {0};
        enum status status = message_decode(type, bytes, &arena, &back, &fault);
        if (status != STATUS_OK) {
            fail_msg("%s: %s: %s", type->name, fault.path, fault.reason);
        }
        assert_ptr_equal(back->descriptor, type);
        assert_true(span_equal(encoded(back, &arena), bytes));
    }
    arena_fini(&arena);
}

// A few bytes changed, cut off or doubled.
static struct span mutated(struct dice *dice, struct span bytes, struct arena *arena)
{
    uint8_t *copy = arena_alloc(arena, bytes.len * 2 + 8);
    assert_non_null(copy);
    if (bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
    size_t len = bytes.len;
    for (size_t i = dice_below(dice, 3); i > 0 && len > 0; i--) {
        copy[dice_below(dice, len)] = (uint8_t)dice_roll(dice);
    }
    switch (dice_below(dice, 6)) {
    case 0:
        len = len == 0 ? 0 : dice_below(dice, len);
        break;
    case 1:
        memmove(copy + len, copy, len);
        len *= 2;
        break;
    case 2:
        copy[len++] = (uint8_t)dice_roll(dice);
        copy[len++] = (uint8_t)dice_below(dice, 4);
        break;
    default:
        break;
    }
    return span_of(copy, len);
}

static void what_is_accepted_is_read_the_same(void **state)
{
    (void)state;
    struct dice dice = dice_from_environment();
    struct contract_types types = contract_types();
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    size_t accepted = 0;
    size_t known_canonical = 0;
    size_t known_other = 0;
    for (size_t i = 0; i < types.count * ROUNDS * 10; i++) {
        arena_reset(&arena);
        const ProtobufCMessageDescriptor *type = types.items[i % types.count];
        struct span bytes =
            mutated(&dice, encoded(random_message(&dice, &arena, type), &arena), &arena);
        struct message_fault fault = {0};
        ProtobufCMessage *message = NULL;
        bool is_canonical = false;
        if (message_decode_noting(type, bytes, &arena, &message, &is_canonical, &fault) !=
            STATUS_OK) {
            assert_int_not_equal(fault.reason[0], '\0');
            continue;
        }
        accepted++;
        ProtobufCMessage *again = NULL;
        struct span canonical = encoded(message, &arena);
        assert_true(!is_canonical || span_equal(bytes, canonical));
        known_canonical += is_canonical;
        known_other += !is_canonical && !span_equal(bytes, canonical);
        assert_int_equal(message_decode(type, canonical, &arena, &again, &fault), STATUS_OK);
        assert_true(span_equal(encoded(again, &arena), canonical));
    }
    print_message("%zu mutants accepted, %zu known to be canonical, %zu not to be\n", accepted,
                  known_canonical, known_other);
    assert_true(accepted > types.count);
    assert_true(known_canonical > types.count && known_other > types.count / 4); // about 100
    arena_fini(&arena);
}

static void a_full_arena_is_no_memory(void **state)
{
    (void)state;
    struct dice dice = {1};
    struct arena large;
    arena_init(&large, ARENA_BYTES);
    const ProtobufCMessageDescriptor *type = &loyalty__v1__award_request__descriptor;
    struct span bytes = {0};
    while (bytes.len < 150) {
        arena_reset(&large);
        bytes = encoded(random_message(&dice, &large, type), &large);
    }
    struct message_fault fault;
    enum status status = STATUS_NO_MEMORY;
    size_t cap = 0;
    for (; status != STATUS_OK; cap += 16) {
        struct arena small;
        arena_init(&small, cap);
        ProtobufCMessage *message = NULL;
        status = message_decode(type, bytes, &small, &message, &fault);
        assert_true(status == STATUS_OK || status == STATUS_NO_MEMORY);
        assert_true((message != NULL) == (status == STATUS_OK));
        arena_fini(&small);
    }
    assert_in_range(cap, 300, 65536);
    arena_fini(&large);
}

static struct span repeated(const char *piece, size_t piece_bytes, struct arena *arena)
{
    size_t count = LIMIT_FRAME_BYTES / piece_bytes;
    uint8_t *bytes = arena_alloc(arena, count * piece_bytes);
    assert_non_null(bytes);
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes + i * piece_bytes, piece, piece_bytes);
    }
    return span_of(bytes, count * piece_bytes);
}

static enum status decode_in_a_request(const ProtobufCMessageDescriptor *type, struct span bytes,
                                       size_t *ret_used, struct message_fault *fault)
{
    struct arena arena;
    arena_init(&arena, LIMIT_ARENA_BYTES);
    ProtobufCMessage *message = NULL;
    enum status status = message_decode(type, bytes, &arena, &message, fault);
    *ret_used = arena.used_bytes;
    arena_fini(&arena);
    return status;
}

static void bombs_take_no_memory(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    struct message_fault fault;
    size_t used = 1;
    // Field 31, a varint each.
    struct span unknown = repeated("\xf8\x01\x00", 3, &arena);
    assert_int_equal(
        decode_in_a_request(&loyalty__v1__award_request__descriptor, unknown, &used, &fault),
        STATUS_INVALID);
    assert_string_equal(fault.reason, "unknown field number 31");
    assert_int_equal(used, 0);
    // Empty sale lines.
    struct span lines = repeated("\x22\x00", 2, &arena);
    assert_int_equal(decode_in_a_request(&loyalty__v1__sale__descriptor, lines, &used, &fault),
                     STATUS_TOO_LARGE);
    assert_string_equal(fault.path, "lines[16384]");
    assert_string_equal(fault.reason, "more than 16384 values in one message");
    assert_int_equal(used, 0);
    // As many as may be: whatever comes of it, inside the arena.
    lines.len = (size_t)2 * WIRE_MESSAGE_VALUES;
    enum status status = decode_in_a_request(&loyalty__v1__sale__descriptor, lines, &used, &fault);
    assert_true(status == STATUS_OK || status == STATUS_NO_MEMORY);
    assert_in_range(used, 1, LIMIT_ARENA_BYTES);
    // Packed weekdays: a byte each, 0 to 7 of them known.
    static const uint8_t length[] = {0x22, 0xfc, 0xff, 0x03};
    struct span packed = repeated("\x01", 1, &arena);
    uint8_t *head = arena_alloc(&arena, packed.len);
    memcpy(head, packed.data, packed.len);
    memcpy(head, length, sizeof(length));
    assert_int_equal(decode_in_a_request(&loyalty__v1__condition__descriptor,
                                         span_of(head, LIMIT_FRAME_BYTES), &used, &fault),
                     STATUS_TOO_LARGE);
    assert_int_equal(used, 0);
    arena_fini(&arena);
}

static void a_warm_arena_grows_no_more(void **state)
{
    (void)state;
    struct dice dice = dice_from_environment();
    struct arena arena;
    struct arena source;
    arena_init(&arena, LIMIT_ARENA_BYTES);
    arena_init(&source, ARENA_BYTES);
    const ProtobufCMessageDescriptor *type = &loyalty__v1__award_request__descriptor;
    struct span bytes = encoded(random_message(&dice, &source, type), &source);
    struct message_fault fault;
    ProtobufCMessage *first = NULL;
    for (int i = 0; i < 3; i++) {
        arena_reset(&arena);
        ProtobufCMessage *message = NULL;
        assert_int_equal(message_decode(type, bytes, &arena, &message, &fault), STATUS_OK);
        assert_true(first == NULL || first == message);
        first = message;
    }
    arena_fini(&source);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_comes_back),
        cmocka_unit_test(what_is_accepted_is_read_the_same),
        cmocka_unit_test(a_full_arena_is_no_memory),
        cmocka_unit_test(bombs_take_no_memory),
        cmocka_unit_test(a_warm_arena_grows_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
