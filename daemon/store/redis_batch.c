// The order of keys and arguments is that of append_if in functions.lua.
#include "store/redis_batch.h"

#include "base/check.h"
#include "base/limits.h"
#include "store/keys.h"

enum {
    KEYS_MAX = 3,
    ARGUMENTS_MAX = 8,
    NUMBERS_BYTES = 128, // expected hash and bytes, instants and line ends, at most
};

void redis_batch_init(struct redis_batch *batch)
{
    *batch = (struct redis_batch){0};
    resp_writer_init(&batch->keys);
    resp_writer_init(&batch->arguments);
    resp_writer_init(&batch->command);
}

void redis_batch_fini(struct redis_batch *batch)
{
    CHECK(batch->count == 0);
    resp_writer_fini(&batch->keys);
    resp_writer_fini(&batch->arguments);
    resp_writer_fini(&batch->command);
}

static void put_keys(struct redis_batch *batch, const struct store_append *append, uint32_t keys)
{
    const struct store_account *account = &append->account;
    struct store_key log = store_key_account(account);
    struct store_key events = store_key_partition(account->meta, account->partition, "ev");
    resp_more(&batch->keys, keys);
    resp_put(&batch->keys, store_key_span(&log));
    resp_put(&batch->keys, store_key_span(&events));
    if (append->due_changed) {
        struct store_key due = store_key_partition(account->meta, account->partition, "due");
        resp_put(&batch->keys, store_key_span(&due));
    }
    batch->key_count += keys;
}

static void put_due(struct resp_writer *writer, const struct store_append *append)
{
    if (!append->due_changed) {
        resp_put_text(writer, "");
        return;
    }
    if (append->due_ms == INSTANT_NEVER) {
        resp_put_text(writer, "+inf");
    } else {
        resp_put_number(writer, append->due_ms);
    }
    resp_put(writer, append->account.id);
}

static void put_arguments(struct redis_batch *batch, const struct store_append *append,
                          uint32_t arguments)
{
    struct resp_writer *writer = &batch->arguments;
    resp_more(writer, arguments);
    resp_put(writer, span_of(append->expected_hash, STORE_HASH_BYTES));
    resp_put_number(writer, (int64_t)append->expected_bytes);
    resp_put_number(writer, append->now_ms);
    resp_put_number(writer, append->not_after_ms);
    resp_put(writer, append->records);
    resp_put(writer, append->event);
    put_due(writer, append);
    batch->argument_count += arguments;
}

enum status redis_batch_add(struct redis_batch *batch, const struct store_append *append,
                            const struct redis_call *call)
{
    CHECK(!redis_batch_is_full(batch));
    uint32_t keys = append->due_changed ? KEYS_MAX : KEYS_MAX - 1;
    uint32_t arguments = append->due_changed ? ARGUMENTS_MAX : ARGUMENTS_MAX - 1;
    size_t text_bytes = append->records.len + append->event.len + append->account.id.len;
    TRY(resp_reserve(&batch->keys, KEYS_MAX, KEYS_MAX * sizeof(struct store_key)));
    TRY(resp_reserve(&batch->arguments, ARGUMENTS_MAX, NUMBERS_BYTES + text_bytes));
    put_keys(batch, append, keys);
    put_arguments(batch, append, arguments);
    batch->calls[batch->count++] = *call;
    if (call->in_flight != NULL) {
        ++*call->in_flight;
    }
    return STATUS_OK;
}

enum status redis_batch_finish(struct redis_batch *batch, uint64_t tag, struct span *ret_command)
{
    CHECK(batch->count > 0);
    struct resp_writer *writer = &batch->command;
    resp_begin(writer, 3 + batch->key_count + 1 + batch->argument_count);
    resp_put_text(writer, "FCALL");
    resp_put_text(writer, "ly1_append_if");
    resp_put_number(writer, batch->key_count);
    resp_put_all(writer, &batch->keys, batch->key_count);
    resp_put_unsigned(writer, tag);
    resp_put_all(writer, &batch->arguments, batch->argument_count);
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->calls[i].tag = tag;
    }
    return resp_finish(writer, ret_command);
}

uint32_t redis_batch_take(struct redis_batch *batch)
{
    uint32_t count = batch->count;
    for (uint32_t i = 0; i < count; i++) {
        if (batch->calls[i].in_flight != NULL) {
            CHECK(*batch->calls[i].in_flight > 0);
            --*batch->calls[i].in_flight;
        }
    }
    resp_clear(&batch->keys);
    resp_clear(&batch->arguments);
    batch->key_count = 0;
    batch->argument_count = 0;
    batch->count = 0;
    return count;
}
