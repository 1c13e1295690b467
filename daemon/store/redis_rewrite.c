// Having Redis's file rewritten. A rewrite that is under way has begun before this call, and what
// was deleted since may stand in what it writes: so another one is owed, and begun by one of the
// next looks at Redis (store/redis_pool.h). That is as good as begun to the caller: Redis takes
// only one at a time. What is owed is forgotten if this process ends; the next rewrite makes up for
// it.
#include <stdlib.h>

#include "store/redis_calls.h"

struct rewriting {
    struct redis *redis;
    store_done_fn *done;
    void *context;
};

static bool on_answer(const struct redis_call *call, const struct redis_answer *answer)
{
    static const char under_way[] = "ERR Background append only file rewriting already in progress";
    struct rewriting *rewriting = call->context;
    struct store_reply reply = {.result = answer->result, .bytes = answer->text};
    if (answer->value == NULL && span_is_text(answer->text, under_way)) {
        rewriting->redis->rewrite_owed = true;
        reply = (struct store_reply){.result = STORE_OK};
    }
    rewriting->done(rewriting->context, &reply);
    free(rewriting);
    return true;
}

static bool on_refused(const struct redis_call *call, const struct redis_answer *answer)
{
    struct store_reply reply = {.result = answer->result};
    ((store_done_fn *)call->done)(call->context, &reply);
    return true;
}

void redis_rewrite(struct store *store, store_done_fn *done, void *context)
{
    struct redis *redis = redis_of(store);
    struct rewriting *rewriting = malloc(sizeof(*rewriting));
    if (rewriting == NULL) {
        struct redis_call refusal = redis_call_of(on_refused, (void (*)(void))done, context, false);
        redis_pool_refuse(&redis->pool, &refusal, STORE_UNAVAILABLE, "");
        return;
    }
    *rewriting = (struct rewriting){.redis = redis, .done = done, .context = context};
    struct redis_call call = redis_call_of(on_answer, NULL, rewriting, true);
    struct redis_link *link = redis_pool_route(&redis->pool, true, 0, &call);
    struct resp_writer *writer = redis_link_writer(link);
    resp_begin(writer, 1);
    resp_put_text(writer, "BGREWRITEAOF");
    redis_pool_send(&redis->pool, link, &call);
}

static void on_again(void *context, const struct store_reply *reply)
{
    struct redis *redis = context;
    if (reply->result != STORE_OK) {
        redis->rewrite_owed = true;
    }
}

void redis_rewrite_owed(void *context)
{
    struct redis *redis = context;
    if (redis->rewrite_owed) {
        redis->rewrite_owed = false;
        redis_rewrite(&redis->store, on_again, redis);
    }
}
