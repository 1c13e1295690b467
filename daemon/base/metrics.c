// The short forms of the port.
#include "base/metrics.h"

void metrics_tell(const struct metrics_out *out, const struct metric_family *family, int64_t value)
{
    out->family(out->context, family);
    out->whole(out->context, NULL, 0, value);
}
