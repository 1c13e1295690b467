// AddIdentifier, ReplaceIdentifier and RemoveIdentifier: shapes of what is asked, and the one
// answer they have. Values are personal data: they stay here and where they are hashed.
#pragma once

#include <stdbool.h>

#include "base/status.h"
#include "wire/commands.h"
#include "wire/replies.h"

struct identifiers_request {
    bool has_new;
    bool has_old;
    struct identifier_value added;
    struct identifier_value old;
    struct span reason;
};

// Of any of the three messages.
MUST_CHECK enum status commands_identifiers(struct commands *commands,
                                            const ProtobufCMessage *message,
                                            struct identifiers_request *ret_request);

// Of a RECORD_IDENTIFIERS_CHANGED. `account` says what became of the new one: final once it is not
// IDENTIFIER_CLAIMING any more.
MUST_CHECK enum status replies_identifiers(const struct replies *replies,
                                           const struct account *account,
                                           const struct record *record, uint64_t seq,
                                           Loyalty__V1__ChangeIdentifiersResponse **ret_response);
