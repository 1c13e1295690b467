// PointsService: reservations. Points are set aside, then spent or given back.
#include "loyalty/v1/points.pb-c.h"
#include "service/handlers.h"
#include "service/operation.h"
#include "service/receipts.h"

// --- Reserve ---

static enum status read_reserve(struct commands *commands, const ProtobufCMessage *message,
                                void *ret_command)
{
    return commands_reserve(commands, (const Loyalty__V1__ReserveRequest *)message, ret_command);
}

static enum status decide_hold(const struct decide *decide, const void *command,
                               struct decision *ret_decision)
{
    return decide_reserve(decide, command, ret_decision);
}

void points_reserve(struct request *request)
{
    static const struct operation reserve = {
        .command_bytes = sizeof(struct reserve_command),
        .read = read_reserve,
        .decide = decide_hold,
    };
    operation_begin(request, &reserve);
}

// --- Capture ---

static enum status read_capture(struct commands *commands, const ProtobufCMessage *message,
                                void *ret_command)
{
    return commands_capture(commands, (const Loyalty__V1__CaptureRequest *)message, ret_command);
}

static enum status decide_spending(const struct decide *decide, const void *command,
                                   struct decision *ret_decision)
{
    return decide_capture(decide, command, ret_decision);
}

static void capture_receipt(const void *command, struct receipts_intent *ret_intent)
{
    const struct capture_command *capture = command;
    *ret_intent = (struct receipts_intent){
        .receipt = capture->receipt, .unit = capture->unit, .field = "receipt"};
}

void points_capture(struct request *request)
{
    static const struct operation capture = {
        .command_bytes = sizeof(struct capture_command),
        .read = read_capture,
        .decide = decide_spending,
        .receipt = capture_receipt,
        .whole_log = true,
    };
    operation_begin(request, &capture);
}

// --- Release ---

static enum status read_release(struct commands *commands, const ProtobufCMessage *message,
                                void *ret_command)
{
    return commands_release(commands, (const Loyalty__V1__ReleaseRequest *)message, ret_command);
}

static enum status decide_giving_back(const struct decide *decide, const void *command,
                                      struct decision *ret_decision)
{
    return decide_release(decide, command, ret_decision);
}

void points_release(struct request *request)
{
    static const struct operation release = {
        .command_bytes = sizeof(struct release_command),
        .read = read_release,
        .decide = decide_giving_back,
        .whole_log = true,
    };
    operation_begin(request, &release);
}
