// The codec. Of hiredis only the reader is used, with these functions for its values; its commands'
// formatting is not, as writing an argument is a length, two line ends and a copy.
#include "store/redis_resp.h"

#include <hiredis/read.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"

enum {
    ARGUMENT_OVERHEAD = RESP_DIGITS_MAX + 5, // "$", length, two line ends
    KEPT_BYTES = 1 << 20,                    // what is larger is given back after its use
};

// --- writing ---

void resp_writer_init(struct resp_writer *writer)
{
    *writer = (struct resp_writer){0};
    buffer_init(&writer->bytes, 0);
}

void resp_writer_fini(struct resp_writer *writer)
{
    if (writer != NULL) {
        buffer_fini(&writer->bytes);
    }
}

size_t resp_digits(char out[RESP_DIGITS_MAX], uint64_t number)
{
    char reversed[RESP_DIGITS_MAX];
    size_t count = 0;
    do {
        CHECK(count < RESP_DIGITS_MAX);
        reversed[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    for (size_t i = 0; i < count; i++) {
        out[i] = reversed[count - 1 - i];
    }
    return count;
}

enum status resp_parse_u64(struct span text, uint64_t *ret_number)
{
    if (text.len == 0 || text.len > RESP_DIGITS_MAX) {
        return STATUS_INVALID;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' ||
            __builtin_mul_overflow(number, 10U, &number) ||
            __builtin_add_overflow(number, (uint64_t)(text.data[i] - '0'), &number)) {
            return STATUS_INVALID;
        }
    }
    *ret_number = number;
    return STATUS_OK;
}

// A prefix character, a number, a line end; room for it has been reserved.
static void put_header(struct buffer *bytes, uint8_t prefix, size_t number)
{
    CHECK(bytes->capacity - bytes->len >= ARGUMENT_OVERHEAD);
    uint8_t *at = bytes->data + bytes->len;
    *at++ = prefix;
    at += resp_digits((char *)at, number);
    *at++ = '\r';
    *at++ = '\n';
    bytes->len = (size_t)(at - bytes->data);
}

void resp_clear(struct resp_writer *writer)
{
    if (writer->bytes.capacity > KEPT_BYTES) {
        buffer_fini(&writer->bytes);
    }
    buffer_clear(&writer->bytes);
    writer->missing = 0;
    writer->status = STATUS_OK;
}

void resp_more(struct resp_writer *writer, uint32_t arguments)
{
    writer->missing += arguments;
}

enum status resp_reserve(struct resp_writer *writer, uint32_t arguments, size_t bytes)
{
    return buffer_reserve(&writer->bytes, bytes + (size_t)arguments * ARGUMENT_OVERHEAD);
}

void resp_put_all(struct resp_writer *writer, const struct resp_writer *parts, uint32_t arguments)
{
    CHECK(parts->missing == 0 && parts->status == STATUS_OK && writer->missing >= arguments);
    writer->missing -= arguments;
    if (writer->status == STATUS_OK) {
        writer->status = buffer_append(&writer->bytes, buffer_span(&parts->bytes));
    }
}

void resp_begin(struct resp_writer *writer, uint32_t arguments)
{
    CHECK(arguments > 0);
    resp_clear(writer);
    resp_more(writer, arguments);
    writer->status = buffer_reserve(&writer->bytes, ARGUMENT_OVERHEAD);
    if (writer->status == STATUS_OK) {
        put_header(&writer->bytes, '*', arguments);
    }
}

void resp_put(struct resp_writer *writer, struct span argument)
{
    CHECK(writer->missing > 0);
    writer->missing--;
    struct buffer *bytes = &writer->bytes;
    size_t most = argument.len + ARGUMENT_OVERHEAD;
    if (writer->status == STATUS_OK && !buffer_has_room(bytes, most)) {
        writer->status = buffer_reserve(bytes, most);
    }
    if (writer->status != STATUS_OK) {
        return;
    }
    put_header(bytes, '$', argument.len);
    if (argument.len > 0) {
        memcpy(bytes->data + bytes->len, argument.data, argument.len);
        bytes->len += argument.len;
    }
    memcpy(bytes->data + bytes->len, "\r\n", 2);
    bytes->len += 2;
}

void resp_put_text(struct resp_writer *writer, const char *argument)
{
    resp_put(writer, span_of_text(argument));
}

void resp_put_unsigned(struct resp_writer *writer, uint64_t argument)
{
    char digits[RESP_DIGITS_MAX];
    resp_put(writer, span_of(digits, resp_digits(digits, argument)));
}

void resp_put_number(struct resp_writer *writer, int64_t argument)
{
    char text[1 + RESP_DIGITS_MAX] = "-";
    uint64_t magnitude = argument < 0 ? -(uint64_t)argument : (uint64_t)argument;
    size_t digits = resp_digits(text + 1, magnitude);
    resp_put(writer, argument < 0 ? span_of(text, digits + 1) : span_of(text + 1, digits));
}

enum status resp_finish(struct resp_writer *writer, struct span *ret_command)
{
    CHECK(writer->missing == 0);
    TRY(writer->status);
    *ret_command = buffer_span(&writer->bytes);
    return STATUS_OK;
}

// --- reading ---

// A zeroed value in its place in the array above it, if any. NULL ends the parsing: out of memory.
static struct resp_value *value_new(const redisReadTask *task, enum resp_type type)
{
    struct resp_reader *reader = task->privdata;
    struct resp_value *value = arena_alloc(&reader->arena, sizeof(*value));
    if (value == NULL) {
        return NULL;
    }
    value->type = type;
    if (task->parent != NULL) {
        struct resp_value *array = task->parent->obj;
        CHECK(task->idx >= 0 && (size_t)task->idx < array->count);
        array->items[task->idx] = value;
    }
    return value;
}

static enum resp_type text_type(const redisReadTask *task)
{
    switch (task->type) {
    case REDIS_REPLY_STATUS:
        return RESP_STATUS;
    case REDIS_REPLY_ERROR:
        return RESP_ERROR;
    default:
        return RESP_STRING;
    }
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
    struct resp_reader *reader = task->privdata;
    struct resp_value *value = value_new(task, text_type(task));
    if (value == NULL ||
        arena_copy(&reader->arena, span_of(text, len), &value->text) != STATUS_OK) {
        return NULL;
    }
    return value;
}

static void *create_array(const redisReadTask *task, int elements)
{
    struct resp_reader *reader = task->privdata;
    struct resp_value *value = value_new(task, RESP_ARRAY);
    if (value == NULL || elements < 0) {
        return NULL;
    }
    value->items = arena_alloc_array(&reader->arena, (size_t)elements, sizeof(struct resp_value *));
    if (value->items == NULL) {
        return NULL;
    }
    value->count = (size_t)elements;
    return value;
}

static void *create_integer(const redisReadTask *task, long long integer)
{
    struct resp_value *value = value_new(task, RESP_INTEGER);
    if (value != NULL) {
        value->integer = integer;
    }
    return value;
}

static void *create_nil(const redisReadTask *task)
{
    return value_new(task, RESP_NIL);
}

static void free_value(void *value)
{
    (void)value; // the arena's
}

static redisReplyObjectFunctions value_functions = {
    .createString = create_string,
    .createArray = create_array,
    .createInteger = create_integer,
    .createNil = create_nil,
    .freeObject = free_value,
};

// It never shrinks its buffer by itself: for want of memory it would abort.
static redisReader *parser_new(struct resp_reader *reader)
{
    redisReader *parser = redisReaderCreateWithFunctions(&value_functions);
    if (parser != NULL) {
        parser->privdata = reader;
        parser->maxbuf = 0;
    }
    return parser;
}

enum status resp_reader_init(struct resp_reader *reader)
{
    *reader = (struct resp_reader){0};
    arena_init(&reader->arena, LIMIT_STORE_REPLY_BYTES);
    reader->parser = parser_new(reader);
    return reader->parser == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

void resp_reader_fini(struct resp_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    if (reader->parser != NULL) {
        redisReaderFree(reader->parser);
        reader->parser = NULL;
    }
    arena_fini(&reader->arena);
}

enum status resp_reader_feed(struct resp_reader *reader, struct span bytes)
{
    if (bytes.len == 0) {
        return STATUS_OK;
    }
    int fed = redisReaderFeed(reader->parser, (const char *)bytes.data, bytes.len);
    size_t len = reader->parser->len;
    reader->fed_bytes = len > reader->fed_bytes ? len : reader->fed_bytes;
    return fed == REDIS_OK ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status resp_reader_next(struct resp_reader *reader, const struct resp_value **ret_value)
{
    void *value = NULL;
    if (redisReaderGetReply(reader->parser, &value) != REDIS_OK) {
        return reader->parser->err == REDIS_ERR_OOM ? STATUS_NO_MEMORY : STATUS_CORRUPT;
    }
    // Nothing to give, yet the bytes of this one reply are already more than a reply may have.
    if (value == NULL && reader->parser->len - reader->parser->pos > LIMIT_STORE_REPLY_BYTES) {
        return STATUS_TOO_LARGE;
    }
    *ret_value = value;
    return STATUS_OK;
}

// A parser with nothing left in it that has held much gives way to a fresh one, if there is memory.
static void parser_trim(struct resp_reader *reader)
{
    redisReader *parser = reader->parser;
    if (reader->fed_bytes <= KEPT_BYTES || parser->pos < parser->len) {
        return;
    }
    redisReader *fresh = parser_new(reader);
    if (fresh != NULL) {
        redisReaderFree(parser);
        reader->parser = fresh;
        reader->fed_bytes = 0;
    }
}

void resp_reader_forget(struct resp_reader *reader)
{
    parser_trim(reader);
    if (reader->arena.used_bytes > KEPT_BYTES) {
        arena_fini(&reader->arena);
    } else {
        arena_reset(&reader->arena);
    }
}
