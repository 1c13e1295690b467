// The life of a membership: its status, merging two, forgetting one.
#include "service/handlers.h"
#include "service/request.h"

void membership_set_status(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}

void membership_merge(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}

void membership_erase(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}
