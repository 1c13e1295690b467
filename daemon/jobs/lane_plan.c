// A plan's part in one partition: a head that says of which attempt its pages are, and how many.
// Pages are written once and never changed; the head comes last, under the revision that was there
// when the attempt began, so of two attempts one stands, whole.
#include "jobs/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "service/service.h"
#include "wire/message.h"

static struct store *store_of(const struct lane *lane)
{
    return lane->service->options.store;
}

static const char *plan_of(const struct lane *lane)
{
    return lane->order.work == LANE_COMPARE ? lane->order.plan : lane->order.job;
}

static bool goes_on(struct lane *lane)
{
    if (lane->service->stopping) {
        lane->failed = true;
    }
    lane_end_if_idle(lane);
    return lane->busy && !lane->failed && !lane->stopping;
}

// --- what stands there ---

static void read_page(struct lane *lane);
static void drop_pages(struct lane *lane);

static enum status plan_move(struct lane *lane, const Loyaltyd__PlanMove *move)
{
    TRY(vec_reserve_one(&lane->planned, LANE_MOVES));
    struct lane_move *planned = &lane->planned.items[lane->planned.count++];
    memset(planned, 0, sizeof(*planned));
    snprintf(planned->member_id, sizeof(planned->member_id), "%s", move->member_id);
    snprintf(planned->move.from_tier, sizeof(planned->move.from_tier), "%s", move->from_tier);
    snprintf(planned->move.to_tier, sizeof(planned->move.to_tier), "%s", move->to_tier);
    return STATUS_OK;
}

static void on_page(void *context, const struct store_value_reply *reply)
{
    struct lane *lane = context;
    ProtobufCMessage *message = NULL;
    lane->reading = false;
    arena_reset(&lane->arena);
    enum status status =
        reply->result == STORE_OK && reply->revision != 0
            ? job_decode(&loyaltyd__plan_page__descriptor, reply->bytes, &lane->arena, &message)
            : STATUS_NOT_FOUND;
    const Loyaltyd__PlanPage *page = (const Loyaltyd__PlanPage *)message;
    for (size_t i = 0; status == STATUS_OK && i < page->n_moves; i++) {
        status = plan_move(lane, page->moves[i]);
    }
    lane->failed = lane->failed || status != STATUS_OK;
    if (goes_on(lane)) {
        lane->page_at++;
        read_page(lane);
    }
}

static void read_page(struct lane *lane)
{
    if (lane->page_at == lane->head_pages) {
        lane_walk(lane);
        return;
    }
    struct job_value_name name;
    struct store_value value = plan_page_value(lane->result.partition, plan_of(lane),
                                               lane->head_attempt, lane->page_at, &name);
    lane->reading = true;
    store_get(store_of(lane), &value, on_page, lane);
}

static void on_head(void *context, const struct store_value_reply *reply)
{
    struct lane *lane = context;
    ProtobufCMessage *message = NULL;
    lane->reading = false;
    arena_reset(&lane->arena);
    lane->failed = lane->failed || reply->result != STORE_OK ||
                   job_decode(&loyaltyd__plan_head__descriptor, reply->bytes, &lane->arena,
                              &message) != STATUS_OK;
    if (!goes_on(lane)) {
        return;
    }
    const Loyaltyd__PlanHead *head = (const Loyaltyd__PlanHead *)message;
    lane->head_revision = reply->revision;
    lane->head_attempt = head->attempt;
    lane->head_pages = head->pages;
    lane->page_at = 0;
    if (lane->order.work == LANE_COMPARE) {
        read_page(lane);
    } else {
        drop_pages(lane); // of an attempt that was not counted, or of all
    }
}

void lane_plan_begin(struct lane *lane)
{
    if (lane->order.work == LANE_RUN || lane->order.work == LANE_INDEX) {
        lane_walk(lane);
        return;
    }
    struct job_value_name name;
    struct store_value value = plan_head_value(lane->result.partition, plan_of(lane), &name);
    lane->reading = true;
    store_get(store_of(lane), &value, on_head, lane);
}

// --- what goes ---

static void pages_dropped(struct lane *lane);

static void on_dropped(void *context, const struct store_value_reply *reply)
{
    struct lane *lane = context;
    lane->puts--;
    // BEHIND: it is gone already.
    lane->failed = lane->failed || (reply->result != STORE_OK && reply->result != STORE_BEHIND);
    if (goes_on(lane)) {
        drop_pages(lane);
    }
}

static void drop_pages(struct lane *lane)
{
    while (lane->page_at < lane->head_pages && lane->puts < LANE_PUTS) {
        struct job_value_name name;
        struct store_put put = {
            .value = plan_page_value(lane->result.partition, plan_of(lane), lane->head_attempt,
                                     lane->page_at, &name),
            .expected_revision = 1,
        };
        lane->page_at++;
        lane->puts++;
        store_put(store_of(lane), &put, on_dropped, lane);
    }
    if (lane->puts == 0) {
        pages_dropped(lane);
    }
}

static void on_head_dropped(void *context, const struct store_value_reply *reply)
{
    struct lane *lane = context;
    lane->writing_head = false;
    lane->failed = lane->failed || (reply->result != STORE_OK && reply->result != STORE_BEHIND);
    if (goes_on(lane)) {
        lane_over(lane, true);
    }
}

static void pages_dropped(struct lane *lane)
{
    if (lane->order.work == LANE_PLAN) {
        lane_walk(lane);
        return;
    }
    struct job_value_name name;
    struct store_put put = {
        .value = plan_head_value(lane->result.partition, plan_of(lane), &name),
        .expected_revision = lane->head_revision,
    };
    lane->writing_head = true;
    store_put(store_of(lane), &put, on_head_dropped, lane);
}

// --- writing ---

static int by_member(const void *a, const void *b)
{
    return strcmp(((const struct lane_move *)a)->member_id,
                  ((const struct lane_move *)b)->member_id);
}

static enum status encode_page(struct lane *lane, uint32_t from, struct span *ret_bytes)
{
    Loyaltyd__PlanPage page = LOYALTYD__PLAN_PAGE__INIT;
    Loyaltyd__PlanMove moves[JOB_PAGE_MOVES];
    Loyaltyd__PlanMove *places[JOB_PAGE_MOVES];
    page.moves = places;
    for (uint32_t i = from; i < lane->moves.count && page.n_moves < JOB_PAGE_MOVES; i++) {
        struct lane_move *kept = &lane->moves.items[i];
        Loyaltyd__PlanMove *move = &moves[page.n_moves];
        loyaltyd__plan_move__init(move);
        move->member_id = kept->member_id;
        move->from_tier = kept->move.from_tier;
        move->to_tier = kept->move.to_tier;
        move->score = kept->move.score;
        move->contributions = kept->move.contributions;
        move->threshold = kept->move.threshold;
        move->card_until_ms = kept->move.card_until_ms;
        move->seq = kept->move.seq;
        move->recorded = kept->move.recorded;
        places[page.n_moves++] = move;
    }
    return message_encode(&page.base, &lane->arena, ret_bytes);
}

static void on_head_put(void *context, const struct store_value_reply *reply)
{
    struct lane *lane = context;
    lane->writing_head = false;
    if (reply->result == STORE_OK && !lane->stopping) {
        lane_over(lane, true);
    } else {
        lane_fail(lane); // BEHIND: another attempt's stands
    }
}

static void put_head(struct lane *lane)
{
    Loyaltyd__PlanHead head = LOYALTYD__PLAN_HEAD__INIT;
    struct job_value_name name;
    struct store_put put = {
        .value = plan_head_value(lane->result.partition, plan_of(lane), &name),
        .expected_revision = lane->head_revision,
    };
    head.pages = (lane->moves.count + JOB_PAGE_MOVES - 1) / JOB_PAGE_MOVES;
    head.members = lane->result.members;
    head.moves = lane->result.moves;
    head.errors = lane->result.errors;
    head.attempt = lane->order.attempt;
    arena_reset(&lane->arena);
    if (message_encode(&head.base, &lane->arena, &put.bytes) != STATUS_OK) {
        lane_fail(lane);
        return;
    }
    lane->writing_head = true;
    store_put(store_of(lane), &put, on_head_put, lane);
}

static void put_pages(struct lane *lane);

static void on_page_put(void *context, const struct store_value_reply *reply)
{
    struct lane *lane = context;
    lane->puts--;
    lane->failed = lane->failed || reply->result != STORE_OK;
    if (goes_on(lane)) {
        put_pages(lane);
    }
}

static void put_pages(struct lane *lane)
{
    uint32_t pages = (lane->moves.count + JOB_PAGE_MOVES - 1) / JOB_PAGE_MOVES;
    while (lane->page_at < pages && lane->puts < LANE_PUTS && !lane->failed) {
        struct job_value_name name;
        struct store_put put = {.value =
                                    plan_page_value(lane->result.partition, plan_of(lane),
                                                    lane->order.attempt, lane->page_at, &name)};
        arena_reset(&lane->arena);
        if (encode_page(lane, lane->page_at * JOB_PAGE_MOVES, &put.bytes) != STATUS_OK) {
            lane_fail(lane);
            return;
        }
        lane->page_at++;
        lane->puts++;
        store_put(store_of(lane), &put, on_page_put, lane);
    }
    if (lane->puts == 0) {
        put_head(lane);
    }
}

// --- comparing ---

static void count_difference(struct lane *lane, const struct lane_move *planned,
                             const struct lane_move *actual)
{
    struct lane_result *result = &lane->result;
    result->differ++;
    if (result->difference_samples == JOB_SAMPLES_MAX) {
        return;
    }
    struct lane_sample *sample = &result->difference_sample[result->difference_samples++];
    memset(sample, 0, sizeof(*sample));
    snprintf(sample->member_id, sizeof(sample->member_id), "%s",
             planned != NULL ? planned->member_id : actual->member_id);
    if (planned != NULL) {
        memcpy(sample->planned, planned->move.to_tier, sizeof(sample->planned));
    }
    if (actual != NULL) {
        memcpy(sample->actual, actual->move.to_tier, sizeof(sample->actual));
    }
}

// Both are in order of member.
static void compare(struct lane *lane)
{
    uint32_t planned = 0;
    uint32_t actual = 0;
    while (planned < lane->planned.count || actual < lane->moves.count) {
        const struct lane_move *a =
            planned < lane->planned.count ? &lane->planned.items[planned] : NULL;
        const struct lane_move *b = actual < lane->moves.count ? &lane->moves.items[actual] : NULL;
        int order = a == NULL ? 1 : b == NULL ? -1 : by_member(a, b);
        if (order == 0 && (strcmp(a->move.from_tier, b->move.from_tier) != 0 ||
                           strcmp(a->move.to_tier, b->move.to_tier) != 0)) {
            count_difference(lane, a, b);
        } else if (order < 0) {
            count_difference(lane, a, NULL);
        } else if (order > 0) {
            count_difference(lane, NULL, b);
        }
        planned += order <= 0 ? 1 : 0;
        actual += order >= 0 ? 1 : 0;
    }
}

void lane_plan_finish(struct lane *lane)
{
    if (lane->moves.count > 0) {
        qsort(lane->moves.items, lane->moves.count, sizeof(*lane->moves.items), by_member);
    }
    if (lane->order.work == LANE_PLAN) {
        lane->page_at = 0;
        put_pages(lane);
        return;
    }
    if (lane->order.work == LANE_COMPARE) {
        compare(lane);
    }
    lane_over(lane, true);
}
