// A TZif file becomes a table of steps: the changes listed in its 64-bit part, then those that the
// rule at its end makes, to the end of the year 2200 (a card may end a hundred years ahead).
// Reading the file, rather than asking localtime, leaves the process's TZ alone and knows a name
// that does not exist. Invariants while building: steps rise strictly, neighbours differ in offset,
// and the first, from 1970 on, stands for all time before.
#include "app/zone_tzdata.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/zone_posix.h"
#include "base/limits.h"
#include "base/varint.h"
#include "base/vec.h"

static const char TZDATA_DIR[] = "/usr/share/zoneinfo";

enum {
    FILE_BYTES_MAX = 64 * 1024, // the largest of tzdata has less than 4 KiB
    STEPS_MAX = 4096,
    HEADER_BYTES = 44,
    YEAR_FROM = 1970,
    YEAR_UNTIL = 2201,
    SECOND_MS = 1000,
    OFFSET_MAX_S = 26 * 3600,
};

#define UNTIL_S INT64_C(7289654400) // 2201-01-01

struct steps {
    VEC(struct zone_step) list;
};

static enum status steps_push(struct steps *steps, int64_t from_s, int32_t offset_s)
{
    int64_t from_ms = from_s <= 0 ? 0 : from_s * SECOND_MS;
    uint32_t count = steps->list.count;
    if (count > 0 && from_ms < steps->list.items[count - 1].from_ms) {
        return STATUS_CORRUPT;
    }
    if (count > 0 && from_ms == steps->list.items[count - 1].from_ms) {
        count--; // replaced
    }
    steps->list.count = count;
    int32_t offset_ms = offset_s * SECOND_MS;
    if (count > 0 && steps->list.items[count - 1].offset_ms == offset_ms) {
        return STATUS_OK;
    }
    TRY(vec_reserve_one(&steps->list, STEPS_MAX));
    steps->list.items[count] = (struct zone_step){.from_ms = from_ms, .offset_ms = offset_ms};
    steps->list.count = count + 1;
    return STATUS_OK;
}

struct header {
    uint8_t version;
    uint32_t is_ut_count;
    uint32_t is_standard_count;
    uint32_t leap_count;
    uint32_t time_count;
    uint32_t type_count;
    uint32_t letter_count;
};

static uint64_t big_endian(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static enum status read_header(struct reader *reader, struct header *ret_header)
{
    struct span bytes = {0};
    if (reader_bytes(reader, HEADER_BYTES, &bytes) != STATUS_OK ||
        memcmp(bytes.data, "TZif", 4) != 0) {
        return STATUS_INVALID;
    }
    uint32_t counts[6];
    for (size_t i = 0; i < 6; i++) {
        counts[i] = (uint32_t)big_endian(bytes.data + 20 + i * 4, 4);
        if (counts[i] > FILE_BYTES_MAX) {
            return STATUS_CORRUPT;
        }
    }
    *ret_header = (struct header){
        .version = bytes.data[4],
        .is_ut_count = counts[0],
        .is_standard_count = counts[1],
        .leap_count = counts[2],
        .time_count = counts[3],
        .type_count = counts[4],
        .letter_count = counts[5],
    };
    return STATUS_OK;
}

// What follows the times, their types and the list of types.
static size_t tail_bytes(const struct header *header, size_t time_bytes)
{
    return header->letter_count + header->leap_count * (time_bytes + 4) +
           header->is_standard_count + header->is_ut_count;
}

// Past the first part, which has 32-bit times, to the header of the second.
static enum status skip_first_part(struct reader *reader)
{
    struct header header = {0};
    struct span skipped = {0};
    TRY(read_header(reader, &header));
    if (header.version < '2') {
        return STATUS_CORRUPT;
    }
    size_t bytes = header.time_count * (4 + 1) + header.type_count * 6 + tail_bytes(&header, 4);
    return reader_bytes(reader, bytes, &skipped);
}

// Offset of a type in the list of types: 4 bytes of offset, 2 that do not matter here.
static enum status type_offset(struct span types, size_t type, int32_t *ret_offset_s)
{
    if (type >= types.len / 6) {
        return STATUS_CORRUPT;
    }
    int32_t offset_s = (int32_t)(uint32_t)big_endian(types.data + type * 6, 4);
    if (offset_s < -OFFSET_MAX_S || offset_s > OFFSET_MAX_S) {
        return STATUS_CORRUPT;
    }
    *ret_offset_s = offset_s;
    return STATUS_OK;
}

// The changes listed. `ret_last_s` is the last one, INT64_MIN without any.
static enum status read_changes(struct reader *reader, struct steps *steps, int64_t *ret_last_s)
{
    struct header header = {0};
    struct span times = {0};
    struct span types_of_times = {0};
    struct span types = {0};
    struct span tail = {0};
    TRY(read_header(reader, &header));
    if (header.leap_count > 0) {
        return STATUS_INVALID;
    }
    TRY(reader_bytes(reader, (size_t)header.time_count * 8, &times));
    TRY(reader_bytes(reader, header.time_count, &types_of_times));
    TRY(reader_bytes(reader, (size_t)header.type_count * 6, &types));
    TRY(reader_bytes(reader, tail_bytes(&header, 8), &tail));
    int32_t offset_s = 0;
    TRY(type_offset(types, 0, &offset_s));
    TRY(steps_push(steps, 0, offset_s));
    int64_t last_s = INT64_MIN;
    for (size_t i = 0; i < header.time_count; i++) {
        int64_t from_s = (int64_t)big_endian(times.data + i * 8, 8);
        if (from_s < last_s) {
            return STATUS_CORRUPT;
        }
        last_s = from_s;
        TRY(type_offset(types, types_of_times.data[i], &offset_s));
        TRY(from_s < UNTIL_S ? steps_push(steps, from_s, offset_s) : STATUS_OK);
    }
    *ret_last_s = last_s;
    return STATUS_OK;
}

// Takes a change made by the rule, if it comes after those listed.
static enum status take_ruled(struct steps *steps, int64_t last_s, int64_t from_s, int32_t offset_s)
{
    return from_s > last_s && from_s < UNTIL_S ? steps_push(steps, from_s, offset_s) : STATUS_OK;
}

static enum status take_year(struct steps *steps, int64_t last_s, const struct zone_posix *rule,
                             int32_t year)
{
    int64_t start_s = zone_posix_start(rule, year);
    int64_t end_s = zone_posix_end(rule, year);
    if (start_s < end_s) {
        TRY(take_ruled(steps, last_s, start_s, rule->summer_offset_s));
        return take_ruled(steps, last_s, end_s, rule->standard_offset_s);
    }
    TRY(take_ruled(steps, last_s, end_s, rule->standard_offset_s));
    return take_ruled(steps, last_s, start_s, rule->summer_offset_s);
}

static enum status read_rule(struct reader *reader, struct steps *steps, int64_t last_s)
{
    struct span text = reader->rest;
    if (text.len < 2 || text.data[0] != '\n' || text.data[text.len - 1] != '\n') {
        return STATUS_CORRUPT;
    }
    text = span_of(text.data + 1, text.len - 2);
    if (text.len == 0) {
        return STATUS_OK; // nothing is known after the last change: its offset stays
    }
    struct zone_posix rule = {0};
    TRY(zone_posix_parse(text, &rule));
    if (!rule.has_summer) {
        return last_s == INT64_MIN ? steps_push(steps, 0, rule.standard_offset_s) : STATUS_OK;
    }
    // One year more at the beginning: a change may be meant for the last days of the year before.
    for (int32_t year = YEAR_FROM - 1; year <= YEAR_UNTIL; year++) {
        TRY(take_year(steps, last_s, &rule, year));
    }
    return STATUS_OK;
}

static enum status read_steps(struct span file, struct steps *steps)
{
    struct reader reader = {.rest = file};
    int64_t last_s = 0;
    TRY(skip_first_part(&reader));
    TRY(read_changes(&reader, steps, &last_s));
    return read_rule(&reader, steps, last_s);
}

enum status zone_tzdata_parse(struct span file, struct zone *ret_zone)
{
    struct steps steps = {0};
    enum status status = read_steps(file, &steps);
    if (status != STATUS_OK) {
        vec_fini(&steps.list);
        return status == STATUS_TOO_LARGE ? STATUS_CORRUPT : status;
    }
    *ret_zone = (struct zone){.steps = steps.list.items, .count = steps.list.count};
    return STATUS_OK;
}

void zone_tzdata_free(struct zone *zone)
{
    if (zone == NULL) {
        return;
    }
    free((struct zone_step *)zone->steps);
    *zone = (struct zone){0};
}

// Elements of letters, digits, _ + and - with one slash between; no dot, so no way up.
static bool is_zone_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > LIMIT_NAME_BYTES) {
        return false;
    }
    char before = '/';
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                     c == '_' || c == '+' || c == '-';
        if (!plain && (c != '/' || before == '/')) {
            return false;
        }
        before = c;
    }
    return before != '/';
}

static enum status open_file(const char *name, int *ret_fd)
{
    char path[sizeof(TZDATA_DIR) + 1 + LIMIT_NAME_BYTES];
    snprintf(path, sizeof(path), "%s/%s", TZDATA_DIR, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        bool none = errno == ENOENT || errno == ENOTDIR;
        return none ? STATUS_NOT_FOUND : STATUS_IO;
    }
    struct stat stat = {0};
    bool known = fstat(fd, &stat) == 0;
    if (!known || !S_ISREG(stat.st_mode)) {
        close(fd);
        return known ? STATUS_NOT_FOUND : STATUS_IO;
    }
    *ret_fd = fd;
    return STATUS_OK;
}

static enum status read_whole(int fd, struct buffer *file)
{
    TRY(buffer_reserve(file, FILE_BYTES_MAX));
    while (file->len < FILE_BYTES_MAX) {
        ssize_t got = read(fd, file->data + file->len, FILE_BYTES_MAX - file->len);
        if (got == 0) {
            return STATUS_OK;
        }
        if (got < 0 && errno != EINTR) {
            return STATUS_IO;
        }
        file->len += got < 0 ? 0 : (size_t)got;
    }
    return STATUS_CORRUPT;
}

enum status zone_tzdata_load(const char *name, struct zone *ret_zone)
{
    int fd = -1;
    if (!is_zone_name(name)) {
        return STATUS_NOT_FOUND;
    }
    TRY(open_file(name, &fd));
    struct buffer file = {0};
    buffer_init(&file, FILE_BYTES_MAX);
    enum status status = read_whole(fd, &file);
    close(fd);
    if (status == STATUS_OK) {
        status = zone_tzdata_parse(buffer_span(&file), ret_zone);
    }
    buffer_fini(&file);
    return status == STATUS_INVALID ? STATUS_NOT_FOUND : status;
}
