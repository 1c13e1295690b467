// PerksService: what a card gives, used in shops and at partners.
#include "service/handlers.h"
#include "service/request.h"

void perks_list(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}

void perks_issue_code(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}

void perks_code_keys(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}

void perks_use(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}

void perks_reverse(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}

void perks_served(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}

void perks_settlement(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}
