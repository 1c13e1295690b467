// The names of the outcomes, for logs and tests.
#include "base/status.h"

#include <stddef.h>

static const char *const names[] = {
    [STATUS_OK] = "OK",
    [STATUS_NO_MEMORY] = "NO_MEMORY",
    [STATUS_INVALID] = "INVALID",
    [STATUS_TOO_LARGE] = "TOO_LARGE",
    [STATUS_RANGE] = "RANGE",
    [STATUS_CORRUPT] = "CORRUPT",
    [STATUS_UNKNOWN_TYPE] = "UNKNOWN_TYPE",
    [STATUS_NOT_FOUND] = "NOT_FOUND",
    [STATUS_IO] = "IO",
};

const char *status_name(enum status status)
{
    size_t index = (size_t)status;
    if (index >= sizeof(names) / sizeof(names[0])) {
        return "STATUS_OUT_OF_RANGE";
    }
    return names[index];
}
