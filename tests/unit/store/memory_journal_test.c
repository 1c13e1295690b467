// What the memory store has for a simulation: an observer of changes, changes that can be lost, and
// calls that somebody else carries.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "store/memory.h"

#define HASH ((uint64_t)STORE_HASH_BYTES)

struct told {
    unsigned times;
    enum store_result result;
    uint64_t bytes;
};

static void on_done(void *context, const struct store_reply *reply)
{
    struct told *told = context;
    told->times++;
    told->result = reply->result;
    told->bytes = reply->log_bytes;
}

static struct store *new_store(void)
{
    struct store *store = NULL;
    struct told told = {0};
    assert_int_equal(memory_new(&store), STATUS_OK);
    store_create_partitions(store, 1, on_done, &told);
    memory_run(store);
    assert_int_equal(told.result, STORE_OK);
    return store;
}

static const struct store_account place = {.id = {.data = (const uint8_t *)"m", .len = 1}};

// An append behind a log whose last bytes are all `last`, of as many bytes `next`.
static void ask_append(struct store *store, uint8_t last, uint64_t bytes, uint8_t next,
                       struct told *told)
{
    uint8_t records[HASH];
    memset(records, next, sizeof(records));
    struct store_append append = {.account = place,
                                  .expected_bytes = bytes,
                                  .not_after_ms = INSTANT_NEVER,
                                  .records = span_of(records, sizeof(records)),
                                  .event = span_of_text("event"),
                                  .due_changed = true,
                                  .due_ms = next};
    memset(append.expected_hash, last, HASH);
    store_append(store, &append, on_done, told);
}

static enum store_result append(struct store *store, uint8_t last, uint64_t bytes, uint8_t next)
{
    struct told told = {0};
    ask_append(store, last, bytes, next, &told);
    memory_run(store);
    return told.result;
}

static void compact(struct store *store, uint8_t last)
{
    struct told told = {0};
    uint8_t snapshot[HASH];
    memset(snapshot, last, sizeof(snapshot));
    struct store_compact wanted = {
        .account = place, .cut_bytes = 2 * HASH, .snapshot = span_of(snapshot, sizeof(snapshot))};
    memset(wanted.cut_hash, last, HASH);
    store_compact(store, &wanted, on_done, &told);
    memory_run(store);
    assert_int_equal(told.result, STORE_OK);
}

static struct span owner(struct store *store)
{
    static char text[8];
    struct told told = {0};
    store_find(store, 0, span_of_text("key"), on_done, &told);
    memory_run(store);
    memset(text, 'm', sizeof(text));
    return span_of(text, (size_t)told.bytes);
}

static void claim(struct store *store)
{
    struct told told = {0};
    store_claim(store, 0, span_of_text("key"), place.id, (struct span){0}, on_done, &told);
    memory_run(store);
    assert_int_equal(told.result, STORE_OK);
}

static void lost_changes_were_never_made(void **state)
{
    (void)state;
    struct store *store = new_store();
    memory_journal(store);
    assert_int_equal(append(store, 0, 0, 1), STORE_OK);
    assert_int_equal(memory_journal_count(store), 1);
    assert_int_equal(append(store, 1, HASH, 2), STORE_OK);
    compact(store, 2);
    claim(store);
    assert_int_equal(memory_log(store, &place).len, HASH);
    assert_int_equal(memory_archived_bytes(store, 0), 2 * HASH);
    assert_int_equal(owner(store).len, 1);
    memory_journal_lose(store, 1);
    assert_int_equal(memory_journal_count(store), 1);
    assert_int_equal(owner(store).len, 0);
    assert_int_equal(memory_archived_bytes(store, 0), 0);
    assert_int_equal(memory_event_count(store, 0), 1);
    assert_int_equal(memory_due(store, &place), 1);
    struct span log = memory_log(store, &place);
    assert_int_equal(log.len, HASH);
    assert_int_equal(log.data[0], 1);
    memory_journal_lose(store, 0);
    assert_int_equal(memory_log(store, &place).len, 0);
    assert_int_equal(memory_event_count(store, 0), 0);
    assert_int_equal(memory_due(store, &place), 0);
    assert_int_equal(append(store, 0, 0, 7), STORE_OK); // and may be made anew
    assert_int_equal(memory_due(store, &place), 7);
    store_free(store);
}

static void kept_changes_stay(void **state)
{
    (void)state;
    struct store *store = new_store();
    memory_journal(store);
    assert_int_equal(append(store, 0, 0, 1), STORE_OK);
    assert_int_equal(append(store, 1, HASH, 2), STORE_OK);
    memory_journal_keep(store, 1);
    assert_int_equal(memory_journal_count(store), 2);
    memory_journal_lose(store, 1);
    assert_int_equal(memory_log(store, &place).len, HASH);
    memory_journal_keep(store, 1);
    assert_int_equal(append(store, 1, HASH, 3), STORE_OK);
    assert_int_equal(memory_journal_count(store), 2);
    store_free(store);
}

// --- identifiers let go, values and sets, trimmed events ---

static void let_go(struct store *store)
{
    struct told told = {0};
    store_unclaim(store, 0, span_of_text("key"), place.id, on_done, &told);
    memory_run(store);
    assert_int_equal(told.result, STORE_OK);
}

static void on_value(void *context, const struct store_value_reply *reply)
{
    struct store_reply plain = {.result = reply->result, .log_bytes = reply->revision};
    on_done(context, &plain);
}

static void put(struct store *store, uint64_t expected_revision, const char *leave,
                const char *enter)
{
    struct told told = {0};
    struct store_put wanted = {
        .value = {.name = place.id},
        .expected_revision = expected_revision,
        .bytes = span_of_text("profile"),
        .leave_set = span_of_text(leave),
        .enter_set = span_of_text(enter),
    };
    store_put(store, &wanted, on_value, &told);
    memory_run(store);
    assert_int_equal(told.result, STORE_OK);
}

static void on_listed(void *context, const struct store_scan_reply *reply)
{
    *(size_t *)context = reply->count;
}

static size_t members(struct store *store, const char *set)
{
    size_t count = SIZE_MAX;
    store_list_set(store, 0, span_of_text(set), on_listed, &count);
    memory_run(store);
    return count;
}

static void what_is_beside_the_logs_goes_back_too(void **state)
{
    (void)state;
    struct store *store = new_store();
    memory_journal(store);
    claim(store);
    put(store, 0, "", "a");
    uint64_t before = memory_journal_count(store);
    let_go(store);
    let_go(store); // nothing changes
    assert_int_equal(memory_journal_count(store), before + 1);
    put(store, 1, "a", "b");
    assert_int_equal(owner(store).len, 0);
    assert_int_equal(members(store, "a"), 0);
    assert_int_equal(members(store, "b"), 1);
    memory_journal_lose(store, before);
    assert_int_equal(owner(store).len, 1);
    assert_int_equal(members(store, "a"), 1);
    assert_int_equal(members(store, "b"), 0);
    put(store, 1, "a", "b"); // the revision went back
    memory_journal_lose(store, 0);
    assert_int_equal(owner(store).len, 0);
    assert_int_equal(members(store, "a"), 0);
    put(store, 0, "", "");
    store_free(store);
}

static void an_event_that_is_trimmed_and_lost_gives_its_number_back(void **state)
{
    (void)state;
    struct store *store = new_store();
    struct told told = {0};
    memory_journal(store);
    assert_int_equal(append(store, 0, 0, 1), STORE_OK);
    assert_int_equal(append(store, 1, HASH, 2), STORE_OK);
    store_trim_events(store, 0, 0, on_done, &told);
    memory_run(store);
    assert_int_equal(memory_event_count(store, 0), 2);
    memory_journal_lose(store, 1);
    assert_int_equal(memory_event_count(store, 0), 1);
    assert_int_equal(append(store, 1, HASH, 3), STORE_OK);
    assert_int_equal(memory_event_count(store, 0), 2);
    assert_true(memory_event(store, 0, 1).len > 0);
    store_free(store);
}

// --- observers ---

struct seen {
    unsigned appends;
    unsigned compactions;
    unsigned claims;
    unsigned unclaims;
    unsigned others;
};

static void on_append(void *context, const struct store_append *append)
{
    struct seen *seen = context;
    assert_true(span_equal(append->account.id, place.id));
    seen->appends++;
}

static void on_compact(void *context, const struct store_compact *compact)
{
    struct seen *seen = context;
    assert_int_equal(compact->cut_bytes, 2 * HASH);
    seen->compactions++;
}

static void on_claim(void *context, struct span key, struct span member_id)
{
    struct seen *seen = context;
    assert_true(span_is_text(key, "key") && span_equal(member_id, place.id));
    seen->claims++;
}

static void on_unclaim(void *context, struct span key, struct span member_id)
{
    struct seen *seen = context;
    assert_true(span_is_text(key, "key") && span_equal(member_id, place.id));
    seen->unclaims++;
}

static void on_other(void *context)
{
    ((struct seen *)context)->others++;
}

static void changes_are_observed_and_refusals_are_not(void **state)
{
    (void)state;
    struct store *store = new_store();
    struct seen seen = {0};
    struct memory_observer observer = {
        .context = &seen,
        .on_append = on_append,
        .on_compact = on_compact,
        .on_claim = on_claim,
        .on_unclaim = on_unclaim,
        .on_other = on_other,
    };
    memory_observe(store, &observer);
    memory_journal(store);
    assert_int_equal(append(store, 0, 0, 1), STORE_OK);
    assert_int_equal(append(store, 9, HASH, 2), STORE_RELOAD);
    assert_int_equal(seen.appends, 1);
    assert_int_equal(append(store, 1, HASH, 2), STORE_OK);
    compact(store, 2);
    claim(store);
    claim(store); // is so already
    assert_int_equal(seen.appends, 2);
    assert_int_equal(seen.compactions, 1);
    assert_int_equal(seen.claims, 1);
    let_go(store);
    let_go(store);
    assert_int_equal(seen.unclaims, 1);
    put(store, 0, "", "a");
    put(store, 1, "b", "a"); // the sets are as they were
    assert_int_equal(seen.others, 3);
    // One for each change that the journal has.
    assert_int_equal(memory_journal_count(store),
                     seen.appends + seen.compactions + seen.claims + seen.unclaims + seen.others);
    store_free(store);
}

static void take_call(void *context, struct memory_call *call)
{
    *(struct memory_call **)context = call;
}

static void a_routed_call_waits_for_its_carrier(void **state)
{
    (void)state;
    struct store *store = new_store();
    struct store *other = NULL;
    struct memory_call *call = NULL;
    struct told told = {0};
    assert_int_equal(memory_share(store, &other), STATUS_OK);
    memory_route(other, take_call, &call);
    ask_append(other, 0, 0, 1, &told);
    assert_false(memory_step(other));
    assert_true(memory_call_mutates(call) && memory_call_append(call) != NULL);
    assert_false(memory_call_reads_head(call));
    assert_int_equal(memory_call_partition(call), 0);
    memory_call_execute(call);
    assert_int_equal(memory_log(store, &place).len, HASH);
    assert_int_equal(told.times, 0);
    assert_int_equal(memory_call_result(call), STORE_OK);
    memory_call_answer(call);
    assert_int_equal(told.times, 1);
    assert_int_equal(told.result, STORE_OK);
    memory_call_free(call);
    store_free(other);
    store_free(store);
}

static void a_call_given_up_may_still_land(void **state)
{
    (void)state;
    struct store *store = new_store();
    struct store *other = NULL;
    struct memory_call *call = NULL;
    struct told told = {0};
    assert_int_equal(memory_share(store, &other), STATUS_OK);
    memory_route(other, take_call, &call);
    ask_append(other, 0, 0, 1, &told);
    store_free(other);
    assert_int_equal(told.times, 1);
    assert_int_equal(told.result, STORE_UNKNOWN);
    assert_true(memory_call_told(call));
    memory_call_execute(call);
    assert_int_equal(memory_log(store, &place).len, HASH);
    memory_call_free(call);
    store_free(store);
}

static void a_call_never_sent_was_not_executed(void **state)
{
    (void)state;
    struct store *store = new_store();
    struct store *other = NULL;
    struct memory_call *call = NULL;
    struct told told = {0};
    assert_int_equal(memory_share(store, &other), STATUS_OK);
    memory_route(other, take_call, &call);
    ask_append(other, 0, 0, 1, &told);
    memory_call_give_up(call, false);
    assert_int_equal(told.result, STORE_UNAVAILABLE);
    memory_call_free(call);
    store_free(other);
    store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_changes_were_never_made),
        cmocka_unit_test(kept_changes_stay),
        cmocka_unit_test(what_is_beside_the_logs_goes_back_too),
        cmocka_unit_test(an_event_that_is_trimmed_and_lost_gives_its_number_back),
        cmocka_unit_test(changes_are_observed_and_refusals_are_not),
        cmocka_unit_test(a_routed_call_waits_for_its_carrier),
        cmocka_unit_test(a_call_given_up_may_still_land),
        cmocka_unit_test(a_call_never_sent_was_not_executed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
