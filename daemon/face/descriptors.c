// Walks over descriptors. They are what protoc wrote when this was built, so that bytes which do
// not hold together are a programmer's error.
#include "face/descriptors.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/varint.h"

static const uint8_t built_in[] = {
#include "face/descriptors.inc"
};

// Field numbers of descriptor.proto.
enum {
    SET_FILE = 1,
    NAME = 1, // of all that has a name
    FILE_PACKAGE = 2,
    FILE_DEPENDENCY = 3,
    FILE_SERVICE = 6,
};

enum { WIRE_VARINT = 0, WIRE_64BIT = 1, WIRE_SIZED = 2, WIRE_32BIT = 5 };

// The next field that has bytes; false at the end. Numbers are passed over.
static bool next_field(struct reader *reader, uint64_t *ret_number, struct span *ret_bytes)
{
    while (reader->rest.len > 0) {
        uint64_t tag = 0;
        uint64_t value = 0;
        CHECK(reader_u64(reader, &tag) == STATUS_OK);
        switch (tag & 7) {
        case WIRE_SIZED:
            CHECK(reader_sized(reader, SIZE_MAX, ret_bytes) == STATUS_OK);
            *ret_number = tag >> 3;
            return true;
        case WIRE_VARINT:
            CHECK(reader_u64(reader, &value) == STATUS_OK);
            break;
        default:
            CHECK((tag & 7) == WIRE_64BIT || (tag & 7) == WIRE_32BIT);
            CHECK(reader_bytes(reader, (tag & 7) == WIRE_64BIT ? 8 : 4, ret_bytes) == STATUS_OK);
            break;
        }
    }
    return false;
}

static struct span first_of(struct span message, uint64_t number)
{
    struct reader reader = {message};
    uint64_t found = 0;
    struct span bytes;
    while (next_field(&reader, &found, &bytes)) {
        if (found == number) {
            return bytes;
        }
    }
    return (struct span){0};
}

static void each_of(struct span message, uint64_t number, descriptors_fn *each, void *context)
{
    struct reader reader = {message};
    uint64_t found = 0;
    struct span bytes;
    while (next_field(&reader, &found, &bytes)) {
        if (found == number) {
            each(context, bytes);
        }
    }
}

static void add_file(void *context, struct span bytes)
{
    struct descriptors *set = context;
    CHECK(set->count < DESCRIPTORS_FILES);
    set->files[set->count++] = (struct descriptors_file){
        .bytes = bytes,
        .name = first_of(bytes, NAME),
        .package = first_of(bytes, FILE_PACKAGE),
    };
}

const struct descriptors *descriptors_built_in(void)
{
    static struct descriptors set; // looked through once
    if (set.count == 0) {
        each_of(span_of(built_in, sizeof(built_in)), SET_FILE, add_file, &set);
    }
    return &set;
}

size_t descriptors_find_file(const struct descriptors *set, struct span name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (span_equal(set->files[i].name, name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

// --- symbols ---

enum kind { KIND_FILE, KIND_MESSAGE, KIND_ENUM, KIND_SERVICE, KIND_LEAF };

// What declares what, by which field.
static const struct {
    enum kind in;
    uint32_t number;
    enum kind kind;
} declarations[] = {
    {KIND_FILE, 4, KIND_MESSAGE}, {KIND_FILE, 5, KIND_ENUM},    {KIND_FILE, 6, KIND_SERVICE},
    {KIND_FILE, 7, KIND_LEAF},    {KIND_MESSAGE, 2, KIND_LEAF}, {KIND_MESSAGE, 3, KIND_MESSAGE},
    {KIND_MESSAGE, 4, KIND_ENUM}, {KIND_MESSAGE, 6, KIND_LEAF}, {KIND_MESSAGE, 8, KIND_LEAF},
    {KIND_SERVICE, 2, KIND_LEAF}, {KIND_ENUM, 2, KIND_LEAF},
};

static bool declared_as(enum kind in, uint64_t number, enum kind *ret_kind)
{
    for (size_t i = 0; i < sizeof(declarations) / sizeof(declarations[0]); i++) {
        if (declarations[i].in == in && declarations[i].number == number) {
            *ret_kind = declarations[i].kind;
            return true;
        }
    }
    return false;
}

// What is left of `name` behind `scope` and a dot; data is NULL when it is not in there.
static struct span inside(struct span name, struct span scope)
{
    if (scope.len == 0) {
        return name;
    }
    if (name.data == NULL || name.len <= scope.len) {
        return (struct span){0};
    }
    bool begins = name.data[scope.len] == '.' && memcmp(name.data, scope.data, scope.len) == 0;
    return begins ? span_from(name, scope.len + 1) : (struct span){0};
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as messages stand inside one another
static bool declares(struct span message, enum kind in, struct span name)
{
    struct reader reader = {message};
    uint64_t number = 0;
    struct span bytes;
    while (next_field(&reader, &number, &bytes)) {
        enum kind kind = KIND_LEAF;
        if (!declared_as(in, number, &kind)) {
            continue;
        }
        struct span own = first_of(bytes, NAME);
        struct span rest = inside(name, own);
        bool scoped = kind == KIND_MESSAGE || kind == KIND_SERVICE;
        // Values of an enum are named beside it, not in it.
        if (span_equal(own, name) || (kind == KIND_ENUM && declares(bytes, kind, name)) ||
            (scoped && rest.data != NULL && declares(bytes, kind, rest))) {
            return true;
        }
    }
    return false;
}

size_t descriptors_find_symbol(const struct descriptors *set, struct span symbol)
{
    for (size_t i = 0; i < set->count; i++) {
        struct span name = inside(symbol, set->files[i].package);
        if (name.len > 0 && declares(set->files[i].bytes, KIND_FILE, name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

// --- lists ---

void descriptors_each_import(const struct descriptors_file *file, descriptors_fn *each,
                             void *context)
{
    each_of(file->bytes, FILE_DEPENDENCY, each, context);
}

struct naming {
    struct span package;
    descriptors_fn *each;
    void *context;
};

static void name_service(void *context, struct span service)
{
    const struct naming *naming = context;
    char full[LIMIT_TEXT_BYTES];
    struct span name = first_of(service, NAME);
    int len = snprintf(full, sizeof(full), "%.*s.%.*s", (int)naming->package.len,
                       (const char *)naming->package.data, (int)name.len, (const char *)name.data);
    CHECK(len > 0 && (size_t)len < sizeof(full));
    naming->each(naming->context, span_of(full, (size_t)len));
}

void descriptors_each_service(const struct descriptors_file *file, descriptors_fn *each,
                              void *context)
{
    struct naming naming = {.package = file->package, .each = each, .context = context};
    each_of(file->bytes, FILE_SERVICE, name_service, &naming);
}
