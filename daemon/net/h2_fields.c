// The cost of a field is at least H2_FIELD_COST, so neither array of a block can overflow before
// its cost is over the limit.
#include "net/h2_fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "net/h2_limits.h"

enum { STATUS_DIGITS = 3 };

struct h2_block *h2_block_new(struct h2_block **spare, int32_t stream)
{
    struct h2_block *block = *spare == NULL ? malloc(sizeof(*block)) : *spare;
    *spare = NULL;
    if (block != NULL) {
        block->stream = stream;
        block->begun_us = h2_now_us();
        block->cost = 0;
        block->used = 0;
        block->count = 0;
        block->method = span_of(NULL, 0);
        block->path = span_of(NULL, 0);
    }
    return block;
}

bool h2_block_is_too_large(const struct h2_block *block)
{
    return block->cost > LIMIT_HTTP_HEADER_BYTES;
}

static struct span keep(struct h2_block *block, struct span text)
{
    uint8_t *at = block->bytes + block->used;
    if (text.len > 0) {
        memcpy(at, text.data, text.len);
    }
    block->used += text.len;
    return span_of(at, text.len);
}

void h2_block_add(struct h2_block *block, struct span name, struct span value)
{
    block->cost += name.len + value.len + H2_FIELD_COST;
    if (h2_block_is_too_large(block)) {
        return;
    }
    if (span_is_text(name, ":method")) {
        block->method = keep(block, value);
    } else if (span_is_text(name, ":path")) {
        block->path = keep(block, value);
    } else if (name.len > 0 && name.data[0] != ':') {
        struct http_field *field = &block->fields[block->count++];
        field->name = keep(block, name);
        field->value = keep(block, value);
    }
}

static uint8_t *put_item(nghttp2_nv *item, uint8_t *at, struct span name, struct span value)
{
    *item = (nghttp2_nv){
        .name = at, .namelen = name.len, .value = at + name.len, .valuelen = value.len};
    memcpy(at, name.data, name.len);
    if (value.len > 0) {
        memcpy(at + name.len, value.data, value.len);
    }
    return at + name.len + value.len;
}

struct h2_fields *h2_fields_new(uint32_t status, const struct http_field *fields, size_t count)
{
    CHECK(status == 0 || (status >= 100 && status <= 999));
    const struct span status_name = span_of_text(":status");
    const uint8_t digits[STATUS_DIGITS] = {(uint8_t)('0' + status / 100),
                                           (uint8_t)('0' + status / 10 % 10),
                                           (uint8_t)('0' + status % 10)};
    size_t bytes = status_name.len + STATUS_DIGITS;
    for (size_t i = 0; i < count; i++) {
        bytes += fields[i].name.len + fields[i].value.len;
    }
    struct h2_fields *copy = malloc(sizeof(*copy) + (count + 1) * sizeof(nghttp2_nv) + bytes);
    if (copy == NULL) {
        return NULL;
    }
    uint8_t *at = (uint8_t *)&copy->items[count + 1];
    copy->count = 0;
    if (status != 0) {
        at = put_item(&copy->items[copy->count++], at, status_name, span_of(digits, STATUS_DIGITS));
    }
    for (size_t i = 0; i < count; i++) {
        at = put_item(&copy->items[copy->count++], at, fields[i].name, fields[i].value);
    }
    return copy;
}
