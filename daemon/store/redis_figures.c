// Figures of all connections, and what Redis says of itself.
#include "store/redis_figures.h"

#include <time.h>

#include "base/check.h"
#include "store/redis_calls.h"
#include "store/redis_pool.h"

int64_t redis_figures_now_us(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void tell_facts(const struct redis_facts *facts, const struct metrics_out *out)
{
    static const struct metric_family memory = {"loyaltyd_redis_memory_bytes",
                                                "What Redis says it uses.", METRIC_GAUGE};
    static const struct metric_family bound = {"loyaltyd_redis_memory_max_bytes",
                                               "Redis's maxmemory; 0: none.", METRIC_GAUGE};
    static const struct metric_family delayed = {"loyaltyd_redis_delayed_fsyncs_total",
                                                 "Fsyncs that Redis had to wait for.",
                                                 METRIC_COUNTER};
    if (facts->read_ms != 0) {
        metrics_tell(out, &memory, (int64_t)facts->memory_bytes);
        metrics_tell(out, &bound, (int64_t)facts->memory_max_bytes);
        metrics_tell(out, &delayed, (int64_t)facts->delayed_fsyncs);
    }
}

void redis_metrics(const struct store *store, const struct metrics_out *out)
{
    static const struct metric_family ready = {"loyaltyd_store_ready",
                                               "Whether Redis is connected and fit.", METRIC_GAUGE};
    static const struct metric_family calls = {"loyaltyd_store_calls_total",
                                               "Commands sent to Redis; each append is one.",
                                               METRIC_COUNTER};
    static const struct metric_family lost = {
        "loyaltyd_store_calls_lost_total", "Commands whose connection ended before their answer.",
        METRIC_COUNTER};
    static const struct metric_family connects = {"loyaltyd_store_connects_total",
                                                  "Connections to Redis begun.", METRIC_COUNTER};
    static const struct metric_family in_flight = {
        "loyaltyd_store_in_flight", "Commands Redis has not answered yet.", METRIC_GAUGE};
    static const struct metric_family round_trip = {"loyaltyd_store_round_trip_seconds",
                                                    "From a command to its answer, sampled.",
                                                    METRIC_HISTOGRAM};
    const struct redis_pool *pool = &((const struct redis *)store)->pool;
    const char *reason = NULL;
    uint64_t waiting = 0;
    for (size_t i = 0; i < REDIS_CONNECTIONS; i++) {
        waiting += redis_link_load(pool->links[i]).calls;
    }
    metrics_tell(out, &ready, redis_pool_is_ready(pool, &reason));
    metrics_tell(out, &calls, (int64_t)pool->figures.calls);
    metrics_tell(out, &lost, (int64_t)pool->figures.lost);
    metrics_tell(out, &connects, (int64_t)pool->figures.connects);
    metrics_tell(out, &in_flight, (int64_t)waiting);
    out->family(out->context, &round_trip);
    out->histogram(out->context, NULL, 0, &pool->figures.round_trip);
    tell_facts(&pool->facts, out);
}
