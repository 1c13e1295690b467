// Tables of what requests are made of, and the mutator.
#include "fuzz/calls_input.h"

#include <string.h>

#include "base/check.h"
#include "fuzz/mutate_message.h"
#include "fuzz/request_types.h"
#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"

enum { STEPS_MAX = 64, OWN_PATHS = 4, ARBITRARY = 0xf0 };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const peers[] = {
    "pos/store-1/till-1", "backend/crm", "admin/head-office", "job/nightly",
    "partner/lounge",     "pos/store-2", "nobody/x",          "admin/",
};

static const char *const types[] = {
    [CALLS_GRPC] = "application/grpc",
    [CALLS_GRPC_PROTO] = "application/grpc+proto",
    [CALLS_GRPC_JSON] = "application/grpc+json",
    [CALLS_WEB] = "application/grpc-web",
    [CALLS_WEB_PROTO] = "application/grpc-web+proto",
    [CALLS_WEB_JSON] = "application/grpc-web+json",
    [CALLS_CONNECT] = "application/proto",
    [CALLS_CONNECT_JSON] = "application/json",
    "APPLICATION/gRPC",
    "application/json; charset=utf-8",
    "application/grpc ;x",
    "application/grpc-web-text",
    "application/connect+proto",
    "application/grpc+",
    "application/grpcx",
    "application/jso",
    "application/json, application/proto",
    "text/html",
    "",
    ";",
};

static const struct {
    const char *name;
    const char *value;
} fields[] = {
    [CALLS_TE] = {"te", "trailers"},
    [CALLS_TIMEOUT_5S] = {"grpc-timeout", "5S"},
    [CALLS_TIMEOUT_0] = {"grpc-timeout", "0n"},
    [CALLS_TRACEPARENT] = {"traceparent",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
    [CALLS_CONNECT_VERSION] = {"connect-protocol-version", "1"},
    [CALLS_CONNECT_TIMEOUT] = {"connect-timeout-ms", "5000"},
    [CALLS_GZIP] = {"grpc-encoding", "gzip"},
    [CALLS_CONNECT_GZIP] = {"content-encoding", "gzip"},
    {"grpc-timeout", "99999999H"},
    {"grpc-timeout", "100m"},
    {"grpc-timeout", "123456789m"},
    {"grpc-timeout", "-1S"},
    {"connect-timeout-ms", "0"},
    {"connect-timeout-ms", "9999999999"},
    {"connect-timeout-ms", "1e3"},
    {"connect-protocol-version", "2"},
    {"connect-protocol-version", ""},
    {"grpc-encoding", "identity"},
    {"content-encoding", "identity"},
    {"grpc-encoding", ""},
    {"grpc-accept-encoding", "gzip,identity"},
    {"accept-encoding", "br"},
    {"traceparent", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"},
    {"traceparent", "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"},
    {"content-type", "application/grpc"},
    {"content-type", "application/json"},
    {"content-length", "5"},
    {"user-agent", "x"},
};

static const char *const own_paths[OWN_PATHS] = {
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
};

static const char *const odd_paths[] = {
    "/",
    "*",
    "/loyalty.v1.PointsService/",
    "/loyalty.v1.PointsService/award",
    "/loyalty.v1.PointsService/Award/",
    "/loyalty.v1.PointsService/Award?x=1",
    "/Award",
    "/grpc.health.v1.Health/",
    "/%6coyalty.v1.PointsService/Award",
};

// --- steps ---

bool calls_take(struct fuzz_input *input, struct calls_step *ret_step)
{
    if (input->rest.len < CALLS_HEAD_BYTES) {
        return false;
    }
    ret_step->kind = (enum calls_kind)(fuzz_byte(input) % CALLS_KINDS);
    ret_step->a = fuzz_byte(input);
    ret_step->b = fuzz_byte(input);
    ret_step->c = fuzz_byte(input);
    size_t len = (size_t)fuzz_byte(input) << 8;
    len |= fuzz_byte(input);
    ret_step->bytes = fuzz_bytes(input, len);
    return true;
}

// --- requests: as net lets them through, so well-formed ---

static struct span keep_text(struct calls_request *request, struct span bytes, bool is_name)
{
    size_t room = sizeof(request->text) - request->text_len;
    size_t len = bytes.len < room ? bytes.len : room;
    uint8_t *text = request->text + request->text_len;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = bytes.data[i];
        bool plain = c >= 0x20 && c != 0x7f;
        bool fits_name = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        text[i] = (is_name ? fits_name : plain) ? c : 'x';
    }
    request->text_len += len;
    return span_of(text, len);
}

static void add_field(struct calls_request *request, struct span name, struct span value)
{
    if (request->http.field_count < CALLS_FIELDS_MAX && name.len > 0) {
        request->fields[request->http.field_count++] = (struct http_field){name, value};
    }
}

static void read_fields(struct fuzz_input *input, struct calls_request *request)
{
    uint8_t count = fuzz_byte(input);
    for (uint8_t i = 0; i < count && input->rest.len > 0; i++) {
        uint8_t choice = fuzz_byte(input);
        if (choice < ARBITRARY) {
            size_t index = choice % COUNT(fields);
            add_field(request, span_of_text(fields[index].name), span_of_text(fields[index].value));
            continue;
        }
        struct span name = fuzz_bytes(input, fuzz_byte(input));
        struct span value = fuzz_bytes(input, fuzz_byte(input));
        name = keep_text(request, name, true);
        add_field(request, name, keep_text(request, value, false));
    }
}

static struct span path_of(uint8_t choice, struct calls_request *request, struct span bytes)
{
    if (choice >= CALLS_ANY_PATH) {
        struct span path = keep_text(request, bytes, false);
        return path.len == 0 ? span_of_text("/") : path;
    }
    if (choice >= CALLS_ODD_PATHS) {
        return span_of_text(odd_paths[(choice - CALLS_ODD_PATHS) % COUNT(odd_paths)]);
    }
    if (choice >= CALLS_OWN_PATHS) {
        return span_of_text(own_paths[(choice - CALLS_OWN_PATHS) % OWN_PATHS]);
    }
    return span_of_text(request_type_at(choice)->path);
}

void calls_read_request(const struct calls_step *step, struct calls_request *ret_request)
{
    static const char *const methods[] = {"POST", "POST", "POST", "POST",
                                          "POST", "POST", "GET",  "PUT"};
    struct fuzz_input input = {.rest = step->bytes};
    *ret_request = (struct calls_request){
        .peer = peers[step->a % 8],
        .connection = 1 + (uint64_t)(step->a >> 3) % 4,
    };
    if (step->b < COUNT(types)) {
        add_field(ret_request, span_of_text("content-type"), span_of_text(types[step->b]));
    }
    read_fields(&input, ret_request);
    ret_request->http.method = span_of_text(methods[step->a >> 5]);
    ret_request->http.path = path_of(step->c, ret_request, input.rest);
    ret_request->http.fields = ret_request->fields;
}

// --- mutations ---

struct mutation {
    uint8_t *data;
    size_t len;
    size_t len_max;
    struct fuzz_random random;
    size_t heads[STEPS_MAX]; // where the steps begin
    size_t count;
};

static size_t below(struct mutation *mutation, size_t bound)
{
    return fuzz_random_below(&mutation->random, bound);
}

static void find_steps(struct mutation *mutation)
{
    struct fuzz_input input = {.rest = span_of(mutation->data, mutation->len)};
    struct calls_step step;
    mutation->count = 0;
    while (mutation->count < STEPS_MAX) {
        size_t head = mutation->len - input.rest.len;
        if (!calls_take(&input, &step)) {
            return;
        }
        mutation->heads[mutation->count++] = head;
    }
}

static struct calls_step step_at(const struct mutation *mutation, size_t index)
{
    size_t head = mutation->heads[index];
    CHECK(mutation->data != NULL);
    struct fuzz_input input = {.rest = span_of(mutation->data + head, mutation->len - head)};
    struct calls_step step;
    CHECK(calls_take(&input, &step));
    return step;
}

// Puts other bytes in the place of some; as it was when that would be too long.
static bool replace(struct mutation *mutation, size_t at, size_t old_len, struct span bytes)
{
    if (mutation->len - old_len + bytes.len > mutation->len_max) {
        return false;
    }
    size_t rest = mutation->len - at - old_len;
    memmove(mutation->data + at + bytes.len, mutation->data + at + old_len, rest);
    if (bytes.len > 0) {
        memcpy(mutation->data + at, bytes.data, bytes.len);
    }
    mutation->len = mutation->len - old_len + bytes.len;
    return true;
}

// The type of what is asked by the exchange that this step means; NULL: not known.
static const ProtobufCMessageDescriptor *type_at(const struct mutation *mutation, size_t index)
{
    size_t back = step_at(mutation, index).a;
    while (index-- > 0) {
        struct calls_step step = step_at(mutation, index);
        if (step.kind != CALLS_OPEN || back-- > 0) {
            continue;
        }
        if (step.c < CALLS_OWN_PATHS) {
            return request_type_at(step.c)->type;
        }
        if (step.c >= CALLS_ODD_PATHS) {
            return NULL;
        }
        return (step.c - CALLS_OWN_PATHS) % OWN_PATHS < 2
                   ? &grpc__health__v1__health_check_request__descriptor
                   : &grpc__reflection__v1__server_reflection_request__descriptor;
    }
    return NULL;
}

static void change_bytes(struct mutation *mutation, size_t index)
{
    static uint8_t bytes[UINT16_MAX];
    struct calls_step step = step_at(mutation, index);
    size_t begin = mutation->heads[index] + CALLS_HEAD_BYTES;
    size_t old = step.bytes.len;
    size_t room = mutation->len_max - (mutation->len - old);
    room = room < sizeof(bytes) ? room : sizeof(bytes);
    if (old > room) {
        return;
    }
    if (old > 0) {
        memcpy(bytes, step.bytes.data, old);
    }
    bool is_message = step.kind == CALLS_BODY && step.b % CALLS_LAST % CALLS_FORMS == 0;
    const ProtobufCMessageDescriptor *type = is_message ? type_at(mutation, index) : NULL;
    size_t new = type != NULL ? mutate_message(type, bytes, old, room, &mutation->random)
                              : LLVMFuzzerMutate(bytes, old, room);
    if (replace(mutation, begin, old, span_of(bytes, new))) {
        mutation->data[begin - 2] = (uint8_t)(new >> 8);
        mutation->data[begin - 1] = (uint8_t) new;
    }
}

static void change_choice(struct mutation *mutation, size_t index)
{
    static const uint8_t bounds[] = {CALLS_KINDS, 4, 24, 112};
    size_t which = below(mutation, 4);
    size_t bound = below(mutation, 3) == 0 ? 256 : bounds[which];
    mutation->data[mutation->heads[index] + which] = (uint8_t)below(mutation, bound);
}

static void insert_step(struct mutation *mutation, size_t at)
{
    uint8_t head[CALLS_HEAD_BYTES] = {(uint8_t)below(mutation, CALLS_KINDS),
                                      (uint8_t)below(mutation, 4), (uint8_t)below(mutation, 256),
                                      (uint8_t)below(mutation, 256)};
    (void)replace(mutation, at, 0, span_of(head, sizeof(head)));
}

static void copy_step(struct mutation *mutation, size_t index, size_t at)
{
    static uint8_t copy[UINT16_MAX + CALLS_HEAD_BYTES];
    size_t len = CALLS_HEAD_BYTES + step_at(mutation, index).bytes.len;
    memcpy(copy, mutation->data + mutation->heads[index], len);
    (void)replace(mutation, at, 0, span_of(copy, len));
}

size_t calls_mutate(uint8_t *data, size_t len, size_t len_max, unsigned seed)
{
    struct mutation mutation = {
        .data = data, .len = len, .len_max = len_max, .random = fuzz_random_of(seed)};
    find_steps(&mutation);
    if (mutation.count == 0 || below(&mutation, 10) == 0) {
        return LLVMFuzzerMutate(data, len, len_max);
    }
    size_t index = below(&mutation, mutation.count);
    size_t elsewhere = mutation.heads[below(&mutation, mutation.count)];
    switch (below(&mutation, 8)) {
    case 0:
        insert_step(&mutation, elsewhere);
        break;
    case 1:
        copy_step(&mutation, index, elsewhere);
        break;
    case 2:
        (void)replace(&mutation, mutation.heads[index],
                      CALLS_HEAD_BYTES + step_at(&mutation, index).bytes.len, span_of(NULL, 0));
        break;
    case 3:
    case 4:
        change_choice(&mutation, index);
        break;
    default:
        change_bytes(&mutation, index);
        break;
    }
    return mutation.len;
}
