// The way most mutations take: the message becomes a command, the command is decided on the
// member's account, the record is the answer. What is a method's own is a row.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "core/decide.h"
#include "service/request.h"
#include "wire/commands.h"
#include "wire/replies.h"

struct receipts_intent;

struct operation {
    size_t command_bytes;
    // As the commands_ functions. `ret_command` is zeroed, has command_bytes, and lives as long as
    // the request.
    enum status (*read)(struct commands *commands, const ProtobufCMessage *message,
                        void *ret_command);
    // Fills in what of the command only the service can make; NULL: nothing.
    void (*complete)(const struct request *request, void *command);
    // As the decide_ functions; the member is the one meant. The command may not change: it may be
    // decided again on a fresher state.
    enum status (*decide)(const struct decide *decide, const void *command,
                          struct decision *ret_decision);
    // Under which receipt it is counted (service/receipts.h); NULL: under none.
    void (*receipt)(const void *command, struct receipts_intent *ret_intent);
    // The request that it takes back: decided by the log that tells of it, a merged member's too;
    // NULL: none.
    const uint8_t *(*about)(const void *command);
    bool sale;      // the command is an award_command: it is told the month of the birthday
    bool whole_log; // `decide` needs it
    bool dry;       // a quote: nothing is ever written
    // The answer to OUTCOME_NOTHING, from the record that would have been; NULL where that cannot
    // be.
    enum status (*render)(const struct replies *replies, const struct record *record,
                          ProtobufCMessage **ret_response);
};

// decide_award on a copy of the command, for it amends that.
MUST_CHECK enum status operation_decide_sale(const struct decide *decide, const void *command,
                                             struct decision *ret_decision);

// Takes the request over. Its message has a field "member".
void operation_begin(struct request *request, const struct operation *operation);
