// Messages of any type with random contents, from a seed that is printed: set LOYALTY_SEED to see
// the same ones again. Extremes are as likely as the ordinary.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "google/protobuf/duration.pb-c.h"
#include "wire/field.h"
#include "wire/instant.h"
#include "wire/message.h"

struct dice {
    uint64_t state;
};

static inline struct dice dice_from_environment(void)
{
    const char *given = getenv("LOYALTY_SEED");
    uint64_t seed = given == NULL ? (uint64_t)time(NULL) : strtoull(given, NULL, 10);
    print_message("LOYALTY_SEED=%llu\n", (unsigned long long)seed);
    return (struct dice){seed};
}

// splitmix64
static inline uint64_t dice_roll(struct dice *dice)
{
    uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline size_t dice_below(struct dice *dice, size_t bound)
{
    return (size_t)(dice_roll(dice) % bound);
}

static inline uint64_t random_bits(struct dice *dice)
{
    static const uint64_t extremes[] = {
        0, 1, 127, 128, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX, (uint64_t)INT64_MIN, 2, 10,
    };
    size_t count = sizeof(extremes) / sizeof(extremes[0]);
    size_t pick = dice_below(dice, count * 2);
    return pick < count ? extremes[pick] : dice_roll(dice) >> dice_below(dice, 64);
}

static inline char *random_text(struct dice *dice, struct arena *arena)
{
    static const char *const pieces[] = {
        "",
        "a",
        "gold",
        "no",
        "true",
        "null",
        "~",
        "0",
        "007",
        "-1",
        "1.5",
        " ",
        ": ",
        "#",
        "\"",
        "\\",
        "\n",
        "\t",
        "\x01",
        "06-01",
        "é",
        "金卡",
        "'",
        "- a",
        "{",
        "[",
        "&",
        "*x",
        "!t",
        "%",
        "\xf0\x9f\x8e\x81",
        "<<",
        "\x7f",
        "?",
        "yes",
        "12:30",
        "0x1F",
        ",",
        "end ",
        "\xc2\x85",
        "\xef\xbb\xbf",
    };
    char *text = arena_printf(arena, "%s", "");
    for (size_t i = dice_below(dice, 5); i > 0; i--) {
        size_t pick = dice_below(dice, sizeof(pieces) / sizeof(pieces[0]));
        text = arena_printf(arena, "%s%s", text, pieces[pick]);
    }
    assert_non_null(text);
    return text;
}

// NOLINTBEGIN(misc-no-recursion): the type bounds it

static inline ProtobufCMessage *random_message(struct dice *dice, struct arena *arena,
                                               const ProtobufCMessageDescriptor *type);

static inline void random_timestamp(struct dice *dice, Google__Protobuf__Timestamp *timestamp)
{
    static const int32_t nanos[] = {0, 1000000, 999000000, 1000, 1, 999999999, 500000000};
    timestamp->seconds = (int64_t)dice_below(dice, (size_t)(INSTANT_WRITTEN_END_MS / 1000));
    timestamp->nanos = nanos[dice_below(dice, sizeof(nanos) / sizeof(nanos[0]))];
}

static inline void random_value(struct dice *dice, struct arena *arena,
                                const ProtobufCFieldDescriptor *field, void *place)
{
    const ProtobufCEnumDescriptor *values = field->descriptor;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)place = random_text(dice, arena);
        break;
    case PROTOBUF_C_TYPE_BYTES: {
        ProtobufCBinaryData *bytes = place;
        bytes->len = dice_below(dice, 20);
        bytes->data = arena_alloc(arena, bytes->len);
        for (size_t i = 0; i < bytes->len; i++) {
            bytes->data[i] = (uint8_t)dice_roll(dice);
        }
        break;
    }
    case PROTOBUF_C_TYPE_ENUM:
        *(int *)place = values->values[dice_below(dice, values->n_values)].value;
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)place = (protobuf_c_boolean)dice_below(dice, 2);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)place = random_message(dice, arena, field->descriptor);
        break;
    default: {
        uint64_t bits = random_bits(dice);
        memcpy(place, &bits, field_value_bytes(field->type));
    }
    }
}

static inline void random_list(struct dice *dice, struct arena *arena,
                               const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
    size_t count = dice_below(dice, 4);
    size_t bytes = field_value_bytes(field->type);
    uint8_t *elements = arena_alloc_array(arena, count, bytes);
    assert_non_null(elements);
    for (size_t i = 0; i < count; i++) {
        random_value(dice, arena, field, elements + i * bytes);
        if (field_is_map(message->descriptor, field)) {
            ProtobufCMessage *entry = ((ProtobufCMessage **)(void *)elements)[i];
            char **key = field_place(entry, &entry->descriptor->fields[0]);
            *key = arena_printf(arena, "%s%zu", *key, i);
        }
    }
    *field_count(message, field) = count;
    *(uint8_t **)field_place(message, field) = elements;
}

static inline ProtobufCMessage *random_message(struct dice *dice, struct arena *arena,
                                               const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = message_new(type, arena);
    assert_non_null(message);
    if (type == &google__protobuf__duration__descriptor) { // never below nothing
        Google__Protobuf__Duration *duration = (Google__Protobuf__Duration *)message;
        duration->seconds = (int64_t)dice_below(dice, 100000);
        duration->nanos = (int32_t)dice_below(dice, 1000000000);
        return message;
    }
    if (type == &google__protobuf__timestamp__descriptor) {
        random_timestamp(dice, (Google__Protobuf__Timestamp *)message);
        return message;
    }
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (dice_below(dice, 3) == 0) {
            continue;
        }
        if (field_is_repeated(field)) {
            random_list(dice, arena, field, message);
        } else if (!field_is_oneof(field)) {
            random_value(dice, arena, field, field_place(message, field));
        } else if (*field_case(message, field) == 0) {
            *field_case(message, field) = field->id;
            memset(field_place(message, field), 0, field_value_bytes(field->type));
            random_value(dice, arena, field, field_place(message, field));
        }
    }
    return message;
}

// NOLINTEND(misc-no-recursion)
