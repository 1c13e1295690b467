// The cache of accounts: it finds what it holds, keeps what is looked up while there is other to
// let go, and never lets one in use go.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "service/account_cache.h"
#include "service/accounts.h"
#include "support/random_club.h"

static uint64_t seed;

static struct span id_of(int64_t number, char out[24])
{
    int len = snprintf(out, 24, "member-%d", (int)number);
    return span_of(out, (size_t)len);
}

static struct account_entry *add(struct account_cache *cache, int64_t number)
{
    char id[24];
    struct account_entry *entry = account_cache_add(cache, id_of(number, id), 7);
    assert_non_null(entry);
    assert_int_equal(entry->partition, 7);
    assert_false(entry->loaded);
    return entry;
}

static struct account_entry *find(struct account_cache *cache, int64_t number)
{
    char id[24];
    return account_cache_find(cache, id_of(number, id));
}

static void add_idle(struct account_cache *cache, int64_t number)
{
    account_cache_release(cache, add(cache, number));
}

// Who was looked up since the hand came past stays, whatever else comes.
static void what_is_looked_up_stays(void **state)
{
    (void)state;
    enum { BOUND = 100, ROUNDS = 200 };
    struct account_cache cache;
    assert_int_equal(account_cache_init(&cache, BOUND, SIZE_MAX), STATUS_OK);
    for (int64_t i = 0; i < BOUND; i++) {
        add_idle(&cache, i);
    }
    add_idle(&cache, BOUND); // the hand passes all of them, and one goes
    bool there[BOUND / 2];
    for (int64_t i = 0; i < BOUND / 2; i++) {
        there[i] = find(&cache, i) != NULL;
    }
    for (int64_t round = 1; round <= ROUNDS; round++) {
        add_idle(&cache, 10000 + round);
        assert_int_equal(cache.count, BOUND);
        for (int64_t i = 0; i < BOUND / 2; i++) {
            assert_int_equal(find(&cache, i) != NULL, there[i]);
        }
    }
    for (int64_t round = 1; round <= ROUNDS / 2; round++) { // without being looked up, these go
        assert_null(find(&cache, 10000 + round));
    }
    account_cache_fini(&cache);
    account_cache_fini(NULL);
}

static void use_is_counted_once(void **state)
{
    (void)state;
    struct account_cache cache;
    assert_int_equal(account_cache_init(&cache, 10, SIZE_MAX), STATUS_OK);
    add_idle(&cache, 1);
    assert_int_equal(cache.idle_count, 1);
    account_cache_use(&cache, find(&cache, 1));
    account_cache_use(&cache, find(&cache, 1)); // once more is nothing
    assert_int_equal(cache.idle_count, 0);
    account_cache_release(&cache, find(&cache, 1));
    assert_int_equal(cache.idle_count, 1);
    account_cache_fini(&cache);
}

static void those_in_use_stay_over_the_bound(void **state)
{
    (void)state;
    enum { MANY = 50 };
    struct account_cache cache;
    struct account_entry *entries[MANY];
    assert_int_equal(account_cache_init(&cache, 2, SIZE_MAX), STATUS_OK);
    for (int64_t i = 0; i < MANY; i++) {
        entries[i] = add(&cache, i);
    }
    assert_int_equal(cache.count, MANY);
    for (int64_t i = 0; i < MANY; i++) {
        assert_ptr_equal(find(&cache, i), entries[i]);
        account_cache_release(&cache, entries[i]);
    }
    assert_int_equal(cache.count, 2);
    account_cache_fini(&cache);
}

// Memory counts as well as number, by what the accounts have grown to; the table too.
static void memory_is_bounded(void **state)
{
    (void)state;
    struct account_cache cache;
    enum { BYTES = 100 * 1024 };
    assert_int_equal(account_cache_init(&cache, SIZE_MAX, BYTES), STATUS_OK);
    size_t table_bytes = cache.bytes;
    assert_true(table_bytes > 0);
    for (int64_t i = 0; i < 200; i++) {
        struct account_entry *entry = add(&cache, i);
        for (int print = 0; print < 500; print++) {
            assert_int_equal(id_set_add(&entry->account.ids, (uint64_t)(i * 1000 + print + 1)),
                             STATUS_OK);
        }
        account_cache_release(&cache, entry);
        assert_true(cache.bytes <= BYTES);
    }
    assert_in_range(cache.count, 5, 20);
    while (cache.idle_count > 0) {
        cache.bytes_max = table_bytes; // one comes, all go
        add_idle(&cache, 1000);
    }
    assert_int_equal(cache.count, 0);
    assert_int_equal(cache.bytes, table_bytes);
    account_cache_fini(&cache);
}

// What a run of random uses is held to.
enum { MEMBERS = 6000, BOUND = 2500, HELD = 40, USES = 100000 };

struct run {
    struct account_cache cache;
    struct random random;
    struct account_entry *held[HELD]; // in use
    int64_t numbers[HELD];
};

static bool is_held(const struct run *run, const struct account_entry *entry)
{
    for (size_t i = 0; i < HELD; i++) {
        if (run->held[i] == entry) {
            return true;
        }
    }
    return false;
}

static void check_all(struct run *run)
{
    size_t found = 0;
    for (int64_t i = 0; i < MEMBERS; i++) {
        struct account_entry *entry = find(&run->cache, i);
        char id[24];
        assert_true(entry == NULL || span_equal(span_of(entry->id, entry->id_len), id_of(i, id)));
        found += entry != NULL ? 1 : 0;
    }
    size_t listed = 0;
    size_t bytes = run->cache.slot_count * 16;
    size_t place = 0;
    for (const struct account_entry *entry = account_cache_next(&run->cache, &place); entry != NULL;
         entry = account_cache_next(&run->cache, &place)) {
        listed++;
        bytes += entry->bytes;
    }
    assert_int_equal(found, run->cache.count);
    assert_int_equal(listed, run->cache.count);
    assert_int_equal(bytes, run->cache.bytes);
}

static void use_one(struct run *run)
{
    size_t hand = (size_t)random_below(&run->random, HELD);
    if (run->held[hand] != NULL) {
        assert_ptr_equal(find(&run->cache, run->numbers[hand]), run->held[hand]);
        account_cache_release(&run->cache, run->held[hand]);
        run->held[hand] = NULL;
    }
    // Some members come more often.
    int64_t number = random_below(&run->random, random_below(&run->random, MEMBERS) + 1);
    struct account_entry *entry = find(&run->cache, number);
    if (entry == NULL) {
        entry = add(&run->cache, number);
    }
    if (!is_held(run, entry)) {
        account_cache_use(&run->cache, entry);
        run->held[hand] = entry;
        run->numbers[hand] = number;
    }
    assert_true(run->cache.count <= BOUND + HELD);
}

static void as_a_plain_table_would(void **state)
{
    (void)state;
    static struct run run;
    run = (struct run){.random = random_of(seed, 0)};
    assert_int_equal(account_cache_init(&run.cache, BOUND, SIZE_MAX), STATUS_OK);
    for (int64_t now = 0; now < USES; now++) {
        use_one(&run);
        if (now % 5000 == 0) {
            check_all(&run);
        }
    }
    assert_in_range(run.cache.count, BOUND - 1, BOUND + HELD);
    account_cache_fini(&run.cache);
}

int main(void)
{
    seed = random_seed("account_cache");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_looked_up_stays),          cmocka_unit_test(use_is_counted_once),
        cmocka_unit_test(those_in_use_stay_over_the_bound), cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(as_a_plain_table_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
