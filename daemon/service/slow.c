// Slow requests.
#include "service/slow.h"

void slow_note(struct request *request, const Loyalty__V1__Error *error, int64_t micros)
{
    (void)request;
    (void)error;
    (void)micros;
}
