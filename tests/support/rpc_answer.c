// Reading answers. What is wrong first is told, and nothing after it believed.
#include "support/rpc_answer.h"

#include <jansson.h>
#include <string.h>

#include "base/check.h"
#include "face/body.h"
#include "face/rpc_code.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "wire/base64.h"
#include "wire/message.h"
#include "wire/text.h"

enum { HTTP_OK = 200, CODES = 17, FLAG_TRAILERS = 0x80, FLAG_CONNECT_END = 2 };

struct reading {
    const struct rpc_came *came;
    const struct media *media;
    struct arena *arena;
    struct rpc_answer *answer;
};

static bool wrong(struct reading *reading, const char *problem)
{
    reading->answer->problem = problem;
    return false;
}

// --- fields ---

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    CHECK(end != NULL);
    return end + 1;
}

static size_t count_fields(const char *lines, const char *name, struct span *ret_value)
{
    size_t count = 0;
    size_t len = strlen(name);
    for (const char *line = lines; *line != '\0'; line = next_line(line)) {
        if (strncmp(line, name, len) == 0 && strncmp(line + len, ": ", 2) == 0) {
            const char *value = line + len + 2;
            *ret_value = span_of(value, (size_t)(next_line(line) - 1 - value));
            count++;
        }
    }
    return count;
}

struct span rpc_field(const char *lines, const char *name)
{
    struct span value = {0};
    return count_fields(lines, name, &value) == 1 ? value : (struct span){0};
}

static bool has_field(const char *lines, const char *name)
{
    struct span value;
    return count_fields(lines, name, &value) > 0;
}

// --- details ---

// The messages of an error, in the order in which they stand.
static bool read_detail(struct reading *reading, struct span type, struct span bytes, size_t index)
{
    static const ProtobufCMessageDescriptor *const types[] = {
        &google__rpc__error_info__descriptor,
        &google__rpc__bad_request__descriptor,
        &google__rpc__localized_message__descriptor,
        &google__rpc__retry_info__descriptor,
    };
    struct message_fault fault;
    ProtobufCMessage *message = NULL;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]) && message == NULL; i++) {
        if (span_is_text(type, types[i]->name) &&
            message_decode(types[i], bytes, reading->arena, &message, &fault) != STATUS_OK) {
            return wrong(reading, "a detail is not of its type");
        }
    }
    if (message == NULL) {
        return wrong(reading, "a detail is of a type that nobody knows");
    }
    if (index > 0) {
        return true;
    }
    const Google__Rpc__ErrorInfo *info = (const Google__Rpc__ErrorInfo *)message;
    if (message->descriptor != &google__rpc__error_info__descriptor || info->reason[0] == '\0' ||
        strcmp(info->domain, "loyalty") != 0) {
        return wrong(reading, "the first detail does not say the reason");
    }
    reading->answer->reason = info->reason;
    return true;
}

static bool read_details(struct reading *reading, struct span base64, struct span message)
{
    static const char prefix[] = "type.googleapis.com/";
    struct message_fault fault;
    ProtobufCMessage *decoded = NULL;
    struct span bytes;
    if (base64_decode(base64, reading->arena, &bytes) != STATUS_OK ||
        message_decode(&google__rpc__status__descriptor, bytes, reading->arena, &decoded, &fault) !=
            STATUS_OK) {
        return wrong(reading, "grpc-status-details-bin is no google.rpc.Status");
    }
    const Google__Rpc__Status *status = (const Google__Rpc__Status *)decoded;
    if (status->code != reading->answer->code || !span_is_text(message, status->message)) {
        return wrong(reading, "the details say another status");
    }
    if (status->n_details < 2) {
        return wrong(reading, "details are missing");
    }
    for (size_t i = 0; i < status->n_details; i++) {
        const Google__Protobuf__Any *any = status->details[i];
        if (strncmp(any->type_url, prefix, strlen(prefix)) != 0) {
            return wrong(reading, "a detail's type is no URL");
        }
        struct span type = span_of_text(any->type_url + strlen(prefix));
        if (!read_detail(reading, type, span_of(any->value.data, any->value.len), i)) {
            return false;
        }
    }
    return true;
}

// --- gRPC's status ---

static int hex_digit(uint8_t c)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *place = c == 0 ? NULL : strchr(digits, c);
    return place == NULL ? -1 : (int)(place - digits);
}

static bool percent_decode(struct span text, struct arena *arena, struct span *ret_text)
{
    uint8_t *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    CHECK(out != NULL);
    for (size_t i = 0; i < text.len; i++) {
        out[len] = text.data[i];
        if (text.data[i] == '%') {
            int high = i + 2 < text.len ? hex_digit(text.data[i + 1]) : -1;
            int low = high < 0 ? -1 : hex_digit(text.data[i + 2]);
            if (low < 0) {
                return false;
            }
            out[len] = (uint8_t)(high * 16 + low);
            i += 2;
        } else if (text.data[i] < 0x20 || text.data[i] > 0x7e) {
            return false;
        }
        len++;
    }
    *ret_text = span_of(out, len);
    return text_is_clean(*ret_text);
}

static int code_of_number(struct span number)
{
    for (int code = 0; code < CODES; code++) {
        if (span_is_text(number, rpc_code_of(code)->number)) {
            return code;
        }
    }
    return -1;
}

// The end of a gRPC or gRPC-Web answer.
static bool read_status(struct reading *reading, const char *lines)
{
    struct rpc_answer *answer = reading->answer;
    struct span replayed = rpc_field(lines, "loyalty-replayed");
    struct span message = rpc_field(lines, "grpc-message");
    struct span details = rpc_field(lines, "grpc-status-details-bin");
    answer->code = code_of_number(rpc_field(lines, "grpc-status"));
    answer->replayed = span_is_text(replayed, "true");
    if (answer->code < 0) {
        return wrong(reading, "it has no grpc-status, or a wrong one");
    }
    if (answer->code == 0) {
        bool more = has_field(lines, "grpc-message") || has_field(lines, "grpc-status-details-bin");
        return !more || wrong(reading, "it is OK, and yet says what is wrong");
    }
    answer->bare = message.data == NULL && details.data == NULL;
    if (answer->bare) {
        return true;
    }
    if (message.data == NULL || !percent_decode(message, reading->arena, &message) ||
        message.len == 0) {
        return wrong(reading, "its grpc-message is none");
    }
    return read_details(reading, details, message);
}

// --- bodies in frames ---

// The next frame of `rest`; false when that is none.
static bool take_frame(struct span *rest, uint8_t *ret_flag, struct span *ret_bytes)
{
    if (rest->len < BODY_PREFIX_BYTES) {
        return false;
    }
    const uint8_t *data = rest->data;
    size_t len = (size_t)data[1] << 24 | (size_t)data[2] << 16 | (size_t)data[3] << 8 | data[4];
    if (len > rest->len - BODY_PREFIX_BYTES) {
        return false;
    }
    *ret_flag = data[0];
    *ret_bytes = span_of(data + BODY_PREFIX_BYTES, len);
    *rest = span_from(*rest, BODY_PREFIX_BYTES + len);
    return true;
}

// "name: value\r\n" a field; with the line ends of ours.
static const char *lines_of(struct arena *arena, struct span text)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    CHECK(out != NULL);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\r' && i + 1 < text.len && text.data[i + 1] == '\n') {
            continue;
        }
        if (text.data[i] == '\n' && (i == 0 || text.data[i - 1] != '\r')) {
            return NULL;
        }
        out[len++] = (char)text.data[i];
    }
    return len > 0 && out[len - 1] == '\n' ? out : NULL;
}

// All messages, then gRPC-Web's trailers, if that is what it is.
static bool read_frames(struct reading *reading, const char **ret_trailers)
{
    struct rpc_answer *answer = reading->answer;
    struct span rest = reading->came->body;
    uint8_t flag = 0;
    struct span bytes;
    *ret_trailers = NULL;
    while (rest.len > 0) {
        if (!take_frame(&rest, &flag, &bytes)) {
            return wrong(reading, "its body ends inside a message");
        }
        if (flag == 0) {
            answer->message = answer->messages == 0 ? bytes : answer->message;
            answer->messages++;
            continue;
        }
        if (flag != FLAG_TRAILERS || reading->media->protocol != &protocol_grpc_web) {
            return wrong(reading, "a message has a flag that is none");
        }
        *ret_trailers = lines_of(reading->arena, bytes);
        if (rest.len > 0 || *ret_trailers == NULL) {
            return wrong(reading, "the trailers in its body are not whole, or not the last");
        }
    }
    return true;
}

static bool read_grpc(struct reading *reading)
{
    const struct rpc_came *came = reading->came;
    const char *in_body = NULL;
    if (came->status != HTTP_OK) {
        return wrong(reading, "its HTTP status is not 200");
    }
    if (!span_is_text(rpc_field(came->head, "content-type"), reading->media->name)) {
        return wrong(reading, "it is of another content type");
    }
    if (came->body.len == 0 && has_field(came->head, "grpc-status")) {
        return came->trailers[0] == '\0' ? read_status(reading, came->head)
                                         : wrong(reading, "trailers after Trailers-Only");
    }
    if (has_field(came->head, "grpc-status")) {
        return wrong(reading, "its head has a grpc-status, and then there is a body");
    }
    if (!read_frames(reading, &in_body)) {
        return false;
    }
    if (reading->media->protocol == &protocol_grpc) {
        return read_status(reading, came->trailers);
    }
    if (in_body == NULL || came->trailers[0] != '\0') {
        return wrong(reading, "its trailers are not in its body");
    }
    return read_status(reading, in_body);
}

// --- Connect ---

static struct span text_in(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? span_of(json_string_value(value), json_string_length(value))
                                 : (struct span){0};
}

static bool read_connect_details(struct reading *reading, const json_t *list)
{
    if (!json_is_array(list) || json_array_size(list) < 2) {
        return wrong(reading, "details are missing");
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct span bytes;
        if (base64_decode(text_in(item, "value"), reading->arena, &bytes) != STATUS_OK) {
            return wrong(reading, "a detail is no base64");
        }
        if (!read_detail(reading, text_in(item, "type"), bytes, i)) {
            return false;
        }
    }
    return true;
}

static bool read_connect_object(struct reading *reading, const json_t *tree)
{
    struct span word = text_in(tree, "code");
    for (int code = 1; code < CODES; code++) {
        if (span_is_text(word, rpc_code_of(code)->name)) {
            reading->answer->code = code;
        }
    }
    if (reading->answer->code == 0) {
        return wrong(reading, "its code is none");
    }
    if (text_in(tree, "message").len == 0) {
        return wrong(reading, "it has no message");
    }
    return read_connect_details(reading, json_object_get(tree, "details"));
}

// The first code that is said with this HTTP status.
static bool read_connect_bare(struct reading *reading)
{
    reading->answer->bare = true;
    for (int code = 1; code < CODES && reading->answer->code == 0; code++) {
        bool same = rpc_code_of(code)->http_status == reading->came->status;
        reading->answer->code = same ? code : 0;
    }
    return reading->answer->code != 0 || wrong(reading, "its HTTP status is that of no code");
}

static bool read_connect(struct reading *reading)
{
    const struct rpc_came *came = reading->came;
    struct span type = rpc_field(came->head, "content-type");
    struct span replayed = rpc_field(came->head, "loyalty-replayed");
    reading->answer->replayed = span_is_text(replayed, "true");
    if (came->trailers[0] != '\0') {
        return wrong(reading, "it has trailers");
    }
    if (came->status == HTTP_OK) {
        reading->answer->messages = 1;
        reading->answer->message = came->body;
        return span_is_text(type, reading->media->name) ||
               wrong(reading, "it is of another content type");
    }
    if (!span_is_text(type, "application/json")) {
        return wrong(reading, "an error is not JSON");
    }
    if (came->body.len == 0) {
        return read_connect_bare(reading);
    }
    json_t *tree =
        json_loadb((const char *)came->body.data, came->body.len, JSON_REJECT_DUPLICATES, NULL);
    bool good =
        tree == NULL ? wrong(reading, "an error is not JSON") : read_connect_object(reading, tree);
    json_decref(tree);
    bool same = !good || rpc_code_of(reading->answer->code)->http_status == came->status;
    return good && (same || wrong(reading, "its code is not that of its HTTP status"));
}

// The last message of a stream: how it ended.
static bool read_connect_end(struct reading *reading, struct span bytes)
{
    json_t *tree = json_loadb((const char *)bytes.data, bytes.len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *error = json_object_get(tree, "error");
    bool good = json_is_object(tree) || wrong(reading, "its end is no JSON object");
    good = good && (error == NULL || read_connect_object(reading, error));
    json_decref(tree);
    return good;
}

static bool read_connect_stream(struct reading *reading)
{
    const struct rpc_came *came = reading->came;
    struct rpc_answer *answer = reading->answer;
    struct span rest = came->body;
    uint8_t flag = 0;
    struct span bytes;
    if (came->status != HTTP_OK || came->trailers[0] != '\0' ||
        !span_is_text(rpc_field(came->head, "content-type"), reading->media->name)) {
        return wrong(reading, "it is no stream of Connect's");
    }
    while (take_frame(&rest, &flag, &bytes) && flag == 0) {
        answer->message = answer->messages == 0 ? bytes : answer->message;
        answer->messages++;
    }
    if (flag != FLAG_CONNECT_END || rest.len > 0) {
        return wrong(reading, "its end is not whole, or not the last");
    }
    return read_connect_end(reading, bytes);
}

void rpc_answer_read(const struct rpc_came *came, const struct media *media, struct arena *arena,
                     struct rpc_answer *ret_answer)
{
    struct reading reading = {came, media, arena, ret_answer};
    *ret_answer = (struct rpc_answer){.reason = ""};
    bool good = false;
    if (media->protocol == &protocol_connect) {
        good = read_connect(&reading);
    } else if (media->protocol == &protocol_connect_stream) {
        good = read_connect_stream(&reading);
    } else {
        good = read_grpc(&reading);
    }
    CHECK(good == (ret_answer->problem == NULL));
}
