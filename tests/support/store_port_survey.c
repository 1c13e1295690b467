// The port's tests: what stands in a few partitions is counted as it is.
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include "support/store_port.h"

#include <cmocka.h>

struct surveyed {
    struct port_answer end;
    struct store_survey partitions[STORE_SURVEY_MAX];
    size_t count;
};

static struct surveyed seen;

static void on_survey(void *context, const struct store_survey_reply *reply)
{
    struct surveyed *into = context;
    into->end.calls++;
    into->end.result = reply->result;
    into->count = reply->count;
    for (size_t i = 0; i < reply->count; i++) {
        into->partitions[i] = reply->partitions[i];
    }
}

static enum store_result look(struct store_port *port, uint32_t from, uint32_t count)
{
    memset(&seen, 0, sizeof(seen));
    store_survey(port->store, from, count, on_survey, &seen);
    assert_int_equal(seen.end.calls, 0);
    port_wait(port, &seen.end);
    return seen.end.result;
}

static void put(struct store_port *port, uint32_t partition, const char *id, int64_t due_ms)
{
    struct port_picture log = port_picture_of_none(partition, id);
    port_grow_due(port, &log, 7, due_ms);
}

static void assert_nothing(const struct store_survey *survey)
{
    assert_true(survey->due == 0 && survey->first_due_ms == INSTANT_NEVER);
    assert_true(survey->events == 0 && survey->last_event == 0);
    assert_true(survey->waiting == 0 && survey->waiting_bytes == 0);
}

void port_survey_counts_what_stands(void **state)
{
    struct store_port *port = *state;
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    assert_int_equal(look(port, 0, 3), STORE_OK);
    assert_int_equal(seen.count, 3);
    assert_nothing(&seen.partitions[0]);
    put(port, 1, "anna", 5000);
    put(port, 1, "bert", INSTANT_NEVER);
    put(port, 1, "carl", 70);
    put(port, 2, "dora", 900);
    assert_int_equal(look(port, 1, 2), STORE_OK);
    assert_int_equal(seen.count, 2);
    assert_true(seen.partitions[0].due == 2 && seen.partitions[0].first_due_ms == 70);
    assert_true(seen.partitions[0].events == 3 && seen.partitions[0].last_event == 3);
    assert_true(seen.partitions[1].due == 1 && seen.partitions[1].first_due_ms == 900);
    assert_int_equal(look(port, 0, 1), STORE_OK);
    assert_nothing(&seen.partitions[0]);
    struct port_picture log = port_picture_of_none(1, "long");
    struct buffer snapshot = {0};
    port_grow(port, &log, 1, 3000);
    struct store_compact compact = port_cut_at(&log, &snapshot, 40);
    store_compact(port->store, &compact, port_on_done, port_begin());
    assert_int_equal(port_end(port), STORE_OK);
    buffer_fini(&snapshot);
    assert_int_equal(look(port, 1, 1), STORE_OK);
    assert_true(seen.partitions[0].waiting == 1);
    assert_true(seen.partitions[0].waiting_bytes >= port->archived_bytes(port, 1));
}

void port_survey_refuses(void **state)
{
    struct store_port *port = *state;
    assert_int_equal(look(port, 0, 1), STORE_FAILED); // not created
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    assert_int_equal(look(port, PORT_PARTITIONS - 1, 2), STORE_FAILED); // one of them is not
    assert_int_equal(look(port, 0, 0), STORE_FAILED);
    assert_int_equal(look(port, 0, STORE_SURVEY_MAX + 1), STORE_FAILED);
    assert_int_equal(look(port, LIMIT_PARTITIONS, 1), STORE_FAILED);
    assert_int_equal(look(port, UINT32_MAX, 2), STORE_FAILED);
    assert_int_equal(seen.count, 0);
}
