// Programs as protobuf, as they are published: decoded, compiled, written and read again, lived by.
//
// Input: a choice for the sales, then the message.
#include "base/check.h"
#include "base/hash.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate_message.h"
#include "fuzz/program_use.h"
#include "wire/message.h"
#include "wire/program_wire.h"

enum { CHOICES = 1, ARENA_BYTES = 8 << 20 };

static struct arena arena = {.cap_bytes = ARENA_BYTES}; // as arena_init has it

static void check_problems(const struct program_problems *problems)
{
    CHECK(problems->count <= LIMIT_PROGRAM_PROBLEMS);
    for (size_t i = 0; i < problems->count; i++) {
        CHECK(problems->items[i].reason.len > 5);
        CHECK(problems->items[i].path.len > 0 || i + 1 == LIMIT_PROGRAM_PROBLEMS);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    struct fuzz_random random = fuzz_random_of(seed);
    if (len < CHOICES || fuzz_random_below(&random, 8) == 0) {
        return LLVMFuzzerMutate(data, len, len_max);
    }
    return CHOICES + mutate_message(&loyalty__v1__program__descriptor, data + CHOICES,
                                    len - CHOICES, len_max - CHOICES, &random);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input input = {.rest = span_of(data, len)};
    uint8_t choice = fuzz_byte(&input);
    ProtobufCMessage *message = NULL;
    struct message_fault fault;
    struct program program;
    arena_reset(&arena);
    if (message_decode(&loyalty__v1__program__descriptor, input.rest, &arena, &message, &fault) !=
        STATUS_OK) {
        return 0;
    }
    struct program_problems problems = {.arena = &arena};
    fuzz_memory_begin(PROGRAM_USE_BYTES);
    CHECK(program_from_message((const Loyalty__V1__Program *)message, &arena, &program) ==
          STATUS_OK);
    CHECK(program_compile(&program, &problems) == STATUS_OK);
    check_problems(&problems);
    if (problems.count == 0) {
        program_use_rewrite((const Loyalty__V1__Program *)message, &program, (choice & 0xf0) == 0);
        program_use_live(&program, hash_fnv1a(input.rest) + choice);
    }
    fuzz_memory_end();
    return 0;
}
