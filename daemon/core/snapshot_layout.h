// What the layouts of a snapshot share; private to core/snapshot*.c.
#pragma once

#include "core/account.h"
#include "core/codec.h"

// The count of an array, written, or read and room made for it.
#define LAYOUT_COUNT(codec, vec, count_max)                                                        \
    do {                                                                                           \
        uint32_t count_ = (vec)->count;                                                            \
        TRY(codec_u32((codec), &count_));                                                          \
        if (!(codec)->writing && count_ > (codec)->reader.rest.len) {                              \
            return STATUS_CORRUPT; /* every item takes a byte at least */                          \
        }                                                                                          \
        while (!(codec)->writing && (vec)->count < count_) {                                       \
            TRY(vec_reserve_one((vec), (count_max)));                                              \
            memset(&(vec)->items[(vec)->count], 0, sizeof *(vec)->items);                          \
            (vec)->count++;                                                                        \
        }                                                                                          \
    } while (0)

// The part that the second format has more.
MUST_CHECK enum status snapshot_layout_member(struct codec *codec, struct account *account);
