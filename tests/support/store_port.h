// The one test set of the store's port, run against each implementation: a fixture that makes calls
// and waits for them, and the tests themselves. An implementation's test program gives the set-up.
//
// Every call checks what the port promises of all: `done` is called exactly once and never from
// inside the call, and spans may be overwritten when the call has returned.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/span.h"
#include "store/store.h"

struct store_port {
    struct store *store;
    void *world; // the implementation's own
    // Lets waiting calls go on, for a while.
    void (*turn)(struct store_port *port);
    // The store's own clock, about.
    int64_t (*now_ms)(struct store_port *port);
    // What stands behind the port; `partition` LIMIT_PARTITIONS is meta.
    uint64_t (*event_count)(struct store_port *port, uint32_t partition);
    // The id of the last event is event_count's, and this is what it carries.
    void (*last_event)(struct store_port *port, uint32_t partition, struct buffer *ret_event);
    int64_t (*due_ms)(struct store_port *port, const struct store_account *account); // 0: absent
    uint64_t (*archived_bytes)(struct store_port *port, uint32_t partition);
};

// The state of the cmocka tests below is a struct store_port with a store in which nothing stands.
#define STORE_PORT_TEST(name, setup, teardown)                                                     \
    cmocka_unit_test_setup_teardown(name, setup, teardown)
#define STORE_PORT_TESTS(setup, teardown)                                                          \
    STORE_PORT_TEST(port_append_extends_a_log, setup, teardown),                                   \
        STORE_PORT_TEST(port_load_from_gives_a_slice, setup, teardown),                            \
        STORE_PORT_TEST(port_behind_carries_exactly_the_suffix, setup, teardown),                  \
        STORE_PORT_TEST(port_behind_ends_at_64_kib, setup, teardown),                              \
        STORE_PORT_TEST(port_reload_when_the_picture_is_wrong, setup, teardown),                   \
        STORE_PORT_TEST(port_clock_refuses_a_fast_daemon, setup, teardown),                        \
        STORE_PORT_TEST(port_expired_after_the_deadline, setup, teardown),                         \
        STORE_PORT_TEST(port_refusals_leave_no_trace, setup, teardown),                            \
        STORE_PORT_TEST(port_refusals_come_in_order, setup, teardown),                             \
        STORE_PORT_TEST(port_one_event_a_commit, setup, teardown),                                 \
        STORE_PORT_TEST(port_due_moves_only_when_told, setup, teardown),                           \
        STORE_PORT_TEST(port_due_moves_alone, setup, teardown),                                    \
        STORE_PORT_TEST(port_compact_keeps_the_tail, setup, teardown),                             \
        STORE_PORT_TEST(port_compact_loses_no_race, setup, teardown),                              \
        STORE_PORT_TEST(port_compact_refuses, setup, teardown),                                    \
        STORE_PORT_TEST(port_meta_has_logs_too, setup, teardown),                                  \
        STORE_PORT_TEST(port_calls_keep_their_order, setup, teardown),                             \
        STORE_PORT_TEST(port_done_may_call_again, setup, teardown),                                \
        STORE_PORT_TEST(port_claim_binds_once, setup, teardown),                                   \
        STORE_PORT_TEST(port_scan_sees_every_account, setup, teardown),                            \
        STORE_PORT_TEST(port_head_tells_what_stands, setup, teardown),                             \
        STORE_PORT_TEST(port_sandbox_clock_never_goes_back, setup, teardown),                      \
        STORE_PORT_TEST(port_create_is_repeatable, setup, teardown),                               \
        STORE_PORT_TEST(port_create_has_one_winner, setup, teardown),                              \
        STORE_PORT_TEST(port_an_absent_partition_takes_nothing, setup, teardown),                  \
        STORE_PORT_TEST(port_bounds_are_refused, setup, teardown),                                 \
        STORE_PORT_TEST(port_unclaim_lets_go, setup, teardown),                                    \
        STORE_PORT_TEST(port_due_comes_earliest_first, setup, teardown),                           \
        STORE_PORT_TEST(port_due_goes_on_behind_a_place, setup, teardown),                         \
        STORE_PORT_TEST(port_due_misses_none_that_stays, setup, teardown),                         \
        STORE_PORT_TEST(port_scan_tells_when_each_is_due, setup, teardown),                        \
        STORE_PORT_TEST(port_archive_is_read_in_pieces, setup, teardown),                          \
        STORE_PORT_TEST(port_archive_gives_whole_entries_of_16_mib, setup, teardown),              \
        STORE_PORT_TEST(port_archive_keeps_its_numbers, setup, teardown),                          \
        STORE_PORT_TEST(port_archive_refuses, setup, teardown),                                    \
        STORE_PORT_TEST(port_put_takes_the_revision_that_stands, setup, teardown),                 \
        STORE_PORT_TEST(port_a_deleted_value_leaves_no_trace, setup, teardown),                    \
        STORE_PORT_TEST(port_a_value_has_any_bytes, setup, teardown),                              \
        STORE_PORT_TEST(port_put_moves_a_name_between_sets, setup, teardown),                      \
        STORE_PORT_TEST(port_meta_values_are_listed, setup, teardown),                             \
        STORE_PORT_TEST(port_bounds_of_values_are_refused, setup, teardown),                       \
        STORE_PORT_TEST(port_events_are_read_on_from_a_place, setup, teardown),                    \
        STORE_PORT_TEST(port_each_partition_gives_its_share_of_events, setup, teardown),           \
        STORE_PORT_TEST(port_large_events_come_a_few_at_a_time, setup, teardown),                  \
        STORE_PORT_TEST(port_trimmed_events_leave_their_numbers, setup, teardown),                 \
        STORE_PORT_TEST(port_events_show_what_was_acknowledged, setup, teardown),                  \
        STORE_PORT_TEST(port_bounds_of_events_are_refused, setup, teardown),                       \
        STORE_PORT_TEST(port_survey_counts_what_stands, setup, teardown),                          \
        STORE_PORT_TEST(port_survey_refuses, setup, teardown),                                     \
        STORE_PORT_TEST(port_rewrite_can_be_asked_again, setup, teardown)

void port_append_extends_a_log(void **state);
void port_load_from_gives_a_slice(void **state);
void port_behind_carries_exactly_the_suffix(void **state);
void port_behind_ends_at_64_kib(void **state);
void port_reload_when_the_picture_is_wrong(void **state);
void port_clock_refuses_a_fast_daemon(void **state);
void port_expired_after_the_deadline(void **state);
void port_refusals_leave_no_trace(void **state);
void port_refusals_come_in_order(void **state);
void port_one_event_a_commit(void **state);
void port_due_moves_only_when_told(void **state);
void port_due_moves_alone(void **state);
void port_compact_keeps_the_tail(void **state);
void port_compact_loses_no_race(void **state);
void port_compact_refuses(void **state);
void port_meta_has_logs_too(void **state);
void port_calls_keep_their_order(void **state);
void port_done_may_call_again(void **state);
void port_claim_binds_once(void **state);
void port_scan_sees_every_account(void **state);
void port_head_tells_what_stands(void **state);
void port_sandbox_clock_never_goes_back(void **state);
void port_create_is_repeatable(void **state);
void port_create_has_one_winner(void **state);
void port_an_absent_partition_takes_nothing(void **state);
void port_bounds_are_refused(void **state);
void port_unclaim_lets_go(void **state);
void port_due_comes_earliest_first(void **state);
void port_due_goes_on_behind_a_place(void **state);
void port_due_misses_none_that_stays(void **state);
void port_scan_tells_when_each_is_due(void **state);
void port_archive_is_read_in_pieces(void **state);
void port_archive_gives_whole_entries_of_16_mib(void **state);
void port_archive_keeps_its_numbers(void **state);
void port_archive_refuses(void **state);
void port_put_takes_the_revision_that_stands(void **state);
void port_a_deleted_value_leaves_no_trace(void **state);
void port_a_value_has_any_bytes(void **state);
void port_put_moves_a_name_between_sets(void **state);
void port_meta_values_are_listed(void **state);
void port_bounds_of_values_are_refused(void **state);
void port_events_are_read_on_from_a_place(void **state);
void port_each_partition_gives_its_share_of_events(void **state);
void port_large_events_come_a_few_at_a_time(void **state);
void port_trimmed_events_leave_their_numbers(void **state);
void port_events_show_what_was_acknowledged(void **state);
void port_bounds_of_events_are_refused(void **state);
void port_survey_counts_what_stands(void **state);
void port_survey_refuses(void **state);
void port_rewrite_can_be_asked_again(void **state);

// --- calls that wait for their answer ---

// The last answer, of whichever call; its bytes are kept until the next.
struct port_answer {
    uint32_t calls; // of `done`
    enum store_result result;
    struct buffer bytes;
    uint64_t log_bytes;
    uint64_t dropped;
};

extern struct port_answer port_last;

// A store_done_fn for struct port_answer, for tests that call by themselves.
void port_on_done(void *context, const struct store_reply *reply);
void port_wait(struct store_port *port, const struct port_answer *answer);

enum store_result port_load(struct store_port *port, const struct store_account *account);
enum store_result port_load_from(struct store_port *port, const struct store_account *account,
                                 uint64_t from_bytes);
enum store_result port_append(struct store_port *port, const struct store_append *append);
enum store_result port_compact(struct store_port *port, const struct store_compact *compact);
enum store_result port_claim(struct store_port *port, uint32_t partition, const char *key,
                             const char *member_id, const char *take_over_from);
enum store_result port_find(struct store_port *port, uint32_t partition, const char *key);
enum store_result port_set_clock(struct store_port *port, int64_t now_ms);
enum store_result port_create(struct store_port *port, uint32_t count);
struct span port_bytes(void); // of the last answer

// For calls of a test's own: the answer to be given as context, a copy of a span of the call (at
// most four, by index), which is spoiled when the call has returned, and the wait.
struct port_answer *port_begin(void);
struct span port_copy(size_t index, struct span bytes);
enum store_result port_end(struct store_port *port);
// A store_scan_fn for struct port_answer: the ids as text in `bytes`, a space behind each.
void port_on_ids(void *context, const struct store_scan_reply *reply);

// --- logs to append to ---

enum { PORT_PARTITIONS = 4 };

struct store_account port_account(uint32_t partition, const char *id);

// A caller's picture of a log, as the daemon caches it.
struct port_picture {
    struct store_account account;
    uint8_t hash[STORE_HASH_BYTES];
    uint64_t bytes;
};

struct port_picture port_picture_of_none(uint32_t partition, const char *id);
// `len` bytes of a made-up record, binary and different for every `seed`; its last 16 are its hash.
void port_record(struct buffer *record, uint32_t seed, size_t len);
// An append that fits the picture, in time, with an event that names `seed`; the record is kept
// until the next.
struct store_append port_next(struct store_port *port, const struct port_picture *picture,
                              uint32_t seed, size_t len);
// Appends such a record that moves the account in the due index.
void port_grow_due(struct store_port *port, struct port_picture *picture, uint32_t seed,
                   int64_t due_ms);
// Of a picture, all of it: a snapshot of `len` bytes that ends in its hash, kept in `snapshot`.
struct store_compact port_cut_at(const struct port_picture *picture, struct buffer *snapshot,
                                 size_t len);
// Appends such a record, which must be OK, and brings the picture up to date.
void port_grow(struct store_port *port, struct port_picture *picture, uint32_t seed, size_t len);
