// Perks between the wire and the core: what is asked of them, and what is answered. Memory and
// statuses as in wire/commands.h and wire/replies.h.
//
// A partner's form of an answer has nothing in it that is the member's: no id, number, tier or
// figure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "core/account.h"
#include "core/decide_perks.h"
#include "core/program.h"
#include "loyalty/v1/perks.pb-c.h"
#include "wire/commands.h"
#include "wire/replies.h"

// --- what is asked ---

// `perk_id` and `unit`; the code and the partner are the caller's to fill in.
MUST_CHECK enum status perks_read_use(struct commands *commands,
                                      const Loyalty__V1__UsePerkRequest *request,
                                      struct use_perk_command *ret_command);
MUST_CHECK enum status perks_read_reversal(struct commands *commands,
                                           const Loyalty__V1__ReversePerkRequest *request,
                                           struct reverse_perk_command *ret_command);
// How long a code is to live; 120 s when nothing is said.
MUST_CHECK enum status perks_read_lifetime(struct commands *commands, uint32_t seconds,
                                           uint32_t *ret_seconds);
// "YYYY-MM".
MUST_CHECK enum status perks_read_month(struct commands *commands, const char *text,
                                        int32_t *ret_year, int32_t *ret_month);

// --- what is answered ---

MUST_CHECK enum status perks_used_response(const struct replies *replies,
                                           const struct record *record, uint64_t seq,
                                           Loyalty__V1__UsePerkResponse **ret_response);
MUST_CHECK enum status perks_reversed_response(const struct replies *replies,
                                               const struct record *record,
                                               Loyalty__V1__ReversePerkResponse **ret_response);
// Makes it a partner's.
void perks_veil_used(Loyalty__V1__UsePerkResponse *response);
// What a partner is told of an original that it has not used, whoever the member is.
MUST_CHECK enum status perks_not_found(struct arena *arena,
                                       Loyalty__V1__ReversePerkResponse **ret_response);

// STATUS_NOT_FOUND when no version is in force, or the account has no card.
MUST_CHECK enum status perks_list_response(struct arena *arena, const struct account *account,
                                           const struct program_set *programs,
                                           Loyalty__V1__ListPerksResponse **ret_response);
MUST_CHECK enum status perks_served_response(struct arena *arena, const struct program *program,
                                             struct span partner,
                                             Loyalty__V1__ListServedPerksResponse **ret_response);

// One line of a settlement, and how often a perk was used; texts are borrowed.
struct settled_use {
    uint64_t seq;
    uint8_t request[REQUEST_ID_BYTES];
    struct span perk;
    struct span unit;
    int64_t used_at_ms;
    bool reversal;
};

struct settled_total {
    struct span perk;
    int64_t count;
};

// `uses` newest first; `more` when there are older ones than the last.
struct settled_page {
    const struct settled_use *uses;
    size_t use_count;
    bool more;
    const struct settled_total *totals;
    size_t total_count;
};

MUST_CHECK enum status
perks_settlement_response(struct arena *arena, const struct settled_page *page,
                          Loyalty__V1__ListSettlementResponse **ret_response);
