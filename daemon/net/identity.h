// Who a peer is: its certificate. Exactly one URI SAN spiffe://<trust domain>/<role>/<unit...>;
// the common name and everything else are ignored. Comparison is by length, so that an embedded NUL
// hides nothing. Source: design.md, decision 5.
#pragma once

#include <stdbool.h>

#include "base/limits.h"
#include "base/span.h"
#include "base/status.h"

enum { IDENTITY_ROLE_BYTES = 16, IDENTITY_DOMAIN_BYTES = 128 };

struct identity {
    char role[IDENTITY_ROLE_BYTES + 1]; // lower-case word; which exist is the service's matter
    char unit[LIMIT_UNIT_BYTES + 1];    // "store-0007/till-02"; may be empty for no unit
};

// Whether a trust domain can be configured: 1 to IDENTITY_DOMAIN_BYTES of A-Z a-z 0-9 . _ -, not
// "." or ".."; NULL is not valid.
bool identity_domain_valid(const char *trust_domain);

// Parses one SAN; `trust_domain` must be valid and is compared exactly. STATUS_INVALID for another
// scheme or trust domain, a role that is not 1 to IDENTITY_ROLE_BYTES of a-z, empty segments, bad
// characters (segments are A-Z a-z 0-9 . _ -, not "." or ".."), query or fragment, or a unit over
// LIMIT_UNIT_BYTES.
MUST_CHECK enum status identity_parse(struct span uri, const char *trust_domain,
                                      struct identity *ret_identity);
