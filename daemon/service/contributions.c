// ContributionsService: score that partners report.
#include "service/handlers.h"
#include "service/request.h"

void contributions_report(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}

void contributions_reduce(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}

void contributions_end(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}
