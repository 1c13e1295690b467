// PointsService.Reverse: an award, a redemption, a capture or a reservation is taken back. What it
// was is told by the member's log, so every attempt reads that whole.
#include "loyalty/v1/points.pb-c.h"
#include "service/handlers.h"
#include "service/operation.h"
#include "service/receipts.h"

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

static void return_receipt(const void *command, struct receipts_intent *ret_intent)
{
    const struct reverse_command *reverse = command;
    *ret_intent = (struct receipts_intent){
        .receipt = reverse->receipt, .unit = reverse->unit, .field = "receipt"};
}

static const uint8_t *taken_back(const void *command)
{
    return ((const struct reverse_command *)command)->original;
}

void points_reverse(struct request *request)
{
    static const struct operation reverse = {
        .command_bytes = sizeof(struct reverse_command),
        .read = read_reverse,
        .decide = decide_taking_back,
        .receipt = return_receipt,
        .about = taken_back,
        .whole_log = true,
    };
    operation_begin(request, &reverse);
}
