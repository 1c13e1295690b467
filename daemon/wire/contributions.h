// Partners' contributions on the wire: requests read, answers written. As commands.h and replies.h,
// whose contexts they take.
#pragma once

#include "core/decide_contributions.h"
#include "loyalty/v1/contributions.pb-c.h"
#include "wire/commands.h"
#include "wire/replies.h"

// The id as the partner says it; it is never stored, and the command's key is not filled in: who
// has the identifiers' key makes it of partner and id.
struct contribution_request {
    struct span id;
    struct contribution_command command;
};

struct reduction_request {
    struct span id;
    struct reduction_command command;
};

struct contribution_end_request {
    struct span id;
    struct contribution_end_command command;
};

MUST_CHECK enum status commands_contribution(struct commands *commands,
                                             const Loyalty__V1__ReportContributionRequest *request,
                                             struct contribution_request *ret_request);
MUST_CHECK enum status commands_reduction(struct commands *commands,
                                          const Loyalty__V1__ReduceContributionRequest *request,
                                          struct reduction_request *ret_request);
MUST_CHECK enum status commands_contribution_end(struct commands *commands,
                                                 const Loyalty__V1__EndContributionRequest *request,
                                                 struct contribution_end_request *ret_request);

// Of a RECORD_CONTRIBUTED or a RECORD_CONTRIBUTION_REDUCED. A partner's says what is left of the
// contribution and nothing of the member: whose it is, the record's actor says.
MUST_CHECK enum status replies_contribution(const struct replies *replies,
                                            const struct record *record, uint64_t seq,
                                            Loyalty__V1__ContributionResponse **ret_response);
