// The list of operations, asked for until there are no more.
#include "ctl/operation_pages.h"

#include "wire/any.h"

enum { OPERATIONS_A_PAGE = 50 };

static const char list[] = "/google.longrunning.Operations/ListOperations";

int operations_each(struct session *session, const char *filter, operation_each_fn *each,
                    void *context)
{
    Google__Longrunning__ListOperationsRequest request =
        GOOGLE__LONGRUNNING__LIST_OPERATIONS_REQUEST__INIT;
    request.page_size = OPERATIONS_A_PAGE;
    if (filter != NULL) {
        request.filter = (char *)filter;
    }
    for (;;) {
        ProtobufCMessage *answer = NULL;
        int code =
            session_call(session, list, &request.base, NULL,
                         &google__longrunning__list_operations_response__descriptor, &answer);
        const Google__Longrunning__ListOperationsResponse *page =
            (const Google__Longrunning__ListOperationsResponse *)answer;
        for (size_t i = 0; code == CTL_OK && i < page->n_operations; i++) {
            code = each(session, page->operations[i], context);
        }
        if (code != CTL_OK || *page->next_page_token == '\0') {
            return code;
        }
        request.page_token = page->next_page_token;
    }
}

const Loyalty__V1__JobProgress *operation_progress(struct session *session,
                                                   const Google__Longrunning__Operation *operation)
{
    ProtobufCMessage *message = NULL;
    if (operation->metadata == NULL ||
        any_unpack(operation->metadata, &session->arena, &message) != STATUS_OK) {
        return NULL;
    }
    bool known = message->descriptor == &loyalty__v1__job_progress__descriptor;
    return known ? (const Loyalty__V1__JobProgress *)message : NULL;
}

const char *operation_state(const Google__Longrunning__Operation *operation,
                            const Loyalty__V1__JobProgress *progress)
{
    if (operation->done) {
        return operation->result_case == GOOGLE__LONGRUNNING__OPERATION__RESULT_ERROR ? "failed"
                                                                                      : "done";
    }
    return progress != NULL && progress->cancelled ? "being cancelled" : "at work";
}

const char *operation_author(const Loyalty__V1__JobProgress *progress)
{
    return progress == NULL || *progress->created_by == '\0' ? "the service" : progress->created_by;
}
