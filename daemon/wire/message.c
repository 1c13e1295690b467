// Decoding and encoding by protobuf-c, its allocations going to the arena. Its decoder is let at
// bytes only after message_scan has accepted them, so the one thing left to fail is memory.
#include "wire/message.h"

#include <assert.h>
#include <string.h>

#include "base/check.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "wire/field.h"

// Up to so much an answer takes what it may need; a larger one is measured first.
enum { ROOM_BYTES_MAX = 4096 };

static_assert(PROTOBUF_C_TYPE_STRING < PROTOBUF_C_TYPE_BYTES &&
                  PROTOBUF_C_TYPE_BYTES < PROTOBUF_C_TYPE_MESSAGE &&
                  PROTOBUF_C_TYPE_BOOL < PROTOBUF_C_TYPE_STRING,
              "what is sized comes last");

static void *allocate(void *arena, size_t bytes)
{
    return arena_alloc(arena, bytes);
}

static void release(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

enum status message_decode_noting(const ProtobufCMessageDescriptor *type, struct span bytes,
                                  struct arena *arena, ProtobufCMessage **ret_message,
                                  bool *ret_canonical, struct message_fault *ret_fault)
{
    bool canonical = false;
    TRY(message_scan(type, bytes, &canonical, ret_fault));
    ProtobufCAllocator allocator = {
        .alloc = allocate,
        .free = release,
        .allocator_data = arena,
    };
    ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, bytes.len, bytes.data);
    if (message == NULL) {
        return STATUS_NO_MEMORY;
    }
    *ret_message = message;
    *ret_canonical = canonical;
    return STATUS_OK;
}

enum status message_decode(const ProtobufCMessageDescriptor *type, struct span bytes,
                           struct arena *arena, ProtobufCMessage **ret_message,
                           struct message_fault *ret_fault)
{
    bool canonical = false;
    return message_decode_noting(type, bytes, arena, ret_message, &canonical, ret_fault);
}

// A value's tag, and a number, or the length in front of what is sized.
enum {
    TAG_BYTES_MAX = 5,
    NUMBER_BYTES_MAX = 10,
    HEAD_BYTES_MAX = TAG_BYTES_MAX + NUMBER_BYTES_MAX,
    INSTANT_BYTES_MAX = 2 * HEAD_BYTES_MAX,
};

// NOLINTBEGIN(misc-no-recursion): as deep as the contract, which does not recurse

static size_t message_bound(const ProtobufCMessage *message);

// Most are instants, of two numbers.
static size_t inner_bound(const ProtobufCMessage *message)
{
    bool instant = message->descriptor == &google__protobuf__timestamp__descriptor;
    return instant && message->n_unknown_fields == 0 ? INSTANT_BYTES_MAX : message_bound(message);
}

// Of what is in one value that is sized.
static size_t value_bound(ProtobufCType type, const void *value)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(char *const *)value;
        return text == NULL ? 0 : strlen(text);
    }
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)value)->len;
    default: {
        const ProtobufCMessage *inner = *(ProtobufCMessage *const *)value;
        return inner == NULL ? 0 : inner_bound(inner);
    }
    }
}

static bool is_sized(ProtobufCType type)
{
    return type >= PROTOBUF_C_TYPE_STRING;
}

static size_t list_bound(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    size_t count = field_count_const(message, field);
    size_t bytes = count * HEAD_BYTES_MAX;
    size_t stride = field_value_bytes(field->type);
    const uint8_t *values = *(uint8_t *const *)field_place_const(message, field);
    for (size_t i = 0; i < count && is_sized(field->type); i++) {
        bytes += value_bound(field->type, values + i * stride);
    }
    return bytes;
}

// Not less than it packs to, and cheaper to know than its size.
static size_t message_bound(const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    size_t bytes = (size_t)type->n_fields * HEAD_BYTES_MAX;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (field_is_repeated(field)) {
            bytes += list_bound(message, field);
        } else if (is_sized(field->type) &&
                   (!field_is_oneof(field) || field_case_const(message, field) == field->id)) {
            bytes += value_bound(field->type, field_place_const(message, field));
        }
    }
    for (unsigned i = 0; i < message->n_unknown_fields; i++) {
        bytes += HEAD_BYTES_MAX + message->unknown_fields[i].len;
    }
    return bytes;
}

// NOLINTEND(misc-no-recursion)

enum status message_encode(const ProtobufCMessage *message, struct arena *arena,
                           struct span *ret_bytes)
{
    size_t room = message_bound(message);
    if (room > ROOM_BYTES_MAX) {
        room = protobuf_c_message_get_packed_size(message);
    }
    uint8_t *bytes = arena_alloc_raw(arena, room);
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    size_t len = protobuf_c_message_pack(message, bytes);
    CHECK(len <= room);
    *ret_bytes = span_of(bytes, len);
    return STATUS_OK;
}

ProtobufCMessage *message_new(const ProtobufCMessageDescriptor *type, struct arena *arena)
{
    ProtobufCMessage *message = arena_alloc_raw(arena, type->sizeof_message);
    if (message != NULL) {
        protobuf_c_message_init(type, message);
    }
    return message;
}
