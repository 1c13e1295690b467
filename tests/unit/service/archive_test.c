// ArchiveService: one archive is open at a time and alone reads and drops; what waits comes whole,
// piece by piece; another store's numbers drop nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buffer.h"
#include "loyalty/v1/archive.pb-c.h"
#include "support/service_world.h"

#define FIRST "11111111-1111-4111-8111-111111111111"
#define SECOND "22222222-2222-4222-8222-222222222222"

enum { LONG_SALES = 1500 };

static struct service_world world;
static struct world_answer answer;

static int open_world(void **state)
{
    (void)state;
    service_world_open(&world, 1);
    world_enroll(&world, "anna");
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    service_world_fini(&world);
    return 0;
}

static const char *ask(const char *method, const char *text)
{
    world_call(&world.daemons[0], "job/archive", method, text, &answer);
    return world_end(&answer);
}

static const char *open_archive(const char *id, bool take_over)
{
    return ask("ArchiveService/OpenArchive",
               world_text(&world, "{\"archive_id\": \"%s\", \"take_over\": %s}", id,
                          take_over ? "true" : "false"));
}

static const char *read_archive(const char *id, uint32_t partition, uint64_t number, size_t offset)
{
    return ask("ArchiveService/ReadArchive",
               world_text(&world,
                          "{\"archive_id\": \"%s\", \"partition\": %u, \"number\": \"%llu\", "
                          "\"offset\": \"%zu\"}",
                          id, partition, (unsigned long long)number, offset));
}

static const char *drop_archived(const char *id, uint32_t partition, uint64_t epoch)
{
    return ask("ArchiveService/DropArchived",
               world_text(&world,
                          "{\"archive_id\": \"%s\", \"partition\": %u, \"epoch\": \"%llu\", "
                          "\"through\": \"1\"}",
                          id, partition, (unsigned long long)epoch));
}

static uint64_t opened_epoch(const char *id)
{
    assert_string_equal(open_archive(id, false), "OK");
    const Loyalty__V1__OpenArchiveResponse *response =
        (const Loyalty__V1__OpenArchiveResponse *)answer.reply;
    assert_int_equal(response->partitions, WORLD_PARTITIONS);
    return response->epoch;
}

static void one_is_open_at_a_time(void **state)
{
    (void)state;
    assert_string_equal(read_archive(FIRST, 0, 0, 0), "ARCHIVE_NOT_OPEN");
    assert_string_equal(drop_archived(FIRST, 0, 0), "ARCHIVE_NOT_OPEN");
    uint64_t epoch = opened_epoch(FIRST);
    assert_int_equal(opened_epoch(FIRST), epoch); // again is no change
    assert_string_equal(open_archive(SECOND, false), "ARCHIVE_TAKEN");
    assert_string_equal(read_archive(SECOND, 0, 0, 0), "ARCHIVE_TAKEN");
    assert_string_equal(drop_archived(SECOND, 0, epoch), "ARCHIVE_TAKEN");
    assert_string_equal(open_archive(SECOND, true), "OK");
    assert_string_equal(read_archive(FIRST, 0, 0, 0), "ARCHIVE_TAKEN");
    assert_string_equal(drop_archived(FIRST, 0, epoch), "ARCHIVE_TAKEN");
    assert_string_equal(read_archive(SECOND, 0, 0, 0), "OK");
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    assert_string_equal(open_archive("no uuid", false), "BAD_ARCHIVE_ID");
    uint64_t epoch = opened_epoch(FIRST);
    assert_string_equal(read_archive(FIRST, WORLD_PARTITIONS, 0, 0), "NO_SUCH_PARTITION");
    assert_string_equal(drop_archived(FIRST, WORLD_PARTITIONS, epoch), "NO_SUCH_PARTITION");
    assert_string_equal(drop_archived(FIRST, 0, epoch + 1), "EPOCH_CHANGED");
}

// The partition in which something waits; the answer is its first.
static uint32_t find_waiting(void)
{
    for (uint32_t partition = 0; partition < WORLD_PARTITIONS; partition++) {
        assert_string_equal(read_archive(FIRST, partition, 0, 0), "OK");
        if (((const Loyalty__V1__ReadArchiveResponse *)answer.reply)->n_pieces > 0) {
            return partition;
        }
    }
    fail_msg("nothing waits");
    return 0;
}

static void a_long_prefix_comes_in_pieces(void **state)
{
    (void)state;
    for (int i = 0; i < LONG_SALES; i++) {
        (void)world_award(&world, "anna", 100);
    }
    struct buffer log;
    struct buffer got;
    buffer_init(&log, 0);
    buffer_init(&got, 0);
    assert_int_equal(buffer_append(&log, world_log(&world, "anna")), STATUS_OK);
    world_compact_now(&world, "anna", 0);
    uint64_t epoch = opened_epoch(FIRST);
    uint32_t partition = find_waiting();
    int answers = 0;
    for (;;) {
        const Loyalty__V1__ReadArchiveResponse *response =
            (const Loyalty__V1__ReadArchiveResponse *)answer.reply;
        assert_int_equal(response->n_pieces, 1);
        assert_string_equal(response->pieces[0]->member_id, "anna");
        assert_int_equal(response->pieces[0]->total_bytes, log.len);
        assert_int_equal(response->pieces[0]->offset, got.len);
        assert_int_equal(buffer_append(&got, span_of(response->pieces[0]->bytes.data,
                                                     response->pieces[0]->bytes.len)),
                         STATUS_OK);
        answers++;
        if (got.len >= log.len) {
            break;
        }
        assert_string_equal(read_archive(FIRST, partition, response->pieces[0]->number, got.len),
                            "OK");
    }
    assert_true(answers > 1);
    assert_true(span_equal(buffer_span(&got), buffer_span(&log)));
    assert_string_equal(drop_archived(FIRST, partition, epoch), "OK");
    assert_int_equal(((const Loyalty__V1__DropArchivedResponse *)answer.reply)->dropped, 1);
    assert_string_equal(drop_archived(FIRST, partition, epoch), "OK");
    assert_int_equal(((const Loyalty__V1__DropArchivedResponse *)answer.reply)->dropped, 0);
    buffer_fini(&got);
    buffer_fini(&log);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)
    const struct CMUnitTest tests[] = {
        IN_WORLD(one_is_open_at_a_time),
        IN_WORLD(what_makes_no_sense_is_refused),
        IN_WORLD(a_long_prefix_comes_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
