// TillsService.GetTerms: what a till has to know of the program in force.
#include "loyalty/v1/tills.pb-c.h"
#include "service/handlers.h"
#include "service/request.h"
#include "wire/tills.h"

static void answer_terms(struct request *request)
{
    const struct lease *lease = request->service->lease;
    int64_t now_ms = lease_now_ms(lease);
    const struct program_version *version = program_set_at(lease_set(lease), now_ms);
    if (version == NULL) {
        struct refusal refusal = {.reason = REFUSAL_NO_PROGRAM, .field = ""};
        request_refuse(request, &refusal);
        return;
    }
    Loyalty__V1__GetTermsResponse *response = NULL;
    enum status status = tills_terms(&request->arena, version, now_ms, &response);
    if (status == STATUS_OK) {
        request_reply(request, &response->base, false);
    } else {
        request_internal(request, status);
    }
}

void tills_get_terms(struct request *request)
{
    enum trouble trouble = lease_check(request->service->lease, false);
    if (trouble == TROUBLE_NONE) {
        answer_terms(request);
    } else {
        request_trouble(request, trouble);
    }
    request_end(request);
}
