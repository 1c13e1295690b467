// Cards are looked through from the last on: a re-scoring of late is near the end.
#include "jobs/move.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "core/advance.h"

static void copy_name(char ret_text[LIMIT_NAME_BYTES + 1], struct span name)
{
    size_t len = name.len < LIMIT_NAME_BYTES ? name.len : (size_t)LIMIT_NAME_BYTES;
    if (len > 0) {
        memcpy(ret_text, name.data, len);
    }
    ret_text[len] = '\0';
}

static const struct card *find_card(const struct account *account, int64_t at_ms)
{
    for (uint32_t i = account->cards.count; i > 1; i--) {
        const struct card *card = &account->cards.items[i - 1];
        if (card->from_ms == at_ms && card->cause == CARD_RESCORE) {
            return card;
        }
    }
    return NULL;
}

static uint32_t count_contributions(const struct account *account, int64_t at_ms)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < account->contributions.count; i++) {
        const struct contribution *one = &account->contributions.items[i];
        bool counts = one->score > 0 && one->boundary_from_ms <= at_ms && one->until_ms > at_ms;
        count += counts ? 1 : 0;
    }
    return count;
}

static int64_t threshold_of(const struct program_set *programs, int64_t at_ms, struct span tier)
{
    const struct program_version *version = program_set_at(programs, at_ms);
    if (version == NULL) {
        return 0;
    }
    const struct program *last = programs->versions[programs->count - 1].program;
    return version->program->tiers[advance_rank(version->program, last, tier)].threshold;
}

bool move_find(const struct account *account, const struct program_set *programs, int64_t at_ms,
               struct move *ret_move)
{
    const struct card *card = find_card(account, at_ms);
    if (card == NULL) {
        return false;
    }
    struct span to_tier = names_text(&account->names, card->tier);
    *ret_move = (struct move){
        .score = account_score_at_boundary(account, at_ms),
        .contributions = count_contributions(account, at_ms),
        .threshold = threshold_of(programs, at_ms, to_tier),
        .card_until_ms = card->until_ms,
        .seq = account->seq,
    };
    memcpy(ret_move->member_id, account->id, sizeof ret_move->member_id);
    copy_name(ret_move->from_tier, names_text(&account->names, card[-1].tier));
    copy_name(ret_move->to_tier, to_tier);
    return true;
}

int move_compare(const void *a, const void *b)
{
    const struct move *left = a;
    const struct move *right = b;
    return strcmp(left->member_id, right->member_id);
}

enum status moves_add(struct moves *moves, const struct move *move)
{
    TRY(vec_reserve_one(moves, MOVES_MAX));
    moves->items[moves->count++] = *move;
    return STATUS_OK;
}

void moves_sort(struct moves *moves)
{
    if (moves->count > 1) {
        qsort(moves->items, moves->count, sizeof(struct move), move_compare);
    }
}
