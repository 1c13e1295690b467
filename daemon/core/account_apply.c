// The fold's step: one record's outcomes taken into the account. Each outcome is checked against
// what the account has, so a record that does not belong is found, not absorbed.
#include "core/account_parts.h"

#include "base/check.h"
#include "core/receipts.h"

static enum status apply_names(struct account *account, const struct record *record)
{
    for (size_t i = 0; i < record->name_count; i++) {
        uint32_t ref;
        TRY(names_add(&account->names, record->names[i], &ref));
    }
    return STATUS_OK;
}

bool account_has_name(const struct account *account, uint32_t ref)
{
    return ref <= account->names.places.count;
}

static bool has_names_of_rules(const struct account *account, const struct record_awarded *awarded)
{
    for (size_t i = 0; i < awarded->rule_count; i++) {
        uint32_t rule = awarded->rules[i].rule;
        if (rule == 0 || !account_has_name(account, rule)) {
            return false;
        }
    }
    return account_has_name(account, awarded->unit);
}

static bool has_names_of_carried(const struct account *account, const struct carried *carried)
{
    for (size_t i = 0; i < carried->use_count; i++) {
        if (carried->uses[i].perk == 0 || !account_has_name(account, carried->uses[i].perk)) {
            return false;
        }
    }
    return carried->tier != 0 && account_has_name(account, carried->tier);
}

static bool has_names_of_type(const struct account *account, const struct record *record)
{
    switch (record->type) {
    case RECORD_OPENED:
        return account_has_name(account, record->opened.program) &&
               account_has_name(account, record->opened.currency) &&
               account_has_name(account, record->opened.unit);
    case RECORD_AWARDED:
        return has_names_of_rules(account, &record->awarded);
    case RECORD_REDEEMED:
        return account_has_name(account, record->redeemed.unit);
    case RECORD_HELD:
        return account_has_name(account, record->held.taken.unit);
    case RECORD_CAPTURED:
        return account_has_name(account, record->captured.taken.unit);
    case RECORD_RELEASED:
        return account_has_name(account, record->released.unit);
    case RECORD_REVERSED:
        return account_has_name(account, record->reversed.advice.unit);
    case RECORD_TOMBSTONE:
        return account_has_name(account, record->tombstone.advice.unit);
    case RECORD_PERK_USED:
        return record->perk_used.perk != 0 && account_has_name(account, record->perk_used.perk) &&
               account_has_name(account, record->perk_used.unit);
    case RECORD_PERK_REVERSED:
        return account_has_name(account, record->perk_reversed.perk) &&
               account_has_name(account, record->perk_reversed.used_by) &&
               account_has_name(account, record->perk_reversed.unit);
    case RECORD_SETTLED:
        return account_has_name(account, record->settled.perk) &&
               account_has_name(account, record->settled.unit);
    case RECORD_MERGED:
        return has_names_of_carried(account, &record->merged.carried);
    case RECORD_ABSORBED:
        return has_names_of_carried(account, &record->absorbed.carried);
    case RECORD_DONE:
        return !record->done.given_back || has_names_of_carried(account, &record->done.carried);
    default:
        return true;
    }
}

static enum status check_references(const struct account *account, const struct record *record)
{
    bool known = account_has_name(account, record->actor) &&
                 account_has_name(account, record->figures.tier) &&
                 account_has_name(account, record->figures.next_tier) &&
                 has_names_of_type(account, record);
    return known ? STATUS_OK : STATUS_CORRUPT;
}

static enum status apply_cards(struct account *account, const struct record *record)
{
    for (size_t i = 0; i < record->card_count; i++) {
        const struct card *card = &record->cards[i];
        if (card->tier == 0 || !account_has_name(account, card->tier) ||
            card->from_ms > record->at_ms || card->until_ms <= record->at_ms) {
            return STATUS_CORRUPT;
        }
        TRY(vec_reserve_one(&account->cards, LIMIT_CARDS));
        account->cards.items[account->cards.count] = *card;
        account->cards.count++;
    }
    return STATUS_OK;
}

enum status account_name(struct account *account, struct span id)
{
    if (id.len >= sizeof account->id || (id.len > 0 && memchr(id.data, '\0', id.len) != NULL)) {
        return STATUS_CORRUPT;
    }
    if (id.len > 0) {
        memcpy(account->id, id.data, id.len);
    }
    account->id[id.len] = '\0';
    return STATUS_OK;
}

static enum status apply_opened(struct account *account, const struct record *record)
{
    const struct record_opened *opened = &record->opened;
    size_t cards = opened->kind == ACCOUNT_MEMBER ? 1 : 0;
    if (account_exists(account) || record->card_count != cards) {
        return STATUS_CORRUPT;
    }
    account->kind = opened->kind;
    account->terminal.unit = opened->unit;
    account->terminal.day = opened->day;
    TRY(account_name(account, opened->id));
    account->partition = opened->partition;
    account->program = opened->program;
    account->currency = opened->currency;
    account->enrolled_ms = record->at_ms;
    for (size_t i = 0; i < opened->identifier_count; i++) {
        TRY(vec_reserve_one(&account->identifiers, LIMIT_IDENTIFIERS));
        account->identifiers.items[account->identifiers.count] =
            (struct identifier_state){.identifier = opened->identifiers[i]};
        account->identifiers.count++;
    }
    return STATUS_OK;
}

// New points: a balance's bound counts pending and held ones too (domain.md, fine print 15), and
// there is room for all lots that what is set aside may come back to.
enum status account_make_room(const struct account *account, int64_t points)
{
    uint32_t lots = account->lots.count + account->pending.count + account->held_lots.count;
    if (lots >= LIMIT_LOTS) {
        return STATUS_TOO_LARGE;
    }
    return account_in_bounds(account, points) ? STATUS_OK : STATUS_RANGE;
}

static enum status apply_uses(struct account *account, const struct record_awarded *awarded)
{
    if (!awarded->counted) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < awarded->rule_count; i++) {
        const struct rule_points *rule = &awarded->rules[i];
        if (rule->counted) {
            TRY(account_add_use(
                account,
                &(struct use){.rule = rule->rule, .day = awarded->day, .points = rule->points}));
        }
    }
    if (awarded->day_counted) {
        return account_add_use(account,
                               &(struct use){.day = awarded->day, .points = awarded->points});
    }
    return STATUS_OK;
}

enum status account_give_score(struct account *account, const struct opening_score *score)
{
    if (score->score > LIMIT_POINTS_A_RECORD ||
        account->score_given + score->score > LIMIT_POINTS_A_BALANCE) {
        return STATUS_RANGE;
    }
    account->score_given += score->score;
    return account_add_contribution(account, &(struct contribution){.from_ms = score->from_ms,
                                                                    .until_ms = score->until_ms,
                                                                    .score = score->score,
                                                                    .seq = account->seq + 1});
}

static enum status apply_awarded(struct account *account, const struct record_awarded *awarded)
{
    if (awarded->points > LIMIT_POINTS_A_RECORD) {
        return STATUS_RANGE;
    }
    TRY(account_earn(account, &(struct pending_lot){.spendable_ms = awarded->spendable_ms,
                                                    .ends_ms = awarded->lot_ends_ms,
                                                    .points = awarded->points}));
    TRY(apply_uses(account, awarded));
    if (awarded->score == 0) {
        return STATUS_OK;
    }
    return account_give_score(account, &(struct opening_score){.from_ms = awarded->occurred_ms,
                                                               .until_ms = awarded->score_until_ms,
                                                               .score = awarded->score});
}

enum status account_take_redeemed(struct account *account, const struct record_redeemed *redeemed)
{
    int64_t sum = 0;
    for (size_t i = 0; i < redeemed->lot_count; i++) {
        TRY(account_take_from_lot(account, &redeemed->lots[i]));
        sum += redeemed->lots[i].points;
    }
    if (sum != redeemed->points) {
        return STATUS_CORRUPT;
    }
    if (redeemed->counted) {
        account_count_redeemed(account, redeemed->day, sum);
    }
    return STATUS_OK;
}

static enum status apply_redeemed(struct account *account, const struct record_redeemed *redeemed)
{
    TRY(account_take_redeemed(account, redeemed));
    account->redeemed += redeemed->points;
    return STATUS_OK;
}

// What ends of a lot is all that is left of it, spendable or still pending.
static enum status apply_expired(struct account *account, const struct lot_move *move)
{
    if (move->ends_ms > account->now_ms) {
        return STATUS_CORRUPT;
    }
    int64_t left = move->points;
    struct lot_move whole = {move->ends_ms, account_in_lot(account, move->ends_ms)};
    if (whole.points > 0) {
        left -= whole.points;
        TRY(account_take_from_lot(account, &whole));
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < account->pending.count; i++) {
        struct pending_lot *pending = &account->pending.items[i];
        if (pending->ends_ms == move->ends_ms) {
            left -= pending->points;
            account->pending_points -= pending->points;
        } else {
            account->pending.items[kept++] = *pending;
        }
    }
    account->pending.count = kept;
    if (left != 0 || move->points <= 0) {
        return STATUS_CORRUPT;
    }
    return account_expire(account, move->ends_ms, move->points);
}

static enum status apply_boundary(struct account *account, const struct record_boundary *boundary)
{
    for (size_t i = 0; i < boundary->expired_count; i++) {
        TRY(apply_expired(account, &boundary->expired[i]));
    }
    return STATUS_OK;
}

static enum status apply_opening(struct account *account, const struct record_opening *opening)
{
    for (size_t i = 0; i < opening->lot_count; i++) {
        const struct lot_move *lot = &opening->lots[i];
        if (lot->ends_ms <= account->now_ms || lot->points > LIMIT_POINTS_A_RECORD) {
            return STATUS_CORRUPT;
        }
        TRY(account_make_room(account, lot->points));
        TRY(account_add_spendable(account, lot->ends_ms, lot->points));
        account->opened += lot->points;
    }
    for (size_t i = 0; i < opening->score_count; i++) {
        TRY(account_give_score(account, &opening->scores[i]));
    }
    return STATUS_OK;
}

// What a member does besides buying, and what is done to one by hand.
static enum status apply_of_member(struct account *account, const struct record *record)
{
    switch (record->type) {
    case RECORD_PERK_USED:
        return account_apply_perk_used(account, record);
    case RECORD_PERK_REVERSED:
        return account_apply_perk_reversed(account, record);
    case RECORD_SETTLED:
        return account_apply_settled(account, record);
    case RECORD_CONTRIBUTED:
        return account_apply_contributed(account, record);
    case RECORD_CONTRIBUTION_REDUCED:
        return account_apply_contribution_reduced(account, record);
    case RECORD_NOTICED:
        return account_apply_noticed(account, record);
    case RECORD_STATUS_CHANGED:
        return account_apply_status(account, record);
    case RECORD_IDENTIFIERS_CHANGED:
        return account_apply_identifiers(account, record);
    case RECORD_DONE:
        return account_apply_done(account, record);
    case RECORD_MERGED:
        return account_apply_merged(account, record);
    case RECORD_ABSORBED:
        return account_apply_absorbed(account, record);
    case RECORD_BONUS:
        return account_apply_bonus(account, record);
    case RECORD_REFERRED:
        return account_apply_referred(account, record);
    case RECORD_POOL_MEMBER:
        return account_apply_pool_member(account, record);
    case RECORD_POOL_SPENT:
        return account_apply_pool_spent(account, record);
    case RECORD_ADJUSTED:
        return account_apply_adjusted(account, record);
    case RECORD_CARD_GRANTED:
    case RECORD_CARD_REVOKED:
        return account_apply_card_by_hand(account, record);
    case RECORD_AUDITED:
        return account_apply_audited(account, record);
    default:
        return STATUS_UNKNOWN_TYPE;
    }
}

static enum status apply_outcomes(struct account *account, const struct record *record)
{
    switch (record->type) {
    case RECORD_OPENED:
        return apply_opened(account, record);
    case RECORD_AWARDED:
        return apply_awarded(account, &record->awarded);
    case RECORD_REDEEMED:
        return apply_redeemed(account, &record->redeemed);
    case RECORD_REFUSED:
        return STATUS_OK;
    case RECORD_BOUNDARY:
        return apply_boundary(account, &record->boundary);
    case RECORD_OPENING:
        return apply_opening(account, &record->opening);
    case RECORD_BOUND:
        return account_apply_bound(account, record);
    case RECORD_RECEIPT:
        return receipts_apply(account, record);
    case RECORD_HELD:
        return account_apply_held(account, record);
    case RECORD_CAPTURED:
        return account_apply_captured(account, record);
    case RECORD_RELEASED:
        return account_apply_released(account, record);
    case RECORD_LAPSED:
        return account_apply_lapsed(account, record);
    case RECORD_REVERSED:
        TRY(account_apply_reversed(account, record));
        return account->status == MEMBER_MERGED ? account_pass_on(account, record) : STATUS_OK;
    case RECORD_TOMBSTONE:
        return STATUS_OK; // account_know
    default:
        return apply_of_member(account, record);
    }
}

enum status account_settle(struct account *account, int64_t now_ms)
{
    TRY(account_settle_pending(account, now_ms));
    account_settle_score(account, now_ms);
    if (now_ms > account->now_ms) {
        account->now_ms = now_ms;
    }
    return STATUS_OK;
}

enum status account_know(struct account *account, const struct record *record)
{
    const uint8_t *original = record_buried(record);
    if (original != NULL) {
        struct mark buried = {.present = true};
        memcpy(buried.id, original, sizeof buried.id);
        TRY(id_set_add(&account->ids, mark_print(&buried)));
    }
    return record->mark.present ? id_set_add(&account->ids, mark_print(&record->mark)) : STATUS_OK;
}

enum status account_apply(struct account *account, const struct record *record)
{
    if (record->at_ms < account->now_ms ||
        (record->type != RECORD_OPENED && !account_exists(account))) {
        return STATUS_CORRUPT;
    }
    TRY(account_settle(account, record->at_ms));
    TRY(apply_names(account, record));
    TRY(check_references(account, record));
    TRY(apply_outcomes(account, record));
    TRY(apply_cards(account, record));
    return account_know(account, record);
}
