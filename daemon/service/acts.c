// AdminService: acts by hand on a member, answered when they are listed in the audit.
#include "wire/acts.h"

#include "service/handlers.h"
#include "service/settling.h"

// --- AdjustPoints and AdjustScore ---

static enum status decide_by_hand(const struct decide *decide, const void *command,
                                  struct decision *ret_decision)
{
    return decide_adjust(decide, command, ret_decision);
}

static enum status read_points(struct commands *commands, const ProtobufCMessage *message,
                               void *ret_command)
{
    return acts_read_points(commands, (const Loyalty__V1__AdjustPointsRequest *)message,
                            ret_command);
}

void admin_adjust_points(struct request *request)
{
    static const struct operation adjust_points = {
        .command_bytes = sizeof(struct adjust_command),
        .read = read_points,
        .decide = decide_by_hand,
    };
    settling_begin(request, &adjust_points);
}

static enum status read_score(struct commands *commands, const ProtobufCMessage *message,
                              void *ret_command)
{
    return acts_read_score(commands, (const Loyalty__V1__AdjustScoreRequest *)message, ret_command);
}

void admin_adjust_score(struct request *request)
{
    static const struct operation adjust_score = {
        .command_bytes = sizeof(struct adjust_command),
        .read = read_score,
        .decide = decide_by_hand,
    };
    settling_begin(request, &adjust_score);
}

// --- GrantTier ---

static enum status read_grant(struct commands *commands, const ProtobufCMessage *message,
                              void *ret_command)
{
    return acts_read_grant(commands, (const Loyalty__V1__GrantTierRequest *)message, ret_command);
}

static enum status decide_granted(const struct decide *decide, const void *command,
                                  struct decision *ret_decision)
{
    return decide_grant(decide, command, ret_decision);
}

void admin_grant_tier(struct request *request)
{
    static const struct operation grant = {
        .command_bytes = sizeof(struct grant_command),
        .read = read_grant,
        .decide = decide_granted,
    };
    settling_begin(request, &grant);
}

// --- RevokeTier ---

static enum status read_revoke(struct commands *commands, const ProtobufCMessage *message,
                               void *ret_command)
{
    return acts_read_revoke(commands, (const Loyalty__V1__RevokeTierRequest *)message, ret_command);
}

static enum status decide_revoked(const struct decide *decide, const void *command,
                                  struct decision *ret_decision)
{
    return decide_revoke(decide, command, ret_decision);
}

void admin_revoke_tier(struct request *request)
{
    static const struct operation revoke = {
        .command_bytes = sizeof(struct revoke_command),
        .read = read_revoke,
        .decide = decide_revoked,
    };
    settling_begin(request, &revoke);
}
