// The report, and whether everything was tried.
#include "sim/counts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "sim/table.h"
#include "store/store.h"

void counts_reason(struct counts *counts, const char *reason)
{
    struct reason_count *item = counts->reasons;
    while (item->name[0] != '\0' && strcmp(item->name, reason) != 0) {
        item++;
        CHECK(item < counts->reasons + COUNTS_REASONS - 1);
    }
    (void)snprintf(item->name, sizeof(item->name), "%s", reason);
    item->count++;
}

static void tell(const char *name, uint64_t count)
{
    (void)printf("    %-24s %10" PRIu64 "\n", name, count);
}

static void tell_tables(const struct counts *counts)
{
    (void)printf("commands: asked, answers with a payload\n");
    for (size_t i = 0; i < command_count; i++) {
        (void)printf("    %-24s %10" PRIu64 " %10" PRIu64 "\n", commands[i].name, counts->asked[i],
                     counts->succeeded[i]);
    }
    (void)printf("records\n");
    for (size_t i = 0; i < COUNTS_RECORDS; i++) {
        if (counts->records[i] > 0) {
            tell(table_record((enum record_type)i)->name, counts->records[i]);
        }
    }
    (void)printf("faults\n");
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        tell(fault_names[i], counts->faults[i]);
    }
    (void)printf("answers that say no\n");
    for (size_t i = 0; counts->reasons[i].name[0] != '\0'; i++) {
        tell(counts->reasons[i].name, counts->reasons[i].count);
    }
    (void)printf("what the store said\n");
    for (size_t i = 0; i <= STORE_TAKEN; i++) {
        tell(store_result_name((enum store_result)i), counts->results[i]);
    }
    (void)printf("episodes\n");
    for (size_t i = 0; i < kind_count; i++) {
        tell(kinds[i].name, counts->kinds[i]);
    }
}

void counts_tell(const struct counts *counts, double seconds)
{
    tell_tables(counts);
    (void)printf("in all\n");
    tell("episodes", counts->episodes);
    tell("operations", counts->operations);
    tell("retries", counts->retries);
    tell("deliveries", counts->deliveries);
    tell("replayed answers", counts->replays);
    tell("store executions", counts->executions);
    tell("appends", counts->appends);
    tell("compactions", counts->compactions);
    tell("publishes", counts->publishes);
    tell("logs folded", counts->folds);
    tell("rolled back, met", counts->rolled_back);
    tell("lost, asked again", counts->asked_again);
    (void)printf("%" PRIu64 " operations in %.2f s: %.0f a second\n", counts->operations, seconds,
                 (double)counts->operations / seconds);
    (void)printf("hash %016" PRIx64 "\n", counts->hash);
}

static bool missing(const char *what, const char *name, uint64_t count)
{
    if (count == 0) {
        (void)fprintf(stderr, "never happened: %s: %s\n", what, name);
    }
    return count == 0;
}

bool counts_complete(const struct counts *counts)
{
    bool blind = false;
    for (size_t i = 0; i < command_count; i++) {
        bool counted_elsewhere = commands[i].answered == NULL;
        blind = missing("asked", commands[i].name, counts->asked[i]) || blind;
        blind =
            (!counted_elsewhere && missing("succeeded", commands[i].name, counts->succeeded[i])) ||
            blind;
    }
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        blind = missing("fault", fault_names[i], counts->faults[i]) || blind;
    }
    static const char *const REASONS[] = {
        "ID_CONFLICT",      "OUTCOME_UNKNOWN", "STORE_UNAVAILABLE", "CLOCK_SKEW",
        "NO_LEASE",         "EXPIRED",         "TOO_OLD",           "INSUFFICIENT_POINTS",
        "TOO_SOON",         "ETAG_MISMATCH",   "ROLLED_BACK",       "ALREADY_ENROLLED",
        "IDENTIFIER_TAKEN", "UNKNOWN_MEMBER",  "SALE_TOO_OLD",      "SALE_FROM_FUTURE",
        "OUT_OF_ORDER"};
    for (size_t i = 0; i < sizeof(REASONS) / sizeof(REASONS[0]); i++) {
        uint64_t count = 0;
        for (size_t j = 0; counts->reasons[j].name[0] != '\0'; j++) {
            count +=
                strcmp(counts->reasons[j].name, REASONS[i]) == 0 ? counts->reasons[j].count : 0;
        }
        blind = missing("answer", REASONS[i], count) || blind;
    }
    for (size_t i = 0; i <= STORE_TAKEN; i++) {
        const char *name = store_result_name((enum store_result)i);
        blind = missing("the store said", name, counts->results[i]) || blind;
    }
    blind = missing("what", "compaction", counts->compactions) || blind;
    blind = missing("what", "publish", counts->publishes) || blind;
    blind = missing("what", "lost and asked again", counts->asked_again) || blind;
    return !blind;
}
