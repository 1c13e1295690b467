// append_if alone: the very records the daemon would write for the same members and sales, made
// beforehand by the core, are appended through the store's port with as many in flight. What it
// reaches is what the daemon is measured against. Members are enrolled first, or read if they are
// there already.
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/digests.h"
#include "app/zone_tzdata.h"
#include "bench/bench.h"
#include "bench/existing.h"
#include "core/advance.h"
#include "core/decide.h"
#include "service/event.h"
#include "store/redis.h"
#include "wire/document.h"

enum { PROGRAM_BYTES_MAX = 65536, EVENTS_MAX = 512 };

static const char actor[] = "pos/store-0007/till-02";

// One append, ready to send.
struct entry {
    struct load *load;
    char member_id[BENCH_MEMBER_BYTES];
    uint8_t expected_hash[STORE_HASH_BYTES];
    uint64_t expected_bytes;
    struct span records;
    struct span event;
    int64_t due_ms;
    bool due_changed;
    int64_t sent_ns;
};

struct load {
    struct event_base *base;
    struct store *store;
    struct arena scratch; // one decision
    struct arena kept;    // what is sent
    struct program_version version;
    struct program_set programs;
    struct account *accounts;
    int64_t *due_ms; // by member, as last sent
    struct entry *entries;
    uint32_t entry_count;
    uint32_t next;
    uint32_t first;
    uint32_t in_flight_max;
    enum bench_due due;
    struct bench_result result;
};

static void must(enum status status, const char *what)
{
    if (status != STATUS_OK) {
        fprintf(stderr, "loyalty-bench: %s: %s\n", what, status_name(status));
        exit(EXIT_FAILURE);
    }
}

static void load_program(struct load *load)
{
    static char text[PROGRAM_BYTES_MAX];
    FILE *file = fopen("programs/retail.yaml", "r");
    size_t len = file == NULL ? 0 : fread(text, 1, sizeof text, file);
    must(len > 0 ? STATUS_OK : STATUS_NOT_FOUND, "programs/retail.yaml");
    fclose(file);
    struct problems problems = {.arena = &load->kept};
    Loyalty__V1__Program *document;
    struct program *program;
    must(document_read_program(span_of(text, len), &problems, &document, &program), "program");
    must(program == NULL ? STATUS_INVALID : STATUS_OK, "program");
    static struct zone zone;
    must(zone_tzdata_load("Asia/Shanghai", &zone), "zone");
    load->version = (struct program_version){.number = 1, .program = program, .zone = &zone};
    load->programs = (struct program_set){.versions = &load->version, .count = 1};
}

// An enrolment always says what is due; awards do as the option has it.
static void keep_due(struct load *load, uint32_t member, struct entry *entry)
{
    bool born = entry->expected_bytes == 0;
    entry->due_ms = advance_due(&load->accounts[member], &load->programs);
    if (load->due == BENCH_DUE_MOVING && !born) {
        entry->due_ms += load->entry_count;
    }
    entry->due_changed =
        born || (load->due != BENCH_DUE_STILL && entry->due_ms != load->due_ms[member]);
    load->due_ms[member] = entry->due_ms;
}

static void keep(struct load *load, uint32_t member, struct span records, const uint8_t *tail,
                 uint64_t bytes, uint64_t first_seq)
{
    struct entry *entry = &load->entries[load->entry_count++];
    entry->load = load;
    bench_member_id(load->first + member, entry->member_id);
    memcpy(entry->expected_hash, tail, sizeof entry->expected_hash);
    entry->expected_bytes = bytes;
    must(arena_copy(&load->kept, records, &entry->records), "records");
    struct buffer event;
    buffer_init(&event, EVENTS_MAX);
    must(event_encode(&(struct event){.format = EVENT_RECORDS,
                                      .member_id = span_of_text(entry->member_id),
                                      .first_seq = first_seq,
                                      .records = records},
                      &event),
         "event");
    must(arena_copy(&load->kept, buffer_span(&event), &entry->event), "event");
    buffer_fini(&event);
    keep_due(load, member, entry);
}

static void decide_one(struct load *load, uint32_t member, uint32_t operation, int64_t now_ms,
                       struct buffer *out)
{
    struct account *account = &load->accounts[member];
    struct ledger_writer writer = {.out = out, .hash = digests_chain, .programs = &load->programs};
    struct decide decide = {.account = account,
                            .writer = &writer,
                            .arena = &load->scratch,
                            .now_ms = now_ms,
                            .actor = span_of_text(actor)};
    decide.mark.present = true;
    memcpy(decide.mark.id, &operation, sizeof operation);
    memcpy(decide.mark.id + sizeof operation, &member, sizeof member);
    memcpy(decide.mark.id + sizeof operation + sizeof member, &now_ms,
           sizeof now_ms); // of this run
    struct decision decision;
    if (!account_exists(account)) {
        char id[BENCH_MEMBER_BYTES];
        bench_member_id(load->first + member, id);
        struct enrol_command command = {.member_id = span_of_text(id),
                                        .partition = bench_partition(span_of_text(id)),
                                        .enrolled_ms = now_ms};
        must(decide_enrol(&decide, &command, &decision), "enrol");
        return;
    }
    struct sale_line line = {.amount_minor = bench_amount(operation)};
    struct award_command command = {
        .sale = {.lines = &line, .line_count = 1, .unit = span_of_text("store-0007/till-02")},
        .currency = span_of_text("CNY")};
    must(decide_award(&decide, &command, &decision), "award");
    must(decision.outcome == OUTCOME_APPLIED ? STATUS_OK : STATUS_INVALID, "award");
}

static void make_one(struct load *load, uint32_t member, uint32_t operation, int64_t now_ms)
{
    struct account *account = &load->accounts[member];
    uint8_t tail[STORE_HASH_BYTES];
    memcpy(tail, account->tail, sizeof tail);
    uint64_t bytes = account->log_bytes;
    uint64_t seq = account->seq;
    struct buffer out;
    buffer_init(&out, 0);
    arena_reset(&load->scratch);
    decide_one(load, member, operation, now_ms, &out);
    keep(load, member, buffer_span(&out), tail, bytes, seq + 1);
    buffer_fini(&out);
}

static void send_next(struct load *load);

static void on_append(void *context, const struct store_reply *reply)
{
    const struct entry *entry = context;
    struct load *load = entry->load;
    bench_sample(&load->result, entry->sent_ns);
    if (reply->result != STORE_OK) {
        load->result.failed++;
        fprintf(stderr, "append: %s\n", store_result_name(reply->result));
    }
    if (load->result.done == load->entry_count) {
        event_base_loopbreak(load->base);
        return;
    }
    send_next(load);
}

static void send_next(struct load *load)
{
    if (load->next == load->entry_count) {
        return;
    }
    struct entry *entry = &load->entries[load->next++];
    struct span id = span_of_text(entry->member_id);
    int64_t now_ms = bench_wall_ms();
    struct store_append append = {
        .account = {.partition = bench_partition(id), .id = id},
        .expected_bytes = entry->expected_bytes,
        .now_ms = now_ms,
        .not_after_ms = now_ms + 10000,
        .records = entry->records,
        .event = entry->event,
        .due_changed = entry->due_changed,
        .due_ms = entry->due_ms,
    };
    memcpy(append.expected_hash, entry->expected_hash, sizeof append.expected_hash);
    entry->sent_ns = bench_now_ns();
    store_append(load->store, &append, on_append, entry);
}

static void run_entries(struct load *load)
{
    load->next = 0;
    bench_begin(&load->result);
    for (uint32_t i = 0; i < load->in_flight_max; i++) {
        send_next(load);
    }
    event_base_dispatch(load->base);
    bench_pause(&load->result);
}

static void on_created(void *context, const struct store_reply *reply)
{
    struct load *load = context;
    must(reply->result == STORE_OK ? STATUS_OK : STATUS_IO, "partitions");
    event_base_loopbreak(load->base);
}

static void on_state(void *context, bool ready, const char *reason)
{
    struct load *load = context;
    if (ready) {
        store_create_partitions(load->store, BENCH_PARTITIONS, on_created, load);
    } else {
        fprintf(stderr, "redis: %s\n", reason);
    }
}

static void init(struct load *load, const struct bench_options *options)
{
    arena_init(&load->scratch, LIMIT_ARENA_BYTES);
    arena_init(&load->kept, (size_t)4 << 30);
    load_program(load);
    uint32_t most = options->members > options->operations ? options->members : options->operations;
    load->accounts = calloc(options->members, sizeof *load->accounts);
    load->due_ms = calloc(options->members, sizeof *load->due_ms);
    load->entries = calloc(most, sizeof *load->entries);
    load->base = event_base_new();
    load->first = options->first;
    load->due = options->due;
    load->in_flight_max = options->connections * options->depth;
    if (load->accounts == NULL || load->due_ms == NULL || load->entries == NULL ||
        load->base == NULL) {
        must(STATUS_NO_MEMORY, "accounts");
    }
    for (uint32_t i = 0; i < options->members; i++) {
        account_init(&load->accounts[i]);
    }
    struct redis_options redis = {.unix_path = options->redis};
    must(redis_new(load->base, &redis, on_state, load, &load->store), "redis");
    event_base_dispatch(load->base);
}

// The members as others left them, who have put what is due of each into the index.
static void read_members(struct load *load, uint32_t members)
{
    bench_existing_read(load->base, load->store, load->first, load->accounts, members);
    for (uint32_t i = 0; i < members; i++) {
        load->due_ms[i] = advance_due(&load->accounts[i], &load->programs);
    }
}

static void enrol_members(struct load *load, uint32_t members, int64_t now_ms)
{
    for (uint32_t i = 0; i < members; i++) {
        make_one(load, i, UINT32_MAX - i, now_ms);
    }
    run_entries(load);
    must(load->result.failed == 0 ? STATUS_OK : STATUS_IO, "enrol");
    load->entry_count = 0;
}

int bench_append(const struct bench_options *options)
{
    static struct load load;
    bench_must(options->rate == 0, "append has no schedule");
    init(&load, options);
    int64_t now_ms = bench_wall_ms();
    if (options->existing) {
        read_members(&load, options->members);
    } else {
        enrol_members(&load, options->members, now_ms);
    }
    struct bench_keys keys;
    bench_keys_init(&keys, options->keys, options->members, options->seed);
    for (uint32_t i = 0; i < options->operations; i++) {
        make_one(&load, bench_keys_next(&keys), i, now_ms);
    }
    run_entries(&load);
    store_free(load.store);
    event_base_free(load.base);
    return bench_end(&load.result); // the process ends: the rest goes with it
}
