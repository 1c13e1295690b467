// Changes of identifiers: requests and their answer.
#include "wire/identify.h"

#include "base/check.h"
#include "wire/message.h"
#include "wire/shapes.h"

static enum status read_new(struct commands *commands, const Loyalty__V1__Identifier *identifier,
                            struct identifiers_request *request)
{
    struct path path = shapes_step(NULL, "identifier");
    request->has_new = true;
    return shapes_identifier(commands, identifier, &path, &request->added);
}

static enum status read_old(struct commands *commands, const Loyalty__V1__Identifier *identifier,
                            struct identifiers_request *request)
{
    struct path path = shapes_step(NULL, "old");
    request->has_old = true;
    return shapes_identifier(commands, identifier, &path, &request->old);
}

static enum status read_replace(struct commands *commands,
                                const Loyalty__V1__ReplaceIdentifierRequest *message,
                                struct identifiers_request *request)
{
    struct path path = shapes_step(NULL, "identifier");
    TRY(read_old(commands, message->old, request));
    TRY(read_new(commands, message->identifier, request));
    if (request->old.kind != request->added.kind) {
        struct path kind_path = shapes_step(&path, "kind");
        return shapes_fail(commands, FAULT_BAD_IDENTIFIER, &kind_path,
                           "An identifier is replaced by one of its own kind.");
    }
    if (span_equal(request->old.value, request->added.value)) {
        return shapes_fail(commands, FAULT_DUPLICATE_IDENTIFIER, &path,
                           "The new identifier is the old one; give another.");
    }
    return commands_text(commands, message->reason, "reason", LIMIT_TEXT_BYTES, &request->reason);
}

enum status commands_identifiers(struct commands *commands, const ProtobufCMessage *message,
                                 struct identifiers_request *ret_request)
{
    *ret_request = (struct identifiers_request){0};
    if (message->descriptor == &loyalty__v1__replace_identifier_request__descriptor) {
        return read_replace(commands, (const Loyalty__V1__ReplaceIdentifierRequest *)message,
                            ret_request);
    }
    if (message->descriptor == &loyalty__v1__remove_identifier_request__descriptor) {
        return read_old(commands, ((const Loyalty__V1__RemoveIdentifierRequest *)message)->old,
                        ret_request);
    }
    CHECK(message->descriptor == &loyalty__v1__add_identifier_request__descriptor);
    return read_new(commands, ((const Loyalty__V1__AddIdentifierRequest *)message)->identifier,
                    ret_request);
}

enum status replies_identifiers(const struct replies *replies, const struct account *account,
                                const struct record *record, uint64_t seq,
                                Loyalty__V1__ChangeIdentifiersResponse **ret_response)
{
    CHECK(record->type == RECORD_IDENTIFIERS_CHANGED);
    const struct record_identifiers_changed *changed = &record->identifiers_changed;
    Loyalty__V1__ChangeIdentifiersResponse *response =
        (Loyalty__V1__ChangeIdentifiersResponse *)message_new(
            &loyalty__v1__change_identifiers_response__descriptor, replies->arena);
    if (response == NULL) {
        return STATUS_NO_MEMORY;
    }
    const struct identifier_state *state =
        changed->has_new ? account_identifier(account, &changed->added) : NULL;
    struct reply_head head;
    TRY(replies_head(replies, record, &head));
    response->member_id = head.member_id;
    response->seq = seq;
    response->recorded_at = head.recorded_at;
    response->unbound = state != NULL && state->stage == IDENTIFIER_LOST;
    *ret_response = response;
    return STATUS_OK;
}
