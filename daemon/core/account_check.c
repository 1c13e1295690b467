// The invariants of an account, executed; and the comparison of two accounts, for tests of fold,
// time and compaction.
#include "core/account.h"

#include "core/receipts.h"

static enum status broken(const char *what, const char **ret_what)
{
    *ret_what = what;
    return STATUS_CORRUPT;
}

static enum status check_lots(const struct account *account, int64_t *ret_sum,
                              const char **ret_what)
{
    for (uint32_t i = 0; i < account->lots.count; i++) {
        const struct lot *lot = &account->lots.items[i];
        if (lot->points <= 0 || lot->ends_ms <= account->now_ms) {
            return broken("a lot is empty or over", ret_what);
        }
        if (i > 0 && lot[-1].ends_ms >= lot->ends_ms) {
            return broken("lots do not rise by end", ret_what);
        }
        *ret_sum += lot->points;
    }
    return STATUS_OK;
}

static enum status check_pending(const struct account *account, const char **ret_what)
{
    int64_t pending = 0;
    for (uint32_t i = 0; i < account->pending.count; i++) {
        if (account->pending.items[i].ends_ms <= account->now_ms) {
            return broken("a pending lot is over", ret_what);
        }
        pending += account->pending.items[i].points;
    }
    return account->pending_points == pending ? STATUS_OK
                                              : broken("pending points do not add up", ret_what);
}

// Each hold has just the points of its lots.
static enum status check_holds(const struct account *account, const char **ret_what)
{
    int64_t held = 0;
    const struct lot *lot = account->held_lots.items;
    for (uint32_t i = 0; i < account->holds.count; i++) {
        const struct hold *hold = &account->holds.items[i];
        int64_t points = 0;
        for (uint32_t j = 0; j < hold->lot_count; j++) {
            points += lot++->points;
        }
        if (points != hold->points) {
            return broken("a hold is not the sum of its lots", ret_what);
        }
        if (hold->lapses_ms <= account->now_ms) {
            return broken("a hold has lapsed", ret_what);
        }
        held += points;
    }
    return account->held_points == held ? STATUS_OK : broken("held points do not add up", ret_what);
}

// What is remembered of what expired; the oldest may be forgotten.
static enum status check_ended(const struct account *account, const char **ret_what)
{
    int64_t ended = 0;
    for (uint32_t i = 0; i < account->ended.count; i++) {
        const struct lot *lot = &account->ended.items[i];
        if (lot->points <= 0 || lot->ends_ms > account->now_ms) {
            return broken("what has ended is nothing or has not", ret_what);
        }
        if (i > 0 && lot[-1].ends_ms >= lot->ends_ms) {
            return broken("what has ended does not rise by end", ret_what);
        }
        ended += lot->points;
    }
    return ended <= account->expired ? STATUS_OK : broken("more has ended than expired", ret_what);
}

static enum status check_points(const struct account *account, const char **ret_what)
{
    int64_t lots = 0;
    TRY(check_lots(account, &lots, ret_what));
    TRY(check_pending(account, ret_what));
    TRY(check_holds(account, ret_what));
    TRY(check_ended(account, ret_what));
    if (account->deficit < 0 || (account->deficit > 0 && account->lots.count > 0)) {
        return broken("a deficit stands beside spendable points", ret_what);
    }
    if (account->balance != lots - account->deficit) {
        return broken("balance is not lots less deficit", ret_what);
    }
    int64_t given = account->awarded + account->opened - account->taken_back;
    int64_t spent = account->redeemed - account->given_back;
    int64_t in =
        given + account->forgiven + account->moved_in - account->moved_out + account->adjusted;
    if (account->balance + account->pending_points + account->held_points !=
        in - spent - account->expired) {
        return broken("points are not conserved", ret_what);
    }
    return STATUS_OK;
}

static enum status check_score(const struct account *account, const char **ret_what)
{
    if (account->score != account_score_at(account, account->now_ms)) {
        return broken("score is not the sum of what counts", ret_what);
    }
    if (account->score < 0) {
        return broken("score is below nothing", ret_what);
    }
    for (uint32_t i = 0; i < account->steps.count; i++) {
        const struct score_step *step = &account->steps.items[i];
        if (step->at_ms <= account->now_ms || (i > 0 && step[-1].at_ms >= step->at_ms)) {
            return broken("score steps do not rise from now", ret_what);
        }
    }
    return STATUS_OK;
}

// Members have one, other kinds none.
static enum status check_card(const struct account *account, const char **ret_what)
{
    if ((account->cards.count > 0) != (account->kind == ACCOUNT_MEMBER)) {
        return broken("there is no card, or one where there should be none", ret_what);
    }
    if (account->kind != ACCOUNT_MEMBER) {
        return receipts_check(account, ret_what);
    }
    const struct card *card = account_card(account);
    bool covers = card->from_ms <= account->now_ms && card->until_ms > account->now_ms;
    if (!covers && account_lives(account)) {
        return broken("the card does not cover now", ret_what);
    }
    return STATUS_OK;
}

enum status account_check(const struct account *account, const char **ret_what)
{
    if (!account_exists(account)) {
        return broken("the account does not exist", ret_what);
    }
    TRY(check_card(account, ret_what));
    TRY(check_points(account, ret_what));
    return check_score(account, ret_what);
}

static bool same_items(const void *a, uint32_t a_count, const void *b, uint32_t b_count,
                       size_t bytes)
{
    return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * bytes) == 0);
}

#define SAME_ITEMS(a, b, member)                                                                   \
    same_items((a)->member.items, (a)->member.count, (b)->member.items, (b)->member.count,         \
               sizeof *(a)->member.items)

static bool same_cards(const struct account *a, const struct account *b)
{
    if (a->cards.count != b->cards.count) {
        return false;
    }
    for (uint32_t i = 0; i < a->cards.count; i++) {
        const struct card *x = &a->cards.items[i];
        const struct card *y = &b->cards.items[i];
        if (!span_equal(names_text(&a->names, x->tier), names_text(&b->names, y->tier)) ||
            x->from_ms != y->from_ms || x->until_ms != y->until_ms || x->cause != y->cause) {
            return false;
        }
    }
    return true;
}

static bool same_uses(const struct account *a, const struct account *b)
{
    if (a->uses.count != b->uses.count) {
        return false;
    }
    for (uint32_t i = 0; i < a->uses.count; i++) {
        const struct use *x = &a->uses.items[i];
        const struct use *y = &b->uses.items[i];
        if (x->rule != y->rule || x->day != y->day || x->points != y->points) {
            return false;
        }
    }
    return true;
}

static bool same_holds(const struct account *a, const struct account *b)
{
    if (a->holds.count != b->holds.count || !SAME_ITEMS(a, b, held_lots)) {
        return false;
    }
    for (uint32_t i = 0; i < a->holds.count; i++) {
        const struct hold *x = &a->holds.items[i];
        const struct hold *y = &b->holds.items[i];
        if (memcmp(x->reservation, y->reservation, sizeof x->reservation) != 0 ||
            x->seq != y->seq || x->lapses_ms != y->lapses_ms || x->points != y->points ||
            x->version != y->version || x->counted != y->counted || x->day != y->day ||
            x->lot_count != y->lot_count) {
            return false;
        }
    }
    return true;
}

static bool same_identifiers(const struct account *a, const struct account *b)
{
    if (a->identifiers.count != b->identifiers.count) {
        return false;
    }
    for (uint32_t i = 0; i < a->identifiers.count; i++) {
        const struct identifier_state *x = &a->identifiers.items[i];
        const struct identifier_state *y = &b->identifiers.items[i];
        if (x->stage != y->stage || x->identifier.kind != y->identifier.kind ||
            memcmp(x->identifier.key, y->identifier.key, IDENTIFIER_KEY_BYTES) != 0) {
            return false;
        }
    }
    return true;
}

static bool same_totals(const struct account *a, const struct account *b)
{
    return a->balance == b->balance && a->pending_points == b->pending_points &&
           a->held_points == b->held_points && a->deficit == b->deficit && a->score == b->score &&
           a->awarded == b->awarded && a->opened == b->opened && a->redeemed == b->redeemed &&
           a->taken_back == b->taken_back && a->forgiven == b->forgiven &&
           a->given_back == b->given_back && a->expired == b->expired &&
           a->adjusted == b->adjusted && a->score_given == b->score_given &&
           a->redeem_day == b->redeem_day && a->redeem_day_points == b->redeem_day_points;
}

static bool same_perk_uses(const struct account *a, const struct account *b)
{
    if (a->perk_uses.count != b->perk_uses.count) {
        return false;
    }
    for (uint32_t i = 0; i < a->perk_uses.count; i++) {
        const struct perk_use *x = &a->perk_uses.items[i];
        const struct perk_use *y = &b->perk_uses.items[i];
        if (!span_equal(names_text(&a->names, x->perk), names_text(&b->names, y->perk)) ||
            x->day != y->day || x->card != y->card || x->count != y->count || x->seq != y->seq ||
            memcmp(x->code, y->code, sizeof x->code) != 0) {
            return false;
        }
    }
    return true;
}

static bool same_pool(const struct account *a, const struct account *b)
{
    if (a->pool_members.count != b->pool_members.count ||
        a->pool_uses.count != b->pool_uses.count) {
        return false;
    }
    for (uint32_t i = 0; i < a->pool_members.count; i++) {
        const struct pool_member *x = &a->pool_members.items[i];
        const struct pool_member *y = &b->pool_members.items[i];
        if (strcmp(x->member_id, y->member_id) != 0 || x->may_award != y->may_award ||
            x->may_redeem != y->may_redeem || x->redeem_a_month != y->redeem_a_month) {
            return false;
        }
    }
    for (uint32_t i = 0; i < a->pool_uses.count; i++) {
        const struct pool_use *x = &a->pool_uses.items[i];
        const struct pool_use *y = &b->pool_uses.items[i];
        if (x->member != y->member || x->day != y->day || x->points != y->points) {
            return false;
        }
    }
    return true;
}

static bool same_obligations(const struct account *a, const struct account *b)
{
    if (a->obligations.count != b->obligations.count) {
        return false;
    }
    for (uint32_t i = 0; i < a->obligations.count; i++) {
        if (a->obligations.items[i].seq != b->obligations.items[i].seq ||
            a->obligations.items[i].type != b->obligations.items[i].type) {
            return false;
        }
    }
    return true;
}

static bool same_absorbed(const struct account *a, const struct account *b)
{
    if (a->absorbed.count != b->absorbed.count) {
        return false;
    }
    for (uint32_t i = 0; i < a->absorbed.count; i++) {
        if (strcmp(a->absorbed.items[i].member_id, b->absorbed.items[i].member_id) != 0) {
            return false;
        }
    }
    return true;
}

static bool same_membership(const struct account *a, const struct account *b)
{
    return a->status == b->status && strcmp(a->merged_into, b->merged_into) == 0 &&
           a->moved_in == b->moved_in && a->moved_out == b->moved_out &&
           a->points_noticed_ms == b->points_noticed_ms &&
           a->card_noticed_ms == b->card_noticed_ms && strcmp(a->referrer, b->referrer) == 0 &&
           same_obligations(a, b) && same_absorbed(a, b) && same_perk_uses(a, b) &&
           SAME_ITEMS(a, b, reported) && same_pool(a, b);
}

bool account_equal(const struct account *a, const struct account *b, const char **ret_what)
{
    *ret_what = NULL;
    if (a->kind != b->kind || strcmp(a->id, b->id) != 0 || a->partition != b->partition ||
        a->enrolled_ms != b->enrolled_ms) {
        *ret_what = "identity";
    } else if (a->seq != b->seq || memcmp(a->tail, b->tail, sizeof a->tail) != 0) {
        *ret_what = "version";
    } else if (a->now_ms != b->now_ms) {
        *ret_what = "now";
    } else if (!same_totals(a, b)) {
        *ret_what = "totals";
    } else if (!SAME_ITEMS(a, b, lots) || !SAME_ITEMS(a, b, pending)) {
        *ret_what = "lots";
    } else if (!SAME_ITEMS(a, b, ended)) {
        *ret_what = "ended lots";
    } else if (!same_holds(a, b)) {
        *ret_what = "holds";
    } else if (!SAME_ITEMS(a, b, steps) || !SAME_ITEMS(a, b, contributions)) {
        *ret_what = "score";
    } else if (!same_cards(a, b)) {
        *ret_what = "cards";
    } else if (!same_uses(a, b)) {
        *ret_what = "uses";
    } else if (!same_identifiers(a, b)) {
        *ret_what = "identifiers";
    } else if (!same_membership(a, b)) {
        *ret_what = "membership";
    } else if (!receipts_equal(a, b)) {
        *ret_what = "receipts";
    }
    return *ret_what == NULL;
}
