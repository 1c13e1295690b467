// The dictionary of an account: ids of tiers, rules and units are written once in its log and
// referred to by number after, so that a record is small and yet says everything by itself. A
// reference is 1 or more; 0 is "none". Append-only; cut back only by account_restore.
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "base/status.h"
#include "base/vec.h"

struct name_place {
    uint32_t offset;
    uint32_t len;
};

struct names {
    struct buffer bytes;
    VEC(struct name_place) places;
};

void names_init(struct names *names);
void names_fini(struct names *names);
void names_truncate(struct names *names, uint32_t count);
// The text of a reference; empty for 0 or one that does not exist. Valid until the next add.
static inline struct span names_text(const struct names *names, uint32_t ref)
{
    if (ref == 0 || ref > names->places.count) {
        return span_of(NULL, 0);
    }
    const struct name_place *place = &names->places.items[ref - 1];
    return span_of(names->bytes.data + place->offset, place->len);
}

// The reference of a text, or 0.
uint32_t names_find(const struct names *names, struct span text);
MUST_CHECK enum status names_add(struct names *names, struct span text, uint32_t *ret_ref);
