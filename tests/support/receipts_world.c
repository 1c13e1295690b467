// Sales with receipts, and terminals' days.
#include "support/receipts_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/check.h"
#include "core/ledger.h"
#include "support/club.h"

#define DAY "@20260110/store-1/till-1"

enum { FOLD_ARENA_BYTES = 32 << 20 };

void receipts_world_open(struct service_world *world, size_t daemons, const char *extra)
{
    service_world_init(world, false);
    struct world_answer answer;
    world_call(
        &world->daemons[0], "admin/head-office", "ProgramsService/PublishProgram",
        world_text(world, "{%s, \"program\": %s, \"effective_from\": \"2020-01-01T00:00:00Z\"}",
                   world_mutation(world, world_id(world)), service_world_program(world, extra)),
        &answer);
    CHECK(strcmp(world_end(&answer), "OK") == 0);
    for (size_t i = 1; i < daemons; i++) {
        (void)service_world_add(world);
    }
}

static const char *receipt_text(struct service_world *world, uint64_t number)
{
    return world_text(world, "\"receipt\": {\"number\": %llu, \"business_date\": \"2026-01-10\"}",
                      (unsigned long long)number);
}

const char *receipts_award(struct service_world *world, const char *request_id, const char *member,
                           int64_t amount_minor, uint64_t number)
{
    return world_text(world,
                      "{%s, \"member\": {\"member_id\": \"%s\"}, \"sale\": {\"currency\": \"CNY\", "
                      "\"lines\": [{\"amount_minor\": %lld}], %s}}",
                      world_mutation(world, request_id), member, (long long)amount_minor,
                      receipt_text(world, number));
}

const char *receipts_redeem(struct service_world *world, const char *request_id, const char *member,
                            int64_t points, uint64_t number)
{
    return world_text(world, "{%s, \"member\": {\"member_id\": \"%s\"}, \"points\": %lld, %s}",
                      world_mutation(world, request_id), member, (long long)points,
                      receipt_text(world, number));
}

const char *receipts_return(struct service_world *world, const char *request_id, const char *member,
                            const char *original, int64_t amount_minor, uint64_t number)
{
    return world_text(world,
                      "{%s, \"member\": {\"member_id\": \"%s\"}, \"original_request_id\": \"%s\", "
                      "\"original_created_at\": \"%s\", \"amount_minor\": %lld, %s}",
                      world_mutation(world, request_id), member, original,
                      world_instant(world, world->now_ms), (long long)amount_minor,
                      receipt_text(world, number));
}

const char *receipts_reconcile(struct service_world *world, const char *request_id,
                               const char *more)
{
    return world_text(world, "{%s, \"business_date\": \"2026-01-10\"%s}",
                      world_mutation(world, request_id), more);
}

void receipts_fold(struct service_world *world, struct account *ret_day)
{
    struct store_account place = world_place(DAY);
    struct ledger_fault fault = {0};
    const char *what = NULL;
    struct arena arena;
    arena_init(&arena, FOLD_ARENA_BYTES);
    account_init(ret_day);
    enum status status = ledger_fold(ret_day, memory_log(world->daemons[0].store, &place), place.id,
                                     place.partition, club_chain_hash, &arena, &fault);
    if (status == STATUS_OK && account_exists(ret_day)) {
        status = account_check(ret_day, &what);
    }
    if (status != STATUS_OK) {
        fprintf(stderr, "record %llu: %s\n", (unsigned long long)fault.record,
                what != NULL ? what : fault.what);
    }
    CHECK(status == STATUS_OK);
    arena_fini(&arena);
}

struct receipt_total receipts_total(struct service_world *world, enum receipt_operation operation)
{
    struct account day;
    receipts_fold(world, &day);
    struct receipt_total total = day.terminal.totals[operation - 1];
    account_fini(&day);
    return total;
}

const char *receipts_call(struct service_world *world, struct world_daemon *daemon,
                          const char *method, const char *json)
{
    struct world_answer *answer = arena_alloc(&world->arena, sizeof(*answer));
    CHECK(answer != NULL);
    world_call(daemon, "pos/store-1/till-1", method, json, answer);
    return world_end(answer);
}

int64_t receipts_balance(struct service_world *world, const char *member)
{
    int64_t balance = 0;
    (void)world_verify(world, member, &balance);
    return balance;
}

uint64_t receipts_records(struct service_world *world)
{
    struct account day;
    receipts_fold(world, &day);
    uint64_t records = day.seq;
    account_fini(&day);
    return records;
}

void receipts_stand(struct service_world *world, enum receipt_operation operation, uint64_t count,
                    int64_t points, int64_t amount_minor)
{
    struct receipt_total total = receipts_total(world, operation);
    assert_int_equal(total.count, count);
    assert_int_equal(total.points, points);
    assert_int_equal(total.amount_minor, amount_minor);
}
