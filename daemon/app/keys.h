// The keys a daemon works with, read at the start: of identifiers, of perk codes, of profiles. With
// an embedded ledger those that are not given are made in its folder.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/code_keys.h"
#include "app/digests.h"
#include "app/options.h"
#include "app/profile_keys.h"

struct keys {
    uint8_t identifier[IDENTIFIER_SECRET_BYTES];
    bool has_identifier;
    struct code_keys codes;
    struct profile_keys profiles;
};

void keys_init(struct keys *keys);
// What could not be read, and why (static, or strerror's): only when it fails.
MUST_CHECK enum status keys_read(struct keys *keys, const struct options *options,
                                 const char **ret_what, const char **ret_why);
void keys_fini(struct keys *keys);
