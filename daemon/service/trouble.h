// Why a request was certainly not executed and may be tried again: the RETRY_LATER of design.md,
// decision 6. Names go out to clients and never change.
#pragma once

enum trouble {
    TROUBLE_NONE,
    TROUBLE_STORE_UNAVAILABLE,  // the store does not answer, or refused
    TROUBLE_CLOCK_SKEW,         // this machine's clock is off
    TROUBLE_NO_LEASE,           // the program's state is not known freshly enough
    TROUBLE_OVERLOADED,         // a queue is full
    TROUBLE_TOO_MANY_CONFLICTS, // other daemons were faster, again and again
    TROUBLE_UNKNOWN_FORMAT,     // written by a newer daemon
    TROUBLE_NO_MEMORY,
    TROUBLE_SYSTEM,       // a file of this machine's could not be read
    TROUBLE_RECEIPT_BUSY, // another request has the receipt and may still come
    TROUBLE_MERGING,      // the member is being merged into another
    TROUBLE_EXPIRED,      // its deadline passed before anything was sent
    TROUBLE_COUNT,
};

// "STORE_UNAVAILABLE".
const char *trouble_name(enum trouble trouble);
// One sentence for a cashier.
const char *trouble_message(enum trouble trouble);
