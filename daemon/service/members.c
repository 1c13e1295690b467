// MembersService, what only reads: the member as of now, the activity list, and why this tier.
#include <stdint.h>

#include "core/ledger.h"
#include "loyalty/v1/members.pb-c.h"
#include "service/handlers.h"
#include "service/request.h"
#include "wire/replies.h"
#include "wire/statement.h"

static void no_program(struct request *request, enum status status)
{
    if (status != STATUS_NOT_FOUND) {
        request_internal(request, status);
        return;
    }
    struct refusal refusal = {.reason = REFUSAL_NO_PROGRAM, .field = ""};
    request_refuse(request, &refusal);
}

// Answers what every read of a member has in common. False when the account may be shown.
static bool answer_unreadable(struct request *request, const struct task_result *result)
{
    if (request_answer_end(request, result)) {
        return true;
    }
    if (!request_is_meant(request, result->account)) {
        request_refuse_other(request, result->account);
        return true;
    }
    return false;
}

// --- GetMember ---

static void on_member(void *context, const struct task_result *result)
{
    struct request *request = context;
    if (answer_unreadable(request, result)) {
        return;
    }
    const Loyalty__V1__GetMemberRequest *asked =
        (const Loyalty__V1__GetMemberRequest *)request->message;
    Loyalty__V1__GetMemberResponse *response = NULL;
    enum status status = statement_member(&request->arena, result->account, result->programs,
                                          result->written_seq, asked->view, &response);
    struct span from = request_merged_from(request);
    if (status == STATUS_OK && from.len > 0) {
        status = replies_text(&request->arena, from, &response->merged_from);
    }
    if (status != STATUS_OK) {
        no_program(request, status);
        return;
    }
    request_reply(request, &response->base, false);
}

static void get_resolved(struct request *request)
{
    request_submit(request, NULL, on_member, NULL);
}

void members_get(struct request *request)
{
    const Loyalty__V1__GetMemberRequest *message =
        (const Loyalty__V1__GetMemberRequest *)request->message;
    request_resolve(request, message->member, get_resolved);
}

// --- ExplainTier ---

static void on_tier(void *context, const struct task_result *result)
{
    struct request *request = context;
    if (answer_unreadable(request, result)) {
        return;
    }
    Loyalty__V1__ExplainTierResponse *response = NULL;
    enum status status =
        statement_tier(&request->arena, result->account, result->programs, &response);
    if (status != STATUS_OK) {
        no_program(request, status);
        return;
    }
    request_reply(request, &response->base, false);
}

static void explain_resolved(struct request *request)
{
    request_submit(request, NULL, on_tier, NULL);
}

void members_explain_tier(struct request *request)
{
    const Loyalty__V1__ExplainTierRequest *message =
        (const Loyalty__V1__ExplainTierRequest *)request->message;
    request_resolve(request, message->member, explain_resolved);
}

// --- ListActivity: the log is walked twice, first for the numbers of the page, then for it ---

// Lots and rules of one page: more than that would ask too much of an answer and its arena.
enum { PARTS_A_PAGE = 2000 };

struct listing {
    struct page page;
    // first walk: the last `size` records before the page's end, round and round
    struct {
        uint64_t seq;
        size_t parts;
    } last[LIMIT_PAGE_SIZE];
    uint64_t seen;
    // second walk
    uint64_t from_seq;
    Loyalty__V1__Activity **activities; // oldest first until turned round
    size_t count;
    // both
    struct replies replies;
    uint64_t base_seq; // added to the walk's numbers
    bool unwritten;
};

static size_t parts_of(const struct record *record)
{
    size_t lots = 0;
    if (record->type == RECORD_AWARDED) {
        return 1 + record->awarded.rule_count;
    }
    (void)statement_lots(record, &lots);
    return lots < LIMIT_LOTS_SHOWN ? lots : LIMIT_LOTS_SHOWN;
}

static enum status visit_number(void *context, uint64_t seq, const struct record *record)
{
    struct listing *listing = context;
    seq += listing->base_seq;
    if (seq < listing->page.before_seq) {
        size_t place = listing->seen % listing->page.size;
        listing->last[place].seq = seq;
        listing->last[place].parts = parts_of(record);
        listing->seen++;
    }
    return STATUS_OK;
}

// How many records the page takes, newest first; `from_seq` is the oldest of them.
static size_t settle_page(struct listing *listing)
{
    uint64_t size = listing->page.size;
    uint64_t found = listing->seen < size ? listing->seen : size;
    size_t parts = 0;
    size_t taken = 0;
    listing->from_seq = UINT64_MAX;
    while (taken < found) {
        size_t place = (listing->seen - 1 - taken) % size;
        parts += listing->last[place].parts;
        if (parts > PARTS_A_PAGE && taken > 0) {
            break;
        }
        listing->from_seq = listing->last[place].seq;
        taken++;
    }
    return taken;
}

static enum status visit_activity(void *context, uint64_t seq, const struct record *record)
{
    struct listing *listing = context;
    seq += listing->base_seq;
    if (seq < listing->from_seq || seq >= listing->page.before_seq) {
        return STATUS_OK;
    }
    TRY(statement_activity(&listing->replies, record, seq, listing->unwritten,
                           &listing->activities[listing->count]));
    listing->count++;
    return STATUS_OK;
}

static enum status walk_both(struct listing *listing, const struct task_result *result,
                             struct arena *scratch, ledger_visit_fn *visit)
{
    listing->base_seq = 0;
    listing->unwritten = false;
    TRY(ledger_walk(result->log, scratch, visit, listing));
    listing->base_seq = result->written_seq;
    listing->unwritten = true;
    return ledger_walk(result->unwritten, scratch, visit, listing);
}

// Newest first, as many as fit an answer.
static void turn_round(struct listing *listing)
{
    for (size_t i = 0; i < listing->count / 2; i++) {
        Loyalty__V1__Activity *swap = listing->activities[i];
        listing->activities[i] = listing->activities[listing->count - 1 - i];
        listing->activities[listing->count - 1 - i] = swap;
    }
    enum { ENVELOPE_BYTES = 512, FIELD_BYTES = 6 };
    size_t bytes = ENVELOPE_BYTES;
    size_t fit = 0;
    while (fit < listing->count) {
        bytes += FIELD_BYTES + protobuf_c_message_get_packed_size(&listing->activities[fit]->base);
        if (bytes > LIMIT_REPLY_BYTES && fit > 0) {
            break;
        }
        fit++;
    }
    listing->count = fit;
}

static enum status list(struct request *request, const struct task_result *result,
                        Loyalty__V1__ListActivityResponse **ret_response)
{
    struct listing *listing = request->state;
    struct arena *scratch = &request->service->scratch;
    listing->replies = replies_of_account(result->account, &request->arena);
    TRY(walk_both(listing, result, scratch, visit_number));
    size_t found = settle_page(listing);
    listing->activities =
        arena_alloc_array(&request->arena, found, sizeof(Loyalty__V1__Activity *));
    if (listing->activities == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(walk_both(listing, result, scratch, visit_activity));
    size_t rendered = listing->count;
    turn_round(listing);
    bool more = listing->seen > found || listing->count < rendered;
    return statement_page(&request->arena, listing->activities, listing->count, more, ret_response);
}

static void on_activity(void *context, const struct task_result *result)
{
    struct request *request = context;
    if (answer_unreadable(request, result)) {
        return;
    }
    Loyalty__V1__ListActivityResponse *response = NULL;
    enum status status = list(request, result, &response);
    arena_reset(&request->service->scratch);
    if (status != STATUS_OK) {
        request_internal(request, status);
        return;
    }
    request_reply(request, &response->base, false);
}

static void list_resolved(struct request *request)
{
    const Loyalty__V1__ListActivityRequest *message =
        (const Loyalty__V1__ListActivityRequest *)request->message;
    struct listing *listing = request_state(request, sizeof(*listing));
    if (listing == NULL) {
        return;
    }
    enum status status =
        commands_page(&request->commands, message->page_size, message->page_token, &listing->page);
    if (status != STATUS_OK) {
        request_bad(request, status);
        request_end(request);
        return;
    }
    request->task.whole_log = true;
    request_submit(request, NULL, on_activity, NULL);
}

void members_list_activity(struct request *request)
{
    const Loyalty__V1__ListActivityRequest *message =
        (const Loyalty__V1__ListActivityRequest *)request->message;
    request_resolve(request, message->member, list_resolved);
}
