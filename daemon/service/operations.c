// google.longrunning.Operations: jobs looked at, waited for, cancelled, forgotten. What works on
// them is jobs/runner.h.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "google/longrunning/operations.pb-c.h"
#include "google/protobuf/empty.pb-c.h"
#include "service/handlers.h"
#include "service/job_update.h"
#include "service/request.h"
#include "wire/jobs.h"
#include "wire/message.h"

enum {
    OPERATIONS_DEFAULT = 20,
    OPERATIONS_PAGE_MAX = 50,
    OPERATIONS_WAIT_STEP_MS = 200,
    OPERATIONS_WAIT_MARGIN_MS = 300, // before the request's own time is over
};

static void answer_unknown(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_NOT_FOUND, "UNKNOWN_OPERATION", "name",
                 "There is no such operation; it may have been deleted.");
}

// True when it was answered, and ended.
static bool is_over(struct request *request, enum store_result result)
{
    if (result == STORE_UNKNOWN) {
        request_in_doubt(request);
    } else if (result == STORE_FAILED) {
        request_internal(request, STATUS_CORRUPT);
    } else if (result != STORE_OK || request->service->stopping) {
        request_trouble(request, TROUBLE_STORE_UNAVAILABLE);
    }
    if (request->answered) {
        request_end(request);
        return true;
    }
    return false;
}

static bool read_name(struct request *request, const char *name, char ret_id[JOB_ID_BYTES + 1])
{
    if (job_id_of_name(name, ret_id)) {
        return true;
    }
    request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "BAD_NAME", "name",
                 "An operation's name is as it was answered, such as operations/rescore-18.");
    request_end(request);
    return false;
}

static void answer_job(struct request *request, const ProtobufCMessage *message)
{
    Google__Longrunning__Operation *operation = NULL;
    enum status status =
        jobs_operation((const Loyaltyd__Job *)message, lease_store_now_ms(request->service->lease),
                       &request->arena, &operation);
    if (status != STATUS_OK) {
        request_internal(request, status);
    } else {
        request_reply(request, &operation->base, false);
    }
    request_end(request);
}

static bool is_there(const ProtobufCMessage *message)
{
    const Loyaltyd__Job *job = (const Loyaltyd__Job *)message;
    return job->partitions != 0 && !job->deleting;
}

// --- Get, Wait ---

struct looking {
    struct request *request;
    struct timer timer;
    bool waits;
    int64_t until_ms; // monotonic
    struct job_update update;
};

static void on_again(struct timer *timer)
{
    struct looking *looking =
        (struct looking *)(void *)((char *)timer - offsetof(struct looking, timer));
    job_read_begin(&looking->update);
}

static void on_looked(struct job_update *update, enum store_result result,
                      const ProtobufCMessage *message)
{
    struct looking *looking =
        (struct looking *)(void *)((char *)update - offsetof(struct looking, update));
    struct request *request = looking->request;
    const struct service *service = request->service;
    int64_t now_ms = timers_now(service->options.timers);
    bool open =
        result == STORE_OK && is_there(message) && !job_has_ended((const Loyaltyd__Job *)message);
    bool goes_on = looking->waits && open && !service->stopping && !service->draining &&
                   now_ms + OPERATIONS_WAIT_STEP_MS < looking->until_ms;
    if (goes_on) {
        timers_set(service->options.timers, &looking->timer, now_ms + OPERATIONS_WAIT_STEP_MS,
                   on_again);
        return;
    }
    request->service->waiting--;
    if (is_over(request, result)) {
        return;
    }
    if (!is_there(message)) {
        answer_unknown(request);
        request_end(request);
        return;
    }
    answer_job(request, message);
}

static struct looking *look(struct request *request, const char *name)
{
    struct looking *looking = request_state(request, sizeof(*looking));
    if (looking == NULL || !read_name(request, name, looking->update.id)) {
        return NULL;
    }
    looking->request = request;
    looking->update.service = request->service;
    looking->update.type = &loyaltyd__job__descriptor;
    looking->update.on_done = on_looked;
    request->service->waiting++; // who looks at a job does not slow it
    return looking;
}

void operations_get(struct request *request)
{
    struct looking *looking =
        look(request, ((const Google__Longrunning__GetOperationRequest *)request->message)->name);
    if (looking != NULL) {
        job_read_begin(&looking->update);
    }
}

void operations_wait(struct request *request)
{
    const Google__Longrunning__WaitOperationRequest *message =
        (const Google__Longrunning__WaitOperationRequest *)request->message;
    struct looking *looking = look(request, message->name);
    if (looking == NULL) {
        return;
    }
    int64_t now_ms = timers_now(request->service->options.timers);
    int64_t wait_ms = LIMIT_REQUEST_MS;
    if (message->timeout != NULL && message->timeout->seconds < LIMIT_REQUEST_MS / 1000) {
        wait_ms = message->timeout->seconds * 1000 + message->timeout->nanos / 1000000;
    }
    int64_t last_ms = request->expires_ms - OPERATIONS_WAIT_MARGIN_MS;
    looking->until_ms = now_ms + wait_ms < last_ms ? now_ms + wait_ms : last_ms;
    looking->waits = true;
    job_read_begin(&looking->update);
}

// --- Cancel, Delete ---

enum ending { ENDING_DONE, ENDING_UNKNOWN, ENDING_NOT_DONE };

struct changing {
    struct request *request;
    enum ending ending;
    bool plan;
    struct job_update update;
};

static struct changing *changing_of(struct job_update *update)
{
    return (struct changing *)(void *)((char *)update - offsetof(struct changing, update));
}

static void answer_changed(struct changing *changing)
{
    struct request *request = changing->request;
    Google__Protobuf__Empty empty = GOOGLE__PROTOBUF__EMPTY__INIT;
    if (changing->ending == ENDING_UNKNOWN) {
        answer_unknown(request);
    } else if (changing->ending == ENDING_NOT_DONE) {
        request_fail(request, LOYALTY__V1__CODE__CODE_FAILED_PRECONDITION, "NOT_DONE", "name",
                     "It is at work; cancel it, or wait, before it is deleted.");
    } else {
        request_reply(request, &empty.base, false);
        service_tell_job(request->service);
    }
    request_end(request);
}

static enum status cancel(struct job_update *update, ProtobufCMessage *message, bool exists,
                          enum job_change *ret_change)
{
    struct changing *changing = changing_of(update);
    Loyaltyd__Job *job = (Loyaltyd__Job *)message;
    *ret_change = JOB_CHANGE_NONE;
    changing->ending = exists && !job->deleting ? ENDING_DONE : ENDING_UNKNOWN;
    if (changing->ending == ENDING_DONE && !job_has_ended(job) && !job->cancelled) {
        job->cancelled = true;
        *ret_change = JOB_CHANGE_PUT;
    }
    return STATUS_OK;
}

static void on_changed(struct job_update *update, enum store_result result,
                       const ProtobufCMessage *message)
{
    (void)message;
    if (!is_over(changing_of(update)->request, result)) {
        answer_changed(changing_of(update));
    }
}

// A plan's pages go first, and the runner has them go: its bits begin anew, and the list has it as
// not done.
static enum status forget(struct job_update *update, ProtobufCMessage *message, bool exists,
                          enum job_change *ret_change)
{
    struct changing *changing = changing_of(update);
    Loyaltyd__Job *job = (Loyaltyd__Job *)message;
    *ret_change = JOB_CHANGE_NONE;
    if (!exists || job->deleting) {
        changing->ending = ENDING_UNKNOWN;
        return STATUS_OK;
    }
    changing->ending = job_has_ended(job) ? ENDING_DONE : ENDING_NOT_DONE;
    if (changing->ending == ENDING_NOT_DONE) {
        return STATUS_OK;
    }
    changing->plan = job->kind == LOYALTY__V1__JOB_KIND__JOB_KIND_PLAN;
    *ret_change = changing->plan ? JOB_CHANGE_PUT : JOB_CHANGE_DELETE;
    if (changing->plan) {
        job->deleting = true;
        job->n_claims = 0;
        memset(job->done.data, 0, job->done.len);
    }
    return STATUS_OK;
}

static enum status unlist(struct job_update *update, ProtobufCMessage *message, bool exists,
                          enum job_change *ret_change)
{
    Loyaltyd__Jobs *jobs = (Loyaltyd__Jobs *)message;
    Loyaltyd__JobHead *head = job_list_find(jobs, update->id);
    (void)exists;
    *ret_change = head == NULL ? JOB_CHANGE_NONE : JOB_CHANGE_PUT;
    if (head != NULL && changing_of(update)->plan) {
        head->done = false;
    } else if (head != NULL) {
        job_list_remove(jobs, update->id);
    }
    return STATUS_OK;
}

static void on_forgotten(struct job_update *update, enum store_result result,
                         const ProtobufCMessage *message)
{
    struct changing *changing = changing_of(update);
    (void)message;
    if (is_over(changing->request, result)) {
        return;
    }
    if (changing->ending != ENDING_DONE) {
        answer_changed(changing);
        return;
    }
    update->list = true;
    update->type = &loyaltyd__jobs__descriptor;
    update->change = unlist;
    update->on_done = on_changed;
    job_update_begin(update);
}

static void change(struct request *request, const char *name,
                   enum status (*how)(struct job_update *update, ProtobufCMessage *message,
                                      bool exists, enum job_change *ret_change),
                   void (*on_done)(struct job_update *update, enum store_result result,
                                   const ProtobufCMessage *message))
{
    struct changing *changing = request_state(request, sizeof(*changing));
    if (changing == NULL || !read_name(request, name, changing->update.id)) {
        return;
    }
    changing->request = request;
    changing->update.service = request->service;
    changing->update.type = &loyaltyd__job__descriptor;
    changing->update.change = how;
    changing->update.on_done = on_done;
    job_update_begin(&changing->update);
}

void operations_cancel(struct request *request)
{
    change(request, ((const Google__Longrunning__CancelOperationRequest *)request->message)->name,
           cancel, on_changed);
}

void operations_delete(struct request *request)
{
    change(request, ((const Google__Longrunning__DeleteOperationRequest *)request->message)->name,
           forget, on_forgotten);
}

// --- List ---

struct operations_page {
    struct request *request;
    uint32_t size;
    uint64_t before; // numbers of those wanted are below; 0: all
    int filter;      // -1: any
    char ids[JOBS_MAX][JOB_ID_BYTES + 1];
    uint32_t count;
    uint32_t at;
    struct job_update update;
    Google__Longrunning__ListOperationsResponse response;
};

static struct operations_page *page_of(struct job_update *update)
{
    return (struct operations_page *)(void *)((char *)update -
                                              offsetof(struct operations_page, update));
}

static uint64_t number_of(const char *id)
{
    const char *dash = strrchr(id, '-');
    uint64_t number = 0;
    return dash != NULL && sscanf(dash + 1, "%" SCNu64, &number) == 1 ? number : 0;
}

static void read_next(struct operations_page *page);

static void on_read(struct job_update *update, enum store_result result,
                    const ProtobufCMessage *message)
{
    struct operations_page *page = page_of(update);
    struct request *request = page->request;
    if (is_over(request, result)) {
        return;
    }
    if (is_there(message)) {
        Google__Longrunning__Operation *operation = NULL;
        Google__Longrunning__Operation *copy = NULL;
        struct span bytes;
        struct message_fault fault;
        ProtobufCMessage *decoded = NULL;
        // Its texts go with the update: kept is what was encoded.
        enum status status = jobs_operation((const Loyaltyd__Job *)message,
                                            lease_store_now_ms(request->service->lease),
                                            &request->arena, &operation);
        if (status == STATUS_OK) {
            status = message_encode(&operation->base, &request->arena, &bytes);
        }
        if (status == STATUS_OK) {
            status = message_decode(&google__longrunning__operation__descriptor, bytes,
                                    &request->arena, &decoded, &fault);
        }
        if (status != STATUS_OK) {
            request_internal(request, status);
            request_end(request);
            return;
        }
        copy = (Google__Longrunning__Operation *)decoded;
        page->response.operations[page->response.n_operations++] = copy;
    }
    page->at++;
    read_next(page);
}

static void read_next(struct operations_page *page)
{
    struct request *request = page->request;
    if (page->at < page->count && page->response.n_operations < page->size) {
        memcpy(page->update.id, page->ids[page->at], sizeof(page->update.id));
        page->update.list = false;
        page->update.type = &loyaltyd__job__descriptor;
        page->update.on_done = on_read;
        job_read_begin(&page->update);
        return;
    }
    if (page->at < page->count) {
        page->response.next_page_token =
            arena_printf(&request->arena, "%" PRIu64, number_of(page->ids[page->at - 1]));
    }
    if (page->response.next_page_token == NULL) {
        request_internal(request, STATUS_NO_MEMORY);
    } else {
        request_reply(request, &page->response.base, false);
    }
    request_end(request);
}

static void on_listed(struct job_update *update, enum store_result result,
                      const ProtobufCMessage *message)
{
    struct operations_page *page = page_of(update);
    const Loyaltyd__Jobs *jobs = (const Loyaltyd__Jobs *)message;
    if (is_over(page->request, result)) {
        return;
    }
    for (size_t i = 0; i < jobs->n_heads && page->count < JOBS_MAX; i++) {
        const Loyaltyd__JobHead *head = jobs->heads[i];
        bool wanted = (page->filter < 0 || page->filter == (head->done ? 1 : 0)) &&
                      (page->before == 0 || number_of(head->id) < page->before);
        if (wanted) {
            snprintf(page->ids[page->count++], sizeof(page->ids[0]), "%s", head->id);
        }
    }
    read_next(page);
}

// True when it was answered.
static bool answer_bad_page(struct operations_page *page)
{
    struct request *request = page->request;
    const Google__Longrunning__ListOperationsRequest *message =
        (const Google__Longrunning__ListOperationsRequest *)request->message;
    page->size = message->page_size == 0 ? OPERATIONS_DEFAULT : (uint32_t)message->page_size;
    page->filter = strcmp(message->filter, "done=true") == 0    ? 1
                   : strcmp(message->filter, "done=false") == 0 ? 0
                                                                : -1;
    if (message->page_size < 0 || message->page_size > OPERATIONS_PAGE_MAX) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "OUT_OF_RANGE", "page_size",
                     "A page has 1 to 50 operations.");
    } else if (page->filter < 0 && *message->filter != '\0') {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "BAD_FILTER", "filter",
                     "A filter is done=true or done=false.");
    } else if (*message->name != '\0' && strcmp(message->name, "operations") != 0) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "BAD_NAME", "name",
                     "Only 'operations' are listed.");
    } else if (*message->page_token != '\0' &&
               (sscanf(message->page_token, "%" SCNu64, &page->before) != 1 || page->before == 0)) {
        request_fail(request, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "BAD_TOKEN", "page_token",
                     "The token is none of an answer before; begin without one.");
    }
    return request->answered;
}

void operations_list(struct request *request)
{
    struct operations_page *page = request_state(request, sizeof(*page));
    if (page == NULL) {
        return;
    }
    page->request = request;
    google__longrunning__list_operations_response__init(&page->response);
    if (!answer_bad_page(page)) {
        page->response.operations = arena_alloc_array(&request->arena, OPERATIONS_PAGE_MAX,
                                                      sizeof(*page->response.operations));
        if (page->response.operations == NULL) {
            request_internal(request, STATUS_NO_MEMORY);
        }
    }
    if (request->answered) {
        request_end(request);
        return;
    }
    page->update.service = request->service;
    page->update.list = true;
    page->update.type = &loyaltyd__jobs__descriptor;
    page->update.on_done = on_listed;
    job_read_begin(&page->update);
}
