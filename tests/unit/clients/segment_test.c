// Segments of an archive: every byte that flips is found, every end that is torn is cut off where
// the last whole entry ends, and what is known is not written twice.
#include "ctl/segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/varint.h"
#include "core/record.h"
#include "ctl/archive_folder.h"
#include "ctl/chain_hash.h"

enum { PARTITION = 3, EPOCH = 17, PATH_BYTES = 128, ENTRIES = 3 };

static char path[PATH_BYTES];
static struct archive archive;
static struct buffer prefix;
static int faults;

// A log of so many records, whose contents nobody looks at.
static struct span make_prefix(int seed, size_t records)
{
    uint8_t hash[CHAIN_HASH_BYTES] = {0};
    buffer_clear(&prefix);
    for (size_t i = 0; i < records; i++) {
        uint8_t body[20] = {RECORD_BOUNDARY, (uint8_t)seed, (uint8_t)i};
        size_t start = prefix.len;
        assert_int_equal(buffer_put_sized(&prefix, span_of(body, sizeof(body))), STATUS_OK);
        chain_hash_sha256(hash, span_from(buffer_span(&prefix), start), hash);
        assert_int_equal(buffer_append(&prefix, span_of(hash, sizeof(hash))), STATUS_OK);
    }
    return buffer_span(&prefix);
}

static void make_entry(struct buffer *out, uint64_t number)
{
    struct segment_entry entry = {.partition = PARTITION,
                                  .epoch = EPOCH,
                                  .number = number,
                                  .member_id = span_of_text("anna")};
    struct span log = make_prefix((int)number, 4);
    assert_int_equal(segment_describe(log, &entry), STATUS_OK);
    assert_int_equal(segment_put_entry(out, &entry, log), STATUS_OK);
}

static int setup(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/segment_test.XXXXXX");
    assert_non_null(mkdtemp(path));
    buffer_init(&prefix, 0);
    faults = 0;
    return 0;
}

static int teardown(void **state)
{
    char line[2 * PATH_BYTES];
    (void)state;
    archive_folder_close(&archive);
    buffer_fini(&prefix);
    (void)snprintf(line, sizeof(line), "rm -rf %s", path);
    return system(line); // NOLINT(concurrency-mt-unsafe,cert-env33-c)
}

static void begin(enum archive_mode mode)
{
    assert_int_equal(archive_folder_open(&archive, path, mode), STATUS_OK);
}

static void keep(uint64_t number)
{
    bool known = true;
    assert_int_equal(archive_folder_put(&archive, PARTITION, EPOCH, number, span_of_text("anna"),
                                        make_prefix((int)number, 4), &known),
                     STATUS_OK);
    assert_false(known);
    assert_int_equal(archive_folder_flush(&archive), STATUS_OK);
}

static off_t file_bytes(const char *name)
{
    char file[2 * PATH_BYTES];
    struct stat stat_of;
    (void)snprintf(file, sizeof(file), "%s/%s", path, name);
    return stat(file, &stat_of) == 0 ? stat_of.st_size : -1;
}

static void write_segment(const char *mode, struct span bytes)
{
    char file[2 * PATH_BYTES];
    (void)snprintf(file, sizeof(file), "%s/000001.lya", path);
    FILE *out = fopen(file, mode);
    assert_non_null(out);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, out), bytes.len);
    assert_int_equal(fclose(out), 0);
}

static void on_fault(const char *where, const char *what)
{
    (void)where;
    (void)what;
    faults++;
}

static uint64_t checked_entries(void)
{
    struct archive_sums sums;
    assert_int_equal(archive_folder_check(&archive, &sums, on_fault), STATUS_OK);
    assert_int_equal(sums.faults, faults);
    return sums.entries;
}

static void an_entry_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct buffer bytes;
    struct buffer unpacked;
    struct segment_entry entry;
    struct span frame;
    size_t len;
    buffer_init(&bytes, 0);
    buffer_init(&unpacked, 0);
    make_entry(&bytes, 5);
    assert_int_equal(segment_read_entry(buffer_span(&bytes), &entry, &frame, &len), STATUS_OK);
    assert_int_equal(len, bytes.len);
    assert_true(span_is_text(entry.member_id, "anna"));
    assert_int_equal(entry.number, 5);
    assert_int_equal(entry.first_record, 1);
    assert_int_equal(entry.records, 4);
    assert_int_equal(segment_unpack(&entry, frame, &unpacked), STATUS_OK);
    assert_true(span_equal(buffer_span(&unpacked), make_prefix(5, 4)));
    buffer_fini(&unpacked);
    buffer_fini(&bytes);
}

static void every_flipped_byte_is_found(void **state)
{
    (void)state;
    uint8_t id[SEGMENT_ID_BYTES] = {1, 2, 3};
    struct buffer bytes;
    struct segment_entry entry;
    struct span frame;
    size_t len;
    buffer_init(&bytes, 0);
    assert_int_equal(segment_put_header(&bytes, id, 9), STATUS_OK);
    assert_int_equal(bytes.len, SEGMENT_HEADER_BYTES);
    assert_int_equal(segment_check_header(buffer_span(&bytes), id, 8), STATUS_CORRUPT);
    make_entry(&bytes, 5);
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.data[i] ^= 0x10;
        struct span stored = span_from(buffer_span(&bytes), SEGMENT_HEADER_BYTES);
        bool header = i < SEGMENT_HEADER_BYTES;
        assert_int_equal(segment_check_header(buffer_span(&bytes), id, 9),
                         header ? STATUS_CORRUPT : STATUS_OK);
        assert_int_equal(segment_read_entry(stored, &entry, &frame, &len),
                         header ? STATUS_OK : STATUS_CORRUPT);
        bytes.data[i] ^= 0x10;
    }
    buffer_fini(&bytes);
}

// Killed while writing: whatever came to the disk of the third entry.
static void every_torn_end_is_cut_off(void **state)
{
    (void)state;
    struct buffer third;
    buffer_init(&third, 0);
    make_entry(&third, 3);
    begin(ARCHIVE_WRITE);
    keep(1);
    keep(2);
    archive_folder_close(&archive);
    off_t whole = file_bytes("000001.lya");
    for (size_t torn = 1; torn < third.len; torn++) {
        write_segment("ab", span_of(third.data, torn));
        begin(ARCHIVE_WRITE);
        assert_int_equal(file_bytes("000001.lya"), whole);
        assert_int_equal(archive.end, whole);
        archive_folder_close(&archive);
    }
    write_segment("ab", buffer_span(&third));
    begin(ARCHIVE_WRITE); // it had come whole
    assert_int_equal(archive.end, whole + (off_t)third.len);
    assert_int_equal(checked_entries(), ENTRIES);
    bool known = false;
    assert_int_equal(archive_folder_put(&archive, PARTITION, EPOCH, 3, span_of_text("anna"),
                                        make_prefix(3, 4), &known),
                     STATUS_OK);
    assert_true(known);
    assert_int_equal(archive_folder_flush(&archive), STATUS_OK);
    assert_int_equal(archive.end, whole + (off_t)third.len);
    buffer_fini(&third);
}

// A new segment's header, and nothing behind it.
static void a_torn_header_is_written_anew(void **state)
{
    (void)state;
    begin(ARCHIVE_WRITE);
    archive_folder_close(&archive);
    write_segment("wb", span_of("lyarch", 6));
    begin(ARCHIVE_WRITE);
    assert_int_equal(file_bytes("000001.lya"), -1);
    keep(1);
    assert_int_equal(checked_entries(), 1);
}

// What the index has is on disk: less is damage, and is left as it is.
static void what_was_durable_is_never_cut_off(void **state)
{
    (void)state;
    char file[2 * PATH_BYTES];
    begin(ARCHIVE_WRITE);
    keep(1);
    keep(2);
    archive_folder_close(&archive);
    off_t whole = file_bytes("000001.lya");
    (void)snprintf(file, sizeof(file), "%s/000001.lya", path);
    assert_int_equal(truncate(file, whole - 1), 0);
    assert_int_equal(archive_folder_open(&archive, path, ARCHIVE_WRITE), STATUS_CORRUPT);
    archive_folder_close(&archive);
    assert_int_equal(file_bytes("000001.lya"), whole - 1);
    assert_int_equal(archive_folder_open(&archive, path, ARCHIVE_READ), STATUS_OK);
    assert_int_equal(checked_entries(), 1);
    assert_int_equal(faults, 2); // the bytes, and the index's row
}

static void another_by_a_known_number_is_refused(void **state)
{
    (void)state;
    bool known;
    begin(ARCHIVE_WRITE);
    keep(1);
    assert_int_equal(archive_folder_put(&archive, PARTITION, EPOCH, 1, span_of_text("anna"),
                                        make_prefix(9, 4), &known),
                     STATUS_CORRUPT);
    assert_int_equal(archive_folder_put(&archive, PARTITION, EPOCH, 1, span_of_text("bert"),
                                        make_prefix(1, 4), &known),
                     STATUS_CORRUPT);
    assert_int_equal(archive_folder_put(&archive, PARTITION, EPOCH, 2, span_of_text("anna"),
                                        span_of("no log", 6), &known),
                     STATUS_CORRUPT);
    assert_int_equal(archive_folder_flush(&archive), STATUS_OK);
    assert_int_equal(checked_entries(), 1);
}

static void segments_are_rotated_and_indexed_anew(void **state)
{
    (void)state;
    struct archive_row row;
    begin(ARCHIVE_WRITE);
    archive.segment_max = 1;
    for (uint64_t number = 1; number <= ENTRIES; number++) {
        keep(number);
    }
    assert_int_equal(archive.segment, ENTRIES);
    assert_int_equal(checked_entries(), ENTRIES);
    archive_folder_close(&archive);
    begin(ARCHIVE_REBUILD);
    assert_int_equal(checked_entries(), ENTRIES);
    assert_int_equal(archive_index_find(archive.index, PARTITION, EPOCH, 2, &row), STATUS_OK);
    assert_int_equal(row.segment, 2);
    assert_int_equal(archive_folder_read(&archive, &row, &prefix), STATUS_OK);
    assert_int_equal(prefix.len, row.entry.log_bytes);
}

static void one_process_writes(void **state)
{
    (void)state;
    struct archive other;
    begin(ARCHIVE_WRITE);
    assert_int_equal(archive_folder_open(&other, path, ARCHIVE_WRITE), STATUS_RANGE);
    archive_folder_close(&other);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(an_entry_is_read_as_it_was_written),
        IN_FOLDER(every_flipped_byte_is_found),
        IN_FOLDER(every_torn_end_is_cut_off),
        IN_FOLDER(a_torn_header_is_written_anew),
        IN_FOLDER(what_was_durable_is_never_cut_off),
        IN_FOLDER(another_by_a_known_number_is_refused),
        IN_FOLDER(segments_are_rotated_and_indexed_anew),
        IN_FOLDER(one_process_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
