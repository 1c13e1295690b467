// PointsService.Reverse: an award, a redemption, a capture or a reservation is taken back. What it
// was is told by the member's log, so every attempt reads that whole.
#include "loyalty/v1/points.pb-c.h"
#include "service/handlers.h"
#include "service/operation.h"

static enum status read_reverse(struct commands *commands, const ProtobufCMessage *message,
                                void *ret_command)
{
    return commands_reverse(commands, (const Loyalty__V1__ReverseRequest *)message, ret_command);
}

static enum status decide_taking_back(const struct decide *decide, const void *command,
                                      struct decision *ret_decision)
{
    return decide_reverse(decide, command, ret_decision);
}

void points_reverse(struct request *request)
{
    static const struct operation reverse = {
        .command_bytes = sizeof(struct reverse_command),
        .read = read_reverse,
        .decide = decide_taking_back,
        .whole_log = true,
    };
    operation_begin(request, &reverse);
}
