// Errors go to stderr in a sentence each, with reason and field; with -o json the same as an object
// to stdout besides. A command line tool has nothing to save when memory runs out, so it ends.
#include "ctl/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/print.h"
#include "lib/encode.h"

enum { PATH_BYTES_MAX = 4096 };

static const char *tls_path(struct session *session, const char *given, const char *name,
                            const char *suffix)
{
    const struct globals *globals = session->globals;
    if (given != NULL || globals->tls == NULL) {
        return given;
    }
    char *path = arena_printf(&session->arena, "%s/%s%s", globals->tls, name, suffix);
    return path;
}

struct loyalty_options session_options(struct session *session)
{
    const struct globals *globals = session->globals;
    return (struct loyalty_options){
        .server = globals->server,
        .ca_path = tls_path(session, globals->ca, "ca", ".pem"),
        .certificate_path = tls_path(session, globals->cert, globals->as, ".pem"),
        .key_path = tls_path(session, globals->key, globals->as, ".key"),
    };
}

static int open_client(struct session *session)
{
    struct loyalty_options options = session_options(session);
    if (options.server == NULL) {
        (void)fprintf(stderr, "loyaltyctl: which server? --server HOST:PORT or LOYALTY_SERVER\n");
        return CTL_USAGE;
    }
    if (options.ca_path == NULL || options.certificate_path == NULL || options.key_path == NULL) {
        (void)fprintf(stderr, "loyaltyctl: which certificate? --tls DIR --as NAME, LOYALTY_TLS, or "
                              "--ca, --cert and --key\n");
        return CTL_USAGE;
    }
    char error[LOYALTY_ERROR_BYTES];
    session->client = loyalty_new(&options, error);
    if (session->client == NULL) {
        (void)fprintf(stderr, "loyaltyctl: %s\n", error);
        return CTL_USAGE;
    }
    return CTL_OK;
}

int session_prepare(struct session *session, const struct globals *globals)
{
    *session = (struct session){.globals = globals};
    arena_init(&session->arena, SESSION_ARENA_BYTES);
    return open_client(session);
}

int session_open(struct session *session, const struct globals *globals)
{
    int code = session_prepare(session, globals);
    if (code != CTL_OK) {
        return code;
    }
    enum loyalty_outcome outcome = loyalty_connect(session->client);
    if (outcome != LOYALTY_APPLIED) {
        (void)fprintf(stderr, "loyaltyctl: %s\n", loyalty_error(session->client));
        return CTL_RETRY_LATER;
    }
    return CTL_OK;
}

void session_close(struct session *session)
{
    loyalty_free(session->client);
    arena_fini(&session->arena);
    *session = (struct session){0};
}

int session_exit_code(enum loyalty_outcome outcome)
{
    switch (outcome) {
    case LOYALTY_APPLIED:
    case LOYALTY_DUPLICATE:
        return CTL_OK;
    case LOYALTY_REFUSED:
        return CTL_REFUSED;
    case LOYALTY_RETRY_LATER:
        return CTL_RETRY_LATER;
    case LOYALTY_OUTCOME_UNKNOWN:
        break;
    }
    return CTL_UNKNOWN;
}

static void complain_json(const struct loyalty_reply *reply)
{
    json_t *figures = json_object();
    for (size_t i = 0; i < reply->figure_count; i++) {
        (void)json_object_set_new(figures, reply->figures[i].name,
                                  json_integer(reply->figures[i].value));
    }
    json_t *object =
        json_pack("{s:s, s:b, s:s, s:s, s:s, s:o}", "outcome", loyalty_outcome_name(reply->outcome),
                  "replayed", reply->replayed, "reason", reply->reason, "field", reply->field,
                  "message", reply->message, "figures", figures);
    if (object != NULL) {
        (void)json_dumpf(object, stdout, JSON_INDENT(2));
        (void)putchar('\n');
    }
    json_decref(object);
}

void session_complain(const struct session *session, const struct loyalty_reply *reply,
                      const char *request_id)
{
    if (session->globals->json) {
        complain_json(reply);
    }
    (void)fprintf(stderr, "loyaltyctl: %s (%s%s%s", reply->message, reply->reason,
                  *reply->field == '\0' ? "" : " in ", reply->field);
    for (size_t i = 0; i < reply->figure_count; i++) {
        (void)fprintf(stderr, "; %s %lld", reply->figures[i].name,
                      (long long)reply->figures[i].value);
    }
    (void)fprintf(stderr, ")%s\n", reply->replayed ? ", as the first time" : "");
    if (request_id != NULL && reply->outcome == LOYALTY_RETRY_LATER) {
        (void)fprintf(stderr, "Nothing happened. Again with --request-id %s\n", request_id);
    } else if (request_id != NULL && reply->outcome == LOYALTY_OUTCOME_UNKNOWN) {
        (void)fprintf(stderr, "It may have happened or not. Again with --request-id %s\n",
                      request_id);
    }
}

int session_ask(struct session *session, const char *method, const ProtobufCMessage *request,
                struct loyalty_reply *ret_reply)
{
    size_t len = protobuf_c_message_get_packed_size(request);
    uint8_t *bytes = session_alloc(session, len);
    (void)protobuf_c_message_pack(request, bytes);
    enum loyalty_outcome outcome =
        loyalty_call(session->client, method, bytes, len, session->globals->timeout_ms, ret_reply);
    session->replayed = ret_reply->replayed;
    return session_exit_code(outcome);
}

static void *allocate(void *session, size_t bytes)
{
    return session_alloc(session, bytes);
}

static void release(void *session, void *memory)
{
    (void)session;
    (void)memory;
}

ProtobufCMessage *session_unpack(struct session *session, const struct loyalty_reply *reply,
                                 const ProtobufCMessageDescriptor *type)
{
    ProtobufCAllocator allocator = {.alloc = allocate, .free = release, .allocator_data = session};
    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &allocator, reply->payload_bytes, reply->payload);
    if (message == NULL) {
        (void)fprintf(stderr, "loyaltyctl: the answer is no %s\n", type->name);
    }
    return message;
}

int session_call(struct session *session, const char *method, const ProtobufCMessage *request,
                 const char *request_id, const ProtobufCMessageDescriptor *type,
                 ProtobufCMessage **ret_answer)
{
    struct loyalty_reply reply;
    int code = session_ask(session, method, request, &reply);
    if (code != CTL_OK) {
        session_complain(session, &reply, request_id);
    } else {
        *ret_answer = session_unpack(session, &reply, type);
        code = *ret_answer == NULL ? CTL_UNKNOWN : CTL_OK;
    }
    loyalty_reply_fini(&reply);
    return code;
}

void *session_alloc(struct session *session, size_t bytes)
{
    void *memory = arena_alloc(&session->arena, bytes);
    if (memory == NULL) {
        (void)fprintf(stderr, "loyaltyctl: out of memory\n");
        exit(CTL_RETRY_LATER);
    }
    return memory;
}

Loyalty__V1__Mutation *session_mutation(struct session *session, const char *request_id)
{
    struct loyalty_request request;
    if (!loyalty_request_init(session->client, &request)) {
        (void)fprintf(stderr, "loyaltyctl: the system gives no random numbers\n");
        exit(CTL_RETRY_LATER);
    }
    if (request_id != NULL) {
        (void)snprintf(request.request_id, sizeof(request.request_id), "%s", request_id);
    }
    // The encoded message borrows the id.
    struct loyalty_request *kept = session_alloc(session, sizeof(*kept));
    *kept = request;
    Loyalty__V1__Mutation *mutation = ly_encode_mutation(&session->arena, kept);
    return mutation != NULL ? mutation : session_alloc(session, SIZE_MAX);
}

Loyalty__V1__MemberRef *session_member(struct session *session, const struct loyalty_member *member)
{
    Loyalty__V1__MemberRef *ref = ly_encode_member(&session->arena, member);
    return ref != NULL ? ref : session_alloc(session, SIZE_MAX);
}

Loyalty__V1__MemberRef *session_person(struct session *session, const struct loyalty_member *member)
{
    return member->value == NULL ? NULL : session_member(session, member);
}

Google__Protobuf__Timestamp *session_instant(struct session *session, int64_t instant_ms)
{
    Google__Protobuf__Timestamp *instant = ly_encode_instant(&session->arena, instant_ms);
    return instant != NULL ? instant : session_alloc(session, SIZE_MAX);
}
