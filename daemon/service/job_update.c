// One value's change. Invariant: while it is busy, one call of it is at the store.
#include "service/job_update.h"

#include "base/check.h"
#include "service/service.h"
#include "wire/message.h"

static void job_update_get(struct job_update *update);

static struct store_value value_of(const struct job_update *update, struct job_value_name *name)
{
    return update->list ? job_list_value() : job_value(update->id, name);
}

static void job_update_end(struct job_update *update, enum store_result result)
{
    struct arena arena = update->arena;
    update->busy = false;
    update->arena = (struct arena){0};
    // Whoever is told may begin it anew: what it was told goes only then.
    update->on_done(update, result, result == STORE_OK ? update->message : NULL);
    arena_fini(&arena);
}

static void on_put(void *context, const struct store_value_reply *reply)
{
    struct job_update *update = context;
    if (reply->result != STORE_BEHIND) {
        job_update_end(update, reply->result);
    } else if (update->rounds >= JOB_UPDATE_ROUNDS) {
        job_update_end(update, STORE_FAILED);
    } else {
        job_update_get(update);
    }
}

static void job_update_put(struct job_update *update, uint64_t revision, bool deletes)
{
    struct job_value_name name;
    struct store_put put = {.value = value_of(update, &name), .expected_revision = revision};
    if (!deletes) {
        enum status status = message_encode(update->message, &update->arena, &put.bytes);
        if (status != STATUS_OK) {
            job_update_end(update, STORE_UNAVAILABLE);
            return;
        }
        if (put.bytes.len > STORE_VALUE_BYTES_MAX) {
            job_update_end(update, STORE_FAILED);
            return;
        }
    }
    store_put(update->service->options.store, &put, on_put, update);
}

static void on_got(void *context, const struct store_value_reply *reply)
{
    struct job_update *update = context;
    if (reply->result != STORE_OK || update->service->stopping) {
        job_update_end(update, reply->result == STORE_FAILED ? STORE_FAILED : STORE_UNAVAILABLE);
        return;
    }
    enum job_change change = JOB_CHANGE_NONE;
    enum status status = job_decode(update->type, reply->bytes, &update->arena, &update->message);
    if (status == STATUS_OK && update->change != NULL) {
        status = update->change(update, update->message, reply->revision != 0, &change);
    }
    if (status != STATUS_OK) {
        job_update_end(update, status == STATUS_NO_MEMORY ? STORE_UNAVAILABLE : STORE_FAILED);
    } else if (change == JOB_CHANGE_NONE) {
        job_update_end(update, STORE_OK);
    } else {
        job_update_put(update, reply->revision, change == JOB_CHANGE_DELETE);
    }
}

static void job_update_get(struct job_update *update)
{
    struct job_value_name name;
    struct store_value value = value_of(update, &name);
    update->rounds++;
    arena_reset(&update->arena);
    store_get(update->service->options.store, &value, on_got, update);
}

void job_update_begin(struct job_update *update)
{
    CHECK(!update->busy);
    update->busy = true;
    update->rounds = 0;
    update->message = NULL;
    arena_init(&update->arena, LIMIT_ARENA_BYTES);
    job_update_get(update);
}

void job_read_begin(struct job_update *update)
{
    update->change = NULL;
    job_update_begin(update);
}
