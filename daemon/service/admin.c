// AdminService, what writes: a balance brought over, and past sales posted at their own time.
#include "loyalty/v1/admin.pb-c.h"
#include "service/handlers.h"
#include "service/operation.h"

// --- OpeningBalance ---

static enum status read_opening(struct commands *commands, const ProtobufCMessage *message,
                                void *ret_command)
{
    return commands_opening(commands, (const Loyalty__V1__OpeningBalanceRequest *)message,
                            ret_command);
}

static enum status decide_balance(const struct decide *decide, const void *command,
                                  struct decision *ret_decision)
{
    return decide_opening(decide, command, ret_decision);
}

void admin_opening_balance(struct request *request)
{
    static const struct operation opening = {
        .command_bytes = sizeof(struct opening_command),
        .read = read_opening,
        .decide = decide_balance,
    };
    operation_begin(request, &opening);
}

// --- Backfill ---

static enum status read_backfill(struct commands *commands, const ProtobufCMessage *message,
                                 void *ret_command)
{
    struct award_command *command = ret_command;
    TRY(commands_sale(commands, ((const Loyalty__V1__BackfillRequest *)message)->sale, command));
    command->backfill = true;
    return STATUS_OK;
}

// Training.
static enum status render_backfill(const struct replies *replies, const struct record *record,
                                   ProtobufCMessage **ret_response)
{
    Loyalty__V1__BackfillResponse *response = NULL;
    TRY(replies_backfill(replies, record, 0, &response));
    *ret_response = &response->base;
    return STATUS_OK;
}

void admin_backfill(struct request *request)
{
    static const struct operation backfill = {
        .command_bytes = sizeof(struct award_command),
        .read = read_backfill,
        .sale = true,
        .decide = operation_decide_sale,
        .render = render_backfill,
    };
    operation_begin(request, &backfill);
}
