// The life of a membership between the wire and the core: what is asked of it, and what is
// answered. Memory and statuses as in wire/commands.h and wire/replies.h.
#pragma once

#include "base/status.h"
#include "core/decide_membership.h"
#include "loyalty/v1/members.pb-c.h"
#include "wire/commands.h"
#include "wire/replies.h"

MUST_CHECK enum status membership_read_status(struct commands *commands,
                                              const Loyalty__V1__SetStatusRequest *request,
                                              struct status_command *ret_command);
// Only `reason`: who `into` is, is the caller's to find out.
MUST_CHECK enum status membership_read_merge(struct commands *commands,
                                             const Loyalty__V1__MergeRequest *request,
                                             struct merge_command *ret_command);
MUST_CHECK enum status membership_read_erase(struct commands *commands,
                                             const Loyalty__V1__EraseRequest *request,
                                             struct status_command *ret_command);

// Of a RECORD_STATUS_CHANGED: an EraseResponse or a SetStatusResponse.
MUST_CHECK enum status membership_status_response(const struct replies *replies,
                                                  const struct record *record, uint64_t seq,
                                                  ProtobufCMessage **ret_response);
// Of a RECORD_MERGED.
MUST_CHECK enum status membership_merge_response(const struct replies *replies,
                                                 const struct record *record, uint64_t seq,
                                                 ProtobufCMessage **ret_response);
