// The names and sentences of what passes by itself.
#include "service/trouble.h"

#include <assert.h>
#include <stddef.h>

#include "base/check.h"

static const struct {
    const char *name;
    const char *message;
} texts[TROUBLE_COUNT] = {
    [TROUBLE_NONE] = {"NONE", ""},
    [TROUBLE_STORE_UNAVAILABLE] = {"STORE_UNAVAILABLE",
                                   "The ledger cannot be reached; nothing was done, try again."},
    [TROUBLE_CLOCK_SKEW] = {"CLOCK_SKEW",
                            "The service's clock is off; nothing was done, try again."},
    [TROUBLE_NO_LEASE] = {"NO_LEASE",
                          "The service is not up to date; nothing was done, try again."},
    [TROUBLE_OVERLOADED] = {"OVERLOADED", "Too much at once; nothing was done, try again."},
    [TROUBLE_TOO_MANY_CONFLICTS] = {"TOO_MANY_CONFLICTS",
                                    "The account is very busy; nothing was done, try again."},
    [TROUBLE_UNKNOWN_FORMAT] = {"UNKNOWN_FORMAT",
                                "Written by a newer version of the service; nothing was done."},
    [TROUBLE_NO_MEMORY] = {"NO_MEMORY", "Out of memory; nothing was done, try again."},
    [TROUBLE_SYSTEM] = {"SYSTEM",
                        "The service's machine is in trouble; nothing was done, try again."},
    [TROUBLE_RECEIPT_BUSY] = {"RECEIPT_BUSY", "Another request with this receipt is not decided "
                                              "yet; nothing was done, try again."},
    [TROUBLE_MERGING] = {"MERGING",
                         "The member is being merged into another; nothing was done, try "
                         "again."},
    [TROUBLE_EXPIRED] = {"EXPIRED", "Its time had run out; nothing was done, try again."},
};

static_assert(sizeof(texts) / sizeof(texts[0]) == TROUBLE_COUNT, "every trouble has its texts");

const char *trouble_name(enum trouble trouble)
{
    CHECK((size_t)trouble < TROUBLE_COUNT);
    return texts[trouble].name;
}

const char *trouble_message(enum trouble trouble)
{
    CHECK((size_t)trouble < TROUBLE_COUNT);
    return texts[trouble].message;
}
