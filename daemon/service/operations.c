// google.longrunning.Operations.
#include "service/handlers.h"
#include "service/request.h"

static void unimplemented(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This method is not built yet.");
    request_end(request);
}

void operations_list(struct request *request)
{
    unimplemented(request);
}

void operations_get(struct request *request)
{
    unimplemented(request);
}

void operations_wait(struct request *request)
{
    unimplemented(request);
}

void operations_cancel(struct request *request)
{
    unimplemented(request);
}

void operations_delete(struct request *request)
{
    unimplemented(request);
}
