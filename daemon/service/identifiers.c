// Keys of identifiers, and what a log says of them.
#include "service/identifiers.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/hash.h"
#include "core/decide.h"
#include "service/bounds.h"
#include "service/service.h"
#include "wire/field.h"

enum { HASH_BYTES = 32 };

bool identifiers_usable(const struct service *service)
{
    return service->options.identifier_hash != NULL;
}

void identifiers_key(const struct service *service, const struct identifier_value *value,
                     struct identifier *ret_identifier)
{
    uint8_t bytes[1 + LIMIT_IDENTIFIER_BYTES];
    uint8_t hash[HASH_BYTES];
    CHECK(value->value.len <= LIMIT_IDENTIFIER_BYTES && value->kind <= UINT8_MAX);
    bytes[0] = (uint8_t)value->kind;
    memcpy(bytes + 1, value->value.data, value->value.len);
    service->options.identifier_hash(service->options.identifier_context,
                                     span_of(bytes, 1 + value->value.len), hash);
    ret_identifier->kind = value->kind;
    memcpy(ret_identifier->key, hash, sizeof(ret_identifier->key));
}

static bool names_by_identifier(const Loyalty__V1__MemberRef *ref)
{
    return ref->by_case == LOYALTY__V1__MEMBER_REF__BY_IDENTIFIER;
}

// Whether a field has a person's own in it: an identifier, or what is known of somebody.
static bool is_personal(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *type =
        field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
    if (field_is_repeated(field)) {
        return type == &loyalty__v1__identifier__descriptor &&
               field_count_const(message, field) > 0;
    }
    bool person = type == &loyalty__v1__identifier__descriptor ||
                  type == &loyalty__v1__profile__descriptor ||
                  type == &loyalty__v1__member_ref__descriptor;
    if (!person || (field_is_oneof(field) && field_case_const(message, field) != field->id)) {
        return false;
    }
    const ProtobufCMessage *part = *(ProtobufCMessage *const *)field_place_const(message, field);
    return part != NULL && (type != &loyalty__v1__member_ref__descriptor ||
                            names_by_identifier((const Loyalty__V1__MemberRef *)part));
}

static bool is_to_hide(const ProtobufCMessage *message)
{
    if (field_find(message->descriptor, span_of_text("contribution_id")) != NULL) {
        return true; // a policy's number is nobody else's business either
    }
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        if (is_personal(message, &message->descriptor->fields[i])) {
            return true;
        }
    }
    return false;
}

void identifiers_hide(const struct service *service, const ProtobufCMessage *message,
                      uint8_t digest[REQUEST_DIGEST_BYTES])
{
    if (!identifiers_usable(service) || !is_to_hide(message)) {
        return;
    }
    uint8_t bytes[1 + REQUEST_DIGEST_BYTES] = {0}; // no identifier is of kind 0
    uint8_t hash[HASH_BYTES];
    memcpy(bytes + 1, digest, REQUEST_DIGEST_BYTES);
    service->options.identifier_hash(service->options.identifier_context,
                                     span_of(bytes, sizeof(bytes)), hash);
    memcpy(digest, hash, REQUEST_DIGEST_BYTES);
}

struct identifier_place identifiers_place(const struct service *service,
                                          const struct identifier *identifier)
{
    struct identifier_place place;
    for (size_t i = 0; i < IDENTIFIER_KEY_BYTES; i++) {
        snprintf(place.key + 2 * i, 3, "%02x", identifier->key[i]);
    }
    place.partition =
        (uint32_t)(hash_fnv1a(identifier_place_key(&place)) % lease_partitions(service->lease));
    return place;
}

bool identifiers_listed(const struct account *account, const struct identifier *identifier)
{
    const struct identifier_state *state = account_identifier(account, identifier);
    return state != NULL && state->stage != IDENTIFIER_LOST && state->stage != IDENTIFIER_RELEASING;
}

bool identifiers_held(const struct account *account, const struct identifier *identifier)
{
    enum member_status status = account_status(account);
    return status != MEMBER_CLOSED && status != MEMBER_ERASED &&
           identifiers_listed(account, identifier);
}

const struct identifier *identifiers_open(const struct account *account)
{
    for (uint32_t i = 0; i < account->identifiers.count; i++) {
        if (account->identifiers.items[i].stage == IDENTIFIER_CLAIMING) {
            return &account->identifiers.items[i].identifier;
        }
    }
    return NULL;
}
