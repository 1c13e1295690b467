// Pools: shapes and bounds of what is asked, and the answers.
#include "wire/pools.h"

#include "base/check.h"
#include "wire/message.h"
#include "wire/shapes.h"

// --- requests ---

enum status commands_create_pool(struct commands *commands,
                                 const Loyalty__V1__CreatePoolRequest *request,
                                 const struct request_header *header,
                                 struct enroll_request *ret_request)
{
    struct new_account account = {.id = request->pool_id,
                                  .id_field = "pool_id",
                                  .identifiers = request->identifiers,
                                  .identifier_count = request->n_identifiers};
    TRY(commands_new_account(commands, &account, header, ret_request));
    ret_request->pool = true;
    return STATUS_OK;
}

enum status commands_pool_member(struct commands *commands,
                                 const Loyalty__V1__SetPoolMemberRequest *request,
                                 struct pool_member_command *ret_command)
{
    struct path path = shapes_step(NULL, "redeem_a_month");
    TRY(shapes_points(commands, request->redeem_a_month, 0, &path));
    *ret_command = (struct pool_member_command){
        .may_award = request->may_award != 0,
        .may_redeem = request->may_redeem != 0,
        .redeem_a_month = request->redeem_a_month,
    };
    return STATUS_OK;
}

// --- answers ---

enum status replies_create_pool(const struct replies *replies, const struct account *account,
                                const struct record *record, uint64_t seq,
                                ProtobufCMessage **ret_response)
{
    CHECK(record->type == RECORD_OPENED);
    Loyalty__V1__CreatePoolResponse *response = (Loyalty__V1__CreatePoolResponse *)message_new(
        &loyalty__v1__create_pool_response__descriptor, replies->arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct reply_head head;
    TRY(replies_head(replies, record, &head));
    response->pool_id = head.member_id;
    response->seq = seq;
    response->recorded_at = head.recorded_at;
    TRY(replies_unbound(replies->arena, account, &record->opened, &response->n_unbound,
                        &response->unbound));
    *ret_response = &response->base;
    return STATUS_OK;
}

enum status replies_pool_member(const struct replies *replies, const struct record *record,
                                uint64_t seq, ProtobufCMessage **ret_response)
{
    CHECK(record->type == RECORD_POOL_MEMBER);
    Loyalty__V1__SetPoolMemberResponse *response =
        (Loyalty__V1__SetPoolMemberResponse *)message_new(
            &loyalty__v1__set_pool_member_response__descriptor, replies->arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct reply_head head;
    TRY(replies_head(replies, record, &head));
    response->pool_id = head.member_id;
    response->seq = seq;
    response->recorded_at = head.recorded_at;
    *ret_response = &response->base;
    return STATUS_OK;
}

// One who belongs to the pool: the last entry is what he may, the first one is when he joined.
static enum status add_member(struct arena *arena, const struct account *account, uint32_t first,
                              int64_t spent, Loyalty__V1__ListPoolMembersResponse *response)
{
    struct span id = span_of_text(account->pool_members.items[first].member_id);
    const struct pool_member *entry = account_pool_member(account, id);
    bool joined = &account->pool_members.items[first] == account_pool_member_first(account, id);
    if (!joined || (!entry->may_award && !entry->may_redeem)) {
        return STATUS_OK;
    }
    Loyalty__V1__PoolMember *member =
        (Loyalty__V1__PoolMember *)message_new(&loyalty__v1__pool_member__descriptor, arena);
    if (member == NULL) {
        return STATUS_NO_MEMORY;
    }
    TRY(replies_text(arena, id, &member->member_id));
    member->may_award = entry->may_award;
    member->may_redeem = entry->may_redeem;
    member->redeem_a_month = entry->redeem_a_month;
    member->redeemed_this_month = spent;
    response->members[response->n_members++] = member;
    return STATUS_OK;
}

enum status replies_pool_members(struct arena *arena, const struct account *account,
                                 int32_t from_day, int32_t until_day,
                                 Loyalty__V1__ListPoolMembersResponse **ret_response)
{
    uint32_t count = account->pool_members.count;
    Loyalty__V1__ListPoolMembersResponse *response =
        (Loyalty__V1__ListPoolMembersResponse *)message_new(
            &loyalty__v1__list_pool_members_response__descriptor, arena);
    int64_t *spent = arena_alloc_array(arena, count, sizeof(*spent)); // by the first entry
    if (response == NULL || spent == NULL) {
        return STATUS_NO_MEMORY;
    }
    response->members = arena_alloc_array(arena, count, sizeof(Loyalty__V1__PoolMember *));
    if (response->members == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint32_t i = 0; i < account->pool_uses.count; i++) {
        const struct pool_use *use = &account->pool_uses.items[i];
        bool in = use->day >= from_day && use->day < until_day;
        spent[use->member] += in ? use->points : 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        TRY(add_member(arena, account, i, spent[i], response));
    }
    *ret_response = response;
    return STATUS_OK;
}
