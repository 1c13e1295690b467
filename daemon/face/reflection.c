// Reflection: every request is answered by itself, in order; a client that does not take its
// answers is not asked for more requests.
#include "face/reflection.h"

#include "base/arena.h"
#include "base/check.h"
#include "face/call.h"
#include "face/descriptors.h"
#include "face/face_parts.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "loyalty/v1/common.pb-c.h"
#include "service/error.h"

typedef Grpc__Reflection__V1__ServerReflectionRequest request_message;
typedef Grpc__Reflection__V1__ServerReflectionResponse response_message;

#define ASKS(what) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##what
#define GIVES(what) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##what

static enum status refuse(struct arena *arena, Loyalty__V1__Code code, const char *text,
                          response_message *response)
{
    Grpc__Reflection__V1__ErrorResponse *error = arena_alloc(arena, sizeof(*error));
    if (error == NULL) {
        return STATUS_NO_MEMORY;
    }
    grpc__reflection__v1__error_response__init(error);
    error->error_code = (int32_t)code;
    error->error_message = (char *)text;
    response->message_response_case = GIVES(ERROR_RESPONSE);
    response->error_response = error;
    return STATUS_OK;
}

// --- files ---

// A file and all it needs, in the order in which they were found.
struct gathering {
    const struct descriptors *set;
    size_t order[DESCRIPTORS_FILES];
    size_t count;
};

static void gather(struct gathering *gathering, size_t index)
{
    for (size_t i = 0; i < gathering->count; i++) {
        if (gathering->order[i] == index) {
            return;
        }
    }
    gathering->order[gathering->count++] = index;
}

static void on_import(void *context, struct span name)
{
    struct gathering *gathering = context;
    size_t index = descriptors_find_file(gathering->set, name);
    CHECK(index != SIZE_MAX); // protoc was told to include them
    gather(gathering, index);
}

static enum status give_file(struct arena *arena, const struct descriptors *set, size_t index,
                             response_message *response)
{
    if (index == SIZE_MAX) {
        return refuse(arena, LOYALTY__V1__CODE__CODE_NOT_FOUND, "There is no such file or symbol.",
                      response);
    }
    struct gathering gathering = {.set = set};
    gather(&gathering, index);
    for (size_t i = 0; i < gathering.count; i++) {
        descriptors_each_import(&set->files[gathering.order[i]], on_import, &gathering);
    }
    Grpc__Reflection__V1__FileDescriptorResponse *files = arena_alloc(arena, sizeof(*files));
    ProtobufCBinaryData *items = arena_alloc_array(arena, gathering.count, sizeof(*items));
    if (files == NULL || items == NULL) {
        return STATUS_NO_MEMORY;
    }
    grpc__reflection__v1__file_descriptor_response__init(files);
    for (size_t i = 0; i < gathering.count; i++) {
        struct span bytes = set->files[gathering.order[i]].bytes;
        items[i] = (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)bytes.data};
    }
    files->n_file_descriptor_proto = gathering.count;
    files->file_descriptor_proto = items;
    response->message_response_case = GIVES(FILE_DESCRIPTOR_RESPONSE);
    response->file_descriptor_response = files;
    return STATUS_OK;
}

// --- services ---

struct listing {
    struct arena *arena;
    Grpc__Reflection__V1__ServiceResponse *items[DESCRIPTORS_FILES];
    size_t count;
    enum status status;
};

static void on_service(void *context, struct span name)
{
    struct listing *listing = context;
    struct span copy;
    Grpc__Reflection__V1__ServiceResponse *item = arena_alloc(listing->arena, sizeof(*item));
    CHECK(listing->count < DESCRIPTORS_FILES);
    if (item == NULL || arena_copy(listing->arena, name, &copy) != STATUS_OK) {
        listing->status = STATUS_NO_MEMORY;
        return;
    }
    grpc__reflection__v1__service_response__init(item);
    item->name = (char *)copy.data;
    listing->items[listing->count++] = item;
}

static enum status list_services(struct arena *arena, const struct descriptors *set,
                                 response_message *response)
{
    struct listing listing = {.arena = arena};
    for (size_t i = 0; i < set->count; i++) {
        descriptors_each_service(&set->files[i], on_service, &listing);
    }
    TRY(listing.status);
    Grpc__Reflection__V1__ListServiceResponse *list = arena_alloc(arena, sizeof(*list));
    Grpc__Reflection__V1__ServiceResponse **items =
        arena_alloc_array(arena, listing.count, sizeof(void *));
    if (list == NULL || items == NULL) {
        return STATUS_NO_MEMORY;
    }
    grpc__reflection__v1__list_service_response__init(list);
    for (size_t i = 0; i < listing.count; i++) {
        items[i] = listing.items[i];
    }
    list->n_service = listing.count;
    list->service = items;
    response->message_response_case = GIVES(LIST_SERVICES_RESPONSE);
    response->list_services_response = list;
    return STATUS_OK;
}

// --- requests ---

static enum status answer(struct arena *arena, const request_message *request,
                          response_message *response)
{
    const struct descriptors *set = descriptors_built_in();
    switch (request->message_request_case) {
    case ASKS(FILE_BY_FILENAME):
        return give_file(arena, set,
                         descriptors_find_file(set, span_of_text(request->file_by_filename)),
                         response);
    case ASKS(FILE_CONTAINING_SYMBOL):
        return give_file(
            arena, set, descriptors_find_symbol(set, span_of_text(request->file_containing_symbol)),
            response);
    case ASKS(LIST_SERVICES):
        return list_services(arena, set, response);
    case ASKS(FILE_CONTAINING_EXTENSION):
    case ASKS(ALL_EXTENSION_NUMBERS_OF_TYPE):
        return refuse(arena, LOYALTY__V1__CODE__CODE_NOT_FOUND, "There are no extensions.",
                      response);
    default:
        return refuse(arena, LOYALTY__V1__CODE__CODE_INVALID_ARGUMENT, "Nothing is asked.",
                      response);
    }
}

static void on_request(struct call *call, const ProtobufCMessage *message)
{
    const request_message *request = (const request_message *)message;
    response_message response = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;
    response.valid_host = request->host;
    response.original_request = (request_message *)request;
    if (answer(&call->face->incoming, request, &response) == STATUS_OK) {
        (void)own_send(call, &response.base); // the next request waits for room anyway
        return;
    }
    Loyalty__V1__Error error = error_make(LOYALTY__V1__CODE__CODE_UNAVAILABLE, "NO_MEMORY", "",
                                          "Out of memory; try again.");
    call_fail(call, &error);
}

const struct stream_handler reflection_info = {
    .many = true,
    .on_message = on_request,
    .on_half_closed = own_end,
};
