// A place is chosen, the word or line there is found, and something else is put where it stood.
#include "fuzz/mutate_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_BYTES = 32, LINE_BYTES_MAX = 512 };

struct text {
    uint8_t *data;
    size_t len;
    size_t len_max;
};

// Puts `bytes` where `old` bytes stood; nothing if it does not fit.
static void replace(struct text *text, size_t at, size_t old, struct span bytes)
{
    if (text->len - old + bytes.len > text->len_max) {
        return;
    }
    memmove(text->data + at + bytes.len, text->data + at + old, text->len - at - old);
    if (bytes.len > 0) {
        memcpy(text->data + at, bytes.data, bytes.len);
    }
    text->len = text->len - old + bytes.len;
}

static bool is_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

// The run around `at` of bytes that are, or are not, of a word.
static size_t find_run(const struct text *text, size_t at, size_t *ret_begin)
{
    bool word = is_word(text->data[at]);
    size_t begin = at;
    size_t end = at;
    while (begin > 0 && is_word(text->data[begin - 1]) == word) {
        begin--;
    }
    while (end < text->len && is_word(text->data[end]) == word) {
        end++;
    }
    *ret_begin = begin;
    return end - begin;
}

static size_t find_line(const struct text *text, size_t at, size_t *ret_begin)
{
    size_t begin = at;
    while (begin > 0 && text->data[begin - 1] != '\n') {
        begin--;
    }
    const uint8_t *end = memchr(text->data + at, '\n', text->len - at);
    *ret_begin = begin;
    return (end == NULL ? text->len : (size_t)(end - text->data) + 1) - begin;
}

static struct span other_number(char out[NUMBER_BYTES], struct fuzz_random *random)
{
    static const int64_t numbers[] = {
        0,
        1,
        2,
        9,
        10,
        12,
        13,
        24,
        28,
        29,
        31,
        32,
        60,
        99,
        100,
        167,
        168,
        365,
        366,
        1000,
        10000,
        9999,
        65535,
        65536,
        -1,
        INT32_MAX,
        UINT32_MAX,
        1000000000000,
        1000000000001,
        INT64_MAX,
        INT64_MIN,
        1200,
        2147483648,
    };
    int64_t number = numbers[fuzz_random_below(random, sizeof(numbers) / sizeof(numbers[0]))];
    if (fuzz_random_below(random, 3) == 0) {
        number = (int64_t)fuzz_random_below(random, 100000);
    }
    (void)snprintf(out, NUMBER_BYTES, "%" PRId64, number);
    return span_of_text(out);
}

static void treat_line(struct text *text, size_t at, struct fuzz_random *random)
{
    static uint8_t line[LINE_BYTES_MAX];
    size_t begin = 0;
    size_t len = find_line(text, at, &begin);
    size_t kept = len < sizeof(line) ? len : sizeof(line);
    size_t elsewhere = 0;
    memcpy(line, text->data + begin, kept);
    switch (fuzz_random_below(random, 3)) {
    case 0:
        replace(text, begin, len, span_of(NULL, 0));
        return;
    case 1:
        replace(text, begin, 0, span_of(line, kept));
        return;
    default:
        (void)find_line(text, fuzz_random_below(random, text->len), &elsewhere);
        replace(text, elsewhere, 0, span_of(line, kept));
        return;
    }
}

size_t mutate_text(const char *const *words, size_t word_count, uint8_t *data, size_t len,
                   size_t len_max, struct fuzz_random *random)
{
    struct text text = {.data = data, .len = len, .len_max = len_max};
    char number[NUMBER_BYTES];
    size_t kind = len == 0 ? 6 : fuzz_random_below(random, 7);
    size_t at = fuzz_random_below(random, len);
    size_t begin = at;
    struct span word = span_of_text(words[fuzz_random_below(random, word_count)]);
    switch (kind) {
    case 0:
    case 1: {
        size_t run = find_run(&text, at, &begin);
        replace(&text, begin, run, kind == 0 ? word : other_number(number, random));
        return text.len;
    }
    case 2:
        replace(&text, at, 0, word);
        return text.len;
    case 3:
    case 4:
        treat_line(&text, at, random);
        return text.len;
    default:
        return LLVMFuzzerMutate(data, len, len_max);
    }
}
