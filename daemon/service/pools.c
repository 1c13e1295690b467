// PoolsService: group members.
#include "service/handlers.h"
#include "service/request.h"

void pools_create(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}

void pools_set_member(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}

void pools_list_members(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This is not served yet.");
    request_end(request);
}
