// Redis's protocol: bytes dealt out in chunks through store/redis_resp. A second reader of the
// whole says what each reply is, as long as they are well formed; however the bytes are dealt, the
// replies are the same. What is written as a command is read back as its arguments.
//
// Input: how the bytes are dealt, then the bytes.
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate_text.h"
#include "fuzz/resp_cost.h"
#include "store/redis_resp.h"

enum {
    CHOICES = 1,
    DEPTH_MAX = 7, // of arrays, as hiredis has it
    ARGUMENTS_MAX = 8,
    REPLIES_MAX = 64,
    MEMORY_BYTES_MAX = 12 * LIMIT_STORE_REPLY_BYTES,
};

static const char *const words[] = {
    "+OK\r\n",
    "-ERR no\r\n",
    ":1\r\n",
    ":-9223372036854775808\r\n",
    "$-1\r\n",
    "*-1\r\n",
    "$0\r\n\r\n",
    "$3\r\nabc\r\n",
    "*0\r\n",
    "*1\r\n",
    "*2\r\n",
    "\r\n",
    "$16777217\r\n",
    "*20000\r\n",
    "*2147483647\r\n",
    "$2147483647\r\n",
    ":9223372036854775808\r\n",
};

// --- the second reader ---

enum look { LOOK_GOOD, LOOK_MORE, LOOK_BAD };

// The text up to the line's end.
static enum look look_line(struct span *rest, struct span *ret_line)
{
    for (size_t i = 1; i < rest->len; i++) {
        if (rest->data[i - 1] == '\r' && rest->data[i] == '\n') {
            *ret_line = span_of(rest->data, i - 1);
            *rest = span_from(*rest, i + 1);
            return LOOK_GOOD;
        }
    }
    return LOOK_MORE;
}

// A number as Redis writes it: no zeros in front, no plus.
static bool look_number(struct span text, int64_t *ret_number)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    uint64_t number = 0;
    struct span digits = span_from(text, negative ? 1 : 0);
    if (digits.len == 0 || digits.len > 19 ||
        (digits.data[0] == '0' && (digits.len > 1 || negative))) {
        return false;
    }
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') {
            return false;
        }
        number = number * 10 + (uint64_t)(digits.data[i] - '0');
    }
    if (number > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
        return false;
    }
    *ret_number = negative ? (int64_t)(0 - number) : (int64_t)number;
    return true;
}

// A string or an array's length; LOOK_BAD also for what is too much to be held.
static enum look look_length(struct span *rest, int64_t *ret_length)
{
    struct span line;
    enum look look = look_line(rest, &line);
    if (look != LOOK_GOOD) {
        return look;
    }
    bool good = look_number(line, ret_length) && *ret_length >= -1 && *ret_length <= 1000000;
    return good ? LOOK_GOOD : LOOK_BAD;
}

static enum look look_string(struct span *rest, const struct resp_value *value)
{
    int64_t len = 0;
    enum look look = look_length(rest, &len);
    if (look != LOOK_GOOD || len == -1) {
        CHECK(look != LOOK_GOOD || value == NULL || value->type == RESP_NIL);
        return look;
    }
    if (rest->len < (size_t)len + 2) {
        return LOOK_MORE;
    }
    if (memcmp(rest->data + len, "\r\n", 2) != 0) {
        return LOOK_BAD;
    }
    if (value != NULL) {
        CHECK(value->type == RESP_STRING);
        CHECK(span_equal(value->text, span_of(rest->data, (size_t)len)));
    }
    *rest = span_from(*rest, (size_t)len + 2);
    return LOOK_GOOD;
}

static enum look look_plain(struct span *rest, uint8_t prefix, const struct resp_value *value)
{
    struct span line;
    int64_t number = 0;
    enum look look = look_line(rest, &line);
    if (look != LOOK_GOOD) {
        return look;
    }
    if (prefix == ':') {
        CHECK(value == NULL || value->type == RESP_INTEGER);
        bool good = look_number(line, &number);
        CHECK(!good || value == NULL || value->integer == number);
        return good ? LOOK_GOOD : LOOK_BAD;
    }
    if (value != NULL) {
        CHECK(value->type == (prefix == '+' ? RESP_STATUS : RESP_ERROR));
        CHECK(span_equal(value->text, line));
    }
    return LOOK_GOOD;
}

// Compares with `value` if there is one. NOLINTNEXTLINE(misc-no-recursion)
static enum look look_value(struct span *rest, const struct resp_value *value, int depth)
{
    if (rest->len == 0) {
        return LOOK_MORE;
    }
    uint8_t prefix = rest->data[0];
    *rest = span_from(*rest, 1);
    if (prefix == '$') {
        return look_string(rest, value);
    }
    if (prefix == '+' || prefix == '-' || prefix == ':') {
        return look_plain(rest, prefix, value);
    }
    int64_t count = 0;
    enum look look = prefix == '*' ? look_length(rest, &count) : LOOK_BAD;
    if (look != LOOK_GOOD || depth > DEPTH_MAX) {
        return look == LOOK_GOOD ? LOOK_BAD : look;
    }
    if (count == -1) {
        CHECK(value == NULL || value->type == RESP_NIL);
        return LOOK_GOOD;
    }
    CHECK(value == NULL || (value->type == RESP_ARRAY && value->count == (size_t)count));
    for (int64_t i = 0; i < count && look == LOOK_GOOD; i++) {
        const struct resp_value *item = value == NULL ? NULL : value->items[i];
        CHECK(value == NULL || item != NULL);
        look = look_value(rest, item, depth + 1);
    }
    return look;
}

// --- reading ---

struct replies {
    size_t count;
    enum status status; // of the end
};

// Everything a reply points to is there. NOLINTNEXTLINE(misc-no-recursion)
static uint64_t touch(const struct resp_value *value)
{
    uint64_t sum = (uint64_t)value->type + (uint64_t)value->integer;
    for (size_t i = 0; i < value->text.len; i++) {
        sum += value->text.data[i];
    }
    for (size_t i = 0; i < value->count; i++) {
        sum = sum * 31 + touch(value->items[i]);
    }
    return sum;
}

// Replies that are well formed are what the second reader sees; it gives up at the first that is
// not.
static void compare(struct span *rest, bool *looking, const struct resp_value *value)
{
    struct span before = *rest;
    if (!*looking) {
        return;
    }
    *looking = look_value(rest, NULL, 1) == LOOK_GOOD;
    CHECK(!*looking || value != NULL);
    if (*looking) {
        CHECK(look_value(&before, value, 1) == LOOK_GOOD);
    }
}

static uint64_t read_all(struct span bytes, size_t chunk, struct replies *ret_replies)
{
    struct resp_reader reader;
    uint64_t sum = 0;
    struct span rest = bytes;
    bool looking = true;
    *ret_replies = (struct replies){0};
    CHECK(resp_reader_init(&reader) == STATUS_OK);
    for (size_t at = 0; at < bytes.len && ret_replies->status == STATUS_OK; at += chunk) {
        size_t len = chunk < bytes.len - at ? chunk : bytes.len - at;
        const struct resp_value *value = NULL;
        ret_replies->status = resp_reader_feed(&reader, span_of(bytes.data + at, len));
        while (ret_replies->status == STATUS_OK) {
            ret_replies->status = resp_reader_next(&reader, &value);
            if (ret_replies->status != STATUS_OK || value == NULL) {
                break;
            }
            CHECK(reader.arena.used_bytes <= LIMIT_STORE_REPLY_BYTES);
            sum = sum * 31 + touch(value);
            compare(&rest, &looking, value);
            resp_reader_forget(&reader);
            ret_replies->count++;
        }
    }
    CHECK(ret_replies->status == STATUS_OK || ret_replies->status == STATUS_CORRUPT ||
          ret_replies->status == STATUS_NO_MEMORY);
    CHECK(ret_replies->status != STATUS_OK || !looking ||
          look_value(&rest, NULL, 1) != LOOK_GOOD); // no reply was kept back
    resp_reader_fini(&reader);
    return sum;
}

// Feeds a string's header and so many bytes of it, a piece at a time.
static enum status feed_long(struct resp_reader *reader, size_t len, size_t sent)
{
    static const uint8_t piece[1 << 20];
    char head[32];
    const struct resp_value *value = NULL;
    int head_len = snprintf(head, sizeof(head), "$%zu\r\n", len);
    CHECK(resp_reader_feed(reader, span_of(head, (size_t)head_len)) == STATUS_OK);
    enum status status = STATUS_OK;
    for (size_t at = 0; at < sent && status == STATUS_OK; at += sizeof(piece)) {
        size_t part = sent - at < sizeof(piece) ? sent - at : sizeof(piece);
        CHECK(resp_reader_feed(reader, span_of(piece, part)) == STATUS_OK);
        status = resp_reader_next(reader, &value);
        CHECK(value == NULL);
    }
    return status;
}

// Replies longer than any input here: one that is given back after its use, one at the bound, one
// over it. Once is enough.
static void read_long(void)
{
    static bool done;
    static const size_t lengths[] = {3 << 20, LIMIT_LOG_BYTES};
    struct resp_reader reader;
    const struct resp_value *value = NULL;
    if (done) {
        return;
    }
    done = true;
    CHECK(resp_reader_init(&reader) == STATUS_OK);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        CHECK(feed_long(&reader, lengths[i], lengths[i]) == STATUS_OK);
        CHECK(resp_reader_feed(&reader, span_of_text("\r\n")) == STATUS_OK);
        CHECK(resp_reader_next(&reader, &value) == STATUS_OK && value != NULL);
        CHECK(value->type == RESP_STRING && value->text.len == lengths[i]);
        resp_reader_forget(&reader);
    }
    size_t over = (size_t)LIMIT_STORE_REPLY_BYTES + 1024;
    CHECK(feed_long(&reader, 2 * over, over) == STATUS_TOO_LARGE);
    resp_reader_fini(&reader);
}

// --- writing ---

static void write_and_read(struct span bytes, size_t piece)
{
    struct resp_writer writer;
    struct resp_reader reader;
    struct span pieces[ARGUMENTS_MAX];
    struct span command;
    const struct resp_value *value = NULL;
    struct fuzz_input input = {.rest = bytes};
    uint32_t count = 1 + (uint32_t)(bytes.len % ARGUMENTS_MAX);
    resp_writer_init(&writer);
    resp_begin(&writer, count);
    for (uint32_t i = 0; i < count; i++) {
        pieces[i] = fuzz_bytes(&input, piece * i);
        resp_put(&writer, pieces[i]);
    }
    CHECK(resp_finish(&writer, &command) == STATUS_OK);
    CHECK(resp_reader_init(&reader) == STATUS_OK);
    CHECK(resp_reader_feed(&reader, command) == STATUS_OK);
    CHECK(resp_reader_next(&reader, &value) == STATUS_OK && value != NULL);
    CHECK(value->type == RESP_ARRAY && value->count == count);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(value->items[i]->type == RESP_STRING);
        CHECK(span_equal(value->items[i]->text, pieces[i]));
    }
    resp_reader_fini(&reader);
    resp_writer_fini(&writer);
}

// --- the driver ---

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
    size_t chunk = 1 + fuzz_byte(&input) % 32;
    struct replies whole;
    struct replies dealt;
    if (resp_is_costly(input.rest)) {
        return 0;
    }
    read_long();
    fuzz_memory_begin(MEMORY_BYTES_MAX);
    uint64_t whole_sum = read_all(input.rest, input.rest.len + 1, &whole);
    uint64_t dealt_sum = read_all(input.rest, chunk, &dealt);
    CHECK(whole_sum == dealt_sum && whole.count == dealt.count && whole.status == dealt.status);
    write_and_read(input.rest, chunk);
    fuzz_memory_end();
    return 0;
}
