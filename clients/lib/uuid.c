// Random UUIDs (RFC 4122, version 4), the names of outcomes, the version.
#include <stdio.h>
#include <sys/random.h>

#include "lib/loyalty.h"

enum { RANDOM_BYTES = 16 };

bool loyalty_uuid(char ret_uuid[LOYALTY_UUID_BYTES])
{
    uint8_t bytes[RANDOM_BYTES];
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
        return false;
    }
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    char *at = ret_uuid;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        const char *dash = i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";
        at += snprintf(at, 4, "%s%02x", dash, bytes[i]);
    }
    return true;
}

const char *loyalty_version(void)
{
    return LOYALTY_VERSION;
}

const char *loyalty_outcome_name(enum loyalty_outcome outcome)
{
    switch (outcome) {
    case LOYALTY_APPLIED:
        return "APPLIED";
    case LOYALTY_DUPLICATE:
        return "DUPLICATE";
    case LOYALTY_REFUSED:
        return "REFUSED";
    case LOYALTY_RETRY_LATER:
        return "RETRY_LATER";
    case LOYALTY_OUTCOME_UNKNOWN:
        return "OUTCOME_UNKNOWN";
    }
    return "UNKNOWN_OUTCOME";
}
