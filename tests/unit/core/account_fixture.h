// Accounts built from records alone, for tests of what the fold must find: one just opened, and one
// with points in two lots and some pending. Of that the first award's record is number 2, the later
// lot's 3, the pending one's 4.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/account.h"

enum {
    FIXTURE_MS = 1000000,
    FIRST_END_MS = FIXTURE_MS + 5000,
    SECOND_END_MS = FIXTURE_MS + 9000,
    FIRST_POINTS = 300,
    SECOND_POINTS = 400,
    PENDING_POINTS = 50,
    FIRST_SCORE = 30,
    PENDING_SEQ = 4,
};

static inline enum status fixture_apply(struct account *account, const struct record *record)
{
    enum status status = account_apply(account, record);
    account->seq += status == STATUS_OK ? 1 : 0;
    return status;
}

static inline void fixture_award(struct account *account, int64_t points, int64_t score,
                                 int64_t ends_ms, int64_t spendable_ms)
{
    struct record record = {
        .type = RECORD_AWARDED,
        .at_ms = FIXTURE_MS,
        .awarded = {.occurred_ms = FIXTURE_MS,
                    .points = points,
                    .score = score,
                    .spendable_ms = spendable_ms,
                    .lot_ends_ms = ends_ms,
                    .score_until_ms = SECOND_END_MS},
    };
    assert_int_equal(fixture_apply(account, &record), STATUS_OK);
}

// The record that opens anna's account, with the names 1 "member", a tier, and 2 "base", a rule.
static inline struct record fixture_opened(int64_t at_ms)
{
    static struct span names[] = {{(const uint8_t *)"member", 6}, {(const uint8_t *)"base", 4}};
    return (struct record){
        .type = RECORD_OPENED,
        .at_ms = at_ms,
        .names = names,
        .name_count = 2,
        .cards = {{.tier = 1, .from_ms = at_ms, .until_ms = INSTANT_NEVER, .cause = 1}},
        .card_count = 1,
        .opened = {.kind = ACCOUNT_MEMBER, .id = span_of_text("anna")},
    };
}

static inline void fixture_init(struct account *account)
{
    struct record record = fixture_opened(FIXTURE_MS);
    account_init(account);
    assert_int_equal(fixture_apply(account, &record), STATUS_OK);
    fixture_award(account, FIRST_POINTS, FIRST_SCORE, FIRST_END_MS, FIXTURE_MS);
    fixture_award(account, SECOND_POINTS, 0, SECOND_END_MS, FIXTURE_MS);
    fixture_award(account, PENDING_POINTS, 0, SECOND_END_MS, FIXTURE_MS + 4000);
}

// The account must still be sound; what is wrong is said.
static inline void fixture_sound(const struct account *account)
{
    const char *what = NULL;
    if (account_check(account, &what) != STATUS_OK) {
        fail_msg("%s", what);
    }
}

// The record must be found not to belong; what it did until then is taken back.
static inline void fixture_refuses(struct account *account, const struct record *record)
{
    struct arena arena;
    struct account_savepoint *savepoint;
    arena_init(&arena, 1 << 20);
    assert_int_equal(account_save(account, &arena, &savepoint), STATUS_OK);
    assert_int_equal(account_apply(account, record), STATUS_CORRUPT);
    account_restore(account, savepoint);
    fixture_sound(account);
    arena_fini(&arena);
}
