// Acts by hand between the wire and the core: what is asked of them, and what is answered. Memory
// and statuses as in wire/commands.h and wire/replies.h.
#pragma once

#include "base/status.h"
#include "core/decide_acts.h"
#include "loyalty/v1/admin.pb-c.h"
#include "wire/commands.h"
#include "wire/replies.h"

MUST_CHECK enum status acts_read_points(struct commands *commands,
                                        const Loyalty__V1__AdjustPointsRequest *request,
                                        struct adjust_command *ret_command);
MUST_CHECK enum status acts_read_score(struct commands *commands,
                                       const Loyalty__V1__AdjustScoreRequest *request,
                                       struct adjust_command *ret_command);
MUST_CHECK enum status acts_read_grant(struct commands *commands,
                                       const Loyalty__V1__GrantTierRequest *request,
                                       struct grant_command *ret_command);
MUST_CHECK enum status acts_read_revoke(struct commands *commands,
                                        const Loyalty__V1__RevokeTierRequest *request,
                                        struct revoke_command *ret_command);

// Of a RECORD_ADJUSTED.
MUST_CHECK enum status acts_adjusted_response(const struct replies *replies,
                                              const struct record *record, uint64_t seq,
                                              ProtobufCMessage **ret_response);
// Of a RECORD_CARD_GRANTED or a RECORD_CARD_REVOKED.
MUST_CHECK enum status acts_tier_response(const struct replies *replies,
                                          const struct record *record, uint64_t seq,
                                          ProtobufCMessage **ret_response);
