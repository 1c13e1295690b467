// An error as the service says it, made of borrowed texts.
#pragma once

#include "loyalty/v1/common.pb-c.h"

// `field` is "" when none is at fault.
static inline Loyalty__V1__Error error_make(Loyalty__V1__Code code, const char *reason,
                                            const char *field, const char *message)
{
    Loyalty__V1__Error error = LOYALTY__V1__ERROR__INIT;
    error.code = code;
    error.reason = (char *)reason;
    error.field = (char *)field;
    error.message = (char *)message;
    return error;
}
