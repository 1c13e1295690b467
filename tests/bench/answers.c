// Answers are walked field by field, as far as is needed: to decode them whole would cost the load
// more than the rest of its work.
#include "bench/answers.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { TYPE_VARINT = 0, TYPE_SIZED = 2, SIZED_BYTES_MAX = 1 << 20 };

// In a message the member is the first field: behind key and length.
enum { PREFIX_BYTES = 2 };

// Numbers of fields (members.proto, points.proto, common.proto).
enum {
    AWARD_POINTS = 6,
    REDEEM_POINTS = 4,
    MEMBER_STANDING = 5,
    STANDING_BALANCE = 1,
    STANDING_PENDING = 2,
    STANDING_HELD = 3,
};

bool bench_field_next(struct reader *message, struct bench_field *ret_field)
{
    uint64_t key;
    if (message->rest.len == 0 || reader_u64(message, &key) != STATUS_OK) {
        return false;
    }
    ret_field->number = (uint32_t)(key >> 3);
    switch (key & 7) {
    case TYPE_VARINT:
        return reader_u64(message, &ret_field->value) == STATUS_OK;
    case TYPE_SIZED:
        return reader_sized(message, SIZED_BYTES_MAX, &ret_field->bytes) == STATUS_OK;
    default:
        return false;
    }
}

bool bench_answer_names(struct span answer, const char member_id[BENCH_MEMBER_BYTES])
{
    size_t len = BENCH_MEMBER_BYTES - 1;
    if (answer.len > PREFIX_BYTES + len &&
        memcmp(answer.data + PREFIX_BYTES, member_id, len) == 0) {
        return true;
    }
    return memmem(answer.data, answer.len, member_id, len) != NULL;
}

static int64_t standing_points(struct span standing)
{
    struct reader reader = {standing};
    struct bench_field field;
    int64_t points = 0;
    while (bench_field_next(&reader, &field)) {
        if (field.number == STANDING_BALANCE || field.number == STANDING_PENDING ||
            field.number == STANDING_HELD) {
            points += (int64_t)field.value;
        }
    }
    return points;
}

static bool read_message(enum bench_request_kind kind, struct span answer, int64_t *ret_points)
{
    struct reader reader = {answer};
    struct bench_field field;
    int64_t points = 0;
    while (bench_field_next(&reader, &field)) {
        if (kind == BENCH_REQUEST_LOOKUP && field.number == MEMBER_STANDING) {
            points = standing_points(field.bytes);
            break;
        }
        if (kind == BENCH_REQUEST_AWARD && field.number == AWARD_POINTS) {
            points = (int64_t)field.value;
            break;
        }
        if (kind == BENCH_REQUEST_REDEEM && field.number == REDEEM_POINTS) {
            points = -(int64_t)field.value;
            break;
        }
    }
    *ret_points = points;
    return answer.len > 0;
}

// 64-bit integers are texts in proto3 JSON; numbers are taken too, absent is 0.
static int64_t tree_number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    const char *text = json_string_value(value);
    return text != NULL ? strtoll(text, NULL, 10) : json_integer_value(value);
}

static bool read_tree(enum bench_request_kind kind, struct span answer, int64_t *ret_points)
{
    json_t *tree = json_loadb((const char *)answer.data, answer.len, 0, NULL);
    if (!json_is_object(tree)) {
        json_decref(tree);
        return false;
    }
    if (kind == BENCH_REQUEST_LOOKUP) {
        const json_t *standing = json_object_get(tree, "standing");
        *ret_points = tree_number(standing, "balance") + tree_number(standing, "pending") +
                      tree_number(standing, "held");
    } else {
        int64_t points = tree_number(tree, "points");
        *ret_points = kind == BENCH_REQUEST_REDEEM ? -points : points;
    }
    json_decref(tree);
    return true;
}

bool bench_answer_points(enum bench_request_kind kind, bool json, struct span answer,
                         int64_t *ret_points)
{
    return json ? read_tree(kind, answer, ret_points) : read_message(kind, answer, ret_points);
}
