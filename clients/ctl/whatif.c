// Adding up: where an account stands, what tiers it went through, how it fares by both programs.
#include "ctl/whatif.h"

#include <stdlib.h>
#include <string.h>

#include "core/advance.h"
#include "core/earn.h"
#include "ctl/whatif_parts.h"

enum { ARENA_BYTES = 64 << 20, YEAR_MONTHS = 12 };

__extension__ typedef __int128 int128;

// The beginnings of months after `begin_ms` and up to `until_ms`.
static void set_months(struct whatif *whatif)
{
    struct civil_date first = zone_date(whatif->zone, whatif->begin_ms);
    struct civil_date last = zone_date(whatif->zone, whatif->until_ms);
    int32_t span = (last.year - first.year) * YEAR_MONTHS + last.month - first.month;
    int32_t step = span / WHATIF_MONTHS_MAX + 1;
    first.day = 1;
    for (int32_t month = 1; month <= span; month += step) {
        int64_t at_ms = zone_day_start(whatif->zone, civil_add_months(first, month));
        if (at_ms <= whatif->until_ms) {
            whatif->months[whatif->month_count++] = at_ms;
        }
    }
}

static void set_side(struct whatif_side *side, const struct program_set *programs, int64_t until_ms)
{
    const struct program_version *last = program_set_at(programs, until_ms);
    side->programs = *programs;
    side->program = last == NULL ? programs->versions[0].program : last->program;
}

struct whatif *whatif_new(const struct program_set *old, const struct program_set *new,
                          const struct whatif_times *times, bool live)
{
    struct whatif *whatif = calloc(1, sizeof(*whatif));
    if (whatif == NULL) {
        return NULL;
    }
    const struct program_version *last = &new->versions[new->count - 1];
    whatif->live = live;
    whatif->ranks = last->program;
    whatif->zone = last->zone;
    whatif->begin_ms = times->begin_ms;
    whatif->end_ms = times->end_ms;
    whatif->until_ms = times->until_ms;
    set_months(whatif);
    set_side(&whatif->sides[WHATIF_OLD], old, times->until_ms);
    set_side(&whatif->sides[WHATIF_NEW], new, times->until_ms);
    arena_init(&whatif->arena, ARENA_BYTES);
    arena_init(&whatif->kept, ARENA_BYTES);
    buffer_init(&whatif->out, 0);
    return whatif;
}

void whatif_free(struct whatif *whatif)
{
    if (whatif == NULL) {
        return;
    }
    arena_fini(&whatif->arena);
    arena_fini(&whatif->kept);
    buffer_fini(&whatif->out);
    free(whatif);
}

static void no_chain(const uint8_t *previous, struct span record, uint8_t *ret_hash)
{
    (void)previous;
    (void)record;
    memset(ret_hash, 0, CHAIN_HASH_BYTES);
}

struct ledger_writer whatif_writer(struct whatif *whatif, enum whatif_which which)
{
    return (struct ledger_writer){
        .out = &whatif->out, .hash = no_chain, .programs = &whatif->sides[which].programs};
}

static int rank_of(const struct whatif *whatif, const struct account *account,
                   const struct card *card)
{
    return advance_rank(whatif->ranks, NULL, names_text(&account->names, card->tier));
}

static void add_standing(const struct whatif *whatif, const struct account *account,
                         int64_t expired_before, struct whatif_standing *standing)
{
    standing->outstanding +=
        account->balance + account->deficit + account->pending_points + account->held_points;
    standing->owed += account->deficit;
    standing->expired += account->expired - expired_before;
    standing->score += account->score;
    if (account->cards.count > 0) {
        standing->tiers[rank_of(whatif, account, account_card(account))]++;
    }
}

static enum status move_to(struct whatif *whatif, enum whatif_which which, struct account *account,
                           int64_t at_ms)
{
    struct ledger_writer writer = whatif_writer(whatif, which);
    arena_reset(&whatif->arena);
    enum status status = advance(account, &writer, &whatif->arena, at_ms);
    buffer_clear(&whatif->out);
    return status;
}

static void add_cards(struct whatif *whatif, struct whatif_side *side,
                      const struct account *account, uint32_t cards_before)
{
    for (uint32_t i = cards_before > 0 ? cards_before : 1; i < account->cards.count; i++) {
        int before = rank_of(whatif, account, &account->cards.items[i - 1]);
        int rank = rank_of(whatif, account, &account->cards.items[i]);
        side->raised += rank > before;
        side->renewed += rank == before;
        side->lowered += rank < before;
    }
    for (size_t i = 0; account->cards.count > 0 && i < whatif->month_count; i++) {
        if (whatif->months[i] >= account->enrolled_ms) {
            const struct card *card = account_card_at(account, whatif->months[i]);
            side->sizes[i][rank_of(whatif, account, card)]++;
        }
    }
}

enum status whatif_finish(struct whatif *whatif, enum whatif_which which, struct account *account,
                          uint32_t cards_before, int64_t expired_before,
                          struct whatif_outcome *outcome)
{
    struct whatif_side *side = &whatif->sides[which];
    TRY(move_to(whatif, which, account, whatif->end_ms));
    add_standing(whatif, account, expired_before, &side->end);
    outcome->carded = account->cards.count > 0;
    outcome->rank_end = outcome->carded ? rank_of(whatif, account, account_card(account)) : 0;
    TRY(move_to(whatif, which, account, whatif->until_ms));
    add_standing(whatif, account, expired_before, &side->until);
    outcome->rank_until = outcome->carded ? rank_of(whatif, account, account_card(account)) : 0;
    add_cards(whatif, side, account, cards_before);
    return STATUS_OK;
}

static void add_change(struct whatif_change *change, int64_t old, int64_t new)
{
    change->gain += new > old;
    change->lose += new < old;
    change->same += new == old;
}

static void add_to_matrix(struct whatif_matrix *matrix, int old, int new)
{
    matrix->members[old][new]++;
    add_change(&matrix->change, old, new);
}

void whatif_compare(struct whatif *whatif, struct span id,
                    const struct whatif_outcome outcomes[WHATIF_SIDES])
{
    const struct whatif_outcome *old = &outcomes[WHATIF_OLD];
    const struct whatif_outcome *new = &outcomes[WHATIF_NEW];
    if (old->carded) {
        add_to_matrix(&whatif->at_end, old->rank_end, new->rank_end);
        add_to_matrix(&whatif->at_until, old->rank_until, new->rank_until);
    }
    add_change(&whatif->points, old->points, new->points);
    bool changed = old->rank_end != new->rank_end || old->rank_until != new->rank_until ||
                   old->points != new->points;
    if (changed && whatif->on_change != NULL) {
        whatif->on_change(whatif->context, id, old, new);
    }
}

static int64_t latest_end(const struct program_set *programs, int64_t end_ms)
{
    const struct program_version *version = &programs->versions[programs->count - 1];
    int64_t at_ms = earn_score_end(version, zone_date(version->zone, end_ms));
    for (size_t i = 0; i < version->program->tier_count; i++) {
        int32_t months = (int32_t)version->program->tiers[i].validity_months;
        int64_t card_ms = zone_add_months(version->zone, end_ms, months);
        at_ms = card_ms > at_ms ? card_ms : at_ms;
    }
    return at_ms;
}

int64_t whatif_default_until(const struct program_set *old, const struct program_set *new,
                             int64_t end_ms)
{
    const struct zone *zone = new->versions[0].zone;
    int64_t most_ms = zone_add_months(zone, end_ms, WHATIF_AHEAD_MONTHS_MAX);
    int64_t old_ms = latest_end(old, end_ms);
    int64_t new_ms = latest_end(new, end_ms);
    int64_t later_ms = old_ms > new_ms ? old_ms : new_ms;
    return later_ms < most_ms ? later_ms : most_ms;
}

int64_t whatif_value(const struct program *program, int64_t points)
{
    const struct rate *value = &program->redeem_value;
    return value->points == 0 ? 0 : (int64_t)((int128)points * value->money_minor / value->points);
}
