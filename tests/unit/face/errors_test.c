// Every code in every protocol: status, sentence, and the details of google.rpc, each as its
// protocol writes it.
#include "unit/face/fake_http.h"

#include <ctype.h>
#include <jansson.h>

#include "face/details.h"
#include "face/rpc_code.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "service/error.h"
#include "wire/base64.h"
#include "wire/message.h"

enum { CODE_FIRST = 2, CODE_LAST = 16 };

static const char sentence[] = "100% of it \xe2\x80\x94 no.";
static const char encoded_sentence[] = "100%25 of it %E2%80%94 no.";

static ProtobufCMessage *decode(const ProtobufCMessageDescriptor *type, struct span bytes)
{
    ProtobufCMessage *message = NULL;
    struct message_fault fault;
    assert_int_equal(message_decode(type, bytes, &fake_world.arena, &message, &fault), STATUS_OK);
    return message;
}

static struct span from_base64(const char *text)
{
    struct span bytes;
    assert_null(strchr(text, '='));
    assert_int_equal(base64_decode(span_of_text(text), &fake_world.arena, &bytes), STATUS_OK);
    return bytes;
}

// One detail of the error that fail_with makes; returns which of them it is, as a bit.
static unsigned check_detail(const char *type, struct span bytes, bool with_field)
{
    if (strcmp(type, "google.rpc.ErrorInfo") == 0) {
        const Google__Rpc__ErrorInfo *info =
            (const Google__Rpc__ErrorInfo *)decode(&google__rpc__error_info__descriptor, bytes);
        assert_string_equal(info->reason, "SOME_REASON");
        assert_string_equal(info->domain, "loyalty");
        assert_int_equal(info->n_metadata, 2);
        assert_string_equal(info->metadata[0]->key, "available");
        assert_string_equal(info->metadata[0]->value, "-120");
        assert_string_equal(info->metadata[1]->value, "9007199254740993");
        return 1;
    }
    if (strcmp(type, "google.rpc.LocalizedMessage") == 0) {
        const Google__Rpc__LocalizedMessage *localized =
            (const Google__Rpc__LocalizedMessage *)decode(
                &google__rpc__localized_message__descriptor, bytes);
        assert_string_equal(localized->locale, "en");
        assert_string_equal(localized->message, sentence);
        return 2;
    }
    if (strcmp(type, "google.rpc.BadRequest") == 0) {
        const Google__Rpc__BadRequest *bad =
            (const Google__Rpc__BadRequest *)decode(&google__rpc__bad_request__descriptor, bytes);
        assert_true(with_field);
        assert_int_equal(bad->n_field_violations, 1);
        assert_string_equal(bad->field_violations[0]->field, "sale.lines[1].amount_minor");
        assert_string_equal(bad->field_violations[0]->description, sentence);
        return 4;
    }
    assert_string_equal(type, "google.rpc.RetryInfo");
    const Google__Rpc__RetryInfo *retry =
        (const Google__Rpc__RetryInfo *)decode(&google__rpc__retry_info__descriptor, bytes);
    assert_int_equal(retry->retry_delay->nanos, 200000000);
    return 8;
}

static unsigned expected_details(int code, bool with_field)
{
    return 3u | (with_field ? 4u : 0u) | (code == LOYALTY__V1__CODE__CODE_UNAVAILABLE ? 8u : 0u);
}

static void check_framed(const struct fake *fake, enum fake_protocol protocol, int code,
                         bool with_field)
{
    assert_int_equal(fake->status, 200);
    const char *fields = fake_status_fields(fake, protocol);
    assert_int_equal(strtol(fake_field(fields, "grpc-status"), NULL, 10), code);
    assert_string_equal(fake_field(fields, "grpc-message"), encoded_sentence);
    const Google__Rpc__Status *status = (const Google__Rpc__Status *)decode(
        &google__rpc__status__descriptor,
        from_base64(fake_field(fields, "grpc-status-details-bin")));
    assert_int_equal(status->code, code);
    assert_string_equal(status->message, sentence);
    unsigned seen = 0;
    for (size_t i = 0; i < status->n_details; i++) {
        static const char prefix[] = "type.googleapis.com/";
        const Google__Protobuf__Any *any = status->details[i];
        assert_int_equal(strncmp(any->type_url, prefix, strlen(prefix)), 0);
        seen |= check_detail(any->type_url + strlen(prefix),
                             span_of(any->value.data, any->value.len), with_field);
    }
    assert_int_equal(seen, expected_details(code, with_field));
}

static const char *text_in(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    assert_non_null(text);
    return text;
}

static void check_connect(const struct fake *fake, int code, bool with_field)
{
    static const uint32_t statuses[] = {[2] = 500,  [3] = 400,  [4] = 504,  [5] = 404,  [6] = 409,
                                        [7] = 403,  [8] = 429,  [9] = 400,  [10] = 409, [11] = 400,
                                        [12] = 501, [13] = 500, [14] = 503, [15] = 500, [16] = 401};
    static const char *const words[] = {[2] = "unknown",
                                        [3] = "invalid_argument",
                                        [4] = "deadline_exceeded",
                                        [5] = "not_found",
                                        [6] = "already_exists",
                                        [7] = "permission_denied",
                                        [8] = "resource_exhausted",
                                        [9] = "failed_precondition",
                                        [10] = "aborted",
                                        [11] = "out_of_range",
                                        [12] = "unimplemented",
                                        [13] = "internal",
                                        [14] = "unavailable",
                                        [15] = "data_loss",
                                        [16] = "unauthenticated"};
    assert_int_equal(fake->status, statuses[code]);
    assert_string_equal(fake_field(fake->head, "content-type"), "application/json");
    json_t *tree = json_loadb((const char *)fake->body.data, fake->body.len, 0, NULL);
    assert_non_null(tree);
    assert_string_equal(text_in(tree, "code"), words[code]);
    assert_string_equal(text_in(tree, "message"), sentence);
    unsigned seen = 0;
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(tree, "details"), index, item)
    {
        const char *type = text_in(item, "type");
        seen |= check_detail(type, from_base64(text_in(item, "value")), with_field);
        const json_t *debug = json_object_get(item, "debug");
        if (strcmp(type, "google.rpc.ErrorInfo") == 0) {
            assert_string_equal(text_in(debug, "reason"), "SOME_REASON");
            assert_string_equal(text_in(json_object_get(debug, "metadata"), "available"), "-120");
        }
    }
    json_decref(tree);
    assert_int_equal(seen, expected_details(code, with_field));
}

// Ends a call by an error of this code.
static struct fake *fail_with(enum fake_protocol protocol, int code, bool with_field)
{
    Loyalty__V1__Error__FiguresEntry available = LOYALTY__V1__ERROR__FIGURES_ENTRY__INIT;
    Loyalty__V1__Error__FiguresEntry large = LOYALTY__V1__ERROR__FIGURES_ENTRY__INIT;
    Loyalty__V1__Error__FiguresEntry *figures[] = {&available, &large};
    available.key = (char *)"available";
    available.value = -120;
    large.key = (char *)"large";
    large.value = INT64_C(9007199254740993);
    Loyalty__V1__Error error = error_make((Loyalty__V1__Code)code, "SOME_REASON",
                                          with_field ? "sale.lines[1].amount_minor" : "", sentence);
    error.n_figures = 2;
    error.figures = figures;
    struct fake *fake =
        fake_begin("pos/store-1/till-1", protocol, "/loyalty.v1.ClockService/GetClock", "");
    call_fail(fake->shared.owner, &error);
    assert_true(fake->ended);
    return fake;
}

static void every_code_in_every_protocol(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < FAKE_PROTOCOLS; protocol++) {
        for (int code = CODE_FIRST; code <= CODE_LAST; code++) {
            struct fake *fake = fail_with(protocol, code, code % 2 == 0);
            if (fake_is_framed(protocol)) {
                check_framed(fake, protocol, code, code % 2 == 0);
            } else {
                check_connect(fake, code, code % 2 == 0);
            }
            fake_gone(fake);
        }
    }
}

// The contract's codes are gRPC's, number by number and word by word.
static void the_contract_has_no_other_codes(void **state)
{
    (void)state;
    const ProtobufCEnumDescriptor *codes = &loyalty__v1__code__descriptor;
    for (unsigned i = 0; i < codes->n_values; i++) {
        const ProtobufCEnumValue *value = &codes->values[i];
        char word[64];
        snprintf(word, sizeof(word), "%s", value->name + strlen("CODE_"));
        for (char *c = word; *c != '\0'; c++) {
            *c = (char)tolower((unsigned char)*c);
        }
        assert_string_equal(word,
                            value->value == 0 ? "unspecified" : rpc_code_of(value->value)->name);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_code_in_every_protocol),
        cmocka_unit_test(the_contract_has_no_other_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
