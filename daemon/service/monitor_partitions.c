// MonitorService.ListPartitions: what the store has of each, looked at a few at a time, and what
// this daemon has done there.
#include "loyalty/v1/monitor.pb-c.h"
#include "service/bounds.h"
#include "service/handlers.h"
#include "service/monitor_parts.h"
#include "wire/message.h"

struct looking {
    struct request *request;
    uint32_t at;    // the next to be looked at
    uint32_t end;   // the first that is not of this page
    uint32_t count; // of all there are
    int64_t now_ms;
    Loyalty__V1__ListPartitionsResponse response;
};

static void look(struct looking *looking);

static void add_partition(struct looking *looking, const struct store_survey *survey)
{
    const struct accounts *accounts = looking->request->service->accounts;
    struct account_tally tally = accounts_tally(accounts, looking->at);
    Loyalty__V1__Partition *partition =
        looking->response.partitions[looking->response.n_partitions++];
    partition->number = looking->at;
    partition->due_accounts = survey->due;
    partition->due_lag_seconds = survey->first_due_ms < looking->now_ms
                                     ? (uint64_t)(looking->now_ms - survey->first_due_ms) / 1000
                                     : 0;
    partition->events = survey->events;
    partition->last_event = survey->last_event;
    partition->archive_bytes = survey->waiting_bytes;
    partition->appends = tally.appends;
    partition->conflicts = tally.conflicts;
    looking->at++;
}

static void on_survey(void *context, const struct store_survey_reply *reply)
{
    struct looking *looking = context;
    struct request *request = looking->request;
    if (reply->result != STORE_OK || request->service->stopping) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    }
    if (request->answered) {
        request_end(request);
        return;
    }
    for (size_t i = 0; i < reply->count; i++) {
        add_partition(looking, &reply->partitions[i]);
    }
    look(looking);
}

static void end_page(struct looking *looking)
{
    struct request *request = looking->request;
    enum status status = STATUS_OK;
    if (looking->end < looking->count) {
        status =
            monitor_page_token(&request->arena, looking->end, &looking->response.next_page_token);
    }
    monitor_end(request, status, &looking->response.base);
}

static void look(struct looking *looking)
{
    uint32_t left = looking->end - looking->at;
    if (left == 0) {
        end_page(looking);
        return;
    }
    store_survey(looking->request->service->options.store, looking->at,
                 left < STORE_SURVEY_MAX ? left : STORE_SURVEY_MAX, on_survey, looking);
}

// Room for the whole page, so that nothing is missing when the store has answered.
static enum status make_room(struct looking *looking)
{
    struct arena *arena = &looking->request->arena;
    uint32_t size = looking->end - looking->at;
    looking->response.partitions = arena_alloc_array(arena, size, sizeof(Loyalty__V1__Partition *));
    if (looking->response.partitions == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < size; i++) {
        looking->response.partitions[i] =
            (Loyalty__V1__Partition *)message_new(&loyalty__v1__partition__descriptor, arena);
        if (looking->response.partitions[i] == NULL) {
            return STATUS_NO_MEMORY;
        }
    }
    return STATUS_OK;
}

static void begin(struct looking *looking, const struct monitor_page *page)
{
    const struct lease *lease = looking->request->service->lease;
    looking->count = lease_partitions(lease);
    looking->now_ms = lease_shared_now_ms(lease);
    uint32_t first = page->place < looking->count ? (uint32_t)page->place : looking->count;
    looking->at = first;
    looking->end = looking->count - first < page->size ? looking->count : first + page->size;
    loyalty__v1__list_partitions_response__init(&looking->response);
    enum status status = make_room(looking);
    if (status != STATUS_OK) {
        monitor_end(looking->request, status, NULL);
        return;
    }
    look(looking);
}

void monitor_list_partitions(struct request *request)
{
    const Loyalty__V1__ListPartitionsRequest *message =
        (const Loyalty__V1__ListPartitionsRequest *)request->message;
    struct monitor_page page;
    if (!monitor_page_read(request, message->page_size, message->page_token, &page)) {
        return;
    }
    enum trouble trouble = lease_check(request->service->lease, false);
    if (trouble != TROUBLE_NONE) {
        request_trouble(request, trouble);
        request_end(request);
        return;
    }
    struct looking *looking = request_state(request, sizeof(*looking));
    if (looking != NULL) {
        looking->request = request;
        begin(looking, &page);
    }
}
