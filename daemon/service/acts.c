// AdminService: acts by hand.
#include "service/handlers.h"
#include "service/request.h"

static void unimplemented(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This method is not built yet.");
    request_end(request);
}

void admin_adjust_points(struct request *request)
{
    unimplemented(request);
}

void admin_adjust_score(struct request *request)
{
    unimplemented(request);
}

void admin_grant_tier(struct request *request)
{
    unimplemented(request);
}

void admin_revoke_tier(struct request *request)
{
    unimplemented(request);
}
