// The table of requests in flight: ids are never used twice, late answers find nothing.
#include "lib/requests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/client.h"

static void an_id_finds_its_request_once(void **state)
{
    (void)state;
    struct ly_requests requests = {0};
    struct ly_request taken;
    struct ly_request *one = ly_requests_add(&requests, 100);
    assert_non_null(one);
    uint64_t id = one->correlation_id;
    assert_true(id != 0);
    assert_true(ly_requests_take(&requests, id, &taken));
    assert_int_equal(taken.correlation_id, id);
    assert_false(ly_requests_take(&requests, id, &taken));
    assert_false(ly_requests_take(&requests, 0, &taken));
    assert_false(ly_requests_take(&requests, UINT64_MAX, &taken));
    // The slot is used again, the id is not.
    struct ly_request *two = ly_requests_add(&requests, 100);
    assert_non_null(two);
    assert_true(two->correlation_id != id);
    assert_false(ly_requests_take(&requests, id, &taken));
    ly_requests_fini(&requests);
}

static void there_is_an_upper_bound(void **state)
{
    (void)state;
    struct ly_requests requests = {0};
    struct ly_request taken;
    for (int i = 0; i < LOYALTY_IN_FLIGHT_MAX; i++) {
        assert_non_null(ly_requests_add(&requests, 100));
    }
    assert_null(ly_requests_add(&requests, 100));
    assert_int_equal(requests.used, LOYALTY_IN_FLIGHT_MAX);
    for (int i = 0; i < LOYALTY_IN_FLIGHT_MAX; i++) {
        assert_true(ly_requests_take_any(&requests, &taken));
    }
    assert_false(ly_requests_take_any(&requests, &taken));
    assert_non_null(ly_requests_add(&requests, 100));
    ly_requests_fini(&requests);
}

static void what_is_late_is_handed_out(void **state)
{
    (void)state;
    struct ly_requests requests = {0};
    struct ly_request taken;
    assert_false(ly_requests_take_expired(&requests, INT64_MAX, &taken));
    uint64_t late = ly_requests_add(&requests, 200)->correlation_id;
    uint64_t early = ly_requests_add(&requests, 100)->correlation_id;
    assert_false(ly_requests_take_expired(&requests, 99, &taken));
    assert_true(ly_requests_take_expired(&requests, 100, &taken));
    assert_int_equal(taken.correlation_id, early);
    assert_false(ly_requests_take_expired(&requests, 199, &taken));
    assert_int_equal(requests.earliest_ms, 200);
    assert_true(ly_requests_take_expired(&requests, 500, &taken));
    assert_int_equal(taken.correlation_id, late);
    assert_int_equal(requests.used, 0);
    ly_requests_fini(&requests);
}

static void assert_server(const char *server, const char *host, const char *port)
{
    char ret_host[LY_HOST_BYTES];
    char ret_port[LY_PORT_BYTES];
    assert_true(ly_parse_server(server, ret_host, ret_port));
    assert_string_equal(ret_host, host);
    assert_string_equal(ret_port, port);
}

static void servers_are_host_and_port(void **state)
{
    (void)state;
    assert_server("127.0.0.1:7400", "127.0.0.1", "7400");
    assert_server("points.example:1", "points.example", "1");
    assert_server("[::1]:7400", "::1", "7400");
    static const char *const others[] = {"",         "host", "host:", ":7400",
                                         "::1:7400", "[]:1", "h:1x",  "h:12345678"};
    char host[LY_HOST_BYTES];
    char port[LY_PORT_BYTES];
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(ly_parse_server(others[i], host, port));
    }
    assert_false(ly_parse_server(NULL, host, port));
}

static void random_ids_are_version_4(void **state)
{
    (void)state;
    char one[LOYALTY_UUID_BYTES];
    char other[LOYALTY_UUID_BYTES];
    assert_true(loyalty_uuid(one));
    assert_true(loyalty_uuid(other));
    assert_int_equal(strlen(one), 36);
    assert_string_not_equal(one, other);
    assert_int_equal(one[14], '4');
    assert_non_null(strchr("89ab", one[19]));
    assert_true(one[8] == '-' && one[13] == '-' && one[18] == '-' && one[23] == '-');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_finds_its_request_once), cmocka_unit_test(there_is_an_upper_bound),
        cmocka_unit_test(what_is_late_is_handed_out),   cmocka_unit_test(servers_are_host_and_port),
        cmocka_unit_test(random_ids_are_version_4),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
