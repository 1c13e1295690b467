// Reflection: services, files by name and by what they declare, and a client that does not read.
#include "unit/face/fake_http.h"

#include "face/descriptors.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "service/method.h"
#include "wire/message.h"

#define V1 "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
#define V1ALPHA "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"

typedef Grpc__Reflection__V1__ServerReflectionRequest request_message;
typedef Grpc__Reflection__V1__ServerReflectionResponse response_message;

static struct fake *stream;

static struct fake *begin(const char *path)
{
    stream = fake_begin("backend/crm", GRPC, path, "");
    assert_false(stream->is_call || stream->ended);
    return stream;
}

static struct span encoded(const request_message *request)
{
    struct span bytes;
    assert_int_equal(message_encode(&request->base, &fake_world.arena, &bytes), STATUS_OK);
    return fake_framed(GRPC, bytes);
}

static const response_message *response_at(size_t index)
{
    uint8_t flag = 0;
    struct span part;
    ProtobufCMessage *message = NULL;
    struct message_fault fault;
    if (!fake_part(stream, index, &flag, &part)) {
        return NULL;
    }
    assert_int_equal(message_decode(&grpc__reflection__v1__server_reflection_response__descriptor,
                                    part, &fake_world.arena, &message, &fault),
                     STATUS_OK);
    return (const response_message *)message;
}

static size_t asked;

static const response_message *ask(request_message request, int which, const char *text)
{
    request.message_request_case = which;
    request.list_services = (char *)text; // all texts of the oneof share their place
    request.host = (char *)"points.example";
    fake_send(stream, encoded(&request), false);
    const response_message *response = response_at(asked++);
    assert_non_null(response);
    assert_string_equal(response->valid_host, "points.example");
    assert_int_equal((int)response->original_request->message_request_case, which);
    return response;
}

#define ASK(which, text)                                                                           \
    ask((request_message)GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT,                    \
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##which, text)

static int open_stream(void **state)
{
    asked = 0;
    return fake_open(state);
}

static void both_versions_list_the_services(void **state)
{
    (void)state;
    static const char *const paths[] = {V1, V1ALPHA};
    for (size_t i = 0; i < 2; i++) {
        asked = 0;
        begin(paths[i]);
        const response_message *response = ASK(LIST_SERVICES, "*");
        const Grpc__Reflection__V1__ListServiceResponse *list = response->list_services_response;
        assert_non_null(list);
        size_t found = 0;
        for (size_t j = 0; j < method_count(); j++) {
            for (size_t k = 0; k < list->n_service; k++) {
                const char *start = world_text(&fake_world, "/%s/", list->service[k]->name);
                found += strncmp(method_at(j)->path, start, strlen(start)) == 0 ? 1 : 0;
            }
        }
        assert_int_equal(found, method_count());   // each method's service, once
        assert_int_equal(list->n_service, 14 + 3); // health and two versions of reflection
        fake_send(stream, (struct span){0}, true);
        assert_true(stream->ended);
        assert_string_equal(fake_field(stream->trailers, "grpc-status"), "0");
    }
}

struct wanted {
    const Grpc__Reflection__V1__FileDescriptorResponse *files;
    size_t count;
};

static void want_import(void *context, struct span name)
{
    struct wanted *wanted = context;
    const struct descriptors *set = descriptors_built_in();
    struct span bytes = set->files[descriptors_find_file(set, name)].bytes;
    for (size_t i = 0; i < wanted->files->n_file_descriptor_proto; i++) {
        ProtobufCBinaryData file = wanted->files->file_descriptor_proto[i];
        if (span_equal(span_of(file.data, file.len), bytes)) {
            wanted->count++;
            return;
        }
    }
    fail_msg("%.*s is missing", (int)name.len, (const char *)name.data);
}

static void files_come_with_all_they_import(void **state)
{
    (void)state;
    begin(V1);
    const response_message *response = ASK(FILE_BY_FILENAME, "loyalty/v1/points.proto");
    struct wanted wanted = {.files = response->file_descriptor_response};
    const struct descriptors *set = descriptors_built_in();
    struct descriptors_file points =
        set->files[descriptors_find_file(set, span_of_text("loyalty/v1/points.proto"))];
    struct descriptors_file common =
        set->files[descriptors_find_file(set, span_of_text("loyalty/v1/common.proto"))];
    assert_non_null(wanted.files);
    assert_true(span_equal(span_of(wanted.files->file_descriptor_proto[0].data,
                                   wanted.files->file_descriptor_proto[0].len),
                           points.bytes));
    descriptors_each_import(&points, want_import, &wanted);
    descriptors_each_import(&common, want_import, &wanted); // and what those import
    assert_true(wanted.count >= 3);
    response = ASK(FILE_BY_FILENAME, "loyalty/v1/nothing.proto");
    assert_int_equal(response->error_response->error_code, 5);
}

static void everything_declared_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *symbol;
        const char *file; // NULL: not found
    } cases[] = {
        {"loyalty.v1.PointsService", "loyalty/v1/points.proto"},
        {"loyalty.v1.PointsService.Award", "loyalty/v1/points.proto"},
        {"loyalty.v1.AwardRequest", "loyalty/v1/points.proto"},
        {"loyalty.v1.AwardRequest.mutation", "loyalty/v1/points.proto"},
        {"loyalty.v1.MemberRef.by", "loyalty/v1/common.proto"},
        {"loyalty.v1.Error.FiguresEntry", "loyalty/v1/common.proto"},
        {"loyalty.v1.Error.FiguresEntry.key", "loyalty/v1/common.proto"},
        {"loyalty.v1.Code", "loyalty/v1/common.proto"},
        {"loyalty.v1.CODE_ABORTED", "loyalty/v1/common.proto"},
        {"google.rpc.BadRequest.FieldViolation", "google/rpc/error_details.proto"},
        {"google.protobuf.Timestamp", "google/protobuf/timestamp.proto"},
        {"grpc.health.v1.Health.Watch", "grpc/health/v1/health.proto"},
        {"grpc.health.v1.HealthCheckResponse.SERVING", "grpc/health/v1/health.proto"},
        {"grpc.reflection.v1alpha.ServerReflection", "grpc/reflection/v1alpha/reflection.proto"},
        {"loyalty.v1.Code.CODE_ABORTED", NULL}, // values stand beside their enum
        {"loyalty.v1.PointsService.Awar", NULL},
        {"loyalty.v1.PointsService.Award.x", NULL},
        {"loyalty.v1", NULL},
        {"loyalty.v1.", NULL},
        {".loyalty.v1.Code", NULL},
        {"", NULL},
    };
    begin(V1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t index =
            descriptors_find_symbol(descriptors_built_in(), span_of_text(cases[i].symbol));
        const char *found =
            index == SIZE_MAX
                ? ""
                : world_text(&fake_world, "%.*s",
                             (int)descriptors_built_in()->files[index].name.len,
                             (const char *)descriptors_built_in()->files[index].name.data);
        if (strcmp(found, cases[i].file == NULL ? "" : cases[i].file) != 0) {
            fail_msg("%s is found in \"%s\"", cases[i].symbol, found);
        }
        const response_message *response = ASK(FILE_CONTAINING_SYMBOL, cases[i].symbol);
        assert_int_equal(response->error_response != NULL && cases[i].file == NULL,
                         cases[i].file == NULL);
    }
    for (size_t i = 0; i < method_count(); i++) {
        const char *path = method_at(i)->path;
        const char *symbol =
            world_text(&fake_world, "%.*s.%s", (int)(strrchr(path, '/') - path - 1), path + 1,
                       strrchr(path, '/') + 1);
        assert_true(descriptors_find_symbol(descriptors_built_in(), span_of_text(symbol)) !=
                    SIZE_MAX);
    }
}

static void there_are_no_extensions(void **state)
{
    (void)state;
    begin(V1);
    const response_message *response = ASK(ALL_EXTENSION_NUMBERS_OF_TYPE, "loyalty.v1.Error");
    assert_int_equal(response->error_response->error_code, 5);
    Grpc__Reflection__V1__ExtensionRequest extension =
        GRPC__REFLECTION__V1__EXTENSION_REQUEST__INIT;
    request_message request = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION;
    request.file_containing_extension = &extension;
    fake_send(stream, encoded(&request), false);
    assert_int_equal(response_at(1)->error_response->error_code, 5);
    request_message nothing = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
    fake_send(stream, encoded(&nothing), false);
    assert_int_equal(response_at(2)->error_response->error_code, 3);
    fake_send(stream, span_of("\0\0\0\0\1\xff", 6), false); // no message at all
    assert_true(stream->ended);
    assert_string_equal(fake_field(stream->trailers, "grpc-status"), "3");
}

// Many requests at once from a client that takes no answers: one is answered, the others wait
// unread, and no more of them are asked for.
static void who_does_not_read_is_not_read(void **state)
{
    (void)state;
    enum { REQUESTS = 2000 }; // more than half a window
    begin(V1);
    request_message request = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES;
    request.list_services = (char *)"";
    struct span one = encoded(&request);
    fake_room = 0;
    for (int i = 0; i < REQUESTS; i++) {
        // A piece that ends inside a request.
        fake_send(stream, span_of(one.data, 3), false);
        fake_send(stream, span_from(one, 3), i == REQUESTS - 1);
    }
    assert_true(REQUESTS * one.len > HTTP_WINDOW_BYTES / 2);
    assert_int_equal(stream->wanted, 0);
    assert_int_equal(stream->body.len, 0);
    fake_make_room(SIZE_MAX);
    assert_true(stream->ended);
    assert_string_equal(fake_field(stream->trailers, "grpc-status"), "0");
    assert_non_null(response_at(REQUESTS - 1));
    assert_null(response_at(REQUESTS));
}

// One that takes an answer now and then is asked for as much as was answered, however long it goes
// on: what it sends meanwhile is never more than a window.
static void who_reads_slowly_is_read_slowly(void **state)
{
    (void)state;
    static uint8_t empty[HTTP_WINDOW_BYTES]; // requests that ask nothing, of five bytes each
    enum { ROUNDS = 50 };
    begin(V1);
    fake_room = 0;
    for (int i = 0; i < ROUNDS; i++) {
        size_t window = HTTP_WINDOW_BYTES + stream->wanted - stream->sent;
        assert_true(window <= HTTP_WINDOW_BYTES);
        fake_send(stream, span_of(empty, window), false);
        const struct call *call = stream->shared.owner;
        assert_true(call->held.len <= HTTP_WINDOW_BYTES);
        assert_true(call->quota->bytes >= call->held.len); // and it counts
        fake_make_room(60);                                // for one answer, or two
        assert_false(stream->ended);
    }
    assert_true(stream->body.len > 0);
    fake_make_room(SIZE_MAX);
    assert_true(stream->wanted > 0);
    fake_send(stream, (struct span){0}, true);
    assert_true(stream->ended);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stream, fake_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_versions_list_the_services), TEST(files_come_with_all_they_import),
        TEST(everything_declared_is_found),    TEST(there_are_no_extensions),
        TEST(who_does_not_read_is_not_read),   TEST(who_reads_slowly_is_read_slowly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
