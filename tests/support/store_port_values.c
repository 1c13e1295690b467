// The port's tests: values with a revision, and the sets that their names are in.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/store_port.h"

#include <cmocka.h>

enum { IDS_MAX = 16 };

static struct store_value value_of(uint32_t partition, const char *name)
{
    return (struct store_value){.partition = partition, .name = span_of_text(name)};
}

static struct store_value meta_value(const char *name)
{
    return (struct store_value){.meta = true, .name = span_of_text(name)};
}

// The revision of an answer is kept where a log's length is of others.
static void on_value(void *context, const struct store_value_reply *reply)
{
    struct port_answer *answer = context;
    struct store_reply plain = {
        .result = reply->result, .bytes = reply->bytes, .log_bytes = reply->revision};
    port_on_done(answer, &plain);
}

static enum store_result get(struct store_port *port, const struct store_value *value)
{
    struct store_value copy = *value;
    copy.name = port_copy(0, value->name);
    store_get(port->store, &copy, on_value, port_begin());
    return port_end(port);
}

static enum store_result put(struct store_port *port, const struct store_put *put)
{
    struct store_put copy = *put;
    copy.value.name = port_copy(0, put->value.name);
    copy.bytes = port_copy(1, put->bytes);
    copy.leave_set = port_copy(2, put->leave_set);
    copy.enter_set = port_copy(3, put->enter_set);
    store_put(port->store, &copy, on_value, port_begin());
    return port_end(port);
}

static enum store_result put_text(struct store_port *port, const struct store_value *value,
                                  uint64_t expected_revision, const char *text)
{
    struct store_put asked = {
        .value = *value, .expected_revision = expected_revision, .bytes = span_of_text(text)};
    return put(port, &asked);
}

// What the last answer says of the value.
static void assert_said(uint64_t revision, const char *text)
{
    assert_int_equal(port_last.log_bytes, revision);
    assert_true(span_is_text(port_bytes(), text));
}

static void assert_stands(struct store_port *port, const struct store_value *value,
                          uint64_t revision, const char *text)
{
    assert_int_equal(get(port, value), STORE_OK);
    assert_said(revision, text);
}

// --- revisions ---

void port_put_takes_the_revision_that_stands(void **state)
{
    struct store_port *port = *state;
    struct store_value anna = value_of(2, "anna");
    assert_int_equal(port_create(port, PORT_PARTITIONS), STORE_OK);
    assert_stands(port, &anna, 0, "");
    assert_int_equal(put_text(port, &anna, 1, "none stands"), STORE_BEHIND);
    assert_said(0, "");
    assert_int_equal(put_text(port, &anna, 0, "one"), STORE_OK);
    assert_said(1, "");
    assert_stands(port, &anna, 1, "one");
    assert_int_equal(put_text(port, &anna, 0, "late"), STORE_BEHIND);
    assert_said(1, "one");
    assert_int_equal(put_text(port, &anna, 1, "two"), STORE_OK);
    assert_said(2, "");
    assert_int_equal(put_text(port, &anna, 1, "late"), STORE_BEHIND);
    assert_said(2, "two");
    assert_int_equal(put_text(port, &anna, 3, "early"), STORE_BEHIND);
    assert_said(2, "two");
    assert_stands(port, &anna, 2, "two");
    // The same name elsewhere is another value.
    struct store_value elsewhere = value_of(1, "anna");
    struct store_value meta = meta_value("anna");
    struct store_account account = port_account(2, "anna");
    assert_stands(port, &elsewhere, 0, "");
    assert_stands(port, &meta, 0, "");
    assert_int_equal(port_load(port, &account), STORE_OK);
    assert_int_equal(port_bytes().len, 0);
}

void port_a_deleted_value_leaves_no_trace(void **state)
{
    struct store_port *port = *state;
    struct store_value anna = value_of(2, "anna");
    assert_int_equal(put_text(port, &anna, 0, ""), STORE_OK); // there is none
    assert_said(0, "");
    assert_int_equal(put_text(port, &anna, 0, "one"), STORE_OK);
    assert_int_equal(put_text(port, &anna, 1, "two"), STORE_OK);
    assert_int_equal(put_text(port, &anna, 1, ""), STORE_BEHIND);
    assert_said(2, "two");
    assert_int_equal(put_text(port, &anna, 2, ""), STORE_OK);
    assert_said(0, "");
    assert_stands(port, &anna, 0, "");
    assert_int_equal(put_text(port, &anna, 2, ""), STORE_BEHIND); // who asks again is told so
    assert_said(0, "");
    assert_int_equal(put_text(port, &anna, 0, "anew"), STORE_OK);
    assert_said(1, "");
}

void port_a_value_has_any_bytes(void **state)
{
    struct store_port *port = *state;
    struct buffer bytes = {0};
    port_record(&bytes, 1, STORE_VALUE_BYTES_MAX + 1);
    struct store_put asked = {.value = value_of(0, "m"), .bytes = buffer_span(&bytes)};
    assert_int_equal(put(port, &asked), STORE_FAILED);
    asked.bytes.len--;
    // Revisions beyond what a byte holds, and as large as can be.
    for (uint64_t i = 0; i < 300; i++) {
        asked.expected_revision = i;
        assert_int_equal(put(port, &asked), STORE_OK);
        assert_int_equal(port_last.log_bytes, i + 1);
    }
    assert_int_equal(get(port, &asked.value), STORE_OK);
    assert_int_equal(port_last.log_bytes, 300);
    assert_int_equal(port_bytes().len, STORE_VALUE_BYTES_MAX);
    assert_memory_equal(port_bytes().data, bytes.data, STORE_VALUE_BYTES_MAX);
    asked.bytes = span_of("\0\r\n", 3);
    asked.expected_revision = 300;
    assert_int_equal(put(port, &asked), STORE_OK);
    asked.expected_revision = UINT64_MAX;
    assert_int_equal(put(port, &asked), STORE_FAILED);
    asked.expected_revision = 0;
    assert_int_equal(put(port, &asked), STORE_BEHIND);
    assert_int_equal(port_bytes().len, 3);
    assert_memory_equal(port_bytes().data, "\0\r\n", 3);
    buffer_fini(&bytes);
}

// --- sets ---

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// The ids of the last answer, which come in any order.
static void assert_ids(enum store_result result, const char *expected)
{
    char text[256] = {0};
    char sorted[256] = {0};
    char *ids[IDS_MAX];
    size_t count = 0;
    assert_int_equal(result, STORE_OK);
    assert_true(port_bytes().len < sizeof(text));
    if (port_bytes().len > 0) {
        memcpy(text, port_bytes().data, port_bytes().len);
    }
    char *rest = NULL;
    for (char *id = strtok_r(text, " ", &rest); id != NULL; id = strtok_r(NULL, " ", &rest)) {
        assert_true(count < IDS_MAX);
        ids[count++] = id;
    }
    qsort(ids, count, sizeof(ids[0]), compare_ids);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(sorted);
        (void)snprintf(sorted + len, sizeof(sorted) - len, "%s ", ids[i]);
    }
    assert_string_equal(sorted, expected);
}

static void assert_set(struct store_port *port, uint32_t partition, const char *set,
                       const char *expected)
{
    store_list_set(port->store, partition, port_copy(0, span_of_text(set)), port_on_ids,
                   port_begin());
    assert_ids(port_end(port), expected);
}

static enum store_result move(struct store_port *port, const char *name, uint64_t revision,
                              const char *leave, const char *enter)
{
    struct store_put asked = {
        .value = value_of(1, name),
        .expected_revision = revision,
        .bytes = span_of_text("profile"),
        .leave_set = span_of_text(leave),
        .enter_set = span_of_text(enter),
    };
    return put(port, &asked);
}

void port_put_moves_a_name_between_sets(void **state)
{
    struct store_port *port = *state;
    assert_set(port, 1, "05a1", "");
    assert_int_equal(move(port, "anna", 0, "", "05a1"), STORE_OK);
    assert_int_equal(move(port, "bert", 0, "", "05a1"), STORE_OK);
    assert_int_equal(move(port, "an", 0, "", "05a1"), STORE_OK);
    assert_set(port, 1, "05a1", "an anna bert ");
    assert_set(port, 2, "05a1", "");
    assert_int_equal(move(port, "anna", 1, "05a1", "ff"), STORE_OK);
    assert_set(port, 1, "05a1", "an bert ");
    assert_set(port, 1, "ff", "anna ");
    assert_int_equal(move(port, "anna", 1, "ff", "05a1"), STORE_BEHIND); // nothing of it
    assert_set(port, 1, "05a1", "an bert ");
    assert_set(port, 1, "ff", "anna ");
    assert_int_equal(move(port, "anna", 2, "05a1", "ff"), STORE_OK); // not there, and there already
    assert_set(port, 1, "ff", "anna ");
    assert_int_equal(move(port, "anna", 3, "ff", "ff"), STORE_OK); // stays
    assert_set(port, 1, "ff", "anna ");
    assert_int_equal(move(port, "bert", 1, "", ""), STORE_OK);
    assert_set(port, 1, "05a1", "an bert ");
    struct store_put erase = {
        .value = value_of(1, "bert"), .expected_revision = 2, .leave_set = span_of_text("05a1")};
    assert_int_equal(put(port, &erase), STORE_OK);
    assert_set(port, 1, "05a1", "an ");
    assert_stands(port, &erase.value, 0, "");
}

static void assert_values(struct store_port *port, const char *expected)
{
    store_list_values(port->store, port_on_ids, port_begin());
    assert_ids(port_end(port), expected);
}

void port_meta_values_are_listed(void **state)
{
    struct store_port *port = *state;
    struct store_value a = meta_value("a");
    struct store_value b = meta_value("b");
    struct store_value other = value_of(0, "c");
    assert_values(port, "");
    assert_int_equal(put_text(port, &b, 0, "7"), STORE_OK);
    assert_int_equal(put_text(port, &a, 0, "8"), STORE_OK);
    assert_int_equal(put_text(port, &other, 0, "9"), STORE_OK);
    assert_values(port, "a b ");
    assert_int_equal(put_text(port, &b, 1, "10"), STORE_OK);
    assert_values(port, "a b ");
    assert_int_equal(put_text(port, &a, 0, ""), STORE_BEHIND);
    assert_values(port, "a b ");
    assert_int_equal(put_text(port, &a, 1, ""), STORE_OK);
    assert_values(port, "b ");
    assert_stands(port, &b, 2, "10");
}

// --- bounds ---

static void assert_put_fails(struct store_port *port, const struct store_put *asked)
{
    assert_int_equal(put(port, asked), STORE_FAILED);
    assert_int_equal(port_last.log_bytes, 0);
}

void port_bounds_of_values_are_refused(void **state)
{
    struct store_port *port = *state;
    char long_text[STORE_KEY_BYTES_MAX + 2] = {0};
    memset(long_text, 'a', STORE_KEY_BYTES_MAX + 1);
    struct span too_long = span_of_text(long_text);
    const struct store_put good = {.value = value_of(1, "m"),
                                   .bytes = span_of_text("x"),
                                   .enter_set = span_of(long_text, STORE_KEY_BYTES_MAX)};
    struct store_put asked = good;
    asked.value.name = (struct span){0};
    assert_put_fails(port, &asked);
    assert_int_equal(get(port, &asked.value), STORE_FAILED);
    asked.value.name = span_of(long_text, LIMIT_MEMBER_ID_BYTES + 1);
    assert_put_fails(port, &asked);
    assert_int_equal(get(port, &asked.value), STORE_FAILED);
    asked = good;
    asked.value.partition = LIMIT_PARTITIONS;
    assert_put_fails(port, &asked);
    assert_int_equal(get(port, &asked.value), STORE_FAILED);
    asked = good;
    asked.value = meta_value("m"); // is in no set
    assert_put_fails(port, &asked);
    asked = good;
    asked.leave_set = too_long;
    assert_put_fails(port, &asked);
    asked = good;
    asked.enter_set = too_long;
    assert_put_fails(port, &asked);
    assert_stands(port, &good.value, 0, "");
    assert_int_equal(put(port, &good), STORE_OK);
    store_list_set(port->store, 1, too_long, port_on_ids, port_begin());
    assert_int_equal(port_end(port), STORE_FAILED);
    store_list_set(port->store, 1, (struct span){0}, port_on_ids, port_begin());
    assert_int_equal(port_end(port), STORE_FAILED);
    store_list_set(port->store, LIMIT_PARTITIONS, span_of_text("a"), port_on_ids, port_begin());
    assert_int_equal(port_end(port), STORE_FAILED);
}
