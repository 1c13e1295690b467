// What is taken of Redis's INFO: figures where they stand, nothing where they do not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/redis_facts.h"

static struct redis_facts take(const char *text)
{
    struct redis_facts facts = {.evicted = 99};
    redis_facts_take(&facts, span_of_text(text), 7);
    return facts;
}

static void figures_are_taken(void **state)
{
    (void)state;
    struct redis_facts facts = take("# Server\r\nredis_version:7.0.15\r\nuptime_in_seconds:61\r\n"
                                    "# Memory\r\nused_memory:1048576\r\nmaxmemory:2097152\r\n"
                                    "used_memory_human:1.00M\r\nconnected_clients:9\r\n"
                                    "aof_last_write_status:err\r\n"
                                    "aof_last_bgrewrite_status:ok\r\nevicted_keys:3\r\n");
    assert_string_equal(facts.version, "7.0.15");
    assert_int_equal(facts.read_ms, 7);
    assert_int_equal(facts.uptime_s, 61);
    assert_int_equal(facts.memory_bytes, 1048576);
    assert_int_equal(facts.memory_max_bytes, 2097152);
    assert_int_equal(facts.clients, 9);
    assert_true(facts.writes_fail);
    assert_false(facts.rewrite_failed);
    assert_int_equal(facts.evicted, 3);
}

static void what_is_not_told_is_nothing(void **state)
{
    (void)state;
    const char *const texts[] = {"",
                                 "\r\n",
                                 "used_memory",
                                 "used_memory:",
                                 "used_memory:x\r\n",
                                 "xused_memory:5\r\n",
                                 "used_memory:-1\r\n",
                                 "used_memory:99999999999999999999999\r\n"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct redis_facts facts = take(texts[i]);
        assert_int_equal(facts.memory_bytes, 0);
        assert_int_equal(facts.evicted, 0);
        assert_string_equal(facts.version, "");
    }
}

static void a_long_version_is_cut(void **state)
{
    (void)state;
    struct redis_facts facts = take("redis_version:7.0.15-and-more-than-anybody-wants-to-read\n");
    assert_int_equal(strlen(facts.version), REDIS_VERSION_BYTES - 1);
    assert_memory_equal(facts.version, "7.0.15-and", 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_taken),
        cmocka_unit_test(what_is_not_told_is_nothing),
        cmocka_unit_test(a_long_version_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
