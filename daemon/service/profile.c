// MembersService: what is known of a person, kept encrypted and apart from the ledger.
#include "service/handlers.h"
#include "service/request.h"

void profile_get(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}

void profile_update(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}
