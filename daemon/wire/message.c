// Decoding and encoding by protobuf-c, its allocations going to the arena. Its decoder is let at
// bytes only after message_scan has accepted them, so the one thing left to fail is memory.
#include "wire/message.h"

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

enum status message_encode(const ProtobufCMessage *message, struct arena *arena,
                           struct span *ret_bytes)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = arena_alloc_raw(arena, len);
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    *ret_bytes = span_of(bytes, protobuf_c_message_pack(message, bytes));
    return STATUS_OK;
}

ProtobufCMessage *message_new(const ProtobufCMessageDescriptor *type, struct arena *arena)
{
    ProtobufCMessage *message = arena_alloc(arena, type->sizeof_message);
    if (message != NULL) {
        protobuf_c_message_init(type, message);
    }
    return message;
}
