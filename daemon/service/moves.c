// RescoringService.ListMoves: a plan's pages, partition by partition.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loyalty/v1/rescoring.pb-c.h"
#include "service/handlers.h"
#include "service/job_update.h"
#include "service/request.h"
#include "wire/jobs.h"
#include "wire/message.h"

enum { MOVES_DEFAULT = 50, MOVES_READS = 2048 };

// The place of the next move: a partition, a page of it, a move of that.
struct listing {
    struct request *request;
    char plan[JOB_ID_BYTES + 1];
    uint32_t size;
    uint32_t partition;
    uint32_t page;
    uint32_t move;
    uint32_t reads;
    uint32_t partitions;
    uint64_t attempt;
    uint32_t pages;
    struct job_update update;
    Loyalty__V1__ListMovesResponse response;
};

static const Loyalty__V1__ListMovesRequest *asked(const struct listing *listing)
{
    return (const Loyalty__V1__ListMovesRequest *)listing->request->message;
}

static void list_end(struct listing *listing, bool more)
{
    struct request *request = listing->request;
    if (more) {
        listing->response.next_page_token =
            arena_printf(&request->arena, "%" PRIu32 ".%" PRIu32 ".%" PRIu32, listing->partition,
                         listing->page, listing->move);
    }
    if (more && listing->response.next_page_token == NULL) {
        request_internal(request, STATUS_NO_MEMORY);
    } else {
        request_reply(request, &listing->response.base, false);
    }
    request_end(request);
}

// True when it goes on.
static bool take_value(struct listing *listing, const ProtobufCMessageDescriptor *type,
                       const struct store_value_reply *reply, ProtobufCMessage **ret_message)
{
    struct request *request = listing->request;
    if (reply->result != STORE_OK || request->service->stopping) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    } else {
        enum status status = job_decode(type, reply->bytes, &request->arena, ret_message);
        if (status != STATUS_OK) {
            request_internal(request, status);
        }
    }
    if (request->answered) {
        request_end(request);
        return false;
    }
    return true;
}

static void read_head(struct listing *listing);
static void read_page(struct listing *listing);

static bool is_wanted(const struct listing *listing, const Loyaltyd__PlanMove *move)
{
    const Loyalty__V1__ListMovesRequest *request = asked(listing);
    return (*request->from_tier_id == '\0' ||
            strcmp(request->from_tier_id, move->from_tier) == 0) &&
           (*request->to_tier_id == '\0' || strcmp(request->to_tier_id, move->to_tier) == 0);
}

static enum status add_moves(struct listing *listing, const Loyaltyd__PlanPage *page)
{
    while (listing->move < page->n_moves && listing->response.n_moves < listing->size) {
        const Loyaltyd__PlanMove *stored = page->moves[listing->move++];
        if (!is_wanted(listing, stored)) {
            continue;
        }
        Loyalty__V1__Move *move = NULL;
        TRY(jobs_move(stored, &listing->request->arena, &move));
        listing->response.moves[listing->response.n_moves++] = move;
    }
    return STATUS_OK;
}

static void on_page(void *context, const struct store_value_reply *reply)
{
    struct listing *listing = context;
    ProtobufCMessage *message = NULL;
    if (!take_value(listing, &loyaltyd__plan_page__descriptor, reply, &message)) {
        return;
    }
    const Loyaltyd__PlanPage *page = (const Loyaltyd__PlanPage *)message;
    if (add_moves(listing, page) != STATUS_OK) {
        request_internal(listing->request, STATUS_NO_MEMORY);
        request_end(listing->request);
        return;
    }
    if (listing->move < page->n_moves) {
        list_end(listing, true);
        return;
    }
    listing->page++;
    listing->move = 0;
    read_page(listing);
}

static void read_page(struct listing *listing)
{
    if (listing->page >= listing->pages) {
        listing->partition++;
        listing->page = 0;
        listing->move = 0;
        read_head(listing);
        return;
    }
    if (++listing->reads > MOVES_READS || listing->response.n_moves == listing->size) {
        list_end(listing, true);
        return;
    }
    struct job_value_name name;
    struct store_value value =
        plan_page_value(listing->partition, listing->plan, listing->attempt, listing->page, &name);
    store_get(listing->request->service->options.store, &value, on_page, listing);
}

static void on_head(void *context, const struct store_value_reply *reply)
{
    struct listing *listing = context;
    ProtobufCMessage *message = NULL;
    if (!take_value(listing, &loyaltyd__plan_head__descriptor, reply, &message)) {
        return;
    }
    const Loyaltyd__PlanHead *head = (const Loyaltyd__PlanHead *)message;
    listing->attempt = head->attempt;
    listing->pages = head->pages;
    read_page(listing);
}

static void read_head(struct listing *listing)
{
    if (listing->partition >= listing->partitions) {
        list_end(listing, false);
        return;
    }
    if (++listing->reads > MOVES_READS || listing->response.n_moves == listing->size) {
        list_end(listing, true);
        return;
    }
    struct job_value_name name;
    struct store_value value = plan_head_value(listing->partition, listing->plan, &name);
    store_get(listing->request->service->options.store, &value, on_head, listing);
}

static void on_plan(struct job_update *update, enum store_result result,
                    const ProtobufCMessage *message)
{
    struct listing *listing =
        (struct listing *)(void *)((char *)update - offsetof(struct listing, update));
    struct request *request = listing->request;
    const Loyaltyd__Job *job = (const Loyaltyd__Job *)message;
    if (result != STORE_OK || request->service->stopping) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    } else if (job->kind != LOYALTY__V1__JOB_KIND__JOB_KIND_PLAN || job->deleting) {
        request_fail(request, LOYALTY__V1__CODE__CODE_NOT_FOUND, "UNKNOWN_PLAN", "plan",
                     "There is no such plan.");
    } else if (!job_has_ended(job)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "PLAN_NOT_DONE", "plan",
                     "The plan is not done; wait for it.");
    }
    if (request->answered) {
        request_end(request);
        return;
    }
    listing->partitions = job->partitions;
    read_head(listing);
}

// True when it was answered.
static bool answer_malformed(struct listing *listing)
{
    const Loyalty__V1__ListMovesRequest *message = asked(listing);
    struct request *request = listing->request;
    int end = 0;
    bool token = *message->page_token == '\0' ||
                 (strlen(message->page_token) < 40 &&
                  sscanf(message->page_token, "%" SCNu32 ".%" SCNu32 ".%" SCNu32 "%n",
                         &listing->partition, &listing->page, &listing->move, &end) == 3 &&
                  message->page_token[end] == '\0');
    if (!job_id_of_name(message->plan, listing->plan)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "BAD_NAME", "plan",
                     "A plan's name is as it was answered, such as operations/plan-17.");
    } else if (message->page_size > LIMIT_PAGE_SIZE) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "OUT_OF_RANGE", "page_size",
                     "A page has at most 200 moves.");
    } else if (!token) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "BAD_TOKEN", "page_token",
                     "The token is none of an answer before; begin without one.");
    }
    return request->answered;
}

void rescoring_list_moves(struct request *request)
{
    struct listing *listing = request_state(request, sizeof(*listing));
    if (listing == NULL) {
        return;
    }
    listing->request = request;
    listing->size = asked(listing)->page_size == 0 ? MOVES_DEFAULT : asked(listing)->page_size;
    loyalty__v1__list_moves_response__init(&listing->response);
    if (answer_malformed(listing)) {
        request_end(request);
        return;
    }
    listing->response.moves =
        arena_alloc_array(&request->arena, listing->size, sizeof(*listing->response.moves));
    if (listing->response.moves == NULL) {
        request_internal(request, STATUS_NO_MEMORY);
        request_end(request);
        return;
    }
    listing->update.service = request->service;
    listing->update.type = &loyaltyd__job__descriptor;
    memcpy(listing->update.id, listing->plan, sizeof(listing->plan));
    listing->update.on_done = on_plan;
    job_read_begin(&listing->update);
}
