// The result: what happened, and whether the books agree.
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "till/view.h"

static const char *const kinds[] = {"",        "award",   "redeem", "reserve",
                                    "capture", "release", "reverse"};

static json_t *object_of(const char *const *names, const uint64_t *numbers, size_t count)
{
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++) {
        (void)json_object_set_new(object, names[i], json_integer((json_int_t)numbers[i]));
    }
    return object;
}

static json_t *statuses_of(const struct meter *meter)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < METER_STATUSES; i++) {
        (void)json_object_set_new(object, loyalty_till_status_name((enum loyalty_till_status)i),
                                  json_integer((json_int_t)meter->statuses[i]));
    }
    return object;
}

static json_t *faults_of(const struct book *book)
{
    json_t *list = json_array();
    uint64_t faults = book_counts(book)->faults;
    for (uint64_t i = 0; i < faults && i < BOOK_FAULTS_KEPT; i++) {
        (void)json_array_append_new(list, json_string(book_fault_text(book, i)));
    }
    return list;
}

static void print_json(const struct world *world, const struct result *result)
{
    const struct meter *meter = &world->meter;
    const struct book_counts *counts = book_counts(world->book);
    json_t *all = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:o}",
        "seed", (json_int_t)world->plan->seed, "tills", (json_int_t)world->plan->tills, "shops",
        (json_int_t)world->plan->shops, "members_compared", (json_int_t)result->compared,
        "days_closed", (json_int_t)result->closed, "intents",
        object_of(kinds + 1, counts->entries + 1, 6), "answers", statuses_of(meter), "chaos",
        object_of(plan_chaos_names, result->chaos, CHAOS_KINDS), "done", (json_int_t)counts->done,
        "refused", (json_int_t)counts->refused, "void", (json_int_t)counts->voided, "settled_later",
        (json_int_t)meter->settled, "undone", (json_int_t)counts->undone, "exceptions",
        (json_int_t)result->exceptions, "p50_us", (json_int_t)meter_quantile_us(meter, 500),
        "p99_us", (json_int_t)meter_quantile_us(meter, 990), "faults", (json_int_t)counts->faults,
        "differences", faults_of(world->book));
    char *text = all == NULL ? NULL : json_dumps(all, JSON_INDENT(2));
    (void)printf("%s\n", text == NULL ? "{}" : text);
    free(text);
    json_decref(all);
}

static void print_people(const struct world *world, const struct result *result)
{
    const struct meter *meter = &world->meter;
    const struct book_counts *counts = book_counts(world->book);
    (void)printf("\nseed %" PRIu64 ": %" PRIu64 " intents:", world->plan->seed,
                 (uint64_t)book_count(world->book));
    for (size_t i = 1; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        (void)printf(" %" PRIu64 " %s%s", counts->entries[i], kinds[i], i == 6 ? "\n" : ",");
    }
    (void)printf("%" PRIu64 " done, %" PRIu64 " refused, %" PRIu64 " void; %" PRIu64
                 " settled after the customer had gone, %" PRIu64 " undone by the till itself\n",
                 counts->done, counts->refused, counts->voided, meter->settled, counts->undone);
    (void)printf("chaos:");
    for (unsigned i = 1; i < CHAOS_KINDS; i++) {
        (void)printf(" %s %" PRIu64 "%s", plan_chaos_names[i], result->chaos[i],
                     i + 1 == CHAOS_KINDS ? "\n" : ",");
    }
    (void)printf("p50 %.1f ms, p99 %.1f ms; %" PRIu64 " exceptions; %" PRIu32 " of %" PRIu32
                 " business days in balance and closed; %" PRIu64 " members compared\n",
                 (double)meter_quantile_us(meter, 500) / 1000,
                 (double)meter_quantile_us(meter, 990) / 1000, result->exceptions, result->closed,
                 world->counter_count, result->compared);
    for (uint64_t i = 0; i < counts->faults && i < BOOK_FAULTS_KEPT; i++) {
        (void)printf("DIFFERENCE %s\n", book_fault_text(world->book, i));
    }
    (void)printf(counts->faults == 0 ? "no difference\n" : "%" PRIu64 " differences\n",
                 counts->faults);
}

bool view_result(struct view *view, const struct world *world, const struct result *result)
{
    if (view->silent) {
        print_json(world, result);
    } else {
        print_people(world, result);
    }
    return book_counts(world->book)->faults == 0;
}
