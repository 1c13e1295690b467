// Names, blocks and their values.
#include "service/consumers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "loyaltyd/consumer.pb-c.h"
#include "service/service.h"
#include "wire/message.h"

enum { BLOCK_DIGITS = 2, VALUE_NAME_BYTES = CONSUMER_NAME_BYTES + 1 + BLOCK_DIGITS };

static_assert((int)VALUE_NAME_BYTES <= (int)LIMIT_MEMBER_ID_BYTES, "a value has such a name");
static_assert(CONSUMER_BLOCKS <= 100, "a block has so many digits");
static_assert(CONSUMER_BLOCK * 10 + 64 <= STORE_VALUE_BYTES_MAX, "a block fits a value");

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

bool consumer_name_set(struct consumer_name *name, const char *text)
{
    size_t len = strnlen(text, CONSUMER_NAME_BYTES + 1);
    if (len == 0 || len > CONSUMER_NAME_BYTES) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_name_byte(text[i])) {
            return false;
        }
    }
    memcpy(name->text, text, len + 1);
    return true;
}

bool consumer_name_of_value(struct span value, struct consumer_name *ret_name)
{
    static const char suffix[] = ".0";
    size_t suffix_len = sizeof(suffix) - 1;
    if (value.len <= suffix_len || value.len - suffix_len > CONSUMER_NAME_BYTES ||
        memcmp(value.data + value.len - suffix_len, suffix, suffix_len) != 0) {
        return false;
    }
    char text[CONSUMER_NAME_BYTES + 1] = "";
    memcpy(text, value.data, value.len - suffix_len);
    return consumer_name_set(ret_name, text);
}

uint32_t consumer_blocks(uint32_t partitions)
{
    return (partitions + CONSUMER_BLOCK - 1) / CONSUMER_BLOCK;
}

uint32_t consumer_block_count(uint32_t partitions, uint32_t block)
{
    uint32_t left = partitions - block * CONSUMER_BLOCK;
    return left < CONSUMER_BLOCK ? left : CONSUMER_BLOCK;
}

enum status consumer_encode(const struct consumer_block *block, struct arena *arena,
                            struct span *ret_bytes)
{
    Loyaltyd__ConsumerBlock message = LOYALTYD__CONSUMER_BLOCK__INIT;
    message.epoch = block->epoch;
    message.n_numbers = block->count;
    message.numbers = block->numbers;
    message.generation = block->generation;
    message.from_partition = block->from_partition;
    message.until_partition = block->until_partition;
    return message_encode(&message.base, arena, ret_bytes);
}

enum status consumer_decode(struct span bytes, uint32_t count, struct arena *arena,
                            struct consumer_block *ret_block)
{
    struct message_fault fault;
    ProtobufCMessage *decoded = NULL;
    enum status status =
        message_decode(&loyaltyd__consumer_block__descriptor, bytes, arena, &decoded, &fault);
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? status : STATUS_CORRUPT;
    }
    const Loyaltyd__ConsumerBlock *message = (const Loyaltyd__ConsumerBlock *)decoded;
    if (message->n_numbers != count) {
        return STATUS_CORRUPT;
    }
    *ret_block = (struct consumer_block){
        .epoch = message->epoch,
        .numbers = message->numbers,
        .count = count,
        .generation = message->generation,
        .from_partition = message->from_partition,
        .until_partition = message->until_partition,
    };
    return STATUS_OK;
}

// --- values ---

struct value_name {
    char text[VALUE_NAME_BYTES + 1];
};

static struct store_value value_of(const struct consumer_name *name, uint32_t block,
                                   struct value_name *text)
{
    CHECK(block < CONSUMER_BLOCKS);
    int len = snprintf(text->text, sizeof(text->text), "%s.%" PRIu32, name->text, block);
    CHECK(len > 0 && (size_t)len < sizeof(text->text));
    return (struct store_value){.meta = true, .name = span_of(text->text, (size_t)len)};
}

void consumer_get(struct service *service, const struct consumer_name *name, uint32_t block,
                  store_value_fn *done, void *context)
{
    struct value_name text;
    struct store_value value = value_of(name, block, &text);
    store_get(service->options.store, &value, done, context);
}

void consumer_put(struct service *service, const struct consumer_name *name, uint32_t block,
                  uint64_t expected_revision, struct span bytes, store_value_fn *done,
                  void *context)
{
    struct value_name text;
    struct store_put put = {
        .value = value_of(name, block, &text),
        .expected_revision = expected_revision,
        .bytes = bytes,
    };
    store_put(service->options.store, &put, done, context);
}
