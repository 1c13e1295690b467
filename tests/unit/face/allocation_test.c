// A warm face answers a unary call of usual size without allocating: from its pool of calls, its
// arenas and the service's. What is counted is everything from the head to the end but net.
#include "unit/face/fake_http.h"

#include "support/allocations.h"

enum { WARM = 50, COUNTED = 500, USUAL_BYTES = 64 * 1024 };

// One GetClock over an exchange that has room for its answer.
static void call_once(enum fake_protocol protocol, const struct http_request *request,
                      struct span body)
{
    struct fake *fake = fake_exchange("pos/store-1/till-1");
    assert_int_equal(buffer_reserve(&fake->body, USUAL_BYTES), STATUS_OK);
    counting = true;
    (void)fake_handlers()->on_request(fake_handlers()->context, &fake->shared, request);
    fake_handlers()->on_body(fake_handlers()->context, &fake->shared, body, true);
    counting = false;
    assert_true(fake->ended);
    (void)fake_answer(fake, protocol);
    counting = true;
    fake_gone(fake);
    counting = false;
    fake_forget(fake);
}

static size_t counted(enum fake_protocol protocol)
{
    struct http_field fields[] = {
        {span_of_text("content-type"), span_of_text(fake_type(protocol))},
        {span_of_text("te"), span_of_text("trailers")},
        {span_of_text("grpc-timeout"), span_of_text("5S")},
        {span_of_text("traceparent"),
         span_of_text("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")},
    };
    struct http_request request = {
        .method = span_of_text("POST"),
        .path = span_of_text("/loyalty.v1.ClockService/GetClock"),
        .fields = fields,
        .field_count = 4,
    };
    struct span body = fake_message(protocol, "ClockService/GetClock", "{}");
    for (int i = 0; i < WARM; i++) {
        call_once(protocol, &request, body);
    }
    allocations = 0;
    for (int i = 0; i < COUNTED; i++) {
        call_once(protocol, &request, body);
    }
    return allocations;
}

static void binary_calls_allocate_nothing(void **state)
{
    (void)state;
    assert_int_equal(counted(GRPC), 0);
    assert_int_equal(counted(WEB), 0);
    assert_int_equal(counted(CONNECT), 0);
}

// JSON trees are jansson's, on the heap: some, but no more with every call.
static void json_allocates_its_trees(void **state)
{
    (void)state;
    size_t first = counted(CONNECT_JSON);
    print_message("%zu allocations in %d calls\n", first, COUNTED);
    assert_true(first > 0 && first <= (size_t)64 * COUNTED);
    assert_int_equal(counted(CONNECT_JSON), first);
}

int main(void)
{
    count_allocations();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(binary_calls_allocate_nothing, fake_open, fake_close),
        cmocka_unit_test_setup_teardown(json_allocates_its_trees, fake_open, fake_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
