// Stored records, snapshots among them, behind a hash chain that is made to fit: what the decoder,
// the fold and everything after it make of a log that somebody wrote wrongly. See stored.h for what
// must hold.
//
// Input: choices, then bodies of records, each behind its length.
#include "fuzz/stored.h"

enum { CHOICES = 2, MEMORY_BYTES_MAX = 64 << 20 };

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    struct fuzz_random random = fuzz_random_of(seed);
    if (len <= CHOICES || fuzz_random_below(&random, 8) == 0) {
        return LLVMFuzzerMutate(data, len, len_max);
    }
    return CHOICES + stored_mutate(data + CHOICES, len - CHOICES, len_max - CHOICES, &random);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct buffer log; // warm from input to input
    struct fuzz_input input = {.rest = span_of(data, len)};
    uint64_t choice = fuzz_byte(&input);
    choice |= (uint64_t)fuzz_byte(&input) << 8;
    fuzz_memory_begin(MEMORY_BYTES_MAX);
    stored_chain(input.rest, &log);
    stored_check(buffer_span(&log), choice);
    fuzz_memory_end();
    return 0;
}
