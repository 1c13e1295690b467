// Field sections of HTTP/2: one being received, in memory of fixed size, and copies of those to be
// sent.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nghttp2/nghttp2.h>

#include "base/limits.h"
#include "base/span.h"
#include "net/http.h"

enum { H2_FIELD_COST = 32 }; // of each field besides its bytes (RFC 9113, 6.5.2)

// A request's head or trailers while they come. What does not fit is dropped, and that is noted.
struct h2_block {
    int32_t stream;
    int64_t begun_us;
    size_t cost; // in terms of LIMIT_HTTP_HEADER_BYTES
    size_t used;
    size_t count;
    struct span method;
    struct span path;
    struct http_field fields[LIMIT_HTTP_HEADER_BYTES / H2_FIELD_COST];
    uint8_t bytes[LIMIT_HTTP_HEADER_BYTES];
};

// `*spare` if there is one (then there is none any more), else a new one; either is freed with
// free(). NULL: no memory.
struct h2_block *h2_block_new(struct h2_block **spare, int32_t stream);
void h2_block_add(struct h2_block *block, struct span name, struct span value);
bool h2_block_is_too_large(const struct h2_block *block);

// A copy in the form that nghttp2 takes; one piece of memory, freed with free().
struct h2_fields {
    size_t count;
    nghttp2_nv items[];
};

// With ":status" in front unless `status` is 0. NULL: no memory.
struct h2_fields *h2_fields_new(uint32_t status, const struct http_field *fields, size_t count);
