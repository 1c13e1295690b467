// The store in Redis, with every allocation and every socket call of its own failing: what is
// answered is true of Redis, each call is answered once, and the store comes back by itself.
#include "failures/redis_stage.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "failures/excluded.h"
#include "failures/harness.h"

#define BOTH                                                                                       \
    (INJECT_BIT(INJECT_MEMORY) | INJECT_BIT(INJECT_MEMORY_ON) | INJECT_BIT(INJECT_ARENA) |         \
     INJECT_BIT(INJECT_ARENA_ON) | INJECT_BIT(INJECT_SOCKET))

const uint32_t scenario_cases = 6;

enum { RECORD_BYTES = 48 };

static struct redis_stage *const stage = &redis_stage;

// --- accounts of a case's own ---

struct entry {
    char id[32];
    struct store_account account;
    uint8_t records[RECORD_BYTES];
    struct redis_asked asked;
};

static void entry_init(struct entry *entry, uint32_t index)
{
    (void)snprintf(entry->id, sizeof(entry->id), "m%u-%u", case_number(), index);
    entry->account = (struct store_account){.partition = index % REDIS_STAGE_PARTITIONS,
                                            .id = span_of_text(entry->id)};
    for (size_t i = 0; i < RECORD_BYTES; i++) {
        entry->records[i] = (uint8_t)('a' + (case_number() + index + i) % 26);
    }
}

static int64_t wall_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// The first records of an account.
static void entry_append(struct entry *entry)
{
    struct store_append append = {
        .account = entry->account,
        .not_after_ms = wall_ms() + 60000,
        .records = span_of(entry->records, RECORD_BYTES),
        .event = span_of_text("event"),
        .due_changed = true,
        .due_ms = 1000,
    };
    redis_stage_append(&append, &entry->asked);
}

// How many bytes Redis has of it, by a connection of the test's.
static size_t entry_stored(const struct entry *entry)
{
    const char *reply = redis_process_ask(&stage->redis, "STRLEN ly:{%u}:a:%s",
                                          entry->account.partition, entry->id);
    CHECK(reply[0] == ':');
    return strtoul(reply + 1, NULL, 10);
}

// What was said of an append is so. Returns whether it is there.
static bool entry_judge(const struct entry *entry)
{
    size_t bytes = entry_stored(entry);
    enum store_result result = entry->asked.result;
    REQUIRE(bytes == 0 || bytes == RECORD_BYTES, "%zu bytes are stored", bytes);
    REQUIRE(result == STORE_OK || result == STORE_UNAVAILABLE || result == STORE_UNKNOWN,
            "an append is answered %s", store_result_name(result));
    REQUIRE(result != STORE_OK || bytes > 0, "told as done, and is not");
    REQUIRE(result != STORE_UNAVAILABLE || bytes == 0, "told as not done, and is");
    return bytes > 0;
}

// With nothing failing any more it is there once.
static void entry_complete(struct entry *entry)
{
    if (!entry_judge(entry)) {
        entry_append(entry);
        REDIS_UNTIL(entry->asked.times == 1);
        REQUIRE(entry->asked.result == STORE_OK, "afterwards an append is answered %s",
                store_result_name(entry->asked.result));
    }
    redis_stage_load(&entry->account, &entry->asked);
    REDIS_UNTIL(entry->asked.times == 1);
    REQUIRE(entry->asked.result == STORE_OK && entry->asked.len == RECORD_BYTES &&
                memcmp(entry->asked.bytes, entry->records, RECORD_BYTES) == 0,
            "afterwards a load is answered %s, %llu bytes", store_result_name(entry->asked.result),
            (unsigned long long)entry->asked.len);
}

// The failures are over: the store is ready by itself.
static void comes_back(void)
{
    inject_disarm();
    for (int64_t since_ms = redis_stage_ms(); !stage->ready;) {
        redis_stage_wait(since_ms, "it is ready again");
    }
}

// --- connecting ---

static void run_connect(void)
{
    struct entry entry;
    if (!redis_stage_open()) {
        inject_disarm();
        return;
    }
    for (int i = 0; i < 30; i++) {
        redis_stage_turn();
    }
    comes_back();
    entry_init(&entry, 0);
    entry.asked.result = STORE_UNAVAILABLE;
    entry_complete(&entry);
    redis_stage_close();
}

// With functions that are not there yet.
static void run_connect_anew(void)
{
    (void)redis_process_ask(&stage->redis, "FUNCTION FLUSH");
    run_connect();
}

// A Redis that does not fsync is never taken for fit, whatever was left unasked.
static void prepare_unfit(void)
{
    static const char *const settings[] = {"appendfsync", "everysec", NULL};
    redis_stage_prepare_with(settings);
}

static bool is_found_unfit(void)
{
    REQUIRE(!stage->ready, "an unfit Redis is taken for fit");
    return strstr(stage->reason, "appendfsync is everysec") != NULL;
}

static void run_unfit(void)
{
    if (!redis_stage_open()) {
        inject_disarm();
        return;
    }
    for (int i = 0; i < 20 && !is_found_unfit(); i++) {
        redis_stage_turn();
    }
    inject_disarm();
    for (int i = 0; i < 40 || !is_found_unfit(); i++) {
        redis_stage_turn();
    }
    redis_stage_close();
}

// --- one call after the other ---

static void must_be_answered(const struct redis_asked *asked, const char *what)
{
    REDIS_UNTIL(asked->times == 1);
    enum store_result result = asked->result;
    REQUIRE(result == STORE_OK || result == STORE_UNAVAILABLE || result == STORE_UNKNOWN,
            "%s is answered %s", what, store_result_name(result));
}

static void read_is_definite(const struct redis_asked *asked, const char *what)
{
    must_be_answered(asked, what);
    REQUIRE(asked->result != STORE_UNKNOWN, "%s, a read, is answered UNKNOWN", what);
}

static void run_append(void)
{
    static struct entry entry;
    redis_stage_open_ready();
    entry_init(&entry, 0);
    entry_append(&entry);
    must_be_answered(&entry.asked, "append");
    struct redis_asked delta;
    redis_stage_load_from(&entry.account, RECORD_BYTES - STORE_HASH_BYTES, &delta);
    read_is_definite(&delta, "load_from");
    REQUIRE(delta.result != STORE_OK || entry.asked.result != STORE_OK ||
                delta.len == STORE_HASH_BYTES,
            "load_from gives %llu bytes", (unsigned long long)delta.len);
    comes_back();
    entry_complete(&entry);
    redis_stage_close();
}

static void run_claim(void)
{
    static struct redis_asked claimed;
    static struct redis_asked found;
    char key[32];
    (void)snprintf(key, sizeof(key), "key%u", case_number());
    redis_stage_open_ready();
    redis_stage_claim(key, "anna", &claimed);
    must_be_answered(&claimed, "claim");
    redis_stage_find(key, &found);
    read_is_definite(&found, "find");
    comes_back();
    redis_stage_find(key, &found);
    REDIS_UNTIL(found.times == 1);
    REQUIRE(found.result == STORE_OK, "find is answered %s", store_result_name(found.result));
    REQUIRE(claimed.result != STORE_OK || found.len == 4, "claimed, and is not");
    REQUIRE(claimed.result != STORE_UNAVAILABLE || found.len == 0, "not claimed, and is");
    redis_stage_claim(key, "anna", &claimed);
    REDIS_UNTIL(claimed.times == 1);
    REQUIRE(claimed.result == STORE_OK, "afterwards: %s", store_result_name(claimed.result));
    redis_stage_close();
}

static void run_reads(void)
{
    static struct redis_asked head;
    static struct redis_asked page;
    redis_stage_open_ready();
    redis_stage_head(&head);
    read_is_definite(&head, "head");
    REQUIRE(head.result != STORE_OK || head.head.partitions == REDIS_STAGE_PARTITIONS,
            "%u partitions", head.head.partitions);
    redis_stage_scan(2, &page);
    read_is_definite(&page, "scan");
    comes_back();
    redis_stage_head(&head);
    REDIS_UNTIL(head.times == 1);
    REQUIRE(head.result == STORE_OK && head.head.partitions == REDIS_STAGE_PARTITIONS,
            "afterwards: %s", store_result_name(head.result));
    redis_stage_close();
}

static void run_values(void)
{
    static struct redis_asked put;
    static struct redis_asked got;
    char name[32];
    (void)snprintf(name, sizeof(name), "n%u", case_number());
    redis_stage_open_ready();
    redis_stage_put(name, 0, &put);
    must_be_answered(&put, "put");
    redis_stage_get(name, &got);
    read_is_definite(&got, "get");
    comes_back();
    redis_stage_get(name, &got);
    REDIS_UNTIL(got.times == 1);
    REQUIRE(got.result == STORE_OK, "get is answered %s", store_result_name(got.result));
    REQUIRE(put.result != STORE_OK || got.revision == 1, "put, and is not");
    REQUIRE(put.result != STORE_UNAVAILABLE || got.revision == 0, "not put, and is");
    redis_stage_put(name, got.revision, &put);
    REDIS_UNTIL(put.times == 1);
    REQUIRE(put.result == STORE_OK && put.revision == got.revision + 1, "afterwards: %s",
            store_result_name(put.result));
    redis_stage_close();
}

// Some, or an error; but not none as if there were none.
static void run_events(void)
{
    static struct entry entry;
    static struct redis_asked read;
    redis_stage_open_ready();
    entry_init(&entry, 0);
    inject_hold(true);
    entry_append(&entry);
    REDIS_UNTIL(entry.asked.times == 1);
    inject_hold(false);
    redis_stage_events(&read);
    read_is_definite(&read, "read_events");
    REQUIRE(read.result != STORE_OK || read.ids > 0, "no events are there");
    comes_back();
    redis_stage_events(&read);
    REDIS_UNTIL(read.times == 1);
    REQUIRE(read.result == STORE_OK && read.ids > 0, "afterwards: %s, %zu events",
            store_result_name(read.result), read.ids);
    redis_stage_close();
}

static void run_compact(void)
{
    static struct entry entry;
    static struct redis_asked compacted;
    redis_stage_open_ready();
    entry_init(&entry, 0);
    inject_hold(true);
    entry_append(&entry);
    REDIS_UNTIL(entry.asked.times == 1);
    inject_hold(false);
    struct store_compact compact = {
        .account = entry.account,
        .cut_bytes = RECORD_BYTES,
        .snapshot = span_of(entry.records + RECORD_BYTES - 20, 20),
    };
    memcpy(compact.cut_hash, entry.records + RECORD_BYTES - STORE_HASH_BYTES, STORE_HASH_BYTES);
    redis_stage_compact(&compact, &compacted);
    must_be_answered(&compacted, "compact");
    comes_back();
    size_t bytes = entry_stored(&entry);
    REQUIRE(bytes == 20 || bytes == RECORD_BYTES, "%zu bytes are stored", bytes);
    REQUIRE(compacted.result != STORE_OK || bytes == 20, "told as done, and is not");
    REQUIRE(compacted.result != STORE_UNAVAILABLE || bytes == RECORD_BYTES, "not done, and is");
    redis_stage_close();
}

static void run_create(void)
{
    static struct redis_asked created;
    static struct redis_asked head;
    redis_stage_open_ready();
    (void)redis_process_ask(&stage->redis, "FLUSHALL");
    redis_stage_create(REDIS_STAGE_PARTITIONS, &created);
    must_be_answered(&created, "create_partitions");
    comes_back();
    redis_stage_head(&head);
    REDIS_UNTIL(head.times == 1);
    uint32_t partitions = head.head.partitions;
    REQUIRE(head.result == STORE_OK, "head is answered %s", store_result_name(head.result));
    REQUIRE(created.result != STORE_OK || partitions > 0, "created, and are not");
    REQUIRE(created.result != STORE_UNAVAILABLE || partitions == 0, "not created, and are");
    redis_stage_create(REDIS_STAGE_PARTITIONS, &created);
    REDIS_UNTIL(created.times == 1);
    REQUIRE(created.result == STORE_OK, "afterwards: %s", store_result_name(created.result));
    redis_stage_close();
}

static void run_clock(void)
{
    static struct redis_asked set;
    redis_stage_open_ready();
    redis_stage_clock(case_number() * INT64_C(1000), &set);
    must_be_answered(&set, "set_sandbox_clock");
    comes_back();
    redis_stage_clock(case_number() * INT64_C(1000) + 1, &set);
    REDIS_UNTIL(set.times == 1);
    REQUIRE(set.result == STORE_OK, "afterwards: %s", store_result_name(set.result));
    redis_stage_close();
}

// --- many at once ---

enum { BURST = 40 };

static struct entry burst[BURST];

static uint32_t answered(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < BURST; i++) {
        count += burst[i].asked.times;
    }
    return count;
}

static void append_burst(void)
{
    for (uint32_t i = 0; i < BURST; i++) {
        entry_init(&burst[i], i);
        entry_append(&burst[i]);
    }
}

static void complete_burst(void)
{
    for (uint32_t i = 0; i < BURST; i += 8) {
        entry_complete(&burst[i]);
    }
}

static void run_burst(void)
{
    redis_stage_open_ready();
    append_burst();
    REDIS_UNTIL(answered() == BURST);
    comes_back();
    complete_burst();
    redis_stage_close();
}

// How many connections Redis has, that of the test's included.
static unsigned long connected(void)
{
    const char *reply = redis_process_ask(&stage->redis, "INFO clients");
    const char *field = strstr(reply, "connected_clients:");
    CHECK(field != NULL);
    return strtoul(field + strlen("connected_clients:"), NULL, 10);
}

// The connections break while calls are under way, and are made again, all of them.
static void run_reconnect(void)
{
    redis_stage_open_ready();
    append_burst();
    unsigned long before = connected();
    (void)redis_process_ask(&stage->redis, "CLIENT KILL TYPE normal SKIPME yes");
    REDIS_UNTIL(answered() == BURST);
    for (int i = 0; i < 60 && connected() < before; i++) {
        struct timespec pause = {.tv_nsec = 2000000};
        (void)nanosleep(&pause, NULL);
        redis_stage_turn();
    }
    for (int i = 0; i < 20; i++) {
        redis_stage_turn();
    }
    comes_back();
    complete_burst();
    redis_stage_close();
}

// Redis stops answering, and answers again.
static void run_deadline(void)
{
    stage->options.command_ms = 100;
    redis_stage_open_ready();
    append_burst();
    redis_process_signal(&stage->redis, SIGSTOP);
    stage->stopped = true;
    REDIS_UNTIL(answered() == BURST);
    redis_process_signal(&stage->redis, SIGCONT);
    stage->stopped = false;
    stage->options.command_ms = 0;
    comes_back();
    for (uint32_t i = 0; i < BURST; i += 8) {
        // What was under way when it stopped may land until its own deadline; then it is asked.
        (void)entry_judge(&burst[i]);
    }
    redis_stage_close();
}

// The store is freed with calls under way: they are answered before that is over.
static void run_free(void)
{
    redis_stage_open_ready();
    append_burst();
    redis_stage_turn();
    for (uint32_t i = 0; i < BURST / 2; i++) {
        if (burst[i].asked.times == 1) {
            entry_append(&burst[i]);
        }
    }
    inject_enter();
    store_free(stage->store);
    inject_leave();
    inject_disarm();
    REQUIRE(answered() == BURST, "%u of %u are answered", answered(), BURST);
    stage->store = NULL;
    redis_stage_close();
}

#define REDIS_SCENE(name_, prepare_)                                                               \
    {                                                                                              \
        .name = #name_, .kinds = BOTH, .prepare = (prepare_), .run = run_##name_,                  \
        .finish = redis_stage_finish                                                               \
    }

#define SCENE(name_) REDIS_SCENE(name_, redis_stage_prepare)

const struct excluded excluded[] = {
    {NULL, NULL},
};

const struct scenario scenarios[] = {
    SCENE(connect), SCENE(connect_anew), REDIS_SCENE(unfit, prepare_unfit),
    SCENE(append),  SCENE(claim),        SCENE(reads),
    SCENE(compact), SCENE(create),       SCENE(clock),
    SCENE(burst),   SCENE(reconnect),    SCENE(deadline),
    SCENE(free),    SCENE(values),       SCENE(events),
};
const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
