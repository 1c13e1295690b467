// The main of a driver that is not linked with libFuzzer: runs every file of a corpus once, then a
// fixed number of random mutations of them.
//
//     fuzz_NAME CORPUS...         files or folders
//     FUZZ_MUTATIONS=1000000      how many mutations, instead of the usual number
//     LOYALTY_SEED=1              of which seed; else a new one, which is printed
//
// What ends the process is named, and left in PROGRAM.input to be given again.
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/vec.h"

enum {
    MUTATIONS = 5000,
    INPUT_BYTES_MAX = 16 * 1024, // of a mutated input
    FILE_BYTES_MAX = 1 << 20,
    FILES_MAX = 10000,
    PATH_BYTES_MAX = 1024,
    STEPS_MAX = 5,
    HANG_S = 30, // what takes so long, under whatever load, does not end
};

// NOLINTBEGIN(bugprone-reserved-identifier): the sanitizers' own names

// Of AddressSanitizer; and what UndefinedBehaviorSanitizer asks, which knows no such callback.
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));
const char *__ubsan_default_options(void);

const char *__ubsan_default_options(void)
{
    return "abort_on_error=1";
}

// NOLINTEND(bugprone-reserved-identifier)

static VEC(struct buffer) corpus;
static struct fuzz_random dice;

// --- what is being run ---

static struct span running;
static const char *running_name = "";
static char left_path[PATH_BYTES_MAX];

// As the process dies: nothing but system calls.

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0) {
        return; // nobody listens
    }
}

static void leave_input(void)
{
    if (running.data == NULL) {
        return;
    }
    int file = open(left_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) {
        return;
    }
    bool left = write(file, running.data, running.len) == (ssize_t)running.len;
    (void)close(file);
    say("fuzz: ");
    say(running_name);
    say(left ? " ended it; the input is in " : " ended it; not all of the input is in ");
    say(left_path);
    say("\n");
}

static void on_death(int number)
{
    leave_input();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void watch_death(const char *program)
{
    (void)snprintf(left_path, sizeof(left_path), "%s.input", program);
    CHECK(signal(SIGABRT, on_death) != SIG_ERR && signal(SIGALRM, on_death) != SIG_ERR);
    if (__sanitizer_set_death_callback != NULL) {
        __sanitizer_set_death_callback(leave_input);
    }
}

// From a copy of exactly this size, so that reading past it is seen.
static void run(struct span input, const char *name)
{
    uint8_t *copy = malloc(input.len == 0 ? 1 : input.len);
    CHECK(copy != NULL);
    if (input.len > 0) {
        memcpy(copy, input.data, input.len);
    }
    running = span_of(copy, input.len);
    running_name = name;
    (void)alarm(HANG_S);
    CHECK(LLVMFuzzerTestOneInput(copy, input.len) == 0);
    free(copy);
}

// --- the corpus ---

static void read_file(const char *path)
{
    struct buffer bytes;
    buffer_init(&bytes, FILE_BYTES_MAX);
    CHECK(buffer_reserve(&bytes, FILE_BYTES_MAX) == STATUS_OK);
    running_name = path;
    FILE *file = fopen(path, "re");
    CHECK(file != NULL);
    bytes.len = fread(bytes.data, 1, FILE_BYTES_MAX, file);
    CHECK(ferror(file) == 0 && fclose(file) == 0);
    run(buffer_span(&bytes), path);
    struct buffer kept;
    buffer_init(&kept, 0);
    CHECK(buffer_append(&kept, buffer_span(&bytes)) == STATUS_OK);
    buffer_fini(&bytes);
    CHECK(vec_reserve_one(&corpus, FILES_MAX) == STATUS_OK);
    corpus.items[corpus.count++] = kept;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

// In the order of names, so that a seed finds the same files.
static void read_folder(const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, compare_names);
    if (count < 0) {
        read_file(path);
        return;
    }
    for (int i = 0; i < count; i++) {
        char inner[PATH_BYTES_MAX];
        if (entries[i]->d_name[0] != '.') {
            CHECK(snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name) <
                  PATH_BYTES_MAX);
            read_file(inner);
        }
        free(entries[i]);
    }
    free((void *)entries);
}

static void free_corpus(void)
{
    for (uint32_t i = 0; i < corpus.count; i++) {
        buffer_fini(&corpus.items[i]);
    }
    vec_fini(&corpus);
}

// --- mutations ---

static size_t insert(uint8_t *data, size_t len, size_t len_max, struct span piece)
{
    if (piece.len == 0 || piece.len > len_max - len) {
        return len;
    }
    size_t at = fuzz_random_below(&dice, len + 1);
    memmove(data + at + piece.len, data + at, len - at);
    memcpy(data + at, piece.data, piece.len);
    return len + piece.len;
}

static size_t erase(uint8_t *data, size_t len)
{
    size_t at = fuzz_random_below(&dice, len);
    size_t count = 1 + fuzz_random_below(&dice, len - at < 16 ? len - at : 16);
    count = count < len - at ? count : len - at;
    memmove(data + at, data + at + count, len - at - count);
    return len - count;
}

static size_t insert_random(uint8_t *data, size_t len, size_t len_max)
{
    uint8_t bytes[8];
    uint64_t random = fuzz_random_u64(&dice);
    memcpy(bytes, &random, sizeof(bytes));
    return insert(data, len, len_max, span_of(bytes, 1 + fuzz_random_below(&dice, sizeof(bytes))));
}

// A piece of some file of the corpus.
static size_t insert_known(uint8_t *data, size_t len, size_t len_max)
{
    struct span other = buffer_span(&corpus.items[fuzz_random_below(&dice, corpus.count)]);
    size_t at = fuzz_random_below(&dice, other.len + 1);
    size_t count = fuzz_random_below(&dice, other.len - at + 1);
    return insert(data, len, len_max, span_of(other.data + at, count));
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t len_max)
{
    static const uint8_t extremes[] = {0, 1, 0x7f, 0x80, 0xff, '0', ' ', '\n', '.', '/'};
    size_t kind = len == 0 ? 5 + fuzz_random_below(&dice, 2) : fuzz_random_below(&dice, 7);
    size_t at = fuzz_random_below(&dice, len);
    switch (kind) {
    case 0:
        data[at] ^= (uint8_t)(1 << fuzz_random_below(&dice, 8));
        return len;
    case 1:
        data[at] = (uint8_t)fuzz_random_u64(&dice);
        return len;
    case 2:
        data[at] = extremes[fuzz_random_below(&dice, sizeof(extremes))];
        return len;
    case 3:
        data[at] = (uint8_t)(data[at] + (fuzz_random_below(&dice, 2) == 0 ? 1 : -1));
        return len;
    case 4:
        return erase(data, len);
    case 5:
        return insert_random(data, len, len_max);
    default:
        return insert_known(data, len, len_max);
    }
}

static void run_mutation(const char *name)
{
    static uint8_t data[INPUT_BYTES_MAX];
    struct span chosen = buffer_span(&corpus.items[fuzz_random_below(&dice, corpus.count)]);
    size_t len = chosen.len < sizeof(data) ? chosen.len : sizeof(data);
    if (len > 0) {
        memcpy(data, chosen.data, len);
    }
    for (size_t step = 1 + fuzz_random_below(&dice, STEPS_MAX); step > 0; step--) {
        if (LLVMFuzzerCustomMutator != NULL && fuzz_random_below(&dice, 4) != 0) {
            unsigned seed = (unsigned)fuzz_random_u64(&dice);
            len = LLVMFuzzerCustomMutator(data, len, sizeof(data), seed);
        } else {
            len = LLVMFuzzerMutate(data, len, sizeof(data));
        }
        CHECK(len <= sizeof(data));
    }
    run(span_of(data, len), name);
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *given = getenv(variable);
    return given == NULL ? otherwise : strtoull(given, NULL, 10);
}

int main(int argc, char **argv)
{
    uint64_t fresh = 0;
    CHECK(getrandom(&fresh, sizeof(fresh), 0) == (ssize_t)sizeof(fresh));
    uint64_t seed = number_from("LOYALTY_SEED", fresh % 1000000000);
    uint64_t mutations = number_from("FUZZ_MUTATIONS", MUTATIONS);
    const char *slash = strrchr(argv[0], '/');
    const char *name = slash == NULL ? argv[0] : slash + 1;
    watch_death(argv[0]);
    dice = fuzz_random_of(seed);
    for (int i = 1; i < argc; i++) {
        read_folder(argv[i]);
    }
    printf("%s: %u files of the corpus; LOYALTY_SEED=%" PRIu64 " FUZZ_MUTATIONS=%" PRIu64 "\n",
           name, corpus.count, seed, mutations);
    (void)fflush(stdout);
    for (uint64_t i = 0; i < mutations && corpus.count > 0; i++) {
        char mutation[64];
        (void)snprintf(mutation, sizeof(mutation), "mutation %" PRIu64, i);
        run_mutation(mutation);
    }
    free_corpus();
    return corpus.count == 0 && argc < 2 ? EXIT_FAILURE : EXIT_SUCCESS;
}
