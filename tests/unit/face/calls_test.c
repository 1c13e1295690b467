// Calls from the first byte to the last, in every protocol, before a whole service: answers and
// replays, what is answered before the body has come, bodies in pieces, time, clients that go.
#include "unit/face/fake_http.h"

#include "face/codec.h"
#include "wire/message.h"

#define TILL "pos/store-1/till-1"
#define AWARD "/loyalty.v1.PointsService/Award"

static const char *award_text(int64_t amount_minor)
{
    return world_award_text(&fake_world, world_id(&fake_world), "anna", amount_minor);
}

// The answer's message in binary.
static struct span binary(const struct fake *fake, enum fake_protocol protocol,
                          const ProtobufCMessageDescriptor *type)
{
    struct span bytes = fake_answer(fake, protocol);
    struct message_fault fault = {0};
    struct span out;
    enum codec codec = fake_is_json(protocol) ? CODEC_JSON : CODEC_PROTO;
    if (codec_read(codec, bytes, type, &fake_world.arena, &out, &fault) != STATUS_OK) {
        fail_msg("%s: %s in %.*s", fault.path, fault.reason, (int)bytes.len,
                 (const char *)bytes.data);
    }
    return out;
}

static bool is_replayed(const struct fake *fake, enum fake_protocol protocol)
{
    const char *fields = fake_is_framed(protocol) ? fake_status_fields(fake, protocol) : fake->head;
    return strcmp(fake_field(fields, "loyalty-replayed"), "true") == 0;
}

// How a call ended: the code's number of gRPC, or Connect's word.
static const char *code_of(const struct fake *fake, enum fake_protocol protocol)
{
    if (fake_is_framed(protocol)) {
        assert_int_equal(fake->status, 200);
        return fake_field(fake_status_fields(fake, protocol), "grpc-status");
    }
    if (fake->status == 200) {
        return "";
    }
    const char *body = world_text(&fake_world, "%.*s", (int)fake->body.len, fake->body.data);
    const char *code = strstr(body, "\"code\":\"");
    assert_non_null(code);
    return world_text(&fake_world, "%.*s", (int)strcspn(code + 8, "\""), code + 8);
}

// The error is the expected one, in the protocol's own words.
static void assert_code(const struct fake *fake, enum fake_protocol protocol, const char *number,
                        const char *word)
{
    assert_true(fake->ended);
    assert_string_equal(code_of(fake, protocol), fake_is_framed(protocol) ? number : word);
}

// --- answers ---

static void one_request_has_one_answer_in_all(void **state)
{
    (void)state;
    const char *text = award_text(12345);
    struct span first = {0};
    for (int protocol = 0; protocol < FAKE_PROTOCOLS; protocol++) {
        struct fake *fake = fake_call(TILL, protocol, "PointsService/Award", text);
        assert_true(fake->ended && fake->is_call);
        assert_int_equal(fake->status, 200);
        assert_string_equal(fake_field(fake->head, "content-type"), fake_type(protocol));
        struct span answer = binary(fake, protocol, &loyalty__v1__award_response__descriptor);
        assert_int_equal(is_replayed(fake, protocol), protocol != 0);
        if (fake_is_framed(protocol)) {
            assert_string_equal(code_of(fake, protocol), "0");
        }
        first = protocol == 0 ? answer : first;
        assert_true(first.len > 0 && span_equal(first, answer));
    }
    assert_int_equal(world_member(&fake_world.daemons[0], "anna")->standing->balance, 123);
}

static void a_refusal_is_the_same_and_replayed_too(void **state)
{
    (void)state;
    const char *text = world_redeem_text(&fake_world, world_id(&fake_world), "anna", 50);
    for (int protocol = 0; protocol < FAKE_PROTOCOLS; protocol++) {
        struct fake *fake = fake_call(TILL, protocol, "PointsService/Redeem", text);
        assert_code(fake, protocol, "9", "failed_precondition");
        assert_int_equal(is_replayed(fake, protocol), protocol != 0);
    }
}

static void an_error_without_a_message_is_the_head_alone(void **state)
{
    (void)state;
    struct fake *fake = fake_begin(TILL, GRPC, "/loyalty.v1.PointsService/Nothing", "");
    assert_true(fake->ended);
    assert_int_equal(fake->status, 200);
    assert_string_equal(fake_field(fake->head, "content-type"), "application/grpc");
    assert_string_equal(fake_field(fake->head, "grpc-status"), "12");
    assert_string_equal(fake->trailers, "");
    assert_int_equal(fake->body.len, 0);
}

static void a_trace_is_echoed(void **state)
{
    (void)state;
    static const char trace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for (int protocol = 0; protocol < FAKE_PROTOCOLS; protocol++) {
        const char *field = world_text(&fake_world, "traceparent: %s\n", trace);
        struct fake *fake = fake_begin(TILL, protocol, "/loyalty.v1.ClockService/GetClock", field);
        fake_send(fake, fake_message(protocol, "ClockService/GetClock", "{}"), true);
        assert_string_equal(fake_field(fake->head, "traceparent"), trace);
        fake = fake_begin(TILL, protocol, "/loyalty.v1.PointsService/Nothing", field);
        assert_string_equal(fake_field(fake->head, "traceparent"), trace);
        fake = fake_begin(TILL, protocol, "/loyalty.v1.PointsService/Nothing",
                          "traceparent: 00-nonsense\n");
        assert_string_equal(fake_field(fake->head, "traceparent"), "");
    }
}

// --- what is judged by the head ---

static void what_is_no_call_gets_an_http_answer(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *fields;
        uint32_t status;
        const char *name;
    } cases[] = {
        {"GET", "content-type: application/grpc\n", 405, "allow"},
        {"GET", "", 405, "allow"},
        {"PUT", "content-type: text/html\n", 405, "allow"},
        {"POST", "", 415, "accept-post"},
        {"POST", "content-type: text/html\n", 415, "accept-post"},
        {"POST", "content-type: application/grpc-web-text\n", 415, "accept-post"},
        {"POST", "content-type: application/connect+proto\n", 415, "accept-post"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake *fake = fake_exchange(TILL);
        fake_request(fake, cases[i].method, AWARD, cases[i].fields);
        assert_true(fake->ended);
        assert_int_equal(fake->status, cases[i].status);
        assert_true(*fake_field(fake->head, cases[i].name) != '\0');
        fake_send(fake, span_of_text("whatever"), true); // is nobody's
    }
}

static void heads_are_judged_before_bodies(void **state)
{
    (void)state;
    static const struct {
        bool framed;
        const char *path;
        const char *fields;
        const char *number;
        const char *word;
    } cases[] = {
        {true, "/loyalty.v1.PointsService/award", "", "12", ""}, // case counts
        {true, "/", "", "12", ""},
        {true, "/loyalty.v1.AdminService/Backfill", "", "7", ""},
        {true, AWARD, "grpc-timeout: 5\n", "3", ""},
        {true, AWARD, "grpc-timeout: 123456789m\n", "3", ""},
        {true, AWARD, "grpc-encoding: gzip\n", "12", ""},
        {false, "/loyalty.v1.PointsService/Nothing", "", "", "unimplemented"},
        {false, "/loyalty.v1.AdminService/Backfill", "", "", "permission_denied"},
        {false, AWARD, "connect-timeout-ms: 5S\n", "", "invalid_argument"},
        {false, AWARD, "connect-protocol-version: 2\n", "", "invalid_argument"},
        {false, AWARD, "content-encoding: br\n", "", "unimplemented"},
    };
    for (int protocol = 0; protocol < FAKE_PROTOCOLS; protocol++) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            if (cases[i].framed == fake_is_framed(protocol)) {
                struct fake *fake = fake_begin(TILL, protocol, cases[i].path, cases[i].fields);
                assert_code(fake, protocol, cases[i].number, cases[i].word);
            }
        }
    }
}

static void what_encodings_are_taken_is_told(void **state)
{
    (void)state;
    struct fake *fake = fake_begin(TILL, GRPC, AWARD, "grpc-encoding: gzip\n");
    assert_string_equal(fake_field(fake->head, "grpc-accept-encoding"), "identity");
    fake = fake_begin(TILL, CONNECT, AWARD, "content-encoding: gzip\n");
    assert_string_equal(fake_field(fake->head, "accept-encoding"), "identity");
    fake = fake_begin(TILL, WEB, AWARD, "grpc-encoding: identity\n");
    assert_false(fake->ended);
    fake_send(fake, span_of("\x01\0\0\0\x01x", 6), true); // flagged as compressed
    assert_code(fake, WEB, "12", "");
    assert_string_equal(fake_field(fake->head, "grpc-accept-encoding"), "identity");
}

static void harmless_fields_do_no_harm(void **state)
{
    (void)state;
    const char *fields = "te: trailers\nconnect-protocol-version: 1\ngrpc-accept-encoding: gzip\n"
                         "content-encoding: identity\nuser-agent: x\n";
    for (int protocol = 0; protocol < FAKE_PROTOCOLS; protocol++) {
        struct fake *fake = fake_begin(TILL, protocol, "/loyalty.v1.ClockService/GetClock", fields);
        fake_send(fake, fake_message(protocol, "ClockService/GetClock", "{}"), true);
        assert_true(fake->ended);
        assert_int_equal(fake->status, 200);
        assert_true(fake->body.len > 0);
    }
}

// --- bodies ---

static void bodies_may_come_byte_by_byte(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < FAKE_PROTOCOLS; protocol++) {
        struct span body = fake_message(protocol, "PointsService/Award", award_text(100));
        struct fake *fake = fake_begin(TILL, protocol, AWARD, "");
        for (size_t i = 0; i < body.len; i++) {
            assert_false(fake->ended);
            fake_send(fake, span_of(body.data + i, 1), false);
        }
        assert_false(fake->ended); // there might be another message
        fake_send(fake, (struct span){0}, true);
        world_run(&fake_world);
        assert_true(fake->ended);
        assert_false(is_replayed(fake, protocol));
        assert_int_equal(fake->wanted, 0); // it had room from the start: a grant would be a write
    }
}

static void one_message_is_one_message(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *number;
    } cases[] = {
        {"", 0, "12"},                      // none
        {"\0\0\0\0\0\0\0\0\0\0", 10, "12"}, // two
        {"\0\0\0\0\0\0", 6, "12"},          // one and a half
        {"\0\0\0", 3, "13"},                // cut short
        {"\0\0\0\0\2x", 6, "13"},           // cut short
        {"\2\0\0\0\0", 5, "13"},            // no flag of gRPC
        {"\x80\0\0\0\0", 5, "13"},          // trailers are not the client's
        {"\0\xff\xff\xff\xff", 5, "8"},     // too large
    };
    for (int protocol = GRPC; protocol <= WEB_JSON; protocol++) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            struct fake *fake = fake_begin(TILL, protocol, AWARD, "");
            fake_send(fake, span_of(cases[i].bytes, cases[i].len), true);
            assert_code(fake, protocol, cases[i].number, "");
        }
    }
}

static void a_message_has_a_bound(void **state)
{
    (void)state;
    static const uint8_t kib[HTTP_WINDOW_BYTES];
    struct fake *fake = fake_begin(TILL, GRPC, AWARD, "");
    fake_send(fake, span_of("\0\0\x10\0\x01", 5), false); // told before it is sent
    assert_code(fake, GRPC, "8", "");
    fake = fake_begin(TILL, CONNECT, AWARD, "");
    for (size_t i = 0; i < LIMIT_HTTP_MESSAGE_BYTES / sizeof(kib); i++) {
        fake_send(fake, span_of(kib, sizeof(kib) / 2 - 1), false);
        assert_int_equal(fake->wanted, i * sizeof(kib)); // not before half a window is used up
        fake_send(fake, span_of(kib, sizeof(kib) / 2 + 1), false);
        assert_int_equal(fake->wanted, (i + 1) * sizeof(kib));
        assert_false(fake->ended);
    }
    fake_send(fake, span_of(kib, 1), false);
    assert_code(fake, CONNECT, "", "resource_exhausted");
    fake_send(fake, span_of(kib, 1), true); // too late, no matter
    // A whole MiB is taken, and is then what it is: no message.
    fake = fake_begin(TILL, CONNECT, AWARD, "");
    for (size_t i = 0; i < LIMIT_HTTP_MESSAGE_BYTES / sizeof(kib); i++) {
        fake_send(fake, span_of(kib, sizeof(kib)), false);
    }
    fake_send(fake, (struct span){0}, true);
    assert_code(fake, CONNECT, "", "invalid_argument");
}

static void json_says_where_it_is_wrong(void **state)
{
    (void)state;
    struct fake *fake = fake_begin(TILL, CONNECT_JSON, AWARD, "");
    fake_send(fake, span_of_text("{\"sale\": {\"lines\": [{\"amuont\": 1}]}}"), true);
    assert_int_equal(fake->status, 400);
    const char *body =
        world_text(&fake_world, "%.*s", (int)fake->body.len, (const char *)fake->body.data);
    assert_non_null(strstr(body, "\"field\":\"sale.lines[0].amuont\""));
    assert_non_null(strstr(body, "\"reason\":\"MALFORMED\""));
    // Nothing of it is asked of a role that may not ask at all.
    fake = fake_begin("partner/lounge", CONNECT_JSON, AWARD, "");
    assert_code(fake, CONNECT_JSON, "", "permission_denied");
}

// --- time ---

static void time_that_has_run_out_is_not_begun(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < FAKE_PROTOCOLS; protocol++) {
        const char *none =
            fake_is_framed(protocol) ? "grpc-timeout: 0m\n" : "connect-timeout-ms: 0\n";
        struct fake *fake = fake_begin(TILL, protocol, AWARD, none);
        fake_send(fake, fake_message(protocol, "PointsService/Award", award_text(100)), true);
        world_run(&fake_world);
        assert_code(fake, protocol, "14", "unavailable");
    }
    assert_int_equal(world_member(&fake_world.daemons[0], "anna")->seq, 1);
}

// It counts from the head on, and the store is told: nothing lands later.
static void the_time_granted_counts_from_the_head_on(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < FAKE_PROTOCOLS; protocol++) {
        const char *some =
            fake_is_framed(protocol) ? "grpc-timeout: 700m\n" : "connect-timeout-ms: 700\n";
        struct fake *fake = fake_begin(TILL, protocol, AWARD, some);
        world_pass(&fake_world, 400);
        fake_send(fake, fake_message(protocol, "PointsService/Award", award_text(100)), true);
        fake_world.daemons[0].cut = true;
        world_pass(&fake_world, 299);
        assert_false(fake->ended);
        world_pass(&fake_world, 1);
        assert_code(fake, protocol, "2", "unknown");
        world_pass(&fake_world, 1);
        fake_world.daemons[0].cut = false;
        world_run(&fake_world);
        assert_int_equal(world_member(&fake_world.daemons[0], "anna")->seq, 1);
    }
}

// --- clients that go, and such that do not take their answers ---

static void who_goes_is_forgotten_but_not_what_he_asked(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < FAKE_PROTOCOLS; protocol++) {
        const char *text = award_text(100);
        struct fake *fake = fake_begin(TILL, protocol, AWARD, "");
        fake_gone(fake); // before anything came
        fake = fake_begin(TILL, protocol, AWARD, "");
        struct span body = fake_message(protocol, "PointsService/Award", text);
        fake_send(fake, span_of(body.data, body.len / 2), false);
        fake_gone(fake); // half way
        fake = fake_begin(TILL, protocol, AWARD, "");
        fake_send(fake, body, true);
        fake_gone(fake); // before the answer
        world_run(&fake_world);
        assert_int_equal(fake->status, 0);
        fake = fake_call(TILL, protocol, "PointsService/Award", text);
        assert_true(is_replayed(fake, protocol));
    }
    assert_int_equal(fake_face->calls, FAKE_PROTOCOLS);
}

static void answers_wait_for_room(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < FAKE_PROTOCOLS; protocol++) {
        fake_room = 3;
        struct fake *fake = fake_call(TILL, protocol, "PointsService/Award", award_text(100));
        assert_false(fake->ended);
        assert_int_equal(fake->body.len, 0);
        fake_make_room(4);
        assert_false(fake->ended);
        assert_true(fake_face->quotas.bytes > 0);
        fake_make_room(SIZE_MAX);
        assert_true(fake->ended);
        assert_int_equal(fake_face->quotas.bytes, 0);
        (void)binary(fake, protocol, &loyalty__v1__award_response__descriptor);
        if (fake_is_framed(protocol)) {
            assert_string_equal(code_of(fake, protocol), "0");
        }
        // One that goes while its answer waits.
        fake_room = 3;
        fake = fake_call(TILL, protocol, "PointsService/Award", award_text(100));
        fake_gone(fake);
        assert_int_equal(fake_face->quotas.bytes, 0);
        fake_room = SIZE_MAX;
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_request_has_one_answer_in_all),
        TEST(a_refusal_is_the_same_and_replayed_too),
        TEST(an_error_without_a_message_is_the_head_alone),
        TEST(a_trace_is_echoed),
        TEST(what_is_no_call_gets_an_http_answer),
        TEST(heads_are_judged_before_bodies),
        TEST(what_encodings_are_taken_is_told),
        TEST(harmless_fields_do_no_harm),
        TEST(bodies_may_come_byte_by_byte),
        TEST(one_message_is_one_message),
        TEST(a_message_has_a_bound),
        TEST(json_says_where_it_is_wrong),
        TEST(time_that_has_run_out_is_not_begun),
        TEST(the_time_granted_counts_from_the_head_on),
        TEST(who_goes_is_forgotten_but_not_what_he_asked),
        TEST(answers_wait_for_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
