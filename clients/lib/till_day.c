// The end of a business day: the till's book against the service's. The totals are compared there;
// when they differ the service lists what it has counted, and the difference is made here, so that
// a day of any size can be told, and an id with other figures too.
#include <stdlib.h>
#include <string.h>

#include "lib/reply.h"
#include "lib/till_inside.h"

enum { SEEN_FIRST = 256, SEEN_MAX = LOYALTY_TILL_ROWS_MAX };

struct comparison {
    struct loyalty_till *till;
    const char *business_date;
    struct loyalty_till_day *day;
    int64_t *seen; // places of our rows that the service has listed
    size_t seen_count;
    size_t seen_room;
};

void loyalty_till_day_fini(struct loyalty_till_day *day)
{
    if (day != NULL) {
        free(day->differences);
        loyalty_reply_fini(&day->reply);
        *day = (struct loyalty_till_day){.reply = {.reason = "", .field = "", .message = ""}};
    }
}

bool loyalty_till_totals(struct loyalty_till *till, const char *business_date,
                         struct loyalty_total ret_totals[LOYALTY_OPERATIONS])
{
    return ly_queue_totals(till->queue, business_date, ret_totals);
}

static bool add_difference(struct loyalty_till_day *day,
                           const struct loyalty_till_difference *difference)
{
    if (day->difference_count == LOYALTY_TILL_DIFFERENCES_MAX) {
        day->more_differences = true;
        return true;
    }
    if (day->differences == NULL) {
        day->differences = calloc(LOYALTY_TILL_DIFFERENCES_MAX, sizeof(*day->differences));
    }
    if (day->differences == NULL) {
        return false;
    }
    day->differences[day->difference_count++] = *difference;
    return true;
}

static bool remember(struct comparison *comparison, int64_t sequence)
{
    if (comparison->seen_count == comparison->seen_room) {
        size_t room = comparison->seen_room == 0 ? SEEN_FIRST : comparison->seen_room * 2;
        int64_t *seen =
            room > SEEN_MAX ? NULL : realloc(comparison->seen, room * sizeof(*comparison->seen));
        if (seen == NULL) {
            return false;
        }
        comparison->seen = seen;
        comparison->seen_room = room;
    }
    comparison->seen[comparison->seen_count++] = sequence;
    return true;
}

// One line of the service's list against our book.
static bool compare(struct comparison *comparison, const struct loyalty_difference *theirs)
{
    struct ly_posting ours;
    if (!ly_queue_posting(comparison->till->queue, comparison->business_date, theirs->request_id,
                          &ours)) {
        return false;
    }
    struct loyalty_till_difference difference = {
        .side = ours.operation == 0 ? LOYALTY_TILL_SIDE_SERVICE : LOYALTY_TILL_SIDE_FIGURES,
        .operation = theirs->operation,
        .receipt_number = theirs->receipt_number,
        .service_points = theirs->points,
        .service_amount_minor = theirs->amount_minor,
        .till_points = ours.points,
        .till_amount_minor = ours.amount_minor,
    };
    size_t len = strnlen(theirs->request_id, LOYALTY_UUID_BYTES - 1);
    memcpy(difference.request_id, theirs->request_id, len);
    if (ours.operation == 0) {
        return add_difference(comparison->day, &difference);
    }
    bool same = ours.operation == theirs->operation && ours.points == theirs->points &&
                ours.amount_minor == theirs->amount_minor;
    return remember(comparison, ours.sequence) &&
           (same || add_difference(comparison->day, &difference));
}

static int by_place(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

// What is in our book and was not listed.
static bool compare_rest(struct comparison *comparison)
{
    if (comparison->seen_count > 0) {
        qsort(comparison->seen, comparison->seen_count, sizeof(*comparison->seen), by_place);
    }
    struct ly_posting ours = {0};
    struct loyalty_till_difference difference = {0};
    while (ly_queue_next_posting(comparison->till->queue, comparison->business_date, ours.sequence,
                                 &ours, &difference)) {
        if (ours.operation == 0) {
            return true;
        }
        bool listed = comparison->seen_count > 0 &&
                      bsearch(&ours.sequence, comparison->seen, comparison->seen_count,
                              sizeof(*comparison->seen), by_place) != NULL;
        if (!listed && !add_difference(comparison->day, &difference)) {
            return false;
        }
    }
    return false;
}

static enum loyalty_till_status end(struct loyalty_till_day *day, enum loyalty_outcome outcome,
                                    const char *reason, const char *message)
{
    loyalty_reply_fini(&day->reply);
    ly_reply_set(&day->reply, outcome, reason, message);
    return (enum loyalty_till_status)outcome;
}

static void take_head(struct loyalty_till_day *day, const struct loyalty_reconciled *reconciled)
{
    day->in_balance = reconciled->in_balance;
    day->closed = reconciled->closed;
    for (size_t i = 0; i < reconciled->total_count; i++) {
        int operation = (int)reconciled->totals[i].operation;
        if (operation >= 1 && operation <= LOYALTY_OPERATIONS) {
            day->service[operation - 1] = reconciled->totals[i];
        }
    }
}

// One page. *ret_more: another follows, `token` says where.
static enum loyalty_till_status ask_page(struct comparison *comparison,
                                         char token[LOYALTY_ERROR_BYTES], bool *ret_more)
{
    struct loyalty_till *till = comparison->till;
    struct loyalty_till_day *day = comparison->day;
    struct loyalty_request request = {.created_at_ms = ly_clock_now(&till->clock)};
    struct loyalty_reconciled reconciled;
    const struct loyalty_day asked = {
        .unit = till->unit,
        .business_date = comparison->business_date,
        .totals = day->till,
        .total_count = LOYALTY_OPERATIONS,
        .page_token = token,
    };
    *ret_more = false;
    loyalty_reply_fini(&day->reply);
    if (!loyalty_uuid(request.request_id)) {
        return end(day, LOYALTY_RETRY_LATER, "NO_MEMORY", "No randomness.");
    }
    enum loyalty_outcome outcome =
        loyalty_reconcile(till->client, &request, &asked, &reconciled, &day->reply);
    if (outcome != LOYALTY_APPLIED && outcome != LOYALTY_DUPLICATE) {
        return (enum loyalty_till_status)outcome;
    }
    take_head(day, &reconciled);
    for (size_t i = 0; !day->in_balance && i < reconciled.difference_count; i++) {
        if (!compare(comparison, &reconciled.differences[i])) {
            return end(day, LOYALTY_RETRY_LATER, "LOCAL_STORE", "The till's book cannot be read.");
        }
    }
    size_t len = strlen(reconciled.next_page_token);
    *ret_more = !day->in_balance && len > 0 && len < LOYALTY_ERROR_BYTES;
    if (*ret_more) {
        memcpy(token, reconciled.next_page_token, len + 1);
    }
    return LOYALTY_TILL_APPLIED;
}

static enum loyalty_till_status compare_all(struct comparison *comparison)
{
    char token[LOYALTY_ERROR_BYTES] = "";
    bool more = true;
    while (more) {
        enum loyalty_till_status status = ask_page(comparison, token, &more);
        if (status != LOYALTY_TILL_APPLIED) {
            return status;
        }
    }
    struct loyalty_till_day *day = comparison->day;
    struct loyalty_till *till = comparison->till;
    if (!day->in_balance && !compare_rest(comparison)) {
        return end(day, LOYALTY_RETRY_LATER, "LOCAL_STORE", "The till's book cannot be read.");
    }
    if (day->in_balance) {
        // Not marked, it is kept longer than it need be.
        int64_t now_ms = ly_clock_now(&till->clock);
        (void)ly_queue_mark_day(till->queue, comparison->business_date, now_ms);
        (void)ly_queue_purge(till->queue, now_ms, till->keep_days);
    }
    return LOYALTY_TILL_APPLIED;
}

enum loyalty_till_status loyalty_till_reconcile(struct loyalty_till *till,
                                                const char *business_date,
                                                struct loyalty_till_day *ret_day)
{
    *ret_day = (struct loyalty_till_day){.reply = {.reason = "", .field = "", .message = ""}};
    struct comparison comparison = {.till = till, .business_date = business_date, .day = ret_day};
    for (int i = 0; i < LOYALTY_OPERATIONS; i++) {
        ret_day->service[i].operation = (enum loyalty_operation)(i + 1);
    }
    if (till->in_callback) {
        return end(ret_day, LOYALTY_RETRY_LATER, "IN_CALLBACK", "Not from inside a callback.");
    }
    if (ly_queue_open_count(till->queue) > 0) {
        return end(ret_day, LOYALTY_RETRY_LATER, "QUEUE_NOT_EMPTY",
                   "The queue must be empty before a day is compared.");
    }
    if (loyalty_state(till->client) != LOYALTY_OPEN) {
        return end(ret_day, LOYALTY_RETRY_LATER, "OFFLINE", "There is no connection.");
    }
    if (!ly_queue_totals(till->queue, business_date, ret_day->till)) {
        return end(ret_day, LOYALTY_RETRY_LATER, "LOCAL_STORE", "The till's book cannot be read.");
    }
    enum loyalty_till_status status = compare_all(&comparison);
    free(comparison.seen);
    return status;
}
