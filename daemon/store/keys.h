// The names of the keys (design: partitions). A partition's keys share one hash tag.
//
//     ly:{17}:a:<id>   ly:{17}:ev   ly:{17}:due   ly:{17}:arch   ly:{17}:i:<key>
//     ly:{17}:p:<name> ly:{17}:b:<set>
//     ly:{meta}:<id>   ly:{meta}:ev ly:{meta}:due ly:{meta}:arch ly:{meta}:clock, :partitions
//     ly:{meta}:c:<name>            ly:{meta}:values (their names) ly:{meta}:epoch
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/span.h"
#include "store/store.h"

enum { STORE_KEY_NAME_BYTES = 32 + STORE_KEY_BYTES_MAX };

struct store_key {
    uint8_t bytes[STORE_KEY_NAME_BYTES];
    size_t len;
};

// Arguments are within bounds (store/bounds.h).
struct store_key store_key_account(const struct store_account *account);
struct store_key store_key_identifier(uint32_t partition, struct span identifier);
struct store_key store_key_value(const struct store_value *value);
struct store_key store_key_set(uint32_t partition, struct span set);
// One of a partition's own keys: "ev", "due", "arch"; of meta also "clock", "epoch", "partitions",
// "program", "values".
struct store_key store_key_partition(bool meta, uint32_t partition, const char *name);

enum { STORE_PUT_SETS = 2 };

// The sets whose members a put changes, in that order: those it names, or the names of meta values.
struct store_put_sets {
    uint32_t count;
    struct store_key keys[STORE_PUT_SETS];
    bool enters[STORE_PUT_SETS]; // else leaves
};

struct store_put_sets store_put_sets(const struct store_put *put);

static inline struct span store_key_span(const struct store_key *key)
{
    return span_of(key->bytes, key->len);
}
