// Pools on the wire: requests read, answers written. As commands.h and replies.h, whose contexts
// they take.
#pragma once

#include "core/decide_pools.h"
#include "loyalty/v1/pools.pb-c.h"
#include "wire/commands.h"
#include "wire/replies.h"

MUST_CHECK enum status commands_create_pool(struct commands *commands,
                                            const Loyalty__V1__CreatePoolRequest *request,
                                            const struct request_header *header,
                                            struct enroll_request *ret_request);
// All but the member, which the caller finds.
MUST_CHECK enum status commands_pool_member(struct commands *commands,
                                            const Loyalty__V1__SetPoolMemberRequest *request,
                                            struct pool_member_command *ret_command);

// Of a pool's RECORD_OPENED; `account` as in replies_enroll.
MUST_CHECK enum status replies_create_pool(const struct replies *replies,
                                           const struct account *account,
                                           const struct record *record, uint64_t seq,
                                           ProtobufCMessage **ret_response);
// Of a RECORD_POOL_MEMBER.
MUST_CHECK enum status replies_pool_member(const struct replies *replies,
                                           const struct record *record, uint64_t seq,
                                           ProtobufCMessage **ret_response);
// Who belongs to the pool, in the order they joined, and what each spent in civil days [from,
// until).
MUST_CHECK enum status replies_pool_members(struct arena *arena, const struct account *account,
                                            int32_t from_day, int32_t until_day,
                                            Loyalty__V1__ListPoolMembersResponse **ret_response);
