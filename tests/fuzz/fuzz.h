// What the drivers of this folder have in common. A driver is NAME_fuzz.c: it takes any bytes,
// hands them to one surface of the product and checks what that surface promises, with CHECK, which
// aborts. Built with clang it is linked with libFuzzer (tests/fuzz/run); with gcc with replay.c,
// which runs the committed corpus and random mutations of it as the test fuzz.NAME.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

// --- what a driver defines; the second only if it needs it ---

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
// Changes the bytes in place; returns their new length, at most `len_max`.
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t len_max, unsigned seed)
    __attribute__((weak));

// --- what libFuzzer, or replay.c, defines ---

// A plain mutation of bytes, for custom mutators.
size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t len_max);

// --- an input taken apart: choices first, the bytes proper behind them ---

struct fuzz_input {
    struct span rest;
};

// The next byte; 0 when there is none.
static inline uint8_t fuzz_byte(struct fuzz_input *input)
{
    if (input->rest.len == 0) {
        return 0;
    }
    uint8_t byte = input->rest.data[0];
    input->rest = span_from(input->rest, 1);
    return byte;
}

// The next `len` bytes, or as many as there are.
static inline struct span fuzz_bytes(struct fuzz_input *input, size_t len)
{
    struct span bytes = input->rest;
    bytes.len = len < bytes.len ? len : bytes.len;
    input->rest = span_from(input->rest, bytes.len);
    return bytes;
}

// --- memory ---

// From here to fuzz_memory_end all allocations together may ask for at most `bytes`; more aborts.
// Without AddressSanitizer nothing is counted.
void fuzz_memory_begin(size_t bytes);
void fuzz_memory_end(void);

// --- random numbers of mutators and of replay.c ---

struct fuzz_random {
    uint64_t state;
};

struct fuzz_random fuzz_random_of(uint64_t seed);
uint64_t fuzz_random_u64(struct fuzz_random *random);
// 0 to `below` - 1; 0 when that is 0.
size_t fuzz_random_below(struct fuzz_random *random, size_t below);
