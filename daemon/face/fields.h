// Fields of a head or of trailers being put together; names and values are borrowed.
#pragma once

#include "base/check.h"
#include "face/bounds.h"
#include "net/http.h"

struct fields {
    struct http_field items[FACE_FIELDS];
    size_t count;
};

static inline void fields_add(struct fields *fields, const char *name, struct span value)
{
    CHECK(fields->count < FACE_FIELDS);
    fields->items[fields->count++] = (struct http_field){span_of_text(name), value};
}

// The value of the first field of this name; data is NULL when there is none.
static inline struct span fields_find(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->field_count; i++) {
        if (span_is_text(request->fields[i].name, name)) {
            struct span value = request->fields[i].value;
            return value.data == NULL ? span_of("", 0) : value;
        }
    }
    return (struct span){0};
}
