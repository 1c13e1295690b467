// The stage.
#include "failures/redis_stage.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "app/loop.h"
#include "base/check.h"
#include "failures/harness.h"

enum { WAIT_MS = 20000 };

struct redis_stage redis_stage;

static struct redis_stage *const stage = &redis_stage;

// --- lifetime ---

static void on_state(void *context, bool ready, const char *reason)
{
    (void)context;
    unsigned depth = inject_pause();
    const char *told = NULL;
    stage->ready = ready;
    (void)snprintf(stage->reason, sizeof(stage->reason), "%s", reason);
    REQUIRE((reason[0] == '\0') == ready, "ready is %d: \"%s\"", ready, reason);
    REQUIRE(store_is_ready(stage->store, &told) == ready, "it is told otherwise: %s", told);
    inject_resume(depth);
}

bool redis_stage_open(void)
{
    stage->ready = false;
    CHECK(loop_new(&stage->loop) == STATUS_OK);
    inject_enter();
    enum status status = redis_new(stage->loop, &stage->options, on_state, NULL, &stage->store);
    inject_leave();
    REQUIRE(status == STATUS_OK || status == STATUS_NO_MEMORY, "status %s", status_name(status));
    if (status != STATUS_OK) {
        event_base_free(stage->loop);
    }
    return status == STATUS_OK;
}

void redis_stage_open_ready(void)
{
    inject_hold(true);
    CHECK(redis_stage_open());
    REDIS_UNTIL(stage->ready);
    for (int i = 0; i < 20; i++) { // the other connections, too
        redis_stage_turn();
    }
    inject_hold(false);
}

void redis_stage_close(void)
{
    store_free(stage->store);
    event_base_free(stage->loop);
}

void redis_stage_prepare_with(const char *const *settings)
{
    redis_process_start(&stage->redis, settings);
    stage->options = (struct redis_options){.unix_path = stage->redis.socket};
}

void redis_stage_prepare(void)
{
    struct redis_asked asked = {0};
    redis_stage_prepare_with(NULL);
    redis_stage_open_ready();
    redis_stage_create(REDIS_STAGE_PARTITIONS, &asked);
    REDIS_UNTIL(asked.times == 1);
    CHECK(asked.result == STORE_OK);
    redis_stage_close();
}

void redis_stage_finish(void)
{
    redis_process_end(&stage->redis);
}

// --- turns ---

int64_t redis_stage_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void redis_stage_turn(void)
{
    inject_enter();
    int looped = event_base_loop(stage->loop, EVLOOP_NONBLOCK);
    inject_leave();
    REQUIRE(looped >= 0, "the loop has ended");
    if (!stage->stopped) {
        (void)redis_process_ask(&stage->redis, "PING");
    }
}

void redis_stage_wait(int64_t since_ms, const char *condition)
{
    redis_stage_turn();
    REQUIRE(redis_stage_ms() < since_ms + WAIT_MS, "never came true: %s", condition);
}

// --- calls ---

static void on_done(void *context, const struct store_reply *reply)
{
    unsigned depth = inject_pause();
    struct redis_asked *asked = context;
    asked->times++;
    asked->result = reply->result;
    asked->len = reply->bytes.len;
    if (reply->bytes.len > 0) {
        size_t len = reply->bytes.len < REDIS_STAGE_BYTES ? reply->bytes.len : REDIS_STAGE_BYTES;
        memcpy(asked->bytes, reply->bytes.data, len);
    }
    REQUIRE(asked->times == 1, "answered twice");
    inject_resume(depth);
}

static void on_head(void *context, const struct store_head *head)
{
    unsigned depth = inject_pause();
    struct redis_asked *asked = context;
    asked->times++;
    asked->result = head->result;
    asked->head = *head;
    REQUIRE(asked->times == 1, "answered twice");
    inject_resume(depth);
}

static void on_page(void *context, const struct store_scan_reply *page)
{
    unsigned depth = inject_pause();
    struct redis_asked *asked = context;
    asked->times++;
    asked->result = page->result;
    asked->ids = page->count;
    REQUIRE(asked->times == 1, "answered twice");
    inject_resume(depth);
}

static void on_value(void *context, const struct store_value_reply *value)
{
    struct redis_asked *asked = context;
    asked->revision = value->revision;
    struct store_reply plain = {.result = value->result, .bytes = value->bytes};
    on_done(asked, &plain);
}

static void on_events(void *context, const struct store_events_reply *events)
{
    struct redis_asked *asked = context;
    asked->ids = events->count;
    struct store_reply plain = {.result = events->result};
    on_done(asked, &plain);
}

static struct redis_asked *begin(struct redis_asked *asked)
{
    memset(asked, 0, sizeof(*asked));
    inject_enter();
    return asked;
}

static void begun(const struct redis_asked *asked)
{
    inject_leave();
    REQUIRE(asked->times == 0, "answered from inside the call");
}

void redis_stage_load(const struct store_account *account, struct redis_asked *asked)
{
    store_load(stage->store, account, on_done, begin(asked));
    begun(asked);
}

void redis_stage_load_from(const struct store_account *account, uint64_t from_bytes,
                           struct redis_asked *asked)
{
    store_load_from(stage->store, account, from_bytes, on_done, begin(asked));
    begun(asked);
}

void redis_stage_append(const struct store_append *append, struct redis_asked *asked)
{
    store_append(stage->store, append, on_done, begin(asked));
    begun(asked);
}

void redis_stage_compact(const struct store_compact *compact, struct redis_asked *asked)
{
    store_compact(stage->store, compact, on_done, begin(asked));
    begun(asked);
}

void redis_stage_claim(const char *key, const char *member, struct redis_asked *asked)
{
    store_claim(stage->store, 1, span_of_text(key), span_of_text(member), (struct span){0}, on_done,
                begin(asked));
    begun(asked);
}

void redis_stage_find(const char *key, struct redis_asked *asked)
{
    store_find(stage->store, 1, span_of_text(key), on_done, begin(asked));
    begun(asked);
}

void redis_stage_scan(uint32_t partition, struct redis_asked *asked)
{
    store_scan(stage->store, partition, 0, 100, on_page, begin(asked));
    begun(asked);
}

void redis_stage_head(struct redis_asked *asked)
{
    store_head(stage->store, 0, on_head, begin(asked));
    begun(asked);
}

void redis_stage_clock(int64_t now_ms, struct redis_asked *asked)
{
    store_set_sandbox_clock(stage->store, now_ms, on_done, begin(asked));
    begun(asked);
}

void redis_stage_create(uint32_t count, struct redis_asked *asked)
{
    store_create_partitions(stage->store, count, on_done, begin(asked));
    begun(asked);
}

void redis_stage_put(const char *name, uint64_t expected_revision, struct redis_asked *asked)
{
    struct store_put put = {.value = {.partition = 1, .name = span_of_text(name)},
                            .expected_revision = expected_revision,
                            .bytes = span_of_text("value"),
                            .enter_set = span_of_text("0229")};
    store_put(stage->store, &put, on_value, begin(asked));
    begun(asked);
}

void redis_stage_get(const char *name, struct redis_asked *asked)
{
    struct store_value value = {.partition = 1, .name = span_of_text(name)};
    store_get(stage->store, &value, on_value, begin(asked));
    begun(asked);
}

void redis_stage_events(struct redis_asked *asked)
{
    struct store_event_place places[REDIS_STAGE_PARTITIONS] = {0};
    for (uint32_t i = 0; i < REDIS_STAGE_PARTITIONS; i++) {
        places[i].partition = i;
    }
    store_read_events(stage->store, places, REDIS_STAGE_PARTITIONS, 2 * REDIS_STAGE_PARTITIONS,
                      on_events, begin(asked));
    begun(asked);
}
