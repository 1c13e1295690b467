// The one outcome enum of the fallible functions inside the daemon. It says what went wrong in the
// machinery (bytes, memory, the store); what a rule says no to is a refusal (core/refusal.h), which
// is a result and not a failure. Every fallible function returns it and must be checked; outputs
// are written only on STATUS_OK.
#pragma once

enum status {
    STATUS_OK = 0,
    STATUS_NO_MEMORY,    // an arena's cap or the allocator said no
    STATUS_INVALID,      // bytes from outside that do not parse or check
    STATUS_TOO_LARGE,    // over a named bound of base/limits.h
    STATUS_RANGE,        // a figure left its bounds (domain.md, "What the rules mean")
    STATUS_CORRUPT,      // stored bytes whose chain or contents do not hold together
    STATUS_UNKNOWN_TYPE, // a stored record of a format newer than this daemon
    STATUS_NOT_FOUND,
    STATUS_IO, // a system call or a library failed
};

#define MUST_CHECK __attribute__((warn_unused_result))

// A short stable name such as "NO_MEMORY"; never NULL.
const char *status_name(enum status status);

// Returns from the enclosing function when EXPR is not STATUS_OK.
#define TRY(expr)                                                                                  \
    do {                                                                                           \
        enum status try_status_ = (expr);                                                          \
        if (try_status_ != STATUS_OK) {                                                            \
            return try_status_;                                                                    \
        }                                                                                          \
    } while (0)
