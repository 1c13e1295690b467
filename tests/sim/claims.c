// Who has which identifier in the store: each claim is held against the members' logs as it is
// made.
#include <stdlib.h>

#include "base/check.h"
#include "sim/sim.h"

static struct owned *claim_of(struct sim *sim, const uint8_t *key)
{
    for (uint32_t i = 0; i < sim->claims.count; i++) {
        if (memcmp(sim->claims.items[i].key, key, IDENTIFIER_KEY_BYTES) == 0) {
            return &sim->claims.items[i];
        }
    }
    CHECK(vec_reserve_one(&sim->claims, UINT32_MAX) == STATUS_OK);
    struct owned *claim = &sim->claims.items[sim->claims.count++];
    *claim = (struct owned){0};
    memcpy(claim->key, key, sizeof(claim->key));
    return claim;
}

struct book *claims_owner(struct sim *sim, const struct identifier *identifier)
{
    return claim_of(sim, identifier->key)->owner;
}

// Of an identifier's key as the store has it, in hex; its owner is about to change.
static struct owned *changing_claim(struct sim *sim, struct span key, uint8_t *ret_bytes)
{
    for (size_t i = 0; i < IDENTIFIER_KEY_BYTES; i++) {
        char digits[3] = {(char)key.data[2 * i], (char)key.data[2 * i + 1], '\0'};
        ret_bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    struct owned *claim = claim_of(sim, ret_bytes);
    struct change *change = observer_note(sim, CHANGE_CLAIMED);
    change->claim = (uint32_t)(claim - sim->claims.items);
    change->book = claim->owner;
    return claim;
}

void claims_take(void *context, struct span key, struct span member_id)
{
    struct sim *sim = context;
    uint8_t bytes[IDENTIFIER_KEY_BYTES];
    struct book *book = observer_book(sim, member_id);
    struct owned *claim = changing_claim(sim, key, bytes);
    bool robbed = claim->owner != NULL && book_lists(claim->owner, bytes);
    if ((robbed || !book_lists(book, bytes)) && sim->server.losses == 0) {
        sim_violated(sim, "one owner a card", "%s claims what %s", book->id,
                     robbed ? "another member's log lists" : "its own log does not list");
    }
    claim->owner = book;
}

void claims_let_go(void *context, struct span key, struct span member_id)
{
    (void)member_id;
    uint8_t bytes[IDENTIFIER_KEY_BYTES];
    changing_claim(context, key, bytes)->owner = NULL;
}
