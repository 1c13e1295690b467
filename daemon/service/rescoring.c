// RescoringService.
#include "service/handlers.h"
#include "service/request.h"

static void unimplemented(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNIMPLEMENTED", "",
                 "This method is not built yet.");
    request_end(request);
}

void rescoring_plan(struct request *request)
{
    unimplemented(request);
}

void rescoring_run(struct request *request)
{
    unimplemented(request);
}

void rescoring_list_moves(struct request *request)
{
    unimplemented(request);
}
