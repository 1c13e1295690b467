// Redis's protocol, RESP2, both ways and without any I/O: commands are written into a buffer,
// replies are read from bytes as they come. Reading is hiredis's redisReader, with the values in an
// arena: a reply lives until resp_reader_forget and cannot be larger than LIMIT_STORE_REPLY_BYTES
// (arrays and the values' own size included).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/span.h"
#include "base/status.h"

// --- writing ---

// One command at a time: resp_begin says how many arguments follow, resp_finish that they have. Out
// of memory is remembered and told at the end.
struct resp_writer {
    struct buffer bytes;
    enum status status;
    uint32_t missing; // arguments still to be written
};

void resp_writer_init(struct resp_writer *writer);
void resp_writer_fini(struct resp_writer *writer);

void resp_begin(struct resp_writer *writer, uint32_t arguments);
// Empty, for arguments that become part of another writer's command; resp_more says how many
// follow.
void resp_clear(struct resp_writer *writer);
void resp_more(struct resp_writer *writer, uint32_t arguments);
// Room for so many arguments of so many bytes in all. STATUS_NO_MEMORY, and nothing has changed.
MUST_CHECK enum status resp_reserve(struct resp_writer *writer, uint32_t arguments, size_t bytes);
// All that `parts` holds, which is so many arguments.
void resp_put_all(struct resp_writer *writer, const struct resp_writer *parts, uint32_t arguments);
void resp_put(struct resp_writer *writer, struct span argument);
void resp_put_text(struct resp_writer *writer, const char *argument);
void resp_put_number(struct resp_writer *writer, int64_t argument);
void resp_put_unsigned(struct resp_writer *writer, uint64_t argument);
// STATUS_OK and the command's bytes, valid until the next resp_begin; or STATUS_NO_MEMORY.
MUST_CHECK enum status resp_finish(struct resp_writer *writer, struct span *ret_command);

enum { RESP_DIGITS_MAX = 20 };

// The decimal form of a number at `out`; returns its length.
size_t resp_digits(char out[RESP_DIGITS_MAX], uint64_t number);
// The whole of `text` as a decimal number without sign; STATUS_INVALID otherwise.
MUST_CHECK enum status resp_parse_u64(struct span text, uint64_t *ret_number);

// --- reading ---

enum resp_type { RESP_STRING, RESP_STATUS, RESP_ERROR, RESP_INTEGER, RESP_NIL, RESP_ARRAY };

struct resp_value {
    enum resp_type type;
    int64_t integer;
    struct span text; // of a string, status or error
    size_t count;     // of an array's items, each present
    struct resp_value **items;
};

struct redisReader;

struct resp_reader {
    struct redisReader *parser;
    size_t fed_bytes; // the most it has held at once
    struct arena arena;
};

MUST_CHECK enum status resp_reader_init(struct resp_reader *reader);
void resp_reader_fini(struct resp_reader *reader);
MUST_CHECK enum status resp_reader_feed(struct resp_reader *reader, struct span bytes);
// The next whole reply, or NULL when more bytes are needed. STATUS_CORRUPT for what is not RESP,
// STATUS_TOO_LARGE or STATUS_NO_MEMORY for a reply that cannot be held; after any of these the
// reader is of no more use.
MUST_CHECK enum status resp_reader_next(struct resp_reader *reader,
                                        const struct resp_value **ret_value);
// Ends the life of the reply that resp_reader_next gave last.
void resp_reader_forget(struct resp_reader *reader);
