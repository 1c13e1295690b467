// MonitorService.Diagnose: the service's own findings, and the daemon's.
#include "service/handlers.h"
#include "service/request.h"

void monitor_diagnose(struct request *request)
{
    request_fail(request, LOYALTY__V1__CODE__CODE_UNIMPLEMENTED, "UNKNOWN_METHOD", "",
                 "There is no such method.");
    request_end(request);
}
