// The cache of accounts: it finds what it holds, lets the longest unused go, and never one in use.
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

static void the_longest_unused_goes_first(void **state)
{
    (void)state;
    struct account_cache cache;
    assert_int_equal(account_cache_init(&cache, 3, SIZE_MAX), STATUS_OK);
    struct account_entry *used = add(&cache, 0);
    for (int64_t i = 1; i <= 3; i++) {
        account_cache_release(&cache, add(&cache, i)); // the last one is the fourth: 1 goes
    }
    assert_null(find(&cache, 1));
    assert_ptr_equal(find(&cache, 0), used);
    struct account_entry *second = find(&cache, 2);
    account_cache_use(&cache, second);
    account_cache_use(&cache, second); // once more is nothing
    account_cache_release(&cache, second);
    account_cache_release(&cache, add(&cache, 4));
    assert_null(find(&cache, 3)); // 2 was used after it
    assert_non_null(find(&cache, 2));
    account_cache_release(&cache, used);
    assert_int_equal(cache.count, 3);
    account_cache_fini(&cache);
    account_cache_fini(NULL);
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
    assert_non_null(find(&cache, MANY - 1));
    account_cache_fini(&cache);
}

// Memory counts as well as number, by what the accounts have grown to.
static void memory_is_bounded(void **state)
{
    (void)state;
    struct account_cache cache;
    enum { BYTES = 100 * 1024 };
    assert_int_equal(account_cache_init(&cache, 4096, BYTES), STATUS_OK);
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
    account_cache_fini(&cache);
}

static void as_a_plain_list_would(void **state)
{
    (void)state;
    enum { MEMBERS = 300, BOUND = 40 };
    struct account_cache cache;
    struct random random = random_of(seed, 0);
    int64_t used_at[MEMBERS] = {0}; // 0: not there
    assert_int_equal(account_cache_init(&cache, BOUND, SIZE_MAX), STATUS_OK);
    for (int64_t now = 1; now < 20000; now++) {
        int64_t number = random_below(&random, MEMBERS);
        struct account_entry *entry = find(&cache, number);
        assert_int_equal(entry != NULL, used_at[number] != 0);
        if (entry == NULL) {
            entry = add(&cache, number);
        }
        account_cache_use(&cache, entry);
        account_cache_release(&cache, entry);
        used_at[number] = now;
        int64_t oldest = -1;
        size_t count = 0;
        for (int64_t i = 0; i < MEMBERS; i++) {
            count += used_at[i] != 0 ? 1 : 0;
            if (used_at[i] != 0 && (oldest < 0 || used_at[i] < used_at[oldest])) {
                oldest = i;
            }
        }
        if (count > BOUND) {
            used_at[oldest] = 0;
            count--;
        }
        assert_int_equal(cache.count, count);
    }
    account_cache_fini(&cache);
}

int main(void)
{
    seed = random_seed("account_cache");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_unused_goes_first),
        cmocka_unit_test(those_in_use_stay_over_the_bound),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(as_a_plain_list_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
