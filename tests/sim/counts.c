// The report, and whether everything was tried.
#include "sim/counts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "sim/table.h"
#include "store/store.h"

static void count_named(struct named_count *items, size_t most, const char *name)
{
    struct named_count *item = items;
    while (item->name[0] != '\0' && strcmp(item->name, name) != 0) {
        item++;
        CHECK(item < items + most - 1);
    }
    (void)snprintf(item->name, sizeof(item->name), "%s", name);
    item->count++;
}

void counts_reason(struct counts *counts, const char *reason)
{
    count_named(counts->reasons, COUNTS_REASONS, reason);
}

void counts_case(struct counts *counts, const char *name, bool so)
{
    if (so) {
        count_named(counts->cases, COUNTS_CASES, name);
    }
}

static uint64_t find_named(const struct named_count *items, const char *name)
{
    while (items->name[0] != '\0' && strcmp(items->name, name) != 0) {
        items++;
    }
    return items->count;
}

static void tell(const char *name, uint64_t count)
{
    (void)printf("    %-24s %10" PRIu64 "\n", name, count);
}

static void tell_named(const char *title, const struct named_count *items)
{
    (void)printf("%s\n", title);
    for (; items->name[0] != '\0'; items++) {
        tell(items->name, items->count);
    }
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
    tell_named("cases", counts->cases);
    tell_named("answers that say no", counts->reasons);
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
    tell("landed together", counts->together);
    tell("compactions", counts->compactions);
    tell("accounts swept", counts->swept);
    tell("due instants corrected", counts->due_corrected);
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
        "ID_CONFLICT",        "OUTCOME_UNKNOWN",   "STORE_UNAVAILABLE", "CLOCK_SKEW",
        "NO_LEASE",           "EXPIRED",           "TOO_OLD",           "INSUFFICIENT_POINTS",
        "TOO_SOON",           "ETAG_MISMATCH",     "ROLLED_BACK",       "ALREADY_ENROLLED",
        "IDENTIFIER_TAKEN",   "UNKNOWN_MEMBER",    "SALE_TOO_OLD",      "SALE_FROM_FUTURE",
        "OUT_OF_ORDER",       "DAY_LIMIT",         "HOLD_NOT_FOUND",    "HOLD_LAPSED",
        "HOLD_CAPTURED",      "HOLD_RELEASED",     "HOLD_TOO_SMALL",    "LINE_NOT_FOUND",
        "PART_DOES_NOT_FIT",  "ORIGINAL_ARCHIVED", "REVERSED_BEFORE",   "RECEIPT_COUNTED",
        "GUARD_TERMINAL_DAY", "RECEIPT_BUSY",      "TOO_LATE",          "WITHDRAWN",
        "UNKNOWN_VERSION"};
    for (size_t i = 0; i < sizeof(REASONS) / sizeof(REASONS[0]); i++) {
        blind = missing("answer", REASONS[i], find_named(counts->reasons, REASONS[i])) || blind;
    }
    static const char *const CASES[] = {
        "freed, ended",       "captured in part",   "taken by lines",     "taken by amount",
        "taken from pending", "taken from own lot", "taken from expired", "taken from others",
        "taken, owed",        "taken, forgiven",    "taken, refunded",    "given back, ended",
        "given back, paid",   "given back in part", "hold reversed",      "reversed again",
        "nothing to reverse", "capture reversed",   "counted no more",    "receipt taken over",
        "receipt settled",    "receipt voided",     "day in balance",     "day not in balance",
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        blind = missing("case", CASES[i], find_named(counts->cases, CASES[i])) || blind;
    }
    for (size_t i = 0; i <= STORE_TAKEN; i++) {
        const char *name = store_result_name((enum store_result)i);
        blind = missing("the store said", name, counts->results[i]) || blind;
    }
    blind = missing("what", "compaction", counts->compactions) || blind;
    blind = missing("what", "account swept", counts->swept) || blind;
    blind = missing("what", "publish", counts->publishes) || blind;
    blind = missing("what", "lost and asked again", counts->asked_again) || blind;
    return !blind;
}
