// The simulator's book: what it adds up to, and that it takes no contradiction without a word.
#include "till/book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MEMBERS = 2 };

static struct book *book;

static int open_book(void **state)
{
    (void)state;
    book = book_new(MEMBERS);
    return book == NULL ? -1 : 0;
}

static int close_book(void **state)
{
    (void)state;
    book_free(book);
    return 0;
}

// An intent of member 0, under a receipt of its own.
static uint32_t intend(enum loyalty_till_kind kind, uint32_t original)
{
    struct entry entry = {.kind = kind, .original = original, .receipt = book_count(book) + 1};
    (void)snprintf(entry.id, sizeof(entry.id), "%036u", book_count(book));
    return book_intend(book, &entry);
}

static void tell(uint32_t index, enum loyalty_till_status status, int64_t points)
{
    const struct entry *entry = book_entry(book, index);
    struct loyalty_till_answer answer = {
        .status = status, .kind = entry->kind, .note = "", .reply = {.reason = "", .message = ""}};
    memcpy(answer.request_id, entry->id, sizeof(answer.request_id));
    if (entry->kind == LOYALTY_TILL_AWARD) {
        answer.award.points = points;
    } else if (entry->kind != LOYALTY_TILL_REVERSE) {
        answer.redemption.points = points;
    } else if (book_entry(book, entry->original)->kind == LOYALTY_TILL_AWARD) {
        answer.reversal.points_taken = points;
    } else {
        answer.reversal.points_returned = points;
    }
    book_tell(book, &answer);
}

static void refuse(uint32_t index, const char *reason)
{
    struct loyalty_till_answer answer = {.status = LOYALTY_TILL_REFUSED,
                                         .kind = book_entry(book, index)->kind,
                                         .reply = {.reason = reason, .field = "", .message = ""}};
    memcpy(answer.request_id, book_entry(book, index)->id, sizeof(answer.request_id));
    book_tell(book, &answer);
}

static uint64_t faults(void)
{
    return book_counts(book)->faults;
}

static void sums_are_of_what_is_done(void **state)
{
    (void)state;
    uint32_t sale = intend(LOYALTY_TILL_AWARD, BOOK_NONE);
    uint32_t spent = intend(LOYALTY_TILL_REDEEM, BOOK_NONE);
    uint32_t held = intend(LOYALTY_TILL_RESERVE, BOOK_NONE);
    uint32_t captured = intend(LOYALTY_TILL_CAPTURE, held);
    uint32_t returned = intend(LOYALTY_TILL_REVERSE, sale);
    uint32_t unspent = intend(LOYALTY_TILL_REVERSE, spent);
    uint32_t poor = intend(LOYALTY_TILL_REDEEM, BOOK_NONE);
    tell(sale, LOYALTY_TILL_APPLIED, 1000);
    tell(spent, LOYALTY_TILL_DUPLICATE, 300);
    tell(held, LOYALTY_TILL_APPLIED, 200);
    tell(captured, LOYALTY_TILL_APPLIED, 150);
    tell(returned, LOYALTY_TILL_APPLIED, 400);
    tell(unspent, LOYALTY_TILL_APPLIED, 300);
    tell(poor, LOYALTY_TILL_OFFLINE_REFUSED, 0);
    book_close(book);
    struct book_sum sums[MEMBERS];
    book_sum(book, sums, MEMBERS);
    assert_int_equal(sums[0].awarded, 1000);
    assert_int_equal(sums[0].spent, 450);
    assert_int_equal(sums[0].taken, 400);
    assert_int_equal(sums[0].given, 300);
    assert_true(sums[0].used);
    assert_false(sums[1].used);
    assert_int_equal(faults(), 0);
}

static void a_hold_reversed_was_never_spent(void **state)
{
    (void)state;
    uint32_t held = intend(LOYALTY_TILL_RESERVE, BOOK_NONE);
    uint32_t back = intend(LOYALTY_TILL_REVERSE, held);
    tell(held, LOYALTY_TILL_APPLIED, 200);
    tell(back, LOYALTY_TILL_APPLIED, 200);
    struct book_sum sums[MEMBERS];
    book_sum(book, sums, MEMBERS);
    assert_int_equal(sums[0].given, 0);
}

static void the_same_again_is_no_news(void **state)
{
    (void)state;
    uint32_t sale = intend(LOYALTY_TILL_AWARD, BOOK_NONE);
    tell(sale, LOYALTY_TILL_ACCEPTED_OFFLINE, 0);
    tell(sale, LOYALTY_TILL_APPLIED, 10);
    tell(sale, LOYALTY_TILL_APPLIED, 10);
    assert_int_equal(book_counts(book)->done, 1);
    assert_int_equal(faults(), 0);
}

static void a_contradiction_is_a_fault(void **state)
{
    (void)state;
    uint32_t sale = intend(LOYALTY_TILL_AWARD, BOOK_NONE);
    tell(sale, LOYALTY_TILL_APPLIED, 10);
    tell(sale, LOYALTY_TILL_APPLIED, 11);
    assert_int_equal(faults(), 1);
    refuse(sale, "REVERSED_BEFORE");
    assert_int_equal(faults(), 2);
    uint32_t other = intend(LOYALTY_TILL_REDEEM, BOOK_NONE);
    refuse(other, "INSUFFICIENT_POINTS");
    assert_int_equal(faults(), 2);
    tell(other, LOYALTY_TILL_APPLIED, 5);
    assert_int_equal(faults(), 3);
    uint32_t wrong = intend(LOYALTY_TILL_AWARD, BOOK_NONE);
    refuse(wrong, "MALFORMED");
    assert_int_equal(faults(), 4);
}

static void what_is_open_in_the_end_is_a_fault(void **state)
{
    (void)state;
    uint32_t sale = intend(LOYALTY_TILL_AWARD, BOOK_NONE);
    tell(sale, LOYALTY_TILL_ACCEPTED_OFFLINE, 0);
    book_close(book);
    assert_int_equal(faults(), 1);
}

static void a_receipt_counts_once(void **state)
{
    (void)state;
    uint32_t sale = intend(LOYALTY_TILL_AWARD, BOOK_NONE);
    struct entry again = *book_entry(book, sale);
    again.id[0] = 'a';
    uint32_t second = book_intend(book, &again);
    tell(sale, LOYALTY_TILL_APPLIED, 10);
    tell(second, LOYALTY_TILL_APPLIED, 10);
    assert_int_equal(faults(), 0);
    book_close(book);
    assert_int_equal(faults(), 1);
}

static void no_more_is_taken_back_than_given(void **state)
{
    (void)state;
    uint32_t sale = intend(LOYALTY_TILL_AWARD, BOOK_NONE);
    tell(sale, LOYALTY_TILL_APPLIED, 10);
    for (int i = 0; i < 2; i++) {
        tell(intend(LOYALTY_TILL_REVERSE, sale), LOYALTY_TILL_APPLIED, 6);
    }
    book_close(book);
    assert_int_equal(faults(), 1);
}

static void what_nobody_asked_for(void **state)
{
    (void)state;
    struct loyalty_till_answer answer = {.kind = LOYALTY_TILL_REVERSE, .request_id = "x"};
    book_tell(book, &answer);
    assert_int_equal(book_counts(book)->undone, 1);
    assert_int_equal(faults(), 0);
    answer.kind = LOYALTY_TILL_AWARD;
    book_tell(book, &answer);
    assert_int_equal(faults(), 1);
}

static void an_entry_is_found_among_many(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5000; i++) {
        assert_int_equal(intend(LOYALTY_TILL_AWARD, BOOK_NONE), i);
    }
    assert_int_equal(book_find(book, "000000000000000000000000000000004321"), 4321);
    assert_int_equal(book_find(book, "000000000000000000000000000000005000"), BOOK_NONE);
    assert_int_equal(book_intend(book, book_entry(book, 17)), BOOK_NONE);
    assert_int_equal(faults(), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_book, close_book)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sums_are_of_what_is_done),           TEST(a_hold_reversed_was_never_spent),
        TEST(the_same_again_is_no_news),          TEST(a_contradiction_is_a_fault),
        TEST(what_is_open_in_the_end_is_a_fault), TEST(a_receipt_counts_once),
        TEST(no_more_is_taken_back_than_given),   TEST(what_nobody_asked_for),
        TEST(an_entry_is_found_among_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
